"""By how much the books are off where an actual changed after its posting, and how explain says it.

What the line would come to now is in ``tests/store_free/test_late_changes.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import guid
from tests.harness import envelope
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.conftest import DISCOUNT
from tests.rules.invoices.test_discounts_and_fees import GROSS, invoice, less, setup
from tests.rules.stories import bill, billed, cost, reverses, sale

pytestmark = pytest.mark.usefixtures("discounts")

LATER: dict[str, Any] = {"message": "Update", "changed": ["msdyn_amount"], "at": "2026-09-02T08:00:00Z"}


def off(books: Books, name: str) -> tuple[Decimal | None, str]:
    """By how much the books are off about an actual, and the words for it; ``explain`` says the same."""
    stores = Stores.read(books.world.client, books.world.names)
    (row,) = stores.staging.rows([guid(name)]).values()
    assert row.late
    amount, text = stores.off(row)
    asked = envelope({"id": row.id}, books.world.at, "Manual Question", "by.hand")
    (made,) = books.call("explain", asked)["found"]
    assert any(text in step["what"] for step in made["history"])
    return amount, text


def test_fee_10_a_reversal_takes_its_discount_off_where_its_original_did(books: Books) -> None:
    books.use(setup(GROSS))
    books.arrive(sale("sold", **less("160")))
    books.journalise()
    books.arrive(sale("taken back", "-8", **less("-160")), reverses("taken back", "sold"))
    books.journalise()
    books.use(setup())
    books.arrive(sale("taken back", "-9", **{**LATER, **less("-180")}))
    assert off(books, "taken back")[0] == Decimal(-200)


def test_a_cost_of_more_digits_than_its_currency_is_rounded_as_its_line_is(books: Books) -> None:
    books.arrive(cost("work"))
    books.journalise()
    books.arrive(cost("work", "1", "810.125", **LATER))
    amount, text = off(books, "work")
    assert amount == Decimal("10.13")
    assert "would be posted with 810.13 USD, and was posted with 800.00 USD" in text


def test_where_amounts_include_sales_tax_the_tax_is_no_revenue(books: Books) -> None:
    included = ("sales_tax.amounts_include_tax", True)
    books.use(finance(TAXED, included))
    invoice(books, *billed())
    assert books.row("work/billed")["accounting_amount"] == "1333.33"
    books.arrive(bill("work/billed", "9", **LATER))
    assert off(books, "work/billed")[0] == Decimal("166.67")  # 1,800 are 1,500.00 and tax


def test_a_row_that_the_set_up_cannot_resolve_any_more_says_so(books: Books) -> None:
    books.arrive(cost("work"), sale("sold"))
    books.journalise()
    books.arrive(
        cost("work", category="Unheard-of", **LATER), sale("sold", **{**LATER, **less("160"), DISCOUNT: "much"})
    )
    amount, text = off(books, "work")
    assert amount is None
    assert f"would not be posted as it is: msdyn_transactioncategory {guid('Unheard-of')} is not among" in text
    amount, text = off(books, "sold")
    assert amount is None
    assert "discount_amount is 'much', not an amount" in text
