"""Lines of the integration journal and what posting makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from project_invoicing.domain.codes import CostSide, PostingType, TransactionClass, TransactionType
from project_invoicing.domain.ledger import NO_ORIGIN, Origin, VoucherLine
from project_invoicing.domain.lineage import Charge
from project_invoicing.domain.money import ZERO, ExchangeRate

AccountFor = Callable[[PostingType], str]
"""The main account of a posting type for one line; refuses with ``ledger_account_missing`` when there is none."""

COST_KINDS = frozenset({TransactionType.COST, TransactionType.RESOURCING_UNIT_COST})


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One actual on an integration journal (STG-01, JRN-15).

    A cost line carries unit cost and cost amount, with sales 0; a sales line the opposite. ``currency`` is the currency
    of those amounts. ``price_exchange_rate`` per ``price_factor`` converts to the company's accounting currency.
    Posting fills ``accounting_amount`` and ``in_ledger``, which says whether the line's voucher number was used.
    ``original_id`` is the actual that a reversal takes back. ``took`` is the same actual once it is marked as taken by
    this line, so that nothing else takes it back or bills it (99-25). ``charges``, none or one, is what the replaced
    invoice line was computed with, and the line that bills this one will use it too.
    ``cost_adjustment`` is the part of the cost that the actual does not have: what finance's own cost of a stocked item
    adds (NEW-01).
    """

    line_number: int
    actual_id: str
    voucher: str
    kind: TransactionType
    transaction_class: TransactionClass
    category: str | None
    line_property: str | None
    transaction_date: date
    accounting_date: date
    quantity: Decimal
    unit_cost: Decimal
    cost_amount: Decimal
    unit_price: Decimal
    sales_amount: Decimal
    currency: str
    price_exchange_rate: Decimal
    price_factor: Decimal
    sales_tax_group: str | None = None
    item_sales_tax_group: str | None = None
    resource: str | None = None
    project: str | None = None
    contract: str | None = None
    contract_line: str | None = None
    customer: str | None = None
    chargeable: bool = True
    description: str | None = None
    dimensions: dict[str, str] | None = None
    accounting_amount: Decimal | None = None
    error: str | None = None
    worker_dimensions: dict[str, str] | None = None
    purchase: bool = False
    original_id: str | None = None
    expense_report: bool = False
    in_ledger: bool = True
    charges: tuple[Charge, ...] = ()
    took: str | None = None
    cost_adjustment: Decimal | None = None
    tags: dict[str, str] | None = None

    @property
    def amount(self) -> Decimal:
        return self.cost_amount if self.kind in COST_KINDS else self.sales_amount

    @property
    def rate(self) -> ExchangeRate:
        return ExchangeRate(self.price_exchange_rate, self.price_factor)

    @property
    def origin(self) -> Origin:
        return Origin(self.customer, self.contract, self.actual_id, self.transaction_date)


@dataclass(frozen=True, slots=True)
class Accrual:
    """What posting an unbilled sale put on the balance sheet, so that its invoice can reverse exactly that.

    FXR-13: the invoice reverses these amounts at this rate on these accounts, whatever the rate is by then.
    """

    currency: str
    amount: Decimal
    accounting_amount: Decimal
    exchange_rate: Decimal
    wip_account: str
    accrued_account: str
    project: str | None = None
    dimensions: dict[str, str] | None = None

    def lines(
        self, sign: int, origin: Origin = NO_ORIGIN, tags: dict[str, str] | None = None
    ) -> tuple[VoucherLine, VoucherLine]:
        """Debit WIP and credit accrued revenue for ``sign`` 1; the reverse for -1 (LED-38, LED-44)."""
        amount, accounting = sign * self.amount, sign * self.accounting_amount

        def line(account: str, posting_type: PostingType, side: int) -> VoucherLine:
            return VoucherLine(
                account=account,
                posting_type=posting_type,
                currency=self.currency,
                amount=side * amount,
                accounting_amount=side * accounting,
                exchange_rate=self.exchange_rate,
                project=self.project,
                dimensions=self.dimensions,
                origin=origin,
                tags=tags,
            )

        return (
            line(self.wip_account, PostingType.WIP_SALES_VALUE, 1),
            line(self.accrued_account, PostingType.ACCRUED_REVENUE_SALES_VALUE, -1),
        )


COST_OFFSETS: dict[TransactionClass, PostingType] = {
    TransactionClass.TIME: PostingType.PAYROLL_ALLOCATION,
    TransactionClass.EXPENSE: PostingType.EXPENSE_OFFSET,
    TransactionClass.MATERIAL: PostingType.COST_ITEM,
}
"""The posting type that a cost is credited to, by class (LED-01, LED-06, LED-34)."""

_BALANCE = {TransactionClass.MATERIAL: PostingType.WIP_COST_ITEM}


def cost_posting_types(
    transaction_class: TransactionClass, post_costs: str, *, purchase: bool = False, expense_report: bool = False
) -> tuple[PostingType, PostingType] | None:
    """Debit and credit of a cost line by the profile's ``post_costs``; ``None`` when nothing reaches the ledger.

    LED-26 to LED-35: profit_and_loss debits cost, balance debits WIP; no_ledger and never_ledger post nothing. A
    purchase clears the procurement integration account instead of the offset of its class, an expense report the
    expense integration account (JRN-16, LED-55, LED-56).
    """
    if post_costs in ("no_ledger", "never_ledger"):
        return None
    credit = COST_OFFSETS.get(transaction_class, PostingType.EXPENSE_OFFSET)
    if purchase:
        credit = PostingType.PROCUREMENT_INTEGRATION
    elif expense_report:
        credit = PostingType.EXPENSE_INTEGRATION
    if post_costs == "balance":
        return _BALANCE.get(transaction_class, PostingType.WIP_COST_VALUE), credit
    return PostingType.COST, credit


CostAccounts = dict[PostingType, str]
"""The accounts that a cost is debited and credited to, in this order; empty where nothing reaches the ledger."""

_SIDES: Final[Mapping[PostingType, CostSide]] = {
    PostingType.COST: CostSide.PROFIT_AND_LOSS,
    PostingType.INTERCOMPANY_COST: CostSide.PROFIT_AND_LOSS,
    PostingType.WIP_COST_VALUE: CostSide.BALANCE,
    PostingType.WIP_COST_ITEM: CostSide.BALANCE,
}


def side_of(accounts: Mapping[PostingType, str]) -> CostSide | None:
    """The side that a cost with these accounts is on; ``None`` for one that is not in the ledger."""
    return next((_SIDES[posting_type] for posting_type in accounts if posting_type in _SIDES), None)


def cost_accounts(
    line: JournalLine, post_costs: str, account: AccountFor, *, clears_expenses: bool = False
) -> CostAccounts:
    """Debits cost or WIP and credits the offset of the class. A zero cost needs no account.

    ``clears_expenses``: the company has an expense integration account. Without one, expense journals credit the offset
    account itself.
    """
    if not line.amount:
        return {}
    reported = clears_expenses and line.expense_report
    types = cost_posting_types(line.transaction_class, post_costs, purchase=line.purchase, expense_report=reported)
    return {posting_type: account(posting_type) for posting_type in types or ()}


def cost_lines(line: JournalLine, accounts: CostAccounts, accounting_amount: Decimal) -> tuple[VoucherLine, ...]:
    """The voucher lines of a cost line, none for a zero cost.

    Worker and project dimensions are merged: the project's win, except on the payroll allocation, where the worker's do
    (DIM-04 to DIM-06).
    """
    project, worker = line.dimensions or {}, line.worker_dimensions or {}
    if not line.amount:
        return ()
    return tuple(
        VoucherLine(
            account=account,
            posting_type=posting_type,
            currency=line.currency,
            amount=side * line.amount,
            accounting_amount=side * accounting_amount,
            exchange_rate=line.rate.multiplier,
            project=line.project,
            dimensions=(project | worker if posting_type is PostingType.PAYROLL_ALLOCATION else worker | project)
            or None,
            origin=line.origin,
            tags=line.tags,
        )
        for (posting_type, account), side in zip(accounts.items(), (1, -1), strict=False)
    )


def accrual(line: JournalLine, account: AccountFor, accounting_amount: Decimal) -> Accrual | None:
    """The accrual of an unbilled-sales line, ``None`` when there is nothing to accrue."""
    if line.sales_amount == ZERO:
        return None
    return Accrual(
        currency=line.currency,
        amount=line.sales_amount,
        accounting_amount=accounting_amount,
        exchange_rate=line.rate.multiplier,
        wip_account=account(PostingType.WIP_SALES_VALUE),
        accrued_account=account(PostingType.ACCRUED_REVENUE_SALES_VALUE),
        project=line.project,
        dimensions=line.dimensions,
    )
