"""TAX-11, TAX-15, TAX-22 to TAX-38, INV-16, INV-17: sales tax from the set-up to invoice, ledger and write-back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, bill, billed

NAMES = ("first", "second", "third", "fourth")


def rate(percent: str, valid_from: str = "2020-01-01") -> dict[str, str]:
    return {"valid_from": valid_from, "percent": percent}


def two_codes(rounding: dict[str, str], **code: Any) -> dict[str, Any]:
    """Contoso with two codes of 10 %: time has both of them, an expense the first. ``code``: more about each."""
    sales_tax = {
        "codes": {name: {"rates": [rate("10")], "account": f"account {name}", **code} for name in ("VAT1", "VAT2")},
        "groups": {"DOM": ["VAT1", "VAT2"], "HALF": ["VAT2"], "EXP": []},
        "item_groups": {"SERV": ["VAT1", "VAT2"], "GOODS": ["VAT1"], "FULL": ["VAT1", "VAT2"]},
        "rounding": rounding,
    }
    return finance(TAXED, ("categories.USPM.Travel.item_sales_tax_group", "GOODS"), sales_tax=sales_tax)


def one_code(**sales_tax: Any) -> dict[str, Any]:
    """Contoso with the 20 % of the examples and these keys of its sales tax."""
    usual = {
        "codes": {"VAT20": {"rates": [rate("20")], "account": "222100"}},
        "groups": {"DOM": ["VAT20"], "EXP": []},
        "item_groups": {"SERV": ["VAT20"], "GOODS": ["VAT20"], "FULL": ["VAT20"]},
    }
    return finance(TAXED, sales_tax=usual | sales_tax)


def arrive(books: Books, *works: tuple[str, str], sign: str = "", invoice: str = "inv-1", **header: Any) -> None:
    """Work of a class and an amount each, billed without accrual; named in this order, which is that of the lines."""
    amounts = [f"{sign}{amount}" for _, amount in works]
    books.arrive(
        *(
            bill(
                f"{invoice}/{name}",
                f"{sign}1",
                amount,
                transaction_class=transaction_class,
                contract_line="CTR-1-FP",
                start=f"2026-08-{day:02}",
                invoice=invoice,
            )
            for day, (name, (transaction_class, amount)) in enumerate(zip(NAMES, works, strict=False), start=1)
        ),
        proforma(invoice, total=format(sum(map(Decimal, amounts)), "f"), **header),
    )
    books.import_staging()


def told(books: Books, column: str, invoice: str = "inv-1") -> list[str]:
    """What Dataverse is told of each actual, in the order of the lines."""
    rows = [books.write_back(f"{invoice}/{name}") for name in NAMES]
    return [str(values[column]) for values in rows if values]


def line_taxes(books: Books, invoice: str = "inv-1") -> list[str]:
    return told(books, "sales_tax_amount", invoice)


def tax_lines(books: Books, number: str = "INV-0001") -> dict[str, str]:
    voucher = books.invoice(number)["voucher"]
    (lines,) = [v["lines"] for v in books.result["vouchers"] if v["voucher"] == voucher]
    return {line["sales_tax_code"]: line["amount"] for line in lines if line["posting_type"] == "sales_tax_payable"}


TWICE = (("time", "42.42"), ("time", "42.42"))
FOUR = (("expense", "11.11"), ("time", "22.22"), ("expense", "33.33"), ("time", "44.44"))
BALANCE = {"marginal_base": "net_of_invoice_balance"}


@pytest.mark.parametrize(
    ("calculation", "by", "code", "works", "taxes", "ledger"),
    [
        pytest.param("total", "combination", {}, FOUR, "1.12 4.45 3.33 8.89", "-11.12 -6.67", id="TAX-33"),
    ],
)
def test_inv_17_tax_38_each_actual_has_its_tax_and_together_they_are_the_documents(
    books: Books,
    calculation: str,
    by: str,
    code: dict[str, str],
    works: tuple[tuple[str, str], ...],
    taxes: str,
    ledger: str,
) -> None:
    rounding = {"precision": "0.01", "method": "up", "by": by, "calculation": calculation}
    books.use(two_codes(rounding, **code))
    arrive(books, *works)
    assert [line["sales_tax_amount"] for line in books.proposal()["lines"]] == taxes.split()

    books.post_invoices()
    assert line_taxes(books) == taxes.split()
    assert books.invoice()["sales_tax"] == str(sum(map(Decimal, taxes.split())))
    assert (books.write_back("inv-1", "invoice") or {})["sales_tax_amount"] == books.invoice()["sales_tax"]
    assert tax_lines(books) == dict(zip(("VAT1", "VAT2"), ledger.split(), strict=True))


@pytest.mark.parametrize(
    ("groups", "tax"),
    [
        pytest.param({"sales_tax_group": "HALF"}, "160.00", id="the sales tax group"),
        pytest.param({"sales_tax_group": None}, "0.00", id="none"),
    ],
)
def test_tax_11_tax_12_another_group_before_posting_is_another_tax(
    books: Books, groups: dict[str, str | None], tax: str
) -> None:
    books.use(two_codes({}))
    books.arrive(*billed())
    books.journalise()
    assert books.proposal()["sales_tax"] == "320.00"
    line = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
    assert books.edit("edit", **line, **groups) == "done"
    assert books.proposal()["sales_tax"] == tax

    books.post_invoices()
    assert (books.invoice()["subtotal"], books.invoice()["sales_tax"]) == ("1600.00", tax)
    assert books.row("work/billed")["sales_tax_amount"] == tax


def test_amounts_that_include_tax_leave_an_accrual_as_it_was(books: Books) -> None:
    books.use(one_code(amounts_include_tax=True))
    books.arrive(*billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    assert (books.invoice()["subtotal"], books.invoice()["sales_tax"]) == ("1333.33", "266.67")
    balances = books.balances()
    assert balances["invoiced_revenue"] == Decimal("-1836.93")  # 1333.33 at 1.3777
    assert not {"wip_sales_value", "accrued_revenue_sales_value"} & balances.keys()


def test_a_code_without_a_rate_on_the_date_stops_the_posting(books: Books) -> None:
    books.use(one_code(codes={"VAT20": {"rates": [rate("20", "2027-01-01")], "account": "222100"}}))
    arrive(books, ("time", "100.00"))
    books.post_invoices()
    assert (books.result["invoices"], books.reasons()) == ([], ["sales_tax_setup_missing"])
    assert books.balances() == {}
