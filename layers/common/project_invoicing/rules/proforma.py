"""What the set-up knows of a proforma and its proposal: contract, company, currency, customer."""

from __future__ import annotations

from project_invoicing.domain.actual import Proforma, Reference
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.setup.effective import Found, Missing
from project_invoicing.setup.lookups import FinanceSetup


def contract_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The finance id of its contract, even of a deleted one; ``None`` while the set-up does not know it."""
    return _name(_found(proforma.contract, setup, deleted_too=True))


def company_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The company of its contract, ``None`` while the set-up does not know it."""
    found = _found(proforma.contract, setup)
    return found.company if isinstance(found, Found) else None


def company_unknown(proforma: Proforma, setup: FinanceSetup) -> Wait:
    """Why a proforma has no company yet."""
    found = _found(proforma.contract, setup)
    if isinstance(found, Missing):
        detail = f"contract {found.what} of the proforma {found.why}"
        return Wait(WaitReason.REFERENCE_MISSING, detail, blocker=found.blocker)
    return Wait(WaitReason.REFERENCE_MISSING, "the proforma names no contract, so its company is unknown")


def currency_of(header: Proposal, setup: FinanceSetup) -> str | None:
    """The currency of a proposal: between companies that of its sales, else the proforma's or its contract's."""
    if header.intercompany:
        return header.intercompany.currency
    return _name(_currency(header.proforma, setup, deleted_too=True))


def proforma_currency(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The currency of the proforma, else its contract's."""
    return _name(_currency(proforma, setup))


def customer_of(header: Proposal, setup: FinanceSetup) -> str | None:
    """The invoice account: the contract customer of the proforma, else of its contract (PROP-10).

    Between companies, the borrower's account with the lender. What was deleted in Dataverse since still counts.
    """
    if header.intercompany:
        return header.intercompany.customer
    return _name(proforma_customer(header.proforma, setup, deleted_too=True))


def customer_name_of(header: Proposal, setup: FinanceSetup) -> str | None:
    """The name of the invoice account. The row that the proforma names has it, so that its number need not be read."""
    payer = None if header.intercompany else header.proforma.customer
    if name := setup.own_name(payer) if payer else None:
        return name
    known = setup.customer(header.company, customer_of(header, setup))
    return known.name or None if known else None


def proforma_customer(proforma: Proforma, setup: FinanceSetup, *, deleted_too: bool = False) -> Found | Missing | None:
    """The customer of the proforma, an account or a contact, else its contract's (PROP-10)."""
    if proforma.customer:
        return _found(proforma.customer, setup, deleted_too=deleted_too)
    contract = _found(proforma.contract, setup, deleted_too=deleted_too)
    if not isinstance(contract, Found):
        return contract
    return setup.customer_of_contract(contract.company, contract.name, deleted_too=deleted_too)


def _currency(proforma: Proforma, setup: FinanceSetup, *, deleted_too: bool = False) -> Found | Missing | None:
    if proforma.currency:
        return _found(proforma.currency, setup, deleted_too=deleted_too)
    contract = _found(proforma.contract, setup, deleted_too=deleted_too)
    if not isinstance(contract, Found):
        return contract
    return setup.currency_of_contract(contract.company, contract.name, deleted_too=deleted_too)


def _found(reference: Reference | None, setup: FinanceSetup, *, deleted_too: bool = False) -> Found | Missing | None:
    return setup.find(reference.entity, reference.id, deleted_too=deleted_too) if reference else None


def _name(found: Found | Missing | None) -> str | None:
    return found.name if isinstance(found, Found) else None
