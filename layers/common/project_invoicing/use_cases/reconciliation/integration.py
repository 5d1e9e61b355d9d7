"""The lines that finance posted to integration accounts, read from Dataverse, beside what our journals cleared (IWS).

Dataverse has them because finance synchronizes them to it, so that costs come of them. Only companies with an
integration account are asked about; where the tables cannot be read, that is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import AccessDenied, DataverseApi
from project_invoicing.dataverse.other_lines import (
    columns_looked_up,
    line_map,
    origin_map,
    origin_type,
    to_line,
    to_origin,
)
from project_invoicing.domain.codes import INTEGRATION_ACCOUNTS, PostingType
from project_invoicing.domain.integration_lines import (
    IntegrationBalances,
    IntegrationLine,
    Interval,
    LineState,
    OtherLine,
)
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.reconciliation.integration_lines import Comparison, interval_of
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.dataverse import CHUNK
from project_invoicing.use_cases.reconciliation.watch import Watch

NOT_CONNECTED: Final = "no Dataverse is connected, so that only our side is known: it is no balance"
SHOWN: Final = 100
"""How many lines a report shows, so that it fits into one table item."""
_NOBODY: Final = "the set-up has no integration account"


def companies_with_accounts(setup: FinanceSetup) -> dict[str, set[PostingType]]:
    """The integration accounts that the set-up has, by company."""
    found: dict[str, set[PostingType]] = {}
    for company, rows in setup.document.ledger_posting.items():
        kinds: set[PostingType] = {one for one in INTEGRATION_ACCOUNTS if any(row.posting_type is one for row in rows)}
        if kinds:
            found[company] = kinds
    return found


@dataclass(slots=True)
class OtherSide:
    """One comparison, of one ``company`` or all. ``books`` are read to their end.

    ``first`` and ``last`` are days asked about in place of those that are usual in a company.
    """

    api: DataverseApi | None
    books: Books
    watch: Watch
    at: str
    company: str | None = None
    first: date | None = None
    last: date | None = None
    intervals: dict[str, Interval] = field(default_factory=dict)

    def compare(self) -> IntegrationBalances:
        """Every line of the intervals with its state. Raises ``OutOfTime``."""
        setup = self.books.setup
        accounts = companies_with_accounts(setup)
        self.intervals = {one: self._interval(one) for one in sorted(accounts) if self.company in (None, one)}
        found = IntegrationBalances(self.intervals)
        if not accounts:
            found.not_read = _NOBODY
        elif self.api is None:
            found.not_read = NOT_CONNECTED
        else:
            try:
                found.lines = list(self._lines(self.api, accounts))
            except (AccessDenied, Rejected, Unavailable) as refused:
                found.lines, found.not_read = [], f"the lines of the other side could not be read: {refused}"
        return found

    def _interval(self, company: str) -> Interval:
        usual = interval_of(self.books.setup, company, self.books.setup.today(company, self.at))
        return Interval(self.first or usual.first, self.last or usual.last)

    def _lines(self, api: DataverseApi, accounts: Mapping[str, set[PostingType]]) -> Iterator[IntegrationLine]:
        comparison = Comparison(self.books.setup, self.books.accounts.cleared())
        matched: set[str] = set()
        for posting_type in INTEGRATION_ACCOUNTS:
            if not any(posting_type in kinds for kinds in accounts.values()):
                continue
            actuals = self._actuals(api, line_map(posting_type).entity)
            matched |= {actual for of_line in actuals.values() for actual in of_line}
            for some in chunks(self._other(api, comparison, posting_type), CHUNK):
                yield from self._judged(comparison, some, actuals)
        yield from comparison.missing_lines(matched, self.intervals)

    def _other(
        self, api: DataverseApi, comparison: Comparison, posting_type: PostingType
    ) -> Iterator[tuple[str, OtherLine]]:
        """The lines of the companies and days asked about, each with its company."""
        table_map = line_map(posting_type)
        rows = api.every(table_map.entity, columns_looked_up(table_map))
        for found in self.watch.over(f"{table_map.name.replace('_', ' ')} of Dataverse", rows):
            line = guarded(found.entity, found.id, to_line, posting_type, found, self.at)
            if line is None or isinstance(line, Defect):
                continue
            company = comparison.company_of(line)
            if company in self.intervals and self.intervals[company].has(comparison.day_of(line, company)):
                yield company, line

    def _actuals(self, api: DataverseApi, entity: str) -> dict[str, list[str]]:
        """The actuals that come from each line of a table."""
        found: dict[str, list[str]] = defaultdict(list)
        columns = columns_looked_up(origin_map())
        for row in self.watch.over(
            "origins of Dataverse", api.matching(origin_map().entity, columns, origin_type(), entity)
        ):
            origin = guarded(row.entity, row.id, to_origin, row, self.at)
            if origin and not isinstance(origin, Defect):
                found[origin.line].append(origin.actual)
        return found

    def _judged(
        self, comparison: Comparison, lines: list[tuple[str, OtherLine]], actuals: Mapping[str, list[str]]
    ) -> Iterator[IntegrationLine]:
        ids = {id for _, line in lines for id in actuals.get(line.id, ()) if id not in comparison.cleared}
        rows = self.books.stores.staging.readable(sorted(ids))
        for company, line in lines:
            yield comparison.judge(line, company, actuals.get(line.id, ()), rows)


def differences(lines: list[IntegrationLine]) -> list[Difference]:
    """What can be asked for again of these lines: the cost of one that has none (IWS-06)."""
    return [
        Difference("msdyn_actual", one.actual_id, one.detail, one.company, one.difference, one.currency, one.repair)
        for one in lines
        if one.actual_id and one.repair
    ]


def report_of(
    found: IntegrationBalances, setup: FinanceSetup, most: int | None = SHOWN, *, everything: bool = False
) -> dict[str, Any]:
    """As JSON: sums by state, and the largest lines that are not reconciled; ``more`` counts the others.

    ``everything``: with those that are reconciled.
    """
    show, open_ = Figures(setup), found.unreconciled
    if everything:
        open_ = [*open_, *(one for one in found.lines if one.state is LineState.RECONCILED)]
    return {
        "not_read": found.not_read,
        "intervals": [
            {"company": company, "from": one.first.isoformat(), "to": one.last.isoformat()}
            for company, one in sorted(found.intervals.items())
        ],
        "sums": [
            {
                "company": one.company,
                "posting_type": one.posting_type,
                "state": one.state,
                "lines": one.lines,
                "amount": show.amount(one.amount, one.currency),
                "currency": one.currency,
            }
            for one in found.sums()
        ],
        "lines": [line_of(one, show) for one in open_[:most]],
        "more": len(open_) - len(open_[:most]),
    }


def line_of(one: IntegrationLine, show: Figures) -> dict[str, Any]:
    return {
        "company": one.company,
        "posting_type": str(one.posting_type),
        "state": str(one.state),
        "entity": one.entity,
        "id": one.id,
        "number": one.number,
        "project": one.project,
        "date": one.on.isoformat() if one.on else None,
        "theirs": show.amount(one.theirs, one.currency),
        "ours": show.amount(one.ours, one.currency),
        "difference": show.amount(one.difference, one.currency),
        "currency": one.currency,
        "actual": one.actual_id,
        "detail": one.detail,
        "repair": str(one.repair) if one.repair else None,
    }
