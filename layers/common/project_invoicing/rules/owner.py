"""The owner of an actual: company, project, contract and customer, and between companies the lender and borrower."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from project_invoicing.domain.actual import RESOURCING_UNIT, Actual, Reference
from project_invoicing.domain.codes import INTERCOMPANY, RejectReason, TransactionType, WaitReason
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.domain.text import guid
from project_invoicing.setup.effective import Found, Missing
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.intercompany import Intercompany

_UNIT = "msdyn_organizationalunit"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of an actual: the finance ids that determine its company.

    ``company`` has the line; where it lends a resource, project, contract and contract line are the borrower's.
    """

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None
    customer: str | None
    currency: str
    intercompany: Intercompany | None = field(default=None, hash=False)
    """Has a list, and compares all the same."""

    @property
    def works_for(self) -> str:
        """The company whose project it is."""
        return self.intercompany.borrower if self.intercompany else self.company


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
    asked = (
        "owner",
        actual.project,
        actual.contract,
        actual.contract_line,
        actual.customer,
        actual.currency,
        actual.transaction_type in INTERCOMPANY and (actual.transaction_type, actual.resourcing_unit),
    )
    known: Owner | None = setup.worked_out.get(asked)
    if known is None:
        found = _owner_of(actual, setup)
        if not isinstance(found, Owner):
            return found
        known = setup.worked_out[asked] = found
    return known


def _owner_of(actual: Actual, setup: FinanceSetup) -> Owner | Blocked | Invalid:
    named = {name: getattr(actual, name) for name in ("project", "contract", "contract_line", "customer", "currency")}
    found = _all_found(named, setup)
    if isinstance(found, Missing):
        return Blocked(missing(found, actual.id), None)
    project, currency = found["project"], found["currency"]
    company = _company_of(found)
    if company is None:
        detail = "the actual names neither a project nor a contract, so its company is unknown"
        return Blocked(Wait(WaitReason.REFERENCE_MISSING, detail, actual.id), None)
    if currency is None or setup.currency_precision(currency.name) is None:
        code = currency.name if currency else None
        detail = f"currency {code} is not among the set-up's currencies; add it with its precision"
        detail = detail if currency else "the actual has no currency"
        return Invalid(RejectReason.CURRENCY_UNKNOWN, detail, "transactioncurrencyid")
    contract = found["contract"] or (setup.contract_of_project(company, project.name) if project else None)
    if isinstance(contract, Missing):
        return Blocked(missing(contract, actual.id), None)
    if other := _namesake(contract, found["contract_line"], company, setup):
        by = actual.project or actual.contract
        blocker = row_blocker(by.entity, by.id) if by else None
        return Blocked(missing(Missing(*other, blocker), actual.id), None)
    customer = found["customer"] or (_customer_of(contract, company, setup) if contract else None)
    if isinstance(customer, Missing):
        return Blocked(missing(customer, actual.id), None)
    owner = Owner(
        company,
        project=project.name if project else None,
        contract=contract.name if contract else None,
        contract_line=found["contract_line"].name if found["contract_line"] else None,
        customer=customer.name if customer else None,
        currency=currency.name,
    )
    if actual.transaction_type not in INTERCOMPANY:
        return owner
    lender = _lender(actual, company, setup)
    if isinstance(lender, Wait):
        return Blocked(lender, None)
    return replace(owner, company=lender.lender, customer=lender.customer, intercompany=lender)


def _company_of(found: Mapping[str, Found | None]) -> str | None:
    """The company of the project, else that of the contract."""
    owner = found["project"] or found["contract"]
    return owner.company if owner else None


def _namesake(contract: Found | None, line: Found | None, company: str, setup: FinanceSetup) -> tuple[str, str] | None:
    """Why work of ``company`` cannot be taken for that of a contract in another: it has one of the same number itself.

    Lines name their contract by number, so fixed rate, tax and billing method would be those of the wrong one.
    """
    why = f"is one of {{}}, and {company}, whose project it is, has another of that number; correct what names it"
    if contract and contract.company not in (None, company) and setup.contract(company, contract.name):
        return f"contract {contract.name}", why.format(contract.company)
    if line and line.company not in (None, company) and setup.contract_line(company, line.name):
        return f"contract line {line.name}", why.format(line.company)
    return None


def _customer_of(contract: Found, company: str, setup: FinanceSetup) -> Found | Missing | None:
    return setup.customer_of_contract(contract.company or company, contract.name)


def lent_within_company(actual: Actual, setup: FinanceSetup) -> bool:
    """Whether both units belong to the same legal entity: then lending is of no concern to finance (SKIP-08, IC-11).

    Only a row whose resourcing unit is mapped tells.
    """
    unit = actual.resourcing_unit
    if actual.transaction_type not in INTERCOMPANY or not unit:
        return False
    found = _all_found({"project": actual.project, "contract": actual.contract}, setup)
    company = None if isinstance(found, Missing) else _company_of(found)
    return company is not None and _legal_entity(unit, setup) == company


def cost_of_lent_work(actual: Actual, owner: Owner, setup: FinanceSetup) -> Wait | None:
    """Why a borrower's own cost is not posted: the vendor invoice of its lender brings it (ICV-05).

    Dataverse sends such costs with skip sync. Only a row whose resourcing unit is mapped tells.
    """
    unit = actual.resourcing_unit
    if actual.transaction_type is not TransactionType.COST or not unit:
        return None
    lender = _legal_entity(unit, setup)
    if not any(row.lender == lender for row in setup.lenders(owner.company)):
        return None
    detail = (
        f"its resource was lent by {lender}, whose vendor invoice brings the cost: posted here too, it would be there "
        "twice; it should have come with skip sync"
    )
    return Wait(WaitReason.INTERCOMPANY_COST, detail, actual.id)


def _legal_entity(unit: str, setup: FinanceSetup) -> str:
    return setup.resolve(_UNIT, unit) or unit


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
    named = setup.find(_UNIT, unit) if unit and guid(unit) else None
    blocker = named.blocker if isinstance(named, Missing) else None
    detail = f"unable to import actual {actual.id}: {detail}"
    return Wait(WaitReason.INTERCOMPANY_MISSING, detail, actual.id, blocker=blocker)


def finance_ids(named: Mapping[str, Reference | None], setup: FinanceSetup) -> dict[str, str | None] | Missing:
    """The finance ids of look-ups, or why the first one has none. A resource may bring its own name."""
    found = _all_found(named, setup)
    return found if isinstance(found, Missing) else {name: one.name if one else None for name, one in found.items()}


def _all_found(named: Mapping[str, Reference | None], setup: FinanceSetup) -> dict[str, Found | None] | Missing:
    found: dict[str, Found | None] = {}
    for name, reference in named.items():
        if reference is None:
            found[name] = None
            continue
        carried = reference.name if name == "resource" else None
        one = Found(carried) if carried else setup.find(reference.entity, reference.id)
        if isinstance(one, Missing):
            return one
        found[name] = one
    return found


def missing(what: Missing, actual_id: str | None = None) -> Wait:
    """Why something waits for the master data that it names (STG-14)."""
    return Wait(WaitReason.REFERENCE_MISSING, what.detail, actual_id, blocker=what.blocker)
