"""Our own events about batches for a general ledger, apart from the others as few functions load them (D-092)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.actor import Actor, How, relayed
from project_invoicing.domain.codes import BatchKind
from project_invoicing.events.details import Says
from project_invoicing.events.own import AMOUNT, DATE, Company, LineCount, OwnEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBatchReady(OwnEvent):
    """A batch for a general ledger is sealed, and its files are in the bucket."""

    TYPE: ClassVar[str] = "LedgerBatchReady"
    STARTS: ClassVar[str] = "`ledger_answers`: deliveries in the formats that the company has chosen"

    company: Company
    kind: Annotated[str, Says("what its lines are", values=tuple(BatchKind))]
    number: Annotated[int, Says("its number, without a gap in its company and kind")]
    period: Annotated[str, Says("the month in which its fiscal period begins, as 2026-09")]
    period_number: Annotated[int, Says("its number in that period")]
    manifest_key: Annotated[str, Says("the key of its manifest in the bucket of the stack")]
    manifest_sha256: Annotated[str, Says("the hash of its manifest, which names those of its other files")]
    documents: Annotated[int, Says("how many documents it has")]
    lines: LineCount
    accounting_currency: Annotated[str, Says("the accounting currency of the company")]
    debit: Annotated[str, Says("the sum of its debits in that currency", AMOUNT)]
    credit: Annotated[str, Says("the sum of its credits in that currency", AMOUNT)]
    first_date: Annotated[str, Says("the first accounting date of its lines", DATE)]
    last_date: Annotated[str, Says("the last accounting date of its lines", DATE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBatchDelivered(OwnEvent):
    """A delivery of a batch is complete: all files of it are in the bucket."""

    TYPE: ClassVar[str] = "LedgerBatchDelivered"

    company: Company
    kind: Annotated[str, Says("what its lines are", values=tuple(BatchKind))]
    number: Annotated[int, Says("the number of the batch")]
    period: Annotated[str, Says("the month in which its fiscal period begins, as 2026-09")]
    delivery: Annotated[int, Says("the number of the delivery: the first holds all of it, a later one what is open")]
    format: Annotated[str, Says("the format in which its files are")]
    folder: Annotated[str, Says("what the keys of its files begin with, in the bucket of the stack")]
    parts: Annotated[int, Says("how many files it has")]
    lines: LineCount
    manifest_sha256: Annotated[str, Says("the hash of the manifest of the batch")]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerDeliveryRequested(OwnEvent):
    """A person wants a batch delivered, once more or in another format."""

    TYPE: ClassVar[str] = "LedgerDeliveryRequested"
    STARTS: ClassVar[str] = "`ledger_answers`: that delivery"

    company: Company
    kind: Annotated[str, Says("what its lines are", values=tuple(BatchKind))]
    number: Annotated[int, Says("the number of the batch")]
    format: Annotated[str, Says("the format in which its files shall be")]
    actor: Annotated[str | None, Says("the id of who asks, if that is known")] = None
    actor_name: Annotated[str | None, Says("the name of who asks, if that is known")] = None
    how: Annotated[str | None, Says("the door through which it was asked for", values=tuple(How))] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerBatchesRequested(OwnEvent):
    """A person wants batches for general ledgers made: of every company and kind, or of those that it names."""

    TYPE: ClassVar[str] = "LedgerBatchesRequested"
    STARTS: ClassVar[str] = "`ledger_export`: batches of what is ready, whatever the schedule"

    company: Annotated[str | None, Says("the code of the only company")] = None
    kind: Annotated[str | None, Says("the only kind of batches", values=tuple(BatchKind))] = None
    actor: Annotated[str | None, Says("the id of who asks, if that is known")] = None
    actor_name: Annotated[str | None, Says("the name of who asks, if that is known")] = None
    how: Annotated[str | None, Says("the door through which it was asked for", values=tuple(How))] = None


def who_asks(asked: LedgerDeliveryRequested | LedgerBatchesRequested) -> Actor:
    """Who asks, through which door. An earlier version did not say the door. The door has looked at the roles."""
    return relayed(asked.actor, asked.actor_name, asked.how)
