"""Resolves a staged row with the finance set-up: references become finance ids, codes become defaults.

A row that cannot be resolved waits, with the id that is missing (STG-14, CAT-03, STG-17); every import looks at it
again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from project_invoicing.domain.actual import DISCOUNT, Actual
from project_invoicing.domain.codes import ON_ACCOUNT, BillingMethod, CostOrigin, RejectReason, WaitReason
from project_invoicing.domain.lineage import Charge, Lineage, continuing
from project_invoicing.domain.money import ZERO, ExchangeRate, round_to
from project_invoicing.domain.refusals import Wait, rate_blocker
from project_invoicing.rules.charging import discount_of, in_digits, is_chargeable
from project_invoicing.rules.defaults import (
    category_problem,
    closed,
    dimensions,
    issued_cost,
    line_property,
    not_of_an_investment,
    price_rate,
    sales_tax_group,
    tags_in_columns,
)
from project_invoicing.rules.line_dates import dates
from project_invoicing.rules.owner import Blocked, Invalid, Owner, cost_of_lent_work, finance_ids, missing, owner_of
from project_invoicing.setup.effective import Missing
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import LineProperty

INACTIVE = "the actual is inactive in Dataverse"
_OF_CONTINUED = ("resource",)
"""The look-ups that a line has of its own even when it continues another."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Everything a line takes from the set-up.

    ``amount`` is the actual's in the digits of its currency: Dataverse may price with more digits (D-053; contract,
    section 5). ``discount`` reduces what is billed, ``accrued_discount`` what is accrued before (FEE-06, FEE-07).
    ``charges``, none or one, is what the invoice line that it takes back or replaces was computed with (99-22).
    ``cost_adjustment`` is what finance's own cost of a stocked item adds to the amount, and is in it (NEW-01).
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
    cost_adjustment: Decimal | None = None
    tags: dict[str, str] | None = None
    continues: bool = False
    """Whether the line continues a posted one, and so has its tags, without those of the journal and of rules."""


_NO_PROPERTY = LineProperty()


@dataclass(frozen=True, slots=True)
class _Work:
    """What all lines of the same work take from the set-up. ``problem``: why none of them can, after a missing rate."""

    names: dict[str, str | None]
    category: str | None
    problem: tuple[WaitReason, str] | None = None
    line_property: str = ""
    rules: LineProperty = _NO_PROPERTY
    billing_method: BillingMethod = BillingMethod.TIME_AND_MATERIAL
    sales_tax_group: str | None = None
    item_sales_tax_group: str | None = None
    dimensions: dict[str, str] | None = None
    worker_dimensions: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """The set-up's answers for an actual for which nothing is missing."""

    work: _Work
    transaction_date: date
    accounting_date: date
    rate: ExchangeRate


def resolve(
    actual: Actual, setup: FinanceSetup, rate: ExchangeRate | None = None, before: Lineage | None = None
) -> Resolved | Blocked | Invalid:
    """Resolves an actual with the set-up, or says why it has to wait.

    An inactive actual waits, whatever else it lacks (99-27); then the cost of lent work (ICV-05). After that the
    order follows the rules: references, exchange rate, category, line property, open project, investment project.
    ``rate`` replaces the rate of the day for a reversal, which takes that of its original (FXR-13). ``before``: what
    the posted line hands on that this one continues; the set-up is not asked for it and may no longer know it (99-22).
    """
    owner = owner_of(actual, setup)
    if actual.inactive:
        return Blocked(Wait(WaitReason.INACTIVE, INACTIVE, actual.id), getattr(owner, "company", None))
    if not isinstance(owner, Owner):
        return owner
    if not before and (twice := cost_of_lent_work(actual, owner, setup)):
        return Blocked(twice, owner.company)
    found = _found(actual, owner, setup, rate, before)
    if isinstance(found, Wait):
        return Blocked(found, owner.company)
    chargeable = is_chargeable(actual, found.work.rules)
    discount = discount_of(actual, chargeable, found.work.billing_method)
    if discount is None:
        detail = f"is {actual.custom[DISCOUNT]!r}, not an amount; correct the row, or the table map's custom column"
        return Invalid(RejectReason.SCHEMA, f"{DISCOUNT} {detail}", DISCOUNT)
    resolved = _resolved(actual, owner, found, setup, discount, chargeable=chargeable)
    if added := _cost_adjustment(actual, resolved, found.work.names.get("product"), before, setup):
        resolved = replace(resolved, amount=resolved.amount + added, cost_adjustment=added)
    if before:
        return _continued(resolved, before)
    tags, wrong = tags_in_columns(actual, owner.company, setup)
    if wrong:
        detail = f"is {actual.custom[wrong]!r}: too many tags, or the delimiter in a value; correct the row"
        return Invalid(RejectReason.SCHEMA, f"{wrong} {detail}", wrong)
    return replace(resolved, tags=tags) if tags else resolved


def _found(
    actual: Actual, owner: Owner, setup: FinanceSetup, rate: ExchangeRate | None, before: Lineage | None
) -> _Found | Wait:
    """References, dates, rate, category and line property, or what is missing of them."""
    company = owner.company
    work = _work(actual, owner, setup, before)
    if isinstance(work, Missing):
        return missing(work, actual.id)
    transaction_date, accounting_date = dates(actual, company, setup)
    rate = rate or price_rate(actual, owner, accounting_date, setup)
    if rate is None:
        to = setup.accounting_currency(company)
        detail = f"no exchange rate from {owner.currency} to {to} on or before {accounting_date}"
        blocker = rate_blocker(owner.currency, to)
        return Wait(WaitReason.EXCHANGE_RATE_MISSING, detail, actual.id, blocker=blocker)
    if work.problem:
        return Wait(*work.problem, actual.id)
    if out := closed(actual, owner, transaction_date, setup):
        return out
    if out := None if before else not_of_an_investment(actual, owner, setup):
        return out
    return _Found(work, transaction_date, accounting_date, rate)


def _work(actual: Actual, owner: Owner, setup: FinanceSetup, before: Lineage | None) -> _Work | Missing:
    """Worked out once for all lines of the same work, but for those that continue others."""
    if before:
        return _worked_out(actual, owner, setup, before)
    asked = (
        "work",
        owner,
        actual.category,
        actual.product,
        actual.resource,
        actual.transaction_class,
        actual.billing_type,
        actual.milestone,
    )
    known: _Work | None = setup.worked_out.get(asked)
    if known is None:
        found = _worked_out(actual, owner, setup, None)
        if isinstance(found, Missing):
            return found
        known = setup.worked_out[asked] = found
    return known


def _worked_out(actual: Actual, owner: Owner, setup: FinanceSetup, before: Lineage | None) -> _Work | Missing:
    company = owner.company
    asked = {"category": actual.category, "product": actual.product, "resource": actual.resource}
    names = finance_ids({name: asked[name] for name in (_OF_CONTINUED if before else asked)}, setup)
    if isinstance(names, Missing):
        return names
    own = None if before or actual.milestone is None else setup.on_account_transaction(company, actual.milestone)
    category = before.category if before else setup.category(company, names["category"], actual.transaction_class)
    category = own.category if own and own.category else category
    if problem := None if before else category_problem(names["category"], category, actual, company, setup):
        return _Work(names, category, (WaitReason.CATEGORY_MISSING, problem))
    found = line_property(actual, company, setup, before)
    if found is None:
        detail = f"billing type {actual.billing_type} has no line property in {company}"
        return _Work(names, category, (WaitReason.LINE_PROPERTY_MISSING, detail))
    resource, of_class = names["resource"], actual.transaction_class
    return _Work(
        names,
        category,
        None,
        *found,
        billing_method=setup.billing_method(owner.works_for, owner.contract_line),
        sales_tax_group=(own and own.sales_tax_group) or sales_tax_group(owner, setup),
        item_sales_tax_group=(own and own.item_sales_tax_group)
        or setup.item_sales_tax_group(company, of_class, category, names.get("product")),
        dimensions=dict(own.dimensions)
        if own and own.dimensions
        else dimensions(owner, category, resource, of_class in ON_ACCOUNT, setup),
        worker_dimensions=setup.worker_dimensions(company, resource) or None,
    )


def _resolved(
    actual: Actual, owner: Owner, found: _Found, setup: FinanceSetup, discount: Decimal, *, chargeable: bool
) -> Resolved:
    work = found.work
    precision = setup.currency_precision(owner.currency)
    discount = in_digits(discount, precision)
    # A fixed price has no fee, and neither has what is not charged, whatever its column says (FEE-11, FEE-12).
    no_fee = actual.fee_of and (not chargeable or work.billing_method is BillingMethod.FIXED_PRICE)
    return Resolved(
        company=owner.company,
        project=owner.project,
        contract=owner.contract,
        contract_line=owner.contract_line,
        customer=owner.customer,
        currency=owner.currency,
        billing_method=work.billing_method,
        category=work.category,
        line_property=work.line_property,
        chargeable=chargeable,
        on_invoice=work.rules.on_invoice,
        sales_tax_group=work.sales_tax_group,
        item_sales_tax_group=work.item_sales_tax_group,
        resource=work.names["resource"],
        transaction_date=found.transaction_date,
        accounting_date=found.accounting_date,
        rate=found.rate,
        dimensions=work.dimensions and dict(work.dimensions),
        amount=ZERO if no_fee else in_digits(actual.amount, precision),
        discount=discount,
        accrued_discount=ZERO if setup.parameters(owner.company).line_discount_category else discount,
        worker_dimensions=work.worker_dimensions and dict(work.worker_dimensions),
        origin=actual.origin,
    )


def _cost_adjustment(
    actual: Actual, resolved: Resolved, product: str | None, before: Lineage | None, setup: FinanceSetup
) -> Decimal:
    """What finance's own cost of a stocked item adds to a cost, in its currency (NEW-01).

    A reversal takes back what was added to the posted line, whatever the item costs by now.
    """
    precision = setup.currency_precision(resolved.currency)
    if before and before.cost_adjustment is not None:
        return in_digits(before.cost_adjustment, precision)
    cost = issued_cost(actual, resolved.company, product, resolved.transaction_date, setup)
    if cost is None or precision is None:
        return ZERO
    return round_to(cost / resolved.rate.multiplier, precision) - resolved.amount


def _continued(resolved: Resolved, before: Lineage) -> Resolved:
    """Adds what the posted line hands on, and the line property looked up with it."""
    charges = (before.charge,) if before.charge else ()
    before = replace(before, line_property=resolved.line_property)
    more = {"worker_dimensions": before.worker_dimensions, "charges": charges}
    return continuing(resolved, before, continues=True, **more)
