"""PROP, STG-05 to STG-11, 99-21, 99-23: which lines a proposal gets from its billed actuals, and what it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Reference, fee_id
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    LineKind,
    ProposalStatus,
    StagingState,
    TransactionClass,
    WaitReason,
)
from project_invoicing.domain.proposal import BetweenCompanies
from project_invoicing.domain.proposal_line import subtotal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL
from project_invoicing.rules.proforma import company_of, company_unknown, contract_of, currency_of, customer_of
from project_invoicing.rules.waiting import untold
from tests.builders import guid
from tests.setups import finance_setup
from tests.store_free.proposing import (
    ACCRUAL,
    FINANCE,
    MILESTONE,
    a_header,
    a_row,
    a_sale,
    judged,
    planned,
    reasons,
    reference,
)


def test_stg_07_stg_08_billed_sales_whose_unbilled_ones_are_posted_become_lines() -> None:
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
def test_stg_05_a_billed_sale_waits_for_the_posting_of_its_unbilled_one(
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
        ("1600.01", "1 billed sales actual sums to 1600.00 GBP, the proforma to 1600.01 GBP: 0.01 GBP is missing"),
        ("1600.1", "1 billed sales actual sums to 1600.00 GBP, the proforma to 1600.10 GBP: 0.10 GBP is missing"),
        ("1599.99", "1 billed sales actual sums to 1600.00 GBP, the proforma to 1599.99 GBP: 0.01 GBP is too much"),
    ],
)
def test_what_is_missing_or_too_much_has_the_digits_of_its_currency(total: str, told: str) -> None:
    assert [wait.detail for wait in planned(a_row(), total=total).waits] == [told]


def test_oat_11_a_fee_that_is_a_column_of_its_sale_is_no_actual_of_dataverse() -> None:
    """Two sales of 1600, one with a fee of 160: Dataverse has two rows, and the proposal three lines."""
    one, two = guid("one"), guid("two")
    fee = a_row(fee_id(one), "160", fee_of=one, transaction_class=TransactionClass.FEE)
    made = planned(
        a_row(one), a_row(two), fee, total="3600", setup=finance_setup(("categories.USPM.Fee", {"kind": "fee"}))
    )
    told = "2 billed sales actuals, 1 of them with a fee, sum to 3360.00 GBP, the proforma to 3600.00 GBP"
    assert [wait.detail for wait in made.waits] == [f"{told}: 240.00 GBP is missing"]
    assert len(made.lines) == 3


def test_a_wait_names_amount_and_date_of_what_blocks_it_and_the_journal_that_it_is_on() -> None:
    sale = a_sale(StagingState.IMPORTED, journal_id="J-1", company="USPM")
    (wait,) = planned(a_row(), linked={"billed's sale": sale}).waits
    assert wait.detail == "unbilled sale billed's sale of 2026-08-27 for 1600.00 GBP is on journal J-1 and not posted"
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


def test_stg_09_a_company_may_do_without_totals() -> None:
    setup = finance_setup(("parameters.USPM.require_invoice_total", False))
    assert planned(a_row(), total=None, setup=setup).waits == []


def test_prop_06_a_proforma_of_nothing_still_waits_for_a_billed_sale() -> None:
    assert reasons(planned(total="0")) == ["billed_sales_mismatch"]


def test_prop_07_inv_05_what_is_not_charged_does_not_count() -> None:
    free = a_row("free", "400", billing_type=BillingType.NON_CHARGEABLE)
    found = planned(a_row(), free)
    assert found.waits == []
    assert [(line.actual_id, str(line.amount), line.chargeable, line.shown) for _, line in found.lines] == [
        ("billed", "1600", True, True),
        ("free", "0", False, True),
    ]
    lines = [line for _, line in found.lines]
    assert subtotal(lines) == 1600
    assert subtotal([lines[0], replace(lines[1], amount=Decimal(400))]) == 1600


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


@pytest.mark.parametrize(
    ("transaction_class", "kind"),
    [
        (TransactionClass.TIME, LineKind.HOUR),
        (TransactionClass.EXPENSE, LineKind.EXPENSE),
        (TransactionClass.MATERIAL, LineKind.ITEM),
        (TransactionClass.FEE, LineKind.FEE),
        (TransactionClass.MILESTONE, LineKind.ON_ACCOUNT),
        (TransactionClass.RETAINER, LineKind.ON_ACCOUNT),
    ],
)
def test_prop_08_a_line_has_the_kind_of_its_class(transaction_class: TransactionClass, kind: LineKind) -> None:
    kinds = {"expense": "Travel", "fee": "Fee"}
    categories = [(f"categories.USPM.{name}", {"kind": of}) for of, name in kinds.items()]
    found = planned(a_row(transaction_class=transaction_class), setup=finance_setup(*categories))
    assert [line.kind for _, line in found.lines] == [kind]


def test_prop_17_a_milestone_waits_with_the_work_on_the_same_proforma() -> None:
    rows = a_row(), a_row("milestone", "5000", links={}, **MILESTONE)
    assert reasons(planned(*rows, total="6600", linked={})) == ["unbilled_sales_not_posted"]
    assert [line.actual_id for _, line in planned(*rows, total="6600").lines] == ["billed", "milestone"]


def test_inv_28_a_row_of_another_company_is_never_on_the_invoice() -> None:
    setup = finance_setup(
        ("projects.PRJ-9", {"company": "GBPM", "contract": "CTR-1"}),
        ("references.msdyn_project", {guid("PRJ-9"): "PRJ-9", guid("PRJ-1"): "PRJ-1"}),
        ("parameters.GBPM", {"line_property_mapping": {"chargeable": "CHARGE"}, "category_defaults": {"time": "Work"}}),
        ("categories.GBPM", {"Work": {"kind": "time"}}),
    )
    (wait,) = planned(a_row(project=reference("project", "PRJ-9")), setup=setup).waits
    assert wait.detail == "the actual belongs to GBPM, its proforma to USPM"


# --- the header -------------------------------------------------------------------------------------------------------


def test_prop_10_currency_and_customer_are_those_of_the_proforma_else_of_its_contract() -> None:
    header = a_header(currency=None)
    proforma = header.proforma
    assert (contract_of(proforma, FINANCE), company_of(proforma, FINANCE)) == ("CTR-1", "USPM")
    assert (currency_of(header, FINANCE), customer_of(header, FINANCE)) == ("GBP", "C-001")
    in_dollars = a_header(currency=reference("currency", "USD"), customer=Reference("account", guid("nobody")))
    assert (currency_of(in_dollars, FINANCE), customer_of(in_dollars, FINANCE)) == ("USD", None)


def test_ic_09_between_companies_customer_and_currency_are_those_of_the_terms() -> None:
    august = BetweenCompanies("USPM", "IC-USPM", "V-GBPM", "JPY", DAY, DAY)
    header = a_header(currency=reference("currency", "USD"), intercompany=august)
    assert (currency_of(header, FINANCE), customer_of(header, FINANCE)) == ("JPY", "IC-USPM")


@pytest.mark.parametrize(
    ("contract", "told"),
    [
        (Reference("salesorder", "ctr-404"), "contract salesorder ctr-404 of the proforma is not among the set-up's"),
        (None, "the proforma names no contract"),
    ],
)
def test_a_proforma_whose_contract_is_unknown_has_no_company_and_says_why(
    contract: Reference | None, told: str
) -> None:
    proforma = replace(a_header().proforma, contract=contract)
    assert company_of(proforma, FINANCE) is None
    wait = company_unknown(proforma, FINANCE)
    assert (wait.reason, wait.detail.startswith(told)) == (WaitReason.REFERENCE_MISSING, True)


@pytest.mark.parametrize(
    ("customer", "values", "told"),
    [
        pytest.param(None, (), None, id="of the contract"),
        pytest.param(
            Reference("contact", "jane"),
            (),
            "customer contact jane of the proforma is not among the set-up's",
            id="unknown",
        ),
        pytest.param(
            Reference("contact", "jane"),
            (("customers.GBPM.C-003", {"name": "Jane"}), ("references.contact", {"jane": "C-003"})),
            "customer contact jane of the proforma is C-003, which is not among the customers of USPM",
            id="of another company",
        ),
    ],
)
def test_prop_10_a_proposal_waits_for_a_customer_of_its_company(
    customer: Reference | None, values: Any, told: str | None
) -> None:
    waits = judged(a_row(), customer=customer, setup=finance_setup(*values)).waits
    assert [(wait.reason, wait.detail.startswith(told or "-")) for wait in waits] == (
        [(WaitReason.REFERENCE_MISSING, True)] if told else []
    )


BY_BILLED_SALES = finance_setup(("parameters.USPM.invoice_accounting_date", "billed_sales"))


class TestOneAccountingDate:
    """99-23: where the billed sales decide, they must agree."""

    def rows(self, *days: str, **columns: Any) -> list[StagedRow]:
        return [a_row(f"row-{n}", accounting_date=day, **columns) for n, day in enumerate(days)]

    def test_99_23_it_is_the_one_that_they_agree_on(self) -> None:
        found = judged(*self.rows("2026-09-03", "2026-09-03"), setup=BY_BILLED_SALES)
        assert (found.waits, str(found.billed_on)) == ([], "2026-09-03")

    def test_99_23_where_they_differ_it_waits_with_the_dates_and_their_actuals(self) -> None:
        found = judged(*self.rows("2026-09-03", "2026-09-04"), setup=BY_BILLED_SALES)
        detail = "its billed sales carry the accounting dates 2026-09-03 (actual row-0), 2026-09-04 (actual row-1)"
        assert found.waits == [Wait(WaitReason.ACCOUNTING_DATES_DIFFER, detail)]
        assert found.billed_on is None

    def test_99_23_of_many_it_shows_five(self) -> None:
        (wait,) = judged(*self.rows(*(f"2026-09-0{n}" for n in range(1, 8))), setup=BY_BILLED_SALES).waits
        assert wait.detail.endswith("2026-09-05 (actual row-4) and 2 more")

    def test_99_23_where_the_invoice_date_decides_they_may_differ(self) -> None:
        found = judged(*self.rows("2026-09-03", "2026-09-04"))
        assert (found.waits, found.billed_on) == ([], None)

    def test_edit_16_the_headers_decides_all_the_same(self) -> None:
        rows = self.rows("2026-09-03", "2026-09-04")
        assert judged(*rows, setup=BY_BILLED_SALES, accounting_date="2026-09-10").waits == []

    def test_99_21_what_has_no_money_has_no_say(self) -> None:
        free = a_row("free", accounting_date="2026-09-09", billing_type=BillingType.NON_CHARGEABLE)
        found = judged(*self.rows("2026-09-03"), free, setup=BY_BILLED_SALES)
        assert (found.waits, str(found.billed_on)) == ([], "2026-09-03")

    @pytest.mark.parametrize(("written", "waits"), [("2026-09-03", 0), ("2026-09-04", 1)])
    def test_99_23_what_an_interrupted_import_wrote_has_a_say(self, written: str, waits: int) -> None:
        (_, line), *_ = planned(a_row("written", "0")).lines
        columns = {"billed_on": date.fromisoformat(written), "status": ProposalStatus.WAITING}
        found = judged(*self.rows("2026-09-03"), setup=BY_BILLED_SALES, existing=(line,), **columns)
        assert len(found.waits) == waits


DAY = date(2026, 8, 31)
