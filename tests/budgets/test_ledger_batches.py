"""What it costs that the ledger leaves: three write units a posted document, a few a page of documents, a line none."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.response import StreamingBody

from benchmarks.business import COMPANY, finance
from benchmarks.ledger_batches import prepare
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.store import client
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.ledger_batches.build import DOCUMENTS
from tests.batches import DAY, asked
from tests.books import small
from tests.counting import Usage, counted
from tests.harness import World

pytestmark = pytest.mark.engine

LISTED = 2
"""Write units of the document's item on the list of what is ready, in the transaction that completes its posting."""
SAID = {"company": COMPANY, "kind": "ledger", "number": 1}


class Bucket:
    """As much of S3 as batches need."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put_object(self, **request: Any) -> None:
        self.kept[request["Key"]] = request["Body"].read()

    def get_object(self, **request: Any) -> dict[str, Any]:
        found = self.kept[request["Key"]]
        return {"Body": StreamingBody(io.BytesIO(found), len(found))}


@pytest.fixture
def contoso(empty: World, monkeypatch: pytest.MonkeyPatch) -> World:
    empty.at = "2026-09-01T04:00:00Z"
    empty.load(finance(ledger={"batch_lines": 1_000_000, "formats": ["beancount"]}))
    bucket = Bucket()
    monkeypatch.setattr(client, "s3", lambda: bucket)
    return empty


def built(world: World) -> Usage:
    with counted(world.client) as usage:
        assert world.run("ledger_export")["finished"]
    return usage


@pytest.mark.slow
@pytest.mark.parametrize(("lines", "documents"), [(90, 10), (9_000, 950), (18_000, 1_900)])
def test_a_document_leaves_for_one_write_unit_beside_those_of_its_batch_and_its_pages(
    contoso: World, lines: int, documents: int
) -> None:
    assert prepare(contoso, lines) == documents
    usage = built(contoso)
    assert list(Ready(contoso.client, contoso.names.ledger_batches_table).of(COMPANY)) == []
    pages = -(-documents // DOCUMENTS)
    # Off the list: one unit. A batch is opened, sealed and ready. A page has its header, the mark that it is taken,
    # what says which batch has its documents, and itself.
    assert usage.write_units <= documents + 20 + 12 * pages
    assert usage.writes <= documents / 25 + 4 + 6 * pages
    if documents > 4 * DOCUMENTS:
        assert LISTED + usage.write_units / documents <= 3.05


@pytest.mark.parametrize("documents", [1, 60])
def test_a_delivery_and_an_answer_cost_a_batch_the_same_whatever_its_documents(contoso: World, documents: int) -> None:
    ledger = Ledger(contoso.client, contoso.names.ledger_table)
    ready = Ready(contoso.client, contoso.names.ledger_batches_table)
    for number in range(documents):
        page = ledger.page(JOURNAL, COMPANY, f"J-{number:06d}", 1, small(number + 1, DAY))
        transact(contoso.client, [page, ready.put(ReadyDocument(COMPANY, JOURNAL, f"J-{number:06d}", DAY, DAY))])
    built(contoso)
    with counted(contoso.client) as delivered:
        assert asked(contoso, deliver={**SAID, "format": "beancount"})["delivery"] == 1
    with counted(contoso.client) as answered:
        asked(contoso, acknowledge={**SAID, "outcome": "accepted", "external_number": "GJ-1"})
    # With the copy in the index of what is to be sealed. A delivery: begun; then header, itself, event, and who asked.
    assert (delivered.write_units, delivered.writes) == (10, 2)
    assert (answered.write_units, answered.writes) == (9, 1)
