"""Contract, section 5: amounts have the digits of their currency, whatever Dataverse prices with."""

from __future__ import annotations

import pytest

from tests.builders import Context, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance, second_company
from tests.rules.stories import bill, billed, bills, reverses, sale

YEN = finance(
    ("contracts.CTR-1.currency", "JPY"),
    TAXED,
    exchange_rates=[{"from": "JPY", "to": "USD", "valid_from": "2026-01-01", "rate": "0.6543", "factor": 100}],
)


def half_a_yen(total: str) -> list[Context]:
    """7.5 hours at 12,345 yen."""
    return billed("work", total=total, quantity="7.5", price="12345", currency="JPY")


@pytest.mark.parametrize("total", ["92588", "92587.5"])
def test_inv_05_an_amount_of_more_digits_than_its_currency_has_is_rounded_once(books: Books, total: str) -> None:
    books.use(YEN)
    books.arrive(*half_a_yen(total))
    books.journalise()
    books.import_staging()
    books.post_invoices()

    invoice = books.invoice()
    assert books.journal_line("work/unbilled")["sales_amount"] == "92588"
    assert (invoice["subtotal"], invoice["sales_tax"], invoice["total"]) == ("92588", "18518", "111106")
    assert books.voucher(invoice["voucher"]) == [
        ("invoiced_revenue", "-92588", "-605.80"),
        ("wip_sales_value", "-92588", "-605.80"),
        ("accrued_revenue_sales_value", "92588", "605.80"),
        ("sales_tax_payable", "-18518", "-121.16"),
        ("customer_balance", "111106", "726.96"),
    ]


def test_tax_is_told_with_the_digits_of_the_documents_currency(books: Books) -> None:
    books.use(YEN)
    books.arrive(*half_a_yen("92588"))
    books.journalise()
    books.import_staging()
    books.post_invoices()

    assert books.row("work/billed")["sales_tax_amount"] == "18518"
    assert books.row("work/billed")["accounting_amount"] == "605.80"
    for told in (books.write_back("work/billed"), books.write_back("inv-1", "invoice")):
        assert told
        assert told["sales_tax_amount"] == "18518"


def test_halves_of_a_yen_that_dataverse_adds_up_do_not_hold_the_proposal(books: Books) -> None:
    books.use(YEN)
    for work in ("one", "two"):
        books.arrive(*half_a_yen("185175")[1:])
        books.arrive(
            sale(f"{work}/unbilled", "7.5", "12345", currency="JPY"),
            bill(f"{work}/billed", "7.5", "12345", currency="JPY", invoice="inv-2"),
            bills(f"{work}/billed", f"{work}/unbilled"),
        )
    books.arrive(proforma("inv-2", number="INV-0002", total="185175", currency="JPY"))
    books.journalise()
    books.import_staging()

    assert books.proposal("INV-0002")["status"] == "ready"
    assert books.proposal("INV-0002")["subtotal"] == "185176"


def test_a_total_that_rounding_does_not_explain_holds_the_proposal(books: Books) -> None:
    books.use(YEN)
    books.arrive(*half_a_yen("92587"))
    books.journalise()
    books.import_staging()

    assert books.reasons() == ["billed_sales_mismatch"]


def test_a_reversal_of_half_a_yen_leaves_nothing(books: Books) -> None:
    books.use(YEN)
    books.arrive(
        sale("work", "7.5", "12345", currency="JPY"),
        sale("gone", "-7.5", "12345", currency="JPY", adjustment_status="unadjustable"),
        reverses("gone", "work"),
    )
    books.journalise()

    assert books.row(guid("work"))["accounting_amount"] == "605.80"
    assert books.balances() == {}


def test_prop_14_a_date_that_is_given_holds_for_everything_that_is_posted(books: Books) -> None:
    document = second_company(finance())
    books.use(document)
    there = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    books.arrive(*billed("one"), *billed("two", invoice="inv-2", number="INV-0002", **there))
    books.journalise()
    books.import_staging()

    books.post_invoices(invoice_date="2026-08-15")

    assert {invoice["invoice_date"] for invoice in books.result["invoices"]} == {"2026-08-15"}
    assert len(books.result["invoices"]) == 2
