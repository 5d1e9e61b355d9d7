"""Which tables of a stack are sealed, and where the seals are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_invoicing.config import Settings
from project_invoicing.store.sealable import LEDGER, MARKED, Sealable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def sealable(client: DynamoDBClient, named: Settings) -> Sealable:
    """The ``named`` tables; one without a name is left out."""
    names = {kind: str(getattr(named, f"{kind}_table")) for kind in (*MARKED, LEDGER)}
    return Sealable(client, {kind: name for kind, name in names.items() if name})
