"""Lists of the staging table: rows that say why they wait, what was rejected, and what Dataverse refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.store.dismissals import Kept, kept_in
from project_invoicing.store.errors import translated
from project_invoicing.store.items import Expression, Item, plain_item, readable
from project_invoicing.store.staged_rows import ROW, readable_row
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import DISMISSED, FOR_JOURNAL, FOR_PROPOSAL, INDEX, REJECTED, SHARDS
from project_invoicing.store.write_backs import REFUSED, UNFINISHED, Refusal, refusal_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS_OF_ROWS: Final = SHARDS
KINDS_OF_ROWS: Final = (FOR_JOURNAL, FOR_PROPOSAL)
KINDS_OF_REFUSALS: Final = (REFUSED, UNFINISHED)
"""What waits for a person, and what is tried again by itself."""
END: Final = "end"


class After(NamedTuple):
    """Where a list goes on: after the item with this key and place."""

    place: str
    partition: str
    sort: str


class QueueLists:
    """Pages of the lists; each method but ``waiting`` is one request."""

    def __init__(self, staging: Staging) -> None:
        self._client: DynamoDBClient = staging.client
        self._table = staging.table

    def waiting(
        self,
        kind: str,
        at: Sequence[str],
        limit: int,
        *,
        company: str | None,
        reason: str | None,
        since: str | None,
    ) -> tuple[list[StagedRow], list[str]]:
        """Rows of a ``kind`` (``FOR_JOURNAL``, ``FOR_PROPOSAL``) that say why they wait, in the order of the queue.

        ``at`` says where to go on in each partition, as the answer before did: empty at its beginning, ``END`` at its
        end. One request for each partition that is not at its end. An answer may have fewer rows than ``limit``, even
        none, and still go on.
        """
        equal = {"co": company, "re": reason}
        present = "re" if kind == FOR_PROPOSAL else ""  # most of these wait with their proposal, and say nothing
        parts = {
            shard: self._page(
                str(shard), _after_place(place), limit, equal, since=("rs", since), present=present, prefix=kind
            )
            for shard, place in enumerate(at)
            if place != END
        }
        # Behind the place up to which one partition was read, rows of it may come that are not known yet.
        ends = [(more.place, more.partition) for _, more in parts.values() if more]
        found = sorted(((item["qs"], item["pk"]), shard, item) for shard, (items, _) in parts.items() for item in items)
        shown = [entry for entry in found if not ends or entry[0] <= min(ends)][:limit]
        rows = (readable_row(item) for _, _, item in shown)
        return [row for row in rows if row and row.reason], [
            _next_place(place, *parts[shard], [one for one, of, _ in shown if of == shard]) if shard in parts else END
            for shard, place in enumerate(at)
        ]

    def pending(self, shard: int, limit: int) -> tuple[list[StagedRow], bool]:
        """Rows of a partition that are not imported, and whether there are more."""
        items, more = self._page(str(shard), None, limit, {"st": StagingState.PENDING}, since=("rs", None))
        return [row for item in items if (row := readable_row(item)) and row.queued], more is not None

    def rejected(
        self, after: After | None, limit: int, *, reason: str | None, since: str | None, dismissed: bool = False
    ) -> tuple[list[Kept], After | None]:
        """What was rejected and is not dismissed, or what is, the newest rejection first."""
        partition = DISMISSED if dismissed else REJECTED
        items, more = self._page(partition, after, limit, {"re": reason}, since=("qs", since), newest=True)
        return [found for item in items if (found := readable(kept_in, item))], more

    def refused(self, kind: str, after: After | None, limit: int, *, since: str) -> tuple[list[Refusal], After | None]:
        """What Dataverse has refused of posted documents, of one of ``KINDS_OF_REFUSALS``, the newest place first."""
        when = "qs" if kind == REFUSED else "at"
        present = "" if kind == REFUSED else when
        items, more = self._page(kind, after, limit, {}, since=(when, since), present=present, newest=True)
        return [found for item in items if (found := readable(refusal_of, item))], more

    def _page(
        self,
        partition: str,
        after: After | None,
        limit: int,
        equal: Mapping[str, str | None],
        *,
        since: tuple[str, str | None],
        present: str = "",
        prefix: str = "",
        newest: bool = False,
    ) -> tuple[list[Item], After | None]:
        expression = Expression()
        condition = expression.equal("q", partition)
        if prefix:
            condition += f" AND begins_with({expression.name('qs')}, {expression.value(prefix)})"
        name, day = since
        filters = [expression.equal(one, value) for one, value in equal.items() if value]
        filters += [expression.present(present)] if present else []
        if day:
            from_day = f"{expression.name(name)} >= {expression.value(day)}"
            if name == "qs":
                condition += f" AND {from_day}"
            else:
                filters.append(from_day)
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            "ScanIndexForward": not newest,
            **({"FilterExpression": " AND ".join(filters)} if filters else {"Limit": limit}),
            **({"ExclusiveStartKey": _start(partition, after)} if after else {}),
            **expression.aliases(),
        }
        with translated():
            answer = self._client.query(**request)
        items = [plain_item(item) for item in answer["Items"]]
        if len(items) > limit:
            return items[:limit], _after(items[limit - 1])
        last = answer.get("LastEvaluatedKey")
        return items, _after(plain_item(last)) if last else None


def _after_place(text: str) -> After | None:
    place, _, partition = text.rpartition("|")
    return After(place, partition, ROW) if text else None


def _next_place(place: str, items: list[Item], more: After | None, shown: list[tuple[str, str]]) -> str:
    """Where a partition goes on of whose rows some were shown."""
    if len(shown) < len(items):
        return "|".join(shown[-1]) if shown else place
    return f"{more.place}|{more.partition}" if more else END


def _start(partition: str, after: After) -> dict[str, Any]:
    return {"q": {"S": partition}, "qs": {"S": after.place}, "pk": {"S": after.partition}, "sk": {"S": after.sort}}


def _after(item: Item) -> After:
    return After(item["qs"], item["pk"], item["sk"])
