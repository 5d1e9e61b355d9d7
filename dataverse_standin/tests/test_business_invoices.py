"""Draft proformas and their confirmation: EDIT and CONF, beside the rows of the tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dataverse_standin.business import BillingMethod, BillingType, Engagement, InvoiceStatus, Refused, TransactionClass
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import STATUSES, Office, is_class

NC, COMP = BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY
FIXED = BillingMethod.FIXED_PRICE


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engagement(office: Office) -> Engagement:
    return office.business.engagement()


def lines(office: Office, proforma: str) -> list[dict[str, Any]]:
    return office.rows.select("invoicedetail", invoiceid=proforma)


def edited(office: Office, engagement: Engagement, **changes: Any) -> str:
    """A confirmed invoice of eight hours, edited before."""
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.edit_detail(office.detail(proforma), **changes)
    office.business.confirm(proforma)
    return proforma


# --- what gets on a draft ---------------------------------------------------------------------------------------------


def test_edit_01_only_what_is_ready_is_invoiced(office: Office, engagement: Engagement) -> None:
    office.approved(engagement, "4")
    office.business.ready_to_invoice(office.approved(engagement))
    proforma = office.business.create_proforma(engagement.contract)
    assert [row["msdyn_quantity"] for row in office.business.details(proforma)] == [8]
    assert office.totals(proforma) == (1600, 0, 1600)


def test_edit_01_nothing_ready_makes_no_invoice(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    with pytest.raises(Refused, match="nothing under this contract is ready"):
        office.business.create_proforma(engagement.contract)
    assert office.rows.select("invoice") == []


def test_edit_03_what_was_adjusted_is_not_invoiced(office: Office, engagement: Engagement) -> None:
    entry = office.approved(engagement)
    office.business.ready_to_invoice(entry)
    office.business.cancel_approval(entry)
    with pytest.raises(Refused, match="nothing under this contract is ready"):
        office.business.create_proforma(engagement.contract)
    with pytest.raises(Refused, match="has no unbilled sale in the backlog"):
        office.business.ready_to_invoice(entry)


def test_edit_04_future_work_is_not_added(office: Office, engagement: Engagement) -> None:
    for day in ("2026-08-27", "2026-08-31", "2026-09-01"):
        office.business.approve(office.business.submit_time(engagement, 1, date.fromisoformat(day)))
    office.business.ready_to_invoice(engagement.contract)
    proforma = office.business.create_proforma(engagement.contract, date(2026, 8, 31))
    assert len(office.business.details(proforma)) == 2


def test_edit_05_a_refresh_adds_what_became_ready(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.ready_to_invoice(office.approved(engagement, "4"))
    for _ in range(2):
        office.business.refresh_lines(proforma)
        assert [row["msdyn_quantity"] for row in office.business.details(proforma)] == [8, 4]
        assert len(lines(office, proforma)) == 1
    assert office.totals(proforma) == (2400, 0, 2400)


def test_edit_06_each_contract_line_has_an_invoice_line(office: Office, engagement: Engagement) -> None:
    office.business.add_contract_line(engagement.contract, engagement.project, FIXED, "CTR-1-2", ())
    office.approved(engagement)
    assert [row["baseamount"] for row in lines(office, office.draft(engagement))] == [1600, 0]


def test_edit_07_a_run_makes_one_invoice_a_contract(office: Office, engagement: Engagement) -> None:
    other = office.business.add_project("PRJ-2", engagement.unit)
    office.business.add_contract_line(engagement.contract, other, BillingMethod.TIME_AND_MATERIAL, "CTR-1-2")
    office.business.engagement(contract="CTR-2", contract_line="CTR-2-1", project="PRJ-3")
    office.approved(engagement)
    office.business.approve(office.business.submit_time(engagement, 4, msdyn_project=other))
    office.business.ready_to_invoice(engagement.contract)
    [proforma] = office.business.create_due_proformas()
    assert [row["baseamount"] for row in lines(office, proforma)] == [1600, 800]
    assert office.business.create_due_proformas() == []


def test_edit_17_work_is_added_to_the_newest_draft(office: Office, engagement: Engagement) -> None:
    works = []
    for _ in range(3):
        entry = office.approved(engagement)
        office.business.ready_to_invoice(entry)
        works += office.actuals("U", msdyn_sourcedocument=entry)
    first, second, third = (row["msdyn_actualid"] for row in works)
    draft = office.business.add_to_invoice(first)
    assert office.business.add_to_invoice(second) == draft
    office.business.confirm(draft)
    assert office.business.add_to_invoice(third) != draft
    with pytest.raises(Refused, match="is not ready to invoice"):
        office.business.add_to_invoice(third)


# --- editing ----------------------------------------------------------------------------------------------------------


def test_edit_08_chg_20_only_chargeable_details_are_summed(office: Office, engagement: Engagement) -> None:
    for _ in range(3):
        office.approved(engagement)
    proforma = office.draft(engagement)
    first, second, _ = (row["msdyn_invoicelinetransactionid"] for row in office.business.details(proforma))
    office.business.edit_detail(first, billing_type=NC)
    office.business.edit_detail(second, billing_type=COMP, tax=7)
    assert office.totals(proforma) == (1600, 0, 1600)
    assert len(office.business.details(proforma)) == 3
    office.business.confirm(proforma)
    assert office.sum("B") == 4800
    assert office.totals(proforma) == (1600, 0, 1600)


def test_edit_09_tax_is_summed_from_details_to_header(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    office.approved(engagement, "4")
    proforma = office.draft(engagement)
    for detail, tax in zip(office.business.details(proforma), ("320", "160.5"), strict=True):
        office.business.edit_detail(detail["msdyn_invoicelinetransactionid"], tax=tax)
    [line] = lines(office, proforma)
    assert (line["baseamount"], line["tax"], line["extendedamount"]) == (2400, Decimal("480.5"), Decimal("2880.5"))
    assert office.totals(proforma) == (2400, Decimal("480.5"), Decimal("2880.5"))


def test_edit_10_a_detail_of_time_and_material_takes_edits(office: Office, engagement: Engagement) -> None:
    texts = {"description": "Six hours", "external_description": "Installation"}
    proforma = edited(office, engagement, quantity=6, price=150, tax=90, billing_type=BillingType.CHARGEABLE, **texts)
    assert office.totals(proforma) == (900, 90, 990)
    billed = office.actuals("B")
    assert [row["msdyn_price"] for row in billed] == [150, 200]
    assert {(row["msdyn_description"], row["msdyn_externaldescription"]) for row in billed} == {
        ("Six hours", "Installation")
    }
    assert office.figures("B") == ["B 6 900", "B 2 400"]  # what remains, at the price it was sold for


def test_edit_10_a_text_alone_is_no_edit_of_the_sale(office: Office, engagement: Engagement) -> None:
    edited(office, engagement, external_description="Installation")
    assert office.figures("U") == ["U 8 1600", "U -8 -1600"]


@pytest.mark.parametrize("changes", [{"quantity": 7}, {"price": 100}], ids=["EDIT-11 quantity", "EDIT-11 price"])
def test_a_fixed_price_detail_takes_no_other_amount(office: Office, changes: dict[str, Any]) -> None:
    engagement = office.business.engagement(billing_method=FIXED)
    office.business.ready_to_invoice(office.business.add_milestone(engagement.contract_line, 5000, "Signing"))
    proforma = office.business.create_proforma(engagement.contract)
    with pytest.raises(Refused, match="billed and credited as a whole"):
        office.business.edit_detail(office.detail(proforma), **changes)
    office.business.edit_detail(office.detail(proforma), tax=1000, description="Signed")
    assert office.totals(proforma) == (5000, 1000, 6000)


def test_edit_12_the_class_of_a_detail_cannot_be_edited(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    detail = office.detail(office.draft(engagement))
    with pytest.raises(Refused, match="transaction class"):
        office.business.edit_detail(detail, transaction_class=TransactionClass.EXPENSE)
    with pytest.raises(Refused, match="currency of a detail cannot be edited"):
        office.business.edit_detail(detail, currency="GBP")


def test_a_quantity_keeps_its_sign(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    detail = office.detail(office.draft(engagement))
    with pytest.raises(Refused, match="another sign"):
        office.business.edit_detail(detail, quantity=-1)


def test_edit_13_work_that_is_not_charged_is_sold_anew(office: Office, engagement: Engagement) -> None:
    edited(office, engagement, billing_type=NC)
    assert office.figures() == ["Cost 8 800", "U 8 1600", "U -8 -1600", "U 8 1600", "U -8 -1600", "B 8 1600"]
    assert [row["msdyn_billingtype"] for row in office.actuals()][3:] == [NC, NC, NC]
    assert [row["msdyn_skipsync"] for row in office.actuals("U")] == [False, False, False, True]


def test_skip_03_skip_04_the_reversal_of_what_is_billed_is_skipped(office: Office, engagement: Engagement) -> None:
    office.billed(engagement)
    assert office.figures(msdyn_skipsync=False) == ["Cost 8 800", "U 8 1600", "B 8 1600"]


def test_skip_07_the_reversal_of_what_is_sold_anew_is_synced(office: Office, engagement: Engagement) -> None:
    edited(office, engagement, quantity=6)
    assert office.figures(msdyn_skipsync=True) == ["U -6 -1200", "U -2 -400"]


def test_a_detail_of_nothing_leaves_the_work_to_be_given_away(office: Office, engagement: Engagement) -> None:
    proforma = edited(office, engagement, quantity=0)
    assert office.totals(proforma) == (0, 0, 0)
    assert [(row["msdyn_quantity"], row["msdyn_billingtype"]) for row in office.actuals("B")] == [(8, NC)]


def test_the_parts_of_an_edited_sale_sum_up_to_it(office: Office) -> None:
    """0.05 hours at 25.25 were sold for 1.26; 0.02 of them cost 0.51, so that 0.75 remains, not 0.76."""
    engagement = office.business.engagement(bill_rate="25.25")
    office.approved(engagement, "0.05")
    proforma = office.draft(engagement)
    office.business.edit_detail(office.detail(proforma), quantity="0.02")
    office.business.confirm(proforma)
    assert office.figures("B") == ["B 0.02 0.51", "B 0.03 0.75"]
    assert office.sum("U") == 0


def test_a_detail_that_is_removed_is_ready_again(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.remove_detail(office.detail(proforma))
    assert office.totals(proforma) == (0, 0, 0)
    assert [row["msdyn_billingstatus"] for row in office.actuals("U")] == [STATUSES["RTI"]]
    assert office.connections("msdyn_invoicelinetransaction") == set()
    with pytest.raises(Refused, match="bills nothing"):
        office.business.confirm(proforma)
    office.business.refresh_lines(proforma)
    office.business.confirm(proforma)


def test_a_draft_can_be_deleted(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    office.business.delete_proforma(office.draft(engagement))
    assert office.rows.select("invoice") == office.rows.select("invoicedetail") == []
    office.business.confirm(office.business.create_proforma(engagement.contract))
    assert office.sum("B") == 1600


# --- confirmation -----------------------------------------------------------------------------------------------------


def test_conf_16_edit_15_a_confirmed_invoice_is_read_only(office: Office, engagement: Engagement) -> None:
    proforma = office.billed(engagement)
    assert office.invoice(proforma)["msdyn_projectinvoicestatus"] == InvoiceStatus.CONFIRMED
    detail = office.detail(proforma)
    refused: list[Callable[[], object]] = [
        lambda: office.business.set_status(proforma, InvoiceStatus.DRAFT),
        lambda: office.business.set_status(proforma, InvoiceStatus.IN_REVIEW),
        lambda: office.business.edit_detail(detail, billing_type=NC),
        lambda: office.business.remove_detail(detail),
        lambda: office.business.delete_proforma(proforma),
        lambda: office.business.refresh_lines(proforma),
        lambda: office.business.add_detail(proforma, engagement.contract_line, 1, 100),
        lambda: office.business.confirm(proforma),
    ]
    before = office.snapshot()
    for verb in refused:
        with pytest.raises(Refused, match="is confirmed and cannot be changed; revise it"):
            verb()
    assert office.snapshot() == before


def test_a_draft_may_be_in_review(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.set_status(proforma, InvoiceStatus.IN_REVIEW)
    with pytest.raises(Refused, match="by its own action"):
        office.business.set_status(proforma, InvoiceStatus.CONFIRMED)
    with pytest.raises(Refused, match="is not confirmed"):
        office.business.mark_paid(proforma)
    office.business.confirm(proforma)
    office.business.mark_paid(proforma)
    header = office.invoice(proforma)
    assert (header["msdyn_projectinvoicestatus"], header["statecode"]) == (InvoiceStatus.PAID, 2)


def test_a_confirmed_invoice_can_be_canceled_and_activated_again(office: Office, engagement: Engagement) -> None:
    proforma = office.billed(engagement)
    billed = office.sum("B")
    office.business.cancel(proforma)
    header = office.invoice(proforma)
    assert (header["msdyn_projectinvoicestatus"], header["statecode"]) == (InvoiceStatus.CONFIRMED, 3)
    office.business.activate(proforma)
    assert (office.invoice(proforma)["statecode"], office.sum("B")) == (0, billed)


def expense(office: Office, engagement: Engagement) -> Lookup:
    return office.business.enter_expense(engagement, 8, 100, msdyn_price=200)


def material(office: Office, engagement: Engagement) -> Lookup:
    product = office.business.add_product("P-100")
    return office.business.enter_material(engagement, 8, product, msdyn_unitcost=100, msdyn_price=200)


AS_IT_IS = ["U 8 1600", "U -8 -1600", "B 8 1600"]
REDUCED = [
    *("U 8 1600", "U -8 -1600"),
    *("U 6 1200", "U -6 -1200", "B 6 1200"),
    *("U 2 400", "U -2 -400", "B 2 400"),
]
INCREASED = ["U 8 1600", "U -8 -1600", "U 10 2000", "U -10 -2000", "B 10 2000"]


@pytest.mark.parametrize(
    ("enter", "quantity", "made"),
    [
        pytest.param(expense, 8, AS_IT_IS, id="CONF-07"),
        pytest.param(expense, 6, REDUCED, id="CONF-08"),
        pytest.param(expense, 10, INCREASED, id="CONF-09"),
        pytest.param(material, 8, AS_IT_IS, id="CONF-10"),
        pytest.param(material, 6, REDUCED, id="CONF-11"),
        pytest.param(material, 10, INCREASED, id="CONF-12"),
    ],
)
def test_expenses_and_material_are_billed_like_time(
    office: Office,
    engagement: Engagement,
    enter: Callable[[Office, Engagement], Lookup],
    quantity: int,
    made: list[str],
) -> None:
    entry = enter(office, engagement)
    office.business.submit(entry)
    office.business.approve(entry)
    proforma = office.draft(engagement)
    office.business.edit_detail(office.detail(proforma), quantity=quantity)
    office.business.confirm(proforma)
    assert office.figures() == ["Cost 8 800", *made]
    assert {row["msdyn_transactionclassification"] for row in office.actuals()} == {
        TransactionClass[enter.__name__.upper()]
    }


def test_conf_13_a_fee_is_reversed_and_billed(office: Office, engagement: Engagement) -> None:
    office.business.record_fee(engagement.contract_line, 160)
    office.business.confirm(office.draft(engagement))
    assert office.figures(**is_class("FEE")) == office.figures() == ["U 1 160", "U -1 -160", "B 1 160"]


def test_conf_17_each_billed_sale_comes_from_a_detail(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    office.business.record_fee(engagement.contract_line, 160)
    proforma = office.draft(engagement)
    office.business.add_detail(proforma, engagement.contract_line, 1, 50)
    office.business.edit_detail(office.detail(proforma, msdyn_quantity=8), quantity=6)
    office.business.confirm(proforma)
    of_details = [row["msdyn_billedactual"].id for row in office.business.details(proforma)]
    assert sorted(of_details) == sorted(row["msdyn_actualid"] for row in office.actuals("B"))
    assert {row["msdyn_invoice"].id for row in office.actuals("B")} == {proforma}
    assert office.totals(proforma) == (1410, 0, 1410)


def test_conf_18_a_detail_without_an_actual_is_sold_first(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.add_detail(proforma, engagement.contract_line, 3, 40, TransactionClass.EXPENSE, "Taxi")
    office.business.confirm(proforma)
    assert office.figures(**is_class("EXPENSE")) == ["U 3 120", "U -3 -120", "B 3 120"]
    assert [row["msdyn_skipsync"] for row in office.actuals(**is_class("EXPENSE"))] == [False, True, False]
    assert office.totals(proforma) == (1720, 0, 1720)


def test_conf_19_on_a_fixed_price_line_it_is_only_billed(office: Office, engagement: Engagement) -> None:
    fixed = office.business.add_contract_line(engagement.contract, engagement.project, FIXED, "CTR-1-2", ())
    office.approved(engagement)
    proforma = office.draft(engagement)
    office.business.add_detail(proforma, fixed, 3, 40, TransactionClass.EXPENSE)
    office.business.confirm(proforma)
    assert office.figures(**is_class("EXPENSE")) == ["B 3 120"]


def test_a_detail_belongs_to_the_contract_of_its_invoice(office: Office, engagement: Engagement) -> None:
    other = office.business.engagement(contract="CTR-2", contract_line="CTR-2-1", project="PRJ-2")
    office.approved(engagement)
    proforma = office.draft(engagement)
    with pytest.raises(Refused, match="the contract line belongs to CTR-2"):
        office.business.add_detail(proforma, other.contract_line, 1, 100)
    with pytest.raises(Refused, match="by being ready"):
        office.business.add_detail(proforma, engagement.contract_line, 1, 100, TransactionClass.MILESTONE)


def test_conf_20_what_a_confirmation_records_has_its_date(office: Office) -> None:
    engagement = office.business.engagement(cost_rate=50, bill_rate=100)
    office.go_to("2018-02-03")
    office.approved(engagement)
    office.go_to("2018-02-04")
    office.business.confirm(office.draft(engagement))
    dated = [(row["msdyn_documentdate"].date().isoformat()) for row in office.actuals()]
    assert list(zip(office.figures(), dated, strict=True)) == [
        ("Cost 8 400", "2018-02-03"),
        ("U 8 800", "2018-02-03"),
        ("U -8 -800", "2018-02-04"),
        ("B 8 800", "2018-02-04"),
    ]


@pytest.mark.parametrize("given", [None, date(2026, 8, 31)])
def test_edit_16_billed_sales_are_accounted_on_the_accounting_date(
    office: Office, engagement: Engagement, given: date | None
) -> None:
    office.approved(engagement)
    draft = office.draft(engagement)
    office.go_to("2026-09-02")
    office.business.confirm(draft, accounting_date=given)
    [billed] = office.actuals("B")
    wanted = given or date(2026, 9, 2)
    assert billed["msdyn_accountingdate"].date() == office.invoice(draft)["msdyn_accountingdate"].date() == wanted
    assert billed["msdyn_startdatetime"].date() == date(2026, 8, 27)
    assert billed["msdyn_documentdate"].date() == date(2026, 9, 2)


def test_a_confirmed_invoice_says_what_the_table_map_reads(office: Office, engagement: Engagement) -> None:
    header = office.invoice(office.billed(engagement))
    assert (header["invoicenumber"], header["name"]) == ("INV-0001", "CTR-1 INV-0001")
    assert (header["salesorderid"], header["customerid"]) == (engagement.contract, engagement.customer)
    assert header["transactioncurrencyid"] == engagement.currency
    assert header["msdyn_invoicedate"] == date(2026, 8, 27)
    assert (header["totallineitemamount"], header["msdyn_hascorrections"]) == (1600, False)
    assert (header["msdyn_ordertype"], header["statecode"]) == (192350001, 0)
    assert header["billto_name"] == "C-001"


def test_invoices_are_numbered(office: Office, engagement: Engagement) -> None:
    proformas = [office.billed(engagement) for _ in range(3)]
    assert [office.invoice(id)["invoicenumber"] for id in proformas] == ["INV-0001", "INV-0002", "INV-0003"]
