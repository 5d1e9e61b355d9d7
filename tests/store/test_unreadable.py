"""Stored items that this code cannot read: a newer version wrote them, or a hand in the console."""

from __future__ import annotations

import json
from typing import Any

import pytest

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.store.items import bounded, is_possible, readable
from project_invoicing.store.staged_rows import UnreadableRowError
from project_invoicing.store.staging import Staging
from tests.store.rows import an_actual

BROKEN = [
    {"a": "no json"},
    {"a": json.dumps({"ty": "cost", "cl": "a-class-of-tomorrow", "bt": "chargeable", "qt": "1", "pr": "1", "am": "1"})},
    {"st": "a-state-of-tomorrow"},
    {"l_role-of-tomorrow_12345678": "00000000000000000001|x"},
]


def put(staging: Staging, id: str, **values: Any) -> None:
    names = {f"#{n}": name for n, name in enumerate(values)}
    staging.client.update_item(
        TableName=staging.table,
        Key={"pk": {"S": id}, "sk": {"S": "A"}},
        UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in range(len(values))),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{n}": {"S": value} for n, value in enumerate(values.values())},
    )


@pytest.mark.parametrize("broken", BROKEN)
def test_an_unreadable_row_stops_no_other(staging: Staging, broken: dict[str, str]) -> None:
    bad, good = an_actual("bad"), an_actual("good")
    staging.receive(bad)
    staging.receive(good)
    put(staging, bad.id, **broken)
    assert [row.id for row in staging.waiting_for_journal()] == [good.id]
    found = staging.rows([bad.id, good.id, "missing"])
    assert list(found) == [good.id]
    assert found.get("missing") is None
    with pytest.raises(UnreadableRowError):
        found.get(bad.id)
    with pytest.raises(UnreadableRowError):
        found[bad.id]
    assert bad.id not in staging.readable([bad.id, good.id])


@pytest.mark.parametrize("broken", BROKEN[:3])
def test_a_newer_version_heals_it(staging: Staging, broken: dict[str, str]) -> None:
    bad = an_actual("bad", row_version=1)
    staging.receive(bad)
    put(staging, bad.id, **broken)
    assert staging.receive(an_actual("bad", row_version=2, quantity="6")) is Delivery.CHANGED
    (row,) = staging.waiting_for_journal()
    assert (row.id, str(row.actual.quantity), row.state) == (bad.id, "6", StagingState.PENDING)


def test_what_is_on_a_document_is_healed_there_and_not_imported_again(staging: Staging) -> None:
    bad = an_actual("bad", row_version=1)
    staging.receive(bad)
    put(staging, bad.id, st="a-state-of-tomorrow", jn="USPM-1")
    staging.receive(an_actual("bad", row_version=2, quantity="6"))
    assert staging.rows([bad.id])[bad.id].state is StagingState.IMPORTED
    assert list(staging.waiting_for_journal()) == []
    assert [row.id for row, reworded in staging.changed() if not reworded] == [bad.id]


def test_a_reason_of_a_newer_version_is_no_reason(staging: Staging) -> None:
    actual = an_actual("bad")
    staging.receive(actual)
    put(staging, actual.id, re="a-reason-of-tomorrow")
    assert staging.rows([actual.id])[actual.id].reason is None


def test_an_item_that_cannot_be_read_is_none() -> None:
    assert readable(lambda item: item["missing"], {"pk": "x", "sk": "y"}) is None


def test_a_part_of_a_key_is_bounded_and_still_one_of_a_kind() -> None:
    assert bounded("short") == "short"
    long = [bounded("x" * 5000 + end) for end in "ab"]
    assert long[0] != long[1]
    assert {len(text) for text in long} == {100}
    assert bounded("\ud83d").isprintable()


@pytest.mark.parametrize("key", [("", "s"), ("x" * 2049, "s"), ("p", "x" * 1025), ("\ud83d", "s")])
def test_a_key_that_no_item_can_have_finds_nothing(staging: Staging, key: tuple[str, str]) -> None:
    assert not is_possible(*key)
    assert staging.item("x" * 3000) is None
    assert staging.rows(["x" * 3000, "\ud83d"]) == {}
    assert list(staging.rejected("msdyn_actual", "x" * 3000)) == []
