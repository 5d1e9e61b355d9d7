"""The customer invoice of a proposal, computed whole from what is stored: by posting, by a preview, by the result.

Pure apart from what it is given; refuses with ``Refused`` before anything is written (on hold, closed period, missing
set-up).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.calendar import calendar_date
from project_invoicing.domain.codes import ON_ACCOUNT, PostingFailure, PostingType, ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import (
    TaxOfInvoice,
    corrected_invoice,
    within,
)
from project_invoicing.domain.invoice_totals import CashDiscountTerms, Terms, Totals, accounted, totals, voucher
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.lineage import Charge
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.terms import cash_discount_date, due_date
from project_invoicing.rules.accounts import account_for
from project_invoicing.rules.periods import open_date, period_closed
from project_invoicing.rules.profiles import profile_for
from project_invoicing.rules.proforma import contract_of, currency_of, customer_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import InvoiceAccountingDate
from project_invoicing.setup.models.master_data import Customer
from project_invoicing.setup.models.posting import OnAccountPosting

_TAKEN_BACK = frozenset({PostingType.WIP_SALES_VALUE, PostingType.ACCRUED_REVENUE_SALES_VALUE})
"""Goes off where it was put, with the dimensions it has there, whatever the account asks by now."""
_EARNED = frozenset(
    {
        PostingType.INVOICED_REVENUE,
        PostingType.INVOICED_REVENUE_ON_ACCOUNT,
        PostingType.WIP_INVOICED_ON_ACCOUNT,
        PostingType.DISCOUNT,
    }
)


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An invoice before it has a number: its terms and totals.

    ``originals``: what the invoices that it credits had charged and given back before it (REG-19).
    """

    terms: Terms
    totals: Totals
    dimensions: dict[str, str]
    originals: Mapping[str, TaxOfInvoice] = field(default_factory=dict)


def invoice_date_of(header: Proposal, setup: FinanceSetup, given: str | None, now: str) -> date:
    """The one given to the posting, else the header's, else today in the company's time zone (contract, section 5)."""
    if given:
        return calendar_date(given)
    return header.edits.invoice_date or written_invoice_date(header, setup) or setup.today(str(header.company), now)


def written_invoice_date(header: Proposal, setup: FinanceSetup) -> date | None:
    """The invoice date that the proforma carries."""
    written = header.proforma.invoice_date
    return setup.local_date(str(header.company), written) if written else None


def accounting_date_of(header: Proposal, setup: FinanceSetup, invoice_date: date) -> date:
    """The accounting date of an invoice that is dated ``invoice_date``, in a period that is open (99-23, D-063).

    One that a person has set, else that of the proforma's header; else, where the company wants it, the one that the
    billed sales agree on, else the invoice date. Refuses where its period is not open, and where no later one is that
    it may move to (JRN-08 to JRN-10, JRN-18).
    """
    company, parameters = str(header.company), setup.parameters(str(header.company))
    written = header.proforma.accounting_date
    day = header.edits.accounting_date or (setup.local_date(company, written) if written else None)
    if day is None and parameters.invoice_accounting_date is InvoiceAccountingDate.BILLED_SALES:
        day = header.billed_on
    day = day or invoice_date
    posted_on = open_date(company, day, setup)
    if posted_on is None:
        raise period_closed(company, day, setup)
    return posted_on


def due_date_of(header: Proposal, setup: FinanceSetup, invoice_date: date, *, given: bool = False) -> date:
    """A manual one first, else from the terms of payment; without any, the invoice date itself (DUE-01 to DUE-06).

    A manual due date does not outlive the invoice date that it was set for: another one, or one that the posting was
    ``given``, brings back the terms of payment.
    """
    edits = header.edits
    if edits.due_date and (edits.due_for == invoice_date or (edits.due_for is None and not given)):
        return edits.due_date
    terms = setup.terms_for(contract_of(header.proforma, setup), customer_of(header, setup), str(header.company))
    return due_date(terms, invoice_date) if terms else invoice_date


def cash_discount_of(header: Proposal, setup: FinanceSetup, invoice_date: date) -> CashDiscountTerms | None:
    """By the terms of payment of contract or customer, whatever due date a person has set (DUE-12)."""
    terms = setup.terms_for(contract_of(header.proforma, setup), customer_of(header, setup), str(header.company))
    until = cash_discount_date(terms, invoice_date) if terms else None
    return CashDiscountTerms(until, terms.cash_discount.percent) if until and terms and terms.cash_discount else None


def totals_of(
    lines: list[ProposalLine],
    setup: FinanceSetup,
    invoice_date: date,
    currency: str | None = None,
    originals: Mapping[str, TaxOfInvoice] | None = None,
) -> Totals:
    """Subtotal and sales tax of a proposal's lines on a date, the tax in whole steps of ``currency`` (TAX-37).

    Refuses when the sales tax set-up has a hole.
    """
    step = setup.currency_precision(currency) if currency else None
    return totals(
        lines,
        lambda line: _percents(line, setup, invoice_date),
        replace(setup.tax_rounding, currency=step),
        setup.tax_forms,
        tax_included=setup.document.sales_tax.amounts_include_tax,
        originals=originals,
    )


def draft(
    header: Proposal,
    lines: list[ProposalLine],
    setup: FinanceSetup,
    invoice_date: date,
    *,
    given: bool = False,
    originals: Mapping[str, TaxOfInvoice] | None = None,
) -> InvoiceDraft:
    """Checks that the proposal may be posted as of ``invoice_date`` and computes its figures.

    ``given``: the date was given to the posting. ``originals``: the invoices that it credits, as they stand before it.
    """
    company = str(header.company)
    if not lines:
        raise Refused(PostingFailure.LINES_MISSING, f"proposal {header.number} has no lines")
    customer = _customer(header, setup)
    begun = header.accounting_date if header.status is ProposalStatus.POSTING else None
    accounting_date = begun or accounting_date_of(header, setup, invoice_date)
    currency = str(currency_of(header, setup))
    accounting = setup.accounting_currency(company)
    rate = setup.price_rate(contract_of(header.proforma, setup), currency, company, accounting_date)
    if rate is None:
        raise Refused(
            WaitReason.EXCHANGE_RATE_MISSING,
            f"no exchange rate from {currency} to {accounting} on or before {accounting_date}",
        )
    terms = Terms(
        company=company,
        proposal_id=header.number,
        customer=customer,
        currency=currency,
        currency_precision=_precision(setup, currency),
        accounting_precision=_precision(setup, accounting),
        exchange_rate=rate,
        invoice_date=invoice_date,
        due_date=due_date_of(header, setup, invoice_date, given=given),
        accounting_date=accounting_date,
        tax_rounding=setup.tax_rounding,
        cash_discount=cash_discount_of(header, setup, invoice_date),
    )
    dimensions = _header_dimensions(header, lines, _known_customer(setup, company, customer))
    figures = accounted(totals_of(lines, setup, invoice_date, currency, originals), terms)
    return InvoiceDraft(terms, figures, dimensions, originals or {})


def invoice_voucher(of: InvoiceDraft, number: str, invoice_number: str, setup: FinanceSetup) -> Voucher:
    """The voucher of the invoice. Refuses when an account is missing or does not take the dimensions (DIM-14).

    What a credit line takes back goes off where it was put, whatever the account asks by now.
    """
    company, customer = of.terms.company, of.terms.customer

    accounts = _Accounts(setup, company)
    new: set[tuple[str, frozenset[tuple[str, str]]]] = set()

    def noted(line: ProposalLine, account: str) -> str:
        if not (line.takes_back and line.continues):
            new.add((account, frozenset((line.dimensions or {}).items())))
        return account

    def revenue(line: ProposalLine) -> tuple[PostingType, str]:
        posting_type, account = accounts.revenue(line)
        return posting_type, noted(line, account)

    def discount_account(line: ProposalLine) -> str | None:
        account = accounts.discount(line)
        return noted(line, account) if account else None

    def tax_account(code: str) -> str:
        return account_for(setup, company, sales_tax_code=code)(PostingType.SALES_TAX_PAYABLE)

    def customer_account() -> str:
        return account_for(setup, company, customer=customer)(PostingType.CUSTOMER_BALANCE)

    made = voucher(
        number,
        invoice_number,
        of.totals,
        of.terms,
        revenue,
        tax_account,
        customer_account,
        of.dimensions,
        discount_account,
    )
    for line in made.lines:
        dimensions = line.dimensions or {}
        given_back = line.posting_type in _EARNED and (line.account, frozenset(dimensions.items())) not in new
        problem = setup.dimension_problem(company, line.account, dimensions)
        if problem and line.posting_type not in _TAKEN_BACK and not given_back:
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    return made


def computed_with(of: InvoiceDraft, number: str | None, setup: FinanceSetup) -> InvoiceDraft:
    """The invoice with everything on its lines that they were computed and posted with: what they hand on (99-22)."""
    accounts = _Accounts(setup, of.terms.company)
    gone = within(of.totals.lines)

    def charge(line: ProposalLine) -> Charge:
        made = replace(
            line.charges[0],
            invoice=number,
            taxes=tuple(
                replace(tax, account=accounts.tax(tax.code, tax.account)) for tax in line.charges[0].taxes or ()
            ),
            credit=corrected_invoice(line) is not None,
            counted=line.actual_id not in gone,
        )
        if line.chargeable and line.discount:
            made = replace(made, discount_account=accounts.discount(line) or "")
        if of.totals.revenue(line) or made.discount_account:
            revenue_type, revenue_account = accounts.revenue(line)
            made = replace(made, revenue_type=revenue_type, revenue_account=revenue_account)
        return made

    lines = tuple(replace(line, charges=(charge(line),)) for line in of.totals.lines)
    return replace(of, totals=replace(of.totals, lines=lines))


@dataclass(frozen=True, slots=True)
class _Accounts:
    """The main accounts of a company's invoice lines: of the line that one continues, else the set-up's (99-22)."""

    setup: FinanceSetup
    company: str

    def revenue(self, line: ProposalLine) -> tuple[PostingType, str]:
        before = line.continues[0] if line.continues else None
        if before and before.revenue_type and before.revenue_account:
            return before.revenue_type, before.revenue_account
        posting_type = _revenue_posting_type(line, self.company, self.setup)
        return posting_type, account_for(self.setup, self.company, line.project, line.category)(posting_type)

    def discount(self, line: ProposalLine) -> str | None:
        before = line.continues[0] if line.continues else None
        if before and before.discount_account is not None:
            return before.discount_account or None
        category = self.setup.parameters(self.company).line_discount_category
        return account_for(self.setup, self.company, line.project, category)(PostingType.DISCOUNT) if category else None

    def tax(self, code: str, account: str | None) -> str | None:
        """``None`` where there is none and none was needed, because the tax is zero."""
        return account or self.setup.posting_account(self.company, PostingType.SALES_TAX_PAYABLE, sales_tax_code=code)


def _header_dimensions(header: Proposal, lines: Sequence[ProposalLine], customer: Customer) -> dict[str, str]:
    """The customer balance's: those edited on the header, else the customer's and what all lines agree on.

    DIM-01, DIM-10, DIM-11.
    """
    if header.edits.dimensions is not None:
        return header.edits.dimensions
    shown = [line.dimensions or {} for line in lines if line.shown]
    agreed = set(shown[0].items()).intersection(*(one.items() for one in shown)) if shown else set()
    return dict(customer.dimensions) | dict(sorted(agreed))


def _customer(header: Proposal, setup: FinanceSetup) -> str:
    name = customer_of(header, setup)
    if name is None:
        raise Refused(
            WaitReason.REFERENCE_MISSING, f"the customer of proposal {header.number} is unknown to the set-up"
        )
    if _known_customer(setup, str(header.company), name).on_hold:
        raise Refused(PostingFailure.CUSTOMER_ON_HOLD, f"customer {name} of {header.company} is on hold")
    return name


def _known_customer(setup: FinanceSetup, company: str, name: str) -> Customer:
    found = setup.customer(company, name)
    if found is None:
        raise Refused(WaitReason.REFERENCE_MISSING, f"customer {name} is not among the customers of {company}")
    return found


def _precision(setup: FinanceSetup, currency: str) -> Decimal:
    precision = setup.currency_precision(currency)
    if precision is None:
        raise Refused(WaitReason.REFERENCE_MISSING, f"currency {currency} is not among the set-up's currencies")
    return precision


def _percents(line: ProposalLine, setup: FinanceSetup, on: date) -> Mapping[str, Decimal]:
    tax = setup.document.sales_tax
    for name, known, kind in (
        (line.sales_tax_group, tax.groups, "group"),
        (line.item_sales_tax_group, tax.item_groups, "item group"),
    ):
        if name is not None and name not in known:
            raise Refused(
                PostingFailure.SALES_TAX_SETUP_MISSING,
                f"line {line.line_number} (actual {line.actual_id}) has sales tax {kind} {name}, which does not exist",
            )
    percents = {}
    for code in setup.sales_tax_codes(line.sales_tax_group, line.item_sales_tax_group):
        percent = ZERO if setup.is_exempt(code, line.sales_tax_group) else setup.tax_percent(code, on)
        if percent is None:
            raise Refused(PostingFailure.SALES_TAX_SETUP_MISSING, f"sales tax code {code} has no percent on {on}")
        percents[code] = percent
    return percents


def _revenue_posting_type(line: ProposalLine, company: str, setup: FinanceSetup) -> PostingType:
    """LED-11, LED-36, LED-37: on-account lines by the profile of their billing method, all others invoiced revenue."""
    if line.transaction_class not in ON_ACCOUNT:
        return PostingType.INVOICED_REVENUE
    profile = profile_for(company, line.project, line.contract, line.contract_line, setup)
    if profile.on_account is OnAccountPosting.BALANCE:
        return PostingType.WIP_INVOICED_ON_ACCOUNT
    return PostingType.INVOICED_REVENUE_ON_ACCOUNT
