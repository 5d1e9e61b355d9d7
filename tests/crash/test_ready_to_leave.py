"""The list of what is ready to leave, in a stack that an earlier release has posted in."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pytest

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.ledger_batch import LedgerLine
from project_invoicing.store.items import key
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.ready import Ready
from project_invoicing.store.ready_progress import ReadyProgress
from project_invoicing.store.transactions import put, transact
from project_invoicing.store.whole_stack import vouchers
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.ledger_batches import fill
from project_invoicing.use_cases.ledger_batches.lines import BatchLines
from project_invoicing.use_cases.lists.fill import fill as fill_lists
from project_invoicing.use_cases.lists.place import ListPlace
from tests import released
from tests.claims import claimed
from tests.crash.death import Step
from tests.harness import World

pytestmark = pytest.mark.engine

RELEASE: Final = Path(__file__).parent / "released" / "0.3.0.json.gz"
LINES: Final = "c13e5f3b3d84d4a4c80459ab8a026ae5d32fb24d7354755970d00000ae020793"
"""The sha256 of all lines of its documents. A batch has the same bytes in every later release: never change it."""


def finished(world: World) -> None:
    """What the release began, finished by the code of today, with everything in the lists."""
    stored = json.loads(gzip.decompress(RELEASE.read_bytes()))
    released.put(world, stored["items"])
    for function in ("journal_posting", "invoice_posting"):
        world.run(function)
    world.client.delete_item(TableName=world.names.setup_table, Key=key("LISTS", "PROGRESS"))
    fill_lists(ListPlace.read(world.client, world.names, world.at), lambda *_: None)


def ready(world: World) -> Ready:
    return Ready(world.client, world.names.ledger_batches_table)


def filled(world: World) -> int:
    stores, client, table = Stores.read(world.client, world.names), world.client, world.names.ledger_batches_table
    written = (LedgerBatches(client, table), ready(world), ReadyProgress(client, table))
    run = fill.ReadyFill(stores.journals, stores.proposals, stores.ledger, *written, ["USPM"], world.at)
    return run.run(lambda *_: None)


def posted(world: World) -> list[tuple[str, str]]:
    ledger = Stores.read(world.client, world.names).ledger
    return sorted({(voucher.source, voucher.source_id) for voucher in vouchers(ledger)})


def lines(world: World) -> Iterator[LedgerLine]:
    stores = Stores.read(world.client, world.names)
    read = BatchLines(stores.journals, stores.proposals, stores.ledger, stores.setups)
    for source, document in posted(world):
        yield from read.ledger_lines(source, "USPM", document)


def test_what_this_version_finishes_is_listed_and_a_fill_lists_the_rest(empty: World) -> None:
    finished(empty)
    by_itself = [(one.source, one.document) for one in ready(empty).of("USPM")]
    everything = posted(empty)
    assert 0 < len(by_itself) < len(everything)
    assert filled(empty) == len(everything) - len(by_itself)
    listed = list(ready(empty).of("USPM"))
    assert sorted((one.source, one.document) for one in listed) == everything
    assert filled(empty) == 0

    found = list(lines(empty))
    by_document = {(line.source, line.source_id): line.accounting_date for line in found}
    assert by_document == {(one.source, one.document): one.first for one in listed}
    assert [line for line in found if not (line.customer and line.contract)] == []
    owed = [line for line in found if line.posting_type == PostingType.CUSTOMER_BALANCE]
    assert [line for line in found if line.actual_id is None and line.source == JOURNAL] == []
    assert len(owed) == len({line.source_id for line in found if line.source == INVOICE})
    assert not any(line.tags for line in found)
    columns = [{name: value for name, value in asdict(line).items() if name != "tags"} for line in found]
    text = "\n".join(json.dumps(one, default=str, sort_keys=True) for one in columns)
    assert hashlib.sha256(text.encode()).hexdigest() == LINES


@pytest.mark.slow
def test_a_fill_survives_death_at_every_request(empty: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some documents are listed, one is in a batch, one is not finished; each step takes two."""
    monkeypatch.setattr(fill, "_DOCUMENTS", 2)
    finished(empty)
    listed = list(ready(empty).of("USPM"))
    in_a_batch = next(
        document for document in posted(empty) if document not in {(x.source, x.document) for x in listed}
    )
    claim = claimed("USPM", *in_a_batch)
    transact(empty.client, [put(empty.names.ledger_batches_table, claim, unless_exists=True)])
    step = Step(empty, filled, filled)
    now = {(one.source, one.document) for one in ready(empty).of("USPM")}
    assert now == set(posted(empty)) - {in_a_batch}
    step.dies_at_every_request()
    step.dies_after_every_transaction()
