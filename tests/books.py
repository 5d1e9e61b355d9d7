"""Posted documents that are ready to leave, without the way there, and the runs that make batches of them.

books = Books()                                 # in an engine; Contoso, whose periods are months
books.post("journal", "J-1", V1)                # a journal with a voucher, on the list of what is ready
books.build()
books.file(1, "lines.jsonl")
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, LedgerBatch
from project_invoicing.ledger_bucket import LedgerBucket, folder_of
from project_invoicing.store import client
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Entry, Ledger
from project_invoicing.store.ledger_ahead import LedgerAhead
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.ledger_batches.build import Building
from project_invoicing.use_cases.ledger_batches.documents import Documents
from project_invoicing.use_cases.ledger_batches.files import BatchFiles
from project_invoicing.use_cases.ledger_batches.lines import BatchLines
from project_invoicing.use_cases.ledger_batches.occasions import Asked, asked_by
from project_invoicing.use_cases.setups import SetupVersions
from tests.harness import World, envelope
from tests.rules.finance import finance

COMPANY = "USPM"
MAY = date(2026, 5, 29)
JUNE = date(2026, 6, 2)
AT = "2026-06-03T04:00:00Z"
MONTHS = [
    {"start": "2026-05-01", "end": "2026-05-31", "status": "open"},
    {"start": "2026-06-01", "end": "2026-06-30", "status": "open"},
    {"start": "2026-07-01", "end": "2026-07-31", "status": "open"},
]
_TYPES = {"130100": PostingType.CUSTOMER_BALANCE, "222100": PostingType.SALES_TAX_PAYABLE}


def entries(voucher: str, *lines: tuple[str, str], day: date = MAY, **more: Any) -> list[Entry]:
    """The entries of a voucher: account and signed amount of each."""
    known: dict[str, Any] = {"currency": "USD", "exchange_rate": Decimal(1), "document_date": day, **more}
    return [
        Entry(
            voucher,
            day,
            account,
            _TYPES.get(account, PostingType.COST),
            amount=Decimal(amount),
            accounting_amount=Decimal(amount),
            **known,
        )
        for account, amount in lines
    ]


V1 = entries("PV-00000001", ("540100", "800.00"), ("540900", "-800.00"))
V2 = entries("PV-00000002", ("115000", "1200.00"), ("405000", "-1200.00"), dimensions={"Department": "D10"})
V3 = entries(
    "PV-00000003",
    ("130100", "1440.00"),
    ("401000", "-1200.00"),
    ("222100", "-240.00"),
    ("405000", "1200.00"),
    ("115000", "-1200.00"),
    customer="C-001",
)
"""The month of the reference: three vouchers with nine lines, debit and credit 4,640.00."""


def small(number: int, day: date = MAY) -> list[Entry]:
    """A voucher of a few dollars."""
    return entries(f"PV-{number:08d}", ("540100", f"{number}.00"), ("540900", f"-{number}.00"), day=day)


class Books(World):
    """A company's ledger, the list of what is ready, and a bucket."""

    def __init__(self, *values: tuple[str, Any], **keys: Any) -> None:
        super().__init__(AT)
        client.s3().create_bucket(Bucket=self.names.ledger_bucket, ObjectLockEnabledForBucket=True)
        self.set_up(*values, **keys)
        self.ready = Ready(self.client, self.names.ledger_batches_table)

    def set_up(self, *values: tuple[str, Any], **keys: Any) -> int:
        return self.load(finance(*values, **{"fiscal_periods": {COMPANY: MONTHS}, **keys}))

    def post(self, source: str, document: str, *vouchers: list[Entry]) -> ReadyDocument:
        """A document on the list, with its vouchers on one page of the ledger each."""
        ledger = Ledger(self.client, self.names.ledger_table)
        days = sorted(one.accounting_date for voucher in vouchers for one in voucher)
        ready = ReadyDocument(COMPANY, source, document, days[0], days[-1])
        pages = [ledger.page(source, COMPANY, document, n, page) for n, page in enumerate(vouchers, start=1)]
        transact(self.client, [*pages, self.ready.put(ready)])
        return ready

    def month(self) -> None:
        """The month of the reference."""
        self.post(JOURNAL, "J-1", V1, V2)
        self.post(INVOICE, "FTI-1", V3)

    def asked(self, **request: str) -> Asked:
        return asked_by(envelope(request, self.at, "Manual Run", "project-invoicing.manual"))

    def building(self, time_left: Callable[[], bool] = lambda: True) -> Building:
        """The next run, as ``bootstrap`` builds it for the function."""
        names = self.names
        setups = SetupVersions.read(self.client, names.setup_table, names.master_data_table, on_demand=True)
        ahead = LedgerAhead(self.client, names.ledger_table)
        journals = Journals(self.client, names.journals_table)
        proposals = Proposals(self.client, names.proposals_table, calendar_dates("invoices"))
        documents = Documents(BatchLines(journals, proposals, ahead, setups), ahead)
        batches = LedgerBatches(self.client, names.ledger_batches_table)
        files = BatchFiles(batches, documents, LedgerBucket(client.s3(), names.ledger_bucket), time_left)
        return Building(batches, self.ready, documents, files, setups.current, self.at, time_left)

    def build(self, **request: str) -> dict[str, Any]:
        return self.building().run(self.asked(**request))

    @property
    def batches(self) -> list[LedgerBatch]:
        """The ledger batches, oldest first."""
        return self.of(BatchKind.LEDGER)

    def of(self, kind: BatchKind) -> list[LedgerBatch]:
        return self.building().batches.newest(COMPANY, kind)[0][::-1]

    def batch(self, number: int) -> LedgerBatch:
        found = self.building().batches.get(BatchId(COMPANY, BatchKind.LEDGER, number))
        assert found
        return found

    def file(self, batch: LedgerBatch, name: str) -> bytes:
        key = f"{folder_of(batch.company, batch.period, batch.kind, batch.number)}{name}"
        return bytes(client.s3().get_object(Bucket=self.names.ledger_bucket, Key=key)["Body"].read())

    def lines(self, batch: LedgerBatch) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file(batch, "lines.jsonl").splitlines()]

    def manifest(self, batch: LedgerBatch) -> Mapping[str, Any]:
        return dict(json.loads(self.file(batch, "manifest.json")))

    def hashes(self) -> dict[str, str]:
        """Of every object in the bucket, by key."""
        s3, bucket = client.s3(), self.names.ledger_bucket
        keys = [str(one["Key"]) for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}

    def versions(self) -> int:
        return len(client.s3().list_object_versions(Bucket=self.names.ledger_bucket).get("Versions", []))

    def waiting(self) -> list[str]:
        return [one.document for one in self.ready.of(COMPANY)]
