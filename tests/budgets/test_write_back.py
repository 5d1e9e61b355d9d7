"""Ten thousand actuals are written back through throttling, in as few batches as there may be."""

from __future__ import annotations

import json
from math import ceil

import pytest

from benchmarks.business import COMPANY
from tests.counting import Usage, counted
from tests.dataverse import StubbornDataverse, connected, queue
from tests.harness import World, sqs_batch
from tests.own_events import invoice_posted
from tests.posted import NUMBER, PROFORMA, posted_invoice, scanned

pytestmark = pytest.mark.engine

LINES = 10_000


def written_back(world: World, dataverse: StubbornDataverse) -> tuple[Usage, int]:
    """What it cost, and how many invocations it took."""
    event = invoice_posted(world.at, company=COMPANY, invoice_number=NUMBER)
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
    dataverse = StubbornDataverse(throttle_every=5)
    usage, invocations = written_back(empty, dataverse)

    assert len(dataverse.requests) <= 1.05 * ceil(LINES / 100)
    assert dataverse.throttled == invocations - 1 >= 20
    assert set(dataverse.values()) == {
        *(("msdyn_actual", actual) for actual in actuals),
        ("invoice", PROFORMA),
    }
    assert all(len(told) == 1 for told in dataverse.written.values())
    assert usage.requests <= 0.04 * LINES
    assert usage.write_units <= 2.1 * LINES
    staged = {item["pk"]: item for item in scanned(empty, empty.names.staging_table)}
    assert {staged[actual]["wb"] for actual in actuals} == {"done"}


def test_a_hundred_rows_take_one_batch_and_a_handful_of_requests(empty: World) -> None:
    posted_invoice(empty, 100)
    dataverse = StubbornDataverse()
    usage, _ = written_back(empty, dataverse)
    assert [len(request) for request in dataverse.requests] == [100, 1]
    # One of the two queries says which table maps run.
    assert dict(usage.operations) == {"GetItem": 1, "Query": 2, "UpdateItem": 3, "TransactWriteItems": 1}
    assert usage.write_units <= 210
