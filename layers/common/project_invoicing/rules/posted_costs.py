"""Posts a cost from the balance sheet to profit and loss, or back (PCO-01 to PCO-15). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import (
    BillingMethod,
    ConnectionRole,
    CostSide,
    PostingFailure,
    PostingType,
    StagingState,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.journal_line import (
    COST_KINDS,
    CostAccounts,
    JournalLine,
    cost_lines,
    cost_posting_types,
    side_of,
)
from project_invoicing.domain.ledger import POST_COSTS
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.journal_posting import account_of, cost_posting_of
from project_invoicing.rules.periods import period_not_open
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.posting import CostPosting


@dataclass(frozen=True, slots=True)
class Sale:
    """An unbilled sale of a cost, by connection, with the row that bills it or takes it back, if there is one."""

    row: StagedRow
    taker: StagedRow | None = None

    @property
    def is_taken_back(self) -> bool:
        taker = self.taker
        return bool(taker and ConnectionRole.UNBILLED not in taker.links and taker.state is StagingState.POSTED)

    @property
    def is_invoiced(self) -> bool:
        taker = self.taker
        return bool(taker and ConnectionRole.UNBILLED in taker.links and taker.state is StagingState.POSTED)


@dataclass(frozen=True, slots=True)
class PostedCost:
    """A posted cost with its line and its unbilled sales. ``accounts``: where it is now.

    ``vendor_invoice``: what has brought it, where a lender has billed it; its ``row`` is then the lender's sale.
    """

    row: StagedRow
    line: JournalLine
    accounts: CostAccounts
    sales: Sequence[Sale] = ()
    vendor_invoice: VendorInvoice | None = None

    @property
    def side(self) -> CostSide | None:
        return side_of(self.accounts)


@dataclass(frozen=True, slots=True)
class MovedCost:
    """What posting a cost to a side makes: the voucher, and the accounts where the cost is afterwards."""

    cost: PostedCost
    voucher: NewVoucher
    accounts: CostAccounts


def must_be_a_posted_cost(id: str, row: StagedRow | None, company: str) -> StagedRow:
    """The row of a posted cost of the company, or the refusal of what is none."""
    if row is None or row.company not in (None, company):
        raise Refused(PostingFailure.NOT_POSTED, f"{company} has no actual {id}")
    if row.reason is WaitReason.BEGINNING_BALANCE:
        detail = f"actual {id} is part of the beginning balances, which have no ledger entry here"
        raise Refused(PostingFailure.NO_LEDGER_ENTRY, detail)
    if row.actual.transaction_type not in COST_KINDS:
        detail = f"actual {id} is of type {row.actual.transaction_type}; only costs are posted to another side"
        raise Refused(PostingFailure.NOT_A_COST, detail)
    if row.state is not StagingState.POSTED or row.journal_id is None:
        raise Refused(PostingFailure.NOT_POSTED, f"actual {id} is {row.state}; its journal has to be posted first")
    return row


def may_be_posted(cost: PostedCost, to: CostSide, company: str, setup: FinanceSetup) -> bool:
    """Whether a cost is to be posted to a side; ``False`` for one that is there. Raises ``Refused``."""
    row, line = cost.row, cost.line
    if row.taken_by:
        detail = f"actual {row.id} is taken back by {row.taken_by}: together they are zero, wherever they are"
        raise Refused(PostingFailure.TAKEN_BACK, detail)
    if original := row.links.get(ConnectionRole.ORIGINAL):
        detail = f"actual {row.id} takes back {original}: together they are zero, wherever they are"
        raise Refused(PostingFailure.TAKEN_BACK, detail)
    if cost.side is to or not line.amount:
        return False
    _must_be_for_the_project(line, company, setup)
    if cost.side is None:
        _must_be_an_hour_without_ledger(line, company, setup)
    if to is CostSide.BALANCE:
        _must_be_unrecognized(cost)
    return True


def moved(
    cost: PostedCost, to: CostSide, company: str, on: date, setup: FinanceSetup, reason: str | None = None
) -> MovedCost:
    """The voucher that posts a cost to a side, with the amounts, the rate and the dimensions that it has (PCO-09).

    Its offset stays. An hour that is not in the ledger gets both (PCO-07). Raises ``Refused``.
    """
    if not setup.period_is_open(company, on):
        raise period_not_open(company, on)
    if cost.side is None:
        account = account_of(cost.line, company, setup)
        target, offset = _types(cost, to)
        accounts: CostAccounts = {target: account(target), offset: account(offset)}
        booked = accounts
    else:
        (source, source_account), *rest = cost.accounts.items()
        target, target_account = _target(cost, to, company, setup)
        accounts = {target: target_account, **dict(rest)}
        booked = {target: target_account, source: source_account}
    line = as_it_is_now(cost)
    lines = cost_lines(line, booked, _accounting_amount(cost))
    for one in lines:
        if one.posting_type in accounts and (problem := _problem(company, one.account, one.dimensions, setup)):
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    voucher = NewVoucher(company, POST_COSTS, on, lines, actual_id=cost.row.id, reason=reason)
    return MovedCost(cost, voucher, accounts)


def _types(cost: PostedCost, to: CostSide) -> tuple[PostingType, PostingType]:
    types = cost_posting_types(cost.line.transaction_class, to.value)
    if types is None:
        raise ValueError(f"a cost is not posted to {to}")
    return types


def _target(cost: PostedCost, to: CostSide, company: str, setup: FinanceSetup) -> tuple[PostingType, str]:
    """Posting type and account on a side; of what a lender has billed, those that its vendor invoice would take."""
    if cost.vendor_invoice:
        # Imported late: most costs are of a company's own.
        from project_invoicing.rules.vendor_invoice import cost_account  # noqa: PLC0415

        return cost_account(cost.line, to, company, cost.vendor_invoice.vendor, setup)
    posting_type, _ = _types(cost, to)
    return posting_type, account_of(cost.line, company, setup)(posting_type)


def as_it_is_now(cost: PostedCost) -> JournalLine:
    """The line with the dimensions that it has now. Those of a lender's sale are the lender's."""
    lineage = cost.row.lineage
    if lineage is None or cost.vendor_invoice:
        return cost.line
    return replace(cost.line, dimensions=lineage.dimensions, worker_dimensions=lineage.worker_dimensions)


def all_invoiced(sales: Iterable[Sale]) -> bool:
    """Whether a cost has unbilled sales that count, and all of them are invoiced."""
    known = [sale for sale in sales if not sale.is_taken_back]
    return bool(known) and all(sale.is_invoiced for sale in known)


def _must_be_for_the_project(line: JournalLine, company: str, setup: FinanceSetup) -> None:
    """PCO-05: where revenue recognition moves costs. What is lent to a project of another company is moved by none."""
    if line.kind is TransactionType.RESOURCING_UNIT_COST:
        return
    if setup.billing_method(company, line.contract_line) is BillingMethod.FIXED_PRICE:
        what = f"contract line {line.contract_line} has a fixed price"
    elif setup.is_investment(company, line.project, line.contract):
        what = f"project {line.project} is an investment"
    else:
        return
    detail = f"actual {line.actual_id}: {what}; the recognition of its revenue posts its costs"
    raise Refused(PostingFailure.NOT_FOR_THIS_PROJECT, detail)


def _must_be_an_hour_without_ledger(line: JournalLine, company: str, setup: FinanceSetup) -> None:
    """PCO-07: only hours that were to be posted later, by No Ledger."""
    if line.transaction_class is not TransactionClass.TIME:
        what = f"it is of class {line.transaction_class}; of what is not in the ledger, only hours can be posted"
    elif cost_posting_of(line, company, setup) is CostPosting.NEVER_LEDGER:
        what = "its profile keeps it out of the ledger for ever"
    else:
        return
    raise no_ledger_entry(line.actual_id, what)


def no_ledger_entry(id: str, what: str) -> Refused:
    return Refused(PostingFailure.NO_LEDGER_ENTRY, f"actual {id} has no ledger entry: {what}")


def _must_be_unrecognized(cost: PostedCost) -> None:
    """PCO-03: no cost goes to the balance sheet whose revenue is there or was invoiced."""
    id = cost.row.id
    if all_invoiced(cost.sales):
        named = ", ".join(sale.row.id for sale in cost.sales if sale.is_invoiced)
        raise Refused(PostingFailure.INVOICED, f"actual {id}: its unbilled sale {named} is invoiced")
    for sale in cost.sales:
        if sale.row.accrual and not (sale.is_taken_back or sale.is_invoiced):
            amount = f"{sale.row.accrual.amount} {sale.row.accrual.currency}"
            detail = f"actual {id}: the revenue of its unbilled sale {sale.row.id} is accrued, {amount}"
            raise Refused(PostingFailure.REVENUE_ACCRUED, detail)


def _accounting_amount(cost: PostedCost) -> Decimal:
    of_row = None if cost.vendor_invoice else cost.row.accounting_amount
    for known in (of_row, cost.line.accounting_amount):
        if known is not None:
            return known
    raise ValueError(f"the posted cost {cost.row.id} says no accounting amount")


def _problem(company: str, account: str, dimensions: dict[str, str] | None, setup: FinanceSetup) -> str | None:
    return setup.dimension_problem(company, account, dimensions or {})
