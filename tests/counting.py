"""What a client asks of DynamoDB: requests by operation, and capacity units as the engine reports them.

    with counted(client) as usage:
        …
    usage.requests, usage.write_units

Each request asks for ``ReturnConsumedCapacity=INDEXES``. dynoxide and ministack answer by DynamoDB's published rules
(``test_counting.py`` holds them to it), moto does not. A write that is refused has no answer and is not counted, though
DynamoDB charges for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


@dataclass
class Usage:
    """Requests by operation; units read, and units written by table (``Staging``) and index (``Staging/queue``)."""

    operations: Counter[str] = field(default_factory=Counter)
    read_units: float = 0.0
    written: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.operations.total()

    @property
    def writes(self) -> int:
        """Requests that write, refused and unanswered ones too."""
        return sum(number for operation, number in self.operations.items() if operation in WRITES)

    @property
    def write_units(self) -> float:
        return self.written.total()

    def request(self, model: Any, **_: Any) -> None:
        self.operations[model.name] += 1

    def answer(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for one in consumed if isinstance(consumed, list) else [consumed]:
            if model.name in READS:
                self.read_units += one["CapacityUnits"]
                continue
            indexes = {n: u["CapacityUnits"] for n, u in one.get("GlobalSecondaryIndexes", {}).items()}
            self.written[one["TableName"]] += one["CapacityUnits"] - sum(indexes.values())
            for name, units in indexes.items():
                self.written[f"{one['TableName']}/{name}"] += units


@contextmanager
def counted(client: DynamoDBClient) -> Iterator[Usage]:
    """Counts what ``client`` sends inside the block."""
    usage = Usage()
    handlers = {
        "before-parameter-build.dynamodb": _ask,
        "before-call.dynamodb": usage.request,
        "after-call.dynamodb": usage.answer,
    }
    events: Any = client.meta.events
    for event, handler in handlers.items():
        events.register(event, handler)
    try:
        yield usage
    finally:
        for event, handler in handlers.items():
            events.unregister(event, handler)


def _ask(params: dict[str, Any], model: Any, **_: Any) -> None:
    if model.name in READS | WRITES:
        params["ReturnConsumedCapacity"] = "INDEXES"
