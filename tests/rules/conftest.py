"""One moto for a module, emptied for each test: a rule is tested through the functions and the stored rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from local import engines
from project_invoicing.events import BusEvent
from project_invoicing.store import client, outbox
from project_invoicing.store.items import Item, plain_item
from tests import policies
from tests.harness import World
from tests.rules.books import Books


class QuickWorld(World):
    """A world that notes what is put into the outboxes, so that nobody has to look for it: moto answers slowly."""

    def __init__(self) -> None:
        super().__init__()
        self._put: list[tuple[str, Item]] = []
        events = self.client.meta.events
        events.register("provide-client-params.dynamodb.TransactWriteItems", self._note)
        events.register("after-call.dynamodb.TransactWriteItems", self._keep)

    def _note(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        puts = [
            (entry["Put"]["TableName"], entry["Put"]["Item"]) for entry in params["TransactItems"] if "Put" in entry
        ]
        context["outbox"] = [(table, item) for table, item in puts if item["pk"]["S"].startswith(outbox.PREFIX)]

    def _keep(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code == 200:
            self._put += [(table, plain_item(item)) for table, item in context["outbox"]]

    def forget(self) -> None:
        self._put.clear()

    def _outbox(self) -> list[tuple[str, Item, BusEvent]]:
        found, self._put = self._put, []
        return sorted(((table, item, outbox.event_of(item)) for table, item in found), key=lambda e: str(e[1]["sk"]))


@pytest.fixture(scope="module")
def stack() -> Iterator[QuickWorld]:
    with engines.running("moto"), policies.enforced():
        yield QuickWorld()


@pytest.fixture(scope="module")
def new_books(stack: QuickWorld) -> Callable[[], Books]:
    """Empties the tables and gives Contoso's books. A story that several tests only read is told once with it."""

    def emptied() -> Books:
        for name, table in dynamodb_backends[DEFAULT_ACCOUNT_ID][engines.REGION].tables.items():
            if name != stack.names.setup_table:
                table.items.clear()
        stack.forget()
        stack.at = "2026-08-31T13:00:00Z"
        return Books(stack)

    return emptied


@pytest.fixture
def books(new_books: Callable[[], Books]) -> Books:
    """Contoso's books, empty."""
    return new_books()


@pytest.fixture
def document_bucket(stack: QuickWorld) -> None:
    """An empty bucket for the documents of invoices, where a company asks for them."""
    _empty_bucket(stack.names.document_bucket)


@pytest.fixture
def ledger_bucket(stack: QuickWorld) -> None:
    """An empty bucket for the ledger's batches and answers."""
    _empty_bucket(stack.names.ledger_bucket)


def _empty_bucket(name: str) -> None:
    client.s3().create_bucket(Bucket=name)
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[name].keys.clear()
