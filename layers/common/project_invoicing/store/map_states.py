"""Which table maps are running, and the events kept until a paused one is resumed.

``MAPS`` has one item per map that was ever paused, stopped or started; a map without one is running, or a map of master
data what the template says. ``KEPT#<map>`` has the
complete events that came while it was paused, in order of time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import MASTER_DATA_MAPS, RejectReason, TableMapName
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.states import MAPS, MapAction, MapState
from project_invoicing.domain.text import sortable_instant
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events import BusEvent
from project_invoicing.store import history as histories
from project_invoicing.store.errors import ConditionFailed, TransactionCancelled, translated
from project_invoicing.store.items import Item, bounded, key, readable
from project_invoicing.store.transactions import get, put, query, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.actor import Actor
    from project_invoicing.domain.history import HistoryEntry

_MAPS: Final = "MAPS"
_KEPT: Final = "KEPT#"


class MapStates:
    """Access to the states of the maps and to the events kept for them."""

    def __init__(self, client: DynamoDBClient, table: str, master_data: str = MapState.RUNNING) -> None:
        """``master_data``: the state of a map of master data that nobody has changed yet."""
        self.client = client
        self.table = table
        self.master_data = MapState(master_data)

    def all(self) -> dict[str, MapStatus]:
        """The status of each map, by name, strongly consistent. One request."""
        stored = {str(item["sk"]): _status(item) for item in query(self.client, self.table, _MAPS)}
        return {name: stored.get(name, self._at_first(name)) for name in map(str, TableMapName)}

    def of(self, name: str) -> MapStatus:
        """The status of one map. Raises ``Rejected`` for an unknown name."""
        if name not in list(TableMapName):
            problem = f"there is no table map {name!r}; there are {', '.join(TableMapName)}"
            raise Rejected(RejectReason.SCHEMA, problem, field="name")
        item = get(self.client, self.table, _MAPS, name)
        return _status(item) if item else self._at_first(name)

    def _at_first(self, name: str) -> MapStatus:
        return MapStatus(name, self.master_data if name in MASTER_DATA_MAPS else MapState.RUNNING)

    def history(self, name: str) -> Iterator[HistoryEntry]:
        """What people did to a map, oldest first."""
        return histories.of(self.client, self.table, f"{_MAPS}#{name}")

    def change(self, name: str, action: MapAction, reason: str | None, at: str, who: Actor) -> MapStatus:
        """Pauses, resumes, stops or starts a map, and notes who did it.

        Raises ``Rejected`` where the map's state does not allow it, ``Conflict`` when another change was faster.
        """
        before = self.of(name)
        after = MAPS.transitions.get((before.state, action))
        if after is None:
            can = ", ".join(MAPS.possible(before.state))
            problem = f"{name} is {before.state}, so {action} is not possible, only {can}"
            raise Rejected(RejectReason.SCHEMA, problem, field="action")
        values = {"state": after, "since": at, "reason": reason, "version": before.version + 1}
        write = update(self.table, _MAPS, name, values, expected={"version": before.version or None})
        # Imported late: whoever only asks how the maps stand starts without it.
        from project_invoicing.domain.history import Done, HistoryEntry  # noqa: PLC0415

        told = {"state": after, "reason": reason, "change": before.version + 1}
        done = HistoryEntry(at, who, Done.of_map(action), {"state": before.state}, told)
        try:
            transact(self.client, [write, histories.entry(self.table, f"{_MAPS}#{name}", done)])
        except TransactionCancelled as failed:
            raise Conflict(f"somebody else changed {name} just now; look at it again") from failed
        return MapStatus(name, after, at, reason, before.version + 1)

    def keep(self, name: str, event: Mapping[str, Any]) -> None:
        """Keeps a bus event (as a target receives it) until the map runs again. Repeating it changes nothing."""
        item = {
            "pk": _KEPT + name,
            "sk": _position(event),
            "source": event["source"],
            "type": event["detail-type"],
            "at": event["time"],
            "detail": json.dumps(event["detail"], separators=(",", ":"), default=str),
        }
        try:
            with translated():
                self.client.put_item(**put(self.table, item, unless_exists=True)["Put"])
        except ConditionFailed:
            return

    def kept(self, name: str, id: str | None = None) -> Iterator[tuple[str, BusEvent]]:
        """The events kept for a map, oldest first: ``(sort key, event)``. With ``id`` only those about that row."""
        for item in query(self.client, self.table, _KEPT + name):
            if id and f"#{id}#" not in item["sk"]:
                continue
            if event := readable(_event_of, item):
                yield item["sk"], event

    def delivered(self, name: str, sort_key: str) -> None:
        """Removes a kept event that is on the bus. No condition: deleting it twice changes nothing."""
        with translated():
            self.client.delete_item(TableName=self.table, Key=key(_KEPT + name, sort_key))


def _event_of(item: Item) -> BusEvent:
    at = utc_text(datetime.fromisoformat(item["at"]))
    return BusEvent(item["source"], item["type"], at, json.loads(item["detail"]), item["sk"])


def _status(item: Item) -> MapStatus:
    return MapStatus(item["sk"], MapState(item["state"]), item.get("since"), item.get("reason"), item["version"])


def _position(event: Mapping[str, Any]) -> str:
    """Time, row version, id, type and content of an event: its place among the kept events.

    Without a row version only the content tells two versions of one moment apart (D-077).
    """
    detail = event["detail"]
    occurred_at, version = str(detail.get("occurred_at")), detail.get("row_version")
    number = f"{version:020d}" if type(version) is int else ""
    moment = sortable_instant(occurred_at) or bounded(occurred_at)
    place = f"{moment}#{number}#{bounded(str(detail.get('id')))}#{bounded(event['detail-type'])}"
    if number:
        return place
    content = json.dumps(detail.get("row"), sort_keys=True, default=str)
    return f"{place}#{blake2b(content.encode(), digest_size=8).hexdigest()}"
