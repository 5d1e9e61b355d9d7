"""Stores what Dataverse delivers on its row: one request per delivery, in any order and any number of times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actual import Actual, Connection, RowVersion
from project_invoicing.domain.codes import ConnectionRole, RowState, StagingState
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.domain.states import ON_DOCUMENTS, ROWS, RowVerb
from project_invoicing.errors import Conflict
from project_invoicing.store.errors import ConditionFailed, TransactionCancelled, translated
from project_invoicing.store.items import Expression, Item, key, plain_item
from project_invoicing.store.row_verbs import RowVerbs
from project_invoicing.store.staged_rows import LINK, ROW, is_known, link_text, state_of
from project_invoicing.store.staging_columns import TEXTS, actual_of, actual_text, changed_on_line, says_a_fee
from project_invoicing.store.staging_queue import (
    FOR_JOURNAL,
    RELINKED,
    changed_position,
    import_position,
    queued_as,
    relinked_position,
    reworded_position,
)
from project_invoicing.store.transactions import get, scan, transact, transact_what_holds, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS: Final = 5
_NAMES_OF_A_FILTER: Final = 100
"""DynamoDB's limits for an expression are 4 KB and 300 operators."""
_CONTINUED: Final = (ConnectionRole.UNBILLED, ConnectionRole.ORIGINAL)
_LOOKED_AT_AGAIN: Final = (*_CONTINUED, ConnectionRole.REPLACED)


class Receiving(RowVerbs):
    """Versions of actuals and their connections."""

    client: DynamoDBClient

    def receive(self, actual: Actual, at: str | None = None, *, reads_fees: bool = True) -> Delivery:
        """Stores one version of an actual, delivered at a time (ISO 8601).

        ``reads_fees``: the table map has a column of fees. Else a fee that was read before is settled (D-290).

        One request when the row is new, or when this version or a newer one is already waiting there: the update fills
        what is absent and counts the delivery, and its condition holds in just these two cases. Any other delivery (a
        newer version, or a repetition after the import) needs a second request that depends on the answer to the first
        (D-003).
        """
        expression = Expression()
        fill = self._columns(actual) | self._queue_keys(actual, at) | {"ch": 1}
        known = self._not_older(expression, actual.version)
        if not actual.skip_sync:
            known = f"({known} AND {expression.present('q')})"
        try:
            with translated():
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key(actual.id, ROW),
                    UpdateExpression=expression.update(first=fill, add={"dl": 1}),
                    ConditionExpression=f"{expression.absent('a')} OR {known}",
                    **expression.aliases(),
                    ReturnValues="UPDATED_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return self._receive_again(actual, at, failed.item, reads_fees=reads_fees)
        return Delivery.DUPLICATE if "dl" in answer.get("Attributes", {}) else Delivery.ACCEPTED

    def _receive_again(
        self, actual: Actual, at: str | None, found: dict[str, Any] | None, *, reads_fees: bool
    ) -> Delivery:
        for _ in range(_ATTEMPTS):
            item = plain_item(found) if found else get(self.client, self.table, actual.id, ROW)
            if item is None or "a" not in item:
                return self.receive(actual, at, reads_fees=reads_fees)
            duplicate = is_known(actual.version, item)
            told = actual if duplicate or reads_fees else self._with_fee_settled(actual, item, at)
            values = {} if duplicate else self._changes(told, item, at)
            expression = Expression()
            try:
                with translated():
                    self.client.update_item(
                        TableName=self.table,
                        Key=key(actual.id, ROW),
                        UpdateExpression=expression.update(values, add={"dl": 1} if duplicate else {"dl": 1, "ch": 1}),
                        ConditionExpression=expression.all_equal({"st": item.get("st"), "ch": item.get("ch")}),
                        **expression.aliases(),
                        ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    )
            except ConditionFailed as failed:
                found = failed.item
                continue
            return Delivery.DUPLICATE if duplicate else Delivery.CHANGED
        raise Conflict(f"actual {actual.id} kept changing while version {actual.version.number} was stored")

    def _with_fee_settled(self, actual: Actual, item: Item, at: str | None) -> Actual:
        if not says_a_fee(item):
            return actual
        from project_invoicing.store.fee_rows import settled  # noqa: PLC0415  few organizations ever had fees

        return settled(self, actual, item, at)

    def _changes(self, actual: Actual, item: Item, at: str | None) -> dict[str, Any]:
        """What a newer version changes on the row, depending on what the row has become so far.

        It also repairs a row that could not be read.
        """
        values = self._columns(actual)
        state = state_of(item)
        verb = RowVerb.RECEIVED_TO_SKIP if actual.skip_sync else RowVerb.RECEIVED
        values["st"] = ROWS.after(state, verb)
        if state in ON_DOCUMENTS:
            after = actual_of(actual.id, actual.version, values["a"])
            changed = changed_on_line(actual, item, after)
            if state is StagingState.POSTED:
                return values | _lateness(changed - TEXTS, after, item.get("lt"))
            if actual.skip_sync or changed - TEXTS:
                return values | queued_as(actual.id, changed_position(actual.id))
            if changed and "q" not in item:  # a row queued with another change as well is looked at completely
                return values | queued_as(actual.id, reworded_position(actual.id))
            return values
        queued = self._queue_keys(actual, at)
        if all(str(keys.get("qs", "")).startswith(FOR_JOURNAL) for keys in (item, queued)):
            queued["qs"] = item["qs"]  # its turn stays, and another key would cost the index a unit more
        return {"q": None, "qs": None, "re": None, "rd": None, "rs": None, "bk": None} | values | queued

    @staticmethod
    def _columns(actual: Actual) -> dict[str, Any]:
        version = actual.version
        return {
            "a": actual_text(actual),
            "rv": version.number,
            "ot": version.occurred_at,
            "h": version.content,
            "st": StagingState.SKIPPED if actual.skip_sync else StagingState.PENDING,
        }

    @staticmethod
    def _queue_keys(actual: Actual, at: str | None) -> dict[str, Any]:
        at = at or actual.version.occurred_at
        return {} if actual.skip_sync else queued_as(actual.id, import_position(actual, at))

    @staticmethod
    def _not_older(expression: Expression, version: RowVersion) -> str:
        """The stored version is the same or newer, as far as one condition can tell: where it is, this is not newer.

        A version with a row version tells nothing of a stored one without: the update would fill the number in, and
        the stored row would pass for a version that it is not.
        """
        if version.number is not None:
            return f"{expression.name('rv')} >= {expression.value(version.number)}"
        time, content = expression.value(version.occurred_at), expression.value(version.content)
        return (
            f"({expression.name('ot')} > {time} OR "
            f"({expression.name('ot')} = {time} AND {expression.name('h')} >= {content}))"
        )

    def connect(self, connection: Connection) -> Delivery:
        """Stores a connection on the row that carries it, which may not have arrived yet. One request.

        The value is ``version|linked id``; of several the greatest wins, so that order and repetition do not matter. A
        deleted connection leaves a version without an id. A row on a document is looked at again when a connection says
        what it bills, reverses or replaces: it takes the rate of its original (FXR-13) and what that hands on (99-22),
        and has taken what it continues (99-25). What a posted row turns out to continue is marked at once, if no other
        row has it.
        """
        value = link_text(connection)
        name = f"{LINK}{connection.role}_{connection.id[:8]}"
        expression = Expression()
        try:
            with translated():
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key(connection.actual_id, ROW),
                    UpdateExpression=expression.update({name: value}, add={"lk": 1}),
                    ConditionExpression=(
                        f"{expression.absent(name)} OR {expression.name(name)} < {expression.value(value)}"
                    ),
                    **expression.aliases(),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            found: dict[str, Any] | None = answer.get("Attributes")
            delivery = Delivery.ACCEPTED
        except ConditionFailed as failed:
            # The first delivery may have died before its second request.
            found, delivery = failed.item, Delivery.DUPLICATE
        if found and connection.role in _LOOKED_AT_AGAIN:
            item = plain_item(found)
            self._look_again(item)
            posted = item.get("st") == StagingState.POSTED and connection.role in _CONTINUED
            if posted and delivery is Delivery.ACCEPTED and not connection.deleted:
                transact_what_holds(self.client, [self.take(connection.linked_id, connection.actual_id)])
        return delivery

    def _look_again(self, item: Item) -> None:
        """Queues an imported row where the import finds rows that have changed."""
        for _ in range(_ATTEMPTS):
            if item.get("st") != StagingState.IMPORTED or str(item.get("qs", "")).startswith(RELINKED):
                return
            id = item["pk"]
            again = queued_as(id, relinked_position(item, id))
            write = update(self.table, id, ROW, again, expected={"st": item["st"], "qs": item.get("qs")})
            try:
                transact(self.client, [write])
            except TransactionCancelled as cancelled:
                reason = cancelled.reasons[0]
                item = plain_item(reason[1]) if reason and reason[1] else item
            else:
                return

    def links_of(self, connections: Iterable[str]) -> Iterator[tuple[str, str, ConnectionRole, str]]:
        """The links of connections of which only the id is known: ``(connection, actual, role, version)``.

        Deleted ones have none. A link is named by the first part of the id only, so another connection's may be among
        them. Reads the whole table once, because no index holds links: connections are rarely deleted.
        """
        by_name = {f"{LINK}{role}_{id[:8]}": (id, role) for id in connections for role in ConnectionRole}
        present = tuple(by_name) if len(by_name) <= _NAMES_OF_A_FILTER else ()
        for item in scan(self.client, self.table, present=present):
            for name in by_name.keys() & item.keys():
                id, role = by_name[name]
                version, _, linked = str(item[name]).partition("|")
                if linked:
                    yield id, item["pk"], role, version


def _lateness(changed: set[str], after: Actual, before: Any) -> dict[str, Any]:
    """The flag of a posted row that changed. "Inactive" goes when the row is active again, a change of money stays."""
    if changed == {"inactive"} and before in (None, RowState.INACTIVE):
        return {"lt": RowState.INACTIVE if after.inactive else None}
    return {"lt": True} if changed else {}
