"""Cases of lines that continue others: what was posted decides, not the set-up of the day (99-22, REG-19)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cases.cases import Result, balances, one, played


def taxes(result: Result) -> list[Decimal]:
    """The sales tax of each invoice in the order of their numbers."""
    return [Decimal(invoice["sales_tax"]) for invoice in result["invoices"]]


@pytest.mark.parametrize("shuffled", [{}, {"shuffle": 7, "duplicate": 1}])
def test_journal_tax_edit_lost(shuffled: dict[str, int]) -> None:
    """What a person set on the posted journal line is what is billed: no tax, and everything at CostCenter 999."""
    result = played("journal-tax-edit-lost", **shuffled)
    proposal = one(result, "proposals", proposal_id="INV-0001")
    (line,) = proposal["lines"]
    assert (line["sales_tax_group"], line["sales_tax_amount"], proposal["total"]) == ("EXP", "0.00", "1600.00")
    invoice = one(result, "invoices", proposal_id="INV-0001")
    voucher = one(result, "vouchers", voucher=invoice["voucher"])
    assert {entry["posting_type"] for entry in voucher["lines"]} == {
        "invoiced_revenue",
        "wip_sales_value",
        "accrued_revenue_sales_value",
        "customer_balance",
    }
    assert all(entry["dimensions"] == {"CostCenter": "999"} for entry in voucher["lines"])


def test_credit_note_after_a_change_of_the_tax_percent() -> None:
    result = played("credit-note-after-a-change-of-the-tax-percent")
    assert taxes(result) == [Decimal(132), Decimal(-132)]
    assert balances(result).keys().isdisjoint({"sales_tax_payable", "customer_balance"})


def test_credit_note_of_an_edited_tax_group() -> None:
    result = played("credit-note-of-an-edited-tax-group")
    assert taxes(result) == [Decimal(0), Decimal(0)]
    assert balances(result).keys().isdisjoint({"sales_tax_payable", "customer_balance"})


@pytest.mark.parametrize("shuffled", [{}, {"shuffle": 7, "duplicate": 1}])
def test_tax_by_total_over_partial_credit_notes(shuffled: dict[str, int]) -> None:
    """Each of the four credit notes rounds by the rules, and the last gives back what is left."""
    result = played("tax-by-total-over-partial-credit-notes", **shuffled)
    assert len(taxes(result)) == 5
    assert sum(taxes(result)) == 0
    assert balances(result).keys().isdisjoint({"sales_tax_payable", "customer_balance"})


def test_credit_note_after_a_change_of_the_rate() -> None:
    """Revenue has the rate of the document's own date, the accrual that is taken back the rate of its original."""
    result = played("credit-note-after-a-change-of-the-rate")
    credit = one(result, "invoices", document_type="credit_note")
    assert credit["invoice_date"] == "2026-09-10"
    found = balances(result)
    assert (found["wip_sales_value"], found["accrued_revenue_sales_value"]) == (Decimal(1920), Decimal(-1920))
    assert found["invoiced_revenue"] == Decimal(-1735) + Decimal(1920)
