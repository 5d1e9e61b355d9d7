"""The owner of an actual: company, project, contract and customer, and between companies the lender and borrower."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from project_invoicing.domain.actual import RESOURCING_UNIT, Actual, Reference
from project_invoicing.domain.codes import INTERCOMPANY, RejectReason, WaitReason
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.intercompany import Intercompany


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an actual: the finance ids that determine its company."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None
    customer: str | None
    currency: str
    intercompany: Intercompany | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """The row waits. ``company`` if it is known."""

    wait: Wait
    company: str | None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The row can never become a line as it is; it is rejected with ``reason``."""

    reason: RejectReason
    detail: str
    field: str


def owner_of(actual: Actual, setup: FinanceSetup) -> Owner | Blocked | Invalid:
    """Company, project, contract, customer and currency of an actual (contract, section 5)."""
    named = {name: getattr(actual, name) for name in ("project", "contract", "contract_line", "customer", "currency")}
    found = finance_ids(named, setup)
    if isinstance(found, Reference):
        return Blocked(missing(found, actual.id), None)
    company = _company_of(found, setup)
    if company is None:
        detail = "the actual names neither a project nor a contract, so its company is unknown"
        return Blocked(Wait(WaitReason.REFERENCE_MISSING, detail, actual.id), None)
    currency = found["currency"]
    if currency is None or setup.currency_precision(currency) is None:
        detail = f"currency {currency} is not among the set-up's currencies; add it with its precision"
        detail = detail if currency else "the actual has no currency"
        return Invalid(RejectReason.CURRENCY_UNKNOWN, detail, "transactioncurrencyid")
    project = setup.project(found["project"])
    contract_name = found["contract"] or (project.contract if project else None)
    contract = setup.contract(contract_name)
    customer, terms = found["customer"] or (contract.customer if contract else None), None
    if actual.transaction_type in INTERCOMPANY:
        lender = _lender(actual, company, setup)
        if isinstance(lender, Wait):
            return Blocked(lender, None)
        company, customer, terms = lender.lender, lender.customer, lender
    return Owner(company, found["project"], contract_name, found["contract_line"], customer, currency, terms)


def _company_of(found: Mapping[str, str | None], setup: FinanceSetup) -> str | None:
    """The company of the project, else that of the contract."""
    owner = setup.project(found["project"]) or setup.contract(found["contract"])
    return owner.company if owner else None


def lent_within_company(actual: Actual, setup: FinanceSetup) -> bool:
    """Whether both units belong to the same legal entity: then lending is of no concern to finance (SKIP-08, IC-11).

    Only a row whose resourcing unit is mapped tells.
    """
    unit = actual.resourcing_unit
    if actual.transaction_type not in INTERCOMPANY or not unit:
        return False
    found = finance_ids({"project": actual.project, "contract": actual.contract}, setup)
    company = None if isinstance(found, Reference) else _company_of(found, setup)
    return company is not None and _legal_entity(unit, setup) == company


def _legal_entity(unit: str, setup: FinanceSetup) -> str:
    return setup.resolve("msdyn_organizationalunit", unit) or unit


def _lender(actual: Actual, borrower: str, setup: FinanceSetup) -> Intercompany | Wait:
    """The terms under which the resource of a resourcing cost or an inter-organizational sale is lent (STG-15).

    Its lines belong to the lender (IC-04, INV-28). The row names the lender where the table map includes its resourcing
    unit; otherwise the borrower must have exactly one lender.
    """
    terms = setup.lenders(borrower)
    unit = actual.resourcing_unit
    if unit:
        terms = tuple(row for row in terms if row.lender == _legal_entity(unit, setup))
    if len(terms) == 1:
        return terms[0]
    lender = f"legal entity {unit}" if unit else "the legal entity of the resource"
    detail = f"intercompany relationship has to be set up between {lender} and {borrower}: add it to intercompany"
    if terms:
        lenders = ", ".join(row.lender for row in terms)
        detail = f"{borrower} borrows from {lenders}: map the resourcing unit to the custom column {RESOURCING_UNIT}"
    return Wait(WaitReason.INTERCOMPANY_MISSING, f"unable to import actual {actual.id}: {detail}", actual.id)


def finance_ids(named: Mapping[str, Reference | None], setup: FinanceSetup) -> dict[str, str | None] | Reference:
    """The finance ids of look-ups, or the first one the set-up does not know. A resource may bring its own name."""
    found: dict[str, str | None] = {}
    for name, reference in named.items():
        if reference is None:
            found[name] = None
            continue
        carried = reference.name if name == "resource" else None
        found[name] = carried or setup.resolve(reference.entity, reference.id)
        if found[name] is None:
            return reference
    return found


def missing(reference: Reference, actual_id: str | None = None) -> Wait:
    """Why something waits for the master data that it names (STG-14)."""
    detail = f"{reference.entity} {reference.id} is not among the set-up's references"
    return Wait(WaitReason.REFERENCE_MISSING, detail, actual_id, blocker=row_blocker(reference.entity, reference.id))
