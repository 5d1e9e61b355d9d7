"""JRN, NUM-07, INV-19: which journal a line goes to, its number and voucher, its dates, and what stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import JournalStatus, TransactionType
from project_invoicing.domain.journal import Journal
from project_invoicing.rules.journal_lines import needs_no_import
from project_invoicing.rules.journal_pages import Numbers, PagePlan, planned
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.finance import finance
from tests.store_free.journalising import (
    CONTOSO,
    a_row,
    candidate,
    cost,
    discounted,
    judged,
    line,
    looked_up,
    posted,
    sale,
)

ROOM = 100
"""Writes of a transaction."""


def company_with(**parameters: Any) -> FinanceSetup:
    return looked_up(finance(*((f"parameters.USPM.{name}", value) for name, value in parameters.items())))


def plan(
    actuals: list[Actual],
    setup: FinanceSetup = CONTOSO,
    journals: Mapping[str, Journal] | None = None,
    *,
    room: int = ROOM,
    last_journal: int = 0,
    last_voucher: int = 0,
) -> PagePlan:
    """The next transaction of an import of these actuals."""
    found = sorted((candidate(actual, setup) for actual in actuals), key=lambda one: one.order)
    return planned(found, journals or {}, Numbers("USPM", setup, last_journal, last_voucher), room)


def works(count: int) -> list[Actual]:
    return [cost(name=f"work {number}") for number in range(count)]


def draft(lines: int, **columns: Any) -> Journal:
    usual = Journal("USPM", "USPM-000007", JournalStatus.DRAFT, "all", line_count=lines, next_line=lines + 1)
    return replace(usual, **columns)


# --- which journal ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "periods"),
    [
        pytest.param("days", ["2025-12-31", "2026-01-05", "2026-01-20"], id="JRN-01"),
        pytest.param("months", ["2025-12", "2026-01"], id="JRN-02"),
        pytest.param("years", ["2025", "2026"], id="JRN-03"),
        pytest.param("all", ["all"], id="JRN-04"),
    ],
)
def test_there_is_a_journal_for_each_period(unit: str, periods: list[str]) -> None:
    days = ("2026-01-20", "2025-12-31", "2026-01-05")
    made = plan([cost(name=day, start=day) for day in days], company_with(journal_period=unit), last_journal=41)
    assert [segment.journal.period for segment in made.segments] == periods
    assert [one.journal.journal_id for one in made.segments] == [f"USPM-{42 + n:06d}" for n in range(len(periods))]
    assert len(made.lines) == 3


@pytest.mark.parametrize(
    ("journal", "takes"),
    [
        pytest.param(draft(0), True, id="a draft without lines"),
        pytest.param(draft(199), True, id="JRN-06 one line is missing"),
        pytest.param(draft(200), False, id="JRN-06 full"),
        pytest.param(draft(1, status=JournalStatus.PROCESSING), False, id="JRN-05 it is being posted"),
        pytest.param(draft(1, status=JournalStatus.ERROR), False, id="in error"),
        pytest.param(draft(1, original_journal="USPM-000001"), False, id="POST-03 a journal of errors, reset"),
    ],
)
def test_only_a_draft_that_is_not_full_takes_lines(journal: Journal, takes: bool) -> None:
    assert journal.takes_lines(200) is takes


def test_jrn_06_a_journal_takes_two_hundred_lines_unless_the_company_says_otherwise() -> None:
    assert Numbers("USPM", CONTOSO, 0, 0).limit == 200
    assert Numbers("USPM", company_with(journal_line_limit=3), 0, 0).limit == 3


def test_jrn_06_lines_fill_a_journal_up_to_its_limit_and_the_rest_waits_for_the_next_transaction() -> None:
    made = plan(works(5), company_with(journal_line_limit=4), {"all": draft(1)}, last_voucher=10)
    (segment,) = made.segments
    assert (segment.journal.journal_id, segment.new) == ("USPM-000007", False)
    assert [(one.line_number, one.voucher) for one in segment.lines] == [
        (2, "PV-00000011"),
        (3, "PV-00000012"),
        (4, "PV-00000013"),
    ]
    grown = segment.grown("2026-08-28T02:00:00Z")
    assert (grown.line_count, grown.next_line, grown.changed_at) == (4, 5, "2026-08-28T02:00:00Z")
    assert len(made.candidates) == 3


def test_a_page_has_as_many_lines_as_its_transaction_has_room_for() -> None:
    """Ten writes: header and page, the guard of the period, both counters; five rows."""
    made = plan(works(20), room=10)
    assert (len(made.lines), made.new_journals) == (5, 1)
    assert len(plan(works(20), journals={"all": draft(1)}, room=10).lines) == 7


def test_a_row_that_takes_something_back_needs_two_writes() -> None:
    found = candidate(cost("-8", name="back"), original=a_row(cost(name="first")))
    assert (found.writes, candidate(cost()).writes) == (2, 1)
    made = planned([found, found], {"all": draft(1)}, Numbers("USPM", CONTOSO, 0, 0), 6)
    assert len(made.lines) == 1


def test_a_transaction_without_room_for_a_second_journal_ends_with_the_first() -> None:
    """Each new journal is a header, a page and a guard; with one row the second would be the eleventh write."""
    days = company_with(journal_period="days")
    actuals = [cost(name=day, start=day) for day in ("2026-08-26", "2026-08-27")]
    assert [one.journal.period for one in plan(actuals, days, room=9).segments] == ["2026-08-26"]
    assert [one.journal.period for one in plan(actuals, days, room=10).segments] == ["2026-08-26", "2026-08-27"]


def test_jrn_11_inv_19_num_07_each_line_has_the_next_voucher_number_of_its_company() -> None:
    made = plan([*works(3), sale(name="sale")], last_voucher=99)
    assert [one.voucher for one in made.lines] == [f"PV-{number:08d}" for number in range(100, 104)]
    assert [one.line_number for one in made.lines] == [1, 2, 3, 4]


def test_inv_19_lines_on_two_journals_of_one_transaction_share_no_voucher_number() -> None:
    actuals = [cost(name=day, start=day) for day in ("2026-08-26", "2026-08-27")]
    made = plan(actuals, company_with(journal_period="days"))
    assert [(one.line_number, one.voucher) for one in made.lines] == [(1, "PV-00000001"), (1, "PV-00000002")]


def test_costs_stand_before_sales_and_days_in_order_whatever_came_first() -> None:
    actuals = [
        sale(name="late sale"),
        sale(name="early sale", start="2026-08-26"),
        cost(name="late cost"),
        cost(name="early cost", start="2026-08-26"),
    ]
    expected = [guid(name) for name in ("early cost", "early sale", "late cost", "late sale")]
    for some in (actuals, actuals[::-1]):
        assert [one.actual_id for one in plan(some).lines] == expected


@pytest.mark.parametrize(
    ("actual", "said"),
    [
        pytest.param(cost(skip_sync=True), "its skip sync was set after it had been imported", id="SKIP"),
        pytest.param(
            sale(transaction_class="tax"),
            "sales tax is computed by finance; tax actuals are not imported",
            id="CLS-12",
        ),
        pytest.param(cost(), None, id="work"),
    ],
)
def test_what_never_becomes_a_line_says_why(actual: Actual, said: str | None) -> None:
    assert needs_no_import(actual, CONTOSO) == said


# --- dates ------------------------------------------------------------------------------------------------------------


def periods(**statuses: str) -> list[dict[str, str]]:
    days = {
        "aug": ("2026-08-01", "2026-08-31"),
        "sep": ("2026-09-01", "2026-09-30"),
        "oct": ("2026-10-01", "2026-10-31"),
    }
    return [{"start": days[name][0], "end": days[name][1], "status": status} for name, status in statuses.items()]


def with_periods(automatic: bool, **statuses: str) -> FinanceSetup:
    of_company = {"USPM": periods(**statuses)} if statuses else {}
    return looked_up(finance(("parameters.USPM.auto_open_period", automatic), fiscal_periods=of_company))


def test_jrn_07_a_line_has_its_transaction_date_and_its_accounting_date() -> None:
    made = line(cost(accounting_date="2026-08-31"))
    assert (made.transaction_date, made.accounting_date) == (date(2026, 8, 27), date(2026, 8, 31))


@pytest.mark.parametrize(
    ("automatic", "statuses", "accounting_date"),
    [
        pytest.param(True, {"aug": "open", "sep": "open"}, date(2026, 8, 27), id="JRN-08 its period is open"),
        pytest.param(True, {"aug": "closed", "sep": "open"}, date(2026, 9, 1), id="JRN-08, INV-18"),
        pytest.param(
            True, {"aug": "closed", "sep": "on_hold", "oct": "open"}, date(2026, 10, 1), id="JRN-08, JRN-18 on hold"
        ),
        pytest.param(True, {"aug": "closed"}, date(2026, 8, 27), id="JRN-10 there is no later one"),
        pytest.param(False, {"aug": "closed", "sep": "open"}, date(2026, 8, 27), id="JRN-09"),
    ],
)
def test_an_accounting_date_moves_where_the_company_wants_it(
    automatic: bool, statuses: dict[str, str], accounting_date: date
) -> None:
    setup = with_periods(automatic, **statuses)
    made = line(cost(), setup)
    assert (made.transaction_date, made.accounting_date) == (date(2026, 8, 27), accounting_date)
    voucher = posted(cost(), setup).voucher
    is_open = setup.period_is_open("USPM", accounting_date)
    assert (voucher.accounting_date if voucher else None) == (accounting_date if is_open else None)


@pytest.mark.parametrize(
    ("automatic", "words"), [pytest.param(False, "for", id="JRN-09"), pytest.param(True, "in or after", id="JRN-10")]
)
@pytest.mark.parametrize("statuses", [{}, {"aug": "closed"}, {"aug": "on_hold"}])
def test_a_line_in_a_closed_period_says_what_is_wrong(automatic: bool, words: str, statuses: dict[str, str]) -> None:
    one = posted(cost(), with_periods(automatic, **statuses))
    assert one.voucher is None
    assert one.line.error == (
        f"period_closed: no open fiscal period was found {words} the specified accounting date 2026-08-27"
    )


def test_jrn_09_a_line_whose_period_was_closed_since_its_import_is_not_moved_by_its_posting() -> None:
    one = judged(line(cost()), with_periods(True, aug="closed", sep="open"))
    assert (one.line.error or "").startswith("period_closed: ")


# --- what stands on a line --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actual", "figures"),
    [
        (cost("8", "100"), ("100", "800.00", "0", "0")),
        (sale("8", "200"), ("0", "0", "200", "1600.00")),
    ],
    ids=["cost", "sale"],
)
def test_jrn_15_a_line_is_a_cost_or_a_sale(actual: Actual, figures: tuple[str, ...]) -> None:
    made = line(actual)
    found = (made.unit_cost, made.cost_amount, made.unit_price, made.sales_amount)
    assert found == tuple(map(Decimal, figures))
    assert made.amount == actual.amount


@pytest.mark.parametrize(
    ("kind", "amount"),
    [
        (TransactionType.COST, 800),
        (TransactionType.RESOURCING_UNIT_COST, 800),
        (TransactionType.UNBILLED_SALES, 0),
        (TransactionType.INTER_ORGANIZATIONAL_SALES, 0),
    ],
)
def test_jrn_15_the_amount_of_a_line_is_its_cost_or_its_sales_amount(kind: TransactionType, amount: int) -> None:
    assert replace(line(cost()), kind=kind).amount == amount


def test_jrn_15_a_sale_has_tax_groups_and_a_cost_has_none() -> None:
    taxed = looked_up(finance(("customers.USPM.C-001.sales_tax_group", "DOM")))
    made = {make: line(make(), taxed) for make in (cost, sale)}
    assert (made[sale].sales_tax_group, made[sale].item_sales_tax_group) == ("DOM", "SERV")
    assert (made[cost].sales_tax_group, made[cost].item_sales_tax_group) == (None, None)


def test_tax_06_tax_08_a_material_sale_has_the_tax_group_of_its_product() -> None:
    taxed = looked_up(finance(("customers.USPM.C-001.sales_tax_group", "DOM")))
    assert line(sale(transaction_class="material", product="P-100"), taxed).item_sales_tax_group == "GOODS"


def test_jrn_17_the_resource_is_shown_by_name() -> None:
    assert line(cost(resource="Julia Funderburk")).resource == "Julia Funderburk"


@pytest.mark.parametrize(
    ("discount_category", "amount"),
    [pytest.param(None, "1500", id="FEE-06 net"), pytest.param("Fee", "1600", id="gross")],
)
def test_a_discount_is_accrued_as_the_company_posts_discounts(discount_category: str | None, amount: str) -> None:
    document = finance(*([("parameters.USPM.line_discount_category", discount_category)] if discount_category else []))
    document["ledger_posting"]["USPM"].append({"posting_type": "discount", "account": "411900"})
    made = line(sale(**discounted("100")), looked_up(document))
    assert made.sales_amount == Decimal(amount)


@pytest.mark.parametrize("was", ["1600", "1500"])
def test_fee_10_a_reversal_takes_its_discount_off_where_its_original_did(was: str) -> None:
    """Whatever the company does by now: what was accrued gross comes back gross."""
    first = sale(**discounted("100"), name="first")
    before = replace(line(first), sales_amount=Decimal(was))
    back = sale("-8", **discounted("-100"), name="back")
    found = candidate(back, original=a_row(first), reverses=before)
    assert found.resolved.amount - found.resolved.accrued_discount == -Decimal(was)
