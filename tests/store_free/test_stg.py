"""An actual seen with the finance set-up: whose it is, its dates and defaults, and why it has to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual, Reference, RowVersion
from project_invoicing.domain.codes import (
    BillingMethod,
    BillingType,
    RejectReason,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.rules.owner import Blocked, Invalid
from project_invoicing.rules.resolution import Resolved, resolve
from tests.builders import REFERENCE_TABLES, guid
from tests.setups import finance_setup

WORK = Actual(
    id="actual-1",
    version=RowVersion(1, "2026-08-27T16:05:00.000Z", "a"),
    transaction_type=TransactionType.UNBILLED_SALES,
    transaction_class=TransactionClass.TIME,
    billing_type=BillingType.CHARGEABLE,
    quantity=Decimal(8),
    price=Decimal(200),
    amount=Decimal(1600),
    start="2026-08-27",
)
FINANCE = finance_setup()


def named(**names: str) -> dict[str, Any]:
    """Columns that look up rows which the set-up's references know by these names."""
    return {column: Reference(REFERENCE_TABLES[column], guid(name)) for column, name in names.items()}


def an_actual(**columns: Any) -> Actual:
    usual = named(project="PRJ-1", contract="CTR-1", contract_line="CTR-1-1", currency="GBP")
    return replace(WORK, **{**usual, **columns})


def resolved(setup: Any = FINANCE, rate: ExchangeRate | None = None, **columns: Any) -> Resolved:
    outcome = resolve(an_actual(**columns), setup, rate)
    assert isinstance(outcome, Resolved), outcome
    return outcome


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_a_row_takes_what_it_needs_from_the_set_up() -> None:
    found = resolved(**named(category="Installation", resource="Bob Kozack"))
    assert (found.company, found.project, found.contract, found.contract_line) == ("USPM", "PRJ-1", "CTR-1", "CTR-1-1")
    assert (found.customer, found.currency, found.category, found.resource) == ("C-001", "GBP", "Labor", "Bob Kozack")
    assert (found.line_property, found.chargeable, found.on_invoice) == ("CHARGE", True, True)
    assert (found.sales_tax_group, found.item_sales_tax_group) == ("DOM", "SERV")
    assert (found.billing_method, found.rate.rate) == (BillingMethod.TIME_AND_MATERIAL, Decimal(125))


@pytest.mark.parametrize(
    ("columns", "contract"),
    [
        pytest.param({"contract": None}, "CTR-1", id="from the project"),
        pytest.param({"project": None}, "CTR-1", id="from the contract"),
    ],
)
def test_a_row_belongs_to_the_company_of_its_project_or_contract(columns: dict[str, Any], contract: str) -> None:
    found = resolved(**columns)
    assert (found.company, found.contract) == ("USPM", contract)


@pytest.mark.parametrize("carried", ["Molly Clark", None])
def test_jrn_17_a_resource_has_the_name_that_came_with_the_row_or_that_of_the_references(carried: str | None) -> None:
    reference = Reference("bookableresource", guid("Bob Kozack"), carried)
    assert resolved(resource=reference).resource == (carried or "Bob Kozack")


# --- why it waits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", list(REFERENCE_TABLES))
def test_a_row_waits_for_a_reference_that_is_unknown(column: str) -> None:
    outcome = resolve(an_actual(**named(**{column: "unknown"})), FINANCE)
    assert isinstance(outcome, Blocked)
    assert outcome.wait.reason is WaitReason.REFERENCE_MISSING
    assert guid("unknown") in outcome.wait.detail


def test_a_row_without_project_and_contract_waits() -> None:
    outcome = resolve(an_actual(project=None, contract=None), FINANCE)
    assert isinstance(outcome, Blocked)
    assert (outcome.company, outcome.wait.reason) == (None, WaitReason.REFERENCE_MISSING)


@pytest.mark.parametrize(
    ("setup", "columns", "reason"),
    [
        pytest.param(
            finance_setup(exchange_rates=[]),
            {"contract": None, **named(currency="GBP")} | {"transaction_type": TransactionType.COST},
            WaitReason.EXCHANGE_RATE_MISSING,
            id="STG-14",
        ),
        pytest.param(
            finance_setup(("transaction_categories.USPM", {})),
            named(category="Installation"),
            WaitReason.CATEGORY_MISSING,
            id="CAT-03",
        ),
        pytest.param(
            finance_setup(("parameters.USPM.category_defaults", {})), {}, WaitReason.CATEGORY_MISSING, id="CAT-02"
        ),
        pytest.param(
            finance_setup(("parameters.USPM.line_property_mapping", {})),
            {},
            WaitReason.LINE_PROPERTY_MISSING,
            id="STG-17",
        ),
        pytest.param(finance_setup(("projects.PRJ-1.open", False)), {}, WaitReason.PROJECT_CLOSED, id="STG-23"),
    ],
)
def test_a_row_waits_for_what_the_set_up_lacks(setup: Any, columns: dict[str, Any], reason: WaitReason) -> None:
    outcome = resolve(an_actual(**columns), setup)
    assert isinstance(outcome, Blocked)
    assert (outcome.wait.reason, outcome.company) == (reason, "USPM")


def test_cat_06_a_milestone_needs_no_category() -> None:
    assert resolved(transaction_class=TransactionClass.MILESTONE).category is None


@pytest.mark.parametrize("currency", [None, Reference("transactioncurrency", guid("CHF"))], ids=["none", "unknown"])
def test_a_currency_that_finance_does_not_have_makes_a_row_invalid(currency: Reference | None) -> None:
    known = finance_setup(("references.transactioncurrency", {guid("CHF"): "CHF"}))
    outcome = resolve(an_actual(currency=currency), known)
    assert isinstance(outcome, Invalid)
    assert (outcome.reason, outcome.field) == (RejectReason.CURRENCY_UNKNOWN, "transactioncurrencyid")


# --- dates and rates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "day"),
    [
        pytest.param({"start": "2026-08-27"}, "2026-08-27", id="bare date"),
        pytest.param({"start": "2026-08-28T03:59:59Z"}, "2026-08-27", id="still the day before in New York"),
        pytest.param({"start": "2026-08-28T04:00:00Z"}, "2026-08-28", id="midnight in New York"),
        pytest.param({"start": None, "document_date": "2026-08-26"}, "2026-08-26", id="document date"),
    ],
)
def test_reg_13_the_transaction_date_is_a_day_at_the_company(columns: dict[str, Any], day: str) -> None:
    found = resolved(**columns)
    assert found.transaction_date == found.accounting_date == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("automatic", "day", "accounting_date"),
    [
        pytest.param(True, "2026-08-27", "2026-08-27", id="open"),
        pytest.param(True, "2026-09-15", "2026-11-01", id="JRN-08 over a period on hold and a closed one"),
        pytest.param(True, "2026-12-01", "2026-12-01", id="JRN-10 no later open period"),
        pytest.param(False, "2026-09-15", "2026-09-15", id="JRN-09"),
    ],
)
def test_an_accounting_date_moves_to_the_next_open_period(automatic: bool, day: str, accounting_date: str) -> None:
    setup = finance_setup(("parameters.USPM.auto_open_period", automatic))
    found = resolved(setup, accounting_date=day)
    assert (found.transaction_date, found.accounting_date) == (date(2026, 8, 27), date.fromisoformat(accounting_date))


@pytest.mark.parametrize(
    ("columns", "rate"),
    [
        pytest.param({}, "125", id="FXR-09 the agreed rate"),
        pytest.param({"transaction_type": TransactionType.BILLED_SALES}, "125", id="FXR-09 billed"),
        pytest.param({"transaction_type": TransactionType.COST}, "140", id="a cost has no agreed rate"),
        pytest.param(
            {"transaction_type": TransactionType.COST, "accounting_date": "2026-07-31"}, "130", id="the day's"
        ),
        pytest.param(named(currency="USD"), "100", id="FXR-14"),
    ],
)
def test_a_row_has_its_exchange_rate(columns: dict[str, Any], rate: str) -> None:
    """Of the accounting date; with periods left as they are."""
    setup = finance_setup(("parameters.USPM.auto_open_period", False))
    assert resolved(setup, **columns).rate.rate == Decimal(rate)


def test_fxr_13_a_reversal_keeps_the_rate_of_its_original() -> None:
    original = ExchangeRate(Decimal(111), Decimal(100))
    assert resolved(rate=original).rate == original


# --- defaults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("billing_type", "transaction_class", "chargeable"),
    [
        pytest.param(BillingType.CHARGEABLE, TransactionClass.TIME, True, id="LP-02"),
        pytest.param(BillingType.NON_CHARGEABLE, TransactionClass.TIME, False, id="LP-03 non-chargeable"),
        pytest.param(BillingType.COMPLIMENTARY, TransactionClass.TIME, False, id="LP-03 complimentary"),
        pytest.param(BillingType.NOT_SPECIFIED, TransactionClass.TIME, False, id="LP-04"),
        pytest.param(BillingType.NOT_SPECIFIED, TransactionClass.MILESTONE, True, id="a milestone is always charged"),
        pytest.param(BillingType.NON_CHARGEABLE, TransactionClass.MILESTONE, False, id="unless it is said not to be"),
    ],
)
def test_what_is_chargeable(billing_type: BillingType, transaction_class: TransactionClass, chargeable: bool) -> None:
    assert resolved(billing_type=billing_type, transaction_class=transaction_class).chargeable is chargeable


@pytest.mark.parametrize(
    ("columns", "group"),
    [
        pytest.param({}, "SERV", id="TAX-07"),
        pytest.param({"transaction_class": TransactionClass.MATERIAL, **named(product="P-100")}, "GOODS", id="TAX-08"),
        pytest.param({"transaction_class": TransactionClass.MILESTONE}, "FULL", id="TAX-10"),
    ],
)
def test_a_row_has_its_item_sales_tax_group(columns: dict[str, Any], group: str) -> None:
    assert resolved(**columns).item_sales_tax_group == group


@pytest.mark.parametrize(
    ("transaction_class", "dimensions"),
    [
        pytest.param(TransactionClass.TIME, {"Project": "P"}, id="DIM-02"),
        pytest.param(TransactionClass.MILESTONE, {"Line": "L"}, id="DIM-03"),
    ],
)
def test_a_row_has_the_dimensions_of_its_project_or_contract_line(
    transaction_class: TransactionClass, dimensions: dict[str, str]
) -> None:
    setup = finance_setup(
        ("projects.PRJ-1.dimensions", {"Project": "P"}), ("contract_lines.CTR-1-1.dimensions", {"Line": "L"})
    )
    assert resolved(setup, transaction_class=transaction_class).dimensions == dimensions


@pytest.mark.parametrize(("day", "waits"), [("2026-08-26", True), ("2026-08-27", True), ("2026-08-28", False)])
def test_stg_22_a_date_up_to_the_beginning_balances_waits(day: str, waits: bool) -> None:
    setup = finance_setup(("parameters.USPM.beginning_balance_date", date(2026, 8, 27)))
    outcome = resolve(an_actual(start=day), setup)
    assert isinstance(outcome, Blocked) is waits
    if isinstance(outcome, Blocked):
        assert (outcome.wait.reason, outcome.company) == (WaitReason.BEGINNING_BALANCE, "USPM")
