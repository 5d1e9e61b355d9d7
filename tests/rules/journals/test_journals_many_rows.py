"""A thousand rows, in the engine for large tables: good neighbours of a bad row, journals and invoices of any size."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import pytest

from benchmarks.business import Work, finance, into_staging
from project_invoicing.dataverse.context import row_events
from project_invoicing.store.items import Item
from tests.builders import Context, actual, guid
from tests.harness import World, envelope, sqs_batch
from tests.large import large_world
from tests.sockets import loopback
from tests.store import tables

WORK = Work(lines=1001)
BAD = actual("bad", quantity=None, amount="100", row_version=7)
"""Time without a quantity."""


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with large_world() as world:
        yield world


class Flow(NamedTuple):
    """What a thousand hours of work came to, from staging to the posted invoice."""

    of_batch: dict[str, Any]
    kept: list[Item]
    imported: dict[str, int]
    result: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def flow(stack: World) -> Flow:
    stack.load(finance(journal_period="all", journal_line_limit=5000))
    unbilled = list(WORK.unbilled)
    batch = [*islice(unbilled, 9), BAD]
    of_batch = stack.call("actuals_sync", sqs_batch(*(body(context, stack.at) for context in batch)))
    into_staging(stack, unbilled[9:])
    imported = stack.run("staging_import")
    stack.run("journal_posting")
    stack.drain()
    stack.deliver(WORK.header)
    into_staging(stack, WORK.sales)
    stack.run("staging_import")
    stack.run("invoice_posting")
    kept = [i for i in tables.contents(stack.client, stack.names.staging_table) if i["pk"].startswith("REJECTED#")]
    return Flow(of_batch, kept, imported, stack.result())


def body(context: Context, at: str) -> str:
    (event,) = row_events(context, at)
    return json.dumps(envelope(event.detail, at, event.detail_type, event.source))


def test_a_bad_row_is_kept_whole_with_reason_and_field(flow: Flow) -> None:
    (item,) = flow.kept
    assert (item["re"], item["fd"]) == ("schema", "msdyn_quantity")
    kept = json.loads(item["ev"])
    assert (kept["id"], kept["row"]["msdyn_amount"]) == (guid("bad"), "100")
    assert [(r["id"], r["reason"]) for r in flow.result["rejected"]] == [(guid("bad"), "schema")]


def test_the_thousand_neighbours_of_a_bad_row_go_through(flow: Flow) -> None:
    """Those of its own batch too."""
    assert flow.of_batch == {"batchItemFailures": []}
    assert flow.imported["journal_lines"] == WORK.lines
    assert {row["state"] for row in flow.result["staging"]} == {"posted"}


def test_post_01_a_journal_of_a_thousand_lines_is_posted_in_one_run(flow: Flow) -> None:
    """Neither 100 nor 200 lines are a limit."""
    (journal,) = flow.result["journals"]
    assert (journal["status"], len(journal["lines"])) == ("posted", WORK.lines)
    sources = Counter(voucher["source"] for voucher in flow.result["vouchers"])
    assert sources == {"journal": WORK.lines, "invoice": 1}


def test_stg_20_an_invoice_of_more_than_a_thousand_lines_is_one_invoice(flow: Flow) -> None:
    (proposal,) = flow.result["proposals"]
    assert (proposal["status"], len(proposal["lines"])) == ("posted", WORK.lines)
    assert Decimal(proposal["subtotal"]) == Decimal(flow.result["invoices"][0]["subtotal"]) == WORK.total
