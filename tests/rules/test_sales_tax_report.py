"""STX-01 to STX-12 through posted documents: the report's sums are what the ledger has, whatever the order of arrival."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from local import cli
from project_invoicing.errors import Rejected
from project_invoicing.rules.sales_tax_report import TaxReport
from project_invoicing.store.ledger import Ledger
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.sales_tax_report.report import Made, asked, report
from project_invoicing.use_cases.sales_tax_report.shown import Shown, shown
from tests.builders import Context, guid, proforma
from tests.counting import counted
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance, second_company
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, lent, posted, sold
from tests.rules.stories import IN_POUNDS, bill
from tests.workspace.person import Person

__all__ = ["lent"]

DAYS = ("2026-08-01", "2026-09-30")
QUARTER = {"authority": "Revenue", "unit": "month", "number": 3, "first_day": "2026-01-01"}


def settled(**values: Any) -> dict[str, Any]:
    """Contoso's customer pays 20 %, which is due every quarter."""
    code = {"rates": [{"valid_from": "2020-01-01", "percent": "20"}], "account": "222100", "settlement_period": "Q"}
    return finance(
        TAXED,
        ("sales_tax.settlement_periods", {"Q": QUARTER}),
        ("sales_tax.codes.VAT20", code),
        *values.items(),
    )


def place_of(books: Books, only: frozenset[str] | None = None) -> ListPlace:
    return ListPlace.read(books.world.client, books.world.names, books.world.at, only)


def made_of(books: Books, company: str = "USPM", days: tuple[str, str] = DAYS, code: str | None = None) -> Made:
    place = place_of(books)
    return report(place, asked(place, company, *days, code), lines=True)


def shown_of(books: Books, company: str = "USPM", days: tuple[str, str] = DAYS) -> Shown:
    place = place_of(books)
    return shown(made_of(books, company, days), asked(place, company, *days, None), place.setup)


def month() -> list[Context]:
    """Three invoices and a credit, two of them of two lines: in dollars, in pounds, without tax, after September."""

    def invoice(name: str, day: str, *amounts: str, **columns: Any) -> list[Context]:
        header = {column: value for column, value in columns.items() if column in ("contract", "currency")}
        dated = {"contract_line": "CTR-1-FP", "start": "2026-08-02", **columns}
        lines = [
            bill(f"{name}/{number}", amount[:1].replace(amount[:1], "-1" if amount < "0" else "1"), amount.lstrip("-"),
                 invoice=name, **dated)
            for number, amount in enumerate(amounts)
        ]  # fmt: skip
        total = str(sum(map(Decimal, amounts)))
        return [*lines, proforma(name, number=name.upper(), total=total, invoice_date=day, **header)]

    return [
        *invoice("a-1", "2026-08-31", "1600", "33.33"),
        *invoice("a-2", "2026-09-01", "-400"),
        *invoice("a-3", "2026-08-31", "1000", "0.33", **IN_POUNDS),
        *invoice("a-4", "2026-10-01", "77"),
    ]


def post(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def in_ledger(books: Books, first: str, last: str) -> dict[tuple[str, str], Decimal]:
    """The movement of the tax accounts by code, of every voucher whose document has a date among these."""
    found: dict[tuple[str, str], Decimal] = {}
    ledger, place = Ledger(books.world.client, books.world.names.ledger_table), place_of(books)
    numbers = [number for number, _ in place.stores.proposals.invoices.listed(
        "USPM", 100, customer=None, since=first, before=f"0|{last}~").documents]  # fmt: skip
    for number in numbers:
        for voucher in ledger.vouchers("invoice", "USPM", number):
            for line in voucher.lines:
                if line.posting_type == "sales_tax_payable":
                    key = str(line.sales_tax_code), line.account
                    found[key] = found.get(key, Decimal(0)) - line.accounting_amount
    return found
