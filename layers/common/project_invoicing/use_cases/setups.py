"""Which version of the set-up a step computes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import setups

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True)
class SetupVersions:
    """The current set-up for new work, and earlier versions for work that began with them.

    A step that needs several transactions names its version in the first one, so that another run that continues it
    after a crash computes the same.
    """

    current: FinanceSetup
    earlier: Callable[[int], FinanceSetup]

    @classmethod
    def read(cls, client: DynamoDBClient, table: str) -> SetupVersions:
        earlier = lru_cache(maxsize=2)(partial(setups.version, client, table))  # versions never change
        return cls(setups.current(client, table), earlier)

    def of(self, version: int) -> FinanceSetup:
        return self.current if version == self.current.version else self.earlier(version)
