"""Dates and terms of payment of a customer invoice."""

from __future__ import annotations

from datetime import date

from project_invoicing.domain.calendar import calendar_date
from project_invoicing.domain.invoice_totals import CashDiscountTerms
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.terms import cash_discount_date, due_date
from project_invoicing.rules.periods import open_date, period_closed
from project_invoicing.rules.proforma import contract_of, customer_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import InvoiceAccountingDate


def invoice_date_of(header: Proposal, setup: FinanceSetup, given: str | None, now: str) -> date:
    """The date given to the posting, else the header's, else today in the company's time zone (contract, section 5)."""
    if given:
        return calendar_date(given)
    return header.edits.invoice_date or written_invoice_date(header, setup) or setup.today(str(header.company), now)


def written_invoice_date(header: Proposal, setup: FinanceSetup) -> date | None:
    """The invoice date that the proforma carries."""
    written = header.proforma.invoice_date
    return setup.local_date(str(header.company), written) if written else None


def accounting_date_of(header: Proposal, setup: FinanceSetup, invoice_date: date) -> date:
    """The accounting date of an invoice dated ``invoice_date``, in an open period (99-23, D-063).

    A date set by a person first, then that of the proforma's header; then, where the company wants it, the one that the
    billed sales agree on, else the invoice date. Refuses where its period is not open and it may not move to a later
    one (JRN-08 to JRN-10, JRN-18).
    """
    company, day = str(header.company), written_accounting_date(header, setup) or invoice_date
    posted_on = open_date(company, day, setup)
    if posted_on is None:
        raise period_closed(company, day, setup)
    return posted_on


def written_accounting_date(header: Proposal, setup: FinanceSetup) -> date | None:
    """The accounting date that a person, the proforma or the billed sales give; ``None``: that of the invoice."""
    company, written = str(header.company), header.proforma.accounting_date
    day = header.edits.accounting_date or (setup.local_date(company, written) if written else None)
    by_sales = setup.parameters(company).invoice_accounting_date is InvoiceAccountingDate.BILLED_SALES
    return header.billed_on if day is None and by_sales else day


def due_date_of(header: Proposal, setup: FinanceSetup, invoice_date: date, *, given: bool = False) -> date:
    """A manual due date first, else by the terms of payment; without any, the invoice date (DUE-01 to DUE-06).

    A manual due date is tied to the invoice date it was set for: with another invoice date, or one ``given`` to the
    posting, the terms of payment apply again.
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
