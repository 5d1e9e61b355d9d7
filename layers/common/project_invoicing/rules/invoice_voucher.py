"""The voucher of a customer invoice, and what its lines hand on to those that continue them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from project_invoicing.domain.codes import PostingFailure, PostingType
from project_invoicing.domain.credited_tax import corrected_invoice, within
from project_invoicing.domain.invoice_voucher import (
    InvoiceAccounts,
    LineAccounts,
    codes_to_post,
    gross_and_discount,
    is_owed,
    voucher,
)
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.lineage import Charge
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.accounts import account_for
from project_invoicing.rules.invoice_accounts import Accounts
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.setup.lookups import FinanceSetup

_TAKEN_BACK = frozenset({PostingType.WIP_SALES_VALUE, PostingType.ACCRUED_REVENUE_SALES_VALUE})
"""Reversed on its original account with its original dimensions, whatever the account requires now."""
_EARNED = frozenset(
    {
        PostingType.INVOICED_REVENUE,
        PostingType.INVOICED_REVENUE_ON_ACCOUNT,
        PostingType.WIP_INVOICED_ON_ACCOUNT,
        PostingType.DISCOUNT,
    }
)


def invoice_voucher(draft: InvoiceDraft, number: str, invoice_number: str, setup: FinanceSetup) -> Voucher:
    """The voucher of the invoice. Refuses when an account is missing or does not allow the dimensions (DIM-14).

    What a credit line takes back is reversed on its original account, whatever that account requires now.
    """
    accounts = posting_accounts(draft, setup)
    built = voucher(number, invoice_number, draft.totals, draft.terms, accounts, draft.dimensions, draft.tags)
    new = set(_chosen_now(draft.totals.lines, accounts.lines))
    for line in built.lines:
        dimensions = line.dimensions or {}
        given_back = line.posting_type in _EARNED and (line.account, frozenset(dimensions.items())) not in new
        problem = setup.dimension_problem(draft.terms.company, line.account, dimensions)
        if problem and line.posting_type not in _TAKEN_BACK and not given_back:
            raise Refused(PostingFailure.DIMENSION_INVALID, problem)
    return built


def posting_accounts(draft: InvoiceDraft, setup: FinanceSetup) -> InvoiceAccounts:
    """The main accounts that the invoice is posted to, only where something is posted. Refuses where one is missing."""
    company, totals, terms = draft.terms.company, draft.totals, draft.terms
    accounts = Accounts(setup, company, draft.works_for)

    def accounts_of(line: ProposalLine) -> LineAccounts:
        discount = accounts.discount(line) if line.discount and line.chargeable else None
        gross, _ = gross_and_discount(line, totals.revenue(line), terms, shown=discount is not None)
        return LineAccounts(accounts.revenue(line) if gross else None, discount)

    lines = [accounts_of(line) for line in totals.lines]
    taxes = {
        code: account_for(setup, company, sales_tax_code=code)(PostingType.SALES_TAX_PAYABLE)
        for code in codes_to_post(totals)
    }
    owed = is_owed(totals, terms, taxes)
    customer = account_for(setup, company, customer=terms.customer)(PostingType.CUSTOMER_BALANCE) if owed else None
    return InvoiceAccounts(lines, taxes, customer)


def _chosen_now(
    lines: Iterable[ProposalLine], accounts: Iterable[LineAccounts]
) -> Iterable[tuple[str, frozenset[tuple[str, str]]]]:
    """Accounts with the dimensions of lines that give nothing back: these must fit each other in the current set-up."""
    for line, to in zip(lines, accounts, strict=True):
        if not (line.takes_back and line.continues):
            dimensions = frozenset((line.dimensions or {}).items())
            yield from ((account, dimensions) for account in (to.revenue and to.revenue[1], to.discount) if account)


def computed_with(draft: InvoiceDraft, number: str | None, setup: FinanceSetup) -> InvoiceDraft:
    """The invoice with, on each line, everything the line was computed and posted with: what it hands on (99-22)."""
    accounts = Accounts(setup, draft.terms.company, draft.works_for)
    gone = within(draft.totals.lines)

    def charge(line: ProposalLine) -> Charge:
        built = replace(
            line.charges[0],
            invoice=number,
            taxes=tuple(
                replace(tax, account=accounts.tax(tax.code, tax.account)) for tax in line.charges[0].taxes or ()
            ),
            credit=corrected_invoice(line) is not None,
            counted=line.actual_id not in gone,
        )
        if line.chargeable and line.discount:
            built = replace(built, discount_account=accounts.discount(line) or "")
        if draft.totals.revenue(line) or built.discount_account:
            revenue_type, revenue_account = accounts.revenue(line)
            built = replace(built, revenue_type=revenue_type, revenue_account=revenue_account)
        return built

    lines = tuple(replace(line, charges=(charge(line),)) for line in draft.totals.lines)
    return replace(draft, totals=replace(draft.totals, lines=lines))
