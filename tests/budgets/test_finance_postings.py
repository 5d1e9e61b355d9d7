"""What a posting beside journals and invoices costs: requests and write units of one more, by kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests import snapshots
from tests.builders import guid
from tests.counting import Usage, counted
from tests.harness import World, envelope, sqs_batch
from tests.rules import test_accrued_revenue as accrued_revenue
from tests.rules import test_adjusted_accounting as adjusted_accounting
from tests.rules import test_posted_costs as posted_costs
from tests.rules.books import Books
from tests.rules.invoices import test_vendor_invoices as vendor_invoices
from tests.rules.invoices.test_intercompany_invoices import create, posted, sold
from tests.rules.stories import billed, sale
from tests.rules.test_payments import payment

pytestmark = pytest.mark.engine
FEW, MORE = 1, 4
FROM = ("CustomerPaymentSettled", "receivables")


def costs(books: Books, number: int) -> Callable[[], Any]:
    books.use(posted_costs.setup())
    books.arrive(*(one for n in range(number) for one in posted_costs.approved(f"w{n}")))
    books.journalise()
    return lambda: posted_costs.post(books)["posted"]


def adjustments(books: Books, number: int) -> Callable[[], Any]:
    books.use(adjusted_accounting.setup())
    books.arrive(*(sale(f"w{n}") for n in range(number)))
    books.journalise()
    return lambda: adjusted_accounting.adjust(books, *(guid(f"w{n}") for n in range(number)))["adjusted"]


def corrections(books: Books, number: int) -> Callable[[], Any]:
    accrued_revenue.left_behind(books, *(f"w{n}" for n in range(number)))
    accrued_revenue.make(books)
    return lambda: accrued_revenue.post(books)["vouchers"]


def owed(books: Books, number: int) -> Callable[[], Any]:
    books.use(vendor_invoices.between_companies())
    for n in range(number):
        posted(books, sold(f"s{n}"))
        create(books)
    books.post_invoices()
    numbers = [one["invoice_number"] for one in books.result["vendor_invoices"]]
    return lambda: vendor_invoices.post(books, *numbers)["posted"]


def paid(books: Books, number: int) -> Callable[[], Any]:
    """Payments of as many invoices, in one delivery."""
    books.use(posted_costs.setup())
    for n in range(number):
        books.arrive(*billed(f"w{n}", invoice=f"inv-{n}", number=f"INV-{n}"))
    books.journalise()
    books.post_invoices()
    events = [
        envelope(payment(f"P-{n}", invoice_number=one["invoice_number"], amount="1.00"), books.world.at, *FROM)
        for n, one in enumerate(books.result["invoices"])
    ]

    def take() -> list[Any]:
        assert books.call("ledger_answers", sqs_batch(*map(json.dumps, events))) == {"batchItemFailures": []}
        return events

    return take


def spent(world: World, prepare: Callable[[Books, int], Callable[[], Any]], number: int) -> Usage:
    snapshots.clear(world)
    post = prepare(Books(world), number)
    with counted(world.client) as usage:
        assert len(post()) == number
    return usage


@pytest.mark.parametrize(
    ("prepare", "requests", "units"),
    [
        pytest.param(costs, 1, 17, id="PCO"),
        pytest.param(adjustments, 3, 17, id="ADA"),
        pytest.param(corrections, 0, 14, id="ARR"),
        pytest.param(owed, 4, 20, id="ICV"),
        pytest.param(paid, 5, 9, id="PAY"),
    ],
)
def test_one_more_posting_keeps_to_its_budget(
    empty: World, prepare: Callable[[Books, int], Callable[[], Any]], requests: float, units: float
) -> None:
    few, more = (spent(empty, prepare, number) for number in (FEW, MORE))
    of_one = (more.requests - few.requests) / (MORE - FEW), (more.write_units - few.write_units) / (MORE - FEW)
    assert of_one[0] <= requests
    assert of_one[1] <= units
