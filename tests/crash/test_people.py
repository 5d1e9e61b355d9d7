"""What people do dies at every request and is done again: one effect, and one entry in the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from tests.builders import guid, proforma
from tests.crash.death import Step
from tests.harness import World
from tests.posted import scanned

pytestmark = pytest.mark.engine

ANN = "ann@contoso.example"
WORK = Work(lines=2)
PROPOSAL = {"company": COMPANY, "proposal_id": WORK.number, "actor": ANN}
ACTUAL = {"actual_id": guid("work-billed_sales-0"), "sales_tax_group": None}


def ready(world: World, **parameters: object) -> None:
    world.load(finance(four_eyes=True, **parameters))
    into_staging(world, WORK.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(WORK.header)
    into_staging(world, WORK.sales)
    world.run("staging_import")


def entries(world: World, table: str) -> list[str]:
    return [item["wt"] for item in scanned(world, table) if item["pk"].startswith("HISTORY#PROPOSAL")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("done", "run"),
    [
        ("edited", lambda world: world.edit("edit", **PROPOSAL, due_date="2026-10-15")),
        ("edited", lambda world: world.edit("edit", **PROPOSAL, **ACTUAL)),
        ("lines deleted", lambda world: world.edit("delete_lines", **PROPOSAL)),
        ("posted", lambda world: world.run("invoice_posting", actor=ANN)),
    ],
)
def test_a_command_that_dies_anywhere_has_one_effect_and_one_entry(
    empty: World, done: str, run: Callable[[World], object]
) -> None:
    ready(empty)
    step = Step(empty, run, run)
    assert entries(empty, empty.names.proposals_table) == [done]
    assert step.dies_at_every_request() > 0
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()


BOB = "bob@contoso.example"
OF_BOB = PROPOSAL | {"actor": BOB}


def submits(world: World) -> object:
    return world.edit("submit_proposal", **PROPOSAL, comment="as agreed")


def approves(world: World) -> object:
    return world.edit("approve_proposal", **OF_BOB)


def posts(world: World) -> object:
    return world.run("invoice_posting", actor=ANN)


def renames(world: World) -> object:
    later: dict[str, Any] = {"at": "2026-09-01T08:00:00Z", "row_version": 900_000_001}
    return world.deliver(proforma(WORK.proforma_id, number=WORK.number, currency="GBP", name="renamed", **later))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "last"),
    [
        ((submits,), "submitted for approval"),
        ((submits, approves), "approved"),
        ((submits, approves, posts), "posted"),
        ((submits, approves, renames), "put back to be approved anew"),
    ],
)
def test_wfl_02_a_step_of_an_approval_that_dies_anywhere_is_taken_once(
    empty: World, steps: tuple[Callable[[World], object], ...], last: str
) -> None:
    ready(empty, approval=True)
    *before, run = steps
    for one in before:
        one(empty)
    step = Step(empty, run, run)
    assert len(entries(empty, empty.names.proposals_table)) == len(steps)
    assert last in entries(empty, empty.names.proposals_table)
    assert step.dies_at_every_request() > 0
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()


@pytest.mark.slow
def test_a_journal_is_reset_once_whatever_dies(empty: World) -> None:
    document = finance()
    document["ledger_posting"][COMPANY] = [
        row for row in document["ledger_posting"][COMPANY] if row["posting_type"] != "wip_sales_value"
    ]
    empty.load(document)
    into_staging(empty, WORK.unbilled)
    empty.run("staging_import")
    empty.run("journal_posting")
    (journal,) = [one for one in empty.result()["journals"] if one["status"] == "error"]
    of = {"company": COMPANY, "journal_id": journal["journal_id"], "actor": ANN}

    def run(world: World) -> object:
        return world.edit("reset", **of)

    step = Step(empty, run, run)
    step.dies_at_every_request()
    step.is_overtaken_at_every_request()
    found = [item["wt"] for item in scanned(empty, empty.names.journals_table) if item["pk"].startswith("HISTORY#")]
    assert found == ["reset"]
