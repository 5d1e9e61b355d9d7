"""IC, STG-24, TAX-13, TAX-14, DIM-12: Molly Clark of Contoso UK (GBPM) works ten hours for a project of Contoso (USPM).

A cost of 88 GBP an hour, a transfer price of 120 USD, a bill rate of 200 USD. The vouchers have the amounts of the
lines, not of an hour (99-13). In GBPM's books a dollar is worth 0.80 GBP.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from tests.builders import Context, actual, guid, proforma
from tests.harness import World
from tests.rules.books import Books
from tests.rules.journals.cases import Snapshot, custom_columns, opened, stored
from tests.rules.stories import bill, bills, cost, sale
from tests.store_free.lending import between_companies

MOLLY: dict[str, Any] = {"quantity": "10", "resource": "Molly Clark"}
LENT = "cr123_resourcingunit"


def ten_hours(name: str = "ten", **columns: Any) -> list[Context]:
    """What an approval sends (IC-01). The cost is left to the vendor invoice: it is not synced (SKIP-02, IC-02)."""
    shared = {**MOLLY, **columns}
    return [
        cost(f"{name}/cost", price="120", skip_sync=True, **shared),
        sale(f"{name}/sale", price="200", **shared),
        lent(f"{name}/lent", **shared),
        sold(f"{name}/sold", **shared),
    ]


def lent(name: str, **columns: Any) -> Context:
    return actual(name, transaction_type="resourcing_unit_cost", price="88", currency="GBP", **columns)


def sold(name: str, **columns: Any) -> Context:
    return actual(name, transaction_type="inter_organizational_sales", price="120", **columns)


class Month(NamedTuple):
    """The books after the import of USPM alone, after that of GBPM too, and after posting."""

    uspm: Snapshot
    gbpm: Snapshot
    posted: Snapshot


@pytest.fixture(scope="module")
def month(stack: World) -> Month:
    books = opened(stack, between_companies())
    rows = [*ten_hours(), *ten_hours("parts", transaction_class="material", product="P-100")]
    names = [f"{work}/{kind}" for work in ("ten", "parts") for kind in ("cost", "sale", "lent", "sold")]
    books.arrive(*rows)
    books.import_staging(company="USPM")
    uspm = Snapshot(books, *names)
    books.import_staging(company="GBPM")
    gbpm = Snapshot(books, *names)
    books.post_journals()
    return Month(uspm, gbpm, Snapshot(books, *names))


@pytest.mark.parametrize(
    ("name", "price", "amount", "currency"),
    [
        ("ten/cost", "120", "1200", "USD"),
        ("ten/sale", "200", "2000", "USD"),
        ("ten/lent", "88", "880", "GBP"),
        ("ten/sold", "120", "1200", "USD"),
    ],
)
def test_ic_01_an_approval_stages_four_actuals(month: Month, name: str, price: str, amount: str, currency: str) -> None:
    actual = month.uspm.rows[guid(name)].actual
    assert (str(actual.quantity), str(actual.price), str(actual.amount)) == ("10", price, amount)
    assert actual.currency is not None
    assert actual.currency.id == guid(currency)


def test_ic_02_stg_24_the_borrower_imports_the_unbilled_sale_and_no_cost(month: Month) -> None:
    assert month.uspm.on_journals("USPM") == {guid("ten/sale"), guid("parts/sale")}
    assert month.uspm.on_journals("GBPM") == set()
    line = month.uspm.line("ten/sale")
    assert (line["unit_price"], line["sales_amount"], line["currency"]) == ("200.00", "2000.00", "USD")
    assert month.uspm.row("ten/cost")["state"] == "skipped"


def test_ic_03_the_borrower_accrues_the_amount_of_the_line(month: Month) -> None:
    assert month.posted.posted("ten/sale") == [
        ("wip_sales_value", "2000.00"),
        ("accrued_revenue_sales_value", "-2000.00"),
    ]


def test_ic_04_inv_28_the_lender_imports_the_resourcing_cost_and_its_sale_to_the_borrower(month: Month) -> None:
    lent_and_sold = {guid(f"{work}/{kind}") for work in ("ten", "parts") for kind in ("lent", "sold")}
    assert month.gbpm.on_journals("GBPM") == lent_and_sold
    assert month.gbpm.on_journals("USPM") == month.uspm.on_journals("USPM")
    cost_line, sales_line = month.gbpm.line("ten/lent"), month.gbpm.line("ten/sold")
    assert (cost_line["unit_cost"], cost_line["cost_amount"], cost_line["currency"]) == ("88.00", "880.00", "GBP")
    assert (sales_line["unit_price"], sales_line["sales_amount"]) == ("120.00", "1200.00")
    assert (cost_line["sales_amount"], sales_line["cost_amount"], sales_line["currency"]) == ("0.00", "0.00", "USD")
    assert (cost_line["price_exchange_rate"], sales_line["price_exchange_rate"]) == ("100", "80")


def test_ic_05_the_lender_posts_the_cost_of_the_resource(month: Month) -> None:
    assert month.posted.posted("ten/lent") == [("cost", "880.00"), ("payroll_allocation", "-880.00")]
    assert {line["currency"] for line in month.posted.voucher("ten/lent")} == {"GBP"}


def test_ic_06_the_lender_accrues_its_sale_to_the_borrower(month: Month) -> None:
    lines = month.posted.voucher("ten/sold")
    assert [(v["posting_type"], v["currency"], v["amount"], v["accounting_amount"]) for v in lines] == [
        ("wip_sales_value", "USD", "1200.00", "960.00"),
        ("accrued_revenue_sales_value", "USD", "-1200.00", "-960.00"),
    ]


def test_ic_07_ic_08_the_borrower_bills_its_customer_without_waiting_for_the_lender(books: Books) -> None:
    """Only the unbilled sale is the project's: the lender's rows are on no proposal, and none waits for them."""
    books.use(between_companies())
    books.arrive(*ten_hours())
    books.import_staging()
    books.post_journals(company="USPM")
    assert books.state("ten/lent") == "imported"
    books.arrive(bill("billed", "10"), bills("billed", "ten/sale"), proforma("inv-1", total="2000"))
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["subtotal"] == "2000.00"
    assert books.row("ten/lent")["proposal_id"] is books.row("ten/sold")["proposal_id"] is None


def test_ic_11_skip_08_within_one_company_nothing_is_lent(books: Books) -> None:
    """Dataverse transfers them between companies only: it sends them with skip sync, or not at all."""
    books.use(between_companies())
    books.arrive(lent("lent", skip_sync=True, **MOLLY), sold("sold", skip_sync=True, **MOLLY))
    books.journalise()
    assert (books.state("lent"), books.state("sold")) == ("skipped", "skipped")
    assert books.journal_lines() == []


def test_ic_11_skip_08_a_unit_of_the_borrower_itself_lends_nothing(books: Books) -> None:
    """Sent without skip sync, the rows' resourcing unit tells; they are skipped, and nothing waits for terms."""
    books.use(between_companies())
    with custom_columns():
        own = {LENT: guid("Contoso"), **MOLLY}
        books.arrive(lent("lent", **own), sold("sold", **own), lent("other", **{**own, LENT: guid("Contoso UK")}))
    books.journalise()
    assert [books.state(name) for name in ("lent", "sold", "other")] == ["skipped", "skipped", "posted"]
    assert stored(books, "lent").detail == "its resource was lent within one legal entity"


def test_ic_13_a_vendor_invoice_between_companies_is_imported_without_its_cost(month: Month) -> None:
    states = [month.posted.row(f"parts/{kind}")["state"] for kind in ("cost", "sale", "lent", "sold")]
    assert states == ["skipped", "posted", "posted", "posted"]
    assert month.posted.posted("parts/lent") == [("cost", "880.00"), ("cost_item", "-880.00")]


def test_tax_13_the_lenders_sale_has_the_intercompany_customers_group(month: Month) -> None:
    line = month.gbpm.line("ten/sold")
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("EXP", "FULL")


def test_tax_14_the_borrowers_sale_has_the_contract_customers_group(month: Month) -> None:
    line = month.uspm.line("ten/sale")
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("DOM", "SERV")


def test_dim_12_lines_of_the_lender_have_the_intercompany_customers_dimensions(month: Month) -> None:
    for name in ("ten/lent", "ten/sold"):
        assert month.gbpm.stored_line(name).dimensions == {"Region": "between"}
    assert month.gbpm.stored_line("ten/sale").dimensions == {"Region": "the project's"}


def test_stg_15_of_two_lenders_the_row_says_which(books: Books) -> None:
    """Where no table map brings the resourcing unit along, the row waits and says what to map."""
    document = between_companies()
    document["companies"]["JPPM"] = {"accounting_currency": "JPY"}
    document["customers"]["JPPM"] = {"IC-USPM": {}}
    document["intercompany"].append({"lender": "JPPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-JPPM"})
    books.use(document)
    with custom_columns():
        books.arrive(lent("told", **MOLLY, **{LENT: guid("Contoso UK")}), lent("untold", **MOLLY))
    books.import_staging()
    assert (books.state("told"), books.row("told")["company"]) == ("imported", "GBPM")
    assert books.row("untold")["reason"] == "intercompany_missing"
    assert stored(books, "untold").detail == (
        f"unable to import actual {guid('untold')}: USPM borrows from GBPM, JPPM: "
        "map the resourcing unit to the custom column resourcing_unit"
    )
