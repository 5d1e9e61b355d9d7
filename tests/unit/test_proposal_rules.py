"""Which lines a proposal gets from its billed actuals, and what it waits for: all of them or none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual, Proforma, Reference, RowVersion
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    LineKind,
    StagingState,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.proposal_line import ProposalLine, subtotal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL
from project_invoicing.rules.proposal_lines import ProposalPlan, linked_ids, plan
from project_invoicing.rules.waiting import untold
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import REFERENCE_TABLES, guid
from tests.setups import finance_setup

FINANCE = finance_setup()
VERSION = RowVersion(1, "2026-08-27T16:05:00.000Z", "a")
ACCRUAL = Accrual("GBP", Decimal(1600), Decimal(2000), Decimal("1.25"), "161300", "420200")
MILESTONE: dict[str, Any] = {"transaction_class": TransactionClass.MILESTONE}


def reference(column: str, name: str) -> Reference:
    return Reference(REFERENCE_TABLES[column], guid(name))


PROFORMA = Proforma(
    id="inv-1", version=VERSION, number="INV-0001", currency=reference("currency", "GBP"), total=Decimal(1600)
)


def a_row(
    id: str = "billed", amount: str = "1600", *, links: dict[ConnectionRole, str] | None = None, **columns: Any
) -> StagedRow:
    """A billed sale that is linked to its unbilled one."""
    actual = Actual(
        id=id,
        version=VERSION,
        transaction_type=TransactionType.BILLED_SALES,
        transaction_class=TransactionClass.TIME,
        billing_type=BillingType.CHARGEABLE,
        quantity=Decimal(1),
        price=Decimal(amount),
        amount=Decimal(amount),
        project=reference("project", "PRJ-1"),
        contract=reference("contract", "CTR-1"),
        contract_line=reference("contract_line", "CTR-1-1"),
        currency=reference("currency", "GBP"),
        start="2026-08-27",
    )
    found = {ConnectionRole.UNBILLED: f"{id}'s sale"} if links is None else links
    return StagedRow(replace(actual, **columns), StagingState.PENDING, 1, 1, links=found)


def a_sale(state: StagingState = StagingState.POSTED, **columns: Any) -> StagedRow:
    return replace(a_row("sale", links={}), **{"state": state, "accrual": ACCRUAL, **columns})


def planned(
    *rows: StagedRow,
    total: str | None = "1600",
    linked: dict[str, StagedRow] | None = None,
    existing: tuple[ProposalLine, ...] = (),
    setup: FinanceSetup = FINANCE,
) -> ProposalPlan:
    """The plan for rows whose unbilled sales are posted unless ``linked`` says otherwise."""
    sales = {id: a_sale() for id in linked_ids(rows)} if linked is None else linked
    proforma = replace(PROFORMA, total=None if total is None else Decimal(total))
    return plan(proforma, "USPM", rows, existing, sales, setup)


def reasons(found: ProposalPlan) -> list[str]:
    return [wait.reason.value for wait in found.waits]


def test_billed_sales_whose_unbilled_ones_are_posted_become_lines() -> None:
    found = planned(a_row("one", "1000"), a_row("two", "600"))
    assert found.waits == []
    assert [(line.line_number, line.actual_id, str(line.amount)) for _, line in found.lines] == [
        (1, "one", "1000"),
        (2, "two", "600"),
    ]
    line = found.lines[0][1]
    assert (line.kind, line.accruals) == (LineKind.HOUR, (ACCRUAL,))


@pytest.mark.parametrize(
    ("linked", "documents", "told"),
    [
        pytest.param({}, {ANY_JOURNAL}, "has not arrived", id="has not arrived"),
        pytest.param(
            {"billed's sale": a_sale(StagingState.PENDING)}, {ANY_JOURNAL}, "in staging, pending", id="not imported"
        ),
        pytest.param(
            {"billed's sale": a_sale(StagingState.IMPORTED, journal_id="J-1")}, {"J-1"}, "on journal J-1", id="STG-05"
        ),
    ],
)
def test_a_billed_sale_waits_for_the_posting_of_its_unbilled_one(
    linked: dict[str, StagedRow], documents: set[str], told: str
) -> None:
    found = planned(a_row(), linked=linked)
    (wait,) = found.waits
    assert (wait.reason, wait.actual_id) == (WaitReason.UNBILLED_SALES_NOT_POSTED, "billed's sale")
    assert told in wait.detail
    assert found.documents == documents


def test_reg_04_a_billed_sale_that_nothing_links_to_an_unbilled_one_waits_for_the_connection() -> None:
    (wait,) = planned(a_row(links={})).waits
    assert (wait.reason, wait.actual_id) == (WaitReason.UNBILLED_SALES_NOT_POSTED, "billed")
    assert "no transaction connection" in wait.detail


def test_stg_06_one_row_that_waits_holds_back_all_and_each_says_why() -> None:
    rows = a_row("ready", "1000"), a_row("late", "600")
    found = planned(*rows, linked={"ready's sale": a_sale(), "late's sale": a_sale(StagingState.PENDING)})
    assert reasons(found) == ["unbilled_sales_not_posted"]
    assert [wait.actual_id for wait in found.waits] == ["late's sale"]


@pytest.mark.parametrize(
    "columns", [MILESTONE, {"contract_line": reference("contract_line", "CTR-1-2")}], ids=["MS-17", "fixed price"]
)
def test_what_is_billed_on_account_or_at_a_fixed_price_waits_for_nothing(columns: dict[str, Any]) -> None:
    with_second_line = finance_setup(
        ("references.salesorderdetail", {guid(name): name for name in ("CTR-1-1", "CTR-1-2")})
    )
    assert planned(a_row(links={}, **columns), setup=with_second_line).waits == []


def test_stg_11_a_fee_that_is_not_posted_is_told_as_such() -> None:
    setup = finance_setup(("categories.USPM.Fee", {"kind": "fee"}))
    fee = a_row(transaction_class=TransactionClass.FEE)
    assert reasons(planned(fee, linked={}, setup=setup)) == ["fee_not_posted"]


@pytest.mark.parametrize(
    ("linked", "together", "waits"),
    [
        pytest.param({"original": a_sale(StagingState.POSTED)}, False, [], id="TM-14 its invoice is posted"),
        pytest.param({}, False, ["unbilled_sales_not_posted"], id="it has not arrived"),
        pytest.param(
            {"original": a_sale(StagingState.IMPORTED)}, False, ["unbilled_sales_not_posted"], id="not posted yet"
        ),
        pytest.param({}, True, [], id="it is on the same proforma"),
    ],
)
def test_a_credited_sale_waits_for_the_invoice_of_its_original(
    linked: dict[str, StagedRow], together: bool, waits: list[str]
) -> None:
    credit = a_row("credit", "-1600", links={ConnectionRole.ORIGINAL: "original"})
    rows = [credit, a_row("original", links={ConnectionRole.UNBILLED: "sale"})] if together else [credit]
    found = planned(*rows, total="0" if together else "-1600", linked={**linked, "sale": a_sale()})
    assert reasons(found) == waits


def test_what_a_credited_sale_waits_for_is_the_proforma_of_its_original_or_any() -> None:
    credit = a_row("credit", "-1600", links={ConnectionRole.ORIGINAL: "original"})
    original = a_row("original", invoice=Reference("invoice", "inv-1"))
    assert planned(credit, total="-1600", linked={"original": original}).documents == {"inv-1"}
    assert planned(credit, total="-1600", linked={}).documents == {ANY_INVOICE}


def test_only_of_a_row_beyond_those_that_a_header_lists_the_reason_is_kept_and_only_if_it_is_another() -> None:
    rows = [a_row(f"row-{n:02}") for n in range(60)] + [a_row("row-in-dollars", currency=reference("currency", "USD"))]
    found = planned(*rows, linked={})
    assert len(found.waits) == 60 + 1 + 1  # and that of the total
    assert found.waits[0].reason is WaitReason.UNBILLED_SALES_NOT_POSTED
    own = untold(rows, found.own_waits, found.waits)
    assert {id: wait.reason for id, wait in own.items()} == {"row-in-dollars": WaitReason.BILLED_SALES_MISMATCH}
    few = planned(*rows[-2:], linked={})
    assert untold(rows, few.own_waits, few.waits) == {}


def test_a_row_whose_wait_names_an_actual_that_does_not_lead_to_it_keeps_its_reason() -> None:
    first = Wait(WaitReason.INVOICE_TOTAL_MISSING, "of the proposal")
    elsewhere = Wait(WaitReason.BILLED_SALES_MISMATCH, "of the row", "somebody else")
    assert untold([a_row()], {"billed": elsewhere}, [first, elsewhere]) == {"billed": elsewhere}


@pytest.mark.parametrize(
    ("total", "told"),
    [
        ("1600.01", "1 billed sales actuals sum to 1600.00 GBP, the proforma to 1600.01 GBP: 0.01 GBP is missing"),
        ("1600.1", "1 billed sales actuals sum to 1600.00 GBP, the proforma to 1600.10 GBP: 0.10 GBP is missing"),
    ],
)
def test_what_is_missing_has_the_digits_of_its_currency(total: str, told: str) -> None:
    assert [wait.detail for wait in planned(a_row(), total=total).waits] == [told]


def test_a_wait_names_amount_and_date_of_what_blocks_it_and_the_journal_that_it_is_on() -> None:
    sale = a_sale(StagingState.IMPORTED, journal_id="J-1", company="USPM")
    (wait,) = planned(a_row(), linked={"billed's sale": sale}).waits
    assert wait.detail == "unbilled sale billed's sale of 2026-08-27 over 1600.00 GBP is on journal J-1 and not posted"
    assert wait.document == "J-1"


# --- completeness -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "waits"),
    [
        ("1600", []),
        ("1600.00", []),
        ("1600.01", ["billed_sales_mismatch"]),
        ("-1600", ["billed_sales_mismatch"]),
        (None, ["invoice_total_missing"]),
    ],
)
def test_stg_09_the_lines_sum_up_to_the_proforma(total: str | None, waits: list[str]) -> None:
    assert reasons(planned(a_row(), total=total)) == waits


def test_a_company_may_do_without_totals() -> None:
    setup = finance_setup(("parameters.USPM.require_invoice_total", False))
    assert planned(a_row(), total=None, setup=setup).waits == []


def test_a_proforma_of_nothing_still_waits_for_a_billed_sale() -> None:
    assert reasons(planned(total="0")) == ["billed_sales_mismatch"]


def test_inv_05_what_is_not_charged_does_not_count() -> None:
    free = a_row("free", "400", billing_type=BillingType.NON_CHARGEABLE)
    found = planned(a_row(), free)
    assert found.waits == []
    assert [(line.actual_id, str(line.amount), line.chargeable, line.shown) for _, line in found.lines] == [
        ("billed", "1600", True, True),
        ("free", "0", False, True),
    ]
    assert subtotal([line for _, line in found.lines]) == 1600


def test_99_21_lines_that_are_not_shown_come_last() -> None:
    hidden = a_row("a", billing_type=BillingType.COMPLIMENTARY)
    found = planned(hidden, a_row("b"))
    assert [(line.actual_id, line.shown) for _, line in found.lines] == [("b", True), ("a", False)]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"currency": reference("currency", "USD")}, "in USD, its proforma in GBP"),
        ({"currency": None}, "has no currency"),
    ],
)
def test_inv_28_a_row_of_another_currency_is_never_on_the_invoice(columns: dict[str, Any], told: str) -> None:
    (wait,) = planned(a_row(**columns)).waits
    assert wait.reason is WaitReason.BILLED_SALES_MISMATCH
    assert told in wait.detail


def test_an_interrupted_import_goes_on_after_the_lines_it_wrote() -> None:
    (_, written), *_ = planned(a_row("one", "1000"), total="1000").lines
    found = planned(a_row("two", "600"), existing=(written,))
    assert found.waits == []
    assert [(line.line_number, line.actual_id) for _, line in found.lines] == [(2, "two")]
