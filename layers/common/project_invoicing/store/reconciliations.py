"""The report of the last reconciliation, kept in the Dataverse table."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Expression, key
from project_invoicing.store.transactions import get

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PARTITION: Final = "RECONCILIATION"
_LAST: Final = "LAST"


class Reconciliations:
    """Access to the stored report. It must be bounded: an item has 400 KB."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def keep(self, report: dict[str, Any]) -> None:
        """Keeps ``report``, unless the report of a later run is already there."""
        expression = Expression()
        values = {"at": report["at"], "r": json.dumps(report, separators=(",", ":"))}
        newer = f"{expression.name('at')} <= {expression.value(report['at'])}"
        with suppress(ConditionFailed), translated():
            self.client.update_item(
                TableName=self.table,
                Key=key(_PARTITION, _LAST),
                UpdateExpression=expression.update(values),
                ConditionExpression=f"{expression.absent('pk')} OR {newer}",
                **expression.aliases(),
            )

    def last(self) -> dict[str, Any] | None:
        found = get(self.client, self.table, _PARTITION, _LAST)
        report: dict[str, Any] | None = json.loads(found["r"]) if found else None
        return report
