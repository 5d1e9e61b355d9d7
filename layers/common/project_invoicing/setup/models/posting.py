"""Where amounts are posted: cost and revenue profiles, and ledger accounts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from project_invoicing.domain.codes import BillingMethod, PostingType, TransactionClass
from project_invoicing.setup.models.row import SetupRow, told
from project_invoicing.setup.models.values import Name, any_of, at_most_one

CostClass = Annotated[
    TransactionClass, any_of(TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)
]
SalesClass = Annotated[
    TransactionClass,
    any_of(TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL, TransactionClass.FEE),
]


class CostPosting(StrEnum):
    """Where the cost of a class is posted (LED-26 to LED-35)."""

    PROFIT_AND_LOSS = "profit_and_loss"
    BALANCE = "balance"
    NO_LEDGER = "no_ledger"
    NEVER_LEDGER = "never_ledger"


class OnAccountPosting(StrEnum):
    """Where on-account invoicing is posted (LED-36, LED-37)."""

    PROFIT_AND_LOSS = "profit_and_loss"
    BALANCE = "balance"


class EstimatePrinciple(StrEnum):
    """How finance estimates the revenue of a fixed price, in its own periodic process (FPR-01, FPR-02)."""

    NO_WIP = "no_wip"
    COMPLETED_CONTRACT = "completed_contract"
    COMPLETED_PERCENTAGE = "completed_percentage"
    STRAIGHT_LINE = "straight_line"


class Profile(SetupRow):
    """A cost and revenue profile. A class it does not name posts its cost to profit and loss and accrues nothing.

    A profile applies to contract lines of its billing method. Work without a contract follows `investment` profiles and
    those for `time_and_material` (LED-49 to LED-51, IVP-02): the most specific rule of either, `investment` first where
    a project, or a group, has both.

    `estimate_principle` of a fixed price is kept for finance, which estimates revenue by it; nothing here does. With
    `no_wip` there are no estimates, so on-account invoicing goes to profit and loss (LED-40).
    """

    billing_method: BillingMethod
    post_costs: dict[CostClass, CostPosting] = {}
    accrue_revenue: dict[SalesClass, bool] = {}
    on_account: OnAccountPosting = OnAccountPosting.PROFIT_AND_LOSS
    estimate_principle: EstimatePrinciple | None = None

    def _estimates_are_of_fixed_prices(self) -> None:
        if self.estimate_principle is None:
            return
        if self.billing_method is not BillingMethod.FIXED_PRICE:
            raise told("estimate_principle is for billing_method: fixed_price; leave it out")
        no_wip = self.estimate_principle is EstimatePrinciple.NO_WIP
        if no_wip and self.on_account is OnAccountPosting.BALANCE:
            raise told(
                "estimate_principle: no_wip needs on_account: profit_and_loss, because no estimate takes what "
                "was invoiced off the balance sheet"
            )

    def _an_investment_has_no_sales(self) -> None:
        if self.billing_method is BillingMethod.INVESTMENT and any(self.accrue_revenue.values()):
            raise told(
                "accrue_revenue is not for billing_method: investment, which has no sales to accrue; leave it out"
            )

    def _accrual_needs_cost_in_profit_and_loss(self) -> None:
        for transaction_class, accrues in self.accrue_revenue.items():
            if accrues and self.cost_posting(transaction_class) is not CostPosting.PROFIT_AND_LOSS:
                raise told(
                    f"accrue_revenue.{transaction_class.value} needs post_costs.{transaction_class.value}: "
                    "profit_and_loss, because revenue accrues only where the cost does not wait on the balance sheet"
                )

    CHECKS = (_estimates_are_of_fixed_prices, _an_investment_has_no_sales, _accrual_needs_cost_in_profit_and_loss)

    def cost_posting(self, transaction_class: TransactionClass) -> CostPosting:
        return self.post_costs.get(transaction_class, CostPosting.PROFIT_AND_LOSS)

    def accrues(self, transaction_class: TransactionClass) -> bool:
        return self.accrue_revenue.get(transaction_class, False)


class ProfileRule(SetupRow):
    """Names a project, a contract, a project_group, or none of them: then it applies to all projects of the company."""

    company: Name
    project: Name | None = None
    contract: Name | None = None
    project_group: Name | None = None
    profile: Name

    def _one_level(self) -> None:
        at_most_one(self, "project", "contract", "project_group")

    CHECKS = (_one_level,)


class LedgerAccount(SetupRow):
    """The main account of a posting type, for everything or for what the row names (LED-57, LED-58).

    ``vendor``: of `vendor_balance` and `intercompany_cost`, the account of one lender (99-32).
    """

    posting_type: PostingType
    project: Name | None = None
    project_group: Name | None = None
    category: Name | None = None
    category_group: Name | None = None
    customer: Name | None = None
    customer_group: Name | None = None
    vendor: Name | None = None
    account: Name

    def _one_level_each(self) -> None:
        at_most_one(self, "project", "project_group")
        at_most_one(self, "category", "category_group")
        at_most_one(self, "customer", "customer_group", "vendor")

    CHECKS = (_one_level_each,)
