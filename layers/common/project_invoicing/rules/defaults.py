"""The set-up's values for a line that continues no posted line, and the reasons to keep it out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, Protocol

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import ON_ACCOUNT, PURCHASES, TransactionClass, TransactionType, WaitReason
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.rules.owner import Owner
from project_invoicing.rules.profiles import group_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import LineProperty
from project_invoicing.setup.models.dimensions import DimensionSource

_SALES = frozenset(
    {TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES, TransactionType.INTER_ORGANIZATIONAL_SALES}
)


TAGS: Final = "tags"
"""The custom column of an actual that has all financial tags; ``tags.LABEL`` is one that has a single one (TAG-06)."""


def tags_in_columns(actual: Actual, company: str, setup: FinanceSetup) -> tuple[dict[str, str], str | None]:
    """The financial tags in the columns of an actual, and the column with a value that no tag can have, if any.

    A column of a single tag goes before the one that has all of them.
    """
    known = setup.tags_of(company)
    if known is None:
        return {}, None
    every = (actual.custom.get(TAGS) or "").split(known.delimiter)
    if len(every) > len(known.tags):
        return {}, TAGS
    found: dict[str, str] = {}
    for nth, tag in enumerate(known.tags):
        name = f"{TAGS}.{tag.label}"
        single = actual.custom.get(name)
        if single and known.delimiter in single:
            return {}, name
        value = (single or (every[nth] if nth < len(every) else "")).strip()
        if value and tag.active:
            found[tag.label] = value
    return found, None


class Tagged(Protocol):
    """What rules for financial tags ask of a line."""

    @property
    def customer(self) -> str | None: ...
    @property
    def contract(self) -> str | None: ...
    @property
    def project(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def resource(self) -> str | None: ...


def ruled_tags(
    line: Tagged, tags: Mapping[str, str] | None, company: str, setup: FinanceSetup
) -> dict[str, str] | None:
    """The ``tags`` of a line with what the rules give it (TAG-07); a value stays where its rule does not overwrite."""
    found = dict(tags or {})
    names = {name: getattr(line, name) for name in ("customer", "contract", "project", "category", "resource")}
    for rule in setup.ruled_tags(company, **names):
        if rule.overwrite or rule.label not in found:
            found[rule.label] = rule.value
    return found or None


def price_rate(actual: Actual, owner: Owner, on: date, setup: FinanceSetup) -> ExchangeRate | None:
    """The exchange rate of the day; for sales the contract's fixed rate first (FXR-07, FXR-09, FXR-14)."""
    contract = owner.contract if actual.transaction_type in _SALES and not owner.intercompany else None
    return setup.price_rate(contract, owner.currency, owner.company, on)


def category_problem(
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


def line_property(
    actual: Actual, company: str, setup: FinanceSetup, before: Lineage | None
) -> tuple[str, LineProperty] | None:
    """The line property of the continued line, while one of that name exists; else the mapped one."""
    name = before.line_property if before else None
    known = setup.document.line_properties.get(name or "")
    return (name, known) if name and known else setup.line_property(company, actual.billing_type)


def not_of_an_investment(actual: Actual, owner: Owner, setup: FinanceSetup) -> Wait | None:
    """Why a row waits: it is a sale, or work of a contract, and its project is an investment project (IVP-01).

    Between companies it is the lender's sale, which the borrower is billed for and not a customer.
    """
    project = None if owner.intercompany else setup.project(owner.company, owner.project)
    if project is None or not project.investment or not (owner.contract or actual.transaction_type in _SALES):
        return None
    blocker = row_blocker(actual.project.entity, actual.project.id) if actual.project else None
    what = f"contract {owner.contract}" if owner.contract else str(actual.transaction_type).replace("_", " ")
    detail = f"project {owner.project} is an investment project, which has no contract and no sales; this has {what}"
    return Wait(WaitReason.INVESTMENT_PROJECT, detail, actual.id, blocker=blocker)


def closed(actual: Actual, owner: Owner, transaction_date: date, setup: FinanceSetup) -> Wait | None:
    """Why a row waits: its project takes no transactions (STG-23), or its date is before the opening date (STG-22)."""
    project = setup.project(owner.works_for, owner.project)
    if project and not project.open:
        blocker = row_blocker(actual.project.entity, actual.project.id) if actual.project else None
        detail = f"project {owner.project} is not open for transactions"
        return Wait(WaitReason.PROJECT_CLOSED, detail, actual.id, blocker=blocker)
    before = setup.parameters(owner.company).beginning_balance_date
    if before and transaction_date <= before:
        detail = f"{transaction_date} is not after the beginning balances of {before}"
        return Wait(WaitReason.BEGINNING_BALANCE, detail, actual.id)
    return None


def sales_tax_group(owner: Owner, setup: FinanceSetup) -> str | None:
    """TAX-01 to TAX-06; between companies, the group of the intercompany customer (TAX-13, TAX-14)."""
    if owner.intercompany:
        customer = setup.customer(owner.company, owner.customer)
        own = customer.sales_tax_group if customer else None
        return own or setup.document.defaults.sales_tax_groups.get(owner.company)
    return setup.sales_tax_group(owner.company, owner.project, owner.contract, owner.customer)


def issued_cost(actual: Actual, company: str, product: str | None, on: date, setup: FinanceSetup) -> Decimal | None:
    """What finance's inventory issues the material of a cost for, in accounting currency (NEW-01).

    ``None`` where it says nothing. What was bought for the project costs what it was bought for.
    """
    of_stock = actual.transaction_class is TransactionClass.MATERIAL and actual.origin not in PURCHASES
    if actual.transaction_type is not TransactionType.COST or not of_stock:
        return None
    unit_cost = setup.item_cost(company, product, on)
    return None if unit_cost is None else unit_cost * actual.quantity


def dimensions(
    owner: Owner, category: str | None, resource: str | None, on_account: bool, setup: FinanceSetup
) -> dict[str, str] | None:
    """By rule (DIM-07); else the intercompany customer's (DIM-12), contract line's (DIM-03), project's (DIM-02).

    A rule may also say which of the latter two it is (NEW-04).
    """
    ruled = setup.ruled_dimensions(
        owner.company,
        customer=owner.customer,
        contract=owner.contract,
        project_group=group_of(owner.works_for, owner.project, owner.contract, owner.contract_line, setup),
        project=owner.project,
        category=category,
        resource=resource,
    )
    if isinstance(ruled, dict):
        return ruled or None
    if ruled is None and owner.intercompany:
        customer = setup.customer(owner.company, owner.customer)
        return dict(customer.dimensions) or None if customer else None
    by_line = on_account if ruled is None else ruled is DimensionSource.CONTRACT_LINE
    if by_line and owner.contract_line:
        line = setup.contract_line(owner.works_for, owner.contract_line)
        return dict(line.dimensions) or None if line else None
    project = setup.project(owner.works_for, owner.project)
    return dict(project.dimensions) or None if project else None
