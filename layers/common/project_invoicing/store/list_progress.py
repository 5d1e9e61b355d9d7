"""How far the items of earlier versions have been put into the lists: one item of the Setup table.

``done`` when all were, ``left`` by table the key after which to go on (empty: finished). A stack whose first set-up is
loaded by this version has nothing to put there, and says so with that set-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from project_invoicing.store.transactions import Write, get, put, transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY: Final = ("LISTS", "PROGRESS")

Start = tuple[str, str]
"""The key of the last item that was looked at."""


class ListProgress:
    """Access to the progress. Whoever runs the step twice at once only does some of it twice."""

    def __init__(self, client: DynamoDBClient, setup_table: str) -> None:
        self._client, self._table = client, setup_table

    def complete(self) -> bool:
        """Whether the lists have everything."""
        found = get(self._client, self._table, *_KEY)
        return bool(found and "done" in found)

    def reached(self) -> dict[str, Start | None]:
        """By table that was begun, where to go on; ``None`` for a finished one."""
        found = get(self._client, self._table, *_KEY) or {}
        return {name: (key[0], key[1]) if key else None for name, key in found.get("left", {}).items()}

    def keep(self, reached: dict[str, Start | None], done: str | None = None) -> None:
        """No condition: if an older progress wins, the only cost is some looking twice."""
        left = {name: list(key or ()) for name, key in reached.items()}
        item = {"pk": _KEY[0], "sk": _KEY[1], "left": left, "done": done}
        transact(self._client, [put(self._table, item, unless_exists=False)])


def nothing_to_do(setup_table: str, at: str) -> Write:
    """Notes on an empty stack that its lists have everything. Under the condition of its first set-up."""
    return put(setup_table, {"pk": _KEY[0], "sk": _KEY[1], "left": {}, "done": at}, unless_exists=False)
