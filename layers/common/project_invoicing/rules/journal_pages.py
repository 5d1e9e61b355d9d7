"""Assigns lines to journals: one per period, up to the company's limit, page by page (JRN-01 to JRN-06)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.number_sequence import format_number
from project_invoicing.rules.journal_lines import Candidate, tagged_line
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.numbers import NumberSequences

_VOUCHER_COUNTER = 1
_HEADER_AND_PAGE = 2


@dataclass(frozen=True, slots=True)
class Numbers:
    """The formats of a company's journals and vouchers, and the last number drawn of each."""

    company: str
    setup: FinanceSetup
    last_journal: int
    last_voucher: int

    @property
    def limit(self) -> int:
        """The most lines a journal takes (JRN-06)."""
        return self.setup.parameters(self.company).journal_line_limit

    def journal(self, nth: int) -> str:
        """The ``nth`` number after the last; the first is 1."""
        return format_number(self._formats.journal, self.last_journal + nth, self.company)

    def voucher(self, nth: int) -> str:
        return format_number(self._formats.voucher, self.last_voucher + nth, self.company)

    @property
    def _formats(self) -> NumberSequences:
        return self.setup.number_sequences(self.company)


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines for one page of a journal, with the journal as it was before them; ``new``: it is created with them."""

    journal: Journal
    new: bool
    lines: list[JournalLine]

    def grown(self, at: str) -> Journal:
        """The journal with these lines, added ``at``."""
        count, journal = len(self.lines), self.journal
        return replace(
            journal,
            line_count=journal.line_count + count,
            next_line=journal.next_line + count,
            changed_at=at,
            amounts=journal.amounts_with(added=self.lines),
        )


@dataclass(slots=True)
class PagePlan:
    """One transaction: the candidates that become lines in it, in order, and the pages of these lines."""

    candidates: list[Candidate] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)

    @property
    def lines(self) -> list[JournalLine]:
        return [line for segment in self.segments for line in segment.lines]

    @property
    def new_journals(self) -> int:
        return sum(segment.new for segment in self.segments)


def planned(candidates: list[Candidate], journals: Mapping[str, Journal], numbers: Numbers, room: int) -> PagePlan:
    """The next transaction of ``room`` writes: as many candidates as fit, over as many journals as they need.

    ``journals`` are the open ones by period; another period begins a new one.
    """
    plan, limit = PagePlan(), numbers.limit
    room -= _VOUCHER_COUNTER
    for period, group in groupby(candidates, key=lambda candidate: candidate.period):
        same = list(group)
        journal = journals.get(period)
        new = journal is None
        overhead = _HEADER_AND_PAGE + new + (new and not plan.new_journals)  # the period's guard; the counter
        if journal is None:
            journal = Journal(numbers.company, numbers.journal(plan.new_journals + 1), JournalStatus.DRAFT, period)
        fitting = _fitting(same[: max(limit - journal.line_count, 0)], room - overhead)
        if not fitting:
            break
        done = len(plan.candidates)
        lines = [
            tagged_line(candidate, journal.next_line + nth, numbers.voucher(done + nth + 1), journal, numbers.setup)
            for nth, candidate in enumerate(fitting)
        ]
        plan.segments.append(Segment(journal, new, lines))
        plan.candidates += fitting
        room -= overhead + sum(candidate.writes for candidate in fitting)
        if len(fitting) < len(same):
            break
    return plan


def _fitting(candidates: Iterable[Candidate], room: int) -> list[Candidate]:
    """The first candidates whose writes fit in ``room``."""
    found = []
    for candidate in candidates:
        room -= candidate.writes
        if room < 0:
            break
        found.append(candidate)
    return found
