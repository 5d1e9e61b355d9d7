"""What the steps may cost at most: requests of a run, and write units of a line.

The rows are those of the benchmark, with all their columns filled; ``make benchmark`` says how large they are.
"""

from __future__ import annotations

import json

import pytest

from benchmarks.business import Work, finance, into_staging
from project_invoicing.dataverse.context import row_events
from tests.counting import Usage, counted
from tests.harness import World, envelope, sqs_batch

pytestmark = pytest.mark.engine

LINES = 1_000


@pytest.fixture
def contoso(empty: World) -> World:
    empty.load(finance(journal_line_limit=200))
    return empty


def cost_of(world: World, function: str) -> Usage:
    with counted(world.client) as usage:
        world.run(function)
    return usage


def test_a_new_actual_and_its_duplicate_are_one_write_each_beside_the_one_read_of_an_invocation(contoso: World) -> None:
    cost, unbilled, _ = [event for context in Work(lines=1).worked for event in row_events(context, contoso.at)]
    for event in (cost, unbilled):
        with counted(contoso.client) as usage:
            contoso.send(event)
        assert dict(usage.operations) == {"UpdateItem": 1, "Query": 1}
        assert usage.write_units <= 4
        assert usage.read_units <= 1
        with counted(contoso.client) as usage:
            contoso.send(event)
        assert dict(usage.operations) == {"UpdateItem": 1, "Query": 1}


def test_how_the_maps_stand_is_asked_once_a_batch_whatever_its_size(contoso: World) -> None:
    events = [event for context in Work(lines=20).worked for event in row_events(context, contoso.at)]
    rows = [event for event in events if event.detail["entity"] == "msdyn_actual"][:25]
    batch = sqs_batch(*(json.dumps(envelope(one.detail, contoso.at, one.detail_type, one.source)) for one in rows))
    with counted(contoso.client) as usage:
        contoso.call("actuals_sync", batch)
    assert dict(usage.operations) == {"UpdateItem": 25, "Query": 1}


@pytest.mark.parametrize(("days", "requests"), [pytest.param(1, 40, id="one day"), pytest.param(20, 45, id="20 days")])
def test_a_thousand_journal_lines_keep_to_their_budget(contoso: World, days: int, requests: int) -> None:
    """Half of the lines are costs, half unbilled sales. On one day they fill five journals, on twenty days twenty.

    A journal is read and posted for itself, so that posting takes two requests a journal at least.
    """
    into_staging(contoso, Work(lines=LINES // 2, days=days).worked)
    imported = cost_of(contoso, "staging_import")
    assert imported.requests <= 40
    assert imported.write_units <= 6 * LINES
    posted = cost_of(contoso, "journal_posting")
    assert posted.requests <= requests
    assert posted.write_units <= 3.5 * LINES
    assert posted.written[contoso.names.ledger_table] <= LINES / 8  # pages are compressed
    assert posted.written[contoso.names.ledger_batches_table] == 2 * len(contoso.result()["journals"])
    assert {row["state"] for row in contoso.result()["staging"]} == {"posted"}


def test_an_invoice_of_a_thousand_lines_keeps_to_its_budget(contoso: World) -> None:
    work = Work(lines=LINES)
    into_staging(contoso, work.unbilled)
    contoso.run("staging_import")
    contoso.run("journal_posting")
    contoso.deliver(work.header)
    into_staging(contoso, work.sales)
    imported = cost_of(contoso, "staging_import")
    assert imported.requests <= 55  # 48 lines a transaction: each marks what it bills (99-25)
    assert imported.write_units <= 6 * LINES
    posted = cost_of(contoso, "invoice_posting")
    assert posted.requests <= 45
    assert posted.write_units <= 3.5 * LINES
    assert posted.written[contoso.names.ledger_batches_table] == 2
    (invoice,) = contoso.result()["invoices"]
    assert invoice["proposal_id"] == work.number
