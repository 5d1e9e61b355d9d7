"""Posts a borrower's vendor invoice: the cost of lent work, its tax, and what the lender is owed (ICV-02). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final, Protocol

from project_invoicing.domain.codes import CostSide, PostingFailure, PostingType, TransactionClass, WaitReason
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.invoice_totals import revenue
from project_invoicing.domain.journal_line import cost_posting_types
from project_invoicing.domain.ledger import VENDOR_INVOICE, Origin, VoucherLine, summed
from project_invoicing.domain.lineage import ChargedTax
from project_invoicing.domain.money import ZERO, ExchangeRate, round_to
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.rules.accounts import account_for
from project_invoicing.rules.defaults import dimensions
from project_invoicing.rules.owner import Owner
from project_invoicing.rules.periods import open_date, period_closed, period_not_open
from project_invoicing.rules.profiles import group_of, profile_for
from project_invoicing.setup.effective import Found
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.intercompany import VendorInvoices
from project_invoicing.setup.models.posting import CostPosting

_HUNDRED: Final = Decimal(100)
Originals = Mapping[str, Sequence[VoucherLine]]
"""What was posted of the lines that credit lines take back, by their actuals: cost and tax. None: nothing was here."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A line of the invoice as the borrower posts it: cost with the tax that is not got back, and the tax that is."""

    line: ProposalLine
    cost: Decimal
    taxes: Sequence[tuple[ChargedTax, Decimal]]
    net: Decimal


class Work(Protocol):
    """What of a line decides on the account of its cost: a line of the invoice, or of the cost that it brought."""

    @property
    def transaction_class(self) -> TransactionClass: ...
    @property
    def category(self) -> str | None: ...
    @property
    def project(self) -> str | None: ...
    @property
    def contract(self) -> str | None: ...
    @property
    def contract_line(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class _Costs:
    """Where the cost of a line goes."""

    posting_type: PostingType
    account: str
    dimensions: dict[str, str] | None


def posting_date(invoice: VendorInvoice, given: date | None, setup: FinanceSetup) -> date:
    """The borrower's accounting date: the one that a person gives, else the lender's where the borrower is open then.

    Raises ``Refused``: what a person gives is not moved (ICV-06).
    """
    company = invoice.company
    if given:
        if not setup.period_is_open(company, given):
            raise period_not_open(company, given)
        return given
    found = open_date(company, invoice.accounting_date, setup)
    if found is None:
        raise period_closed(company, invoice.accounting_date, setup)
    return found


def must_be_posted_here(invoice: VendorInvoice, setup: FinanceSetup) -> None:
    """Refuses one that is posted, and one that other payables post (ICV-10)."""
    number, company = invoice.invoice_number, invoice.company
    if not invoice.is_open:
        where = f"as voucher {invoice.voucher}" if invoice.voucher else "without a voucher"
        detail = (
            f"vendor invoice {number} of {invoice.lender} is {invoice.status.replace('_', ' ')} in {company} {where}"
        )
        raise Refused(PostingFailure.ALREADY_POSTED, detail)
    if way(invoice, setup) is VendorInvoices.ELSEWHERE:
        detail = f"other payables post what {invoice.lender} bills to {company}: vendor_invoices is elsewhere"
        raise Refused(PostingFailure.POSTED_ELSEWHERE, detail)


def way(invoice: VendorInvoice, setup: FinanceSetup) -> VendorInvoices:
    """Who posts it by the set-up; a person where the terms are gone."""
    found = (row for row in setup.lenders(invoice.company) if row.lender == invoice.lender)
    return next((row.vendor_invoices for row in found), VendorInvoices.BY_HAND)


def voucher_of(
    invoice: VendorInvoice, lines: Sequence[ProposalLine], on: date, setup: FinanceSetup, originals: Originals
) -> NewVoucher | None:
    """The borrower's voucher on a day; ``None`` where the invoice has no line with money. Raises ``Refused``.

    Each line of the invoice has a line of cost. What takes back a line that was posted here mirrors it: accounts,
    dimensions and rate are those of then, whatever the accounts require now, so that together they are zero (99-22).
    """
    rate = _rate(invoice, on, setup)
    posted = list(_posted(invoice, lines, rate, setup, originals))
    if not posted:
        return None
    owed = list(_owed(invoice, posted, setup))
    return NewVoucher(invoice.company, VENDOR_INVOICE, on, (*posted, *owed))


def _rate(invoice: VendorInvoice, on: date, setup: FinanceSetup) -> ExchangeRate:
    to = setup.accounting_currency(invoice.company)
    rate = setup.exchange_rate(invoice.currency, to, on)
    if rate is None:
        detail = f"no exchange rate from {invoice.currency} to {to} on or before {on}"
        raise Refused(WaitReason.EXCHANGE_RATE_MISSING, detail)
    return rate


def _posted(
    invoice: VendorInvoice, lines: Sequence[ProposalLine], rate: ExchangeRate, setup: FinanceSetup, originals: Originals
) -> Iterator[VoucherLine]:
    """Cost and tax of each line. In accounting currency a code is rounded once for the invoice, as its report is."""
    running: dict[str, Decimal] = defaultdict(lambda: ZERO)
    precision = setup.accounting_precision(invoice.company)
    for line in lines:
        part = _part(line, invoice, setup)
        original = originals.get(line.takes_back or "", ())
        if original and _mirrors(part, original):
            yield from (_mirrored(one, line, invoice) for one in original)
            continue
        first = original[0] if original else None
        used = ExchangeRate(first.exchange_rate, Decimal(1)) if first else rate
        to = _Costs(first.posting_type, first.account, first.dimensions) if first else _costs(line, invoice, setup)

        def entry(amount: Decimal, accounted: Decimal, at: _Costs, used: ExchangeRate = used) -> VoucherLine:
            if problem := setup.dimension_problem(invoice.company, at.account, at.dimensions or {}):
                raise Refused(PostingFailure.DIMENSION_INVALID, problem)
            return VoucherLine(
                account=at.account,
                posting_type=at.posting_type,
                currency=invoice.currency,
                amount=amount,
                accounting_amount=accounted,
                exchange_rate=used.multiplier,
                project=line.project,  # noqa: B023 - used at once
                dimensions=at.dimensions,
                origin=_origin(line, invoice),  # noqa: B023
            )

        if part.cost:
            yield entry(part.cost, used.convert(part.cost, precision), to)
        for tax, amount in part.taxes:
            before = rate.convert(running[tax.code], precision)
            running[tax.code] += amount
            accounted = used.convert(amount, precision)
            if used is rate:
                accounted = rate.convert(running[tax.code], precision) - before
            account = _receivable(tax, invoice, setup)
            taxed = entry(amount, accounted, _Costs(PostingType.SALES_TAX_RECEIVABLE, account, None))
            yield replace(taxed, project=None, sales_tax_code=tax.code, sales_tax_base=part.net)


def _part(line: ProposalLine, invoice: VendorInvoice, setup: FinanceSetup) -> _Part:
    charge = line.charges[0] if line.charges else None
    net = revenue(line, tax_included=bool(charge and charge.tax_included))
    precision = setup.currency_precision(invoice.currency) or Decimal("0.01")
    taxes: list[tuple[ChargedTax, Decimal]] = []
    cost = net
    for tax in (charge.taxes or () if charge else ()) if line.chargeable else ():
        known = setup.document.sales_tax.codes.get(tax.code)
        if known is None:
            detail = f"sales_tax.codes has no {tax.code}, which {invoice.lender} has charged: add it"
            raise Refused(PostingFailure.SALES_TAX_SETUP_MISSING, detail)
        deductible = round_to(tax.amount * known.deductible_percent / _HUNDRED, precision)
        cost += tax.amount - deductible
        if deductible:
            taxes.append((tax, deductible))
    return _Part(line, cost, taxes, net)


def _mirrors(part: _Part, original: Sequence[VoucherLine]) -> bool:
    """Whether a credit line takes back exactly what was posted."""
    taxes = {one.sales_tax_code: one.amount for one in original if one.sales_tax_code}
    costs = sum((one.amount for one in original if not one.sales_tax_code), ZERO)
    return part.cost == -costs and {tax.code: -amount for tax, amount in part.taxes} == taxes


def _mirrored(one: VoucherLine, line: ProposalLine, invoice: VendorInvoice) -> VoucherLine:
    base = -one.sales_tax_base if one.sales_tax_base is not None else None
    return replace(
        one,
        amount=-one.amount,
        accounting_amount=-one.accounting_amount,
        sales_tax_base=base,
        origin=_origin(line, invoice),
    )


def _costs(line: ProposalLine, invoice: VendorInvoice, setup: FinanceSetup) -> _Costs:
    """The account of the cost: on the balance sheet where the project's profile says so, else profit and loss."""
    company = invoice.company
    on_balance = _post_costs(line, company, setup) is CostPosting.BALANCE
    side = CostSide.BALANCE if on_balance else CostSide.PROFIT_AND_LOSS
    posting_type, account = cost_account(line, side, company, invoice.vendor, setup)
    return _Costs(posting_type, account, _dimensions(line, _category(line, company, setup), company, setup))


def cost_account(work: Work, side: CostSide, company: str, vendor: str, setup: FinanceSetup) -> tuple[PostingType, str]:
    """The account for a cost of lent work on a side, with its posting type. Raises ``Refused`` where there is none.

    In profit and loss an account for costs of this lender comes before that of the category (ICV-04, 99-32).
    """
    category = _category(work, company, setup)
    group = group_of(company, work.project, work.contract, work.contract_line, setup)
    account = account_for(setup, company, work.project, group, category)
    if side is CostSide.BALANCE:
        types = cost_posting_types(work.transaction_class, CostPosting.BALANCE)
        if types:
            return types[0], account(types[0])
    of_lender = setup.posting_account(
        company,
        PostingType.INTERCOMPANY_COST,
        project=work.project,
        project_group=group,
        category=category,
        vendor=vendor,
    )
    if of_lender:
        return PostingType.INTERCOMPANY_COST, of_lender
    return PostingType.COST, account(PostingType.COST)


def _post_costs(line: ProposalLine, company: str, setup: FinanceSetup) -> CostPosting:
    """Where the profile of the borrower's project posts costs of the class."""
    if line.contract is None:
        found = setup.internal_profile(company, line.project)
        return found[1].cost_posting(line.transaction_class) if found else CostPosting.PROFIT_AND_LOSS
    profile = profile_for(company, line.project, line.contract, line.contract_line, setup)
    return profile.cost_posting(line.transaction_class)


def _category(line: Work, company: str, setup: FinanceSetup) -> str | None:
    """The borrower's category of the lender's name, where it is one for the class; else its default for the class."""
    known = setup.category_entry(company, line.category)
    if known and line.category and setup.category_fits(company, line.category, line.transaction_class):
        return line.category
    return setup.category(company, None, line.transaction_class)


def _dimensions(line: ProposalLine, category: str | None, company: str, setup: FinanceSetup) -> dict[str, str] | None:
    """Those of the borrower's project, as those of a cost of its own (ICV-06)."""
    customer = setup.customer_of_contract(company, line.contract)
    owner = Owner(
        company,
        line.project,
        line.contract,
        line.contract_line,
        customer.name if isinstance(customer, Found) else None,
        "",
    )
    return dimensions(owner, category, line.resource, False, setup)


def _receivable(tax: ChargedTax, invoice: VendorInvoice, setup: FinanceSetup) -> str:
    own = setup.document.sales_tax.codes[tax.code].receivable_account
    account = account_for(setup, invoice.company, vendor=invoice.vendor)
    return own or account(PostingType.SALES_TAX_RECEIVABLE)


def _owed(invoice: VendorInvoice, posted: Sequence[VoucherLine], setup: FinanceSetup) -> Iterator[VoucherLine]:
    """What the lender is owed: at each rate, what balances the lines that have it."""
    account = account_for(setup, invoice.company, vendor=invoice.vendor)(PostingType.VENDOR_BALANCE)
    if problem := setup.dimension_problem(invoice.company, account, {}):
        raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    yield from summed(
        VoucherLine(
            account=account,
            posting_type=PostingType.VENDOR_BALANCE,
            currency=one.currency,
            amount=-one.amount,
            accounting_amount=-one.accounting_amount,
            exchange_rate=one.exchange_rate,
            origin=one.origin,
        )
        for one in posted
    )


def _origin(line: ProposalLine, invoice: VendorInvoice) -> Origin:
    return Origin(None, line.contract, line.actual_id, invoice.invoice_date)
