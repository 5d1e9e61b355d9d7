"""PCO-10, PCO-12, PCO-15, ADA-09, ARR-11, ICV-06: where no period is open, nothing is posted, whoever asks for it.

Costs and adjustments are never moved to another period. No number is drawn: once the period is open, the first is next.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.builders import guid
from tests.own_events import invoice_posted
from tests.rules import test_accrued_revenue as accrued_revenue
from tests.rules import test_adjusted_accounting as adjusted_accounting
from tests.rules import test_posted_costs as posted_costs
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.invoices import test_vendor_invoices as vendor_invoices
from tests.rules.stories import bill, billed, bills

Document = dict[str, Any]
Ask = Callable[[Books], Any]


def costs(books: Books, *parameters: tuple[str, Any]) -> Document:
    document = posted_costs.setup(*parameters)
    books.use(document)
    books.arrive(*posted_costs.approved())
    books.journalise()
    return document


def scheduled_costs(books: Books) -> Document:
    return costs(books, ("parameters.USPM.scheduled_costs", [posted_costs.BY_SCHEDULE]))


def invoiced_costs(books: Books) -> Document:
    document = costs(books, ("parameters.USPM.post_costs_on_invoice", True))
    books.arrive(*billed()[:1], bill("b"), bills("b", "work/unbilled"))
    books.import_staging()
    books.run("invoice_posting")
    return document


def lent_costs(books: Books) -> Document:
    vendor_invoices.on_balance(books)
    document = vendor_invoices.between_companies()
    document["profiles"]["TM"] |= {"post_costs": {"time": "balance"}, "accrue_revenue": {}}
    return document


def adjustable(books: Books) -> Document:
    document = adjusted_accounting.setup()
    books.use(document)
    books.arrive(*posted_costs.approved())
    books.journalise()
    return document


def imbalance(books: Books) -> Document:
    accrued_revenue.left_behind(books, "one")
    accrued_revenue.make(books)
    return finance(accrued_revenue.ACCRUED_BY_FIXED)


def owed(books: Books, **terms: Any) -> Document:
    vendor_invoices.bill(books, **terms)
    return vendor_invoices.between_companies(**terms)


def told_of_the_invoice(books: Books) -> Any:
    return books.world.tell("staging_import", invoice_posted(books.world.at))


def by_schedule(function: str) -> Ask:
    return lambda books: books.scheduled(function)


CASES: dict[str, tuple[Callable[[Books], Document], Ask, str]] = {
    "PCO-10 by hand": (costs, posted_costs.post, "PCV-000001"),
    "PCO-12 by schedule": (scheduled_costs, by_schedule("journal_posting"), "PCV-000001"),
    "PCO-12 with the invoice": (invoiced_costs, told_of_the_invoice, "PCV-000001"),
    "PCO-15 of a vendor invoice": (
        lent_costs,
        lambda books: vendor_invoices.move(books, "profit_and_loss"),
        "PCV-000001",
    ),
    "ADA-09": (adjustable, lambda books: adjusted_accounting.adjust(books, guid("work/cost")), "AAV-000001"),
    "ARR-11": (imbalance, accrued_revenue.post, "ARV-00000001"),
    "ICV-06 by hand": (owed, vendor_invoices.post, "VIV-000001"),
    "ICV-10 by schedule": (
        lambda books: owed(books, vendor_invoices="by_schedule"),
        by_schedule("staging_import"),
        "VIV-000001",
    ),
}


@pytest.mark.parametrize("status", ["closed", "on_hold"])
@pytest.mark.parametrize("name", CASES)
def test_where_no_period_is_open_nothing_is_posted_until_one_is(books: Books, name: str, status: str) -> None:
    prepare, ask, first = CASES[name]
    document = prepare(books)
    before = numbers(books)
    books.use(with_periods(document, status))
    answer = ask(books)
    if "schedule" not in name and "with the invoice" not in name:
        assert [one["reason"] for one in answer["refused"]] == ["period_closed"]
    assert numbers(books) == before
    books.use(with_periods(document, "open"))
    ask(books)
    assert numbers(books) - before == {first}


def numbers(books: Books) -> set[str]:
    books._result = None
    return {one["voucher"] for one in books.result["vouchers"] if one["company"] == "USPM"}


def with_periods(document: Document, status: str) -> Document:
    made = deepcopy(document)
    made["fiscal_periods"]["USPM"] = [{"start": "2026-01-01", "end": "2026-12-31", "status": status}]
    return made
