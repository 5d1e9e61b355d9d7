"""DynamoDB in memory: what each operation does, and what it refuses.

Requests come as botocore has checked them, and answers go out as botocore parses them.
"""

from __future__ import annotations

import json
import marshal
import time
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from tests.fast_store import expressions
from tests.fast_store.expressions import All, Between, Call, Comparison, Group, Literal, Parsed, Path, Scope
from tests.fast_store.tables import (
    ITEM_BYTES,
    Key,
    Lag,
    Partition,
    Range,
    Shelf,
    Table,
    digest,
    missing,
)
from tests.fast_store.values import Failure, Item, Unfit, checked, checked_item, invalid, item_size, kind_of, order

Json = dict[str, Any]

_PAGE_BYTES: Final = 1024 * 1024
_BATCH_BYTES: Final = 16 * 1024 * 1024
_TRANSACTION_BYTES: Final = 4 * 1024 * 1024
_TRANSACTION_ITEMS: Final = 100
_TOKEN_SECONDS: Final = 600
_OF_OLD: Final = frozenset(
    {"AttributesToGet", "AttributeUpdates", "ConditionalOperator", "Expected", "KeyConditions", "QueryFilter"}
    | {"ScanFilter"}
)


class Write(NamedTuple):
    """One write that is ready to be done: ``after`` is ``None`` for an item that goes, or that is only checked."""

    table: Table
    key: Key
    before: Item | None
    after: Item | None
    changes: bool = True
    paths: tuple[Any, ...] = ()


class Wire:
    """What lies between client and engine: the place for faults. This one has none.

    Either method may raise: a ``Failure`` is DynamoDB's answer, a ``ReadTimeoutError`` none at all, and anything else
    what happens to the process.
    """

    def before(self, operation: str, asked: Json) -> None:
        """A request is under way."""

    def after(self, operation: str, asked: Json, answer: Json) -> None:
        """It is done, and its answer is under way."""


class ConditionFailed(Failure):
    def __init__(self, item: Item | None) -> None:
        more = {} if item is None else {"Item": item}
        super().__init__("ConditionalCheckFailedException", "The conditional request failed", **more)


class Engine:
    """All tables. ``now`` is the clock by which request tokens expire; ``lag``, how stale an answer may be."""

    def __init__(self, now: Callable[[], float] = time.time, lag: Lag | None = None) -> None:
        self.now, self.lag, self.wire = now, lag, Wire()
        self.tables: dict[str, Table] = {}
        self.requests: Counter[str] = Counter()
        self._moment = 0
        self._tokens: dict[str, tuple[float, str]] = {}
        self._operations: dict[str, Callable[[Json], Json]] = {
            "BatchGetItem": self._batch_get,
            "BatchWriteItem": self._batch_write,
            "CreateTable": self._create_table,
            "DeleteItem": self._write_one(self._delete),
            "DeleteTable": self._delete_table,
            "DescribeTable": lambda asked: {"Table": self._described(self.table(asked["TableName"]))},
            "GetItem": self._get,
            "ListTables": lambda _: {"TableNames": sorted(self.tables)},
            "PutItem": self._write_one(self._put),
            "Query": self._query,
            "Scan": self._scan,
            "TransactGetItems": self._transact_get,
            "TransactWriteItems": self._transact_write,
            "UpdateItem": self._write_one(self._update),
        }

    def answer(self, operation: str, asked: Json) -> Json:
        """What DynamoDB answers. Raises ``Failure``."""
        if operation not in self._operations:
            raise NotImplementedError(operation)
        if old := _OF_OLD & asked.keys():
            raise NotImplementedError(f"{operation} with {', '.join(sorted(old))}")
        self.requests[operation] += 1
        found: Json = marshal.loads(marshal.dumps(self._operations[operation](asked), 2))  # noqa: S302  our own
        return found

    def table(self, name: str) -> Table:
        found = self.tables.get(name)
        if found is None:
            raise missing(name)
        return found

    # --- tables ---

    def _create_table(self, asked: Json) -> Json:
        name = asked["TableName"]
        if name in self.tables:
            raise Failure("ResourceInUseException", f"Table already exists: {name}")
        self.tables[name] = Table.of(asked)
        return {"TableDescription": self._described(self.tables[name])}

    def _delete_table(self, asked: Json) -> Json:
        described = self._described(self.table(asked["TableName"]))
        del self.tables[asked["TableName"]]
        return {"TableDescription": described | {"TableStatus": "DELETING"}}

    @staticmethod
    def _described(table: Table) -> Json:
        kept = ("TableName", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification")
        return {
            **{name: table.request[name] for name in kept if name in table.request},
            "TableStatus": "ACTIVE",
            "ItemCount": sum(len(partition.items) for partition in table.items.partitions.values()),
        }

    # --- one item ---

    def _get(self, asked: Json) -> Json:
        table = self.table(asked["TableName"])
        key = table.key(checked_item(asked["Key"]))
        scope, paths = _projection(asked)
        item = self._read(table, key, consistent=asked.get("ConsistentRead", False))
        answer: Json = {} if item is None else {"Item": _shown(item, scope, paths)}
        used = _read_units(item_size(item or {}), asked.get("ConsistentRead", False))
        return answer | _consumed(asked, {table.name: Units(used)})

    def _read(self, table: Table, key: Key, *, consistent: bool) -> Item | None:
        if consistent or self.lag is None:
            return table.get(key)
        return table.items.partition(key[0], self._moment, self.lag).items.get(key[1:])

    def _write_one(self, prepared: Callable[[Json], Write]) -> Callable[[Json], Json]:
        def write(asked: Json) -> Json:
            try:
                made = prepared(asked)
            except ConditionFailed as failed:
                raise _as_asked(failed, asked) from None
            units = self._apply(made)
            answer = _consumed(asked, {made.table.name: units})
            found = _returned(asked.get("ReturnValues", "NONE"), made)
            return answer | ({"Attributes": found} if found else {})

        return write

    def _put(self, asked: Json) -> Write:
        table = self.table(asked["TableName"])
        scope, condition = _condition(asked)
        item = checked_item(asked["Item"])
        table.check_key(item)
        table.check_indexed(item)
        if item_size(item) > ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        key = table.named.key(item)
        before = table.get(key)
        _hold(condition, scope, before)
        return Write(table, key, before, item)

    def _delete(self, asked: Json) -> Write:
        table = self.table(asked["TableName"])
        scope, condition = _condition(asked)
        key = table.key(checked_item(asked["Key"]))
        before = table.get(key)
        _hold(condition, scope, before)
        return Write(table, key, before, None)

    def _check(self, asked: Json) -> Write:
        return self._delete(asked)._replace(changes=False)

    def _update(self, asked: Json) -> Write:
        table = self.table(asked["TableName"])
        text = asked.get("UpdateExpression")
        changes = [expressions.update(text)] if text is not None else []
        scope, condition = _condition(asked, *changes)
        given = checked_item(asked["Key"])
        key = table.key(given)
        actions = changes[0].tree if changes else ()
        for action in actions:
            if (name := action.path.named(scope)[0]) in table.named.names:
                raise invalid(f"Cannot update attribute {name}. This attribute is part of the key")
        expressions.refuse_overlaps(actions, scope)
        before = table.get(key)
        _hold(condition, scope, before)
        after = expressions.updated(actions, Scope(scope.names, scope.values, before or {}), given)
        table.check_indexed(after)
        if item_size(after) > ITEM_BYTES:
            raise Unfit("Item size to update has exceeded the maximum allowed size")
        return Write(table, key, before, after, paths=tuple(action.path.named(scope) for action in actions))

    def _apply(self, write: Write) -> Units:
        """Does it; returns what it costs."""
        table, before, after = write.table, write.before, write.after
        old, new = item_size(before or {}), item_size(after or {})
        if not write.changes:
            return Units(max(1.0, ceil(old / 1024)))
        self._moment += 1
        indexes = {name: _index_units(shelf, before, after) for name, shelf in table.indexes.items()}
        table.write(write.key, after, self._moment, self.lag)
        return Units(max(1.0, ceil(max(old, new) / 1024)), {name: units for name, units in indexes.items() if units})

    # --- batches ---

    def _batch_get(self, asked: Json) -> Json:
        wanted = sum(len(one["Keys"]) for one in asked["RequestItems"].values())
        if wanted > 100:
            raise invalid("Too many items requested for the BatchGetItem call")
        responses: dict[str, list[Item]] = {}
        left: dict[str, Json] = {}
        units: dict[str, Units] = {}
        weight = 0
        for name, one in asked["RequestItems"].items():
            table, consistent = self.table(name), one.get("ConsistentRead", False)
            keys = [table.key(checked_item(key)) for key in one["Keys"]]
            if len(set(keys)) != len(keys):
                raise invalid("Provided list of item keys contains duplicates")
            scope, paths = _projection(one)
            responses[name] = []
            used = 0.0
            for given, key in zip(one["Keys"], keys, strict=True):
                item = self._read(table, key, consistent=consistent)
                weight += item_size(item or {})
                if weight > _BATCH_BYTES:
                    left.setdefault(name, {**one, "Keys": []})["Keys"].append(given)
                    continue
                used += _read_units(item_size(item or {}), consistent)
                if item is not None:
                    responses[name].append(_shown(item, scope, paths))
            units[name] = Units(used)
        return {"Responses": responses, "UnprocessedKeys": left} | _consumed(asked, units, several=True)

    def _batch_write(self, asked: Json) -> Json:
        writes: list[Write] = []
        for name, requests in asked["RequestItems"].items():
            for request in requests:
                if "PutRequest" in request:
                    writes.append(self._put({"TableName": name, "Item": request["PutRequest"]["Item"]}))
                else:
                    writes.append(self._delete({"TableName": name, "Key": request["DeleteRequest"]["Key"]}))
        if not 1 <= len(writes) <= 25:
            raise invalid("Too many items requested for the BatchWriteItem call")
        if len({(write.table.name, write.key) for write in writes}) != len(writes):
            raise invalid("Provided list of item keys contains duplicates")
        units = self._done(writes)
        return {"UnprocessedItems": {}} | _consumed(asked, units, several=True)

    def _done(self, writes: Sequence[Write], factor: int = 1) -> dict[str, Units]:
        units: dict[str, Units] = defaultdict(lambda: Units(0.0))
        for write in writes:
            units[write.table.name] = units[write.table.name].plus(self._apply(write), factor)
        return units

    # --- transactions ---

    def _transact_get(self, asked: Json) -> Json:
        gets = [one["Get"] for one in asked["TransactItems"]]
        if len(gets) > _TRANSACTION_ITEMS:
            raise invalid("Member must have length less than or equal to 100")
        responses: list[Json] = []
        units: dict[str, Units] = defaultdict(lambda: Units(0.0))
        self._refuse_twice([("Get", get) for get in gets])
        for get in gets:
            table = self.table(get["TableName"])
            scope, paths = _projection(get)
            item = table.get(table.key(checked_item(get["Key"])))
            responses.append({} if item is None else {"Item": _shown(item, scope, paths)})
            units[table.name] = units[table.name].plus(Units(_read_units(item_size(item or {}), consistent=True)), 2)
        return {"Responses": responses} | _consumed(asked, units, several=True)

    def _transact_write(self, asked: Json) -> Json:
        steps = [next(iter(one.items())) for one in asked["TransactItems"]]
        if not 1 <= len(steps) <= _TRANSACTION_ITEMS:
            raise invalid("Member must have length less than or equal to 100")
        token = asked.get("ClientRequestToken")
        if token is not None and not 1 <= len(token) <= 36:
            raise invalid("ClientRequestToken must have length less than or equal to 36")
        body = json.dumps(asked["TransactItems"], sort_keys=True, default=repr)
        if token is not None and self._is_done(token, body):
            return self._repeated(asked, steps)
        self._refuse_twice(steps)
        prepared = [self._prepared(verb, step) for verb, step in steps]
        failures = [one if isinstance(one, Failure) else None for one in prepared]
        if any(failures):
            raise cancelled([_reason(failure, step) for failure, (_, step) in zip(failures, steps, strict=True)])
        writes = [one for one in prepared if isinstance(one, Write)]
        if sum(item_size(write.after or {}) for write in writes) > _TRANSACTION_BYTES:
            raise invalid("Collection size of items in the transaction has exceeded the maximum of 4 MB")
        units = self._done(writes, 2)
        if token is not None:
            self._tokens[token] = self.now(), body
        return _consumed(asked, units, several=True)

    def _prepared(self, verb: str, step: Json) -> Write | Failure:
        prepare = {"Put": self._put, "Update": self._update, "Delete": self._delete, "ConditionCheck": self._check}
        try:
            return prepare[verb](step)
        except (ConditionFailed, Unfit) as failure:
            return failure

    def _refuse_twice(self, steps: Sequence[tuple[str, Json]]) -> None:
        seen = set()
        for verb, step in steps:
            table = self.table(step["TableName"])
            given = checked_item(step["Item"] if verb == "Put" else step["Key"])
            table.check_key(given)
            one = table.name, table.named.key(given)
            if one in seen:
                raise invalid("Transaction request cannot include multiple operations on one item")
            seen.add(one)

    def _is_done(self, token: str, body: str) -> bool:
        """Whether this very transaction was done before, less than ten minutes ago."""
        when, known = self._tokens.get(token, (0.0, ""))
        if not known or self.now() - when > _TOKEN_SECONDS:
            return False
        if known != body:
            told = "Another request was made with the same client request token but with different parameters"
            raise Failure("IdempotentParameterMismatchException", told)
        return True

    def _repeated(self, asked: Json, steps: Sequence[tuple[str, Json]]) -> Json:
        """The answer to a repetition costs what reading the items does."""
        units: dict[str, Units] = defaultdict(lambda: Units(0.0))
        for verb, step in steps:
            table = self.table(step["TableName"])
            given = checked_item(step["Item"] if verb == "Put" else step["Key"])
            item = table.get(table.named.key(given))
            units[table.name] = units[table.name].plus(Units(_read_units(item_size(item or {}), consistent=True)), 2)
        return _consumed(asked, units, several=True)

    # --- many items ---

    def _query(self, asked: Json) -> Json:
        table = self.table(asked["TableName"])
        shelf = self._readable(table, asked)
        keyed = expressions.condition(asked.get("KeyConditionExpression", ""), "KeyConditionExpression")
        filtered = _filter(asked)
        projected = _projected(asked)
        scope = _scope(asked, keyed, *filtered, *projected)
        hashed, sought = _key_condition(keyed.tree, shelf, table, scope)
        _refuse_keys_in_filter(filtered, shelf, scope)
        partition = self._partition(shelf, hashed, asked)
        left, right = sought.slice(partition.places)
        forward = asked.get("ScanIndexForward", True)
        if (start := self._start(asked, table, shelf)) is not None:
            if shelf.named.key(start)[0] != hashed:
                raise invalid("The provided starting key is outside query boundaries based on provided conditions")
            place = shelf.place(start)[1]
            if forward:
                left = max(left, bisect_right(partition.places, place))
            else:
                right = min(right, bisect_left(partition.places, place))
        places: Any = range(left, right) if forward else range(right - 1, left - 1, -1)
        found = (partition.items[partition.places[number]] for number in places)
        return self._page(asked, table, shelf, found, (scope, filtered, projected))

    def _scan(self, asked: Json) -> Json:
        table = self.table(asked["TableName"])
        shelf = self._readable(table, asked)
        filtered, projected = _filter(asked), _projected(asked)
        scope = _scope(asked, *filtered, *projected)
        start = self._start(asked, table, shelf)
        after = None
        if start is not None:
            hashed, place = shelf.place(start)
            after = digest(hashed), place
        segments, segment = asked.get("TotalSegments", 1), asked.get("Segment", 0)
        lag = None if asked.get("ConsistentRead") else self.lag
        found = (
            item
            for hash_, place, item in shelf.everything(self._moment, lag)
            if hash_[0] % segments == segment and (after is None or (hash_, place) > after)
        )
        return self._page(asked, table, shelf, found, (scope, filtered, projected))

    def _readable(self, table: Table, asked: Json) -> Shelf:
        index = asked.get("IndexName")
        if index is not None and asked.get("ConsistentRead"):
            raise invalid("Consistent reads are not supported on global secondary indexes")
        return table.shelf(index)

    def _partition(self, shelf: Shelf, hashed: Any, asked: Json) -> Partition:
        return shelf.partition(hashed, self._moment, None if asked.get("ConsistentRead") else self.lag)

    @staticmethod
    def _start(asked: Json, table: Table, shelf: Shelf) -> Item | None:
        if "ExclusiveStartKey" not in asked:
            return None
        start = checked_item(asked["ExclusiveStartKey"])
        names = {*table.named.names, *shelf.named.names}
        if set(start) != names or any(kind_of(start[name]) != table.kinds[name] for name in names):
            raise invalid("The provided starting key is invalid")
        return start

    @staticmethod
    def _page(asked: Json, table: Table, shelf: Shelf, found: Iterator[Item], shown: tuple[Scope, Any, Any]) -> Json:
        """Up to ``Limit`` items or 1 MB, counted before they are filtered."""
        scope, filtered, projected = shown
        limit = asked.get("Limit")
        if limit is not None and limit < 1:
            raise invalid("Limit must be greater than or equal to 1")
        items: list[Item] = []
        looked_at = weight = 0
        last: Item | None = None
        more = False
        for item in found:
            size = item_size(item)
            if looked_at == limit or (looked_at and weight + size > _PAGE_BYTES):
                more = True
                break
            looked_at, weight, last = looked_at + 1, weight + size, item
            if all(one.tree.holds(Scope(scope.names, scope.values, item)) for one in filtered):
                items.append(item)
        paths = projected[0].tree if projected else None
        count = asked.get("Select") == "COUNT"
        answer: Json = {} if count else {"Items": [_shown(item, scope, paths) for item in items]}
        answer |= {"Count": len(items), "ScannedCount": looked_at}
        # AWS does not look further than to the limit: the last page may be an empty one.
        if last is not None and (more or looked_at == limit):
            answer["LastEvaluatedKey"] = {name: last[name] for name in (*table.named.names, *shelf.named.names)}
        index = asked.get("IndexName")
        units = _read_units(weight, asked.get("ConsistentRead", False))
        used = Units(0.0, {index: units}) if index else Units(units)
        return answer | _consumed(asked, {table.name: used})


# --- keys ---


def _key_condition(tree: Any, shelf: Shelf, table: Table, scope: Scope) -> tuple[Any, Range]:
    parts = [_ungrouped(part) for part in (_ungrouped(tree).parts if isinstance(_ungrouped(tree), All) else (tree,))]
    named: dict[str, Any] = {}
    for part in parts:
        it = {Comparison: "left", Between: "it"}.get(type(part))
        if isinstance(part, Comparison) and isinstance(part.right, Path):
            flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(part.sign, part.sign)
            part = Comparison(flipped, part.right, part.left)  # noqa: PLW2901
        if isinstance(part, Call) and part.function == "begins_with":
            path = part.arguments[0]
        elif it and not (isinstance(part, Comparison) and part.sign == "<>"):
            path = getattr(part, it)
        else:
            raise invalid("Invalid operator used in KeyConditionExpression")
        name = str(path.named(scope)[0]) if isinstance(path, Path) else ""
        if name in named:
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        named[name] = part
    hash_name, *rest = shelf.named.names
    if hash_name not in named or set(named) - set(shelf.named.names):
        raise invalid(f"Query condition missed key schema element: {hash_name}")
    hashed = named[hash_name]
    if not isinstance(hashed, Comparison) or hashed.sign != "=":
        raise invalid("Query key condition not supported")
    value = _key_value(hashed.right, hash_name, table, scope)
    return value, _range(named[rest[0]], rest[0], table, scope) if rest and rest[0] in named else Range()


def _ungrouped(node: Any) -> Any:
    return node.it if isinstance(node, Group) else node


def _range(part: Any, name: str, table: Table, scope: Scope) -> Range:
    if isinstance(part, Between):
        return Range(_key_value(part.low, name, table, scope), _key_value(part.high, name, table, scope))
    if isinstance(part, Call):
        return Range(_key_value(part.arguments[1], name, table, scope), begins=True)
    value = _key_value(part.right, name, table, scope)
    low = value if part.sign in ("=", ">", ">=") else None
    high = value if part.sign in ("=", "<", "<=") else None
    return Range(low, high, without_low=part.sign == ">", without_high=part.sign == "<")


def _key_value(operand: Any, name: str, table: Table, scope: Scope) -> Any:
    if not isinstance(operand, Literal):
        raise invalid("Invalid condition in KeyConditionExpression: a key is compared with a value")
    value = scope.values[operand.alias]
    if kind_of(value) != table.kinds[name]:
        raise invalid("One or more parameter values were invalid: Condition parameter type does not match schema type")
    if value in ({"S": ""}, {"B": b""}):
        raise invalid(f"One or more parameter values are not valid. The key attribute {name} cannot be empty")
    return order(value)


def _refuse_keys_in_filter(filtered: Sequence[Parsed], shelf: Shelf, scope: Scope) -> None:
    for one in filtered:
        if any(name in shelf.named.names for name in _names(one.tree, scope)):
            raise invalid("Filter Expression can only contain non-primary key attributes")


def _names(node: Any, scope: Scope) -> Iterator[str]:
    if isinstance(node, Path):
        yield str(node.named(scope)[0])
    elif isinstance(node, tuple):
        for one in node:
            yield from _names(one, scope)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from _names(getattr(node, name), scope)


# --- expressions of a request ---


def _scope(asked: Json, *parsed: Parsed) -> Scope:
    names = asked.get("ExpressionAttributeNames", {})
    values = {alias: checked(value) for alias, value in asked.get("ExpressionAttributeValues", {}).items()}
    return expressions.scope_of(parsed, names, values)


def _condition(asked: Json, *more: Parsed) -> tuple[Scope, Parsed | None]:
    text = asked.get("ConditionExpression")
    condition = expressions.condition(text, "ConditionExpression") if text is not None else None
    return _scope(asked, *more, *([condition] if condition else [])), condition


def _filter(asked: Json) -> list[Parsed]:
    text = asked.get("FilterExpression")
    return [] if text is None else [expressions.condition(text, "FilterExpression")]


def _projected(asked: Json) -> list[Parsed]:
    text = asked.get("ProjectionExpression")
    return [] if text is None else [expressions.projection(text)]


def _projection(asked: Json) -> tuple[Scope, Any]:
    projected = _projected(asked)
    return _scope(asked, *projected), projected[0].tree if projected else None


def _shown(item: Item, scope: Scope, paths: Sequence[Path] | None) -> Item:
    return item if paths is None else expressions.projected(item, [path.named(scope) for path in paths])


def _hold(condition: Parsed | None, scope: Scope, item: Item | None) -> None:
    if condition is not None and not condition.tree.holds(Scope(scope.names, scope.values, item or {})):
        raise ConditionFailed(item)


def _returned(what: str, write: Write) -> Item | None:
    before, after = write.before or {}, write.after or {}
    return {
        "ALL_OLD": lambda: before,
        "ALL_NEW": lambda: after,
        "UPDATED_OLD": lambda: expressions.projected(before, write.paths),
        "UPDATED_NEW": lambda: expressions.projected(after, write.paths),
    }.get(what, dict)()


# --- refusals ---


def _as_asked(failed: ConditionFailed, asked: Json) -> Failure:
    if asked.get("ReturnValuesOnConditionCheckFailure") != "ALL_OLD":
        failed.answer.pop("Item", None)
    return failed


def _reason(failure: Failure | None, step: Json) -> Json:
    if failure is None:
        return {"Code": "None"}
    if not isinstance(failure, ConditionFailed):
        return {"Code": "ValidationError", "Message": failure.message}
    item = _as_asked(failure, step).answer.get("Item")
    return {
        "Code": "ConditionalCheckFailed",
        "Message": failure.message,
        **({"Item": item} if item is not None else {}),
    }


def cancelled(reasons: Sequence[Json]) -> Failure:
    codes = ", ".join(reason["Code"] for reason in reasons)
    told = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Failure("TransactionCanceledException", told, CancellationReasons=list(reasons))


# --- capacity ---


class Units(NamedTuple):
    """Capacity units of a table, and of its indexes."""

    table: float
    indexes: Mapping[str, float] = {}

    def plus(self, other: Units, factor: int = 1) -> Units:
        """With those of another write. Indexes are written after a transaction, at the price of any write."""
        indexes = {
            name: self.indexes.get(name, 0.0) + other.indexes.get(name, 0.0)
            for name in {**self.indexes, **other.indexes}
        }
        return Units(self.table + other.table * factor, indexes)


def _read_units(size: int, consistent: bool) -> float:
    return max(1, ceil(size / 4096)) * (1.0 if consistent else 0.5)


def _index_units(shelf: Shelf, before: Item | None, after: Item | None) -> float:
    """A change of an index's key is two writes, and what does not show in it is none."""
    old, new = shelf.holds(before), shelf.holds(after)
    if old == new:
        return 0.0
    old_units, new_units = (0 if one is None else max(1, ceil(item_size(one) / 1024)) for one in (old, new))
    if old is None or new is None or shelf.place(old) != shelf.place(new):
        return float(old_units + new_units)
    return float(max(old_units, new_units))


def _consumed(asked: Json, units: Mapping[str, Units], *, several: bool = False) -> Json:
    wanted = asked.get("ReturnConsumedCapacity", "NONE")
    if wanted == "NONE":
        return {}
    found = []
    for name, used in units.items():
        told: Json = {"TableName": name, "CapacityUnits": float(used.table + sum(used.indexes.values()))}
        if wanted == "INDEXES":
            told["Table"] = {"CapacityUnits": float(used.table)}
            if used.indexes:
                told["GlobalSecondaryIndexes"] = {
                    index: {"CapacityUnits": float(one)} for index, one in used.indexes.items()
                }
        found.append(told)
    return {"ConsumedCapacity": found if several else found[0]}
