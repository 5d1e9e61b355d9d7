"""Signatures of received messages: each is valid once (D-041). They expire by themselves, long after that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import key
from project_invoicing.store.transactions import put

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_SECONDS: Final = 3600
"""Longer than a signature is valid, and too short to matter for the table's size."""
_SORT: Final = "SIGNATURE"


class Signatures:
    """Access to the signatures in the Dataverse table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def claim(self, signature: str, now: float) -> bool:
        """Whether ``signature`` was not claimed before. ``now`` is in seconds since 1970."""
        item = {"pk": _name(signature), "sk": _SORT, "ttl": int(now) + _KEPT_SECONDS}
        try:
            with translated():
                self.client.put_item(**put(self.table, item, unless_exists=True)["Put"])
        except ConditionFailed:
            return False
        return True

    def release(self, signature: str) -> None:
        """The message was not accepted after all and may come again. No condition: the claim is ours alone."""
        with translated():
            self.client.delete_item(TableName=self.table, Key=key(_name(signature), _SORT))


def _name(signature: str) -> str:
    return f"SIGNATURE#{signature}"
