"""Corrective invoices: CORR, beside the rows of the tables."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from dataverse_standin.business import BillingMethod, BillingType, Engagement, InvoiceStatus, Refused, ScheduleStatus
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import STATUSES, Office, is_class

DETAIL = "msdyn_invoicelinetransaction"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engagement(office: Office) -> Engagement:
    return office.business.engagement()


def corrected(office: Office, invoice: str, quantity: int | str, **changes: object) -> str:
    """The corrective invoice of an invoice with one detail, confirmed."""
    correction = office.business.revise(invoice)
    office.business.edit_detail(office.detail(correction), quantity=quantity, **changes)
    office.business.confirm(correction)
    return correction


def time(office: Office, engagement: Engagement) -> Lookup:
    return office.business.enter_time(engagement, 8)


def expense(office: Office, engagement: Engagement) -> Lookup:
    return office.business.enter_expense(engagement, 8, 100, msdyn_price=200)


def material(office: Office, engagement: Engagement) -> Lookup:
    product = office.business.add_product("P-100")
    return office.business.enter_material(engagement, 8, product, msdyn_unitcost=100, msdyn_price=200)


@pytest.mark.parametrize(
    ("enter", "quantity", "made"),
    [
        pytest.param(time, 0, ["B -8 -1600", "U 8 1600"], id="CORR-01"),
        pytest.param(time, 6, ["B -8 -1600", "U 6 1200", "U -6 -1200", "B 6 1200", "U 2 400"], id="CORR-02"),
        pytest.param(expense, 0, ["B -8 -1600", "U 8 1600"], id="CORR-03"),
        pytest.param(expense, 6, ["B -8 -1600", "U 6 1200", "U -6 -1200", "B 6 1200", "U 2 400"], id="CORR-04"),
        pytest.param(material, 0, ["B -8 -1600", "U 8 1600"], id="CORR-05"),
        pytest.param(material, 6, ["B -8 -1600", "U 6 1200", "U -6 -1200", "B 6 1200", "U 2 400"], id="CORR-06"),
    ],
)
def test_a_credit_bills_what_is_right_and_gives_the_rest_back_to_the_backlog(
    office: Office,
    engagement: Engagement,
    enter: Callable[[Office, Engagement], Lookup],
    quantity: int,
    made: list[str],
) -> None:
    entry = enter(office, engagement)
    office.business.submit(entry)
    office.business.approve(entry)
    invoice = office.draft(engagement)
    office.business.confirm(invoice)
    before = len(office.actuals())
    corrected(office, invoice, quantity)
    assert office.figures()[before:] == made
    backlog = office.actuals("U", msdyn_billingstatus=STATUSES["USC"])
    assert [(row["msdyn_quantity"], row["msdyn_billingtype"]) for row in backlog] == [
        (8 - quantity, BillingType.CHARGEABLE)
    ]


@pytest.mark.parametrize(
    ("price", "made"),
    [
        pytest.param(None, ["B -1 -160", "U 1 160"], id="CORR-07"),
        pytest.param(100, ["B -1 -160", "U 1 100", "U -1 -100", "B 1 100"], id="CORR-08"),
    ],
)
def test_nothing_remains_of_a_fee_that_is_credited_in_part(
    office: Office, engagement: Engagement, price: int | None, made: list[str]
) -> None:
    office.business.record_fee(engagement.contract_line, 160)
    invoice = office.draft(engagement)
    office.business.confirm(invoice)
    correction = office.business.revise(invoice)
    if price:
        office.business.edit_detail(office.detail(correction), quantity=1, price=price)
    office.business.confirm(correction)
    assert office.figures() == ["U 1 160", "U -1 -160", "B 1 160", *made]


def milestone_invoice(office: Office) -> tuple[Lookup, str]:
    engagement = office.business.engagement(billing_method=BillingMethod.FIXED_PRICE)
    milestone = office.business.add_milestone(engagement.contract_line, 5000, "Signing")
    office.business.ready_to_invoice(milestone)
    invoice = office.business.create_proforma(engagement.contract)
    office.business.confirm(invoice)
    return milestone, invoice


def test_corr_09_a_credited_milestone_is_ready_again(office: Office) -> None:
    milestone, invoice = milestone_invoice(office)
    correction = office.business.revise(invoice)
    office.business.confirm(correction)
    assert office.rows.get(milestone.entity, milestone.id)["msdyn_invoicestatus"] == ScheduleStatus.READY
    assert office.totals(correction) == (-5000, 0, -5000)
    contract = office.invoice(invoice)["salesorderid"]
    office.business.confirm(office.business.create_proforma(contract))
    assert office.figures() == ["B 1 5000", "B -1 -5000", "B 1 5000"]


def test_corr_27_the_tax_of_a_milestone_can_be_corrected(office: Office) -> None:
    milestone, invoice = milestone_invoice(office)
    correction = corrected(office, invoice, 1, tax=1000)
    assert office.rows.get(milestone.entity, milestone.id)["msdyn_invoicestatus"] == (
        ScheduleStatus.CUSTOMER_INVOICE_POSTED
    )
    assert office.figures() == ["B 1 5000", "B -1 -5000", "B 1 5000"]
    assert office.totals(correction) == (0, 1000, 1000)


@pytest.mark.parametrize("changes", [{"quantity": "0.5"}, {"quantity": 1, "price": 4000}])
def test_corr_10_a_milestone_cannot_be_credited_in_part(office: Office, changes: dict[str, object]) -> None:
    _, invoice = milestone_invoice(office)
    detail = office.detail(office.business.revise(invoice))
    with pytest.raises(Refused, match="credited as a whole"):
        office.business.edit_detail(detail, **changes)


def three_works(office: Office, engagement: Engagement) -> tuple[str, list[str]]:
    """A confirmed invoice of 8, 4 and 2 hours, and its details."""
    for hours in ("8", "4", "2"):
        office.approved(engagement, hours)
    invoice = office.draft(engagement)
    office.business.confirm(invoice)
    return invoice, [row[f"{DETAIL}id"] for row in office.business.details(invoice)]


def test_corr_12_corr_15_a_revision_credits_everything_to_begin_with(office: Office, engagement: Engagement) -> None:
    invoice, details = three_works(office, engagement)
    correction = office.business.revise(invoice)
    found = office.business.details(correction)
    assert [row["msdyn_quantity"] for row in found] == [0, 0, 0]
    assert {row["msdyn_correction"] for row in found} == {True}
    assert [row["msdyn_originalinvoicelinedetail"].id for row in found] == details
    assert [(row["msdyn_previousquantity"], row["msdyn_previousamount"]) for row in found] == [
        (8, 1600),
        (4, 800),
        (2, 400),
    ]
    header = office.invoice(correction)
    assert (header["msdyn_hascorrections"], header["totallineitemamount"]) == (True, -2800)


def test_corr_13_only_chosen_details_are_revised(office: Office, engagement: Engagement) -> None:
    invoice, details = three_works(office, engagement)
    correction = office.business.revise(invoice, details[1:2])
    office.business.confirm(correction)
    assert office.figures("B", msdyn_invoice=correction) == ["B -4 -800"]
    assert office.totals(correction) == (-800, 0, -800)


def test_corr_14_a_draft_of_the_same_contract_takes_corrections_too(office: Office, engagement: Engagement) -> None:
    invoice, details = three_works(office, engagement)
    office.approved(engagement, "10")
    draft = office.draft(engagement)
    assert office.business.revise(invoice, details[:1], onto=draft) == draft
    office.business.confirm(draft)
    assert office.figures("B", msdyn_invoice=draft) == ["B 10 2000", "B -8 -1600"]
    assert office.totals(draft) == (400, 0, 400)
    assert office.invoice(draft)["msdyn_hascorrections"]


def test_corr_14_not_one_of_another_contract(office: Office, engagement: Engagement) -> None:
    invoice, _ = three_works(office, engagement)
    other = office.business.engagement(contract="CTR-2", contract_line="CTR-2-1", project="PRJ-2")
    office.approved(other)
    draft = office.draft(other)
    with pytest.raises(Refused, match="has another contract or customer"):
        office.business.revise(invoice, onto=draft)


def test_corr_16_the_tax_that_is_right_is_entered(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    invoice = office.draft(engagement)
    office.business.edit_detail(office.detail(invoice), tax=320)
    office.business.confirm(invoice)
    correction = corrected(office, invoice, 6, tax=240)
    assert office.totals(correction) == (-400, -80, -480)


def test_corr_27_tax_alone_can_be_corrected(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    invoice = office.draft(engagement)
    office.business.edit_detail(office.detail(invoice), tax=320)
    office.business.confirm(invoice)
    correction = corrected(office, invoice, 8, tax=0)
    assert office.totals(correction) == (0, -320, -320)
    assert office.figures("B", msdyn_invoice=correction) == ["B -8 -1600", "B 8 1600"]


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(InvoiceStatus.CONFIRMED, True), (InvoiceStatus.PAID, True), (InvoiceStatus.POSTED, True), (192359999, False)],
)
def test_corr_17_only_what_is_confirmed_or_paid_can_be_revised(
    office: Office, engagement: Engagement, status: int, allowed: bool
) -> None:
    """Posted is what finance makes of confirmed."""
    invoice = office.billed(engagement)
    office.rows.update("invoice", invoice, {"msdyn_projectinvoicestatus": int(status)})
    if allowed:
        office.business.confirm(office.business.revise(invoice))
        return
    with pytest.raises(Refused, match="cannot be revised"):
        office.business.revise(invoice)


def test_corr_17_a_draft_cannot_be_revised(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    with pytest.raises(Refused, match="only a confirmed or paid one can"):
        office.business.revise(office.draft(engagement))


def test_corr_19_a_correction_of_nothing_is_refused(office: Office, engagement: Engagement) -> None:
    correction = office.business.revise(office.billed(engagement))
    office.business.edit_detail(office.detail(correction), quantity=8)
    assert office.totals(correction) == (0, 0, 0)
    with pytest.raises(Refused, match="corrects nothing"):
        office.business.confirm(correction)


def test_corr_19_what_is_right_among_others_stays_billed(office: Office, engagement: Engagement) -> None:
    invoice, details = three_works(office, engagement)
    correction = office.business.revise(invoice)
    for original, quantity in zip(details, (8, 3, 2), strict=True):
        detail = office.detail(correction, msdyn_originalinvoicelinedetail=original)
        office.business.edit_detail(detail, quantity=quantity)
    office.business.confirm(correction)
    assert office.figures("B", msdyn_invoice=correction) == ["B -4 -800", "B 3 600"]
    again = office.business.revise(invoice)  # the two that were right
    assert [row["msdyn_previousquantity"] for row in office.business.details(again)] == [8, 2]


def test_corr_20_the_billing_type_of_a_correction_cannot_be_edited(office: Office, engagement: Engagement) -> None:
    detail = office.detail(office.business.revise(office.billed(engagement)))
    with pytest.raises(Refused, match="billing type of a corrective detail"):
        office.business.edit_detail(detail, billing_type=BillingType.NON_CHARGEABLE)
    office.business.edit_detail(detail, billing_type=BillingType.CHARGEABLE, quantity=6)


def test_corr_21_a_detail_without_a_price_can_be_corrected(office: Office) -> None:
    engagement = office.business.engagement(bill_rate=0)
    correction = corrected(office, office.billed(engagement), 6)
    assert office.figures("B") == ["B 8 0", "B -8 0", "B 6 0"]
    assert office.totals(correction) == (0, 0, 0)


def test_corr_22_a_quantity_may_go_back_to_zero(office: Office, engagement: Engagement) -> None:
    correction = office.business.revise(office.billed(engagement))
    for quantity in (6, 0):
        office.business.edit_detail(office.detail(correction), quantity=quantity)
    office.business.confirm(correction)
    assert office.totals(correction) == (-1600, 0, -1600)
    assert (office.sum("U"), office.sum("B")) == (1600, 0)


def test_corr_23_corr_26_negative_work_can_be_corrected(office: Office, engagement: Engagement) -> None:
    corrected(office, office.billed(engagement, "-8"), -6)
    assert office.figures()[3:] == ["B -8 -1600", "B 8 1600", "U -6 -1200", "U 6 1200", "B -6 -1200", "U -2 -400"]


def test_a_correction_can_be_corrected(office: Office, engagement: Engagement) -> None:
    invoice = office.billed(engagement)
    second = corrected(office, invoice, 6)
    with pytest.raises(Refused, match="are credited or being corrected"):
        office.business.revise(invoice)
    third = corrected(office, second, 5)
    assert office.totals(third) == (-200, 0, -200)
    office.business.ready_to_invoice(engagement.contract)
    office.business.confirm(office.business.create_proforma(engagement.contract))
    assert (office.sum("U"), office.sum("B")) == (0, 1600)


def test_a_detail_is_on_one_correction_at_a_time(office: Office, engagement: Engagement) -> None:
    invoice, details = three_works(office, engagement)
    draft = office.business.revise(invoice, details[:1])
    with pytest.raises(Refused, match="being corrected"):
        office.business.revise(invoice, details[:2])
    rest = office.business.revise(invoice)
    assert len(office.business.details(rest)) == 2
    office.business.delete_proforma(draft)
    office.business.confirm(office.business.revise(invoice, details[:1]))
    office.business.confirm(rest)
    with pytest.raises(Refused, match="not all of the details chosen"):
        office.business.revise(rest, details[:1])


def test_what_was_given_away_is_given_back_to_the_backlog(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    invoice = office.draft(engagement)
    office.business.edit_detail(office.detail(invoice), quantity=6)
    office.business.confirm(invoice)
    office.business.confirm(office.business.revise(invoice))
    backlog = office.actuals("U", msdyn_billingstatus=STATUSES["USC"])
    assert [(row["msdyn_quantity"], row["msdyn_billingtype"]) for row in backlog] == [
        (6, BillingType.CHARGEABLE),
        (2, BillingType.NON_CHARGEABLE),
    ]


def test_a_detail_without_an_actual_can_be_corrected(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    draft = office.draft(engagement)
    office.business.add_detail(draft, engagement.contract_line, 3, 40)
    office.business.confirm(draft)
    manual = office.detail(draft, msdyn_price=40)
    correction = office.business.revise(draft, [manual])
    office.business.edit_detail(office.detail(correction), quantity=1)
    office.business.confirm(correction)
    assert office.figures(msdyn_price=40)[3:] == ["B -3 -120", "U 1 40", "U -1 -40", "B 1 40", "U 2 80"]


def test_a_fixed_price_detail_without_an_actual_is_credited_whole(office: Office) -> None:
    engagement = office.business.engagement(billing_method=BillingMethod.FIXED_PRICE)
    office.business.ready_to_invoice(office.business.add_milestone(engagement.contract_line, 5000, "Signing"))
    draft = office.business.create_proforma(engagement.contract)
    office.business.add_detail(draft, engagement.contract_line, 3, 40)
    office.business.confirm(draft)
    correction = office.business.revise(draft, [office.detail(draft, msdyn_price=40)])
    office.business.confirm(correction)
    assert office.figures(**is_class("TIME")) == ["B 3 120", "B -3 -120"]


def test_corr_02_what_is_credited_sums_up_to_what_was_billed(office: Office) -> None:
    """0.05 hours at 25.25 were billed for 1.26; 0.02 of them cost 0.51, so that 0.75 remains, not 0.76."""
    engagement = office.business.engagement(bill_rate="25.25")
    corrected(office, office.billed(engagement, "0.05"), "0.02")
    assert office.figures("U", msdyn_billingstatus=STATUSES["USC"]) == ["U 0.03 0.75"]
    assert office.sum("U") + office.sum("B") == Decimal("1.26")
