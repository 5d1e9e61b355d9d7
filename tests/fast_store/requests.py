"""Random requests over one small table: mostly good ones, many of whose conditions fail, and some that are wrong."""

from __future__ import annotations

from random import Random
from typing import Any

Json = dict[str, Any]

TABLE: Json = {
    "TableName": "things",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "q", "qs")]
    + [{"AttributeName": "bk", "AttributeType": "B"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "queue",
            "KeySchema": [{"AttributeName": "q", "KeyType": "HASH"}, {"AttributeName": "qs", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "ALL"},
        },
        {
            "IndexName": "blocked",
            "KeySchema": [{"AttributeName": "bk", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
        },
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
NAMES = ("a", "b", "c", "d", "q", "qs", "bk")


class Requests:
    """``next`` gives operation and parameters."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self._names: dict[str, str] = {}
        self._values: Json = {}

    def next(self) -> tuple[str, Json]:
        kinds = {
            "put_item": (5, self._put),
            "update_item": (8, self._update),
            "delete_item": (2, self._delete),
            "get_item": (2, self._get),
            "query": (4, self._query),
            "scan": (2, self._scan),
            "batch_get_item": (1, self._batch_get),
            "batch_write_item": (1, self._batch_write),
            "transact_write_items": (5, self._transact),
            "transact_get_items": (1, self._transact_get),
        }
        (operation,) = self.random.choices(list(kinds), [weight for weight, _ in kinds.values()])
        return operation, kinds[operation][1]()

    # --- writes ---

    def _put(self) -> Json:
        return self._with({"TableName": "things", "Item": self._item()}, self._maybe_condition()) | self._wanting("OLD")

    def _delete(self) -> Json:
        return self._with({"TableName": "things", "Key": self._key()}, self._maybe_condition()) | self._wanting("OLD")

    def _update(self) -> Json:
        text = self._changes()
        parts = {"UpdateExpression": text, **self._maybe_condition()}
        return self._with({"TableName": "things", "Key": self._key()}, parts) | self._wanting("OLD", "NEW")

    def _wanting(self, *which: str) -> Json:
        wanted: Json = {}
        if self._sometimes(0.4):
            wanted["ReturnValues"] = f"ALL_{self.random.choice(which)}"
        if self._sometimes(0.4):
            wanted["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return wanted

    def _transact(self) -> Json:
        keys = [(pk, sk) for pk in "pr" for sk in "abcd"]
        items = []
        for pk, sk in self.random.sample(keys, self.random.randint(1, 4)):
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            verb = self.random.choice(["Put", "Update", "Update", "Delete", "ConditionCheck"])
            if verb == "Put":
                step = self._with({"Item": self._item() | key}, self._maybe_condition())
            elif verb == "Update":
                step = self._with({"Key": key}, {"UpdateExpression": self._changes(), **self._maybe_condition()})
            elif verb == "Delete":
                step = self._with({"Key": key}, self._maybe_condition())
            else:
                step = self._with({"Key": key}, {"ConditionExpression": self._condition()})
            if self._sometimes(0.5):
                step["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            items.append({verb: {"TableName": "things", **step}})
        if self._sometimes(0.05):
            items.append(items[0])
        return {"TransactItems": items}

    def _batch_write(self) -> Json:
        keys = self.random.sample([(pk, sk) for pk in "pr" for sk in "abcd"], 3)
        requests: list[Json] = []
        for pk, sk in keys:
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            put = {"PutRequest": {"Item": self._item() | key}}
            requests.append(put if self._sometimes(0.6) else {"DeleteRequest": {"Key": key}})
        return {"RequestItems": {"things": requests}}

    # --- reads ---

    def _get(self) -> Json:
        parts = {"ProjectionExpression": self._paths()} if self._sometimes(0.5) else {}
        return self._with({"TableName": "things", "Key": self._key(), "ConsistentRead": True}, parts)

    def _batch_get(self) -> Json:
        keys = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk in "pr" for sk in "abcd"]
        return {"RequestItems": {"things": {"Keys": self.random.sample(keys, 4), "ConsistentRead": True}}}

    def _transact_get(self) -> Json:
        return {"TransactItems": [{"Get": {"TableName": "things", "Key": self._key()}} for _ in range(2)]}

    def _query(self) -> Json:
        index, (hashed, ranged) = self.random.choice(
            [("", ("pk", "sk")), ("", ("pk", "sk")), ("queue", ("q", "qs")), ("blocked", ("bk", "pk"))]
        )
        asked: Json = {"TableName": "things"} | ({"IndexName": index} if index else {"ConsistentRead": True})
        if self._sometimes(0.3):
            asked["ScanIndexForward"] = False
        value = {"B": b"1"} if hashed == "bk" else {"S": self.random.choice("pr" if hashed == "pk" else "01")}
        text = f"{self._name(hashed)} = {self._value(value)}"
        part = self.random.choice(["", "", "=", "<", "<=", ">", ">=", "begins_with", "BETWEEN"])
        low, high = sorted(self.random.choices("abcdpr", k=2))
        if part == "begins_with":
            text += f" AND begins_with({self._name(ranged)}, {self._value({'S': low})})"
        elif part == "BETWEEN":
            text += f" AND {self._name(ranged)} BETWEEN {self._value({'S': low})} AND {self._value({'S': high})}"
        elif part:
            text += f" AND {self._name(ranged)} {part} {self._value({'S': low})}"
        parts = {"KeyConditionExpression": text}
        if self._sometimes(0.3):
            parts["FilterExpression"] = self._condition(("a", "b", "c", "d"))
        return self._with(asked, parts)

    def _scan(self) -> Json:
        asked: Json = {"TableName": "things"}
        if self._sometimes(0.4):
            asked["IndexName"] = self.random.choice(["queue", "blocked"])
        return self._with(asked, {"FilterExpression": self._condition()} if self._sometimes(0.5) else {})

    # --- expressions ---

    def _with(self, asked: Json, parts: Json) -> Json:
        """The request with its expressions, and what stands behind their aliases."""
        names, values, self._names, self._values = self._names, self._values, {}, {}
        if self._sometimes(0.01):
            names["#unused"] = "x"
        aliases = {"ExpressionAttributeNames": names} if names else {}
        return {**asked, **parts, **aliases, **({"ExpressionAttributeValues": values} if values else {})}

    def _maybe_condition(self) -> Json:
        return {"ConditionExpression": self._condition()} if self._sometimes(0.6) else {}

    def _condition(self, names: tuple[str, ...] = (*NAMES, "pk"), depth: int = 0) -> str:
        kind = self.random.random()
        if depth < 2 and kind < 0.35:
            parts = [self._condition(names, depth + 1) for _ in range(self.random.randint(2, 3))]
            joined = self.random.choice([" AND ", " OR "]).join(parts)
            return f"({joined})" if depth else joined
        if depth < 2 and kind < 0.45:
            return f"NOT {self._condition(names, depth + 1)}"
        path = self._path(names)
        if kind < 0.6:
            return f"attribute_{self.random.choice(['exists', 'not_exists'])}({path})"
        if kind < 0.8:
            return f"{path} {self.random.choice(['=', '<>', '<', '<=', '>', '>='])} {self._scalar()}"
        if kind < 0.85:
            return f"{self.random.choice(['begins_with', 'contains'])}({path}, {self._value({'S': 'x'})})"
        if kind < 0.9:
            return f"{path} IN ({self._scalar()}, {self._scalar()})"
        if kind < 0.95:
            low, high = sorted(self.random.choices(range(5), k=2))
            return f"{path} BETWEEN {self._value({'N': str(low)})} AND {self._value({'N': str(high)})}"
        if kind < 0.98:
            return f"size({path}) {self.random.choice(['=', '<', '>'])} {self._value({'N': '2'})}"
        kinds = ["S", "N", "L", "M", "SS"]
        return f"attribute_type({path}, {self._value({'S': self.random.choice(kinds)})})"

    def _changes(self) -> str:
        names = self.random.sample(NAMES, self.random.randint(1, 4))
        clauses: dict[str, list[str]] = {}
        for name in names:
            verb = self.random.choice(["SET", "SET", "SET", "REMOVE", "ADD", "DELETE"])
            alias = self._name(name)
            if verb == "REMOVE":
                nested = self.random.choice([".#x", "[0]"]) if self._sometimes(0.1) else ""
                self._names |= {"#x": "x"} if nested == ".#x" else {}
                clauses.setdefault(verb, []).append(alias + nested)
            elif verb == "SET":
                clauses.setdefault(verb, []).append(f"{alias} = {self._new_value(name)}")
            elif name in ("a", "b", "c", "d"):
                given = [{"SS": ["x", "y"]}, {"NS": ["1", "2"]}] + [{"N": "2"}, {"N": "-1.50"}] * (verb == "ADD")
                clauses.setdefault(verb, []).append(f"{alias} {self._value(self.random.choice(given))}")
            else:
                clauses.setdefault("REMOVE", []).append(alias)
        return " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items())

    def _new_value(self, name: str) -> str:
        value = self._value(self._for(name))
        kind = self.random.random()
        other = self.random.choice(["a", "b", "c", "d"])
        if name in ("q", "qs", "bk") or kind < 0.5:
            return value
        if kind < 0.65:
            return f"if_not_exists({self._name(other)}, {value})"
        if kind < 0.75:
            self._values.pop(value)
            return f"{self._name(other)} + {self._value({'N': '3'})}"
        if kind < 0.85:
            self._values.pop(value)
            return f"list_append({self._name(other)}, {self._value({'L': [{'S': 'more'}]})})"
        self._values.pop(value)
        return self._name(other)

    def _path(self, names: tuple[str, ...]) -> str:
        name = self.random.choice(names)
        text = self._name(name)
        if name in ("a", "b", "c", "d") and self._sometimes(0.2):
            nested = self.random.choice([".#x", "[0]", "[1]"])
            self._names |= {"#x": "x"} if nested == ".#x" else {}
            text += nested
        return text

    def _paths(self) -> str:
        return ", ".join(self._name(name) for name in self.random.sample(NAMES, 2))

    def _name(self, name: str) -> str:
        self._names[f"#{name}"] = name
        return f"#{name}"

    def _value(self, value: Json) -> str:
        alias = f":{len(self._values)}"
        while alias in self._values:
            alias += "0"
        self._values[alias] = value
        return alias

    def _scalar(self) -> str:
        some: list[Json] = [{"S": "x"}, {"S": "xy"}, {"N": "1"}, {"N": "2.0"}, {"N": "-3e1"}]
        return self._value(self.random.choice(some))

    # --- values ---

    def _key(self) -> Json:
        if self._sometimes(0.01):
            return {"pk": {"S": "p"}}
        return {"pk": {"S": self.random.choice("pr")}, "sk": {"S": self.random.choice("abcd")}}

    def _item(self) -> Json:
        names = self.random.sample(NAMES, self.random.randint(0, 5))
        return {"pk": {"S": self.random.choice("pr")}, "sk": {"S": self.random.choice("abcd")}} | {
            name: self._for(name) for name in names
        }

    def _for(self, name: str) -> Json:
        if name == "bk":
            return {"B": self.random.choice([b"1", b"2"])}
        if name in ("q", "qs"):
            if self._sometimes(0.03):
                return {"S": ""} if self._sometimes(0.5) else {"N": "1"}
            return {"S": self.random.choice("01" if name == "q" else "abcd")}
        some: list[Json] = [
            {"S": self.random.choice(["x", "xy", "", "ß€"])},
            {"N": self.random.choice(["1", "2.0", "-30", "0.10", "1E2", "12345678901234567890123456789012345678"])},
            {"BOOL": True},
            {"NULL": True},
            {"B": b"x"},
            {"SS": ["x", "z"]},
            {"NS": ["1", "3"]},
            {"L": [{"S": "x"}, {"N": "1"}]},
            {"M": {"x": {"S": "x"}, "y": {"N": "2"}}},
        ]
        return self.random.choice(some)

    def _sometimes(self, chance: float) -> bool:
        return self.random.random() < chance
