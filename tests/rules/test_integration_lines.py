"""IWS: posted expenses and vendor invoice lines beside what our journals cleared of their accounts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.dataverse.api import AccessDenied, FoundRow
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from project_invoicing.domain.integration_lines import IntegrationBalances, LineState
from project_invoicing.domain.reconciliation import CHECKS, Check, Repair
from project_invoicing.domain.tables import ACTUAL, EXPENSE, ORIGIN, VENDOR_INVOICE_LINE
from project_invoicing.use_cases.reconciliation.books import Books as ReadBooks
from project_invoicing.use_cases.reconciliation.integration import OtherSide, differences, report_of
from project_invoicing.use_cases.reconciliation.watch import Watch
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.journals.cases import custom_columns
from tests.rules.stories import cost, reverses
from tests.rules.test_reconciliation import Side

BOUGHT: dict[str, Any] = {"transaction_class": "material", "cr123_origin": "vendor_invoice", "resource": None}
REPORTED: dict[str, Any] = {"transaction_class": "expense", "cr123_origin": "expense_report"}


def with_accounts() -> dict[str, Any]:
    """Contoso with both integration accounts; its first open period begins in August."""
    made = finance(
        (
            "fiscal_periods.USPM",
            [
                {"start": "2026-01-01", "end": "2026-07-31", "status": "closed"},
                {"start": "2026-08-01", "end": "2026-12-31", "status": "open"},
            ],
        )
    )
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "procurement_integration", "account": "200140"},
        {"posting_type": "expense_integration", "account": "200150"},
    ]
    return made


@pytest.fixture
def side(books: Books) -> Iterator[Side]:
    books.use(with_accounts())
    with custom_columns():
        yield Side(books)


@contextmanager
def mapped(**maps: dict[str, str]) -> Iterator[None]:
    """The organization names columns of these maps."""
    with patch.dict(os.environ, {OVERRIDES_VARIABLE: json.dumps(maps)}):
        table_maps.cache_clear()
        yield
    table_maps.cache_clear()


def line(side: Side, entity: str, name: str, amount: str, *, project: str = "PRJ-1", **columns: Any) -> None:
    """Finance posts a line, and Dataverse has it."""
    row = {
        "msdyn_project": {"entity": "msdyn_project", "id": guid(project)},
        "transactioncurrencyid": {"entity": "transactioncurrency", "id": guid(columns.pop("currency", "USD"))},
        "msdyn_amount": amount,
        **columns,
    }
    side.dataverse._put(FoundRow(entity, guid(name), 1, side.books.world.at, row))


def origin(side: Side, entity: str, name: str, actual: str, kind: str = ACTUAL) -> None:
    """An actual comes from a line."""
    row = {
        "msdyn_origin": guid(name),
        "msdyn_origintype": entity,
        "msdyn_transaction": guid(actual),
        "msdyn_transactiontype": kind,
    }
    side.dataverse._put(FoundRow(ORIGIN, guid(f"{name} to {actual}"), 1, side.books.world.at, row))


def billed(side: Side, name: str, amount: str, *actuals: str, **columns: Any) -> None:
    """A line of a vendor invoice, and the actuals that come from it."""
    line(side, VENDOR_INVOICE_LINE, name, amount, **{"msdyn_invoicedate": "2026-08-27", **columns})
    for actual in actuals:
        origin(side, VENDOR_INVOICE_LINE, name, actual)


def spent(side: Side, name: str, amount: str, *actuals: str, **columns: Any) -> None:
    line(side, EXPENSE, name, amount, **{"msdyn_transactiondate": "2026-08-27", "msdyn_name": name, **columns})
    for actual in actuals:
        origin(side, EXPENSE, name, actual)


def compared(side: Side, *, connected: bool = True) -> IntegrationBalances:
    api = side.dataverse if connected else None
    watch = Watch(lambda: True)
    stores, at = side.stores, side.books.world.at
    books = ReadBooks(stores, {name: Check(name) for name in CHECKS}, watch, at)
    books.read()
    return OtherSide(api, books, watch, at).compare()


def states(found: IntegrationBalances) -> dict[str, tuple[str, str]]:
    """State and what is left of each line."""
    return {one.id: (str(one.state), str(one.difference)) for one in found.lines}


def test_iws_01_iws_02_what_is_unreconciled_is_told_by_its_reason_with_number_and_amount(side: Side) -> None:
    side.arrive(cost("steel", "3", **BOUGHT))
    side.books.journalise()
    side.arrive(cost("bolts", "5", **BOUGHT))
    side.books.import_staging()
    billed(side, "line 300", "300", "steel")
    billed(side, "line 500", "500", "bolts")
    billed(side, "line 200", "200")
    billed(side, "of nobody here", "900", project="PRJ-X")
    found = compared(side)
    draft = side.books.row("bolts")["journal_id"]
    assert states(found) == {
        guid("line 300"): ("reconciled", "0.00"),
        guid("line 500"): ("missing_journal_line", "500.00"),
        guid("line 200"): ("missing_actual", "200.00"),
    }
    sums = {(str(one.state), one.lines): str(one.amount) for one in found.sums()}
    assert sums == {
        ("reconciled", 1): "300.00",
        ("missing_journal_line", 1): "500.00",
        ("missing_actual", 1): "200.00",
    }
    assert sum(one.difference for one in found.unreconciled) == Decimal("700.00")
    (waits,) = [one for one in found.lines if one.state is LineState.MISSING_JOURNAL_LINE]
    assert waits.detail == f"its cost is on journal {draft}, which is not posted"


def test_iws_01_non_recoverable_tax_is_part_of_the_cost_and_a_taken_back_one_is_not_cleared(
    side: Side,
) -> None:
    side.arrive(cost("trip", "1", "110", **REPORTED), cost("hotel", "1", "90", **REPORTED))
    side.books.journalise()
    side.arrive(cost("back", "-1", "90", **REPORTED), reverses("back", "hotel"))
    side.books.journalise()
    spent(side, "the trip", "100", "trip", cr123_tax="10")
    spent(side, "the hotel", "90", "hotel")
    with mapped(expenses={"tax": "cr123_tax"}):
        found = compared(side)
    assert states(found) == {
        guid("the trip"): ("reconciled", "0.00"),
        guid("the hotel"): ("not_cleared", "90.00"),
    }


def test_iws_05_an_amount_that_differs_is_listed_with_the_difference(side: Side) -> None:
    """100 pounds: finance posted 110.00, our journal converts them with 1.30."""
    side.arrive(cost("trip", "1", "100", currency="GBP", **REPORTED))
    side.books.journalise()
    spent(side, "the trip", "100", "trip", currency="GBP", cr123_posted="129.50")
    with mapped(expenses={"accounting_amount": "cr123_posted"}):
        (one,) = compared(side).unreconciled
    assert (one.state, one.theirs, one.ours, one.difference) == (
        LineState.AMOUNT_DIFFERS,
        Decimal("129.50"),
        Decimal("130.00"),
        Decimal("-0.50"),
    )
    assert (one.number, one.project, one.actual_id) == ("the trip", "PRJ-1", guid("trip"))
    assert states(compared(side)) == {guid("the trip"): ("reconciled", "0.00")}


def test_iws_03_only_lines_from_the_first_open_period_until_today_are_compared(side: Side) -> None:
    spent(side, "before", "100", msdyn_transactiondate="2026-07-31")
    spent(side, "first day", "100", msdyn_transactiondate="2026-08-01")
    spent(side, "tomorrow", "100", msdyn_transactiondate="2026-09-30")
    billed(side, "no date", "50", msdyn_invoicedate=None)
    found = compared(side)
    assert set(states(found)) == {guid("first day"), guid("no date")}
    assert (str(found.intervals["USPM"].first), str(found.intervals["USPM"].last)) == ("2026-08-01", "2026-08-31")


def test_iws_01_what_a_journal_cleared_and_no_line_of_the_other_side_posted_is_missing_there(side: Side) -> None:
    side.arrive(cost("steel", "3", **BOUGHT))
    side.books.journalise()
    (one,) = compared(side).unreconciled
    assert (one.state, one.id, one.difference) == (LineState.MISSING_LINE, guid("steel"), Decimal("-300.00"))


def test_iws_04_without_the_other_sides_lines_there_is_no_balance(side: Side) -> None:
    side.arrive(cost("steel", "3", **BOUGHT))
    side.books.journalise()
    alone = compared(side, connected=False)
    assert (alone.lines, alone.not_read) == (
        [],
        "no Dataverse is connected, so that only our side is known: it is no balance",
    )

    def denied(*_: object) -> object:
        raise AccessDenied("no privilege to read msdyn_expenses")

    side.dataverse.every = denied  # type: ignore[assignment,method-assign]
    refused = compared(side)
    assert refused.lines == []
    assert "no privilege to read msdyn_expenses" in str(refused.not_read)


def test_iws_06_a_repair_asks_dataverse_for_the_missing_cost_and_the_import_for_one_that_waits(side: Side) -> None:
    side.lose(cost("never came", "2", **BOUGHT))
    side.arrive(cost("waits", "4", **BOUGHT))
    billed(side, "line 1", "200", "never came")
    billed(side, "line 2", "300")
    billed(side, "line 3", "400", "waits")
    found = compared(side)
    asked = {one.id: one.repair for one in found.lines}
    assert asked == {guid("line 1"): Repair.FETCH, guid("line 2"): None, guid("line 3"): Repair.IMPORT}
    repairs = side.repairs(who="ann")
    done = repairs.everything(differences(found.unreconciled))
    assert {one["id"]: one["repair"] for one in done} == {
        guid("never came"): "fetch again",
        guid("waits"): "import again",
    }
    side.deliver()
    side.books.journalise()
    assert {one.id: str(one.state) for one in compared(side).lines} == {
        guid("line 1"): "reconciled",
        guid("line 2"): "missing_actual",
        guid("line 3"): "reconciled",
    }


def test_iws_02_the_report_has_the_sums_and_the_largest_lines(side: Side) -> None:
    for number in range(1, 4):
        billed(side, f"line {number}", f"{number}00")
    found = compared(side)
    told = report_of(found, side.stores.setup, most=2)
    assert [one["difference"] for one in told["lines"]] == ["300.00", "200.00"]
    assert (told["more"], told["not_read"]) == (1, None)
    assert told["sums"] == [
        {
            "company": "USPM",
            "posting_type": "procurement_integration",
            "state": "missing_actual",
            "lines": 3,
            "amount": "600.00",
            "currency": "USD",
        }
    ]
    assert side.reconcile().report["integration_lines"]["sums"] == told["sums"]
