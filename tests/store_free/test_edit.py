"""EDIT-08, EDIT-16 and what a person sets on a proposal: its dates and what follows from them (DUE-03, DUE-06)."""

from __future__ import annotations

from datetime import date

import pytest

from project_invoicing.domain.codes import BillingType, PostingFailure
from project_invoicing.domain.proposal import HeaderEdits
from project_invoicing.domain.refusals import Refused
from tests.setups import finance_setup
from tests.store_free.proposing import a_row, drafted

OPEN = [{"start": "2026-08-01", "end": "2026-12-31", "status": "open"}]
FINANCE = finance_setup(
    ("fiscal_periods", {"USPM": OPEN}),
    ("ledger_posting.USPM", [{"posting_type": "customer_balance", "account": "130100"}]),
)
CLOSED = finance_setup(("parameters.USPM.auto_open_period", False))


def test_edit_08_only_what_is_charged_counts() -> None:
    free = a_row("free", "400", billing_type=BillingType.COMPLIMENTARY)
    assert drafted(a_row(), free, setup=FINANCE).totals.subtotal == 1600


@pytest.mark.parametrize(
    ("edited", "written", "expected"),
    [
        pytest.param(None, None, "2026-08-31", id="the invoice date"),
        pytest.param(None, "2026-09-10", "2026-09-10", id="EDIT-16 that of the proforma before it"),
        pytest.param(date(2026, 9, 20), "2026-09-10", "2026-09-20", id="that which a person has set first"),
    ],
)
def test_99_23_the_accounting_date_of_an_invoice(edited: date | None, written: str | None, expected: str) -> None:
    edits = HeaderEdits(accounting_date=edited)
    terms = drafted(a_row(), setup=FINANCE, edits=edits, proforma_accounting_date=written).terms
    assert (str(terms.accounting_date), str(terms.invoice_date)) == (expected, "2026-08-31")


def test_edit_16_the_accounting_date_decides_the_rate_and_not_the_due_date() -> None:
    """The contract's fixed rate is taken away, so that the table has a say."""
    contract = {"company": "USPM", "customer": "C-001", "currency": "GBP"}
    rates = [
        {"from": "GBP", "to": "USD", "valid_from": "2026-01-01", "rate": "130", "factor": 100},
        {"from": "GBP", "to": "USD", "valid_from": "2026-09-01", "rate": "140", "factor": 100},
    ]
    setup = finance_setup(("fiscal_periods", {"USPM": OPEN}), ("contracts.CTR-1", contract), ("exchange_rates", rates))
    before, after = (
        drafted(a_row(), setup=setup, proforma_accounting_date=day).terms for day in ("2026-08-31", "2026-09-01")
    )
    assert [str(terms.exchange_rate.rate) for terms in (before, after)] == ["130", "140"]
    assert (before.due_date, after.due_date) == (date(2026, 9, 30),) * 2


def test_edit_16_in_a_period_that_is_not_open_nothing_is_posted() -> None:
    with pytest.raises(Refused) as refused:
        drafted(a_row(), setup=CLOSED, proforma_accounting_date="2026-09-10")
    assert refused.value.reason == PostingFailure.PERIOD_CLOSED
    assert refused.value.detail == "no open fiscal period was found for the specified accounting date 2026-09-10"


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param(HeaderEdits(), "2026-09-30", id="DUE-01 by the terms"),
        pytest.param(HeaderEdits(due_date=date(2026, 12, 24)), "2026-12-24", id="DUE-03 set before there was a date"),
        pytest.param(
            HeaderEdits(due_date=date(2026, 12, 24), due_for=date(2026, 8, 31)), "2026-12-24", id="DUE-03 for this date"
        ),
        pytest.param(
            HeaderEdits(due_date=date(2026, 12, 24), due_for=date(2026, 8, 30)), "2026-09-30", id="DUE-06 for another"
        ),
    ],
)
def test_a_manual_due_date_holds_for_the_invoice_date_that_it_was_set_for(edits: HeaderEdits, expected: str) -> None:
    assert str(drafted(a_row(), setup=FINANCE, edits=edits).terms.due_date) == expected
