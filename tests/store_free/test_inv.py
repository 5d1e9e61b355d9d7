"""Totals and voucher of a customer invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.codes import LineKind, PostingType, TransactionClass
from project_invoicing.domain.invoice_totals import DocumentType, Terms, Totals, accounted, totals
from project_invoicing.domain.invoice_voucher import InvoiceAccounts, LineAccounts, codes_to_post, voucher
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.money import SAME_CURRENCY, ExchangeRate
from project_invoicing.domain.proposal import HeaderEdits, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.sales_tax import TaxRounding
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import finance
from tests.store_free.invoicing import Invoiced, a_proposal, contoso, crediting, invoiced
from tests.store_free.invoicing import a_line as billed_line

CENT = Decimal("0.01")
NO_TAX: Mapping[str, Decimal] = {}
DAY = date(2026, 8, 31)


def a_line(amount: str = "1600", number: int = 1, **columns: Any) -> ProposalLine:
    line = ProposalLine(
        line_number=number,
        actual_id=f"actual-{number}",
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(1),
        unit_price=Decimal(amount),
        amount=Decimal(amount),
    )
    return replace(line, **columns)


def made(*lines: ProposalLine, tax: str | None = None, rate: ExchangeRate = SAME_CURRENCY) -> tuple[Totals, Voucher]:
    """The totals and the voucher of an invoice with these lines, each taxed with ``tax`` percent."""
    terms = Terms("USPM", "INV-1", "C-001", "GBP", CENT, CENT, rate, DAY, DAY, DAY, TaxRounding(CENT))
    percents = {"VAT": Decimal(tax)} if tax else NO_TAX
    document = accounted(totals(lines, lambda _: percents, terms.tax_rounding), terms)
    to = LineAccounts((PostingType.INVOICED_REVENUE, "411100"))
    taxes = {code: f"tax {code}" for code in codes_to_post(document)}
    accounts = InvoiceAccounts([to] * len(lines), taxes, "130100")
    return document, voucher("PV-1", "FTI-1", document, terms, accounts, {"C": "1"})


def entries(document: Voucher) -> list[tuple[str, str, str]]:
    return [(line.posting_type.value, str(line.amount), str(line.accounting_amount)) for line in document.lines]


@pytest.mark.parametrize(
    ("amounts", "total", "document_type"),
    [
        pytest.param(["1600"], 1600, DocumentType.INVOICE, id="invoice"),
        pytest.param(["-1600", "1200"], -400, DocumentType.CREDIT_NOTE, id="CORR-25, CORR-29"),
        pytest.param(["-1600", "2000"], 400, DocumentType.INVOICE, id="TM-15"),
        pytest.param(["-1600", "1600"], 0, DocumentType.INVOICE, id="nothing"),
    ],
)
def test_prop_18_the_sign_of_the_total_makes_the_document(
    amounts: list[str], total: int, document_type: DocumentType
) -> None:
    document, _ = made(*(a_line(amount, n) for n, amount in enumerate(amounts)))
    assert document.total == total
    assert document.document_type is document_type


def test_prop_07_a_line_that_is_not_charged_has_neither_amount_nor_tax() -> None:
    document, posted = made(a_line("100"), a_line("0", 2, chargeable=False), tax="20")
    assert (str(document.subtotal), str(document.sales_tax), str(document.total)) == ("100", "20.00", "120.00")
    assert [line.sales_tax_amount for line in document.lines] == [20, 0]
    assert entries(posted) == [
        ("invoiced_revenue", "-100", "-100.00"),
        ("sales_tax_payable", "-20.00", "-20.00"),
        ("customer_balance", "120.00", "120.00"),
    ]


def test_led_46_led_47_the_customer_owes_revenue_and_tax_and_the_accrual_is_taken_back() -> None:
    accrual = Accrual("GBP", Decimal(100), Decimal(100), Decimal(1), "161300", "420200")
    _, posted = made(a_line("100", accruals=(accrual,)), tax="20")
    assert {posting_type: amount for posting_type, _, amount in entries(posted)} == {
        "invoiced_revenue": "-100.00",
        "wip_sales_value": "-100",
        "accrued_revenue_sales_value": "100",
        "sales_tax_payable": "-20.00",
        "customer_balance": "120.00",
    }


def test_fxr_13_accruals_of_other_rates_go_as_they_came() -> None:
    old = Accrual("GBP", Decimal(1000), Decimal(1250), Decimal("1.25"), "161300", "420200")
    _, posted = made(a_line("1000", accruals=(old,)), rate=ExchangeRate(Decimal("137.77"), Decimal(100)))
    assert entries(posted) == [
        ("invoiced_revenue", "-1000", "-1377.70"),
        ("wip_sales_value", "-1000", "-1250"),
        ("accrued_revenue_sales_value", "1000", "1250"),
        ("customer_balance", "1000", "1377.70"),
    ]


def test_revenue_is_rounded_per_actual_and_the_customer_takes_what_is_left() -> None:
    """Contract, section 5: so no line for differences is needed."""
    rate = ExchangeRate(Decimal("137.77"), Decimal(100))
    document, posted = made(*(a_line("0.11", n) for n in range(3)), tax="20", rate=rate)
    assert [line.accounting_amount for line in document.lines] == [Decimal("0.15")] * 3
    assert entries(posted) == [
        ("invoiced_revenue", "-0.33", "-0.45"),
        ("sales_tax_payable", "-0.06", "-0.08"),
        ("customer_balance", "0.39", "0.53"),
    ]


def test_the_customer_balance_has_the_customers_dimensions_and_the_tax_its_code() -> None:
    _, posted = made(a_line("100", dimensions={"CostCenter": "007"}), tax="20")
    revenue, tax, customer = posted.lines
    assert (revenue.dimensions, customer.dimensions) == ({"CostCenter": "007"}, {"C": "1"})
    assert (tax.account, tax.sales_tax_code) == ("tax VAT", "VAT")


def test_an_invoice_of_nothing_posts_nothing() -> None:
    assert made(a_line("0", chargeable=False))[1].lines == ()


@given(
    st.lists(st.decimals(-10_000, 10_000, places=2), min_size=1, max_size=8),
    st.decimals("0.01", 1000, places=4),
    st.decimals(0, 30, places=2),
)
def test_inv_01_inv_16_every_invoice_balances_and_the_customer_owes_its_total(
    amounts: list[Decimal], rate: Decimal, tax: Decimal
) -> None:
    lines = [a_line(str(amount), n) for n, amount in enumerate(amounts)]
    document, posted = made(*lines, tax=str(tax), rate=ExchangeRate(rate, Decimal(100)))
    owed = [line.amount for line in posted.lines if line.posting_type is PostingType.CUSTOMER_BALANCE]
    assert sum(owed) == document.total == sum(amounts) + document.sales_tax
    assert sum(line.sales_tax_amount or 0 for line in document.lines) == document.sales_tax


# --- whose it is, in which money, on which accounts -------------------------------------------------------------------


def posting(posting_type: str, *rows: dict[str, str]) -> dict[str, Any]:
    """The examples' accounts with more rows of a posting type."""
    more = [{"posting_type": posting_type, **row} for row in rows]
    return {"ledger_posting": {"USPM": [*finance()["ledger_posting"]["USPM"], *more]}}


def refusal(*lines: ProposalLine, setup: FinanceSetup, header: Proposal | None = None) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        invoiced(lines, setup, header=header)
    return refused.value.reason.value, refused.value.detail


def test_prop_10_the_customer_is_the_proformas_else_the_contracts() -> None:
    shared = ("contracts.CTR-1.customer", "C-002")
    headers = [a_proposal(), a_proposal(customer=None)]
    assert [invoiced([billed_line()], contoso(shared), header=one).draft.terms.customer for one in headers] == [
        "C-001",
        "C-002",
    ]


def test_what_cannot_be_invoiced_is_refused_before_anything_is_computed() -> None:
    on_hold = contoso(("customers.USPM.C-001.on_hold", True))
    pounds = a_proposal(contract="CTR-GBP", currency="GBP")
    assert refusal(setup=contoso()) == ("lines_missing", "proposal INV-0001 has no lines")
    assert refusal(billed_line(), setup=on_hold) == ("customer_on_hold", "customer C-001 of USPM is on hold")
    assert refusal(billed_line(), setup=contoso(exchange_rates=[]), header=pounds) == (
        "exchange_rate_missing",
        "no exchange rate from GBP to USD on or before 2026-08-31",
    )


def test_fxr_01_fxr_04_the_agreed_rate_of_the_contract_goes_before_that_of_the_day() -> None:
    of_contract = {name: a_proposal(contract=name, currency="GBP") for name in ("CTR-FIXED", "CTR-GBP")}
    made = {name: invoiced([billed_line("1750")], contoso(), header=one) for name, one in of_contract.items()}
    assert {name: one.accounting for name, one in made.items()} == {"CTR-FIXED": ["2187.50"], "CTR-GBP": ["2410.98"]}


@pytest.mark.parametrize(
    ("rows", "account"),
    [
        pytest.param(
            [{"customer": "C-001", "account": "1"}, {"customer_group": "DOM", "account": "2"}], "1", id="table"
        ),
        pytest.param([{"customer_group": "DOM", "account": "2"}], "2", id="group"),
        pytest.param([{"customer": "C-002", "account": "1"}], "130100", id="all"),
    ],
)
def test_led_57_the_customer_balance_is_that_of_the_customer_the_group_or_all(
    rows: list[dict[str, str]], account: str
) -> None:
    setup = contoso(("customers.USPM.C-001.group", "DOM"), **posting("customer_balance", *rows))
    assert invoiced([billed_line()], setup).accounts(PostingType.CUSTOMER_BALANCE) == {account: 1600}


@pytest.mark.parametrize(
    ("rows", "account"),
    [
        pytest.param([{"project": "PRJ-1", "account": "1"}, {"category": "Labor", "account": "2"}], "1", id="LED-58"),
        pytest.param(
            [{"category": "Labor", "account": "2"}, {"category_group": "Work", "account": "3"}], "2", id="LED-59"
        ),
        pytest.param([{"category_group": "Work", "account": "3"}], "3", id="category group"),
        pytest.param([{"project_group": "TM", "account": "4"}, {"category": "Labor", "account": "2"}], "4", id="group"),
    ],
)
def test_revenue_goes_to_the_most_specific_account(rows: list[dict[str, str]], account: str) -> None:
    setup = contoso(("categories.USPM.Labor.group", "Work"), **posting("invoiced_revenue", *rows))
    assert invoiced([billed_line()], setup).accounts(PostingType.INVOICED_REVENUE) == {account: -1600}


@pytest.mark.parametrize(
    ("on_account", "posting_type"),
    [("profit_and_loss", "invoiced_revenue_on_account"), ("balance", "wip_invoiced_on_account")],
    ids=["LED-36", "LED-37"],
)
def test_a_milestone_is_on_account_as_the_profile_of_its_billing_method_says(
    on_account: str, posting_type: str
) -> None:
    milestone = billed_line(transaction_class=TransactionClass.MILESTONE, contract_line="CTR-1-FP", category=None)
    made = invoiced([milestone, billed_line("100", 2)], contoso(("profiles.FP.on_account", on_account)))
    assert made.balances == {"customer_balance": 1700, posting_type: -1600, "invoiced_revenue": -100}
    assert refusal(milestone, setup=contoso(profile_rules=[]))[0] == "profile_missing"


def test_only_what_is_posted_needs_an_account() -> None:
    none = contoso(ledger_posting={"USPM": []})
    nothing = invoiced([billed_line("0", chargeable=False)], none)
    assert nothing.voucher.lines == ()
    assert nothing.draft.totals.total == 0
    assert refusal(billed_line(), setup=none) == (
        "ledger_account_missing",
        "ledger_posting.USPM has no account for posting type invoiced_revenue (project PRJ-1, category Labor)",
    )


# --- dimensions -------------------------------------------------------------------------------------------------------

OF_CUSTOMER = ("customers.USPM.C-001.dimensions", {"Region": "West", "Unit": "Sales"})
OF_WORK = {"Unit": "Robotics", "CostCenter": "007"}


def dimensions(made: Invoiced, posting_type: PostingType) -> list[dict[str, str] | None]:
    return [line.dimensions for line in made.voucher.lines if line.posting_type is posting_type]


def test_dim_01_dim_11_the_customer_balance_has_the_customers_and_those_that_the_work_agrees_on() -> None:
    work = [billed_line(dimensions=OF_WORK), billed_line("1", 2, dimensions=OF_WORK | {"Unit": "Welding"})]
    made = [invoiced(lines, contoso(OF_CUSTOMER)) for lines in (work[:1], work)]
    assert [dimensions(one, PostingType.CUSTOMER_BALANCE) for one in made] == [
        [{"Region": "West", "Unit": "Robotics", "CostCenter": "007"}],
        [{"Region": "West", "Unit": "Sales", "CostCenter": "007"}],
    ]
    assert dimensions(made[0], PostingType.INVOICED_REVENUE) == [OF_WORK]


def test_dim_10_those_of_the_header_are_used_instead() -> None:
    header = a_proposal(edits=HeaderEdits(dimensions={"Region": "East"}))
    made = invoiced([billed_line(dimensions=OF_WORK)], contoso(OF_CUSTOMER), header=header)
    assert dimensions(made, PostingType.CUSTOMER_BALANCE) == [{"Region": "East"}]


@pytest.mark.parametrize("account", ["411100", "130100"])
def test_dim_14_an_account_that_does_not_take_the_dimensions_refuses(account: str) -> None:
    setup = contoso(account_structures={"USPM": [{"account": account, "required": ["CostCenter"]}]})
    reason, detail = refusal(billed_line(), setup=setup)
    assert (reason, f"account {account} needs dimension CostCenter" in detail) == ("dimension_invalid", True)
    assert invoiced([billed_line(dimensions=OF_WORK)], setup).balances["customer_balance"] == 1600


def test_dim_14_what_is_taken_back_goes_off_whatever_its_account_asks_by_now() -> None:
    asks = contoso(
        account_structures={"USPM": [{"account": each, "required": ["CostCenter"]} for each in ("161300", "411100")]}
    )
    accrual = Accrual("USPM", Decimal(1600), Decimal(1600), Decimal(1), "161300", "420200")
    posted = invoiced([billed_line()], contoso())
    assert invoiced(crediting(posted), asks, after=[posted]).balances["invoiced_revenue"] == 1600
    taken_off = invoiced([billed_line(accruals=(accrual,), dimensions=OF_WORK)], asks)
    assert taken_off.balances["wip_sales_value"] == -1600
