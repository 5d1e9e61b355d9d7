"""Master data in the stand-in: what an engagement makes, and what becomes of customers, contracts and projects."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dataverse_standin import HttpHeader, Post, Step, Webhooks
from dataverse_standin.business import BillingMethod, Engagement, Refused
from dataverse_standin.change_tracking import page
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import Office


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def work(office: Office) -> Engagement:
    return office.business.engagement()


def row(office: Office, lookup: Lookup) -> dict[str, Any]:
    return office.rows.get(lookup.entity, lookup.id)


def test_an_engagement_has_its_company_in_each_row_that_finance_keeps_by_company(
    office: Office, work: Engagement
) -> None:
    company = row(office, work.customer)["msdyn_company"]
    assert row(office, company)["cdm_companycode"] == "USPM"
    assert row(office, work.contract)["msdyn_owningcompany"] == company
    assert row(office, work.project)["msdyn_owningcompany"] == company
    assert row(office, work.project)["msdyn_projectnumber"] == "PRJ-1"
    assert "msdyn_salesorderid" not in row(office, work.project)  # the contract line is the link


def test_lines_of_a_contract_are_numbered_in_their_order(office: Office, work: Engagement) -> None:
    second = office.business.add_contract_line(work.contract, work.project, BillingMethod.FIXED_PRICE, "CTR-1-2", ())
    assert [row(office, line)["sequencenumber"] for line in (work.contract_line, second)] == [1, 2]


def test_a_number_is_one_customer_in_each_company(office: Office, work: Engagement) -> None:
    same = office.business.add_customer("C-001", "USPM", "USD")
    other = office.business.add_customer("C-001", "GBPM", "GBP")
    assert same == work.customer
    assert other != work.customer


def test_shares_of_a_split_contract_are_rows_of_their_own(office: Office, work: Engagement) -> None:
    partner = office.business.add_customer("C-002", "USPM", "USD")
    rules = office.business.split_billing(work.contract, {work.customer: "60", partner: "40"})
    shares = {row(office, rule)["msdyn_account"]: row(office, rule)["msdyn_billingsplitpercentage"] for rule in rules}
    assert shares == {work.customer: Decimal(60), partner: Decimal(40)}
    assert [row(office, rule)["msdyn_isprimary"] for rule in rules] == [True, False]


def test_a_merged_customer_is_deactivated_and_what_pointed_to_it_points_to_the_one_that_stays(
    office: Office, work: Engagement
) -> None:
    stays = office.business.add_customer("C-002", "USPM", "USD")
    before = office.rows.version
    office.business.merge(stays, work.customer)
    gone = row(office, work.customer)
    assert (gone["merged"], gone["masterid"], gone["statecode"]) == (True, stays, 1)
    assert row(office, work.contract)["customerid"] == stays
    assert row(office, work.project)["msdyn_customer"] == stays
    changed = page(office.rows, "salesorder", since=before, skip_token=None, size=100)
    assert [one["salesorderid"] for one in changed.rows] == [work.contract.id]


def test_of_a_merge_only_its_own_message_is_sent(office: Office, work: Engagement) -> None:
    posted: list[dict[str, Any]] = []

    def take(post: Post) -> int:
        posted.append(json.loads(post.body))
        return 200

    steps = [Step("account", "Merge"), Step("account", "Update"), Step("salesorder", "Update")]
    stays = office.business.add_customer("C-002", "USPM", "USD")
    hooks = Webhooks(office.rows, take, steps, HttpHeader({"x-webhook-key": "a key of sixteen"}))
    office.business.merge(stays, work.customer)
    hooks.deliver()
    (context,) = posted
    parameters = {one["key"]: one["value"] for one in context["InputParameters"]}
    assert (context["MessageName"], context["PrimaryEntityId"]) == ("Merge", stays.id)
    assert parameters["Target"]["Id"] == stays.id
    assert parameters["SubordinateId"] == work.customer.id


def test_only_two_different_customers_that_stand_can_be_merged(office: Office, work: Engagement) -> None:
    other = office.business.add_customer("C-002", "USPM", "USD")
    with pytest.raises(Refused, match="two different"):
        office.business.merge(other, other)
    with pytest.raises(Refused, match="two different"):
        office.business.merge(other, work.contract)
    office.business.merge(other, work.customer)
    with pytest.raises(Refused, match="merged before"):
        office.business.merge(other, work.customer)


def test_a_project_is_closed_opened_and_with_actuals_never_deleted(office: Office, work: Engagement) -> None:
    business = office.business
    business.close(work.project)
    assert (row(office, work.project)["statecode"], row(office, work.project)["statuscode"]) == (1, 192350000)
    business.reopen(work.project)
    assert row(office, work.project)["statecode"] == 0
    empty = business.add_project("PRJ-9", work.unit)
    business.delete(empty)
    with pytest.raises(KeyError):
        row(office, empty)
    business.approve(business.submit_time(work, 8, date(2026, 8, 24)))
    with pytest.raises(Refused, match="has actuals"):
        business.delete(work.project)


def test_master_data_is_changed_by_its_columns(office: Office, work: Engagement) -> None:
    office.now = datetime(2026, 8, 28, tzinfo=UTC)
    office.business.change(work.customer, accountnumber="C-100")
    office.business.deactivate(work.customer)
    assert (row(office, work.customer)["accountnumber"], row(office, work.customer)["statecode"]) == ("C-100", 1)
