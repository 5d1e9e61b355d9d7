"""WB: what is written back of posted documents, and what is compared with it later. No store."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import actual_write_back, invoice_write_back
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.compared_rows import WrittenBack
from project_invoicing.rules.reconciliation.proformas import invoice_not_written, invoice_written_differs
from project_invoicing.rules.reconciliation.received import written_differs
from project_invoicing.rules.reconciliation.staged_rows import not_written_back, written_back
from project_invoicing.rules.write_back import actual_of_invoice, actual_of_journal, row_of_invoice
from tests.store_free.recorded import SETUP, invoice, journal_line, posted_cost, proposal_line


def test_wb_01_wb_04_the_actual_of_a_journal_line_gets_amount_rate_and_voucher_and_no_tax() -> None:
    line = journal_line(price_exchange_rate=Decimal(125), price_factor=Decimal(100), accounting_amount=Decimal(1250))
    assert actual_of_journal(line) == {
        "accounting_amount": Decimal(1250),
        "exchange_rate": Decimal("1.25"),
        "voucher": "PV-1",
        "sales_tax_amount": Decimal(0),
    }


def test_wb_01_a_line_that_is_not_in_the_ledger_has_no_voucher_to_write_back() -> None:
    values = actual_of_journal(journal_line(in_ledger=False))
    assert values["voucher"] is None
    assert "msdyn_vouchernumber" not in actual_write_back(**values)


def test_wb_02_wb_05_wb_06_the_actual_of_an_invoice_line_gets_the_invoices_rate_and_voucher_and_its_own_tax() -> None:
    values = actual_of_invoice(proposal_line(), invoice(exchange_rate=Decimal("1.25")))
    assert values == {
        "accounting_amount": Decimal("1600.00"),
        "exchange_rate": Decimal("1.25"),
        "voucher": "PV-9",
        "sales_tax_amount": Decimal(320),
    }


def test_wb_06_wb_07_wb_12_the_proforma_gets_number_date_status_and_tax() -> None:
    assert row_of_invoice(invoice()) == {
        "invoice_number": "FTI-1",
        "invoice_date": "2026-08-30",
        "status": "posted",
        "sales_tax_amount": Decimal(320),
    }


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ({"voucher": "PV-9"}, "voucher PV-1, not PV-9"),
        ({"voucher": None}, "voucher PV-1, not empty"),
        ({"accounting_amount": Decimal(801)}, "accounting_amount 800, not 801"),
        ({"exchange_rate": Decimal(2)}, "exchange_rate 1, not 2"),
        ({"sales_tax_amount": Decimal(5)}, "sales_tax_amount 0, not 5"),
        ({"sales_tax_amount": None}, "sales_tax_amount 0, not empty"),
    ],
)
def test_wb_01_a_value_that_dataverse_took_and_has_no_more_is_found(there: dict[str, Any], says: str) -> None:
    same = WrittenBack("PV-1", Decimal("800.0000"), Decimal("1.0"), Decimal("0.00"))
    row = posted_cost()
    assert list(written_differs(row, same, SETUP)) == []
    (found,) = written_differs(row, same._replace(**there), SETUP)
    assert found.check == "write_back_differs"
    assert (found.difference.detail, found.difference.repair) == (f"Dataverse should have {says}", "write back again")
    assert found.difference.amount == (1 if "accounting_amount" in there else 0)


def test_wb_01_a_row_says_what_dataverse_took_refused_or_was_not_told() -> None:
    done = posted_cost(write_back=WriteBackState.DONE)
    assert written_back(done) == written_back(replace(done, accounting_amount=Decimal(800)))
    assert written_back(done) != written_back(replace(done, voucher="PV-2"))
    failed = replace(done, write_back=WriteBackState.FAILED, write_back_detail="403")
    pending = replace(done, write_back=WriteBackState.PENDING)
    assert (written_back(failed), written_back(pending)) == (None, None)
    found = [not_written_back(row, SETUP) for row in (failed, pending, replace(pending, voucher=None))]
    assert [(one.check, one.difference.detail) for one in found] == [
        ("write_back_failed", "Dataverse says: 403"),
        ("write_back_unfinished", "posted with voucher PV-1"),
        ("write_back_unfinished", "posted without a ledger entry"),
    ]
    assert {(one.difference.amount, one.difference.currency) for one in found} == {(Decimal("800.00"), "USD")}


def test_wb_07_what_dataverse_has_of_an_invoice_is_compared_by_column() -> None:
    ours = invoice_write_back(**row_of_invoice(invoice()))
    tax = next(name for name, value in ours.items() if isinstance(value, Decimal))
    day = next(name for name, value in ours.items() if value == "2026-08-30")
    theirs = ours | {tax: 320.0, day: "2026-08-30T00:00:00Z"}
    assert list(invoice_written_differs(invoice(), ours, theirs)) == []
    (found,) = invoice_written_differs(invoice(), ours, theirs | {"msdyn_customerinvoicenumber": "FTI-9"})
    assert found.check == "write_back_differs"
    assert found.difference.detail == (
        "invoice FTI-1: Dataverse should have msdyn_customerinvoicenumber FTI-1, not FTI-9"
    )


def test_wb_07_an_invoice_that_was_refused_or_is_still_to_be_written_back_says_which() -> None:
    failed = invoice_not_written(invoice(), WriteBackState.FAILED, "403")
    pending = invoice_not_written(invoice(), WriteBackState.PENDING, None)
    assert (failed.check, failed.difference.detail) == ("write_back_failed", "invoice FTI-1: Dataverse says: 403")
    assert pending.check == "write_back_unfinished"
