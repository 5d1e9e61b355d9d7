"""master_data_sync over the whole stack: webhook, queue, maps, sweeps, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from local import ROOT
from local.template import read as read_template
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey
from project_invoicing.store import client, setups
from project_invoicing.store.master_data import MasterData
from tests import master
from tests.builders import guid, option, to_json
from tests.dataverse import FakeDataverse
from tests.rules.finance import finance
from tests.site import Site, running

LATER = "2026-08-31T10:00:00Z"
PROJECT = RowKey("msdyn_project", guid("PRJ-1"))
AGREED = (
    master.company("USPM", row_version=1),
    master.account("C-1", row_version=2),
    master.contract("CTR-1", customer="C-1", row_version=3),
    master.project("PRJ-1", contract="CTR-1", row_version=4),
    master.contract_line("CTR-1-1", "CTR-1", project="PRJ-1", row_version=5),
)


@pytest.fixture
def dataverse() -> FakeDataverse:
    return FakeDataverse(page=2)


@pytest.fixture
def site(dataverse: FakeDataverse) -> Iterator[Site]:
    with running(dataverse) as made:
        yield made


def seen(site: Site, key: Key) -> Any:
    return MasterData(client.dynamodb(), site.names.master_data_table).read([key])[key]


def numbers(site: Site) -> set[str]:
    """The names that rows have."""
    items = site.items(site.names.master_data_table, "NAME#")
    return {item["pk"].split("#", 1)[1] for item in items if "g" in item}


@pytest.fixture
def told(site: Site) -> Iterator[list[tuple[str, Any]]]:
    """Our events of master data, as they are put on the bus."""
    noted: list[tuple[str, Any]] = []
    invoke = site.stack._invoke

    def noting(function: Any, event: Any) -> Any:
        if function.name == "staging_import" and str(event["detail-type"]).startswith("MasterData"):
            noted.append((event["detail-type"], event["detail"]))
        return invoke(function, event)

    with patch.object(site.stack, "_invoke", noting):
        yield noted


ALL = {
    "customers#USPM#C-1",
    "contracts#USPM#CTR-1",
    "projects#USPM#PRJ-1",
    "contract_lines#USPM#CTR-1-1",
}


def test_rows_come_through_the_webhook_in_any_order_and_each_is_told_once_it_has_its_name(
    site: Site, told: list[tuple[str, Any]]
) -> None:
    assert site.send(*reversed(AGREED)) == [200] * 5

    assert numbers(site) == ALL
    last = {detail["id"]: (detail["company"], detail["number"]) for _, detail in told}
    assert last[guid("PRJ-1")] == ("USPM", "PRJ-1")
    assert last[guid("CTR-1-1")] == ("USPM", "CTR-1-1")
    site.send(*AGREED)
    # Three waited, and were told when they came and when they were placed. The contract of the line is in the document.
    assert len(told) == len(last) + 3
    assert site.dead_letters() == []


def test_a_first_load_raises_no_events_but_one_at_the_end_of_each_table(
    site: Site, dataverse: FakeDataverse, told: list[tuple[str, Any]]
) -> None:
    dataverse.apply(*AGREED, master.account("V-1", customertypecode=option(10), row_version=6))

    site.sweep()

    assert numbers(site) == ALL
    assert {type for type, _ in told} == {"MasterDataLoaded"}
    assert [detail["map"] for _, detail in told].count("projects") == 1
    told.clear()
    dataverse.apply(master.project("PRJ-2", row_version=7))
    site.sweep()
    assert [(type, detail.get("number")) for type, detail in told] == [("MasterDataChanged", "PRJ-2")]


def test_a_table_that_is_read_anew_tells_of_the_rows_that_move_work_and_of_no_others(
    site: Site, dataverse: FakeDataverse, told: list[tuple[str, Any]]
) -> None:
    dataverse.apply(*AGREED, master.project("PRJ-2", row_version=6))
    site.sweep()
    site.map("stop", "projects")
    dataverse.apply(
        master.project("PRJ-1", number="PRJ-1B", contract="CTR-1", row_version=7),
        master.project("PRJ-2", msdyn_subject="Another name", row_version=8),
        master.project("PRJ-3", row_version=9),
    )
    site.map("start", "projects")
    told.clear()

    site.sweep()

    changed = [detail for type, detail in told if type == "MasterDataChanged"]
    assert [(one["number"], one["changed"]) for one in changed] == [("PRJ-1B", ["number"])]
    assert [detail["map"] for type, detail in told if type == "MasterDataLoaded"] == ["projects"]


def test_a_row_that_change_tracking_says_is_gone_stays_as_deleted(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*AGREED)
    site.sweep()
    site.at = LATER
    dataverse.apply(master.project("PRJ-1", message="Delete"))
    site.sweep()

    row, name = seen(site, PROJECT), seen(site, NameKey(Part.PROJECTS, "USPM", "PRJ-1"))
    assert (row.deleted, row.number) == (True, "PRJ-1")
    assert (name.deleted, name.columns["name"]) == (True, "Project PRJ-1")


def test_a_deletion_without_an_image_and_a_merge_are_told_by_the_webhook(site: Site) -> None:
    site.send(*AGREED, master.account("C-2", row_version=6))
    site.send(master.deletion("msdyn_project", "PRJ-1", at=LATER), master.merge("account", "C-2", into="C-1", at=LATER))

    assert seen(site, PROJECT).deleted
    merged = seen(site, RowKey("account", guid("C-2")))
    assert (merged.columns["merged_into"], merged.columns["active"]) == (["account", guid("C-1")], False)


def test_a_paused_map_keeps_its_rows_and_a_stopped_one_drops_them(site: Site) -> None:
    site.map("pause", "projects")
    site.map("stop", "contracts")
    site.send(*AGREED)
    placed = {"customers#USPM#C-1", "contract_lines#USPM#CTR-1-1"}  # the contract of the line is in the document
    assert numbers(site) == placed

    site.map("resume", "projects")
    assert numbers(site) == placed | {"projects#USPM#PRJ-1"}
    assert seen(site, RowKey("salesorder", guid("CTR-1"))) is None


def test_a_started_map_reads_all_rows(site: Site, dataverse: FakeDataverse) -> None:
    site.map("stop", "contracts")
    dataverse.apply(*AGREED)
    site.send(*AGREED)
    site.map("start", "contracts")
    site.sweep()
    assert numbers(site) == ALL


def test_a_bad_row_is_kept_whole_and_its_neighbours_are_unharmed(site: Site) -> None:
    bad = master.contract("CTR-9", msdyn_psastate=option(7), row_version=9)
    site.send(AGREED[0], bad, AGREED[3])

    assert numbers(site) == {"projects#USPM#PRJ-1"}
    (rejected,) = site.result()["rejected"]
    assert (rejected["id"], rejected["reason"]) == (guid("CTR-9"), "unknown_code")
    event = {"detail": {"replay": {"entity": "salesorder", "id": guid("CTR-9")}}, "time": site.at}
    assert site.stack.invoke("document_editing", event)["outcome"] == "rejected"


def test_a_deployed_stack_begins_with_the_maps_of_master_data_stopped() -> None:
    stack = read_template(ROOT / "template.yaml", MasterDataMaps="stopped")
    assert {function.environment["MASTER_DATA_MAPS"] for function in stack.functions} == {"stopped"}
    with patch("tests.site.TEMPLATE", stack), running() as site:
        states = {one["name"]: one["state"] for one in site.map("list")["maps"]}
        assert (states["projects"], states["actuals"]) == ("stopped", "running")
        site.post(to_json(AGREED[0]))
        site.stack.drain()
        assert site.items(site.names.master_data_table, "") == []
        site.map("start", "companies")
        site.send(AGREED[0])
        assert seen(site, RowKey("cdm_company", guid("USPM"))).company == "USPM"


def test_a_new_set_up_may_know_the_company_of_a_unit(site: Site) -> None:
    site.send(AGREED[0], master.unit("Robotics", row_version=2), master.project("PRJ-1", company=None, unit="Robotics"))
    assert seen(site, PROJECT).problem.startswith("company_unknown: ")

    setups.load(client.dynamodb(), site.names.setup_table, finance(units={"Robotics": "USPM"}), site.at)
    site.stack.drain()

    assert (seen(site, PROJECT).problem, seen(site, PROJECT).company) == (None, "USPM")
