"""Lines that other modules of finance posted to an integration account, beside what our journals cleared (IWS)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.reconciliation import Repair

LINE: Final = (
    "company",
    "posting_type",
    "state",
    "entity",
    "id",
    "number",
    "project",
    "date",
    "theirs",
    "ours",
    "difference",
    "currency",
    "actual",
    "detail",
    "repair",
)
"""What a line of a report has."""


class LineState(StrEnum):
    """Why a line is reconciled or not (IWS-02, IWS-05).

    ``missing_actual``: its cost has not come. ``missing_journal_line``: it has come, and is on no journal or on one
    that is not posted. ``not_cleared``: it is posted, and to another account, or taken back. ``missing_line``: a
    journal cleared what no line of the other side has posted.
    """

    RECONCILED = "reconciled"
    MISSING_ACTUAL = "missing_actual"
    MISSING_JOURNAL_LINE = "missing_journal_line"
    NOT_CLEARED = "not_cleared"
    AMOUNT_DIFFERS = "amount_differs"
    MISSING_LINE = "missing_line"


@dataclass(frozen=True, slots=True)
class OtherLine:
    """A posted expense or vendor invoice line as Dataverse has it.

    ``on`` is a bare date or an instant. ``cost`` is in ``currency`` and includes the tax that cannot be recovered;
    ``posted`` is what finance posted, in the company's accounting currency, where Dataverse says it.
    """

    posting_type: PostingType
    entity: str
    id: str
    number: str | None
    project: Reference
    on: str | None
    currency: Reference | None
    cost: Decimal | None
    posted: Decimal | None = None


@dataclass(frozen=True, slots=True)
class IntegrationLine:
    """A line with what it left on the account: ``theirs`` less ``ours``, in the company's accounting currency."""

    company: str
    posting_type: PostingType
    state: LineState
    entity: str
    id: str
    number: str | None
    project: str | None
    on: date | None
    theirs: Decimal
    ours: Decimal
    currency: str
    detail: str = ""
    actual_id: str | None = None
    repair: Repair | None = None

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours


@dataclass(frozen=True, slots=True)
class Interval:
    """The days whose lines are compared in a company (IWS-03)."""

    first: date
    last: date

    def has(self, on: date | None) -> bool:
        """A line without a date belongs to every interval."""
        return on is None or self.first <= on <= self.last


@dataclass(frozen=True, slots=True)
class StateSum:
    company: str
    posting_type: PostingType
    state: LineState
    currency: str
    lines: int
    amount: Decimal


@dataclass(slots=True)
class IntegrationBalances:
    """``not_read`` says why the other side's lines are not known; there is no balance then (IWS-04)."""

    intervals: dict[str, Interval]
    lines: list[IntegrationLine] = field(default_factory=list)
    not_read: str | None = None

    @property
    def unreconciled(self) -> list[IntegrationLine]:
        """The largest first."""
        open_ = (one for one in self.lines if one.state is not LineState.RECONCILED)
        return sorted(open_, key=lambda one: (-abs(one.difference), one.id))

    def sums(self) -> list[StateSum]:
        """Number and amount per company, account and state: of what is reconciled, what it came to (IWS-02)."""
        return summed(self.lines)


def summed(lines: Iterable[IntegrationLine]) -> list[StateSum]:
    found: dict[tuple[str, str, str], StateSum] = {}
    for one in lines:
        key = one.company, str(one.posting_type), str(one.state)
        known = found.get(key) or StateSum(one.company, one.posting_type, one.state, one.currency, 0, ZERO)
        amount = one.theirs if one.state is LineState.RECONCILED else one.difference
        found[key] = StateSum(
            one.company, one.posting_type, one.state, one.currency, known.lines + 1, known.amount + amount
        )
    return [one for _, one in sorted(found.items())]
