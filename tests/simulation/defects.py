"""Defects to put into the product, one at a time, to see that the simulator finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

from project_invoicing import bus
from project_invoicing.store import client, journal_change, outbox, proposal_changes, receiving, row_verbs
from project_invoicing.store.sequences import Counter
from project_invoicing.store.transactions import Write, put, update
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.outbox import relay

Defect = Callable[[], Any]


def _number_drawn_without_condition() -> Any:
    def draw(counter: Any, count: int) -> Write:
        pk, sk = counter._key
        return put(counter._table, {"pk": pk, "sk": sk, "n": counter.last + count}, unless_exists=False)

    return patch.object(Counter, "draw", draw)


def _without_conditions(module: Any) -> Defect:
    """The module's updates ask for the item alone, not for what was read of it."""

    def unconditional(table: str, pk: str, sk: str, values: Any, **more: Any) -> Write:
        return update(table, pk, sk, values, **{**more, "expected": {"pk": pk}, "free_for": None})

    return lambda: patch.object(module, "update", unconditional)


def _older_version_taken() -> Any:
    return patch.object(receiving, "is_known", lambda version, item: False)


def _newer_version_wakes_nobody() -> Any:
    return patch.object(receiving, "changed_on_line", lambda *rows: frozenset())


def _failed_events_taken_for_told() -> Any:
    def all_well(*arguments: Any) -> list[int]:
        published(*arguments)
        return []

    published = bus.publish
    return patch.object(relay, "publish", all_well)


@contextmanager
def _events_told_before_their_commit() -> Iterator[None]:
    committed = UnitOfWork.commit

    def commit(unit: Any) -> None:
        for item in (write["Put"]["Item"] for write in unit._writes if "Put" in write):
            if item["pk"]["S"].startswith(outbox.PREFIX):
                _tell(item)
        committed(unit)

    with patch.object(UnitOfWork, "commit", commit):
        yield


def _tell(item: Mapping[str, Any]) -> None:
    time = datetime.fromisoformat(item["at"]["S"])
    entry: Any = {"DetailType": item["t"]["S"], "Detail": item["d"]["S"], "Source": "project-invoicing", "Time": time}
    client.event_bridge().put_events(Entries=[entry])


DEFECTS: Final[Mapping[str, Defect]] = {
    "numbers are drawn without a condition": _number_drawn_without_condition,
    "an older version of a row replaces a newer one": _older_version_taken,
    "a newer version of a row on a document wakes nobody": _newer_version_wakes_nobody,
    "an event that the bus did not take is forgotten": _failed_events_taken_for_told,
    "events are told before their transaction": _events_told_before_their_commit,
    "a change of a journal does not ask what became of it": _without_conditions(journal_change),
    "a change of a row does not ask what became of it": _without_conditions(row_verbs),
    "a change of a proposal does not ask what became of it": _without_conditions(proposal_changes),
}
