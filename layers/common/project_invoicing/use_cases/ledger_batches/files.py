"""Writes the files of sealed batches: the lines as a stream, the manifest last, then the batch is ready.

Every step can be repeated. Files are made from the sealed list and the header alone, so that a run that goes on after a
crash, and one in any later release, makes the same bytes; what is in the bucket is never replaced.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from project_invoicing.domain.account_sums import packed
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchLine, BatchState, LedgerBatch, LedgerLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Conflict
from project_invoicing.events.ledger_batches import LedgerBatchReady
from project_invoicing.ledger_bucket import folder_of
from project_invoicing.rules import ledger_files
from project_invoicing.rules.ledger_files import CSV, JSONL, MANIFEST, FileOf, Writer
from project_invoicing.store import outbox
from project_invoicing.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from project_invoicing.ledger_bucket import LedgerBucket
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.use_cases.ledger_batches.documents import Documents

PACKED: Final = "lines.csv.gz"
LARGE: Final = 1 << 20
"""From so many bytes on, ``lines.csv`` is also there packed."""
_TYPES: Final = {
    JSONL: "application/x-ndjson",
    CSV: "text/csv",
    PACKED: "application/gzip",
    MANIFEST: "application/json",
}
_TOGETHER: Final = 1 << 20
_ALL_THE_TIME: Final[Callable[[], bool]] = lambda: True  # noqa: E731


class OutOfTime(Conflict):
    """The time of this run is over; the next one goes on."""


class Differs(Conflict):
    """The bucket has a file of a batch under other bytes, or the ledger another number of lines than the list."""

    def __init__(self, id: BatchId, what: str) -> None:
        super().__init__(f"batch {id}: {what}; what is there is never replaced")
        self.id = id
        self.what = what


class Made(NamedTuple):
    """The files that were made in a folder, without the packed one, and what vouchers add up to on each account."""

    files: dict[str, FileOf]
    sums: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BatchFiles:
    """The files of batches, in ``bucket``. ``time_left`` says whether another document may be read."""

    batches: LedgerBatches
    documents: Documents
    bucket: LedgerBucket
    time_left: Callable[[], bool] = _ALL_THE_TIME

    def write(self, batch: LedgerBatch, at: str) -> LedgerBatch:
        """Writes the files of a sealed batch and makes it ready, with its event. Returns its header then.

        The batch before it must be ready: its manifest is named. Raises ``Differs``, ``OutOfTime``, ``Conflict`` where
        another run was faster, and what the bucket raises.
        """
        chained = replace(batch, previous_sha256=self._previous(batch))
        made = self._put_all(chained)
        write, after = self.batches.changed(
            batch,
            BatchVerb.READY,
            previous_sha256=chained.previous_sha256,
            manifest_sha256=made.files[MANIFEST].sha256,
            ready_at=at,
            trouble=None,
            account_sums=packed(made.sums) if batch.kind is BatchKind.LEDGER else None,
        )
        event = ready_event(after).on_bus(at, str(batch.id))
        UnitOfWork(self.batches.client, [write, outbox.record(self.batches.table, event)]).commit_patiently()
        return after

    def put_again(self, batch: LedgerBatch) -> None:
        """Puts files of a ready batch that are missing in the bucket. Raises ``Differs`` for one with other bytes."""
        self._put_all(batch)

    def _put_all(self, batch: LedgerBatch) -> Made:
        with tempfile.TemporaryDirectory(prefix="ledger-") as folder:
            made = self.again(batch, Path(folder))
            sha256 = made.files[MANIFEST].sha256
            if batch.manifest_sha256 not in (None, sha256):
                raise Differs(batch.id, f"{MANIFEST} would have the sha256 {sha256}")
            for name in (JSONL, CSV, PACKED, MANIFEST):
                if (file := Path(folder) / name).exists():
                    self._put(batch, file, made)
        return made

    def again(self, batch: LedgerBatch, folder: Path) -> Made:
        """Makes the files of a sealed batch in a folder, from its list and the ledger. Raises ``Differs``.

        ``lines.csv.gz`` beside a large csv is in no manifest: its bytes are those of whoever packs, and what it
        unpacks to has the sha256 of the csv.
        """
        writer = Writer(batch)
        with tempfile.TemporaryDirectory(prefix="days-", dir=folder) as days:
            spooled = self._spooled(batch, writer, Path(days))
            files = _joined(spooled.days, writer.header, folder)
        if spooled.lines != batch.lines:
            raise Differs(batch.id, f"its list has {batch.lines} lines, and the ledger {spooled.lines} of them")
        if files[CSV].bytes >= LARGE:
            _pack(folder / CSV, folder / PACKED)
        text = ledger_files.manifest(batch, files, spooled.escaped)
        (folder / MANIFEST).write_bytes(text)
        return Made({**files, MANIFEST: FileOf(hashlib.sha256(text).hexdigest(), len(text))}, spooled.sums)

    def _previous(self, batch: LedgerBatch) -> str | None:
        if batch.number == 1:
            return None
        before = self.batches.get(BatchId(batch.company, batch.kind, batch.number - 1))
        if before is None or before.manifest_sha256 is None:
            raise Conflict(f"batch {batch.id}: the one before it is not ready")
        return before.manifest_sha256

    def _put(self, batch: LedgerBatch, file: Path, made: Made) -> None:
        packed = file.name == PACKED
        sha256 = made.files[CSV if packed else file.name].sha256
        key = f"{folder_of(batch.company, batch.period, batch.kind, batch.number)}{file.name}"
        if not self.bucket.put(key, file, sha256, _TYPES[file.name], packed=packed):
            raise Differs(batch.id, f"the bucket has {key} under other bytes than {sha256}")

    def _spooled(self, batch: LedgerBatch, writer: Writer, folder: Path) -> _Days:
        """The lines of the batch, written by accounting date; of a date in the order of sources and documents."""
        listed = sorted((one.source, one.document) for one in self.batches.listed(batch.id))
        days = _Days(folder)
        try:
            for _, lines in self.documents.each(batch.company, batch.kind, listed):
                if not self.time_left():
                    raise OutOfTime(f"batch {batch.id}: no time is left to write its files")
                for line in lines:
                    if batch.holds(line.accounting_date):
                        days.add(line, writer)
        finally:
            days.close()
        return days


def ready_event(batch: LedgerBatch) -> LedgerBatchReady:
    """The event of a batch that is ready."""
    digits = batch.digits[batch.accounting_currency]
    sides = ledger_files.sides_shown(batch.accounting_totals, digits)
    return LedgerBatchReady(
        company=batch.company,
        kind=batch.kind,
        number=batch.number,
        period=batch.period,
        period_number=batch.period_number,
        manifest_key=f"{folder_of(batch.company, batch.period, batch.kind, batch.number)}{MANIFEST}",
        manifest_sha256=str(batch.manifest_sha256),
        documents=batch.documents,
        lines=batch.lines,
        accounting_currency=batch.accounting_currency,
        debit=sides["debit"],
        credit=sides["credit"],
        first_date=str(batch.first_date),
        last_date=str(batch.last_date),
    )


class _Days:
    """A file a day, with a line of JSON and one of csv in turn: neither has an end of line inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[date, IO[bytes]] = {}
        self.lines = self.escaped = 0
        self.sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)

    def add(self, line: BatchLine, writer: Writer) -> None:
        row = writer.row(line)
        day = line.accounting_date
        file = self._open.get(day)
        if file is None:
            file = self._open[day] = (self._folder / day.isoformat()).open("wb")
        file.write(row.jsonl)
        file.write(row.csv)
        self.lines += 1
        self.escaped += row.escaped
        if isinstance(line, LedgerLine):
            self.sums[line.account] += line.accounting_amount

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    @property
    def days(self) -> list[Path]:
        return [self._folder / day.isoformat() for day in sorted(self._open)]


class _Hashed:
    """A file that is written, with its hash."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._bytes = 0

    def write(self, part: bytes) -> None:
        self._file.write(part)
        self._digest.update(part)
        self._bytes += len(part)

    @property
    def of(self) -> FileOf:
        return FileOf(self._digest.hexdigest(), self._bytes)


def _joined(days: list[Path], header: bytes, folder: Path) -> dict[str, FileOf]:
    """Both files of lines, from those of the days, each of which goes as soon as it is read."""
    with (folder / JSONL).open("wb") as jsonl_file, (folder / CSV).open("wb") as csv_file:
        jsonl, csv = _Hashed(jsonl_file), _Hashed(csv_file)
        csv.write(header)
        for day in days:
            with day.open("rb") as lines:
                for part in _parts(lines):
                    jsonl.write(b"".join(part[0::2]))
                    csv.write(b"".join(part[1::2]))
            day.unlink()
    return {JSONL: jsonl.of, CSV: csv.of}


def _parts(lines: IO[bytes]) -> Iterator[list[bytes]]:
    """Lines in twos, some thousand at once."""
    while part := list(islice(lines, 2_000)):
        yield part


def _pack(file: Path, packed: Path) -> None:
    """The same bytes for the same packer: without a name and a time."""
    with (
        file.open("rb") as plain,
        packed.open("wb") as target,
        gzip.GzipFile("", "wb", fileobj=target, mtime=0) as gz,
    ):
        shutil.copyfileobj(plain, gz, _TOGETHER)


def is_written(batch: LedgerBatch) -> bool:
    """Whether its files are there: from ``ready`` on."""
    return batch.state not in (BatchState.CLAIMING, BatchState.SEALED)
