"""Finds posted costs and their unbilled sales, by what people choose them by, or by their ids (PCO-11).

No key leads from a cost to its unbilled sale: the connection is on the sale. Both have one transaction date, so the
sale is on a journal of the same period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.calendar import EARLIEST, LATEST, first_day, last_day
from project_invoicing.domain.codes import (
    ConnectionRole,
    CostSide,
    PostingFailure,
    StagingState,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import COST_KINDS, CostAccounts, JournalLine
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lent_costs import Likeness, likeness
from project_invoicing.rules.posted_costs import PostedCost, Sale, must_be_a_posted_cost
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_READS

if TYPE_CHECKING:
    from project_invoicing.use_cases.posted_costs.lent import LentCosts

LENT: Final = frozenset({TransactionType.INTER_ORGANIZATIONAL_SALES})
_JOURNALS: Final = 100
_SALES: Final = frozenset({TransactionType.UNBILLED_SALES, TransactionType.INTER_ORGANIZATIONAL_SALES})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which costs: each field that is given has to fit. ``since`` and ``until`` are transaction dates."""

    project: str | None = None
    contract: str | None = None
    transaction_class: TransactionClass | None = None
    line_property: str | None = None
    since: date = EARLIEST
    until: date = LATEST
    without: frozenset[str] = frozenset()

    def fits(self, line: JournalLine | ProposalLine) -> bool:
        wanted = (
            (self.project, line.project),
            (self.contract, line.contract),
            (self.transaction_class, line.transaction_class),
            (self.line_property, line.line_property),
        )
        return (
            all(want in (None, have) for want, have in wanted)
            and line.transaction_date is not None
            and self.since <= line.transaction_date <= self.until
            and line.actual_id not in self.without
        )


@dataclass(slots=True)
class PostedCosts:
    """Reads posted costs of a company; ``lent``: also those that lenders have billed to it. Nothing here writes."""

    journals: Journals
    staging: Staging
    ledger: Ledger
    company: str
    lent: LentCosts | None = None
    refused: list[Refusal] = field(default_factory=list)
    """Why ids that were asked for are no posted costs."""

    def chosen(self, choice: Choice, to: CostSide) -> Iterator[PostedCost]:
        """The costs that fit and are not on this side, with the sales that decide on it; period by period.

        Then what lenders have billed, an invoice at a time.
        """
        for group in self._periods(choice.since, choice.until):
            lines = list(self._lines(group))
            costs = {one.actual_id: one for one in lines if one.kind in COST_KINDS and one.amount and choice.fits(one)}
            found = dict(self._with_rows(costs))
            away = {id: one for id, one in found.items() if one.side is not to and not one.row.taken_by}
            yield from self._with_sales(away, lines, to)
        for some in self.lent.chosen(choice) if self.lent else ():
            away = {one.row.id: one for one in some if one.side is not to and not one.row.taken_by}
            yield from self._among_journals(away, to)

    def named(self, ids: Iterable[str], to: CostSide) -> Iterator[PostedCost]:
        """The costs with these ids; what is none is ``refused``."""
        costs: dict[str, PostedCost] = {}
        wanted = list(dict.fromkeys(ids))
        for some in chunks(wanted, MAX_READS):
            rows = self.staging.readable(some)
            for id in some:
                try:
                    costs[id] = self._named(id, rows.get(id))
                except Refused as refused:
                    self.refused.append(Refusal(self.company, id, refused.reason, refused.detail))
        yield from self._among_journals(costs, to)

    def _named(self, id: str, row: StagedRow | None) -> PostedCost:
        if self.lent and row and row.actual.transaction_type in LENT and row.company != self.company:
            return self.lent.of(row)
        return self._cost(must_be_a_posted_cost(id, row, self.company))

    def _among_journals(self, costs: Mapping[str, PostedCost], to: CostSide) -> Iterator[PostedCost]:
        """The costs with their sales, which are on journals of the same days."""
        if to is not CostSide.BALANCE:
            yield from costs.values()
            return
        days = {cost.line.transaction_date for cost in costs.values()}
        groups = self._periods(min(days), max(days)) if days else ()
        lines = (line for group in groups for line in self._lines(group) if line.transaction_date in days)
        yield from self._with_sales(costs, lines, to)

    def again(self, cost: PostedCost) -> PostedCost:
        """The cost as it is now. Raises ``Refused`` for one that is gone."""
        ids = [cost.row.id, *(sale.row.id for sale in cost.sales)]
        rows = self.staging.readable(ids)
        if self.lent and cost.vendor_invoice:
            now = self.lent.again(cost, rows.get(cost.row.id))
            return replace(now, sales=self._sales([rows[id] for id in ids[1:] if id in rows]))
        row = must_be_a_posted_cost(cost.row.id, rows.get(cost.row.id), self.company)
        sales = [rows[sale.row.id] for sale in cost.sales if sale.row.id in rows]
        return PostedCost(row, cost.line, self._accounts(row), self._sales(sales))

    def of_sales(self, sales: Iterable[StagedRow]) -> Iterator[PostedCost]:
        """The costs of these unbilled sales, each with all of its sales."""
        ids = (sale.links[ConnectionRole.COST] for sale in sales if ConnectionRole.COST in sale.links)
        yield from self.named(ids, CostSide.BALANCE)

    def _periods(self, since: date, until: date) -> Iterator[list[Journal]]:
        """The journals of these transaction dates, all of one period at a time."""
        after = ""
        found: list[Journal] = []
        while True:
            day = since.isoformat()
            numbers, after = self.journals.since(self.company, _JOURNALS, since=day, after=after)
            known = self.journals.many(self.company, numbers)
            found += [one for number in numbers if (one := known.get(number)) and _is_within(one, since, until)]
            if not after:
                break
        for _, group in groupby(sorted(found, key=_period), key=_period):
            yield list(group)

    def _lines(self, group: Iterable[Journal]) -> Iterator[JournalLine]:
        for journal in group:
            for page in self.journals.pages(self.company, journal.journal_id):
                if page.posted:
                    yield from page.lines

    def _with_rows(self, lines: Mapping[str, JournalLine]) -> Iterator[tuple[str, PostedCost]]:
        for some in chunks(lines, MAX_READS):
            rows = self.staging.readable(some)
            for id in some:
                row = rows.get(id)
                if row and row.state is StagingState.POSTED:
                    yield id, PostedCost(row, lines[id], self._accounts(row))

    def _cost(self, row: StagedRow) -> PostedCost:
        number = str(row.journal_id)
        found = self.journals.line(self.company, number, row.line_number or 0, row.id)
        if found is None:
            raise Refused(PostingFailure.NOT_POSTED, f"journal {number} has no line of actual {row.id}")
        return PostedCost(row, found[0], self._accounts(row))

    def _accounts(self, row: StagedRow) -> CostAccounts:
        """The accounts of a cost. Of one that an early version posted, its voucher says them."""
        if row.cost_accounts is not None or not row.voucher:
            return row.cost_accounts or {}
        vouchers = self.ledger.vouchers(JOURNAL, self.company, str(row.journal_id))
        booked = next((one for one in vouchers if one.voucher == row.voucher), None)
        return {line.posting_type: line.account for line in booked.lines} if booked else {}

    def _with_sales(
        self, costs: Mapping[str, PostedCost], lines: Iterable[JournalLine], to: CostSide
    ) -> Iterator[PostedCost]:
        """The costs with their sales among these lines; only what goes to the balance sheet asks for them."""
        if to is not CostSide.BALANCE or not costs:
            yield from costs.values()
            return
        alike = {(cost.line.project, cost.line.transaction_date) for cost in costs.values()}
        sold = {
            one.actual_id: one for one in lines if one.kind in _SALES and (one.project, one.transaction_date) in alike
        }
        lent: dict[Likeness | None, list[str]] = {}
        for id, cost in costs.items():
            if cost.vendor_invoice:
                lent.setdefault(likeness(cost.line), []).append(id)
        of: dict[str, list[StagedRow]] = {}
        for some in chunks(sold, MAX_READS):
            for row in self.staging.readable(some).values():
                for id in (row.links.get(ConnectionRole.COST), *lent.get(_of_lent_work(sold[row.id]), ())):
                    if id in costs:
                        of.setdefault(str(id), []).append(row)
        takers = self._takers(row for rows in of.values() for row in rows)
        for id, cost in costs.items():
            sales = [Sale(row, takers.get(row.taken_by or "")) for row in of.get(id, ())]
            yield replace(cost, sales=sales)

    def _sales(self, rows: list[StagedRow]) -> list[Sale]:
        takers = self._takers(rows)
        return [Sale(row, takers.get(row.taken_by or "")) for row in rows]

    def _takers(self, rows: Iterable[StagedRow]) -> dict[str, StagedRow]:
        ids = {row.taken_by for row in rows if row.taken_by}
        return self.staging.readable(ids) if ids else {}


def _of_lent_work(line: JournalLine) -> Likeness | None:
    """What decides whether a sale is one of lent work."""
    return likeness(line) if line.kind is TransactionType.UNBILLED_SALES else None


def _is_within(journal: Journal, since: date, until: date) -> bool:
    return first_day(journal.period) <= until.isoformat() and last_day(journal.period) >= since.isoformat()


def _period(journal: Journal) -> str:
    return journal.period
