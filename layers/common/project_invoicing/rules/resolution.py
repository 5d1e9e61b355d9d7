"""A staged row seen with the finance set-up: references become finance ids, codes become defaults.

A row that cannot be resolved waits, with the id that is missing (STG-14, CAT-03, STG-17); it is looked at again at
every import.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from project_invoicing.dataverse.maps import MONEY_LIMIT
from project_invoicing.dataverse.values import decimal
from project_invoicing.domain.actual import Actual, Reference
from project_invoicing.domain.codes import (
    BillingMethod,
    BillingType,
    CostOrigin,
    RejectReason,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.lineage import Charge, Lineage, continuing
from project_invoicing.domain.money import ZERO, ExchangeRate, round_to
from project_invoicing.domain.refusals import Wait
from project_invoicing.rules.periods import open_date
from project_invoicing.setup.document import Intercompany, LineProperty
from project_invoicing.setup.lookups import FinanceSetup

INTERCOMPANY = frozenset({TransactionType.RESOURCING_UNIT_COST, TransactionType.INTER_ORGANIZATIONAL_SALES})
INACTIVE = "the actual is inactive in Dataverse"
DOCUMENT_TYPE = "document_type"
"""Custom column that says where a cost comes from, if the column ``origin`` of the table map has no value (D-058)."""
PURCHASES = frozenset({CostOrigin.PURCHASE, CostOrigin.VENDOR_INVOICE})
"""What was bought (JRN-16, LED-33, LED-56)."""
_ORIGINS = frozenset(CostOrigin)
DISCOUNT = "discount_amount"
"""Custom column with what reduces an actual's amount before it is billed, signed like the amount (FEE-01, D-015)."""
RESOURCING_UNIT = "resourcing_unit"
"""Custom column with the id of the organizational unit that lends the resource."""
ON_ACCOUNT = frozenset({TransactionClass.MILESTONE, TransactionClass.RETAINER})
_OF_CONTINUED = ("resource",)
"""The look-ups that a line which continues another has of its own."""
NO_MONEY = frozenset({BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY})
_DISCOUNTED = frozenset({TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES})
_SALES = frozenset(
    {TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES, TransactionType.INTER_ORGANIZATIONAL_SALES}
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an actual is: the finance ids that its company follows from."""

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None
    customer: str | None
    currency: str
    intercompany: Intercompany | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything a line takes from the set-up.

    ``amount`` is the actual's in the digits of its currency: Dataverse may price with more (D-053; contract, section
    5). ``discount`` reduces what is billed, ``accrued_discount`` what is accrued before (FEE-06, FEE-07). ``charges``,
    none or one, is what the invoice line that it takes back or replaces was computed with (99-22).
    """

    company: str
    project: str | None
    contract: str | None
    contract_line: str | None
    customer: str | None
    currency: str
    billing_method: BillingMethod
    category: str | None
    line_property: str | None
    chargeable: bool
    on_invoice: bool
    sales_tax_group: str | None
    item_sales_tax_group: str | None
    resource: str | None
    transaction_date: date
    accounting_date: date
    rate: ExchangeRate
    dimensions: dict[str, str] | None
    amount: Decimal
    discount: Decimal = ZERO
    accrued_discount: Decimal = ZERO
    worker_dimensions: dict[str, str] | None = None
    origin: CostOrigin | None = None
    charges: tuple[Charge, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocked:
    """The row waits. ``company`` as far as it could be found out."""

    wait: Wait
    company: str | None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The row can never become a line as it is; it is rejected with ``reason``."""

    reason: RejectReason
    detail: str
    field: str


def resolve(
    actual: Actual, setup: FinanceSetup, rate: ExchangeRate | None = None, before: Lineage | None = None
) -> Resolved | Blocked | Invalid:
    """What the set-up says of an actual, or why it has to wait.

    An inactive actual waits, whatever else it lacks (99-27). Then the order is that of the rules: references, exchange
    rate, category, line property, open project. ``rate`` replaces the rate of the day for a reversal, which takes its
    original's (FXR-13). ``before``: what the posted line hands on that this one continues; of that the set-up is not
    asked, and may know nothing any more (99-22).
    """
    owner = owner_of(actual, setup)
    if actual.inactive:
        return Blocked(Wait(WaitReason.INACTIVE, INACTIVE, actual.id), getattr(owner, "company", None))
    if not isinstance(owner, Owner):
        return owner
    company = owner.company

    def blocked(reason: WaitReason, detail: str) -> Blocked:
        return Blocked(Wait(reason, detail, actual.id), company)

    asked = {"category": actual.category, "product": actual.product, "resource": actual.resource}
    names = _resolved({name: asked[name] for name in (_OF_CONTINUED if before else asked)}, setup)
    if isinstance(names, Reference):
        return blocked(WaitReason.REFERENCE_MISSING, _unknown(names))
    transaction_date, accounting_date = dates(actual, company, setup)
    rate = rate or _rate(actual, owner, accounting_date, setup)
    if rate is None:
        to = setup.accounting_currency(company)
        detail = f"no exchange rate from {owner.currency} to {to} on or before {accounting_date}"
        return blocked(WaitReason.EXCHANGE_RATE_MISSING, detail)
    category = before.category if before else setup.category(company, names["category"], actual.transaction_class)
    if problem := None if before else _category_problem(names["category"], category, actual, company, setup):
        return blocked(WaitReason.CATEGORY_MISSING, problem)
    found = _line_property(actual, company, setup, before)
    if found is None:
        detail = f"billing type {actual.billing_type} has no line property in {company}"
        return blocked(WaitReason.LINE_PROPERTY_MISSING, detail)
    line_property, rules = found
    if closed := _closed(owner, transaction_date, setup):
        return blocked(*closed)
    on_account = actual.transaction_class in ON_ACCOUNT
    billing_method = setup.billing_method(owner.contract_line)
    chargeable = actual.billing_type not in NO_MONEY and (rules.chargeable or on_account)
    discount = _discount(actual, chargeable, billing_method)
    if discount is None:
        detail = f"is {actual.custom[DISCOUNT]!r}, not an amount; correct the row, or the table map's custom column"
        return Invalid(RejectReason.SCHEMA, f"{DISCOUNT} {detail}", DISCOUNT)
    precision = setup.document.currencies[owner.currency].precision
    resolved = Resolved(
        company=company,
        project=owner.project,
        contract=owner.contract,
        contract_line=owner.contract_line,
        customer=owner.customer,
        currency=owner.currency,
        billing_method=billing_method,
        category=category,
        line_property=line_property,
        chargeable=chargeable,
        on_invoice=rules.on_invoice,
        sales_tax_group=_sales_tax_group(owner, setup),
        item_sales_tax_group=setup.item_sales_tax_group(
            company, actual.transaction_class, category, names.get("product")
        ),
        resource=names["resource"],
        transaction_date=transaction_date,
        accounting_date=accounting_date,
        rate=rate,
        dimensions=_dimensions(owner, category, names["resource"], on_account, setup),
        amount=_in_digits(actual.amount, precision),
        discount=_in_digits(discount, precision),
        accrued_discount=ZERO if setup.parameters(company).line_discount_category else _in_digits(discount, precision),
        worker_dimensions=setup.worker_dimensions(company, names["resource"]) or None,
        origin=_origin(actual),
    )
    return _continued(resolved, before) if before else resolved


def _continued(resolved: Resolved, before: Lineage) -> Resolved:
    """With what the posted line hands on, and the line property that was looked up by it."""
    charges = (before.charge,) if before.charge else ()
    before = replace(before, line_property=resolved.line_property)
    return continuing(resolved, before, worker_dimensions=before.worker_dimensions, charges=charges)


def _line_property(
    actual: Actual, company: str, setup: FinanceSetup, before: Lineage | None
) -> tuple[str, LineProperty] | None:
    """The line property of the line that is continued, as long as there is one of that name; else the mapped one."""
    name = before.line_property if before else None
    known = setup.document.line_properties.get(name or "")
    return (name, known) if name and known else setup.line_property(company, actual.billing_type)


def _origin(actual: Actual) -> CostOrigin | None:
    """Where a cost comes from (JRN-16). Another word in the custom column, which is free text, says nothing."""
    word = actual.custom.get(DOCUMENT_TYPE)
    return actual.origin or (CostOrigin(word) if word in _ORIGINS else None)


def _in_digits(amount: Decimal, precision: Decimal) -> Decimal:
    """Rounded, or as it was sent where that changes nothing."""
    rounded = round_to(amount, precision)
    return amount if rounded == amount else rounded


def owner_of(actual: Actual, setup: FinanceSetup) -> Owner | Blocked | Invalid:
    """Company, project, contract, customer and currency of an actual (contract, section 5)."""
    document = setup.document
    named = {name: getattr(actual, name) for name in ("project", "contract", "contract_line", "customer", "currency")}
    found = _resolved(named, setup)
    if isinstance(found, Reference):
        return Blocked(Wait(WaitReason.REFERENCE_MISSING, _unknown(found), actual.id), None)
    project = document.projects.get(found["project"] or "")
    contract_name = found["contract"] or (project.contract if project else None)
    contract = document.contracts.get(contract_name or "")
    owner = project or contract
    if owner is None:
        detail = "the actual names neither a project nor a contract, so its company is unknown"
        return Blocked(Wait(WaitReason.REFERENCE_MISSING, detail, actual.id), None)
    currency = found["currency"]
    if currency is None or setup.currency_precision(currency) is None:
        detail = f"currency {currency} is not among the set-up's currencies; add it with its precision"
        detail = detail if currency else "the actual has no currency"
        return Invalid(RejectReason.CURRENCY_UNKNOWN, detail, "transactioncurrencyid")
    customer = found["customer"] or (contract.customer if contract else None)
    company, terms = owner.company, None
    if actual.transaction_type in INTERCOMPANY:
        lender = _lender(actual, owner.company, setup)
        if isinstance(lender, Wait):
            return Blocked(lender, None)
        company, customer, terms = lender.lender, lender.customer, lender
    return Owner(company, found["project"], contract_name, found["contract_line"], customer, currency, terms)


def lent_within_company(actual: Actual, setup: FinanceSetup) -> bool:
    """Whether one unit of a legal entity lends to another of the same: that is no business of finance (SKIP-08, IC-11).

    Only a row whose resourcing unit is mapped says so.
    """
    unit = actual.custom.get(RESOURCING_UNIT)
    if actual.transaction_type not in INTERCOMPANY or not unit:
        return False
    found = _resolved({"project": actual.project, "contract": actual.contract}, setup)
    if isinstance(found, Reference):
        return False
    owner = setup.owner(found["project"], found["contract"])
    return owner is not None and _legal_entity(unit, setup) == owner.company


def _legal_entity(unit: str, setup: FinanceSetup) -> str:
    return setup.resolve("msdyn_organizationalunit", unit) or unit


def _lender(actual: Actual, borrower: str, setup: FinanceSetup) -> Intercompany | Wait:
    """The terms under which the resource of a resourcing cost or an inter-organizational sale is lent (STG-15).

    Its lines belong to the lender (IC-04, INV-28). Who that is, the row says where the table map carries its resourcing
    unit along; otherwise the borrower must have one lender only.
    """
    terms = setup.lenders(borrower)
    unit = actual.custom.get(RESOURCING_UNIT)
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


def written_dates(actual: Actual, company: str, setup: FinanceSetup) -> tuple[date, date]:
    """Transaction date and accounting date as the actual carries them (contract, section 5)."""
    written = actual.start or actual.document_date or actual.accounting_date or actual.version.occurred_at
    return setup.local_date(company, written), setup.local_date(company, actual.accounting_date or written)


def dates(actual: Actual, company: str, setup: FinanceSetup) -> tuple[date, date]:
    """Transaction date and accounting date (contract, section 5; JRN-07, JRN-08).

    An accounting date in a period that is not open moves to the first date of the next open one where the company
    wants that; the transaction date never moves.
    """
    transaction_date, accounting_date = written_dates(actual, company, setup)
    return transaction_date, open_date(company, accounting_date, setup) or accounting_date


def _discount(actual: Actual, chargeable: bool, billing_method: BillingMethod) -> Decimal | None:
    """The discount of a chargeable time-and-material sale; ``None`` where the column holds no amount.

    FEE-01, FEE-11, FEE-12. Anything else has none, whatever its column says.
    """
    fixed = billing_method is BillingMethod.FIXED_PRICE or actual.transaction_class in ON_ACCOUNT
    if DISCOUNT not in actual.custom or actual.transaction_type not in _DISCOUNTED or fixed or not chargeable:
        return ZERO
    amount = decimal(actual.custom[DISCOUNT])
    return amount if amount is not None and abs(amount) <= MONEY_LIMIT else None


def billed_of(actual: Actual, setup: FinanceSetup) -> tuple[Decimal, Decimal]:
    """Amount and discount of a sale as its line has them, as far as can be said without resolving it whole (FEE-01)."""
    currency = setup.resolve(actual.currency.entity, actual.currency.id) if actual.currency else None
    precision = setup.currency_precision(currency) if currency else None
    discount = ZERO
    if DISCOUNT in actual.custom:
        line = actual.contract_line
        method = setup.billing_method(setup.resolve(line.entity, line.id) if line else None)
        discount = _discount(actual, actual.billing_type not in NO_MONEY, method) or ZERO
    if precision is None:
        return actual.amount, discount
    return _in_digits(actual.amount, precision), _in_digits(discount, precision)


def _rate(actual: Actual, owner: Owner, on: date, setup: FinanceSetup) -> ExchangeRate | None:
    """The rate of the day; for sales the contract's fixed one first (FXR-07, FXR-09, FXR-14)."""
    contract = owner.contract if actual.transaction_type in _SALES else None
    return setup.price_rate(contract, owner.currency, owner.company, on)


def _resolved(named: dict[str, Reference | None], setup: FinanceSetup) -> dict[str, str | None] | Reference:
    """The finance ids of look-ups, or the first that the set-up does not know. A resource may bring its own name."""
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


def _unknown(reference: Reference) -> str:
    return f"{reference.entity} {reference.id} is not among the set-up's references"


def _category_problem(
    asked: str | None, category: str | None, actual: Actual, company: str, setup: FinanceSetup
) -> str | None:
    """What is wrong with the category of a line (CAT-01 to CAT-03, CAT-05, CAT-06)."""
    of_class = actual.transaction_class
    if category is None:
        if of_class in ON_ACCOUNT:
            return None
        lacking = f"transaction category {asked} has no project category" if asked else "there is no default category"
        return f"{lacking} for {of_class} in {company}"
    if setup.category_fits(company, category, of_class):
        return None
    return f"project category {category} of {company} is not one for {of_class}"


def _closed(owner: Owner, transaction_date: date, setup: FinanceSetup) -> tuple[WaitReason, str] | None:
    """A project that takes no transactions (STG-23), a date that belongs to the beginning balances (STG-22)."""
    project = setup.project(owner.project)
    if project and not project.open:
        return WaitReason.PROJECT_CLOSED, f"project {owner.project} is not open for transactions"
    before = setup.parameters(owner.company).beginning_balance_date
    if before and transaction_date <= before:
        return WaitReason.BEGINNING_BALANCE, f"{transaction_date} is not after the beginning balances of {before}"
    return None


def _sales_tax_group(owner: Owner, setup: FinanceSetup) -> str | None:
    """TAX-01 to TAX-06; between companies that of the intercompany customer (TAX-13, TAX-14)."""
    if owner.intercompany:
        customer = setup.customer(owner.company, owner.customer)
        return customer.sales_tax_group if customer else None
    return setup.sales_tax_group(owner.company, owner.project, owner.contract, owner.customer)


def _dimensions(
    owner: Owner, category: str | None, resource: str | None, on_account: bool, setup: FinanceSetup
) -> dict[str, str] | None:
    """DIM-07: by rule; else DIM-12 the intercompany customer's, DIM-03 the contract line's, DIM-02 the project's."""
    document = setup.document
    project = setup.project(owner.project)
    ruled = setup.ruled_dimensions(
        owner.company,
        customer=owner.customer,
        contract=owner.contract,
        project_group=project.group if project else None,
        project=owner.project,
        category=category,
        resource=resource,
    )
    if ruled is not None:
        return ruled or None
    if owner.intercompany:
        customer = setup.customer(owner.company, owner.customer)
        return dict(customer.dimensions) or None if customer else None
    if on_account and owner.contract_line:
        return dict(document.contract_lines[owner.contract_line].dimensions) or None
    if owner.project:
        return dict(document.projects[owner.project].dimensions) or None
    return None
