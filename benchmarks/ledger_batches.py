"""Batches of many voucher lines: claimed, sealed and written, in a process of its own whose memory is watched.

    python -m benchmarks.ledger_batches 1000000

Half of the lines are in journals with pages of ninety, half in invoices with vouchers of five. The tables are in
dynoxide. The bucket reads what is put and keeps nothing of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from time import perf_counter, process_time
from typing import Any, Final

from benchmarks.business import COMPANY, finance
from benchmarks.steps import Step, dynoxide
from local import ROOT
from project_invoicing import bootstrap
from project_invoicing.chunks import chunks
from project_invoicing.config import Settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import BatchKind, PostingType
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.ledger_bucket import LedgerBucket
from project_invoicing.store import client, copies
from project_invoicing.store.ledger import Entry, Ledger
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.use_cases.ledger_batches.occasions import Asked, Occasion
from project_invoicing.use_cases.requests.build_batches import BuildBatches
from tests.counting import counted
from tests.harness import World

AT: Final = "2026-09-01T04:00:00Z"
_FIRST: Final = date(2026, 8, 1)
_OF_JOURNAL, _OF_INVOICE = 90, 5
_WRITTEN: Final = 100
"""Documents that are written together, when they are prepared."""


def batches(lines: int) -> list[Step]:
    """``lines`` in as few batches as they fit into, from what is ready to what is in the bucket."""
    with dynoxide() as world:
        world.load(finance(ledger={"batch_lines": 1_000_000, "schedule": "daily"}))
        documents = prepare(world, lines)
        told = _in_a_process_of_its_own(world.names)
    if told["lines"] != lines or told["documents"] != documents:
        raise RuntimeError(f"{told} is not {lines} lines of {documents} documents")
    step = Step("ledger batches", lines, told["seconds"], told["cpu"], told["requests"], write_units=told["units"])
    step.megabytes = told["megabytes"]
    step.asked = told["puts"]
    return [step]


def prepare(world: World, lines: int) -> int:
    """The pages of the ledger and the list of what is ready, in BatchWriteItem: for preparing only."""
    ledger, ready = (
        Ledger(world.client, world.names.ledger_table),
        Ready(world.client, world.names.ledger_batches_table),
    )
    documents = list(_documents(lines))
    for some in chunks(documents, _WRITTEN):
        items: dict[str, list[dict[str, Any]]] = {}
        for table, item in (one for document in some for one in _items(ledger, ready, *document)):
            items.setdefault(table, []).append(item)
        for table, each in items.items():
            copies.fill(world.client, table, each)
    return len(documents)


def _documents(lines: int) -> Iterator[tuple[str, str, date, int, int]]:
    """Source, number, day, first voucher and lines of each document."""
    half, voucher = lines // 2, 0
    for source, size, until in ((JOURNAL, _OF_JOURNAL, half), (INVOICE, _OF_INVOICE, lines - half)):
        for number, start in enumerate(range(0, until, size), start=1):
            day = _FIRST + timedelta(days=number % 31)
            yield source, f"{source[0].upper()}-{number:08d}", day, voucher, min(size, until - start)
            voucher += size


def _items(
    ledger: Ledger, ready: Ready, source: str, document: str, day: date, voucher: int, lines: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    page = list(islice(_entries(source, day, voucher), lines))
    for write in (
        ledger.page(source, COMPANY, document, 1, page),
        ready.put(ReadyDocument(COMPANY, source, document, day, day)),
    ):
        yield write["Put"]["TableName"], write["Put"]["Item"]


def _entries(source: str, day: date, voucher: int) -> Iterator[Entry]:
    """Vouchers of two lines, those of an invoice of all its lines, as posting writes them."""
    amount, place = Decimal("138.25"), 0
    while True:
        number = voucher + (place // 2 if source == JOURNAL else 0)
        yield Entry(
            f"PV-{number:08d}",
            day,
            "540100" if place % 2 else "600300",
            PostingType.COST,
            "GBP",
            amount if place % 2 else -amount,
            amount if place % 2 else -amount,
            Decimal("1.25"),
            "PRJ-1",
            {"CostCenter": "007", "Department": "D10"},
            None,
            None,
            "C-001",
            "CTR-1",
            "779ea075-d31d-5ef5-90b8-e63e5cafb982",
            day,
        )
        place += 1


def _in_a_process_of_its_own(names: Settings) -> dict[str, Any]:
    tables = ("journals", "proposals", "ledger", "setup", "master_data", "ledger_batches")
    environment = {**os.environ, **{f"{one}_table".upper(): getattr(names, f"{one}_table") for one in tables}}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "common")])
    command = [sys.executable, "-m", "benchmarks.ledger_batches", "--build"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


class _Bucket:
    """Reads what is put, part by part, and keeps nothing."""

    def __init__(self) -> None:
        self.puts: Counter[str] = Counter()

    def put_object(self, **request: Any) -> None:
        digest = hashlib.sha256()
        while part := request["Body"].read(1 << 20):
            digest.update(part)
        self.puts[request["Key"]] += 1


def _build() -> None:
    bucket = _Bucket()
    vars(bootstrap)["ledger_bucket"] = lambda: LedgerBucket(bucket, "bucket")
    building = bootstrap.ledger_building(AT, lambda: True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with counted(client.dynamodb()) as usage:
        began, busy = perf_counter(), process_time()
        building.run(Asked(Occasion.ASKED, person("benchmark"), BuildBatches()))
        seconds, cpu = perf_counter() - began, process_time() - busy
    made, _ = building.batches.newest(COMPANY, BatchKind.LEDGER)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {
        "seconds": seconds,
        "cpu": cpu,
        "requests": usage.requests,
        "operations": dict(usage.operations),
        "units": usage.write_units,
        "puts": bucket.puts.total(),
        "batches": len(made),
        "documents": sum(one.documents for one in made),
        "lines": sum(one.lines for one in made),
        "megabytes": (peak - before) / 1000,
        "resident": peak / 1000,
    }
    print(json.dumps(told))
    print(json.dumps(told), file=sys.stderr)


def main() -> None:
    if sys.argv[1:] == ["--build"]:
        _build()
        return
    (step,) = batches(int(sys.argv[1]))
    print(json.dumps({"lines": step.lines, "seconds": step.seconds, "cpu": step.cpu, "requests": step.requests,
                      "write_units": step.write_units, "megabytes": step.megabytes}))  # fmt: skip


if __name__ == "__main__":
    main()
