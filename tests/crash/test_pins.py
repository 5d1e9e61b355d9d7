"""What a claim has read of master data is what its document is computed with, whatever becomes of the rows since."""

from __future__ import annotations

from itertools import count

import pytest

from benchmarks.business import finance
from project_invoicing.store import pins
from project_invoicing.use_cases.invoices import saga as invoice_saga
from project_invoicing.use_cases.journals import add_lines
from project_invoicing.use_cases.journals import post as journal_posting
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests import snapshots
from tests.crash.death import Step
from tests.crash.pinning import STEPS, WORK, Change, changed, changes, with_rows
from tests.crash.stages import billed, journalised, proposed
from tests.divided import divided
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World
from tests.posted import scanned
from tests.thorough import thorough


@pytest.fixture(autouse=True)
def _pages_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that three lines need as many transactions."""
    for module in (add_lines, proposal_pages, invoice_saga):
        monkeypatch.setattr(module, "PAGE_LINES", 1)
    monkeypatch.setattr(journal_posting, "MAX_WRITES", 12)


def pinned(world: World) -> dict[str, list[str]]:
    """The partitions that have pins, by table."""
    names = world.names
    tables = {"journals": names.journals_table, "proposals": names.proposals_table}
    return {
        name: [item["pk"] for item in scanned(world, table) if item["sk"] == pins.PINS]
        for name, table in tables.items()
    }


@pytest.mark.parametrize(
    ("name", "becomes"), [(name, one) for name in STEPS for one in changes(name)[: thorough(1, len(changes(name)))]]
)
def test_a_row_that_changes_after_the_claim_changes_nothing(moto: None, name: str, becomes: Change) -> None:
    stage, function = STEPS[name]
    world = with_rows(stage)
    before, rows = snapshots.documents(world), snapshots.read(world, world.names.master_data_table)
    world.run(function)
    undisturbed = snapshots.documents(world)
    assert any(pinned(world).values())
    for at in count(1):
        snapshots.restore(world, snapshots.documents(world), before)
        snapshots.restore(world, snapshots.read(world, world.names.master_data_table), rows)
        try:
            with dying(world.client, at, applied=True, operation=TRANSACTION):
                world.run(function)
            break
        except Killed:
            becomes(world)
            world.run(function)
            now = snapshots.documents(world)
            differ = {key: (now.get(key), item) for key, item in undisturbed.items() if now.get(key) != item}
            assert not differ, f"after transaction {at}: {min(differ.items())}"
    assert at > 2, "it was no step of several transactions"


@pytest.mark.parametrize("name", STEPS)
def test_a_claim_with_pins_survives_death_at_every_request(moto: None, name: str) -> None:
    stage, function = STEPS[name]
    step = Step(with_rows(stage), lambda world: world.run(function), lambda world: world.run(function))
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


@pytest.mark.parametrize("name", STEPS)
def test_a_stack_without_rows_keeps_nothing(moto: None, name: str) -> None:
    stage, function = STEPS[name]
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    stage(world, WORK)
    world.run(function)
    assert pinned(world) == {"journals": [], "proposals": []}
    headers = [*scanned(world, world.names.journals_table), *scanned(world, world.names.proposals_table)]
    assert not any("mp" in item for item in headers)


@pytest.mark.parametrize("name", STEPS)
def test_a_claim_without_pins_goes_on_with_its_document_alone(moto: None, name: str) -> None:
    """As of a version that kept none, or where there were no rows: those that arrive meanwhile change nothing."""
    stage, function = STEPS[name]
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    stage(world, WORK)
    before = snapshots.documents(world)
    world.run(function)
    undisturbed = snapshots.documents(world)
    snapshots.restore(world, undisturbed, before)
    with pytest.raises(Killed), dying(world.client, 1, applied=True, operation=TRANSACTION):
        world.run(function)
    world.deliver(*divided(finance())[1])
    changed(world)
    world.run(function)
    assert snapshots.documents(world) == undisturbed


def test_an_invoice_whose_master_data_no_item_can_keep_is_refused(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_rows(proposed)
    before = snapshots.read(world, world.names.ledger_table, world.names.staging_table)
    monkeypatch.setattr(pins, "MAX_BYTES", 10)
    (refused,) = world.run("invoice_posting")["refused"]
    assert refused["reason"] == "master_data_too_large"
    assert snapshots.read(world, world.names.ledger_table, world.names.staging_table) == before
    assert {row["status"] for row in world.result()["proposals"]} == {"ready"}


def test_a_journal_whose_master_data_no_item_can_keep_is_not_posted(
    moto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = with_rows(journalised)
    before = snapshots.documents(world)
    monkeypatch.setattr(pins, "MAX_BYTES", 10)
    answer = world.run("journal_posting")
    assert {one["reason"] for one in answer["refused"]} == {"master_data_too_large"}
    assert snapshots.documents(world) == before


def test_a_proposal_whose_master_data_no_item_can_keep_waits(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_rows(billed)
    monkeypatch.setattr(pins, "MAX_BYTES", 10)
    world.run("staging_import")
    (proposal,) = world.result()["proposals"]
    assert proposal["status"] == "waiting"
    assert [wait["reason"] for wait in proposal["waiting_for"]] == ["master_data_too_large"]
