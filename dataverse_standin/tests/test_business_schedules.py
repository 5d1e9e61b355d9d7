"""Milestones (MS) and retainers (RET, CONF-01 to CONF-03)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dataverse_standin.business import BillingMethod, BillingType, Engagement, Refused, ScheduleStatus
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import Number, Office, Row, is_class

MILESTONE = "msdyn_contractlinescheduleofvalue"
NOT_READY, READY, CREATED, POSTED = ScheduleStatus
RETAINER = is_class("RETAINER")


@pytest.fixture
def office() -> Office:
    return Office()


# --- milestones -------------------------------------------------------------------------------------------------------


@pytest.fixture
def fixed(office: Office) -> Engagement:
    return office.business.engagement(billing_method=BillingMethod.FIXED_PRICE)


def status(office: Office, row: Lookup) -> ScheduleStatus:
    return ScheduleStatus(office.rows.get(row.entity, row.id)["msdyn_invoicestatus"])


def test_ms_01_ms_02_ms_03_ms_04_the_life_of_a_milestone(office: Office, fixed: Engagement) -> None:
    milestone = office.business.add_milestone(fixed.contract_line, 5000, "Signing")
    found = [status(office, milestone)]
    office.business.ready_to_invoice(milestone)
    found.append(status(office, milestone))
    draft = office.business.create_proforma(fixed.contract)
    found.append(status(office, milestone))
    office.business.confirm(draft)
    found.append(status(office, milestone))
    assert found == [NOT_READY, READY, CREATED, POSTED]
    with pytest.raises(Refused, match="is ready or invoiced already"):
        office.business.ready_to_invoice(milestone)


def test_ms_03_a_milestone_that_leaves_its_draft_is_ready_again(office: Office, fixed: Engagement) -> None:
    milestone = office.business.add_milestone(fixed.contract_line, 5000, "Signing")
    office.business.ready_to_invoice(milestone)
    office.business.delete_proforma(office.business.create_proforma(fixed.contract))
    assert status(office, milestone) == READY


def grid(office: Office) -> list[tuple[Number, ScheduleStatus]]:
    rows = office.rows.select(MILESTONE)
    return sorted((row["msdyn_amount"], ScheduleStatus(row["msdyn_invoicestatus"])) for row in rows)


def test_ms_12_ms_13_a_share_of_a_milestone_is_billed(office: Office, fixed: Engagement) -> None:
    whole = office.business.add_milestone(fixed.contract_line, 1000, "Progress", progress=True)
    office.business.ready_share(whole, 20)
    assert grid(office) == [(200, READY), (800, NOT_READY)]
    office.business.confirm(office.business.create_proforma(fixed.contract))
    assert grid(office) == [(200, POSTED), (800, NOT_READY)]
    office.business.ready_share(whole, 20)
    assert grid(office) == [(200, READY), (200, POSTED), (600, NOT_READY)]
    assert office.figures() == ["B 1 200"]


def test_ms_13_the_last_share_leaves_nothing(office: Office, fixed: Engagement) -> None:
    whole = office.business.add_milestone(fixed.contract_line, 1000, "Progress", progress=True)
    office.business.ready_share(whole, "33.3")
    with pytest.raises(Refused, match=r"66\.8 % are 668\.00, but only 667\.00 remain"):
        office.business.ready_share(whole, "66.8")
    office.business.ready_share(whole, "66.7")
    assert grid(office) == [(333, READY), (667, READY)]


def test_only_progress_is_billed_in_shares_and_only_at_a_fixed_price(office: Office, fixed: Engagement) -> None:
    milestone = office.business.add_milestone(fixed.contract_line, 1000, "Signing")
    with pytest.raises(Refused, match="not progress-based"):
        office.business.ready_share(milestone, 20)
    other = office.business.engagement(contract="CTR-2", contract_line="CTR-2-1", project="PRJ-2")
    with pytest.raises(Refused, match="only a fixed-price contract line has milestones"):
        office.business.add_milestone(other.contract_line, 1000, "Signing")


def test_skip_06_a_milestone_and_its_credit_are_synced(office: Office, fixed: Engagement) -> None:
    office.business.ready_to_invoice(office.business.add_milestone(fixed.contract_line, 5000, "Signing"))
    invoice = office.business.create_proforma(fixed.contract)
    office.business.confirm(invoice)
    office.business.confirm(office.business.revise(invoice))
    assert office.figures(msdyn_skipsync=False) == office.figures() == ["B 1 5000", "B -1 -5000"]


# --- retainers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def engagement(office: Office) -> Engagement:
    return office.business.engagement()


def invoiced(office: Office, engagement: Engagement, amount: int = 10000) -> tuple[Lookup, str]:
    """A retainer that was invoiced, and its invoice."""
    retainer = office.business.add_retainer(engagement.contract, amount, "Advance")
    office.business.ready_to_invoice(retainer)
    invoice = office.business.create_proforma(engagement.contract)
    office.business.confirm(invoice)
    return retainer, invoice


def state(office: Office, retainer: Lookup) -> Row:
    return office.rows.get(retainer.entity, retainer.id)


def available(office: Office, retainer: Lookup) -> Number:
    return Decimal(state(office, retainer)["msdyn_availableamount"])


def applied(office: Office, proforma: str) -> str:
    return office.detail(proforma, msdyn_applied=True)


def test_ret_01_a_retainer_that_is_not_invoiced_cannot_be_applied(office: Office, engagement: Engagement) -> None:
    retainer = office.business.add_retainer(engagement.contract, 10000, "Advance")
    office.approved(engagement)
    assert available(office, retainer) == 0
    assert office.totals(office.draft(engagement)) == (1600, 0, 1600)


def test_conf_01_ret_02_an_invoiced_retainer_is_available(office: Office, engagement: Engagement) -> None:
    retainer, invoice = invoiced(office, engagement)
    assert office.figures() == ["B 1 10000", "U -1 -10000"]
    assert {row["msdyn_billingtype"] for row in office.actuals()} == {BillingType.NOT_AVAILABLE}
    assert {row["msdyn_skipsync"] for row in office.actuals()} == {False}
    assert (available(office, retainer), status(office, retainer)) == (10000, POSTED)
    assert office.totals(invoice) == (10000, 0, 10000)


def test_conf_03_ret_03_ret_06_ret_07_a_part_is_applied(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement)
    office.approved(engagement, "16")
    draft = office.draft(engagement)
    assert office.totals(draft) == (0, 0, 0)
    office.business.apply_retainer(applied(office, draft), 2000)
    assert office.totals(draft) == (1200, 0, 1200)
    office.business.confirm(draft)
    assert office.figures(**RETAINER)[2:] == ["B -1 -2000", "U 1 10000", "U -1 -8000"]
    assert [row["msdyn_skipsync"] for row in office.actuals(**RETAINER)] == [False] * 5
    found = state(office, retainer)
    assert (found["msdyn_amount"], found["msdyn_usedamount"], found["msdyn_availableamount"]) == (10000, 2000, 8000)


def test_conf_02_ret_05_the_whole_of_it_is_applied(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement, 1000)
    office.approved(engagement)
    draft = office.draft(engagement)
    assert office.totals(draft) == (600, 0, 600)
    office.business.confirm(draft)
    assert office.figures(**RETAINER)[2:] == ["B -1 -1000", "U 1 1000"]
    assert available(office, retainer) == 0
    office.approved(engagement)
    assert len(office.business.details(office.draft(engagement))) == 1


def test_ret_04_less_can_be_applied_but_not_more(office: Office, engagement: Engagement) -> None:
    invoiced(office, engagement, 1000)
    office.approved(engagement)
    draft = office.draft(engagement)
    for wrong in (1001, -1):
        with pytest.raises(Refused, match=r"between 0 and 1000 of retainer Advance"):
            office.business.apply_retainer(applied(office, draft), wrong)
    office.business.apply_retainer(applied(office, draft), 300)
    assert office.totals(draft) == (1300, 0, 1300)
    with pytest.raises(Refused, match="a retainer is invoiced whole"):
        office.business.edit_detail(applied(office, draft), price=400)


def test_ret_08_ret_09_only_what_is_charged_is_paid_from_it(office: Office, engagement: Engagement) -> None:
    invoiced(office, engagement)
    office.approved(engagement)
    office.approved(engagement, billable="0")
    draft = office.draft(engagement)
    charged = office.detail(draft, msdyn_billingtype=BillingType.CHARGEABLE)
    office.business.edit_detail(charged, tax=320)
    assert office.totals(draft) == (0, 320, 320)
    office.business.edit_detail(charged, quantity=6)  # less to pay: less is applied
    assert office.totals(draft) == (0, 320, 320)
    office.business.confirm(draft)
    assert office.figures("B", **RETAINER) == ["B 1 10000", "B -1 -1200"]


def test_ret_03_two_drafts_share_what_is_available(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement, 2000)
    drafts = []
    for _ in range(2):
        office.approved(engagement)
        drafts.append(office.draft(engagement))
    assert [office.totals(draft)[0] for draft in drafts] == [0, 1200]
    for draft in drafts:
        office.business.confirm(draft)
    assert available(office, retainer) == 0


def test_ret_10_what_is_left_can_be_refunded(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement, 1000)
    office.approved(engagement, "1")
    draft = office.draft(engagement)
    with pytest.raises(Refused, match=r"at most 800\.00 can be refunded"):
        office.business.refund_retainer(draft, retainer, 801)
    refund = office.business.refund_retainer(draft, retainer, 800)
    assert state(office, retainer)["msdyn_refundstatus"] == 192350000
    office.business.remove_detail(refund)
    assert state(office, retainer)["msdyn_refundstatus"] is None
    office.business.refund_retainer(draft, retainer, 800)
    assert office.totals(draft) == (-800, 0, -800)
    office.business.confirm(draft)
    found = state(office, retainer)
    assert (found["msdyn_refundstatus"], found["msdyn_refundedamount"], found["msdyn_usedamount"]) == (
        192350001,
        800,
        200,
    )
    assert available(office, retainer) == 0
    assert (office.sum("U", **RETAINER), office.sum("B", **RETAINER)) == (0, 0)


@pytest.mark.parametrize("left", [[0], [6000, 0]], ids=["RET-11 in full", "CORR-24 in part, then in full"])
def test_an_invoiced_retainer_can_be_credited(office: Office, engagement: Engagement, left: list[int]) -> None:
    retainer, invoice = invoiced(office, engagement)
    for amount in left:
        invoice = office.business.revise(invoice)
        if amount:
            office.business.edit_detail(office.detail(invoice), quantity=1, price=amount)
        office.business.confirm(invoice)
        assert office.sum("U") == -amount == -office.sum("B")
        assert available(office, retainer) == amount
    assert status(office, retainer) == READY


def test_corr_24_an_applied_retainer_is_given_back(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement, 1000)
    office.approved(engagement)
    invoice = office.draft(engagement)
    office.business.confirm(invoice)
    correction = office.business.revise(invoice)
    assert office.totals(correction) == (-600, 0, -600)
    office.business.confirm(correction)
    assert office.figures(**RETAINER)[-2:] == ["B 1 1000", "U -1 -1000"]
    assert (available(office, retainer), state(office, retainer)["msdyn_usedamount"]) == (1000, 0)


def test_corr_24_a_retainer_that_pays_for_work_cannot_be_credited(office: Office, engagement: Engagement) -> None:
    _, invoice = invoiced(office, engagement, 1000)
    office.approved(engagement)
    office.business.confirm(office.draft(engagement))
    correction = office.business.revise(invoice)
    before = office.snapshot()
    with pytest.raises(Refused, match="only 0 are available; apply, refund or credit less"):
        office.business.confirm(correction)
    assert office.snapshot() == before


def test_corr_24_a_retainer_of_which_nothing_is_applied_is_no_obstacle(office: Office, engagement: Engagement) -> None:
    retainer, _ = invoiced(office, engagement, 1000)
    office.approved(engagement)
    draft = office.draft(engagement)
    office.business.apply_retainer(applied(office, draft), 0)
    office.business.confirm(draft)
    assert available(office, retainer) == 1000
    correction = office.business.revise(draft)
    assert len(office.business.details(correction)) == 1


def test_ret_16_a_new_retainer_may_stand_on_a_negative_invoice(office: Office, engagement: Engagement) -> None:
    office.approved(engagement, "-8")
    office.business.ready_to_invoice(office.business.add_retainer(engagement.contract, 1000, "Advance"))
    draft = office.draft(engagement)
    assert office.totals(draft) == (-600, 0, -600)
    office.business.confirm(draft)
    assert office.figures("B") == ["B -8 -1600", "B 1 1000"]
