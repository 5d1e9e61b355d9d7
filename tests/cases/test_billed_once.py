"""99-25: an unbilled sale is billed once, a billed sale is taken back once; the second waits and names the first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.cases.cases import balances, one, played

ACCRUED = {"wip_sales_value", "accrued_revenue_sales_value"}


@pytest.mark.parametrize("options", [{}, {"shuffle": 7}, {"duplicate": 2}, {"shuffle": 3, "duplicate": 1}], ids=str)
def test_unbilled_sale_on_two_proformas(options: dict[str, int]) -> None:
    result = played("unbilled-sale-on-two-proformas", **options)
    (invoice,) = result["invoices"]
    assert invoice["total"] == "1732.00"
    (second,) = [one for one in result["proposals"] if one["proposal_id"] != invoice["proposal_id"]]
    (wait,) = second["waiting_for"]
    (first,) = one(result, "proposals", proposal_id=invoice["proposal_id"])["lines"]
    assert (second["status"], wait["reason"], wait["actual_id"]) == ("waiting", "already_billed", first["actual_id"])
    place = f"line 1 of proposal {invoice['proposal_id']}"
    assert f"{first['actual_id']} for 1600.00 USD, {place}, posted with voucher {invoice['voucher']}" in wait["detail"]
    assert not balances(result).keys() & ACCRUED
    waiting = one(result, "staging", state="pending")
    assert (waiting["reason"], waiting["transaction_type"]) == ("already_billed", "billed_sales")


def test_unbilled_sale_twice_on_one_proforma() -> None:
    result = played("unbilled-sale-twice-on-one-proforma")
    proposal = one(result, "proposals", proposal_id="PF-1")
    assert (proposal["status"], [wait["reason"] for wait in proposal["waiting_for"]]) == ("waiting", ["already_billed"])
    assert result["invoices"] == []
    assert balances(result)["wip_sales_value"] == Decimal(1600)


def test_billed_sale_credited_by_two_proformas() -> None:
    result = played("billed-sale-credited-by-two-proformas")
    assert [invoice["total"] for invoice in result["invoices"]] == ["1732.00", "-1732.00"]
    proposal = one(result, "proposals", proposal_id="PF-3")
    (wait,) = proposal["waiting_for"]
    assert (proposal["status"], wait["reason"]) == ("waiting", "already_credited")
    assert "for -1600.00 USD, line 1 of proposal PF-2, posted with voucher" in wait["detail"]
    totals = balances(result)
    assert totals["wip_sales_value"] == -totals["accrued_revenue_sales_value"] == Decimal(1600)
    assert not totals.keys() & {"invoiced_revenue", "customer_balance", "sales_tax_payable"}
