"""What the webhook, a sweep, a reconciliation and a question may ask of the bus, of Dataverse and of DynamoDB.

How long it takes is for the benchmark, whose messages and rows these are.
"""

from __future__ import annotations

from itertools import chain
from math import ceil

import pytest

from benchmarks.answers import WEBHOOK_KEY, Prepared, bus_at_once, rows_of
from benchmarks.business import Work, finance, into_staging
from benchmarks.connections import LARGEST_MESSAGE, connected
from local.http_api import Request, request_event
from project_invoicing.dataverse.context import row_events
from project_invoicing.domain.codes import MASTER_DATA_MAPS
from tests.builders import Context, guid, multiple, to_json
from tests.counting import counted
from tests.harness import World

pytestmark = pytest.mark.engine

LINES = 1_000
MOST_READS_OF_A_QUESTION = 25
"""With the master data that the document was computed with, who did what to it, and the ledger batch it is in."""
MOST_BYTES_OF_A_MESSAGE = 256 * 1024
"""Above this Dataverse leaves the rows out."""


@pytest.fixture
def contoso(empty: World) -> World:
    empty.load(finance())
    return empty


def posted(world: World, context: Context) -> int:
    """The status of the webhook's answer."""
    headers = {"x-webhook-key": WEBHOOK_KEY}
    event = request_event(Request("POST", "/dataverse", headers, body=to_json(context).encode()), world.at)
    return int(world.call("dataverse_webhook", event)["statusCode"])


def test_the_largest_message_is_seven_requests_to_the_bus_and_none_to_a_table(contoso: World) -> None:
    contexts = list(Work(LARGEST_MESSAGE).costs)
    message = multiple(*contexts)
    assert len(to_json(message)) <= MOST_BYTES_OF_A_MESSAGE < len(to_json(multiple(*contexts, *contexts[:5])))
    with bus_at_once() as asked, counted(contoso.client) as usage:
        assert posted(contoso, contexts[0]) == 200
        assert asked == ["GetSecretValue", "PutEvents"]
        asked.clear()
        assert posted(contoso, contexts[0]) == 200
        assert asked == ["PutEvents"]
        asked.clear()
        assert posted(contoso, message) == 200
    assert asked == ["PutEvents"] * ceil(LARGEST_MESSAGE / 10)
    assert usage.requests == 0


def test_a_sweep_asks_for_a_page_at_a_time_and_remembers_each(contoso: World) -> None:
    rows = 12_000
    there = Prepared(rows_of(event for context in Work(rows).costs for event in row_events(context, contoso.at)))
    with connected(there), bus_at_once() as asked, counted(contoso.client) as usage:
        (report,) = contoso.run("dataverse_catchup", entity="msdyn_actual")["sweeps"]
    assert (report["published"], report["outcome"]) == (rows, "complete")
    assert there.asked == 3
    assert asked == ["PutEvents"] * (rows // 10)
    assert usage.requests <= 2 * there.asked + 3 + len(MASTER_DATA_MAPS)  # one for the progress of each map
    assert usage.write_units <= 2 * there.asked


@pytest.mark.slow
def test_explaining_and_reconciling_read_pages_and_never_row_by_row(contoso: World) -> None:
    work = Work(LINES)
    into_staging(contoso, work.sold)
    contoso.run("staging_import")
    contoso.run("journal_posting")
    contoso.deliver(work.header)
    into_staging(contoso, work.sales)
    contoso.run("staging_import")
    contoso.run("invoice_posting")
    (invoice,) = contoso.result()["invoices"]
    questions = guid("work-billed_sales-0"), guid("work-unbilled_sales-0"), work.number, invoice["invoice_number"]
    for asked in questions:
        with counted(contoso.client) as usage:
            assert contoso.call("explain", {"id": asked})["found"]
        assert usage.requests <= MOST_READS_OF_A_QUESTION
        assert usage.write_units == 0
    contexts = chain(work.sold, work.billed)
    there = Prepared(rows_of(event for context in contexts for event in row_events(context, contoso.at)))
    with connected(there), counted(contoso.client) as usage:
        report = contoso.run("reconciliation")
    assert report["complete"]
    assert report["read"]["actuals of Dataverse"] == 2 * LINES
    assert there.asked == 3
    # Eight for the audit chain: what is not sealed in seven tables, and where the chains end. Seventeen for
    # ledger batches: their table, how far they are before and after the ledger is read, the last of each kind, the open
    # ones, and the ten parts of their outbox.
    assert usage.requests <= 74 + len(MASTER_DATA_MAPS)
