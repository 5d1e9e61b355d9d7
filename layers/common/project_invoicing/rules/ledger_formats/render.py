"""A batch in a format: first checked whole, then written part by part. Lines come from the batch's ``lines.jsonl``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from project_invoicing.domain.ledger_batch import BatchId, BatchLine, ReceivablesWay
from project_invoicing.rules.ledger_formats.cells import Look
from project_invoicing.rules.ledger_formats.entries import Entry, Placed, entries, kind_of, placed
from project_invoicing.rules.ledger_formats.formats import check_kind
from project_invoicing.rules.ledger_formats.refusals import Problems, Unwritable
from project_invoicing.rules.ledger_formats.tolerance import Difference, Differences, counted, difference
from project_invoicing.rules.ledger_formats.writers import WRITERS, Writer
from project_invoicing.setup.models.ledger_formats import LedgerFormat

Lines = Callable[[], Iterable[BatchLine]]

_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a delivery. Its chunks are read before the next part is asked for."""

    name: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a delivery will hold, and by what the other ledger will differ from us (D-172)."""

    entries: int
    lines: int
    parts: int
    differences: Differences


def checked(
    format: LedgerFormat, batch: BatchId, lines: Lines, *, way: ReceivablesWay = ReceivablesWay.JOURNAL
) -> Checked:
    """Writes all of it to nowhere.

    Raises ``FormatRefused`` with the first documents that cannot be written, ``Rejected`` where the format is for
    batches of another kind.
    """
    check_kind("", format, batch)
    problems = Problems(str(batch), stop=False)
    counts = _Counts()
    differences = counted(_differences(format, batch, lines, way, problems, counts))
    problems.raise_any()
    return Checked(counts.entries, counts.lines, counts.parts, differences)


def parts(
    format: LedgerFormat, batch: BatchId, lines: Lines, *, way: ReceivablesWay = ReceivablesWay.JOURNAL
) -> Iterator[Part]:
    """The files, ``part-0001.csv`` first. Raises ``FormatRefused`` as ``checked`` does, which comes before."""
    problems = Problems(str(batch), stop=True)
    suffix = format.file.value
    for number, members in groupby(placed(format, entries(format, lines(), problems)), key=lambda one: one.part):
        writer = WRITERS[format.file](format)
        yield Part(f"part-{number:04d}.{suffix}", _chunks(writer, format, batch, way, problems, members))
        if headers := writer.headers():
            yield Part(f"part-{number:04d}-headers.{suffix}", iter([headers.encode()]))


class _Counts:
    def __init__(self) -> None:
        self.entries = 0
        self.lines = 0
        self.parts = 0


def _differences(
    format: LedgerFormat, batch: BatchId, lines: Lines, way: ReceivablesWay, problems: Problems, counts: _Counts
) -> Iterator[Difference]:
    writer: Writer | None = None
    for one in placed(format, entries(format, lines(), problems)):
        looks = _looks(format, batch, way, one)
        try:
            if writer is None or one.part != counts.parts:
                writer = WRITERS[format.file](format)
                writer.head(looks[0])
            writer.entry(looks)
        except Unwritable as error:
            problems.add(one.entry.document, error)
        counts.entries += 1
        counts.lines += len(looks)
        counts.parts = one.part
        if found := difference(format, one.entry):
            yield found


def _chunks(
    writer: Writer,
    format: LedgerFormat,
    batch: BatchId,
    way: ReceivablesWay,
    problems: Problems,
    members: Iterable[Placed],
) -> Iterator[bytes]:
    texts: list[str] = []
    size = 0
    begun = False
    for one in members:
        looks = _looks(format, batch, way, one)
        try:
            texts += [writer.entry(looks)] if begun else [writer.head(looks[0]), writer.entry(looks)]
        except Unwritable as error:
            problems.add(one.entry.document, error)
        begun = True
        size += len(texts[-1])
        if size >= _CHUNK:
            yield "".join(texts).encode()
            texts, size = [], 0
    yield "".join([*texts, writer.tail()]).encode()


def _looks(format: LedgerFormat, batch: BatchId, way: ReceivablesWay, one: Placed) -> list[Look]:
    """The entry's lines where they stand. A row of a file without rows of its own for lines is an entry's line too."""
    entry: Entry = one.entry
    return [
        Look(format, batch, line, kind_of(format, way, line), entry.id, place, one.part, one.first_row + place - 1)
        for place, line in enumerate(entry.lines, 1)
    ]
