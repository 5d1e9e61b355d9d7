"""An integration journal: its header and its pages of lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Amount:
    """What the lines of a journal in one ``currency`` come to."""

    currency: str
    cost: Decimal = ZERO
    sales: Decimal = ZERO


Amounts = tuple[Amount, ...]
"""By currency."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal's header as it was read.

    ``amounts`` are those of its lines without the ones that failed to post and moved; ``None`` where the header does
    not say, because an earlier version has written it.
    """

    company: str
    journal_id: str
    status: JournalStatus
    period: str
    line_count: int = 0
    next_line: int = 1
    original_journal: str | None = None
    setup_version: int | None = None
    posted_pages: int = 0
    error_journal: str | None = None
    error_lines: int = 0
    changed_at: str | None = None
    pinned: bool = False
    """Whether the master data of its posting is kept beside it."""
    amounts: Amounts | None = None
    tags: dict[str, str] | None = None
    """The financial tags of lines that are added from now on (TAG-02)."""

    def amounts_with(self, added: Iterable[JournalLine] = (), removed: Iterable[JournalLine] = ()) -> Amounts | None:
        """The amounts with the lines that are added and without those that are removed. ``None``: not known."""
        before = self.amounts if self.counted_lines else ()
        if before is None:
            return None
        sums = {one.currency: one for one in before}
        for sign, lines in ((1, added), (-1, removed)):
            for line in lines:
                one = sums.get(line.currency, Amount(line.currency))
                charged = line.sales_amount if line.chargeable else ZERO
                cost, sales = one.cost + sign * line.cost_amount, one.sales + sign * charged
                sums[line.currency] = Amount(line.currency, cost, sales)
        return tuple(one for _, one in sorted(sums.items()) if one.cost or one.sales)

    @property
    def counted_lines(self) -> int:
        """How many lines its amounts are of."""
        return self.line_count - self.error_lines

    def takes_lines(self, limit: int) -> bool:
        """Whether an import may add lines: to a draft that is not full (JRN-05, JRN-06), never to an error journal."""
        return self.status is JournalStatus.DRAFT and self.original_journal is None and self.line_count < limit


@dataclass(frozen=True, slots=True)
class JournalPage:
    """One page of lines. ``key`` is its sort key, which sorts pages by their first line."""

    key: str
    lines: list[JournalLine]
    posted: bool
    version: int


def refusals(journal: Journal, lines: Iterable[JournalLine]) -> list[Refusal]:
    """One refusal per reason for which lines fail, with the detail of the first such line."""
    errors: dict[str, list[str]] = {}
    for line in lines:
        reason, _, detail = (line.error or "").partition(": ")
        if reason:
            errors.setdefault(reason, []).append(f"actual {line.actual_id}: {detail}")
    found = []
    for reason, details in errors.items():
        more = f", and {len(details) - 1} more" if len(details) > 1 else ""
        found.append(Refusal(journal.company, journal.journal_id, reason, details[0] + more))
    return found
