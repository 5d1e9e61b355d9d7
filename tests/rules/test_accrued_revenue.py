"""Accrued revenue that invoices left: found, put on correction journals, posted (ARR), with what the store really has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.accrued_revenue import Imbalance
from project_invoicing.domain.calendar import Interval
from project_invoicing.rules.accrued_revenue import Chosen
from project_invoicing.store import rows
from project_invoicing.use_cases.accrued_revenue.find import Sources, find
from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import Context, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import bill, billed, bills, sale

FIXED: dict[str, Any] = {"contract_line": "CTR-1-FP"}
ACCRUED_BY_FIXED = (
    "profiles.FP",
    {"billing_method": "fixed_price", "on_account": "profit_and_loss", "accrue_revenue": {"time": True}},
)
"""Work on a fixed price accrues, and its proposal does not wait for its journal."""
YEAR = Interval(date(2026, 1, 1), date(2026, 12, 31))
OF = {"company": "USPM"}


def stores(books: Books) -> Stores:
    return Stores.read(books.world.client, books.world.names)


def found(books: Books, days: Interval = YEAR) -> list[Imbalance]:
    has = stores(books)
    return find(Sources(has.staging, has.proposals, has.ledger), "USPM", Chosen(days)).rows


def left(books: Books) -> dict[str, Decimal]:
    names = {guid(f"{name}/unbilled"): name for name in ("one", "two", "three", "four", "work")}
    return {names[one.unbilled_id]: one.amount for one in found(books)}


def invoiced_before_its_journal(*works: str) -> list[Context]:
    """Billed work of a fixed price, each on an invoice of its own."""
    return [
        message
        for nth, work in enumerate(works, start=1)
        for message in (
            bill(f"{work}/billed", invoice=f"inv-{work}", **FIXED),
            bills(f"{work}/billed", f"{work}/unbilled"),
            proforma(f"inv-{work}", number=f"INV-010{nth}", total="1600"),
        )
    ]


def left_behind(books: Books, *works: str, document: dict[str, Any] | None = None) -> None:
    """Invoices that could not take back what was accrued after them."""
    books.use(document or finance(ACCRUED_BY_FIXED))
    books.arrive(*invoiced_before_its_journal(*works))
    books.import_staging()
    books.post_invoices()
    books.arrive(*(sale(f"{work}/unbilled", **FIXED) for work in works))
    books.journalise()


def test_arr_01_work_invoiced_before_its_journal_leaves_its_accrual_and_is_corrected(books: Books) -> None:
    left_behind(books, "one", "two")
    assert left(books) == {"one": Decimal(1600), "two": Decimal(1600)}
    made = books.world.edit("create_accrual_journal", **OF, description="August", voucher_date="2026-08-31")
    assert made == {"outcome": "created ARJ-000001", "number": "ARJ-000001", "lines": 2}
    posted = books.world.edit("post_accrual_journal", **OF, journal_id="ARJ-000001")
    assert posted == {"outcome": "posted", "vouchers": ["ARV-00000001", "ARV-00000002"]}
    assert left(books) == {}
    books._result = None
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}
