"""Transaction connections (CONN), and that the business makes what the stories of the finance side tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dataverse_standin.business import BillingMethod, Engagement
from dataverse_standin.tests.office import Number, Office
from tests.builders import Context
from tests.rules import stories

U_8 = "U 8 1600"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def engagement(office: Office) -> Engagement:
    return office.business.engagement()


def test_conn_01_a_submission_connects_its_journal_lines(office: Office, engagement: Engagement) -> None:
    office.business.submit_time(engagement, 8)
    line = "msdyn_journalline"
    assert office.connections(line) == {(line, "Unbilled Sales", line, "Cost")}


def test_conn_01_a_line_without_a_sale_has_none(office: Office) -> None:
    office.business.submit_time(office.business.engagement(billing_method=BillingMethod.FIXED_PRICE), 8)
    assert office.connections("msdyn_journalline") == set()


def test_conn_02_an_approval_connects_each_sale_with_the_cost(office: Office, engagement: Engagement) -> None:
    office.approved(engagement, billable="6")
    assert office.connections() == {
        ("U 6 1200", "Unbilled Sales", "Cost 8 800", "Cost"),
        ("U 2 400", "Unbilled Sales", "Cost 8 800", "Cost"),
    }


def test_conn_03_a_detail_is_connected_with_what_it_bills(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    office.draft(engagement)
    detail = "msdyn_invoicelinetransaction"
    assert office.connections(detail) == {(detail, "Billed Sales", U_8, "Unbilled Sales")}


def test_conn_04_conn_05_a_confirmation_connects_reversal_and_bill(office: Office, engagement: Engagement) -> None:
    office.billed(engagement)
    assert office.connections() == {
        (U_8, "Unbilled Sales", "Cost 8 800", "Cost"),
        ("U -8 -1600", "Reversing", U_8, "Original"),
        ("B 8 1600", "Billed Sales", U_8, "Unbilled Sales"),
    }


def test_conn_06_conn_07_conn_08_a_correction_connects_what_it_replaces(office: Office, engagement: Engagement) -> None:
    invoice = office.billed(engagement)
    before = office.connections()
    correction = office.business.revise(invoice)
    detail = "msdyn_invoicelinetransaction"
    assert (detail, "Replacing", "B 8 1600", "Original") in office.connections(detail)
    office.business.edit_detail(office.detail(correction), quantity=6)
    office.business.confirm(correction)
    assert office.connections() - before == {
        ("B -8 -1600", "Reversing", "B 8 1600", "Original"),
        ("U 6 1200", "Replacing", "B 8 1600", "Original"),
        ("U 2 400", "Replacing", "B 8 1600", "Original"),
        ("U -6 -1200", "Reversing", "U 6 1200", "Original"),
        ("B 6 1200", "Billed Sales", "U 6 1200", "Unbilled Sales"),
    }


def test_conn_11_an_edit_connects_each_part_with_its_own(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    draft = office.draft(engagement)
    office.business.edit_detail(office.detail(draft), quantity=6)
    office.business.confirm(draft)
    assert office.connections() == {
        (U_8, "Unbilled Sales", "Cost 8 800", "Cost"),
        *((reversal, "Reversing", original, "Original") for reversal, original in (
            ("U -8 -1600", U_8), ("U -6 -1200", "U 6 1200"), ("U -2 -400", "U 2 400")
        )),
        ("B 6 1200", "Billed Sales", "U 6 1200", "Unbilled Sales"),
        ("B 2 400", "Billed Sales", "U 2 400", "Unbilled Sales"),
    }  # fmt: skip


def test_a_milestone_is_connected_with_nothing(office: Office) -> None:
    engagement = office.business.engagement(billing_method=BillingMethod.FIXED_PRICE)
    office.business.ready_to_invoice(office.business.add_milestone(engagement.contract_line, 5000, "Signing"))
    office.business.confirm(office.business.create_proforma(engagement.contract))
    assert office.rows.select("msdyn_transactionconnection") == []


# --- what the stories tell --------------------------------------------------------------------------------------------

_TOLD = (
    "msdyn_transactiontypecode",
    "msdyn_transactionclassification",
    "msdyn_quantity",
    "msdyn_price",
    "msdyn_amount",
    "msdyn_billingtype",
    "msdyn_adjustmentstatus",
)


def told(messages: list[Context]) -> tuple[list[Any], list[Any], Number | None]:
    """Actuals, connections and the proforma's total of a story, in the words of the rows."""
    rows = [(message["PrimaryEntityName"], message["PrimaryEntityId"], columns(message)) for message in messages]
    actuals = {id: row for entity, id, row in rows if entity == "msdyn_actual"}
    totals = [row["totallineitemamount"] for entity, _, row in rows if entity == "invoice"]
    connections = [row for entity, _, row in rows if entity == "msdyn_transactionconnection"]
    return seen(actuals, connections, totals[0] if totals else None)


def columns(message: Context) -> dict[str, Any]:
    [target] = [part["value"] for part in (message["PostEntityImages"] or message["InputParameters"])]
    return {pair["key"]: bare(pair["value"]) for pair in target["Attributes"]}


def bare(value: Any) -> Any:
    return value["Value"] if isinstance(value, dict) and "Value" in value else value


def seen(
    actuals: dict[str, dict[str, Any]], connections: list[dict[str, Any]], total: Number | None
) -> tuple[list[Any], list[Any], Number | None]:
    """In an order that does not depend on ids. Only connections between these actuals."""
    shown = {
        id: (*(row.get(column) for column in _TOLD), bool(row.get("msdyn_skipsync"))) for id, row in actuals.items()
    }
    ends = [
        (shown.get(row["msdyn_transaction1"]), row["msdyn_transaction1role"], shown.get(row["msdyn_transaction2"]),
         row["msdyn_transaction2role"])
        for row in connections
    ]  # fmt: skip
    return sorted(shown.values(), key=str), sorted((end for end in ends if None not in end), key=str), total


def draft(office: Office, engagement: Engagement) -> str:
    office.approved(engagement)
    return office.draft(engagement)


def revise(office: Office, engagement: Engagement) -> str:
    return office.business.revise(office.billed(engagement))


@pytest.mark.parametrize(
    ("given", "quantity", "story"),
    [
        pytest.param(draft, 8, stories.confirmation, id="TM-11 SKIP-04"),
        pytest.param(draft, 6, stories.confirmation_of_six_of_eight, id="TM-12 SKIP-07"),
        pytest.param(draft, 10, stories.confirmation_of_ten_for_eight, id="TM-13"),
        pytest.param(revise, 6, stories.correction_to_six, id="TM-14"),
        pytest.param(revise, 10, stories.correction_to_ten, id="TM-15"),
    ],
)
def test_the_business_makes_what_the_stories_tell(
    office: Office,
    engagement: Engagement,
    given: Callable[[Office, Engagement], str],
    quantity: int,
    story: Callable[[], list[Context]],
) -> None:
    proforma = given(office, engagement)
    before = office.snapshot()
    office.business.edit_detail(office.detail(proforma), quantity=quantity)
    office.business.confirm(proforma)
    changed = {id: row for id, row in office.snapshot().items() if before.get(id) != row}
    connections = office.rows.select("msdyn_transactionconnection")
    assert seen(changed, connections, office.totals(proforma)[0]) == told(story())


def test_tm_04_an_approval_is_what_the_stories_tell(office: Office, engagement: Engagement) -> None:
    office.approved(engagement)
    found = seen(office.snapshot(), office.rows.select("msdyn_transactionconnection"), None)
    assert found == told(stories.approval())
