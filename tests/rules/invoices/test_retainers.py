"""CONF-01 to CONF-03, RET, MS-17, MS-22, MS-23, LED-36, LED-37, 99-15: advances, retainers and what they pay for.

The documents print no figures for retainers; those here are plain arithmetic. A retainer of 10,000 is invoiced, 2,000
of it are applied to work of 3,200, and the remaining 8,000 to work of 9,600.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.use_cases.explain.stores import Stores
from tests.builders import Context, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, cost, reverses, sale

RETAINER: dict[str, Any] = {
    "transaction_class": "retainer",
    "billing_type": "not_available",
    "contract_line": None,
    "project": None,
    "resource": None,
}
FIXED: dict[str, Any] = {"contract_line": "CTR-1-FP", "resource": None}
BALANCE = ("profiles.TM.on_account", "balance")
TODAY = "2026-08-31"


def invoiced_retainer(invoice: str = "inv-1", number: str = "INV-0001", **columns: Any) -> list[Context]:
    """CONF-01: what is billed, and what is kept for reconciliation."""
    return [
        bill("retainer/billed", "1", "10000", invoice=invoice, **RETAINER | columns),
        sale("retainer/open", "-1", "10000", **RETAINER | columns),
        proforma(invoice, number=number, total="10000", currency=columns.get("currency", "USD")),
    ]


def applied_in_part() -> list[Context]:
    """CONF-03: 2,000 of the retainer pay for a part of two works of 1,600."""
    return [
        *billed("one", "two", total="1200", invoice="inv-2", number="INV-0002"),
        bill("part/applied", "-1", "2000", invoice="inv-2", **RETAINER),
        sale("retainer/closed", "1", "10000", **RETAINER),
        reverses("retainer/closed", "retainer/open"),
        sale("rest/open", "-1", "8000", **RETAINER),
    ]


def applied_in_full() -> list[Context]:
    """CONF-02: the remaining 8,000 pay for a part of six works of 1,600."""
    return [
        *billed(*"abcdef", total="1600", invoice="inv-3", number="INV-0003"),
        bill("rest/applied", "-1", "8000", invoice="inv-3", **RETAINER),
        sale("rest/closed", "1", "8000", **RETAINER),
        reverses("rest/closed", "rest/open"),
    ]


def invoice(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def lines(books: Books, number: str) -> list[tuple[str, str]]:
    return sorted((line["kind"], line["amount"]) for line in books.proposal(number)["lines"])


def on_account(books: Books) -> Decimal:
    balances = books.balances()
    return balances.get("invoiced_revenue_on_account", balances.get("wip_invoiced_on_account", Decimal(0)))


@pytest.mark.parametrize(
    ("change", "posting_type"),
    [
        pytest.param(("profiles.TM.on_account", "profit_and_loss"), "invoiced_revenue_on_account", id="LED-37"),
        pytest.param(BALANCE, "wip_invoiced_on_account", id="LED-36"),
    ],
)
def test_conf_01_ret_02_a_retainer_is_invoiced_on_account(
    books: Books, change: tuple[str, str], posting_type: str
) -> None:
    books.use(finance(change))
    invoice(books, *invoiced_retainer())
    assert lines(books, "INV-0001") == [("on_account", "10000.00")]
    assert (books.invoice()["document_type"], books.invoice()["total"]) == ("invoice", "10000.00")
    assert books.balances() == {"customer_balance": Decimal(10000), posting_type: Decimal(-10000)}


def test_conf_01_what_is_kept_for_reconciliation_is_posted_without_an_accrual(books: Books) -> None:
    invoice(books, *invoiced_retainer())
    line = books.journal_line("retainer/open")
    assert (line["kind"], line["class"], line["sales_amount"]) == ("unbilled_sales", "retainer", "-10000.00")
    assert books.state("retainer/open") == "posted"
    assert books.voucher_of("retainer/open") == []


def test_conf_03_ret_06_ret_07_ret_13_a_retainer_that_is_applied_in_part_reduces_the_invoice(books: Books) -> None:
    invoice(books, *invoiced_retainer())
    invoice(books, *applied_in_part())
    assert lines(books, "INV-0002") == [("hour", "1600.00"), ("hour", "1600.00"), ("on_account", "-2000.00")]
    assert books.invoice("INV-0002")["total"] == "1200.00"
    assert books.balances() == {
        "customer_balance": Decimal(11200),
        "invoiced_revenue": Decimal(-3200),
        "invoiced_revenue_on_account": Decimal(-8000),  # what is left of it
    }


@pytest.mark.parametrize("change", [("profiles.TM.on_account", "profit_and_loss"), BALANCE])
def test_conf_02_ret_05_nothing_is_left_of_a_retainer_that_is_applied_in_full(
    books: Books, change: tuple[str, str]
) -> None:
    books.use(finance(change))
    invoice(books, *invoiced_retainer())
    invoice(books, *applied_in_part())
    invoice(books, *applied_in_full())
    assert books.invoice("INV-0003")["total"] == "1600.00"
    assert books.balances() == {"customer_balance": Decimal(12800), "invoiced_revenue": Decimal(-12800)}
    assert on_account(books) == 0
    reconciled = [line["sales_amount"] for line in books.journal_lines() if line["class"] == "retainer"]
    assert sum(map(Decimal, reconciled)) == 0


def test_ret_09_an_applied_retainer_takes_nothing_off_the_sales_tax(books: Books) -> None:
    """Where retainers bear no tax when they are invoiced, they bear none when they are applied."""
    books.use(finance(TAXED, ("parameters.USPM.milestone_item_sales_tax_group", None)))
    invoice(books, *invoiced_retainer())
    invoice(books, *applied_in_part())
    assert books.invoice("INV-0001")["sales_tax"] == "0.00"
    second = books.invoice("INV-0002")
    assert (second["subtotal"], second["sales_tax"], second["total"]) == ("1200.00", "640.00", "1840.00")


def test_sales_tax_on_a_retainer_is_taken_back_as_it_is_applied(books: Books) -> None:
    books.use(finance(TAXED))
    for step in (invoiced_retainer(), applied_in_part(), applied_in_full()):
        invoice(books, *step)
    figures = [(made["sales_tax"], made["total"]) for made in books.result["invoices"]]
    assert figures == [("2000.00", "12000.00"), ("240.00", "1440.00"), ("320.00", "1920.00")]
    assert books.balances() == {
        "customer_balance": Decimal(15360),
        "invoiced_revenue": Decimal(-12800),
        "sales_tax_payable": Decimal(-2560),  # 20 % of the work, whoever paid for it when
    }


@pytest.mark.parametrize("credits", [["10000"], ["4000", "6000"]], ids=["in full", "in part, then in full"])
def test_ret_11_corr_24_an_invoiced_retainer_can_be_corrected(books: Books, credits: list[str]) -> None:
    invoice(books, *invoiced_retainer())
    for number, credit in enumerate(credits, start=2):
        id = f"inv-{number}"
        invoice(
            books,
            bill(f"credit-{number}", "-1", credit, invoice=id, **RETAINER),
            reverses(f"credit-{number}", "retainer/billed"),
            proforma(id, number=f"INV-000{number}", total=f"-{credit}", has_corrections=True),
        )
        assert books.invoice(f"INV-000{number}")["document_type"] == "credit_note"
    assert books.balances() == {}


def test_corr_24_an_applied_retainer_of_nothing_is_no_obstacle(books: Books) -> None:
    nothing = bill("applied", "-1", "0", **RETAINER)
    invoice(books, *billed(), nothing)
    assert books.invoice()["total"] == "1600.00"
    assert books.state("applied") == "posted"


def test_ret_14_the_voucher_balances_in_both_currencies(books: Books) -> None:
    """INV-01. The retainer is invoiced at 1.30 and applied at 1.3777; a voucher that did not balance could not be."""
    pounds: dict[str, Any] = {"contract": "CTR-GBP", "currency": "GBP"}
    header = proforma("inv-1", number="INV-0001", total="10000", **pounds)
    *actuals, _ = invoiced_retainer(**pounds)
    books.arrive(*actuals, header)
    books.import_staging()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-08-15")
    in_pounds = {**pounds, "project": "PRJ-GBP", "contract_line": "CTR-GBP-1"}
    work = billed("one", total="600", invoice="inv-2", number="INV-0002", **in_pounds)
    invoice(books, *work, bill("applied", "-1", "1000", invoice="inv-2", **RETAINER | pounds))
    for made in (one for one in books.result["vouchers"] if one["source"] == "invoice"):
        for column in ("amount", "accounting_amount"):
            assert sum(Decimal(line[column]) for line in made["lines"]) == 0
    assert books.balances()["customer_balance"] == Decimal("13000.00") + Decimal("826.62")


def test_ret_15_later_deductions_work_when_the_project_of_the_contract_has_changed(books: Books) -> None:
    books.use(finance(("profile_rules", [{"company": "USPM", "project": "PRJ-1", "profile": "TM"}])))
    invoice(books, *invoiced_retainer(project="PRJ-1"))
    books.use(finance(("profile_rules", [{"company": "USPM", "contract": "CTR-1", "profile": "TM"}])))
    work = billed(total="600", invoice="inv-2", number="INV-0002")
    invoice(books, *work, bill("applied", "-1", "1000", invoice="inv-2", **RETAINER))
    assert books.invoice("INV-0002")["total"] == "600.00"
    assert on_account(books) == Decimal(-9000)


def test_ret_16_a_new_retainer_may_stand_on_a_document_with_a_negative_total(books: Books) -> None:
    invoice(books, *billed())
    credit = bill("credit", "-8", "200", invoice="inv-2")
    new = bill("retainer/billed", "1", "1000", invoice="inv-2", **RETAINER)
    header = proforma("inv-2", number="INV-0002", total="-600", has_corrections=True)
    invoice(books, credit, reverses("credit", "work/billed"), new, header)
    assert (books.invoice("INV-0002")["document_type"], books.invoice("INV-0002")["total"]) == (
        "credit_note",
        "-600.00",
    )
    assert on_account(books) == Decimal(-1000)


# --- refunds, and several customers -----------------------------------------------------------------------------------


def refunded(invoice: str = "inv-3", number: str = "INV-0003") -> list[Context]:
    """The 600 that are left of a retainer of 1,000 go back to the customer (RET-10)."""
    return [
        bill("refund", "-1", "600", invoice=invoice, **RETAINER),
        proforma(invoice, number=number, total="-600"),
    ]


def applied(amount: str = "400", name: str = "applied") -> list[Context]:
    """A part of a retainer pays for a part of work of 1,600."""
    work = billed(total=str(1600 - int(amount)), invoice="inv-2", number="INV-0002")
    return [*work, bill(name, "-1", amount, invoice="inv-2", **RETAINER)]


def retainer_of_1000() -> list[Context]:
    return [bill("retainer/billed", "1", "1000", **RETAINER), proforma("inv-1", number="INV-0001", total="1000")]


@pytest.mark.parametrize(
    ("change", "figures"),
    [
        pytest.param(BALANCE, ["1000.00", "1200.00", "-600.00"], id="no sales tax"),
        pytest.param(TAXED, ["1200.00", "1440.00", "-720.00"], id="VAT20"),
    ],
)
def test_oat_05_what_is_left_of_a_retainer_is_refunded_with_a_credit_note(
    books: Books, change: tuple[str, Any], figures: list[str]
) -> None:
    books.use(finance(change))
    for step in (retainer_of_1000(), applied(), refunded()):
        invoice(books, *step)
    numbers = ("INV-0001", "INV-0002", "INV-0003")
    amounts = [amount for number in numbers for kind, amount in lines(books, number) if kind == "on_account"]
    assert amounts == ["1000.00", "-400.00", "-600.00"]
    assert [made["total"] for made in books.result["invoices"]] == figures
    assert books.invoice("INV-0003")["document_type"] == "credit_note"
    assert on_account(books) == 0
    assert books.balances()["invoiced_revenue"] == Decimal(-1600)


def test_oat_05_each_of_several_customers_has_a_retainer_and_invoices_of_its_own(books: Books) -> None:
    for number, (customer, amount) in enumerate((("C-001", "600"), ("C-002", "400")), start=1):
        id = f"inv-{number}"
        retainer = bill(f"retainer-{number}", "1", amount, invoice=id, **RETAINER | {"customer": customer})
        invoice(books, retainer, proforma(id, number=f"INV-000{number}", total=amount, customer=customer))
    made = [(one["proposal_id"], one["total"], one["document_type"]) for one in books.result["invoices"]]
    assert made == [("INV-0001", "600.00", "invoice"), ("INV-0002", "400.00", "invoice")]
    posted = Stores.read(books.world.client, books.world.names).proposals.invoices
    charged = [posted.get("USPM", one["invoice_number"]) for one in books.result["invoices"]]
    assert [one.customer for one in charged if one] == ["C-001", "C-002"]
    assert on_account(books) == Decimal(-1000)
    work = billed(total="1200", invoice="inv-3", number="INV-0003")
    work[0] = proforma("inv-3", number="INV-0003", total="1200", customer="C-002")
    invoice(books, *work, bill("applied", "-1", "400", invoice="inv-3", **RETAINER | {"customer": "C-002"}))
    assert on_account(books) == Decimal(-600)
    assert retainers_off(books) == []


def test_oat_07_a_refund_that_is_revised_takes_its_line_back(books: Books) -> None:
    for step in (retainer_of_1000(), applied(), refunded()):
        invoice(books, *step)
    revised = proforma("inv-4", number="INV-0004", total="600", has_corrections=True)
    back = bill("refund/back", "1", "600", invoice="inv-4", **RETAINER)
    invoice(books, back, reverses("refund/back", "refund"), revised)
    assert lines(books, "INV-0004") == [("on_account", "600.00")]
    assert (books.invoice("INV-0004")["document_type"], books.invoice("INV-0004")["total"]) == ("invoice", "600.00")
    assert on_account(books) == Decimal(-600)
    assert retainers_off(books) == []


def test_oat_07_inv_24_a_retainer_that_is_applied_after_its_refund_is_posted_as_told_and_flagged(books: Books) -> None:
    invoice(books, *retainer_of_1000())
    invoice(books, *refunded())
    invoice(books, *applied("500"))
    assert books.invoice("INV-0002")["total"] == "1100.00"
    (found,) = retainers_off(books)
    assert (found["id"], found["amount"], found["currency"]) == ("CTR-1", "-100", "USD")


def retainers_off(books: Books) -> list[dict[str, Any]]:
    """What the nightly reconciliation says of retainers."""
    report = books.run("reconciliation")
    (check,) = [one for one in report["checks"] if one["name"] == "retainers"]
    assert check["checked"]
    return list(check["found"])


# --- milestones -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on_account_posting", "posting_type"),
    [
        pytest.param("profit_and_loss", "invoiced_revenue_on_account", id="MS-22 LED-13"),
        pytest.param("balance", "wip_invoiced_on_account", id="MS-23 LED-14 LED-15"),
    ],
)
def test_a_milestone_of_5000_is_invoiced_on_account(books: Books, on_account_posting: str, posting_type: str) -> None:
    books.use(finance(("profiles.FP.on_account", on_account_posting)))
    milestone = bill("milestone", "1", "5000", **FIXED, transaction_class="milestone")
    invoice(books, milestone, proforma("inv-1", total="5000"))
    assert books.balances() == {"customer_balance": Decimal(5000), posting_type: Decimal(-5000)}


def test_ms_17_a_milestone_has_the_tax_groups_of_its_contract_and_of_the_parameter(books: Books) -> None:
    books.use(
        finance(("contracts.CTR-1.sales_tax_group", "DOM"), ("contract_lines.CTR-1-FP.dimensions", {"Unit": "FP"}))
    )
    milestone = bill("milestone", "1", "5000", **FIXED, transaction_class="milestone")
    books.arrive(milestone, proforma("inv-1", total="5000"))
    books.import_staging()
    (line,) = books.proposal()["lines"]
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("DOM", "FULL")
    assert line["sales_tax_amount"] == "1000.00"
    books.post_invoices()
    (voucher,) = books.result["vouchers"]
    revenue = next(one for one in voucher["lines"] if one["posting_type"] == "invoiced_revenue_on_account")
    assert revenue["dimensions"] == {"Unit": "FP"}


@pytest.mark.parametrize(
    ("principle", "on_account_posting", "posting_type"),
    [
        ("no_wip", "profit_and_loss", "invoiced_revenue_on_account"),
        ("completed_contract", "balance", "wip_invoiced_on_account"),
        ("completed_percentage", "balance", "wip_invoiced_on_account"),
        ("straight_line", "profit_and_loss", "invoiced_revenue_on_account"),
    ],
)
def test_fpr_01_a_fixed_price_has_costs_by_its_profile_no_unbilled_sale_and_milestones_on_account(
    books: Books, principle: str, on_account_posting: str, posting_type: str
) -> None:
    profile: dict[str, Any] = {
        "billing_method": "fixed_price",
        "on_account": on_account_posting,
        "estimate_principle": principle,
    }
    profile["post_costs"] = {"expense": "balance"}
    books.use(finance(("profiles.FP", profile)))
    milestone = bill("milestone", "1", "2000", **FIXED, transaction_class="milestone")
    expense = cost("expense", "1", "500", transaction_class="expense", **FIXED)
    invoice(books, cost("hours", "8", "100", **FIXED), expense, milestone, proforma("inv-1", total="2000"))
    assert {line["kind"] for line in books.journal_lines()} == {"cost"}
    assert books.balances() == {
        "cost": Decimal(800),
        "payroll_allocation": Decimal(-800),
        "wip_cost_value": Decimal(500),
        "expense_offset": Decimal(-500),
        "customer_balance": Decimal(2000),
        posting_type: Decimal(-2000),
    }


def test_led_48_prop_17_work_a_milestone_and_a_deduction_stand_on_one_invoice(books: Books) -> None:
    """Eight hours and a milestone of 10,000; an expense under the fixed price has a cost only."""
    books.use(finance(("profiles.FP.on_account", "balance"), BALANCE))
    milestone = bill("milestone", "1", "10000", **FIXED, transaction_class="milestone")
    applied = bill("applied", "-1", "2000", **RETAINER)
    expense = cost("expense", "1", "2000", transaction_class="expense", **FIXED)
    invoice(books, *billed(total="9600"), milestone, applied, expense)
    assert lines(books, "INV-0001") == [("hour", "1600.00"), ("on_account", "-2000.00"), ("on_account", "10000.00")]
    assert books.balances() == {
        "cost": Decimal(2000),
        "expense_offset": Decimal(-2000),
        "customer_balance": Decimal(9600),
        "invoiced_revenue": Decimal(-1600),
        "wip_invoiced_on_account": Decimal(-8000),
    }
