"""Which version of the set-up, and which master data, a step computes with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import MasterView
from project_invoicing.store import setups
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.facts import Fact
from project_invoicing.use_cases.master_data.reader import Reader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Seen(NamedTuple):
    """The set-up with the master data of one document, and that view as text; ``None`` where it has no rows."""

    setup: FinanceSetup
    pins: str | None


@dataclass(frozen=True, slots=True)
class SetupVersions:
    """The current set-up for new work, and earlier versions for work that began with them.

    A step that needs several transactions names its version in the first one, and keeps with it the master data it has
    read, so that another run that continues it after a crash computes the same. Without kept master data the document
    of that version is everything there is: it has none where no row was read, and where an older version began.
    """

    reader: Reader
    earlier: Callable[[int], FinanceSetup]
    one_list: bool = False

    @classmethod
    def read(cls, client: DynamoDBClient, table: str, master_data: str, *, on_demand: bool = False) -> SetupVersions:
        """The set-up in ``table`` with the master data in ``master_data``; ``on_demand`` as for the ``Reader``."""
        earlier = lru_cache(maxsize=2)(partial(setups.version, client, table))  # versions never change
        read = MasterData(client, master_data).read
        found = setups.read(client, table)
        return cls(Reader(found.setup, read, on_demand=on_demand), earlier, found.one_list)

    @property
    def current(self) -> FinanceSetup:
        """The current version, which sees the master data that the ``reader`` has read."""
        return self.reader.setup

    def seeing(self, facts: Iterable[Fact]) -> Seen:
        """The current version with what these facts name, and nothing else."""
        view, found = self.reader.apart(facts)
        return Seen(self.reader.document.seeing(view), view.pinned() if found else None)

    def of(self, version: int) -> FinanceSetup:
        """A version by itself: its document, without rows of master data."""
        document = self.reader.document
        return document if version == document.version else self.earlier(version)

    def continued(self, version: int, pins: str | None, facts: Iterable[Fact]) -> FinanceSetup:
        """The set-up for work that began with this version and these ``pins``.

        What they lack is read: a row may have joined the lines of a proposal since.
        """
        document = self.of(version)
        if pins is None:
            return document
        view = MasterView.of(pins)
        self.reader.continues(view)
        self.reader.complete(view, document, facts)
        return document.seeing(view)
