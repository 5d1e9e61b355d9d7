"""Ten thousand actuals are written back through throttling, in as few batches as there may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from math import ceil
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.domain.proposal import ProposalLine
from project_invoicing.events import INVOICE_POSTED, own_event
from project_invoicing.store import rows
from project_invoicing.store.items import plain_item, typed_item
from project_invoicing.use_cases.post_invoices import PAGE_LINES
from tests.builders import guid
from tests.counting import Usage, counted
from tests.dataverse import Dataverse, connected, queue
from tests.harness import World, sqs_batch

pytestmark = pytest.mark.engine

LINES = 10_000
NUMBER = "FTI-00000001"


def posted_invoice(world: World, lines: int) -> list[str]:
    """A posted invoice of so many lines; returns their actuals, in their order.

    It is the posted invoice of one line, with that line's page and row over and over: what posting makes of ten thousand
    takes minutes and is tested elsewhere.
    """
    work = Work(lines=1)
    world.load(finance())
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    world.run("invoice_posting")
    staged = next(
        item for item in scanned(world, world.names.staging_table) if item.get("pn") and item["st"] == "posted"
    )
    page = next(
        item
        for item in scanned(world, world.names.proposals_table)
        if item["pk"].startswith("INVOICE#") and item["sk"].startswith("L#")
    )
    (line,) = rows.decode(ProposalLine, page["l"])
    actuals = [guid(f"actual-{number}") for number in range(lines)]
    put(world, world.names.staging_table, (staged | {"pk": actual} for actual in actuals))
    pages = [
        [replace(line, line_number=start + n + 1, actual_id=actual) for n, actual in enumerate(some)]
        for start in range(0, lines, PAGE_LINES)
        if (some := actuals[start : start + PAGE_LINES])
    ]
    items = (page | {"sk": f"L#{number:06d}", "l": rows.encode(some)} for number, some in enumerate(pages, start=1))
    put(world, world.names.proposals_table, items)
    return actuals


def scanned(world: World, table: str) -> Iterator[dict[str, Any]]:
    for found in world.client.get_paginator("scan").paginate(TableName=table):
        yield from map(plain_item, found["Items"])


def put(world: World, table: str, items: Iterator[dict[str, Any]]) -> None:
    while some := list(islice(items, 25)):
        requests: Any = [{"PutRequest": {"Item": typed_item(item)}} for item in some]
        assert not world.client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]


def written_back(world: World, dataverse: Dataverse) -> tuple[Usage, int]:
    """What it cost, and how many invocations it took."""
    event = own_event(INVOICE_POSTED, world.at, "posted", company=COMPANY, invoice_number=NUMBER)
    invocations = 1
    with connected(dataverse), queue() as tasks, counted(world.client) as usage:
        world.tell("accounting_writeback", event)
        while tasks:
            body = json.dumps(tasks.pop()[0])
            assert world.call("accounting_writeback", sqs_batch(body)) == {"batchItemFailures": []}
            invocations += 1
    return usage, invocations


def test_ten_thousand_actuals_go_back_through_throttling_and_nothing_else_is_written(empty: World) -> None:
    actuals = posted_invoice(empty, LINES)
    dataverse = Dataverse(throttle_every=5)
    usage, invocations = written_back(empty, dataverse)

    assert len(dataverse.requests) <= 1.05 * ceil(LINES / 100)
    assert dataverse.throttled == invocations - 1 >= 20
    assert set(dataverse.values()) == {
        *(("msdyn_actual", actual) for actual in actuals),
        ("invoice", Work(lines=1).proforma_id),
    }
    assert all(len(told) == 1 for told in dataverse.written.values())
    assert usage.requests <= 0.04 * LINES
    assert usage.write_units <= 2.1 * LINES
    staged = {item["pk"]: item for item in scanned(empty, empty.names.staging_table)}
    assert {staged[actual]["wb"] for actual in actuals} == {"done"}


def test_a_hundred_rows_take_one_batch_and_a_handful_of_requests(empty: World) -> None:
    posted_invoice(empty, 100)
    dataverse = Dataverse()
    usage, _ = written_back(empty, dataverse)
    assert [len(request) for request in dataverse.requests] == [100, 1]
    assert dict(usage.operations) == {"GetItem": 1, "Query": 1, "UpdateItem": 3, "TransactWriteItems": 1}
    assert usage.write_units <= 210
