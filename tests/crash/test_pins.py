"""What a claim has read of master data is what its document is computed with, whatever becomes of the rows since."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.store import pins
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.invoices import saga as invoice_saga
from project_invoicing.use_cases.journals import add_lines
from project_invoicing.use_cases.journals import post as journal_posting
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests import master, snapshots
from tests.builders import lookup, option
from tests.crash.death import Step
from tests.crash.stages import billed, journalised, proposed
from tests.divided import divided
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World
from tests.posted import scanned

WORK = Work(lines=3)
LATER = "2026-09-01T09:00:00Z"

Stage = Callable[[World, Work], None]
Change = Callable[[World], object]

STEPS: dict[str, tuple[Stage, str]] = {
    "a proposal's lines": (billed, "staging_import"),
    "a journal's posting": (journalised, "journal_posting"),
    "an invoice's posting": (proposed, "invoice_posting"),
}


@pytest.fixture(autouse=True)
def _pages_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that three lines need as many transactions."""
    for module in (add_lines, proposal_pages, invoice_saga):
        monkeypatch.setattr(module, "PAGE_LINES", 1)
    monkeypatch.setattr(journal_posting, "MAX_WRITES", 12)


def with_rows(stage: Stage) -> World:
    """A stack whose master data has arrived as rows, as far as ``stage``."""
    made = World("2026-08-31T13:00:00Z")
    policy, rows = divided(finance())
    made.load(policy)
    made.deliver(*rows)
    stage(made, WORK)
    return made


def _finance(world: World, part: Part, name: str, columns: dict[str, Any]) -> None:
    store = MasterData(world.client, world.names.master_data_table)
    store.set_finance(NameKey(part, COMPANY, name), columns, before={}, at=world.at)


def changed(world: World) -> None:
    """Every row that the documents were computed with says something else now."""
    currency: dict[str, Any] = {"transactioncurrencyid": lookup("transactioncurrency", "USD")}
    world.deliver(
        master.project("PRJ-1", contract="CTR-2", statecode=option(1), at=LATER),
        master.contract("CTR-1", customer="C-002", at=LATER, **currency),
        master.contract_line("CTR-1-1", "CTR-1", msdyn_billingmethod=option(192350001), at=LATER),
    )
    _finance(world, Part.PROJECTS, "PRJ-1", {"group": "none that has a profile", "sales_tax_group": "EXP"})
    _finance(world, Part.CUSTOMERS, "C-001", {"on_hold": True, "group": "X", "terms_of_payment": "N30"})


def renumbered(world: World) -> None:
    world.deliver(
        master.project("PRJ-1", number="PRJ-9", contract="CTR-1", at=LATER),
        master.contract("CTR-1", number="CTR-9", customer="C-001", at=LATER),
        master.account("C-001", number="C-999", at=LATER),
    )


def deleted(world: World) -> None:
    world.deliver(
        *(
            master.deletion(entity, name, at=LATER)
            for entity, name in (("msdyn_project", "PRJ-1"), ("salesorder", "CTR-1"), ("account", "C-001"))
        )
    )


def pinned(world: World) -> dict[str, list[str]]:
    """The partitions that have pins, by table."""
    names = world.names
    tables = {"journals": names.journals_table, "proposals": names.proposals_table}
    return {
        name: [item["pk"] for item in scanned(world, table) if item["sk"] == pins.PINS]
        for name, table in tables.items()
    }


@pytest.mark.parametrize("becomes", [changed, renumbered, deleted])
@pytest.mark.parametrize("name", STEPS)
def test_a_row_that_changes_after_the_claim_changes_nothing(moto: None, name: str, becomes: Change) -> None:
    stage, function = STEPS[name]
    world = with_rows(stage)
    before, rows = snapshots.read(world), snapshots.read(world, world.names.master_data_table)
    world.run(function)
    undisturbed = snapshots.read(world)
    assert any(pinned(world).values())
    for at in count(1):
        snapshots.restore(world, snapshots.read(world), before)
        snapshots.restore(world, snapshots.read(world, world.names.master_data_table), rows)
        try:
            with dying(world.client, at, applied=True, operation=TRANSACTION):
                world.run(function)
            break
        except Killed:
            becomes(world)
            world.run(function)
            now = snapshots.read(world)
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
    before = snapshots.read(world)
    world.run(function)
    undisturbed = snapshots.read(world)
    snapshots.restore(world, undisturbed, before)
    with pytest.raises(Killed), dying(world.client, 1, applied=True, operation=TRANSACTION):
        world.run(function)
    world.deliver(*divided(finance())[1])
    changed(world)
    world.run(function)
    assert snapshots.read(world) == undisturbed


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
    before = snapshots.read(world)
    monkeypatch.setattr(pins, "MAX_BYTES", 10)
    answer = world.run("journal_posting")
    assert {one["reason"] for one in answer["refused"]} == {"master_data_too_large"}
    assert snapshots.read(world) == before


def test_a_proposal_whose_master_data_no_item_can_keep_waits(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    world = with_rows(billed)
    monkeypatch.setattr(pins, "MAX_BYTES", 10)
    world.run("staging_import")
    (proposal,) = world.result()["proposals"]
    assert proposal["status"] == "waiting"
    assert [wait["reason"] for wait in proposal["waiting_for"]] == ["master_data_too_large"]
