"""The customer invoice of a proposal, computed completely from what is stored: for posting, preview and results.

Refuses with ``Refused`` before anything is written (on hold, closed period, missing set-up).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import PostingFailure, ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice_totals import Terms, Totals, accounted
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.invoice_tax import totals_of
from project_invoicing.rules.invoice_terms import accounting_date_of, cash_discount_of, due_date_of
from project_invoicing.rules.proforma import contract_of, currency_of, customer_of
from project_invoicing.setup.effective import Customer
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An invoice before it has a number: its terms and totals. ``dimensions`` and ``tags``: of the customer balance.

    ``works_for``: the company whose projects its lines are of; between companies, the borrower. ``originals``: what
    the invoices it credits had charged and given back before it (REG-19).
    """

    terms: Terms
    totals: Totals
    dimensions: dict[str, str]
    works_for: str
    originals: Mapping[str, TaxOfInvoice] = field(default_factory=dict)
    tags: dict[str, str] | None = None


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

    ``given``: the posting was given this date. ``originals``: the invoices it credits, as they were before it.
    """
    if not lines:
        raise Refused(PostingFailure.LINES_MISSING, f"proposal {header.number} has no lines")
    terms = _terms(header, setup, invoice_date, given=given)
    customer = _known_customer(setup, terms.company, terms.customer)
    figures = accounted(totals_of(lines, setup, invoice_date, terms.currency, originals), terms)
    balance = _header_dimensions(header, lines, customer)
    return InvoiceDraft(terms, figures, balance, header.works_for, originals or {}, header.edits.tags)


def _terms(header: Proposal, setup: FinanceSetup, invoice_date: date, *, given: bool) -> Terms:
    company = str(header.company)
    customer = _customer(header, setup)
    begun = header.accounting_date if header.status is ProposalStatus.POSTING else None
    accounting_date = begun or accounting_date_of(header, setup, invoice_date)
    currency = str(currency_of(header, setup))
    accounting = setup.accounting_currency(company)
    return Terms(
        company=company,
        proposal_id=header.number,
        customer=customer,
        currency=currency,
        exchange_rate=_rate(header, setup, currency, accounting_date),
        currency_precision=_precision(setup, currency),
        accounting_precision=_precision(setup, accounting),
        invoice_date=invoice_date,
        due_date=due_date_of(header, setup, invoice_date, given=given),
        accounting_date=accounting_date,
        tax_rounding=setup.tax_rounding,
        cash_discount=cash_discount_of(header, setup, invoice_date),
    )


def _rate(header: Proposal, setup: FinanceSetup, currency: str, accounting_date: date) -> ExchangeRate:
    company = str(header.company)
    rate = setup.price_rate(contract_of(header.proforma, setup), currency, company, accounting_date)
    if rate is None:
        accounting = setup.accounting_currency(company)
        raise Refused(
            WaitReason.EXCHANGE_RATE_MISSING,
            f"no exchange rate from {currency} to {accounting} on or before {accounting_date}",
        )
    return rate


def _header_dimensions(header: Proposal, lines: Sequence[ProposalLine], customer: Customer) -> dict[str, str]:
    """Dimensions of the customer balance: edited on the header, else the customer's and those all lines agree on.

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
