"""Approvals that are taken back (CAN), fees, expenses, material, work without a contract, work for another unit."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from dataverse_standin.business import BillingMethod, BillingType, Engagement, Refused, TransactionClass
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import BILLING_TYPES, Office, is_class

UNADJUSTABLE = 192350002
COPIED = (
    *("msdyn_price", "msdyn_transactionclassification", "msdyn_billingtype", "transactioncurrencyid", "msdyn_project"),
    *("msdyn_startdatetime", "msdyn_documentdate", "msdyn_accountingdate", "msdyn_salescontractlineid"),
    *("msdyn_accountcustomer", "msdyn_bookableresource", "msdyn_description"),
)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engagement(office: Office) -> Engagement:
    return office.business.engagement()


# --- taking back ------------------------------------------------------------------------------------------------------


def test_can_01_a_reversal_copies_everything_but_the_quantity(office: Office, engagement: Engagement) -> None:
    entry = office.business.submit_time(engagement, "7.5", msdyn_description="Arm installation")
    office.business.approve(entry)
    originals = {row["msdyn_transactiontypecode"]: row for row in office.actuals()}
    office.business.cancel_approval(entry)
    reversals = office.actuals(msdyn_adjustmentstatus=UNADJUSTABLE)
    assert len(reversals) == 2
    for reversal in reversals:
        original = originals[reversal["msdyn_transactiontypecode"]]
        assert [reversal[column] for column in COPIED] == [original[column] for column in COPIED]
        assert reversal["msdyn_quantity"] == -original["msdyn_quantity"] == Decimal("-7.5")
        assert reversal["msdyn_amount"] == -original["msdyn_amount"]


def test_skip_05_the_reversals_of_a_cancelled_approval_are_synced(office: Office, engagement: Engagement) -> None:
    office.business.cancel_approval(office.approved(engagement))
    assert {row["msdyn_skipsync"] for row in office.actuals()} == {False}


def test_can_01_a_cancelled_entry_can_be_approved_anew(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    office.business.cancel_approval(entry)
    office.business.approve(entry, 6)
    assert (office.sum("Cost"), office.sum("U")) == (800, 1600)
    assert office.figures("U", msdyn_adjustmentstatus=None) == ["U 6 1200", "U 2 400"]


def test_can_02_the_approval_of_invoiced_work_cannot_be_cancelled(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    office.business.confirm(office.draft(engagement))
    before = office.snapshot()
    with pytest.raises(Refused, match="can't be canceled because it was already invoiced"):
        office.business.cancel_approval(entry)
    assert office.snapshot() == before


@pytest.mark.parametrize("left", [0, 6])
def test_can_02_only_a_full_credit_makes_it_possible_again(office: Office, engagement: Engagement, left: int) -> None:
    entry = office.approved(engagement)
    invoice = office.draft(engagement)
    office.business.confirm(invoice)
    correction = office.business.revise(invoice)
    office.business.edit_detail(office.detail(correction), quantity=left)
    office.business.confirm(correction)
    if left:
        with pytest.raises(Refused, match="already invoiced"):
            office.business.cancel_approval(entry)
        return
    office.business.cancel_approval(entry)
    assert [office.sum(kind) for kind in ("Cost", "U", "B")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("confirmed", "why"),
    [pytest.param(False, "on a draft invoice", id="CAN-03 draft"), pytest.param(True, "invoiced", id="CAN-03 invoice")],
)
def test_work_on_an_invoice_cannot_be_recalled(
    office: Office, engagement: Engagement, confirmed: bool, why: str
) -> None:
    entry = office.approved(engagement)
    draft = office.draft(engagement)
    if confirmed:
        office.business.confirm(draft)
    office.business.recall(entry)
    before = office.snapshot()
    with pytest.raises(Refused, match=why):
        office.business.approve_recall(entry)
    assert office.snapshot() == before


def test_can_04_a_rejected_recall_changes_no_actual(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    before = office.snapshot()
    office.business.recall(entry)
    office.business.reject_recall(entry)
    assert office.snapshot() == before
    office.business.cancel_approval(entry)


def test_tm_08_a_recalled_entry_is_a_draft_without_journal_lines(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    office.business.recall(entry)
    office.business.approve_recall(entry)
    assert office.rows.select("msdyn_journalline") == []
    assert office.connections("msdyn_journalline") == set()
    office.business.submit(entry)
    assert len(office.rows.select("msdyn_journalline")) == 2


@pytest.mark.parametrize("verb", ["submit", "cancel_approval", "approve_recall", "reject_recall"])
def test_an_entry_that_is_submitted_takes_no_other_verb(office: Office, engagement: Engagement, verb: str) -> None:
    entry = office.business.submit_time(engagement, 8)
    with pytest.raises(Refused, match="is submitted; only one that is"):
        getattr(office.business, verb)(entry)


def test_a_draft_cannot_be_recalled_or_approved(office: Office, engagement: Engagement) -> None:
    entry = office.business.enter_time(engagement, 8)
    for verb in (office.business.recall, office.business.approve):
        with pytest.raises(Refused, match="is draft; only one that is submitted"):
            verb(entry)


def test_inv_11_what_was_adjusted_is_not_adjusted_again(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    office.business.cancel_approval(entry)
    office.business.approve(entry)
    office.business.cancel_approval(entry)
    assert (office.sum("Cost"), office.sum("U")) == (0, 0)
    assert len(office.actuals()) == 8


def test_tm_09_work_on_an_invoice_stays_as_it_is(office: Office, engagement: Engagement) -> None:
    office.billed(engagement)
    office.approved(engagement, "4")
    before = office.snapshot()
    office.business.confirm_contract(engagement.contract)
    changed = [row for id, row in office.snapshot().items() if before.get(id) != row]
    assert {abs(row["msdyn_quantity"]) for row in changed} == {4}
    with pytest.raises(Refused, match="confirmed already"):
        office.business.confirm_contract(engagement.contract)


def test_tm_09_what_was_ready_to_invoice_is_ready_still(office: Office, engagement: Engagement) -> None:
    office.business.ready_to_invoice(office.approved(engagement))
    office.business.confirm_contract(engagement.contract)
    office.business.confirm(office.business.create_proforma(engagement.contract))
    assert office.sum("B") == 1600


# --- approvals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("billing_type", [BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY])
def test_an_approver_decides_what_is_charged(office: Office, engagement: Engagement, billing_type: BillingType) -> None:
    office.business.approve(office.business.submit_time(engagement, 8), billing_type=billing_type)
    assert [row["msdyn_billingtype"] for row in office.actuals("U")] == [billing_type]


def test_nothing_billable_leaves_one_sale_that_is_not_chargeable(office: Office, engagement: Engagement) -> None:
    office.approved(engagement, billable="0")
    assert [(row["msdyn_quantity"], row["msdyn_billingtype"]) for row in office.actuals("U")] == [
        (8, BILLING_TYPES["NC"])
    ]


def test_tm_05_the_parts_of_a_sale_sum_up_to_it(office: Office) -> None:
    """0.05 hours at 25.25 are 1.26; 0.02 of them are 0.51, so that 0.75 remains, not 0.76."""
    engagement = office.business.engagement(bill_rate="25.25")
    office.approved(engagement, "0.05", "0.02")
    assert office.figures("U") == ["U 0.02 0.51", "U 0.03 0.75"]


def test_a_negative_entry_can_only_be_billed_as_negative(office: Office, engagement: Engagement) -> None:
    entry = office.business.submit_time(engagement, -8)
    with pytest.raises(Refused, match="another sign"):
        office.business.approve(entry, 6)
    office.business.approve(entry, -6)
    assert office.figures("U") == ["U -6 -1200", "U -2 -400"]


def test_a_quantity_has_two_decimals(office: Office, engagement: Engagement) -> None:
    with pytest.raises(Refused, match=r"0\.125 has more than 2 decimals"):
        office.business.enter_time(engagement, "0.125")


def test_a_rate_that_is_missing_is_named(office: Office, engagement: Engagement) -> None:
    entry = office.business.enter_material(engagement, 1, office.business.add_product("P-100"))
    with pytest.raises(Refused, match="there is no cost rate for this entry; set a price"):
        office.business.submit(entry)
    assert office.rows.select("msdyn_journalline") == []


def test_amounts_are_rounded_half_away_from_zero_to_the_currency(office: Office) -> None:
    office.business.add_currency("JPY", 0)
    engagement = office.business.engagement(currency="JPY", bill_rate="33.4", cost_rate="33.33")
    office.approved(engagement, "2.50")
    office.approved(engagement, "-2.50")
    assert office.figures("U") == ["U 2.5 84", "U -2.5 -84"]  # 83.5
    assert office.figures("Cost") == ["Cost 2.5 83.33", "Cost -2.5 -83.33"]  # 83.325


def test_tm_04_actuals_say_what_the_table_map_reads(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    cost, sale = office.actuals()
    for row in (cost, sale):
        assert row["msdyn_salescontract"] == engagement.contract
        assert row["msdyn_salescontractlineid"] == engagement.contract_line
        assert row["msdyn_accountcustomer"] == engagement.customer
        assert row["msdyn_project"] == engagement.project
        assert row["msdyn_bookableresource"].name == "Bob Kozack"
        assert row["msdyn_unit"].name == "Hour"
        assert row["msdyn_startdatetime"].isoformat() == "2026-08-27T04:00:00+00:00"  # midnight in New York
        assert row["msdyn_accountingdate"] == row["msdyn_documentdate"] == row["msdyn_startdatetime"]


def test_a_cost_is_in_the_currency_of_the_unit(office: Office) -> None:
    engagement = office.business.engagement(currency="GBP", cost_currency="USD", bill_rate=250, cost_rate=120)
    office.approved(engagement, "4")
    currencies = [office.rows.get("transactioncurrency", row["transactioncurrencyid"].id) for row in office.actuals()]
    assert [row["isocurrencycode"] for row in currencies] == ["USD", "GBP"]
    assert office.figures() == ["Cost 4 480", "U 4 1000"]


# --- expenses, material, fees -----------------------------------------------------------------------------------------


def expense(office: Office, engagement: Engagement) -> Lookup:
    category = office.business.add_category("Airfare")
    sales_prices = office.rows.get("salesorder", engagement.contract.id)["pricelevelid"]
    office.business.set_price(sales_prices, TransactionClass.EXPENSE, "380.24", category)
    return office.business.enter_expense(engagement, 2, "345.67", msdyn_transactioncategory=category)


def material(office: Office, engagement: Engagement) -> Lookup:
    product = office.business.add_product("P-100")
    return office.business.enter_material(engagement, 12, product, msdyn_unitcost="42.42", msdyn_price="49.99")


def test_expenses_and_material_have_a_cost_and_a_sale(office: Office, engagement: Engagement) -> None:
    for entry in (expense(office, engagement), material(office, engagement)):
        office.business.submit(entry)
        office.business.approve(entry)
    assert office.figures(**is_class("EXPENSE")) == ["Cost 2 691.34", "U 2 760.48"]
    assert office.figures(**is_class("MATERIAL")) == ["Cost 12 509.04", "U 12 599.88"]


@pytest.mark.parametrize("make", [expense, material])
def test_can_01_all_kinds_of_entries_can_be_taken_back(
    office: Office, engagement: Engagement, make: Callable[[Office, Engagement], Lookup]
) -> None:
    entry = make(office, engagement)
    office.business.submit(entry)
    office.business.approve(entry)
    office.business.cancel_approval(entry)
    office.business.recall(entry)
    assert (office.sum("Cost"), office.sum("U")) == (0, 0)


def test_conn_10_a_fee_has_no_cost_and_no_connection(office: Office, engagement: Engagement) -> None:
    office.business.record_fee(engagement.contract_line, 160, text="Management fee")
    assert office.figures(**is_class("FEE")) == office.figures() == ["U 1 160"]
    assert office.connections() == set()


def test_a_fixed_price_line_takes_no_fee(office: Office) -> None:
    engagement = office.business.engagement(billing_method=BillingMethod.FIXED_PRICE)
    with pytest.raises(Refused, match="add a milestone instead"):
        office.business.record_fee(engagement.contract_line, 160)


# --- no contract, another unit ----------------------------------------------------------------------------------------


def test_int_02_int_04_internal_work_only_costs(office: Office, engagement: Engagement) -> None:
    internal = office.business.add_project("Training", engagement.unit)
    entry = office.business.submit_time(engagement, 8, msdyn_project=internal)
    assert [line["msdyn_price"] for line in office.rows.select("msdyn_journalline")] == [100]
    office.business.approve(entry)
    assert office.figures() == ["Cost 8 800"]
    assert office.actuals()[0].get("msdyn_salescontract") is None
    office.business.cancel_approval(entry)  # INT-05
    assert office.figures() == ["Cost 8 800", "Cost -8 -800"]


def lent(office: Office, engagement: Engagement, company: str) -> Lookup:
    """Ten hours of Molly Clark: 88 GBP at home, lent for 120 USD, sold for 200 USD."""
    home = office.business.add_unit("Fabrikam UK", "GBP", company)
    unit = office.rows.get(home.entity, home.id)
    dollars = office.rows.get("pricelevel", office.rows.get("salesorder", engagement.contract.id)["pricelevelid"].id)
    office.rows.update(
        "pricelevel", unit["msdyn_transferpricelist"].id, {"transactioncurrencyid": dollars["transactioncurrencyid"]}
    )
    office.business.set_price(unit["msdyn_costpricelist"], TransactionClass.TIME, 88)
    office.business.set_price(unit["msdyn_transferpricelist"], TransactionClass.TIME, 120)
    molly = office.business.add_resource("Molly Clark", home)
    entry = office.business.submit_time(engagement, 10, msdyn_bookableresource=molly)
    office.business.approve(entry)
    return entry


@pytest.mark.parametrize(
    ("company", "skipped"),
    [
        pytest.param("GBPM", ["Cost"], id="SKIP-02 IC-01 another company"),
        pytest.param("USPM", ["RUC", "IOS"], id="SKIP-08 IC-11 the same company"),
    ],
)
def test_work_of_another_unit_has_four_actuals(
    office: Office, engagement: Engagement, company: str, skipped: list[str]
) -> None:
    entry = lent(office, engagement, company)
    assert office.figures() == ["Cost 10 1200", "RUC 10 880", "IOS 10 1200", "U 10 2000"]
    assert [line.split()[0] for line in office.figures(msdyn_skipsync=True)] == skipped
    office.business.cancel_approval(entry)
    assert [office.sum(kind) for kind in ("Cost", "U", "RUC", "IOS")] == [0, 0, 0, 0]
    assert sorted(line.split()[0] for line in office.figures(msdyn_skipsync=True)) == sorted(skipped * 2)
