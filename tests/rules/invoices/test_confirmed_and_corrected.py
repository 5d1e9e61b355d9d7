"""CONF-04 to CONF-20, CORR-01 to CORR-27: what confirmations and corrections of every class leave in the books.

The documents print figures for eight hours at 200 (TM-11 to TM-15); expenses, material and fees follow the same rules,
so they are told here with the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import Context, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import (
    IN_POUNDS,
    approval,
    bill,
    billed,
    bills,
    confirmation,
    confirmation_of_six_of_eight,
    confirmation_of_ten_for_eight,
    correction_to_six,
    replaces,
    reverses,
    sale,
)

CLASS_CODES = {"time": 192350000, "expense": 192350001, "material": 192350002, "fee": 192350004}
KINDS = {"time": "hour", "expense": "expense", "material": "item", "fee": "fee"}
OFFSETS = {"time": "payroll_allocation", "expense": "expense_offset", "material": "cost_item"}
FIXED: dict[str, Any] = {"contract_line": "CTR-1-FP", "resource": None}


def of_class(transaction_class: str, contexts: list[Context]) -> list[Context]:
    """The same messages about actuals of another class."""

    def changed(part: Any) -> Any:
        if isinstance(part, list):
            return [changed(one) for one in part]
        if not isinstance(part, dict):
            return part
        if part.get("key") == "msdyn_transactionclassification":
            return {**part, "value": {**part["value"], "Value": CLASS_CODES[transaction_class]}}
        return {name: changed(value) for name, value in part.items()}

    made: list[Context] = changed(contexts)
    return made


def approved(books: Books, transaction_class: str) -> None:
    """TM-04 of any class; a fee has no cost."""
    messages = approval() if transaction_class != "fee" else [sale("work/unbilled")]
    books.arrive(*of_class(transaction_class, messages))
    books.journalise()


def invoice(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def lines(books: Books, number: str = "INV-0001") -> list[tuple[str, str, str]]:
    return sorted((line["kind"], line["quantity"], line["amount"]) for line in books.proposal(number)["lines"])


def sales_balances(books: Books) -> dict[str, Decimal]:
    """Without the costs, which no confirmation or correction changes (INV-09)."""
    return {kind: sum_ for kind, sum_ in books.balances().items() if kind not in {"cost", *OFFSETS.values()}}


# --- confirmation -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "transaction_class",
    [
        pytest.param("time", id="CONF-04"),
        pytest.param("expense", id="CONF-07"),
        pytest.param("material", id="CONF-10"),
        pytest.param("fee", id="CONF-13"),
    ],
)
def test_what_is_billed_as_it_was_approved(books: Books, transaction_class: str) -> None:
    approved(books, transaction_class)
    invoice(books, *of_class(transaction_class, confirmation()))
    assert lines(books) == [(KINDS[transaction_class], "8", "1600.00")]
    assert sales_balances(books) == {"invoiced_revenue": Decimal(-1600), "customer_balance": Decimal(1600)}


@pytest.mark.parametrize(
    "transaction_class",
    [
        pytest.param("time", id="CONF-05"),
        pytest.param("expense", id="CONF-08"),
        pytest.param("material", id="CONF-11"),
    ],
)
def test_of_a_reduced_quantity_the_rest_is_billed_without_charge(books: Books, transaction_class: str) -> None:
    approved(books, transaction_class)
    invoice(books, *of_class(transaction_class, confirmation_of_six_of_eight()))
    assert lines(books) == [(KINDS[transaction_class], "6", "1200.00")]
    assert books.state("two/billed") == "posted"
    assert sales_balances(books) == {"invoiced_revenue": Decimal(-1200), "customer_balance": Decimal(1200)}


@pytest.mark.parametrize(
    "transaction_class",
    [
        pytest.param("time", id="CONF-06"),
        pytest.param("expense", id="CONF-09"),
        pytest.param("material", id="CONF-12"),
    ],
)
def test_of_an_increased_quantity_everything_is_billed(books: Books, transaction_class: str) -> None:
    approved(books, transaction_class)
    invoice(books, *of_class(transaction_class, confirmation_of_ten_for_eight()))
    assert lines(books) == [(KINDS[transaction_class], "10", "2000.00")]
    assert sales_balances(books) == {"invoiced_revenue": Decimal(-2000), "customer_balance": Decimal(2000)}


def test_conf_14_inv_23_a_milestone_has_no_unbilled_sale(books: Books) -> None:
    invoice(
        books, bill("milestone", "1", "5000", **FIXED, transaction_class="milestone"), proforma("inv-1", total="5000")
    )
    assert lines(books) == [("on_account", "1", "5000.00")]
    assert books.journal_lines() == []


def test_conf_16_a_confirmed_proforma_keeps_its_lines_whatever_is_sent_of_it_later(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    before = books.proposal()
    for status in ("draft", "in_review", "confirmed"):
        books.arrive(proforma("inv-1", status=status, total="999", at="2026-09-01T12:00:00Z"))
    books.import_staging()
    assert books.proposal() == before
    books.post_invoices()
    assert books.invoice()["total"] == "1600.00"


def test_conf_17_prop_08_a_proforma_may_bill_everything_at_once(books: Books) -> None:
    works = [of_class(kind, billed(kind))[1:] for kind in KINDS]
    milestone = bill("milestone", "1", "5000", **FIXED, transaction_class="milestone")
    retainer = bill("retainer", "-1", "400", **FIXED, transaction_class="retainer")
    invoice(
        books, *(message for work in works for message in work), milestone, retainer, proforma("inv-1", total="11000")
    )
    assert [kind for kind, _, _ in lines(books)] == ["expense", "fee", "hour", "item", "on_account", "on_account"]
    assert sales_balances(books) == {
        "invoiced_revenue": Decimal(-6400),
        "invoiced_revenue_on_account": Decimal(-4600),
        "customer_balance": Decimal(11000),
    }


def test_conf_18_a_detail_that_was_added_by_hand_comes_with_its_unbilled_sale(books: Books) -> None:
    """Nothing was approved before: the sale, its reversal and what is billed come together."""
    invoice(books, sale("added/reversal", "-8", skip_sync=True), *billed("added"))
    assert books.invoice()["total"] == "1600.00"
    assert (books.state("added/reversal"), books.state("added/unbilled")) == ("skipped", "posted")


def test_conf_19_on_a_fixed_price_such_a_detail_is_billed_alone(books: Books) -> None:
    invoice(books, bill("added", **FIXED), proforma("inv-1", total="1600"))
    assert lines(books) == [("hour", "8", "1600.00")]
    assert books.balances() == {"invoiced_revenue": Decimal(-1600), "customer_balance": Decimal(1600)}


def test_conf_20_eight_hours_at_a_cost_of_50_and_a_price_of_100(books: Books) -> None:
    books.arrive(*approval(unit_cost="50", price="100"))
    books.journalise()
    header = proforma("inv-1", total="800")
    reversal = sale("work/reversal", "-8", "100", skip_sync=True)
    invoice(books, reversal, bill("work/billed", "8", "100"), bills("work/billed", "work/unbilled"), header)
    amounts = [
        (books.journal_line(name)["cost_amount"], books.journal_line(name)["sales_amount"])
        for name in ("work/cost", "work/unbilled")
    ]
    assert amounts == [("400.00", "0.00"), ("0.00", "800.00")]
    assert lines(books) == [("hour", "8", "800.00")]


# --- correction -------------------------------------------------------------------------------------------------------


def invoiced(books: Books, transaction_class: str) -> None:
    approved(books, transaction_class)
    invoice(books, *of_class(transaction_class, confirmation()))


@pytest.mark.parametrize(
    "transaction_class",
    [
        pytest.param("time", id="CORR-01"),
        pytest.param("expense", id="CORR-03"),
        pytest.param("material", id="CORR-05"),
        pytest.param("fee", id="CORR-07"),
    ],
)
def test_a_full_credit_puts_everything_back_into_the_backlog(books: Books, transaction_class: str) -> None:
    invoiced(books, transaction_class)
    messages = [
        bill("work/credited", "-8", invoice="inv-2"),
        sale("again/unbilled"),
        reverses("work/credited", "work/billed"),
        replaces("again/unbilled", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-1600", has_corrections=True),
    ]
    invoice(books, *of_class(transaction_class, messages))
    assert (books.invoice("INV-0002")["document_type"], books.invoice("INV-0002")["total"]) == (
        "credit_note",
        "-1600.00",
    )
    assert sales_balances(books) == {"wip_sales_value": Decimal(1600), "accrued_revenue_sales_value": Decimal(-1600)}


@pytest.mark.parametrize(
    "transaction_class",
    [
        pytest.param("time", id="CORR-02 CORR-11 CORR-29 INV-08"),
        pytest.param("expense", id="CORR-04"),
        pytest.param("material", id="CORR-06"),
    ],
)
def test_a_partial_credit_bills_again_what_is_right_and_leaves_the_rest(books: Books, transaction_class: str) -> None:
    """1,200 are billed and 400 in the backlog: 1,600 together, as ever."""
    invoiced(books, transaction_class)
    invoice(books, *of_class(transaction_class, correction_to_six()))
    kind = KINDS[transaction_class]
    assert lines(books, "INV-0002") == sorted([(kind, "-8", "-1600.00"), (kind, "6", "1200.00")])
    assert sales_balances(books) == {
        "wip_sales_value": Decimal(400),
        "accrued_revenue_sales_value": Decimal(-400),  # INV-15
        "invoiced_revenue": Decimal(-1200),
        "customer_balance": Decimal(1200),
    }


def test_corr_08_of_a_fee_no_remainder_comes_back(books: Books) -> None:
    invoiced(books, "fee")
    remainder = guid("two/unbilled")
    messages = [one for one in correction_to_six() if remainder not in str(one)]
    invoice(books, *of_class("fee", messages))
    assert sales_balances(books) == {"invoiced_revenue": Decimal(-1200), "customer_balance": Decimal(1200)}


def test_corr_09_a_milestone_is_credited_whole(books: Books) -> None:
    invoice(
        books, bill("milestone", "1", "5000", **FIXED, transaction_class="milestone"), proforma("inv-1", total="5000")
    )
    credit = bill("credit", "-1", "5000", invoice="inv-2", **FIXED, transaction_class="milestone")
    header = proforma("inv-2", number="INV-0002", total="-5000", has_corrections=True)
    invoice(books, credit, reverses("credit", "milestone"), header)
    assert books.invoice("INV-0002")["document_type"] == "credit_note"
    assert books.balances() == {}


def test_corr_21_a_correction_may_have_a_line_without_a_price(books: Books) -> None:
    invoiced(books, "time")
    messages = [
        bill("work/credited", "-8", invoice="inv-2"),
        sale("again/unbilled", "8", "0"),
        bill("again/billed", "8", "0", invoice="inv-2"),
        bills("again/billed", "again/unbilled"),
        reverses("work/credited", "work/billed"),
        replaces("again/unbilled", "work/billed"),
        proforma("inv-2", number="INV-0002", total="-1600", has_corrections=True),
    ]
    invoice(books, *messages)
    assert lines(books, "INV-0002") == [("hour", "-8", "-1600.00"), ("hour", "8", "0.00")]
    assert sales_balances(books) == {}


def test_corr_23_what_replaces_a_negative_sale_is_imported_and_billed(books: Books) -> None:
    """A negative sale was billed; its correction bills it again with another price."""
    invoice(books, *billed(quantity="-8", total="-1600"))
    messages = [
        bill("work/credited", "8", invoice="inv-2"),
        sale("again/unbilled", "-8", "150"),
        bill("again/billed", "-8", "150", invoice="inv-2"),
        bills("again/billed", "again/unbilled"),
        reverses("work/credited", "work/billed"),
        replaces("again/unbilled", "work/billed"),
        proforma("inv-2", number="INV-0002", total="400", has_corrections=True),
    ]
    invoice(books, *messages)
    assert sales_balances(books) == {"invoiced_revenue": Decimal(1200), "customer_balance": Decimal(-1200)}


def test_corr_26_prop_22_a_proposal_of_a_negative_time_correction_is_posted(books: Books) -> None:
    invoice(books, *billed(quantity="-2", total="-400"))
    assert (books.invoice()["document_type"], books.invoice()["total"]) == ("credit_note", "-400.00")
    assert books.balances() == {"invoiced_revenue": Decimal(400), "customer_balance": Decimal(-400)}


@pytest.mark.parametrize(
    ("taxed", "sales_tax"), [(True, "-80.00"), (False, "-320.00")], ids=["with tax", "with its tax removed"]
)
def test_corr_27_wb_12_a_correction_tells_dataverse_its_sales_tax(books: Books, taxed: bool, sales_tax: str) -> None:
    """Six of eight hours are billed again: with tax, or with an exempt group on the new line."""
    books.use(finance(TAXED))
    approved(books, "time")
    invoice(books, *confirmation())
    books.arrive(*correction_to_six())
    books.journalise()
    books.import_staging()
    if not taxed:
        line = {"company": "USPM", "proposal_id": "INV-0002", "actual_id": guid("six/billed")}
        assert books.edit("edit", **line, sales_tax_group="EXP") == "done"
    books.post_invoices()
    assert books.invoice("INV-0002")["sales_tax"] == sales_tax
    told, again, whole = (books.write_back(name) for name in ("work/credited", "six/billed", "work/billed"))
    assert told
    assert again
    assert whole
    assert (whole["sales_tax_amount"], told["sales_tax_amount"]) == ("320.00", "-320.00")
    assert again["sales_tax_amount"] == ("240.00" if taxed else "0.00")
    header = books.write_back("inv-2", "invoice")
    assert header
    assert header["sales_tax_amount"] == sales_tax


def test_inv_12_what_is_sent_of_a_posted_actual_later_changes_no_document(books: Books) -> None:
    invoiced(books, "time")
    before = {name: books.result[name] for name in ("journals", "proposals", "invoices", "vouchers", "write_back")}
    books.arrive(bill("work/billed", "8", "999", message="Update", at="2026-09-01T12:00:00Z", row_version=9))
    books.import_staging()
    books.post_invoices()
    assert {name: books.result[name] for name in before} == before


@pytest.mark.parametrize("story", [confirmation_of_six_of_eight, confirmation_of_ten_for_eight, confirmation])
def test_inv_09_no_confirmation_and_no_correction_changes_a_cost(
    books: Books, story: Callable[[], list[Context]]
) -> None:
    approved(books, "time")
    costs = {"cost": Decimal(800), "payroll_allocation": Decimal(-800)}
    assert costs.items() <= books.balances().items()
    invoice(books, *story())
    assert costs.items() <= books.balances().items()
    if story is confirmation:
        invoice(books, *correction_to_six())
        assert costs.items() <= books.balances().items()


def test_inv_07_what_is_invoiced_was_posted_before(books: Books) -> None:
    books.arrive(*approval("one"), *approval("two"), *billed("one", "two", total="3200"))
    books.journalise()
    assert books.proposal()["status"] == "ready"
    assert {books.state(f"{work}/unbilled") for work in ("one", "two")} == {"posted"}
    journal, *_ = [voucher["voucher"] for voucher in books.result["vouchers"] if voucher["source"] == "journal"]
    books.post_invoices()
    assert books.invoice()["voucher"] > max(books.row(f"{work}/unbilled")["voucher"] for work in ("one", "two"))
    assert journal < books.invoice()["voucher"]


@pytest.mark.parametrize("columns", [{}, IN_POUNDS], ids=["dollars", "pounds"])
def test_inv_10_a_credit_takes_back_what_its_invoice_earned(books: Books, columns: dict[str, Any]) -> None:
    invoice(books, *billed(**columns))
    header = {name: columns[name] for name in ("contract", "currency") if name in columns}
    credit = bill("credit", "-8", invoice="inv-2", **columns)
    note = proforma("inv-2", number="INV-0002", total="-1600", has_corrections=True, **header)
    invoice(books, credit, reverses("credit", "work/billed"), note)
    earned, given_back = (books.write_back(name) for name in ("work/billed", "credit"))
    assert earned
    assert given_back
    assert Decimal(earned["accounting_amount"]) + Decimal(given_back["accounting_amount"]) == 0
    assert books.balances() == {}


def test_inv_20_a_number_names_one_proforma_however_often_it_is_sent(books: Books) -> None:
    books.arrive(*billed(), proforma("inv-1"), proforma("inv-1", at="2026-09-01T12:00:00Z"), proforma("other"))
    books.journalise()
    assert [(p["company"], p["proposal_id"], p["total"]) for p in books.result["proposals"]] == [
        ("USPM", "INV-0001", "1600.00")
    ]
    assert [row["reason"] for row in books.result["rejected"]] == ["duplicate_proposal_number"]


# --- work that is not charged and comes late --------------------------------------------------------------------------


def free_work(name: str = "free", billing_type: str = "complimentary") -> list[Context]:
    free = {"billing_type": billing_type}
    return [
        sale(f"{name}/unbilled", **free),
        bill(f"{name}/billed", **free),
        bills(f"{name}/billed", f"{name}/unbilled"),
    ]


@pytest.mark.parametrize(
    ("billing_type", "shown"), [("complimentary", ["0.00", "1600.00"]), ("non_chargeable", ["1600.00"])]
)
def test_99_21_work_without_money_joins_a_proposal_that_is_ready(
    books: Books, billing_type: str, shown: list[str]
) -> None:
    books.arrive(*billed())
    books.journalise()
    books.arrive(*free_work(billing_type=billing_type))
    books.journalise()
    assert sorted(line["amount"] for line in books.proposal()["lines"]) == shown
    books.post_invoices()
    assert (books.state("free/billed"), books.invoice()["total"]) == ("posted", "1600.00")


def test_99_21_work_without_money_is_done_when_its_invoice_is_posted_already(books: Books) -> None:
    invoice(books, *billed())
    before = {name: books.result[name] for name in ("proposals", "invoices", "vouchers")}
    books.arrive(*free_work())
    books.journalise()
    books.import_staging()
    row = books.row("free/billed")
    assert (row["state"], row["proposal_id"], row["voucher"]) == ("posted", "INV-0001", None)
    assert {name: books.result[name] for name in before} == before


def test_work_with_money_that_comes_late_waits_and_says_so(books: Books) -> None:
    invoice(books, *billed())
    books.arrive(bill("late", "1", "200"))
    books.import_staging()
    assert (books.state("late"), books.row("late")["reason"]) == ("pending", "billed_sales_mismatch")


def test_lines_that_joined_late_are_deleted_and_rebuilt_with_the_others(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    books.arrive(*free_work(), *free_work("more"))
    books.journalise()
    assert books.edit("delete_lines", company="USPM", proposal_id="INV-0001") == "done"
    assert {books.state(name) for name in ("work/billed", "free/billed", "more/billed")} == {"pending"}
    books.import_staging()
    assert sorted(line["amount"] for line in books.proposal()["lines"]) == ["0.00", "0.00", "1600.00"]
    books.post_invoices()
    assert {books.state(name) for name in ("work/billed", "free/billed", "more/billed")} == {"posted"}
