"""FEE-01 to FEE-15, TAX-16: discounts and fees, as far as what arrives carries them.

No documented column carries a discount: the table map names one of the organization's own. A fee arrives as an actual
of class Fee.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import Context, money, proforma
from tests.rules.books import Books
from tests.rules.finance import ACCOUNTS, TAXED, finance
from tests.rules.invoices.conftest import DISCOUNT
from tests.rules.stories import IN_POUNDS, approval, bill, billed, bills, reverses, sale
from tests.rules.test_reconciliation import Side

GROSS = ("parameters.USPM.line_discount_category", "Labor")
FEE: dict[str, Any] = {"transaction_class": "fee", "resource": None}

pytestmark = pytest.mark.usefixtures("discounts")


def less(amount: str) -> dict[str, Any]:
    """The column of a discount."""
    return {DISCOUNT: money(amount)}


def setup(*values: tuple[str, Any], **keys: Any) -> dict[str, Any]:
    """The examples' set-up with an account for discounts."""
    posting = [{"posting_type": name, "account": at} for name, at in ACCOUNTS.items()]
    discount = {"posting_type": "discount", "category": "Labor", "account": "411900"}
    return finance(*values, **{"ledger_posting": {"USPM": [*posting, discount]}, **keys})


def discounted(discount: str = "160", *, total: str = "1440", **columns: Any) -> list[Context]:
    """Eight hours at 200 with a discount of 160, billed as they were sold."""
    return billed(total=total, **less(discount), **columns)


def invoice(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def accrued(books: Books) -> str:
    return str(books.journal_line("work/unbilled")["sales_amount"])


@pytest.mark.parametrize(
    ("gross", "on_journal", "revenue"),
    [
        pytest.param(True, "1600.00", {"invoiced_revenue": Decimal(-1600), "discount": Decimal(160)}, id="FEE-06"),
        pytest.param(False, "1440.00", {"invoiced_revenue": Decimal(-1440)}, id="FEE-07"),
    ],
)
def test_a_discount_is_posted_for_itself_or_not_at_all(
    books: Books, gross: bool, on_journal: str, revenue: dict[str, Decimal]
) -> None:
    books.use(setup(GROSS) if gross else setup())
    books.arrive(*discounted())
    books.journalise()
    assert accrued(books) == on_journal
    assert books.balances() == {
        "wip_sales_value": Decimal(on_journal),
        "accrued_revenue_sales_value": -Decimal(on_journal),
    }
    (line,) = books.proposal()["lines"]
    assert (line["quantity"], line["unit_price"], line["amount"]) == ("8", "200.00", "1440.00")

    books.post_invoices()
    assert (books.invoice()["subtotal"], books.invoice()["total"]) == ("1440.00", "1440.00")
    assert books.balances() == {"customer_balance": Decimal(1440), **revenue}  # and nothing stays accrued
    assert books.row("work/billed")["accounting_amount"] == "1440.00"


def test_fee_01_what_is_billed_is_the_amount_less_its_discount(books: Books) -> None:
    books.use(setup())
    books.arrive(*discounted(total="1600"))
    books.journalise()
    assert books.reasons() == ["billed_sales_mismatch"]
    assert "sums to 1440" in books.proposal()["waiting_for"][0]["detail"]


def test_a_discount_of_everything_leaves_an_invoice_of_nothing(books: Books) -> None:
    books.use(setup(GROSS))
    invoice(books, *discounted("1600", total="0"))
    assert books.invoice()["total"] == "0.00"
    assert books.balances() == {"invoiced_revenue": Decimal(-1600), "discount": Decimal(1600)}


@pytest.mark.parametrize("values", [(), (GROSS,)], ids=["net", "gross"])
def test_fee_10_a_reversal_takes_back_amount_and_discount(books: Books, values: tuple[tuple[str, Any], ...]) -> None:
    """Six of eight hours are billed, their discount in proportion."""
    books.use(setup(*values))
    six, two = less("120"), less("40")
    invoice(
        books,
        sale("work/unbilled", **less("160")),
        sale("work/reversal", "-8", **less("-160")),
        reverses("work/reversal", "work/unbilled"),
        sale("six/unbilled", "6", **six),
        bill("six/billed", "6", **six),
        bills("six/billed", "six/unbilled"),
        sale("two/unbilled", "2", billing_type="non_chargeable", **two),
        bill("two/billed", "2", billing_type="non_chargeable", **two),
        bills("two/billed", "two/unbilled"),
        proforma("inv-1", total="1080"),
    )
    assert books.invoice()["total"] == "1080.00"
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


SET_UPS = {"gross": (GROSS,), "net": ()}


@pytest.mark.parametrize("posted", [True, False], ids=["posted", "on a draft"])
@pytest.mark.parametrize(("before", "after"), [("gross", "net"), ("net", "gross")])
def test_fee_10_fxr_13_a_reversal_takes_back_what_was_accrued_however_discounts_are_posted_by_now(
    books: Books, before: str, after: str, posted: bool
) -> None:
    books.use(setup(*SET_UPS[before]))
    books.arrive(sale("work", **less("160")))
    books.import_staging()
    if posted:
        books.post_journals()
    books.use(setup(*SET_UPS[after]))
    books.arrive(sale("back", "-8", **less("-160")), reverses("back", "work"))
    books.journalise()
    sold, taken_back = (Decimal(books.journal_line(name)["sales_amount"]) for name in ("work", "back"))
    assert (sold, taken_back) == (Decimal(1600 if before == "gross" else 1440), -sold)
    assert books.balances() == {}


def test_fee_10_a_reversal_whose_link_comes_late_or_that_changes_takes_back_what_was_accrued(books: Books) -> None:
    """It is imported as a sale like any other first, net by now; then it is known what it reverses, then it changes."""
    books.use(setup(GROSS))
    books.arrive(sale("work", **less("160")))
    books.journalise()
    books.use(setup())
    books.arrive(sale("back", "-8", **less("-160")))
    books.import_staging()
    assert books.journal_line("back")["sales_amount"] == "-1440.00"
    books.arrive(reverses("back", "work"))
    books.import_staging()
    assert books.journal_line("back")["sales_amount"] == "-1600.00"
    again = {**less("-160"), "document_date": "2026-08-28", "message": "Update", "row_version": 99}
    books.arrive(sale("back", "-8", **again))
    books.journalise()
    assert books.balances() == {}


@pytest.mark.parametrize("columns", [{"quantity": "-6"}, {"price": "199"}], ids=["six hours", "another price"])
def test_a_reversal_of_other_amounts_than_its_original_is_what_it_says(books: Books, columns: dict[str, str]) -> None:
    """Nothing tells then what of it was accrued gross."""
    books.use(setup(GROSS))
    books.arrive(sale("work", **less("160")))
    books.journalise()
    books.use(setup())
    books.arrive(sale("back", **{"quantity": "-8", **columns}, **less("-100")), reverses("back", "work"))
    books.import_staging()
    quantity, price = columns.get("quantity", "-8"), columns.get("price", "200")
    assert Decimal(books.journal_line("back")["sales_amount"]) == Decimal(quantity) * Decimal(price) + 100


@pytest.mark.parametrize(("before", "after"), [("gross", "net"), ("net", "gross")])
def test_inv_14_nothing_stays_accrued_if_discounts_are_posted_another_way_when_it_is_invoiced(
    books: Books, before: str, after: str
) -> None:
    books.use(setup(*SET_UPS[before]))
    books.arrive(*discounted())
    books.journalise()
    books.use(setup(*SET_UPS[after]))
    books.post_invoices()
    revenue = {"invoiced_revenue": Decimal(-1440)}
    if after == "gross":
        revenue = {"invoiced_revenue": Decimal(-1600), "discount": Decimal(160)}
    assert books.balances() == {"customer_balance": Decimal(1440), **revenue}


@pytest.mark.parametrize(("total", "found"), [("1440", []), ("1600", ["proformas"])])
def test_fee_01_inv_06_a_proforma_that_waits_is_reconciled_less_its_discounts(
    books: Books, total: str, found: list[str]
) -> None:
    """What it bills is not posted yet, so that it has no lines to compare."""
    books.use(setup())
    side = Side(books)
    side.arrive(*discounted(total=total))
    books.import_staging()
    assert books.proposal()["status"] == "waiting"
    assert list(side.differences()) == found


@pytest.mark.parametrize("values", [(), (GROSS,)], ids=["net", "gross"])
def test_inv_22_a_month_with_discounts_and_fees_is_reconciled_without_a_difference(
    books: Books, values: tuple[tuple[str, Any], ...]
) -> None:
    books.use(setup(*values))
    side = Side(books)
    side.arrive(*discounted("33.33", total="1726.67", **IN_POUNDS), *fee("160", **IN_POUNDS))
    books.journalise()
    books.post_invoices()
    side.write_back()
    assert books.invoice()["total"] == "1726.67"
    assert side.differences() == {}


@pytest.mark.parametrize("values", [(), (GROSS,)], ids=["net", "gross"])
def test_a_credit_of_discounted_work_leaves_nothing(books: Books, values: tuple[tuple[str, Any], ...]) -> None:
    books.use(setup(*values))
    invoice(books, *discounted())
    credit = bill("credit", "-8", invoice="inv-2", **less("-160"))
    header = proforma("inv-2", number="INV-0002", total="-1440", has_corrections=True)
    invoice(books, credit, reverses("credit", "work/billed"), header)
    assert books.invoice("INV-0002")["document_type"] == "credit_note"
    assert books.balances() == {}


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"contract_line": "CTR-1-FP"}, id="FEE-11 fixed price"),
        pytest.param({"transaction_class": "milestone", "contract_line": "CTR-1-FP"}, id="FEE-11 milestone"),
    ],
)
def test_a_fixed_price_has_no_discount(books: Books, columns: dict[str, Any]) -> None:
    books.use(setup(GROSS))
    invoice(books, bill("billed", "1", "1600", **less("160"), **columns), proforma("inv-1", total="1600"))
    assert books.invoice()["total"] == "1600.00"
    assert "discount" not in books.balances()


def test_fee_12_work_that_is_not_charged_has_no_discount(books: Books) -> None:
    books.use(setup(GROSS))
    invoice(books, *discounted(total="0", billing_type="complimentary"))
    assert books.invoice()["total"] == "0.00"
    assert books.balances() == {}


def test_a_cost_has_no_discount(books: Books) -> None:
    books.use(setup())
    books.arrive(*approval(**less("160")))
    books.journalise()
    assert books.balances()["cost"] == Decimal(800)


@pytest.mark.parametrize("discount", ["ten percent", "1e400", "1_000"])
def test_what_is_no_amount_is_rejected_with_its_column(books: Books, discount: str) -> None:
    books.arrive(sale("work", **{DISCOUNT: discount}))
    books.import_staging()
    (rejected,) = books.result["rejected"]
    assert (rejected["reason"], books.state("work")) == ("schema", "invalid")
    assert "discount_amount" in rejected["detail"]


# --- fees -------------------------------------------------------------------------------------------------------------


def fee(amount: str, name: str = "fee", **columns: Any) -> list[Context]:
    return [
        sale(f"{name}/unbilled", "1", amount, **FEE, **columns),
        bill(f"{name}/billed", "1", amount, **FEE, **columns),
        bills(f"{name}/billed", f"{name}/unbilled"),
    ]


def test_fee_02_fee_03_a_fee_is_a_line_of_its_own_and_accrues(books: Books) -> None:
    books.arrive(sale("fee", "1", "160", **FEE))
    books.journalise()
    line = books.journal_line("fee")
    assert (line["class"], line["category"], line["sales_amount"]) == ("fee", "Fee", "160.00")
    assert books.voucher_of("fee") == [
        ("wip_sales_value", "160.00", "160.00"),
        ("accrued_revenue_sales_value", "-160.00", "-160.00"),
    ]


def test_fee_04_fee_05_nothing_is_proposed_before_the_fee_is_posted_then_it_is_taxed_by_its_groups(
    books: Books,
) -> None:
    books.use(finance(TAXED, ("categories.USPM.Fee.item_sales_tax_group", None)))
    books.arrive(*billed(total="1760"))
    books.journalise()
    books.arrive(*fee("160"))
    books.import_staging()
    assert (books.proposal()["lines"], books.reasons()) == ([], ["fee_not_posted"])
    books.post_journals()
    found = {line["kind"]: line["sales_tax_amount"] for line in books.proposal()["lines"]}
    assert found == {"hour": "320.00", "fee": "0.00"}


def test_fee_13_a_fee_of_nothing_does_not_block_the_invoice(books: Books) -> None:
    invoice(books, *billed(), *fee("0"))
    assert books.invoice()["total"] == "1600.00"
    assert books.state("fee/billed") == "posted"


def test_fee_14_a_management_fee_of_ten_percent(books: Books) -> None:
    """Two hundred hours at 100 and a fee of 2,000."""
    invoice(books, *billed(total="22000", quantity="200", price="100"), *fee("2000"))
    assert books.invoice()["total"] == "22000.00"


def test_fee_15_hours_and_office_supplies_at_cost(books: Books) -> None:
    """Eight hundred hours at 150 and 2,000 of supplies."""
    supplies = billed("supplies", quantity="1", price="2000", transaction_class="expense", resource=None)
    invoice(books, *billed(total="122000", quantity="800", price="150"), *supplies[1:])
    assert books.invoice()["total"] == "122000.00"


@pytest.mark.parametrize("gross", [True, False])
def test_99_22_a_credited_discount_goes_back_to_where_it_was_whatever_is_set_up_by_now(
    books: Books, gross: bool
) -> None:
    first, second = (setup(GROSS), setup()) if gross else (setup(), setup(GROSS))
    books.use(first)
    invoice(books, *discounted())
    books.use(second)
    back = bill("work/credited", "-8", invoice="inv-2", **less("-160"))
    invoice(books, back, reverses("work/credited", "work/billed"), proforma("inv-2", number="INV-0002", total="-1440"))
    assert books.invoice("INV-0002")["total"] == "-1440.00"
    assert books.balances() == {}
