"""What the steps may cost at most: requests of a run, and write units of a line.

The rows are those of the benchmark, with all their columns filled; ``make benchmark`` says how large they are.
"""

from __future__ import annotations

import pytest

from benchmarks.business import Work, finance, into_staging
from project_invoicing.dataverse.context import row_events
from tests.counting import Usage, counted
from tests.harness import World

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


def test_a_new_actual_is_one_request_of_four_units_at_most_and_its_duplicate_one_request(contoso: World) -> None:
    cost, unbilled, _ = [event for context in Work(lines=1).worked for event in row_events(context, contoso.at)]
    for event in (cost, unbilled):
        with counted(contoso.client) as usage:
            contoso.send(event)
        assert dict(usage.operations) == {"UpdateItem": 1}
        assert usage.write_units <= 4
        with counted(contoso.client) as usage:
            contoso.send(event)
        assert dict(usage.operations) == {"UpdateItem": 1}


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
    assert posted.write_units <= 5 * LINES
    assert {row["state"] for row in contoso.result()["staging"]} == {"posted"}


def test_an_invoice_of_a_thousand_lines_keeps_to_its_budget(contoso: World) -> None:
    work = Work(lines=LINES)
    into_staging(contoso, work.unbilled)
    contoso.run("staging_import")
    contoso.run("journal_posting")
    contoso.deliver(work.header)
    into_staging(contoso, work.sales)
    imported = cost_of(contoso, "staging_import")
    assert imported.requests <= 45
    assert imported.write_units <= 6 * LINES
    posted = cost_of(contoso, "invoice_posting")
    assert posted.requests <= 45
    assert posted.write_units <= 5 * LINES
    (invoice,) = contoso.result()["invoices"]
    assert invoice["proposal_id"] == work.number
