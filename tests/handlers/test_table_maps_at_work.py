"""Table maps that are paused, resumed, stopped and started: nothing is lost, nothing comes that should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import MASTER_DATA_MAPS
from project_invoicing.domain.states import MAPS, MapAction, MapState
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.map_states import MapStates
from project_invoicing.use_cases.table_maps.at_work import MapsAtWork
from tests.builders import actual, connection, guid, proforma
from tests.dataverse import FakeDataverse
from tests.site import Site, running

WAYS = {
    MapState.RUNNING: (),
    MapState.PAUSED: (MapAction.PAUSE,),
    MapState.STOPPED: (MapAction.STOP,),
}


@pytest.fixture
def dataverse() -> FakeDataverse:
    return FakeDataverse()


@pytest.fixture
def site(dataverse: FakeDataverse) -> Iterator[Site]:
    with running(dataverse) as made:
        yield made


def kept(site: Site) -> list[str]:
    return [item["sk"] for item in site.items(site.names.dataverse_table, "KEPT#")]


def state_of(site: Site, name: str = "actuals") -> str:
    return MapStates(client.dynamodb(), site.names.dataverse_table).of(name).state.value


@pytest.fixture
def states(site: Site) -> MapStates:
    return MapStates(client.dynamodb(), site.names.dataverse_table)


@pytest.mark.parametrize("action", MapAction)
@pytest.mark.parametrize("before", MapState)
def test_a_map_goes_from_state_to_state_as_the_table_says_and_no_other_way(
    states: MapStates, before: MapState, action: MapAction
) -> None:
    for step in WAYS[before]:
        states.change("actuals", step, None, "2026-08-31T09:00:00Z", person("ann"))
    after = MAPS.transitions.get((before, action))
    if after is None:
        with pytest.raises(Rejected, match=f"actuals is {before}, so {action} is not possible, only"):
            states.change("actuals", action, "no", "2026-08-31T10:00:00Z", person("ann"))
        assert states.of("actuals").state is before
    else:
        changed = states.change("actuals", action, "yes", "2026-08-31T10:00:00Z", person("ann"))
        assert (changed.state, changed.since, changed.reason) == (after, "2026-08-31T10:00:00Z", "yes")
        assert states.of("actuals") == states.all()["actuals"] == changed
        assert MapsAtWork.read(states).running("actuals") is (after is MapState.RUNNING)


def test_what_comes_while_a_map_is_paused_is_kept_once_and_delivered_when_it_is_resumed(site: Site) -> None:
    site.map("pause", reason="month's end")
    newer = actual("a", description="newer", row_version=2, at="2026-08-27T17:00:00Z")
    assert site.send(newer, actual("a", row_version=1), actual("a", row_version=1)) == [200] * 3
    assert site.staged() == {}
    assert [position.split("#")[1] for position in kept(site)] == [f"{1:020d}", f"{2:020d}"]
    assert site.map("resume") == {
        "outcome": "actuals is running",
        "delivered": 2,
        "maps": [{"name": "actuals", "state": "running", "since": site.at, "reason": None, "version": 2}],
    }
    (row,) = site.result()["staging"]
    assert row["deliveries"] == 2
    assert kept(site) == []


def test_the_other_maps_go_on(site: Site) -> None:
    site.map("pause")
    site.send(actual("a"), connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=5), proforma("p"))
    assert site.staged() == {}
    assert len(site.items(site.names.staging_table, guid("a"))) == 1
    assert len(site.result()["proposals"]) == 1


def test_a_paused_map_of_proformas_keeps_the_header(site: Site) -> None:
    site.map("pause", "invoices")
    site.send(proforma("p"))
    assert site.result()["proposals"] == []
    site.map("resume", "invoices")
    assert len(site.result()["proposals"]) == 1


def test_a_resume_that_dies_in_between_is_continued_by_the_next_or_by_the_schedule(site: Site) -> None:
    ways: list[Callable[[], Any]] = [lambda: site.map("resume"), site.sweep]
    for way, again in enumerate(ways):
        site.map("pause")
        names = [f"{way}-{number}" for number in range(3)]
        site.send(*(actual(name, row_version=1) for name in names))
        with patch.object(MapStates, "delivered", side_effect=MemoryError):
            assert site.map("resume") is None
        assert state_of(site) == "running"
        assert len(kept(site)) == 3
        again()
        assert kept(site) == []
        assert {guid(name) for name in names} <= set(site.staged())


def test_a_map_that_runs_and_has_nothing_kept_is_not_resumed(site: Site) -> None:
    assert site.map("resume")["outcome"].startswith("refused: actuals is running")


def test_a_paused_map_is_not_swept_and_a_resumed_one_is(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(actual("a", row_version=1))
    site.map("pause")
    assert site.sweep(entity="msdyn_actual")["sweeps"][0]["outcome"] == "the map does not run"
    assert dataverse.asked == []
    site.map("resume")
    site.sweep(entity="msdyn_actual")
    assert set(site.staged()) == {guid("a")}


def test_a_stopped_map_leaves_everything_out_and_a_started_one_loads_all(site: Site, dataverse: FakeDataverse) -> None:
    before, meanwhile = actual("a", row_version=1), actual("b", row_version=2)
    dataverse.apply(before)
    site.sweep()
    site.map("stop")
    dataverse.apply(meanwhile)
    assert site.send(meanwhile) == [200]
    site.sweep()
    assert set(site.staged()) == {guid("a")}
    assert kept(site) == []
    assert site.map("start")["outcome"] == "actuals is running"
    (report,) = site.sweep(entity="msdyn_actual")["sweeps"]
    assert (report["loads_all"], report["rows"]) == (True, 2)
    assert set(site.staged()) == {guid("a"), guid("b")}


def test_a_stripped_message_waits_for_its_paused_map_too(site: Site, dataverse: FakeDataverse) -> None:
    row = actual("a", row_version=1)
    dataverse.apply(row)
    site.map("pause")
    with site.connected():
        site.send({**row, "InputParameters": None, "PreEntityImages": None, "PostEntityImages": None})
    assert len(kept(site)) == 1
    site.map("resume")
    assert set(site.staged()) == {guid("a")}


@pytest.mark.parametrize(
    ("name", "action", "problem"),
    [
        ("actual", "pause", "there is no table map 'actual'; there are companies, "),
        ("actuals", "halt", "action is 'halt'; it is one of pause, resume, stop, start, list"),
        ("actuals", "start", "actuals is running, so start is not possible, only pause, stop"),
    ],
)
def test_a_command_that_cannot_be_is_refused_in_words(site: Site, name: str, action: str, problem: str) -> None:
    outcome = site.map(action, name)["outcome"]
    assert outcome.startswith(f"refused: {problem}")


def test_the_list_says_how_each_map_stands(site: Site) -> None:
    site.map("stop", "actuals_write_back", "the books are closed")
    listed = {one["name"]: (one["state"], one["reason"]) for one in site.map("list")["maps"]}
    assert listed == dict.fromkeys(MASTER_DATA_MAPS, ("running", None)) | {
        "invoices": ("running", None),
        "actuals": ("running", None),
        "transaction_connections": ("running", None),
        "actuals_write_back": ("stopped", "the books are closed"),
        "invoices_write_back": ("running", None),
        "payments_write_back": ("running", None),
    }
