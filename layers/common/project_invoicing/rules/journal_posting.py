"""Posts a journal line: its voucher, accrual and accounts, or why it fails (POST-02 to POST-13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from project_invoicing.domain.codes import (
    INTERCOMPANY,
    PostingFailure,
    PostingType,
    StagingState,
    TransactionType,
)
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import (
    COST_KINDS,
    AccountFor,
    Accrual,
    CostAccounts,
    JournalLine,
    accrual,
    cost_accounts,
    cost_lines,
)
from project_invoicing.domain.ledger import JOURNAL, Voucher
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.accounts import account_for
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.periods import period_closed
from project_invoicing.rules.profiles import group_of, profile_for
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.posting import CostPosting, Profile


@dataclass(frozen=True, slots=True)
class PostedLine:
    """A line with the result of posting it: its voucher, its accrual or the accounts of its cost, or why it fails."""

    line: JournalLine
    voucher: Voucher | None = None
    accrual: Accrual | None = None
    cost_accounts: CostAccounts | None = None


@dataclass(frozen=True, slots=True)
class JudgedPage:
    """A page of a journal with the result of posting each of its lines."""

    page: JournalPage
    lines: list[PostedLine]

    @property
    def posted(self) -> list[PostedLine]:
        return [one for one in self.lines if not one.line.error]

    @property
    def failing(self) -> list[JournalLine]:
        return [one.line for one in self.lines if one.line.error]


def by_transaction(pages: Iterable[JudgedPage], room: int) -> list[list[JudgedPage]]:
    """The pages of each transaction of at most ``room`` writes; the last one finishes the journal.

    Each row, each page and the page of its failing lines is one write. A page is never divided.
    """
    some: list[JudgedPage] = []
    found, used = [some], 0
    for judged in pages:
        cost = len(judged.lines) + 2
        if some and used + cost > room:
            some, used = [], 0
            found.append(some)
        some.append(judged)
        used += cost
    return found


def judge(line: JournalLine, journal: Journal, setup: FinanceSetup, original: StagedRow | None = None) -> PostedLine:
    """The result of posting one line. A line that fails carries the code and the reason in ``error``.

    ``original`` is the actual that a reversal takes back. If it is posted, its accounts are used, so that its amounts
    are reversed there whatever today's profiles and accounts are (LED-47, LED-52).
    """
    try:
        return _judge(line, journal, setup, original if original and original.state is StagingState.POSTED else None)
    except Refused as refused:
        return PostedLine(replace(line, error=str(refused)))


def _judge(line: JournalLine, journal: Journal, setup: FinanceSetup, original: StagedRow | None) -> PostedLine:
    company = journal.company
    if not setup.period_is_open(company, line.accounting_date):
        raise period_closed(company, line.accounting_date, setup)
    amount = line.rate.convert(line.amount, setup.accounting_precision(company))
    posted = replace(line, accounting_amount=amount, error=None)
    accrued, accounts = None, None
    if line.kind in COST_KINDS:
        accounts = _cost_accounts(line, company, setup, original)
        lines = cost_lines(posted, accounts, amount)
    else:
        accrued = _accrual(posted, amount, company, setup, original)
        lines = accrued.lines(1, line.origin, line.tags) if accrued else ()
    for one in () if original and _goes_back(line, original) else lines:
        if problem := setup.dimension_problem(company, one.account, one.dimensions or {}):
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    number, day = line.voucher, line.accounting_date
    voucher = Voucher(number, company, day, JOURNAL, journal.journal_id, lines) if lines else None
    return PostedLine(replace(posted, in_ledger=voucher is not None), voucher, accrued, accounts)


def _goes_back(line: JournalLine, original: StagedRow) -> bool:
    """Whether a reversal posts to its original's accounts, whatever dimensions the accounts require now."""
    if line.kind not in COST_KINDS:
        return original.accrual is not None
    if original.cost_accounts is None or original.lineage is None:
        return False
    return original.lineage == replace(handed_on_by(line), cost_adjustment=original.lineage.cost_adjustment)


def _cost_accounts(line: JournalLine, company: str, setup: FinanceSetup, original: StagedRow | None) -> CostAccounts:
    if original and original.cost_accounts is not None:
        return original.cost_accounts
    group = _group(line, company, setup)
    account = account_of(line, company, setup)
    of_expenses = setup.posting_account(
        company,
        PostingType.EXPENSE_INTEGRATION,
        project=line.project,
        project_group=group,
        category=line.category,
    )
    clears = of_expenses is not None
    return cost_accounts(line, cost_posting_of(line, company, setup), account, clears_expenses=clears)


def account_of(line: JournalLine, company: str, setup: FinanceSetup) -> AccountFor:
    """The main account of each posting type for a line."""
    return account_for(setup, company, line.project, _group(line, company, setup), line.category)


def _accrual(
    line: JournalLine, amount: Decimal, company: str, setup: FinanceSetup, original: StagedRow | None
) -> Accrual | None:
    if original:
        taken_back = original.accrual
        return replace(taken_back, amount=line.sales_amount, accounting_amount=amount) if taken_back else None
    account = account_of(line, company, setup)
    return accrual(line, account, amount) if _accrues(line, company, setup) else None


def cost_posting_of(line: JournalLine, company: str, setup: FinanceSetup) -> CostPosting:
    """LED-26 to LED-35 by the profile. Work without a contract or profile goes to profit and loss (LED-49 to LED-51).

    A line property that does not capitalize keeps a cost off the balance sheet (LED-60).
    """
    profile = _cost_profile(line, company, setup)
    posting = profile.cost_posting(line.transaction_class) if profile else CostPosting.PROFIT_AND_LOSS
    rules = setup.document.line_properties.get(line.line_property or "")
    if posting is CostPosting.BALANCE and rules and rules.capitalize is False:
        return CostPosting.PROFIT_AND_LOSS
    return posting


def _cost_profile(line: JournalLine, company: str, setup: FinanceSetup) -> Profile | None:
    """The profile of a cost. A lender's work without a contract is not an investment of the lender."""
    if line.kind is TransactionType.RESOURCING_UNIT_COST:
        return _lender_profile(line, company, setup) if line.contract else None
    if line.contract is None:
        found = setup.internal_profile(company, line.project)
        return found[1] if found else None
    return _profile(line, company, setup)


def _accrues(line: JournalLine, company: str, setup: FinanceSetup) -> bool:
    """Whether the profile accrues the class, the line property allows it, and the sale is chargeable (99-10, LP-06)."""
    if line.kind is TransactionType.INTER_ORGANIZATIONAL_SALES:
        return _accrues_between_companies(line, company, setup)
    rules = setup.document.line_properties.get(line.line_property or "")
    profile = _profile(line, company, setup)
    return bool(line.chargeable and rules and rules.accrue_revenue and profile.accrues(line.transaction_class))


def _accrues_between_companies(line: JournalLine, company: str, setup: FinanceSetup) -> bool:
    """Whether to accrue by the intercompany terms, else by the lender's profile (IC-06)."""
    terms = [row for row in setup.lenders(borrower_of(line, company, setup) or "") if row.lender == company]
    if terms and terms[0].accrue_revenue is not None:
        return terms[0].accrue_revenue
    profile = _lender_profile(line, company, setup)
    return profile.accrues(line.transaction_class) if profile else False


def borrower_of(line: JournalLine, company: str, setup: FinanceSetup) -> str | None:
    """The company for which the work of a lender's line was done."""
    return setup.borrower(company, line.customer, line.project, line.contract)


def owner_of_work(line: JournalLine, company: str, setup: FinanceSetup) -> str | None:
    """The company whose project, contract and contract line a line names."""
    return borrower_of(line, company, setup) if line.kind in INTERCOMPANY else company


def bills_between_companies(line: JournalLine, company: str, setup: FinanceSetup) -> str | None:
    """The borrower to be billed for a posted line; ``None`` unless it is an inter-organizational sale."""
    return borrower_of(line, company, setup) if line.kind is TransactionType.INTER_ORGANIZATIONAL_SALES else None


def _group(line: JournalLine, company: str, setup: FinanceSetup) -> str | None:
    """The group of the line's project, which is the borrower's where a resource is lent."""
    owner = owner_of_work(line, company, setup)
    return group_of(owner, line.project, line.contract, line.contract_line, setup)


def _lender_profile(line: JournalLine, company: str, setup: FinanceSetup) -> Profile | None:
    """The lender's own profile for all of its work; the line's project is not one of the lender's (IC-07)."""
    method = setup.billing_method(borrower_of(line, company, setup), line.contract_line)
    found = setup.profile(company, None, None, method)
    return found[1] if found else None


def _profile(line: JournalLine, company: str, setup: FinanceSetup) -> Profile:
    return profile_for(company, line.project, line.contract, line.contract_line, setup)
