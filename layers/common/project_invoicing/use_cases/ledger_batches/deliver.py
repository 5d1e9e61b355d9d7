"""Delivers a batch in a format: delivery 1 holds all of it, a later one what is not accepted yet (D-175).

A delivery is begun with what it leaves out, so that whoever goes on after a crash, or works at the same time, makes the
same bytes; files are put once, and the delivery counts when all of them are there. A format is asked for the whole
batch before anything is written: what it cannot hold is kept as the reason, and nothing of it is delivered.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger_answer import Standing, voucher_of_line
from project_invoicing.domain.ledger_batch import BatchId, BatchLine, BatchState, LedgerBatch
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Rejected
from project_invoicing.events.ledger_batches import LedgerBatchDelivered
from project_invoicing.ledger_bucket import Refused as BucketRefused
from project_invoicing.ledger_bucket import folder_of, in_key
from project_invoicing.rules.ledger_formats.formats import check_kind, named
from project_invoicing.rules.ledger_formats.refusals import FormatRefused
from project_invoicing.rules.ledger_formats.render import Part, checked, parts
from project_invoicing.store import outbox
from project_invoicing.store.batch_deliveries import Delivery, PartOfDelivery, RefusedFormat
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.ledger_batches.files import Differs

if TYPE_CHECKING:
    from project_invoicing.ledger_bucket import LedgerBucket
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.setup.models.ledger_formats import LedgerFormat
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.batch_deliveries import BatchDeliveries
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.use_cases.ledger_batches.read import BatchReader
    from project_invoicing.use_cases.setups import SetupVersions

_TRIES: Final = 8
_TYPES: Final = {".csv": "text/csv", ".json": "application/json", ".jsonl": "application/x-ndjson"}

Lines = Callable[[], Iterator[BatchLine]]


class PartDiffers(Differs):
    """The bucket has a file of this delivery under other bytes."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a delivery works with."""

    batches: LedgerBatches
    answers: BatchAnswers
    deliveries: BatchDeliveries
    reader: BatchReader
    bucket: LedgerBucket
    setups: SetupVersions


@dataclass(frozen=True, slots=True)
class Delivering:
    """Deliveries that are asked for at ``at``. ``request``: the id of the call by hand that asks, if it is one."""

    stores: Stores
    at: str
    actor: Actor = BY_EVENT
    request: str | None = None

    def automatically(self, id: BatchId) -> list[Delivery]:
        """A delivery in each format of the batch's kind that the company has chosen and that has none yet.

        Repeating it adds none.

        Raises ``Refused`` for those that cannot hold it, after the others.
        """
        batch = self.stores.batches.get(id)
        if batch is None or batch.state is not BatchState.READY:
            return []  # the event comes late: somebody has answered
        setup = self.stores.setups.current
        chosen = setup.parameters(id.company).ledger.formats
        wanted = [name for name in chosen if _format(setup, name).kind is id.kind]
        there = {one.format for one in self.stores.deliveries.of(id)[0] if one.done}
        made, refused = [], []
        for name in dict.fromkeys(wanted):
            if name in there:
                continue
            try:
                made.append(self.deliver(id, name, once=True))
            except Refused as why:
                if why.reason is not BatchRefusal.FORMAT_REFUSED:
                    break  # somebody has answered meanwhile
                refused.append(why)
        if refused:
            raise refused[0]
        return made

    def deliver(self, id: BatchId, format: str, *, once: bool = False) -> Delivery:
        """Delivers what is not accepted yet. The same call, or event at the same time, is the same delivery.

        ``once``: any delivery in this format will do, whoever has asked for it.
        Raises ``Refused`` where nothing may or can be delivered, ``Differs`` where the batch's files are not as they
        were, ``Conflict`` where other runs are always faster, and what the bucket raises.
        """
        joined: set[int] = set()
        step = partial(self._deliver, id, format, joined, once=once)
        return retried(f"batch {id}", step, attempts=_TRIES, lost=TransactionCancelled)

    def _deliver(self, id: BatchId, format: str, joined: set[int], *, once: bool) -> Delivery:
        """``joined``: deliveries in this format that it has worked on, although another run may have completed them."""
        while True:
            batch = must_be_deliverable(id, self.stores.batches.get(id))
            known, refused = self.stores.deliveries.of(id)
            for one in known:
                asked = self._asked_for(one, format) or one.number in joined or (once and one.format == format)
                if one.done and asked:
                    return one
            begun = next((one for one in known if one.is_begun), None)
            is_new = begun is None
            if begun is None:
                number = max([batch.deliveries, *(one.number for one in known)]) + 1
                begun = self._begin(batch, format, number)
            if self._is_overtaken(batch, begun):
                self.stores.deliveries.give_up(id, begun, self.at)
                continue
            if begun.format == format:
                joined.add(begun.number)
            try:
                made = self._complete(batch, begun, refused)
            except (PartDiffers, FormatRefused):
                if is_new:
                    raise
                # Begun by a release that writes otherwise, and nobody was told of it: another one takes its place.
                self.stores.deliveries.give_up(id, begun, self.at)
                continue
            if made.format == format:
                return made

    def _asked_for(self, known: Delivery, format: str) -> bool:
        """Whether it is what this call or event has asked for before. Each call by hand asks for one of its own."""
        ours = (self.request, None if self.request else self.at, format, self.actor.id)
        return ours == (known.request, None if self.request else known.at, known.format, known.who.id)

    def _is_overtaken(self, batch: LedgerBatch, begun: Delivery) -> bool:
        """Whether more has been accepted since it was begun: that must not go out again."""
        if begun.without == batch.answered.answers:
            return False
        return self._standing(batch, begun.without).accepted(batch.vouchers) != batch.answered.accepted

    def _begin(self, batch: LedgerBatch, format: str, number: int) -> Delivery:
        """Asks the format for the whole delivery, then begins it, or finds what another run has begun meanwhile."""
        setup = self.stores.setups.current
        delivery = Delivery(
            number=number,
            format=format,
            setup_version=setup.version,
            without=batch.answered.answers,
            at=self.at,
            who=self.actor,
            request=self.request,
        )
        try:
            check_kind(format, found := _format(setup, format), batch.id)
            fits = checked(found, batch.id, self._lines(batch, delivery), way=batch.receivables)
        except BucketRefused:
            raise
        except Rejected as rejected:
            self.stores.deliveries.refuse(batch.id, RefusedFormat(format, self.at, rejected.detail))
            told = f"{format} cannot hold batch {batch.id}: {rejected.detail}"
            raise Refused(BatchRefusal.FORMAT_REFUSED, told) from None
        there = fits.differences
        begun = replace(delivery, differing=there.entries, out_of_balance=there.largest)
        return self.stores.deliveries.begin(batch.id, begun)

    def _complete(self, batch: LedgerBatch, delivery: Delivery, refused: list[RefusedFormat]) -> Delivery:
        format = _format(self.stores.setups.of(delivery.setup_version), delivery.format)
        counted = _Counted(self._lines(batch, delivery))
        with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
            made = parts(format, batch.id, counted.lines, way=batch.receivables)
            files = tuple(self._put(batch, delivery, part, Path(folder)) for part in made)
        complete = replace(delivery, parts=files, lines=counted.number, done=self.at)
        self._commit(batch, complete, [one for one in refused if one.format == delivery.format])
        return complete

    def _commit(self, batch: LedgerBatch, made: Delivery, refused: list[RefusedFormat]) -> None:
        """The delivery counts, unless an answer or another run has changed the batch meanwhile."""
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
            for some in part.chunks:
                spooled.write(some)
                digest.update(some)
                size += len(some)
        sha256, key = digest.hexdigest(), f"{folder_of_delivery(batch, delivery)}{part.name}"
        kind = _TYPES.get(Path(part.name).suffix, "text/plain")
        if not self.stores.bucket.put(key, file, sha256, kind):
            raise PartDiffers(batch.id, f"the bucket has {key} under other bytes than {sha256}")
        return PartOfDelivery(part.name, sha256, size)

    def _standing(self, batch: LedgerBatch, answers: int) -> Standing:
        """How the vouchers stood after so many answers."""
        if not answers:
            return Standing()
        return Standing.after(self.stores.answers.applied(batch.id, answers), batch.kind)

    def _lines(self, batch: LedgerBatch, delivery: Delivery) -> Lines:
        """What the delivery holds: the lines of the vouchers that had not been accepted when it was begun."""
        standing = self._standing(batch, delivery.without)

        def lines() -> Iterator[BatchLine]:
            for line in self.stores.reader.lines(batch):
                if not standing.of(voucher_of_line(line)).is_accepted:
                    yield line

        return lines


def must_be_deliverable(id: BatchId, batch: LedgerBatch | None) -> LedgerBatch:
    """The batch. Raises ``Refused`` where nothing of it can be delivered as it is now."""
    if batch is None:
        raise Refused(BatchRefusal.UNKNOWN_BATCH, f"there is no batch {id}")
    if batch.state is BatchState.UNKNOWN:
        told = f"batch {id} is unknown: ask the other ledger whether it has it, and say so, before it is sent again"
        raise Refused(BatchRefusal.UNANSWERED, told)
    if batch.state in (BatchState.ACCEPTED, BatchState.VOIDED_THERE):
        raise Refused(BatchRefusal.NOTHING_LEFT, f"batch {id} is {batch.state}: nothing of it is left to deliver")
    if batch.state in (BatchState.CLAIMING, BatchState.SEALED):
        raise Refused(BatchRefusal.NOT_READY, f"batch {id} is {batch.state}: it has no files yet")
    return batch


def _format(setup: FinanceSetup, name: str) -> LedgerFormat:
    return named(setup.document.ledger_formats, name)


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
        "differences": {"entries": delivery.differing, "out_of_balance": f"{delivery.out_of_balance:f}"}
        if delivery.differing
        else None,
        "parts": [{"name": one.name, "sha256": one.sha256, "bytes": one.bytes} for one in delivery.parts],
    }
