"""What goes wrong in a run, by kind, each kind with dice of its own: one less does not change what the others do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from types import SimpleNamespace
from typing import Any, Final

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.fast_store.client import Failure, Wire
from tests.fast_store.engine import cancelled
from tests.faults import Killed

CHANCES: Final[Mapping[str, float]] = {
    "killed": 0.01,  # at a request to DynamoDB or the bus, before or after it is done
    "answer lost": 0.03,  # the SDK asks again
    "throttled": 0.03,
    "conflict": 0.06,  # with another transaction
    "stale": 0.25,  # indexes, and reads that may be
    "half published": 0.2,
    "bus away": 0.05,
    "overtaken": 0.2,  # a worker waits before it writes what it has worked out
    "asleep": 0.01,  # a worker that wakes up after its message went to another
    "twice": 0.3,  # deliveries
    "late": 0.3,
    "lost": 0.3,  # webhooks, which only the catch-up finds
}
_BUSY: Final = ("ProvisionedThroughputExceededException", "ThrottlingException", "InternalServerError")


class Faults:
    """``happens(kind)``: whether it goes wrong now. Nothing does while ``on`` is false."""

    def __init__(self, seed: int, kinds: frozenset[str]) -> None:
        self.on = True
        self.hits: Counter[str] = Counter()
        self.kinds = kinds
        self.dice = {kind: Random(f"{seed}/{kind}") for kind in CHANCES}  # noqa: S311

    def happens(self, kind: str) -> bool:
        if not self.on or kind not in self.kinds:
            return False
        hit = self.dice[kind].random() < CHANCES[kind]
        self.hits[kind] += hit
        return hit


class FaultyWire(Wire):
    """Between the functions and DynamoDB. ``at_request`` lets others run first."""

    def __init__(self, faults: Faults, at_request: Callable[[str], None], die: Callable[[str], None]) -> None:
        self.faults, self._at_request, self._die = faults, at_request, die

    def before(self, operation: str, asked: Any) -> None:
        self._at_request(f"{operation} {_place(asked)}")
        if self.faults.happens("killed"):
            self._die("before")
        if self.faults.happens("throttled"):
            raise Failure(self.faults.dice["throttled"].choice(_BUSY), "slow down")
        if operation == "TransactWriteItems" and self.faults.happens("conflict"):
            reasons = [{"Code": "None"} for _ in asked["TransactItems"]]
            self.faults.dice["conflict"].choice(reasons)["Code"] = "TransactionConflict"
            raise cancelled(reasons)
        if operation in ("PutItem", "UpdateItem", "DeleteItem") and self.faults.happens("conflict"):
            raise Failure("TransactionConflictException", "Transaction is ongoing for the item")

    def after(self, operation: str, asked: Any, answer: Any) -> None:
        if self.faults.happens("killed"):
            self._die("after")
        if self.faults.happens("answer lost"):
            raise ReadTimeoutError(endpoint_url="https://dynamodb")


class FaultyBus:
    """The bus as a function's client has it: ``told`` gets what it takes."""

    def __init__(
        self, faults: Faults, at_request: Callable[[str], None], die: Callable[[str], None], told: Callable[..., None]
    ) -> None:
        self.faults, self._at_request, self._die, self._told = faults, at_request, die, told
        self.meta = SimpleNamespace(events=None)

    def put_events(self, Entries: Any) -> dict[str, Any]:  # noqa: N803  as the SDK has it
        self._at_request(f"PutEvents {len(Entries)}")
        if self.faults.happens("killed"):
            self._die("before")
        if self.faults.happens("bus away"):
            raise EndpointConnectionError(endpoint_url="https://events")
        answers: list[dict[str, str]] = []
        for entry in Entries:
            if self.faults.happens("half published"):
                answers.append({"ErrorCode": "InternalFailure", "ErrorMessage": "try again"})
                continue
            self._told(entry)
            answers.append({"EventId": "0"})
        if self.faults.happens("killed"):
            self._die("after")
        return {"FailedEntryCount": sum("ErrorCode" in one for one in answers), "Entries": answers}


def _place(asked: Any) -> str:
    """What a request is about, in a few words, for the trace."""
    if "TransactItems" in asked:
        steps = (step for one in asked["TransactItems"] for step in one.values())
        return " ".join(f"{step['TableName']}:{_key(step.get('Key') or step.get('Item') or {})}" for step in steps)
    table = asked.get("TableName", "")
    key = asked.get("Key") or asked.get("Item")
    return f"{table}:{_key(key)}" if key else f"{table} {asked.get('IndexName', '')}"


def _key(key: Any) -> str:
    return "/".join(str(key[name].get("S", "")) for name in ("pk", "sk") if name in key)


__all__ = ["CHANCES", "Faults", "FaultyBus", "FaultyWire", "Killed"]
