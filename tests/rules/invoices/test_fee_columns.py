"""OAT-08 to OAT-12, FEE-01 to FEE-12: the fee of work in a column of its sale, which the table map names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.actual import Actual, fee_id
from project_invoicing.errors import Unavailable
from project_invoicing.store.staging import Staging
from tests.builders import Context, guid, money, proforma
from tests.rules.books import Books
from tests.rules.finance import ACCOUNTS, TAXED, finance
from tests.rules.invoices.conftest import of_actuals
from tests.rules.stories import bill, billed, bills, reverses, sale
from tests.rules.test_reconciliation import Side

FEE, DISCOUNT = "cr123_fee", "cr123_discount"
LESS: dict[str, Any] = {DISCOUNT: money("80")}
GROSS = ("parameters.USPM.line_discount_category", "Labor")


@pytest.fixture(autouse=True)
def columns() -> Iterator[None]:
    """The organization keeps fees and discounts in columns of its own, and all functions know."""
    with of_actuals({"fee": FEE, "discount": DISCOUNT}):
        yield


def with_fee(fee: str = "160", discount: str = "80") -> dict[str, Any]:
    return {FEE: money(fee), DISCOUNT: money(discount)}


def setup(*values: tuple[str, Any]) -> dict[str, Any]:
    posting = [{"posting_type": name, "account": at} for name, at in ACCOUNTS.items()]
    discount = {"posting_type": "discount", "category": "Labor", "account": "411900"}
    fee = {"posting_type": "invoiced_revenue", "category": "Fee", "account": "411200"}
    return finance(TAXED, *values, ledger_posting={"USPM": [*posting, discount, fee]})


def fee_row(books: Books, name: str) -> dict[str, Any]:
    return next(row for row in books.result["staging"] if row["actual_id"] == fee_id(guid(name)))


@pytest.mark.parametrize(
    ("values", "hour", "accrued", "revenue"),
    [
        pytest.param((), "1520.00", 1680, {"invoiced_revenue": Decimal(-1680)}, id="OAT-08 not posted apart"),
        pytest.param(
            (GROSS,), "1600.00", 1760, {"invoiced_revenue": Decimal(-1760), "discount": Decimal(80)}, id="OAT-09 apart"
        ),
    ],
)
def test_oat_08_oat_09_a_fee_column_is_a_line_that_accrues_and_is_billed(
    books: Books, values: tuple[Any, ...], hour: str, accrued: int, revenue: dict[str, Decimal]
) -> None:
    books.use(setup(*values))
    books.arrive(*billed(total="1680", **with_fee()))
    books.journalise()
    found = [(line["class"], line["category"], line["sales_amount"]) for line in books.journal_lines()]
    assert found == [("time", "Labor", hour), ("fee", "Fee", "160.00")]
    assert books.balances() == {"wip_sales_value": accrued, "accrued_revenue_sales_value": -accrued}

    books.import_staging()
    assert [(line["kind"], line["amount"]) for line in books.proposal()["lines"]] == [
        ("hour", "1520.00"),
        ("fee", "160.00"),
    ]
    books.post_invoices()
    assert (books.invoice()["sales_tax"], books.invoice()["total"]) == ("336.00", "2016.00")
    balances = {"customer_balance": Decimal(2016), "sales_tax_payable": Decimal(-336), **revenue}
    assert books.balances() == balances


STORY = [
    sale("work/unbilled", **with_fee()),
    bill("work/billed", **with_fee()),
    bills("work/billed", "work/unbilled"),
    proforma("inv-1", total="1680"),
]


@pytest.mark.parametrize("order", [*permutations(range(4))][::5])
def test_fee_02_the_order_of_arrival_and_repetition_change_nothing(books: Books, order: tuple[int, ...]) -> None:
    books.use(setup())
    for place in order:
        books.arrive(STORY[place], STORY[order[0]])
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["total"] == "2016.00"
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


def test_oat_11_dataverse_is_told_the_sums_of_work_and_fee(books: Books) -> None:
    books.use(setup())
    books.arrive(*STORY)
    books.journalise()
    books.import_staging()
    books.post_invoices()
    unbilled, written = books.write_back("work/unbilled"), books.write_back("work/billed")
    assert unbilled
    assert written
    assert unbilled["voucher"] == books.row("work/unbilled")["voucher"]
    assert [unbilled["accounting_amount"], unbilled["sales_tax_amount"]] == ["1680.00", "0.00"]
    assert [written["accounting_amount"], written["sales_tax_amount"]] == ["1680.00", "336.00"]
    assert len(books.result["write_back"]) == 3


def test_oat_10_a_fee_that_is_in_error_keeps_the_proposal_waiting(books: Books) -> None:
    books.use(setup())
    books.arrive(*STORY)
    books.use(setup(("parameters.USPM.category_defaults.fee", "Gone")))
    books.journalise()
    books.import_staging()
    assert (books.state("work/unbilled"), fee_row(books, "work/unbilled")["state"]) == ("posted", "pending")
    assert books.reasons() == ["category_missing"]
    assert books.write_back("work/unbilled") is None, "Dataverse is told once, when both are posted"
    books.use(setup())
    books.import_staging()
    assert books.reasons() == ["fee_not_posted"]
    books.post_journals()
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["total"] == "2016.00"
    told = books.write_back("work/unbilled")
    assert told
    assert told["accounting_amount"] == "1680.00"


def test_explain_says_that_a_fee_is_a_column_of_its_sale(books: Books) -> None:
    books.use(setup())
    books.arrive(*STORY)
    for id, name, text in (
        (guid("work/billed"), "fee", f"160.00 USD, as actual {fee_id(guid('work/billed'))}"),
        (fee_id(guid("work/billed")), "fee of", f"actual {guid('work/billed')}, whose column it is in Dataverse"),
    ):
        (told,) = books.call("explain", {"id": id})["found"]
        assert told["facts"][name] == text


def test_oat_10_a_reversal_mirrors_both_lines(books: Books) -> None:
    books.use(setup())
    books.arrive(sale("work", **with_fee()))
    books.journalise()
    books.arrive(sale("back", "-8", **with_fee("-160", "-80")), reverses("back", "work"))
    books.journalise()
    amounts = [(line["class"], line["sales_amount"]) for line in books.journal_lines()]
    assert sorted(amounts) == [("fee", "-160.00"), ("fee", "160.00"), ("time", "-1520.00"), ("time", "1520.00")]
    assert books.balances() == {}


def test_fee_10_a_fee_that_was_taken_off_the_invoice_leaves_nothing_accrued(books: Books) -> None:
    books.use(setup())
    unbilled, _, link, _ = STORY
    books.arrive(unbilled, bill("work/billed", **LESS), link, proforma("inv-1", total="1520"))
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["subtotal"] == "1520.00"
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


def test_fee_10_a_fee_that_is_added_on_the_invoice_waits_for_nothing(books: Books) -> None:
    books.use(setup())
    _, billed_, link, header = STORY
    books.arrive(sale("work/unbilled", **LESS), billed_, link, header)
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["total"] == "2016.00"
    assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}


@pytest.mark.parametrize("newer_first", [False, True], ids=["in order", "late"])
@pytest.mark.parametrize(("fee", "lines"), [("40", ["1520.00", "40.00"]), (None, ["1520.00", "0.00"])])
def test_the_fee_follows_the_newest_version_of_its_sale(
    books: Books, fee: str | None, lines: list[str], newer_first: bool
) -> None:
    books.use(setup())
    before = sale("work", row_version=1, **with_fee())
    newer: dict[str, Any] = {FEE: fee and money(fee), "message": "Update", "row_version": 2}
    after = sale("work", **LESS, **newer)
    books.arrive(*([after, before] if newer_first else [before, after]))
    books.import_staging()
    found = [line["sales_amount"] for line in books.journal_lines()]
    assert found == (lines[:1] if newer_first and fee is None else lines)


def unnamed() -> AbstractContextManager[None]:
    """The table map names the column of fees no longer."""
    return of_actuals({"discount": DISCOUNT})


def again(work: dict[str, Any]) -> Context:
    """The sale once more, with something that changes no line."""
    return sale("work/unbilled", message="Update", changed=[], row_version=2, billing_status="ready_to_invoice", **work)


def but_for_fees(error: Exception) -> Callable[..., dict[str, Any]]:
    """A newer version of a fee can be stored, and that of a sale cannot."""
    changes = Staging._changes

    def failing(staging: Staging, actual: Actual, *rest: Any) -> dict[str, Any]:
        if actual.fee_of is None:
            raise error
        return changes(staging, actual, *rest)

    return failing


@pytest.mark.parametrize("dies", [False, True])
def test_a_fee_on_a_draft_goes_with_the_next_version_once_its_column_is_not_named(books: Books, dies: bool) -> None:
    books.use(setup())
    before = sale("work/unbilled", row_version=1, **with_fee())
    books.arrive(before)
    books.import_staging()
    with unnamed():
        books.arrive(before)
        books.import_staging()
        assert [line["sales_amount"] for line in books.journal_lines()] == ["1520.00", "160.00"]
        if dies:
            with patch.object(Staging, "_changes", but_for_fees(Unavailable("the sale cannot be stored"))):
                books.world.deliver(again(with_fee()))
        books.arrive(again(with_fee()), before, again(with_fee()))
        books.import_staging()
        assert [line["sales_amount"] for line in books.journal_lines()] == ["1520.00", "0.00"]
        books.post_journals()
        assert books.balances() == {"wip_sales_value": 1520, "accrued_revenue_sales_value": -1520}


def test_fee_10_a_posted_fee_stays_once_its_column_is_not_named_and_its_bill_leaves_nothing_accrued(
    books: Books,
) -> None:
    books.use(setup())
    side = Side(books)
    side.arrive(sale("work/unbilled", row_version=1, **with_fee()))
    books.journalise()
    with unnamed():
        side.arrive(again(with_fee()))
        books.import_staging()
        assert books.balances() == {"wip_sales_value": 1680, "accrued_revenue_sales_value": -1680}
        assert fee_row(books, "work/unbilled")["state"] == "posted"
        _, billed_, link, _ = STORY
        side.arrive(billed_, link, proforma("inv-1", total="1520"))
        books.import_staging()
        books.post_invoices()
        assert books.invoice()["subtotal"] == "1520.00"
        assert not books.balances().keys() & {"wip_sales_value", "accrued_revenue_sales_value"}
        side.write_back()
        assert side.differences() == {}


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"contract_line": "CTR-1-FP"}, id="FEE-11 fixed price"),
        pytest.param({"billing_type": "complimentary"}, id="FEE-12 not charged"),
    ],
)
def test_oat_12_fee_11_fee_12_other_sales_have_no_fee_whatever_their_column_says(
    books: Books, columns: dict[str, Any]
) -> None:
    books.use(setup())
    fee: dict[str, Any] = {FEE: money("160")}
    books.arrive(*billed(total="0" if "billing_type" in columns else "1600", **fee, **columns))
    books.journalise()
    books.import_staging()
    books.post_invoices()
    assert books.invoice()["subtotal"] == ("0.00" if "billing_type" in columns else "1600.00")


def test_a_credit_of_work_with_a_fee_leaves_nothing(books: Books) -> None:
    books.use(setup())
    books.arrive(*STORY)
    books.journalise()
    books.import_staging()
    books.post_invoices()
    credit = bill("credit", "-8", invoice="inv-2", **with_fee("-160", "-80"))
    header = proforma("inv-2", number="INV-0002", total="-1680", has_corrections=True)
    books.arrive(credit, reverses("credit", "work/billed"), header)
    books.import_staging()
    books.post_invoices()
    assert books.invoice("INV-0002")["total"] == "-2016.00"
    assert books.balances() == {}


def test_inv_22_a_month_with_fee_columns_is_reconciled_without_a_difference(books: Books) -> None:
    books.use(setup())
    side = Side(books)
    side.arrive(*STORY)
    books.journalise()
    books.import_staging()
    books.post_invoices()
    side.write_back()
    assert side.differences() == {}
