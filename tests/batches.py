"""Ledger batches that are ready, in tables and a bucket of their own: for tests of what happens to them afterwards.

house = House()                     # in an engine
batch = house.ready(V1, V2, V3)     # a batch with these vouchers, its files in the bucket
house.answered(batch, "partly", errors=[{"external_id": "USPM:PV-2", "message": "period closed"}])
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from local import engines
from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.ledger_batch import (
    BatchKind,
    BatchState,
    LedgerBatch,
    LedgerLine,
    ReceivablesWay,
    Sides,
)
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.states import BatchVerb
from project_invoicing.ledger_bucket import LedgerBucket, folder_of
from project_invoicing.rules.ledger_answer_form import answer_of
from project_invoicing.rules.ledger_files import CSV, JSONL, MANIFEST, FileOf, Writer, added, manifest, sides
from project_invoicing.store import client, setups
from project_invoicing.store.batch_answers import BatchAnswers
from project_invoicing.store.batch_deliveries import BatchDeliveries
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.ledger_batches.acknowledge import Acknowledging, Taken
from project_invoicing.use_cases.ledger_batches.deliver import Delivering, Stores
from project_invoicing.use_cases.ledger_batches.read import BatchReader
from project_invoicing.use_cases.setups import SetupVersions
from tests.harness import TEMPLATE, World, envelope, sqs_batch
from tests.rules.finance import finance

COMPANY = "USPM"
AT = "2026-09-01T04:00:00Z"
BUCKET = "batches"
DAY = date(2026, 8, 27)


def voucher(number: str, *lines: tuple[str, str], day: date = DAY, **more: Any) -> list[LedgerLine]:
    """The lines of a voucher: account and signed amount of each."""
    known: dict[str, Any] = {
        "source": "journal",
        "source_id": "USPM-000001",
        "document_date": day,
        "posting_type": "cost",
        "dimensions": {},
        "currency": "USD",
        "accounting_currency": "USD",
        "exchange_rate": Decimal(1),
        **more,
    }
    return [
        LedgerLine(
            company=COMPANY,
            voucher=number,
            line=place,
            accounting_date=day,
            account=account,
            amount=Decimal(amount),
            accounting_amount=Decimal(amount),
            **known,
        )
        for place, (account, amount) in enumerate(lines, start=1)
    ]


V1 = voucher("PV-00000001", ("540100", "800.00"), ("540900", "-800.00"))
V2 = voucher("PV-00000002", ("115000", "1200.00"), ("405000", "-1200.00"))
V3 = voucher(
    "PV-00000003",
    ("130100", "1440.00"),
    ("401000", "-1200.00"),
    ("222100", "-240.00"),
    ("405000", "1200.00"),
    ("115000", "-1200.00"),
    source="invoice",
    source_id="FTI-000001",
    customer="C-001",
)
"""The month of the reference: three vouchers with nine lines, debit and credit 4,640.00."""


class House:
    """The table of batches and the bucket, and what works on them."""

    def __init__(self) -> None:
        self.at = AT
        client.forget()
        self.names = TEMPLATE.settings()
        self.client = client.dynamodb()
        for table in TEMPLATE.tables:
            if table.request["TableName"] in (self.names.ledger_batches_table, self.names.setup_table):
                self.client.create_table(**{k: v for k, v in table.request.items() if k != "StreamSpecification"})
        self.policy({})
        client.s3().create_bucket(Bucket=BUCKET)
        self.bucket = LedgerBucket(client.s3(), BUCKET)
        name = self.names.ledger_batches_table
        self.batches, self.answers = LedgerBatches(self.client, name), BatchAnswers(self.client, name)
        self.deliveries = BatchDeliveries(self.client, name)
        self.reader = BatchReader(self.bucket)

    def ready(self, *vouchers: list[LedgerLine], number: int = 1, **more: Any) -> LedgerBatch:
        """A ready batch with these vouchers, as the builder leaves it."""
        lines = [line for one in vouchers for line in one]
        batch = replace(_sealed(lines, number), **more)
        with TemporaryDirectory() as folder:
            batch = self._written(batch, lines, Path(folder))
        transact(self.client, self.batches.opened(replace(batch, state=BatchState.CLAIMING)))
        for verb in (BatchVerb.SEALED, BatchVerb.READY):
            known = self.batches.get(batch.id)
            assert known
            write, _ = self.batches.changed(known, verb)
            transact(self.client, [write])
        return self.now(batch)

    def _written(self, batch: LedgerBatch, lines: list[LedgerLine], folder: Path) -> LedgerBatch:
        writer = Writer(batch)
        rows = [writer.row(line) for line in lines]
        texts = {JSONL: b"".join(row.jsonl for row in rows), CSV: writer.header + b"".join(row.csv for row in rows)}
        files = {name: FileOf(hashlib.sha256(text).hexdigest(), len(text)) for name, text in texts.items()}
        texts[MANIFEST] = manifest(batch, files, 0)
        for name, text in texts.items():
            file = folder / name
            file.write_bytes(text)
            key = f"{folder_of(batch.company, batch.period, batch.kind, batch.number)}{name}"
            assert self.bucket.put(key, file, hashlib.sha256(text).hexdigest(), "text/plain")
        return replace(batch, manifest_sha256=hashlib.sha256(texts[MANIFEST]).hexdigest())

    def now(self, batch: LedgerBatch) -> LedgerBatch:
        """The batch as it is by now."""
        found = self.batches.get(batch.id)
        assert found
        return found

    def answered(
        self, batch: LedgerBatch, outcome: str, *, at: str | None = None, by: Actor = BY_EVENT, **more: Any
    ) -> Taken:
        """What an answer about a batch does."""
        said = {"company": batch.company, "kind": batch.kind, "number": batch.number, "outcome": outcome, **more}
        return self.say(said, at=at, by=by)

    def policy(self, ledger: Mapping[str, Any]) -> None:
        """How batches leave, as a new version of the set-up."""
        setups.load(self.client, self.names.setup_table, finance((f"parameters.{COMPANY}.ledger", ledger)), self.at)

    def delivering(self, at: str | None = None, by: Actor = BY_EVENT) -> Delivering:
        known = SetupVersions.read(self.client, self.names.setup_table, self.names.master_data_table)
        stores = (self.batches, self.answers, self.deliveries, self.reader, self.bucket, known)
        return Delivering(Stores(*stores), at or self.at, by)

    def say(self, said: Mapping[str, Any], *, at: str | None = None, by: Actor = BY_EVENT) -> Taken:
        lines = self.reader.lines
        return Acknowledging(self.batches, self.answers, lines, at or self.at, by).take(answer_of(said))


def _sealed(lines: list[LedgerLine], number: int) -> LedgerBatch:
    total, accounting = Sides(ZERO, ZERO), Sides(ZERO, ZERO)
    for line in lines:
        total = added(total, sides(line))
        accounting = added(accounting, sides(line))
    return LedgerBatch(
        company=COMPANY,
        kind=BatchKind.LEDGER,
        number=number,
        period="2026-08",
        period_number=number,
        state=BatchState.SEALED,
        setup_version=1,
        receivables=ReceivablesWay.JOURNAL,
        opened_at=AT,
        sealed_at=AT,
        accounting_currency="USD",
        spans=((date(2026, 8, 1), date(2026, 8, 31)),),
        text="{document}",
        digits={"USD": 2},
        documents=len({line.source_id for line in lines}),
        vouchers=len({line.voucher for line in lines}),
        lines=len(lines),
        totals={"USD": total},
        accounting_totals=accounting,
        first_date=min(line.accounting_date for line in lines),
        last_date=max(line.accounting_date for line in lines),
    )


def told(world: World, detail: Any, detail_type: str = "LedgerBatchAcknowledged", source: str = "ledger") -> None:
    """A message of the queue."""
    body = json.dumps(envelope(detail, world.at, detail_type, source))
    assert world.call("ledger_answers", sqs_batch(body)) == {"batchItemFailures": []}


def asked(world: World, **detail: Any) -> dict[str, Any]:
    """A call by hand."""
    answer = world.call("ledger_answers", envelope(detail, world.at, "Manual Run", "project-invoicing.manual"))
    assert isinstance(answer, dict)
    return answer


@contextmanager
def house() -> Iterator[House]:
    with engines.running("moto"):
        yield House()
        client.forget()
