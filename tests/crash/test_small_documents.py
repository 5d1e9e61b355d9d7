"""Steps that need one or two transactions, killed at every request of theirs: the same on moto."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests.builders import Context, actual, connection, option, proforma
from tests.crash.death import Run, Step
from tests.crash.stages import billed, invoiced, journalised, proposed, worked
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World
from tests.own_events import invoice_posted, journal_posted

WORK = Work(lines=2)

Stage = Callable[[World, Work], None]


first, second = (actual("changing", quantity=hours, row_version=number) for number, hours in ((1, "8"), (2, "6")))


def nothing(world: World, work: Work) -> None:
    """Nothing has happened before."""


def arrived(world: World, work: Work) -> None:
    world.deliver(first)


reversal = actual(
    "taken-back",
    transaction_type="unbilled_sales",
    currency="GBP",
    quantity="-1",
    start="2026-08-31",
    document_date="2026-08-31",
    row_version=3,
)
what_it_reverses = connection("reverses", "taken-back", "Reversing", "work-unbilled_sales-1", "Original", row_version=4)


def reversed_without_saying_what(world: World, work: Work) -> None:
    """A reversal is on a journal, at the rate of its day, before its connection has arrived."""
    journalised(world, work)
    world.deliver(reversal)
    world.run("staging_import")


def headed(world: World, work: Work) -> None:
    world.deliver(work.header)


def withdrawn(world: World, work: Work) -> None:
    """The proforma was canceled when its proposal was ready, and the import has said so on the rows."""
    proposed(world, work)
    canceled(world)
    world.run("staging_import")


def canceled(world: World) -> None:
    world.deliver(_state(3, row_version=900_000_001))


def activated(world: World) -> None:
    world.deliver(_state(0, row_version=900_000_002))


def _state(state: int, *, row_version: int) -> Context:
    return proforma(
        WORK.proforma_id,
        number=WORK.number,
        total=str(WORK.total),
        currency="GBP",
        row_version=row_version,
        statecode=option(state),
    )


def unposted(world: World, work: Work) -> None:
    """The proforma is in before the journal is posted that it bills."""
    journalised(world, work)
    world.deliver(work.header)
    into_staging(world, work.sales)


def one_of_two_posted(world: World, work: Work) -> None:
    """A proposal waits for two journals, and one of them has just been posted."""
    of_two_days = Work(lines=2, days=2)
    unposted(world, of_two_days)
    world.run("staging_import")
    world.run("journal_posting", journal_id="USPM-000001")


def told_of_posting(world: World) -> None:
    event = journal_posted(world.at, company=COMPANY, line_count=2)
    world.tell("staging_import", event)


def write_back(world: World) -> None:
    event = invoice_posted(world.at, company=COMPANY)
    world.tell("accounting_writeback", event)


STEPS: dict[str, tuple[Stage, Run]] = {
    "a journal's import": (worked, lambda world: world.run("staging_import")),
    "a journal's posting": (journalised, lambda world: world.run("journal_posting")),
    "a proposal that has to wait": (unposted, lambda world: world.run("staging_import")),
    "a proposal's import": (billed, lambda world: world.run("staging_import")),
    "an invoice's posting": (proposed, lambda world: world.run("invoice_posting")),
}
EVENTS: dict[str, tuple[Stage, Run]] = {
    "a new actual": (nothing, lambda world: world.deliver(first)),
    "a changed actual": (arrived, lambda world: world.deliver(second)),
    "an actual that arrives again": (arrived, lambda world: world.deliver(first)),
    "an actual with an unknown code": (nothing, lambda world: world.deliver(actual("x", msdyn_transactiontypecode=1))),
    "what a reversal takes back": (reversed_without_saying_what, lambda world: world.deliver(what_it_reverses)),
    "a proforma header": (nothing, lambda world: world.deliver(WORK.header)),
    "a number that is taken": (headed, lambda world: world.deliver(proforma("another", number=WORK.number))),
    "one of the journals that a proposal waits for": (one_of_two_posted, told_of_posting),
    "an invoice's write-back": (invoiced, write_back),
    "a canceled proforma that is not known": (nothing, canceled),
    "a canceled proforma whose proposal waits": (headed, canceled),
    "a canceled proforma whose proposal is ready": (proposed, canceled),
    "a canceled proforma that is posted": (invoiced, canceled),
    "a canceled proforma that is activated": (withdrawn, activated),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_small_step_survives_death_at_every_request(moto: None, name: str) -> None:
    step = prepared(*STEPS[name])
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_that_is_delivered_again_after_a_death_is_received_once(moto: None, name: str) -> None:
    step = prepared(*EVENTS[name])
    step.dies_at_every_request()


def test_a_withdrawal_of_many_pages_survives_death_at_every_request(
    moto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event, then the import; whichever comes again finishes what the other has left half done."""
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)

    def withdraw(world: World) -> None:
        canceled(world)
        world.run("staging_import")

    step = prepared(proposed, withdraw)
    assert step.transactions >= WORK.lines + 2
    step.dies_at_every_request()
    step.meets_another_transaction_everywhere()


def test_a_withdrawal_that_died_is_finished_by_the_import(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    proposed(world, WORK)
    with pytest.raises(Killed), dying(world.client, 2, applied=True, operation=TRANSACTION):
        canceled(world)
    world.run("staging_import")
    assert world.result()["proposals"] == []
    sales = [row for row in world.result()["staging"] if row["transaction_type"] == "billed_sales"]
    assert [(row["state"], row["reason"]) for row in sales] == [("pending", "inactive")] * WORK.lines


def prepared(before: Stage, run: Run) -> Step:
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    before(world, WORK)
    return Step(world, run, run)
