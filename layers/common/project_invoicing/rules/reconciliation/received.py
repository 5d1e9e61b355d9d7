"""Checks actuals and connections in Dataverse against those in staging."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, TypeVar

from project_invoicing.domain.actual import Actual, Connection, Proforma, Reference
from project_invoicing.domain.codes import StagingState, TransactionType
from project_invoicing.domain.compared_rows import ActualThere, WrittenBack
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Check, Difference, Repair, Tally, digest_of, figure
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL, CONNECTION
from project_invoicing.rules.reconciliation.findings import Finding, id_bytes, link_key, of_row
from project_invoicing.rules.reconciliation.staged_rows import StagedRows, is_chargeable
from project_invoicing.setup.lookups import FinanceSetup

T = TypeVar("T", Actual, Proforma)

CURRENCY = "transactioncurrency"
_FIGURES = ("accounting_amount", "exchange_rate", "sales_tax_amount")


@dataclass(slots=True)
class ReceivedActuals:
    """Keeps, for each proforma, the sums of its billed sales in Dataverse, and the ids to be looked at again."""

    rows: StagedRows
    rejected: Set[tuple[str, str]]
    """Table and id of the rows with a rejected event."""
    theirs: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    held_back: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """The part of ``theirs`` that waits for a paused table map."""
    unseen: set[bytes] = field(default_factory=set)
    """The rows that count in staging and were not seen in Dataverse."""
    missing: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    written_otherwise: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unseen = {id for id, known in self.rows.known.items() if known.counts}

    def add(self, there: ActualThere, check: Check, waits: Callable[[], bool]) -> None:
        """Adds an actual of Dataverse. ``waits``: whether it has arrived and waits for a paused table map."""
        id = id_bytes(there.id)
        self.unseen.discard(id)
        known = self.rows.known.get(id)
        if there.is_skipped:
            check.count("actuals with Skip Sync")
            if known and known.counts:
                self.newer.append(there.id)
            return
        check.count("actuals of Dataverse")
        _tally(there, self.theirs)
        if known is None:
            self._unknown(there, check, waits)
            return
        check.count("actuals staged")
        is_newer = there.version is not None and (known.version is None or there.version > known.version)
        if is_newer and not waits():
            self.newer.append(there.id)
        if known.written is not None and known.written != digest_of(*there.written):
            self.written_otherwise.append(there.id)

    def _unknown(self, there: ActualThere, check: Check, waits: Callable[[], bool]) -> None:
        if (ACTUAL, there.id) in self.rejected:
            check.count("actuals rejected")
        elif waits():
            _tally(there, self.held_back)
        else:
            self.missing.append(there.id)


def _tally(there: ActualThere, tallies: dict[str, Tally]) -> None:
    if there.kind == TransactionType.BILLED_SALES and there.proforma:
        tallies[there.proforma].add(there.id, there.amount or ZERO, chargeable=is_chargeable(there.billing_type))


def currency_there(there: ActualThere, setup: FinanceSetup) -> str | None:
    return setup.resolve(CURRENCY, there.currency) if there.currency else None


def never_received(there: ActualThere, setup: FinanceSetup) -> Finding:
    detail = f"{str(there.kind or 'actual').replace('_', ' ')} that was never received"
    currency = currency_there(there, setup)
    found = Difference(ACTUAL, there.id, detail, None, there.amount, currency, Repair.FETCH)
    return Finding("not_received", found)


def would_be_rejected(check: str, entity: str, id: str, detail: str, company: str | None = None) -> Finding:
    return Finding(check, Difference(entity, id, detail, company, repair=Repair.FETCH))


def says_something_new(
    row: StagedRow | None, there: ActualThere, now: Actual, setup: FinanceSetup
) -> Iterator[Finding]:
    """The differences where Dataverse has a newer version; one made by a write-back says nothing new."""
    changed = changed_fields(row.actual, now) if row else {}
    if row and changed:
        detail = f"{in_words(changed)}; staging has version {row.actual.version.number}, Dataverse {there.version}"
        off, currency = now.amount - row.actual.amount, currency_there(there, setup)
        found = Difference(ACTUAL, there.id, detail, row.company, off, currency, Repair.FETCH)
        yield Finding("differs_from_dataverse", found)


def written_differs(row: StagedRow, there: WrittenBack, setup: FinanceSetup) -> Iterator[Finding]:
    """The values written back for a row that Dataverse no longer has."""
    texts = [
        f"{name} {figure(ours)}, not {figure(theirs) or 'empty'}"
        for name in _FIGURES
        for ours, theirs in ((getattr(row, name), getattr(there, name)),)
        if figure(ours) != figure(theirs)
    ]
    if there.voucher != row.voucher:
        texts.append(f"voucher {row.voucher}, not {there.voucher or 'empty'}")
    if texts:
        off = (there.accounting_amount or ZERO) - (row.accounting_amount or ZERO)
        detail = f"Dataverse should have {'; '.join(texts)}"
        yield of_row("write_back_differs", row, setup, detail, off, repair=Repair.WRITE_BACK)


def not_in_dataverse(rows: Iterable[StagedRow], setup: FinanceSetup) -> Iterator[Finding]:
    """Staged actuals that Dataverse does not have."""
    for row in rows:
        if row.state not in (StagingState.INVALID, StagingState.SKIPPED):
            detail = f"is {row.state} here; nobody can be billed for what Dataverse does not have"
            currency = setup.named(row.actual.currency)
            found = Difference(ACTUAL, row.id, detail, row.company, row.actual.amount, currency)
            yield Finding("not_in_dataverse", found)


def is_linked(connection: Connection, links: Set[bytes]) -> bool:
    """Whether staging has the link of a connection."""
    return link_key(connection.actual_id, connection.role, connection.linked_id) in links


def not_linked(connection: Connection) -> Finding:
    detail = f"{connection.actual_id} has no link '{connection.role}' to {connection.linked_id}"
    return Finding("not_received", Difference(CONNECTION, connection.id, detail, repair=Repair.FETCH))


def changed_fields(stored: T, found: T) -> dict[str, tuple[Any, Any]]:
    """The differences between two versions of a row, by field; names that look-ups may carry do not count."""

    def bare(value: Any) -> Any:
        return (value.entity, value.id) if isinstance(value, Reference) else value

    pairs = ((f.name, getattr(stored, f.name), getattr(found, f.name)) for f in fields(stored) if f.name != "version")
    return {name: (before, now) for name, before, now in pairs if bare(before) != bare(now)}


def in_words(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """``amount 100 -> 120, project … -> …``."""
    return ", ".join(f"{name} {text(before)} -> {text(now)}" for name, (before, now) in changed.items())


def text(value: Any) -> str:
    if isinstance(value, Reference):
        return value.id
    return figure(value) if isinstance(value, Decimal) else str(value)
