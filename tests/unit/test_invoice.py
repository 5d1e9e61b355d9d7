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
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxRounding

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
