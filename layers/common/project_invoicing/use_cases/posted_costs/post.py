"""Posts costs to profit and loss, or back to the balance sheet: a voucher of its own for each (PCO-10).

Where a cost is now stands on its row, and is changed in the transaction of the voucher: what is there is left alone,
so that a run that died is simply run again (PCO-13). The same request that comes once more, after the cost was brought
back, does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import CostSide, StagingState
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import POST_COSTS
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.staged_row import Correction
from project_invoicing.rules.posted_costs import MovedCost, PostedCost, may_be_posted, moved
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.transactions import Write
from project_invoicing.store.unit_of_work import first_of, retried
from project_invoicing.use_cases.master_data.facts import JournalLineFacts
from project_invoicing.use_cases.posted_costs.find import PostedCosts
from project_invoicing.use_cases.setups import SetupVersions

_ATTEMPTS: Final = 6


@dataclass(slots=True)
class CostPosting:
    """Posts costs of a company to a side, on an accounting date. ``at``: when it is asked for; ``actor``: by whom.

    ``posted`` has the actuals and the numbers of their vouchers; ``unchanged`` counts what was there already.
    """

    costs: PostedCosts
    vouchers: FinanceVouchers
    setups: SetupVersions
    to: CostSide
    on: date
    at: str
    actor: Actor
    reason: str | None = None
    posted: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def company(self) -> str:
        return self.costs.company

    def is_offered(self, cost: PostedCost) -> bool:
        """Whether a cost that nobody named is among those to choose from: one that may not be posted is not."""
        try:
            return may_be_posted(cost, self.to, self.company, self._setup(cost))
        except Refused:
            return False

    def judged(self, found: Iterable[PostedCost]) -> Iterator[MovedCost]:
        """What posting these costs would make. What may not be posted is ``refused``."""
        for cost in found:
            if made := self._judged(cost):
                yield made

    def post(self, found: Iterable[PostedCost]) -> None:
        """Posts each of these costs by itself: one that is refused keeps no other back."""
        for cost in found:
            self._post(cost)

    def _post(self, cost: PostedCost) -> None:
        read = first_of(cost, partial(self.costs.again, cost))

        def step() -> None:
            now = read()
            if made := self._made(now):
                done = HistoryEntry(self.at, self.actor, Done.MOVED, *self._change(now))
                number_format = self._setup(now).number_sequences(self.company).post_costs
                (number,) = self.vouchers.post(
                    [made.voucher],
                    number_format,
                    done,
                    token=f"{self.at}#{self.actor.id}#{now.row.id}#{self.to}#{self.on}",
                    others=lambda numbers: self._rows(made, numbers),
                )
                self.posted.append((now.row.id, number))

        try:
            retried(f"the cost {cost.row.id}", step, attempts=_ATTEMPTS)
        except Refused as refused:
            self._refuse(cost, refused)

    def _judged(self, cost: PostedCost) -> MovedCost | None:
        try:
            return self._made(cost)
        except Refused as refused:
            self._refuse(cost, refused)
            return None

    def _made(self, cost: PostedCost) -> MovedCost | None:
        setup = self._setup(cost)
        if not may_be_posted(cost, self.to, self.company, setup):
            self.unchanged += 1
            return None
        return moved(cost, self.to, self.company, self.on, setup, self.reason)

    def _setup(self, cost: PostedCost) -> FinanceSetup:
        """The set-up with the master data that the line names."""
        return self.setups.seeing([JournalLineFacts.of(self.company, cost.line)]).setup

    def _change(self, cost: PostedCost) -> tuple[dict[str, str | None], dict[str, str | None]]:
        after: dict[str, str | None] = {"cost": self.to.value}
        return {"cost": cost.side and cost.side.value}, after | ({"reason": self.reason} if self.reason else {})

    def _rows(self, made: MovedCost, numbers: Sequence[str]) -> Iterator[Write]:
        """The cost goes where it is posted to, unless it or its sales have changed since they were read."""
        staging = self.costs.staging
        of_borrower = self.company if made.cost.vendor_invoice else None
        by = Correction(POST_COSTS, numbers[0], of_borrower)
        yield staging.corrected(made.cost.row, by, cost_accounts=made.accounts)
        for sale in made.cost.sales:
            if sale.row.state is StagingState.POSTED:
                yield staging.as_corrected(sale.row)

    def _refuse(self, cost: PostedCost, why: Refused) -> None:
        self.refused.append(Refusal(self.company, cost.row.id, why.reason, why.detail))
