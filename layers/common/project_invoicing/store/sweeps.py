"""How far the sweeps of Dataverse's change tracking have read, one item per Dataverse table.

A link is only stored once the rows before it are on the bus, so a sweep that dies reads its last page again. The
version in the condition lets only one of two sweeps continue (D-044, D-045).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.sweep import Sweep
from project_invoicing.errors import Conflict
from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Item
from project_invoicing.store.transactions import get, get_many, update
from project_invoicing.store.unit_of_work import retried

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SWEEP: Final = "SWEEP"
_ATTEMPTS: Final = 5


class Sweeps:
    """Access to the sweeps in the Dataverse table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def of(self, entity: str) -> Sweep:
        item = get(self.client, self.table, _SWEEP, entity)
        return _sweep(item) if item else Sweep(entity)

    def many(self, entities: Iterable[str]) -> dict[str, Sweep]:
        """The sweeps that have begun, by table. One request."""
        keys = ((_SWEEP, entity) for entity in entities)
        return {sweep.entity: sweep for sweep in map(_sweep, get_many(self.client, self.table, keys))}

    def store(self, sweep: Sweep) -> Sweep:
        """Stores the progress of a sweep read with ``version``. Raises ``Conflict`` if another one progressed too."""
        values = {
            "link": sweep.link,
            "columns": sweep.columns,
            "loading": sweep.loading,
            "rows": sweep.rows,
            "started_at": sweep.started_at,
            "finished_at": sweep.finished_at,
            "version": sweep.version + 1,
        }
        write = update(self.table, _SWEEP, sweep.entity, values, expected={"version": sweep.version or None})
        try:
            with translated():
                self.client.update_item(**write["Update"])
        except ConditionFailed as failed:
            raise Conflict(f"another sweep of {sweep.entity} is under way") from failed
        return replace(sweep, version=sweep.version + 1)

    def begin_again(self, entity: str) -> None:
        """Makes the next sweep read all rows; stops one in progress. Raises ``Conflict`` if sweeps keep progressing."""

        def from_the_first_row() -> Sweep:
            return self.store(Sweep(entity, version=self.of(entity).version))

        retried(f"the sweep of {entity}", from_the_first_row, attempts=_ATTEMPTS, lost=Conflict)


def _sweep(item: Item) -> Sweep:
    return Sweep(
        entity=item["sk"],
        link=item.get("link"),
        columns=item.get("columns"),
        loading=item["loading"],
        rows=item["rows"],
        started_at=item.get("started_at"),
        finished_at=item.get("finished_at"),
        version=item["version"],
    )
