"""Master data between the stand-in and the stack: what webhooks lose is found, fetched, and then both agree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from dataverse_standin import DeliveryFaults
from dataverse_standin.business import Engagement
from dataverse_standin.rows import Lookup
from local import demo
from local.connected import Site, connected
from operate.documents import read_setup
from project_invoicing.dataverse.web_api import WebApi
from project_invoicing.domain.master_data import NameKey, Part, RowKey, SeenRow
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.master_data import MasterData
from tests.sockets import loopback

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@pytest.fixture
def faults() -> DeliveryFaults:
    return DeliveryFaults(Random(1))  # noqa: S311  chance, no secret


@pytest.fixture
def site(faults: DeliveryFaults) -> Iterator[Site]:
    with connected(demo.BEGINS, demo.ZONE, engine="moto", faults=faults) as made:
        made.load_policy(read_setup(demo.POLICY))
        yield made


def engaged(site: Site) -> Engagement:
    group = site.business.add_customer_group("DOM")
    site.business.add_customer("C-001", "USPM", "USD", "Adatum Corporation", msdyn_customergroupid=group)
    work = site.business.engagement(unit="Contoso Robotics US", resource="Bob Kozack")
    site.settle()
    return work


def row(site: Site, lookup: Lookup) -> SeenRow | None:
    key = RowKey(lookup.entity, lookup.id)
    found = MasterData(client.dynamodb(), site.stack.settings.master_data_table).read([key])[key]
    return found if isinstance(found, SeenRow) else None


def differences(site: Site) -> dict[str, set[tuple[str, str]]]:
    """Table and id of what each check has found."""
    report = site.run("reconciliation")
    assert report["complete"], report
    return {
        check["name"]: {(one["entity"], one["id"]) for one in check["found"]}
        for check in report["checks"]
        if check["found"]
    }


def repaired(site: Site) -> list[str]:
    return [one["outcome"] for one in site.run("reconciliation", repair="all")["repaired"]]


def place(lookup: Lookup) -> tuple[str, str]:
    return lookup.entity, lookup.id


def test_rows_that_never_came_differ_or_are_gone_are_found_by_their_ids_and_repaired(
    site: Site, faults: DeliveryFaults
) -> None:
    work = engaged(site)
    assert differences(site) == {}
    faults.lost = 1.0
    never = site.business.add_project("PRJ-2", work.unit)
    empty = site.business.add_project("PRJ-3", work.unit)
    site.business.change(work.customer, name="Adatum AG")
    site.settle()
    found = differences(site)
    assert found == {
        "not_received": {place(never), place(empty)},
        "differs_from_dataverse": {place(work.customer)},
    }
    assert all("is on the bus" in outcome for outcome in repaired(site))
    assert differences(site) == {}
    site.business.delete(empty)
    site.settle()
    assert differences(site) == {"not_in_dataverse": {place(empty)}}
    assert repaired(site) == ["its deletion is on the bus"]
    assert differences(site) == {}
    gone = row(site, empty)
    assert gone
    assert gone.deleted


def test_a_merge_leads_to_the_customer_that_stays_though_no_row_says_so(site: Site) -> None:
    work = engaged(site)
    group = site.business.add_customer_group("DOM")
    stays = site.business.add_customer("C-002", "USPM", "USD", "Blue Yonder", msdyn_customergroupid=group)
    site.settle()
    site.business.merge(stays, work.customer)
    site.settle()
    merged = row(site, work.customer)
    assert merged
    assert merged.columns["merged_into"] == ["account", stays.id]
    site.run("dataverse_catchup")
    assert differences(site) == {}


def test_a_project_that_is_closed_makes_its_work_wait_and_opening_it_imports_it(site: Site) -> None:
    work = engaged(site)
    site.business.close(work.project)
    site.settle()
    site.business.approve(site.business.submit_time(work, 8, date(2026, 8, 24)))
    site.settle()
    site.run("staging_import")
    assert {line["reason"] for line in staged(site)} == {"project_closed"}
    site.business.reopen(work.project)
    site.settle()
    assert {line["state"] for line in staged(site)} == {"imported"}


def test_the_first_work_of_a_new_project_is_on_a_journal_though_nobody_loads_a_set_up(site: Site) -> None:
    work = engaged(site)
    site.business.approve(site.business.submit_time(work, 8, date(2026, 8, 24)))
    site.settle()
    site.run("staging_import")
    assert {line["state"] for line in staged(site)} == {"imported"}
    master = MasterData(client.dynamodb(), site.stack.settings.master_data_table)
    key = NameKey(Part.PROJECTS, "USPM", "PRJ-1")
    assert master.read([key])[key] is not None


def staged(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.result()["staging"]
    return [line for line in found if line["state"] != "skipped"]


def test_a_table_that_cannot_be_read_is_a_difference_and_the_others_are_compared(site: Site) -> None:
    work = engaged(site)
    site.rows.update("account", work.customer.id, {"name": "Adatum AG"})  # no webhook of it is delivered yet
    refused = Rejected("0x80060888", "Dataverse refuses the request: 404 Resource not found")
    every = WebApi.every

    def reading(self: Any, entity: str, columns: Any) -> Any:
        if entity == "msdyn_currencyexchangerate":
            raise refused
        return every(self, entity, columns)

    with patch.object(WebApi, "every", reading):
        found = differences(site)
    assert found == {
        "not_received": {("msdyn_currencyexchangerate", "exchange_rates")},
        "differs_from_dataverse": {place(work.customer)},
    }
