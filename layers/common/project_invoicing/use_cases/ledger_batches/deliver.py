"""Delivers a batch in a format: delivery 1 holds all of it, a later one what is not accepted yet (D-175).

A delivery is begun with what it leaves out, so that whoever goes on after a crash, or works at the same time, makes the
same bytes; files are put once, and the delivery counts when all of them are there. A format is asked for the whole
batch before anything is written: what it cannot hold is kept as the reason, and nothing of it is delivered.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger_answer import Standing, voucher_of_line
from project_invoicing.domain.ledger_batch import BatchId, BatchLine, BatchState, LedgerBatch
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.own import LedgerBatchDelivered
from project_invoicing.ledger_bucket import folder_of, in_key
from project_invoicing.store import outbox
from project_invoicing.store.batch_deliveries import Delivery, PartOfDelivery, RefusedFormat
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.ledger_batches.files import Differs

if TYPE_CHECKING:
    from project_invoicing.ledger_bucket import LedgerBucket
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.batch_deliveries import BatchDeliveries
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.use_cases.ledger_batches.read import BatchReader
    from project_invoicing.use_cases.setups import SetupVersions

_TRIES: Final = 8
_TYPES: Final = {".csv": "text/csv", ".json": "application/json", ".jsonl": "application/x-ndjson"}

Lines = Callable[[], Iterator[BatchLine]]


class Part(NamedTuple):
    """A file of a delivery: its name and its bytes."""

    name: str
    content: Iterable[bytes]


class Format(Protocol):
    """A format of the set-up, ready to write batches."""

    def check(self, batch: LedgerBatch, lines: Lines) -> None:
        """Raises ``Rejected`` with the field and the limit, if the batch cannot be written so."""

    def parts(self, batch: LedgerBatch, lines: Lines) -> Iterator[Part]:
        """The files, one after the other."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a delivery works with. ``format_named`` finds a format, and raises ``Rejected`` for a name that is none."""

    batches: LedgerBatches
    answers: BatchAnswers
    deliveries: BatchDeliveries
    reader: BatchReader
    bucket: LedgerBucket
    setups: SetupVersions
    format_named: Callable[[FinanceSetup, str], Format]


@dataclass(frozen=True, slots=True)
class Delivering:
    """Deliveries that are asked for at ``at``."""

    stores: Stores
    at: str
    actor: Actor = BY_EVENT

    def automatically(self, id: BatchId) -> list[Delivery]:
        """A delivery in each format that the company has chosen and that has none yet. Repeating it adds none.

        Raises ``Refused`` for those that cannot hold it, after the others.
        """
        wanted = self.stores.setups.current.parameters(id.company).ledger.formats
        there = {one.format for one in self.stores.deliveries.of(id)[0] if one.done}
        made, refused = [], []
        for name in dict.fromkeys(wanted):
            if name in there:
                continue
            try:
                made.append(self.deliver(id, name))
            except Refused as why:
                refused.append(why)
        if refused:
            raise refused[0]
        return made

    def deliver(self, id: BatchId, format: str) -> Delivery:
        """Delivers what is not accepted yet. Asked again at the same time, it is the same delivery.

        Raises ``Refused`` where nothing may or can be delivered, ``Differs`` where the batch's files are not as they
        were, ``Conflict`` where other runs are always faster, and what the bucket raises.
        """
        return retried(f"batch {id}", lambda: self._deliver(id, format), attempts=_TRIES, lost=Conflict)

    def _deliver(self, id: BatchId, format: str) -> Delivery:
        batch = self._batch(id)
        known, refused = self.stores.deliveries.of(id)
        for one in known:
            if one.done and (one.at, one.format) == (self.at, format):
                return one
        begun = next((one for one in known if not one.done), None)
        if begun:
            made = self._complete(batch, begun, refused)
            return made if begun.format == format else self._deliver(id, format)
        return self._complete(batch, self._begin(batch, format), refused)

    def _batch(self, id: BatchId) -> LedgerBatch:
        batch = self.stores.batches.get(id)
        if batch is None:
            raise Refused(PostingFailure.BATCH_UNKNOWN, f"there is no batch {id}")
        if batch.state is BatchState.UNKNOWN:
            told = f"batch {id} is unknown: ask the other ledger whether it has it, and say so, before it is sent again"
            raise Refused(PostingFailure.BATCH_STATE, told)
        if batch.state in (BatchState.ACCEPTED, BatchState.VOIDED_THERE):
            raise Refused(PostingFailure.BATCH_STATE, f"batch {id} is {batch.state}: nothing of it is left to deliver")
        if batch.state in (BatchState.CLAIMING, BatchState.SEALED):
            raise Refused(PostingFailure.BATCH_STATE, f"batch {id} is {batch.state}: it has no files yet")
        return batch

    def _begin(self, batch: LedgerBatch, format: str) -> Delivery:
        """Asks the format for the whole delivery, then begins it; or goes on with what another run has begun."""
        setup = self.stores.setups.current
        delivery = Delivery(
            number=batch.deliveries + 1,
            format=format,
            setup_version=setup.version,
            without=batch.answered.answers,
            at=self.at,
            who=self.actor,
        )
        try:
            self.stores.format_named(setup, format).check(batch, self._lines(batch, delivery))
        except Rejected as rejected:
            self.stores.deliveries.refuse(batch.id, RefusedFormat(format, self.at, rejected.detail))
            told = f"{format} cannot hold batch {batch.id}: {rejected.detail}"
            raise Refused(PostingFailure.FORMAT_REFUSED, told) from None
        there = self.stores.deliveries.begin(batch.id, delivery)
        if there.format != format:
            raise Conflict(f"delivery {delivery.number} of batch {batch.id} is being made in {there.format}")
        return there

    def _complete(self, batch: LedgerBatch, delivery: Delivery, refused: list[RefusedFormat]) -> Delivery:
        format = self.stores.format_named(self.stores.setups.of(delivery.setup_version), delivery.format)
        counted = _Counted(self._lines(batch, delivery))
        with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
            parts = tuple(
                self._put(batch, delivery, part, Path(folder)) for part in format.parts(batch, counted.lines)
            )
        made = replace(delivery, parts=parts, lines=counted.number, done=self.at)
        self._commit(batch, made, [one for one in refused if one.format == delivery.format])
        return made

    def _commit(self, batch: LedgerBatch, made: Delivery, refused: list[RefusedFormat]) -> None:
        """The delivery counts. Raises ``Conflict`` where an answer, or another run, has changed the batch meanwhile."""
        stores = self.stores
        write, _ = stores.batches.changed(batch, BatchVerb.DELIVERED, deliveries=made.number, delivered_at=self.at)
        event = delivered_event(batch, made).on_bus(self.at, f"{batch.id}#{made.number}")
        unit_of_work = UnitOfWork(stores.batches.client, [write, stores.deliveries.completed(batch.id, made)])
        unit_of_work.add(*(stores.deliveries.not_refused(batch.id, one) for one in refused))
        unit_of_work.add(outbox.record(stores.batches.table, event))
        if not made.who.is_system:
            told = {"format": made.format, "delivery": made.number}
            unit_of_work.add(stores.batches.noted(batch.id, HistoryEntry(made.at, made.who, Done.DELIVERED, {}, told)))
        unit_of_work.commit_patiently()

    def _put(self, batch: LedgerBatch, delivery: Delivery, part: Part, folder: Path) -> PartOfDelivery:
        """Spools a part, so that its hash is known, and puts it there once."""
        file = folder / "part"
        digest, size = hashlib.sha256(), 0
        with file.open("wb") as spooled:
            for some in part.content:
                spooled.write(some)
                digest.update(some)
                size += len(some)
        sha256, key = digest.hexdigest(), f"{folder_of_delivery(batch, delivery)}{part.name}"
        kind = _TYPES.get(Path(part.name).suffix, "text/plain")
        if not self.stores.bucket.put(key, file, sha256, kind):
            raise Differs(batch.id, f"the bucket has {key} under other bytes than {sha256}")
        return PartOfDelivery(part.name, sha256, size)

    def _lines(self, batch: LedgerBatch, delivery: Delivery) -> Lines:
        """What the delivery holds: the lines of the vouchers that had not been accepted when it was begun."""
        standing = Standing()
        if delivery.without:
            standing = Standing.after(self.stores.answers.applied(batch.id, delivery.without), batch.kind)

        def lines() -> Iterator[BatchLine]:
            for line in self.stores.reader.lines(batch):
                if not standing.of(voucher_of_line(line)).is_accepted:
                    yield line

        return lines


class _Counted:
    """Lines that are counted as they are read."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.number = 0

    def lines(self) -> Iterator[BatchLine]:
        number = 0
        for line in self._lines():
            number += 1
            yield line
        self.number = number


def folder_of_delivery(batch: LedgerBatch, delivery: Delivery) -> str:
    """Where a delivery has its files, with a slash at its end."""
    folder = folder_of(batch.company, batch.period, batch.kind, batch.number)
    return f"{folder}{in_key(delivery.format)}/{delivery.number}/"


def delivered_event(batch: LedgerBatch, delivery: Delivery) -> LedgerBatchDelivered:
    return LedgerBatchDelivered(
        company=batch.company,
        kind=batch.kind,
        number=batch.number,
        period=batch.period,
        delivery=delivery.number,
        format=delivery.format,
        folder=folder_of_delivery(batch, delivery),
        parts=len(delivery.parts),
        lines=delivery.lines,
        manifest_sha256=str(batch.manifest_sha256),
    )


def delivery_row(batch: LedgerBatch, delivery: Delivery) -> dict[str, Any]:
    """A delivery as a command prints it."""
    return {
        "delivery": delivery.number,
        "format": delivery.format,
        "begun_at": delivery.at,
        "delivered_at": delivery.done,
        "by": delivery.who.name or delivery.who.id or None,
        "lines": delivery.lines,
        "folder": folder_of_delivery(batch, delivery),
        "parts": [{"name": one.name, "sha256": one.sha256, "bytes": one.bytes} for one in delivery.parts],
    }
