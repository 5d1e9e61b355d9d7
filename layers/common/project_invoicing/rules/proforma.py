"""What the set-up knows of a proforma and its proposal: contract, company, currency, customer."""

from __future__ import annotations

from project_invoicing.domain.actual import Proforma, Reference
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.setup.lookups import FinanceSetup


def contract_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The finance id of its contract, ``None`` while the set-up does not know it."""
    return _finance_id(proforma.contract, setup)


def company_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The company of its contract, ``None`` while the set-up does not know it."""
    contract = setup.contract(contract_of(proforma, setup))
    return contract.company if contract else None


def company_unknown(proforma: Proforma) -> Wait:
    """Why a proforma has no company yet."""
    contract = proforma.contract
    detail = (
        f"contract {contract.entity} {contract.id} of the proforma is not among the set-up's references"
        if contract
        else "the proforma names no contract, so its company is unknown"
    )
    blocker = row_blocker(contract.entity, contract.id) if contract else None
    return Wait(WaitReason.REFERENCE_MISSING, detail, blocker=blocker)


def currency_of(header: Proposal, setup: FinanceSetup) -> str | None:
    """The currency of a proposal: between companies that of its sales, else the proforma's or its contract's."""
    return header.intercompany.currency if header.intercompany else proforma_currency(header.proforma, setup)


def proforma_currency(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The currency of the proforma, else its contract's."""
    if proforma.currency:
        return _finance_id(proforma.currency, setup)
    contract = setup.contract(contract_of(proforma, setup))
    return contract.currency if contract else None


def customer_of(header: Proposal, setup: FinanceSetup) -> str | None:
    """The invoice account: the contract customer of the proforma, else of its contract (PROP-10).

    Between companies, the borrower's account with the lender.
    """
    return header.intercompany.customer if header.intercompany else proforma_customer(header.proforma, setup)


def proforma_customer(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The customer of the proforma, an account or a contact, else its contract's (PROP-10)."""
    if proforma.customer:
        return _finance_id(proforma.customer, setup)
    contract = setup.contract(contract_of(proforma, setup))
    return contract.customer if contract else None


def _finance_id(reference: Reference | None, setup: FinanceSetup) -> str | None:
    return setup.resolve(reference.entity, reference.id) if reference else None
