"""NEW: what newer versions of the other side do, as far as import, posting and write-back meet it.

A case of material is 10 pieces at 10.00, which Dataverse costs at 100.00; finance's inventory issues them for 104.00.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import actual_write_back, to_actual
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import ConnectionRole, CostOrigin, TransactionType
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.named import Named
from project_invoicing.rules.journal_posting import PostedLine
from project_invoicing.rules.line_dates import dates
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.rules.write_back import actual_of_journal
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.problems import problems
from project_invoicing.store.lineage_columns import lineage_in, lineage_text
from tests.builders import actual as sent
from tests.builders import guid
from tests.rules.finance import ACCOUNTS, finance
from tests.store_free.journalising import (
    CONTOSO,
    EXPENSE,
    MATERIAL,
    an_actual,
    as_posted,
    cost,
    entries,
    line,
    looked_up,
    posted,
    sale,
)
from tests.store_free.lending import between_companies
from tests.store_free.proposing import a_row, a_sale, planned, reasons

STOCKED: dict[str, Any] = {**MATERIAL, "product": "P-100", "resource": None}
USED: dict[str, Any] = {**STOCKED, "origin": CostOrigin.USAGE}
BOUGHT: dict[str, Any] = {"origin": CostOrigin.VENDOR_INVOICE}


@pytest.fixture
def overridden(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Names columns of table maps as an organization does."""

    def name(**maps: dict[str, str]) -> None:
        monkeypatch.setenv(OVERRIDES_VARIABLE, json.dumps(maps))
        table_maps.cache_clear()

    yield name
    monkeypatch.undo()
    table_maps.cache_clear()


def stock(*costs: tuple[str, str], **keys: Any) -> FinanceSetup:
    """``costs``: from which day on a piece of P-100 costs how much."""
    listed = [{"company": "USPM", "product": "P-100", "valid_from": day, "unit_cost": unit} for day, unit in costs]
    made = finance(("products.P-100", {}), item_costs=listed, **keys)
    made["references"].setdefault("product", {})[guid("P-100")] = "P-100"
    made["ledger_posting"]["USPM"].append({"posting_type": "procurement_integration", "account": "200140"})
    return looked_up(made)


AVERAGE = stock(("2026-01-01", "9.00"), ("2026-08-27", "10.40"), ("2026-08-28", "11.00"))


def amounts(one: PostedLine) -> list[str]:
    return [amount for _, _, amount in entries(one)]


# --- stocked items ----------------------------------------------------------------------------------------------------


def test_new_01_a_stocked_item_costs_what_finance_issues_it_for_and_the_difference_is_written_back() -> None:
    one = posted(cost("10", "10", **STOCKED), AVERAGE)
    assert amounts(one) == ["104.00", "-104.00"]
    assert [str(one.line.unit_cost), str(one.line.cost_amount), str(one.line.cost_adjustment)] == [
        "10.400000",
        "104.00",
        "4.00",
    ]
    values = actual_of_journal(one.line)
    assert (values["accounting_amount"], values["adjustment_value"], values["extended_amount"]) == (104, 4, 104)


@pytest.mark.parametrize(
    ("actual", "setup"),
    [
        pytest.param(cost("10", "10", **STOCKED), CONTOSO, id="without a cost of finance"),
        pytest.param(cost("10", "10", **STOCKED), stock(("2026-08-28", "10.40")), id="before its first day"),
        pytest.param(cost("10", "10", **STOCKED, **BOUGHT), AVERAGE, id="bought for the project"),
        pytest.param(cost("10", "10", **EXPENSE, product="P-100", resource=None), AVERAGE, id="no material"),
        pytest.param(cost("10", "10", **STOCKED), stock(("2026-08-27", "10")), id="the same cost"),
    ],
)
def test_new_01_anything_else_costs_what_dataverse_says(actual: Actual, setup: FinanceSetup) -> None:
    if setup is CONTOSO:
        actual = replace(actual, product=None)
    one = posted(actual, setup)
    assert amounts(one) == ["100.00", "-100.00"]
    assert "adjustment_value" not in actual_of_journal(one.line)


@pytest.mark.parametrize("origin", [STOCKED, USED], ids=["no origin", "usage"])
def test_new_01_a_correction_takes_back_what_was_posted_whatever_the_item_costs_by_now(origin: dict[str, Any]) -> None:
    original = as_posted(cost("10", "10", name="first", **origin), AVERAGE)
    dearer = stock(("2026-01-01", "99.00"))
    back = posted(cost("-10", "10", name="back", **origin), dearer, original)
    assert amounts(back) == ["-104.00", "104.00"]
    assert actual_of_journal(back.line)["adjustment_value"] == -4


def test_new_01_a_part_takes_back_its_part() -> None:
    original = as_posted(cost("10", "10", name="first", **STOCKED), AVERAGE)
    back = posted(cost("-4", "10", name="back", **STOCKED), AVERAGE, original)
    assert (amounts(back), back.line.cost_adjustment) == (["-41.60", "41.60"], Decimal("-1.60"))


def test_new_01_what_was_posted_before_finance_told_a_cost_is_taken_back_without_it() -> None:
    original = as_posted(cost("10", "10", name="first", **STOCKED), stock())
    assert amounts(posted(cost("-10", "10", name="back", **STOCKED), AVERAGE, original)) == ["-100.00", "100.00"]


def test_new_01_an_account_that_asks_for_more_by_now_takes_back_the_adjusted_cost() -> None:
    original = as_posted(cost("10", "10", name="first", **STOCKED), AVERAGE)
    rules = {"USPM": [{"account": ACCOUNTS["cost"], "required": ["Branch"]}]}
    strict = stock(("2026-01-01", "10.40"), account_structures=rules)
    assert amounts(posted(cost("-10", "10", name="back", **STOCKED), strict, original)) == ["-104.00", "104.00"]


def test_new_01_finances_cost_is_in_accounting_currency() -> None:
    """104.00 dollars at 1.30 are 80.00 pounds."""
    one = posted(cost("10", "7", currency="GBP", **STOCKED), AVERAGE)
    assert [str(one.line.cost_amount), str(one.line.cost_adjustment), amounts(one)[0]] == ["80.00", "10.00", "104.00"]


def test_new_01_what_a_posted_line_hands_on_keeps_the_adjustment_and_a_line_that_replaces_it_does_not() -> None:
    handed_on = Lineage(category="Material", cost_adjustment=Decimal("4.00"))
    assert lineage_in(lineage_text(handed_on, None, None), None, None) == handed_on
    assert handed_on.handed_on() == Lineage(category="Material")


def test_new_01_the_columns_are_written_where_the_organization_names_them(overridden: Callable[..., None]) -> None:
    values = actual_of_journal(posted(cost("10", "10", **STOCKED), AVERAGE).line)
    assert not {"cr_adjustment", "cr_extended"} & actual_write_back(**values).keys()
    overridden(actuals_write_back={"adjustment_value": "cr_adjustment", "extended_amount": "cr_extended"})
    written = actual_write_back(**values)
    assert (written["cr_adjustment"], written["cr_extended"]) == (Decimal("4.00"), Decimal("104.00"))


def test_new_01_two_costs_of_an_item_on_one_day_are_refused() -> None:
    twice = [{"company": "USPM", "product": "P-100", "valid_from": "2026-01-01", "unit_cost": cost} for cost in "12"]
    (problem,) = problems(finance(item_costs=twice))
    assert problem.startswith("item_costs[1]: ")


# --- vendor invoices, corrections and general journals ----------------------------------------------------------------


def test_new_02_a_subcontractors_invoice_takes_the_place_of_the_cost_that_was_expected() -> None:
    setup = stock()
    original = as_posted(cost(name="expected"), setup)
    balances: dict[str, Decimal] = {}
    for one in (
        posted(cost(name="expected"), setup),
        posted(cost("-8", name="back"), setup, original),
        posted(cost("1", "850", name="confirmed", **BOUGHT), setup),
    ):
        for _, account, amount in entries(one):
            balances[account] = balances.get(account, Decimal()) + Decimal(amount)
    assert balances == {"540100": 850, "600300": 0, "200140": -850}


def test_new_06_a_correction_in_another_unit_is_taken_back_and_billed_by_its_amounts() -> None:
    original = as_posted(sale(name="hours", unit="hour"))
    back = posted(sale("-8", name="back", unit="hour"), CONTOSO, original)
    anew = posted(sale("1", "1600", name="day", unit="day"))
    assert (amounts(back), amounts(anew)) == (["-1600.00", "1600.00"], ["1600.00", "-1600.00"])
    in_days = posted(sale("-1", "1600", name="back", unit="day"), CONTOSO, original)
    assert amounts(in_days) == amounts(back)


def test_new_06_the_unit_of_a_billed_line_is_not_that_of_its_unbilled_one() -> None:
    hours = a_sale()
    hours = replace(hours, actual=replace(hours.actual, unit="hour", quantity=Decimal(8), price=Decimal(200)))
    day = a_row("day", unit="day", links={ConnectionRole.UNBILLED: "hours"})
    found = planned(day, linked={"hours": hours})
    assert (reasons(found), [(str(made.amount), made.unit) for _, made in found.lines]) == (
        [],
        [("1600", Named("day"))],
    )


@pytest.mark.parametrize("kind", [TransactionType.RESOURCING_UNIT_COST, TransactionType.INTER_ORGANIZATIONAL_SALES])
def test_new_07_a_pair_that_a_cancelled_vendor_invoice_makes_anew_leaves_the_old_one_at_zero(
    kind: TransactionType,
) -> None:
    setup = looked_up(between_companies())

    def lent(name: str, quantity: str = "10", price: str = "88") -> Actual:
        return an_actual(kind, quantity, price, name=name, resource="Molly Clark", currency="GBP")

    first = as_posted(lent("old"), setup)
    back = posted(lent("back", "-10"), setup, replace(first, company="GBPM"))
    anew = posted(lent("anew", "10", "90"), setup)
    assert amounts(back) == ["-880.00", "880.00"]
    assert amounts(anew) == ["900.00", "-900.00"]


def test_new_08_a_sale_is_accrued_as_it_came_whatever_tax_the_vendor_charged_for_its_cost() -> None:
    assert amounts(posted(cost("1", "960", **BOUGHT), stock())) == ["960.00", "-960.00"]
    assert amounts(posted(sale("1", "800", **MATERIAL), stock())) == ["800.00", "-800.00"]


def test_new_09_a_sale_of_a_general_journal_has_its_resource_and_no_cost() -> None:
    made = line(sale(resource="Molly Clark"))
    assert (made.resource, str(made.cost_amount)) == ("Molly Clark", "0")
    assert amounts(posted(sale(resource="Molly Clark"))) == ["1600.00", "-1600.00"]


# --- in any order -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "reason"),
    [
        pytest.param((), "billed_sales_mismatch", id="NEW-05 the header first"),
        pytest.param(("one",), "billed_sales_mismatch", id="NEW-05 a part of the actuals"),
        pytest.param(("one", "two"), None, id="NEW-05 all of them"),
    ],
)
def test_a_proposal_waits_until_all_its_actuals_are_there(came: tuple[str, ...], reason: str | None) -> None:
    found = planned(*(a_row(name, "800") for name in came), total="1600")
    assert reasons(found) == ([reason] if reason else [])


# --- dimensions by a source -------------------------------------------------------------------------------------------

BY_LINE = {"company": "USPM", "project_group": "TM", "source": "contract_line"}
BY_PROJECT = {"company": "USPM", "project_group": "TM", "source": "project"}
MILESTONE: dict[str, Any] = {"transaction_class": "milestone"}


def ruled(*rules: dict[str, Any]) -> FinanceSetup:
    return looked_up(
        finance(
            ("projects.PRJ-1.dimensions", {"CostCenter": "100"}),
            ("projects.PRJ-INT", {"company": "USPM", "group": "TM", "dimensions": {"CostCenter": "100"}}),
            ("contract_lines.CTR-1-1.dimensions", {"CostCenter": "200"}),
            dimension_rules=list(rules),
        )
    )


INTERNAL: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}


@pytest.mark.parametrize(
    ("rules", "actual", "center"),
    [
        pytest.param([], sale(), "100", id="NEW-04 without a rule"),
        pytest.param([BY_LINE], sale(), "200", id="NEW-04, 99-36 the contract line of time"),
        pytest.param([BY_LINE], cost(**MATERIAL), "200", id="NEW-04 the contract line of material"),
        pytest.param([BY_LINE], cost(**INTERNAL), "100", id="NEW-04 no contract"),
        pytest.param([BY_PROJECT], sale(**MILESTONE), "100", id="NEW-04 the project of a milestone"),
        pytest.param(
            [BY_LINE, {"company": "USPM", "category": "Travel", "dimensions": {"CostCenter": "300"}}],
            sale(**EXPENSE),
            "300",
            id="NEW-04, 99-36 values by a more specific rule",
        ),
    ],
)
def test_a_rule_may_name_where_dimensions_come_from(rules: list[Any], actual: Actual, center: str) -> None:
    found = resolve(actual, ruled(*rules))
    assert isinstance(found, Resolved)
    assert found.dimensions == {"CostCenter": center}


@pytest.mark.parametrize("given", [{}, {"dimensions": {"CostCenter": "1"}, "source": "project"}])
def test_new_04_a_rule_gives_values_or_a_source(given: dict[str, Any]) -> None:
    (problem,) = problems(finance(dimension_rules=[{"company": "USPM", **given}]))
    assert problem == "dimension_rules[0]: give either dimensions or source"


# --- numbers and dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "day"),
    [
        pytest.param({"cr_workday": "2026-08-27"}, date(2026, 8, 27), id="NEW-11 in a column of its own"),
        pytest.param({"cr_workday": None}, date(2026, 8, 26), id="NEW-11 not there"),
    ],
)
def test_a_work_date_may_come_as_a_calendar_date(
    given: dict[str, Any], day: date, overridden: Callable[..., None]
) -> None:
    """What is early on the 27th in London is late on the 26th in New York."""
    overridden(actuals={"tza_start": "cr_workday"})
    (event,) = row_events(sent("work", msdyn_startdatetime="2026-08-27T01:00:00Z", **given), "2026-08-31T13:00:00Z")
    assert dates(to_actual(RowEvent.read(event.detail)), "USPM", CONTOSO)[0] == day
