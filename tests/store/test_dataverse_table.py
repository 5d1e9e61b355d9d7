"""The Dataverse table on every engine: states of maps, events that were kept, sweeps, signatures; links by their id."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from project_invoicing.config import Settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import ConnectionRole, RejectReason
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.states import MapAction, MapState
from project_invoicing.domain.sweep import Sweep
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.signatures import Signatures
from project_invoicing.store.staging import Staging
from project_invoicing.store.sweeps import Sweeps
from tests.store import tables
from tests.store.rows import a_link, an_actual

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT = "2026-08-31T09:00:00Z"


@pytest.fixture
def states(dynamodb: DynamoDBClient, names: Settings) -> MapStates:
    return MapStates(dynamodb, names.dataverse_table)


@pytest.fixture
def sweeps(dynamodb: DynamoDBClient, names: Settings) -> Sweeps:
    return Sweeps(dynamodb, names.dataverse_table)


def event(id: str, occurred_at: str, version: int | None = None, message: str = "Update") -> dict[str, Any]:
    detail = {"entity": "msdyn_actual", "id": id, "message": message, "occurred_at": occurred_at, "row": {"x": "1.50"}}
    return {
        "source": "dataverse",
        "detail-type": f"msdyn_actual.{message}",
        "time": AT,
        "detail": detail | {"row_version": version},
    }


def test_a_map_runs_until_someone_changes_it(states: MapStates) -> None:
    assert {status.state for status in states.all().values()} == {MapState.RUNNING}
    assert states.change("actuals", MapAction.PAUSE, "why", AT, person("ann")) == MapStatus(
        "actuals", MapState.PAUSED, AT, "why", 1
    )
    assert {name for name, status in states.all().items() if status.state is MapState.PAUSED} == {"actuals"}
    assert (states.of("actuals").state, states.of("invoices").state) == ("paused", "running")


def test_of_two_who_change_a_map_at_once_one_is_told(states: MapStates, monkeypatch: pytest.MonkeyPatch) -> None:
    before = states.of("actuals")
    states.change("actuals", MapAction.STOP, None, AT, person("ann"))
    monkeypatch.setattr(states, "of", lambda name: before)
    with pytest.raises(Conflict, match="somebody else changed actuals"):
        states.change("actuals", MapAction.PAUSE, None, AT, person("ann"))
    monkeypatch.undo()
    assert states.of("actuals").state is MapState.STOPPED


def test_kept_events_come_back_whole_once_and_in_order_of_time(states: MapStates) -> None:
    late = event("b", "2026-08-31T08:00:00.500Z", 3)
    early = event("a", "2026-08-31T10:00:00+02:00", 12)
    older = event("a", "2026-08-31T08:00:00Z", 2)
    for one in (late, early, older, late, event("c", "2026-08-31T07:59:59Z")):
        states.keep("actuals", one)
    kept = list(states.kept("actuals"))
    assert [one.detail["id"] + str(one.detail["row_version"]) for _, one in kept] == ["cNone", "a2", "a12", "b3"]
    assert [(one.source, one.detail_type, one.time) for _, one in kept[3:]] == [
        ("dataverse", "msdyn_actual.Update", AT)
    ]
    assert kept[3][1].detail == late["detail"]
    states.delivered("actuals", kept[0][0])
    states.delivered("actuals", kept[0][0])
    assert len(list(states.kept("actuals"))) == 3
    assert list(states.kept("invoices")) == []


def test_a_sweep_goes_on_where_it_was_stored_and_another_one_does_not(sweeps: Sweeps) -> None:
    new = sweeps.of("invoice")
    assert new == Sweep("invoice")
    stored = sweeps.store(replace(new, link="https://next", columns="c", rows=5_000, started_at=AT))
    assert sweeps.of("invoice") == stored
    assert stored.version == 1
    for stale in (new, replace(stored, version=7)):
        with pytest.raises(Conflict, match="another sweep of invoice"):
            sweeps.store(stale)
    sweeps.begin_again("invoice")
    assert sweeps.of("invoice") == Sweep("invoice", version=2)
    with pytest.raises(Conflict):
        sweeps.store(stored)


def test_a_signature_is_claimed_once_until_it_is_released(dynamodb: DynamoDBClient, names: Settings) -> None:
    signatures = Signatures(dynamodb, names.dataverse_table)
    assert [signatures.claim("ab", 1_000.5) for _ in range(2)] == [True, False]
    (item,) = tables.contents(dynamodb, names.dataverse_table)
    assert item["ttl"] == 4_600
    signatures.release("ab")
    assert signatures.claim("ab", 1_000)


def test_a_link_is_found_by_the_id_of_its_connection(staging: Staging) -> None:
    for number in range(3):
        staging.receive(an_actual(f"actual-{number}"))
    link = a_link("actual-2", 5)
    staging.connect(link)
    assert list(staging.links_of([link.id])) == [(link.id, "actual-1", ConnectionRole.UNBILLED, f"{5:020d}")]
    assert list(staging.links_of(["another id"])) == []
    staging.connect(a_link("actual-2", 6, deleted=True))
    assert list(staging.links_of([link.id])) == []


def test_a_large_rejected_event_is_kept_small_and_comes_back_whole(staging: Staging) -> None:
    wrong = Rejected(RejectReason.SCHEMA, "no good", entity="msdyn_actual", id="a")
    large = {"row": "x" * 500_000}
    staging.reject(wrong, large, AT, version="v1")
    staging.reject(wrong, {"row": "small"}, AT, version="v2")
    assert [kept for _, kept in staging.rejected("msdyn_actual", "a")] == [large, {"row": "small"}]
