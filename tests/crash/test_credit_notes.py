"""REG-19 under deaths and races: several credit notes of one invoice give back what it charged, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests import snapshots
from tests.builders import Context, proforma
from tests.counting import counted
from tests.crash.death import Run, Step
from tests.faults import overtaken
from tests.harness import World
from tests.rules.finance import TAXED, finance
from tests.rules.stories import bill, billed, reverses

BY_TOTAL = ("sales_tax.rounding", {"precision": "0.01", "calculation": "total"})
WORKS = "abc"
NOTES = {work: f"INV-100{number}" for number, work in enumerate(WORKS)}


def credit(work: str) -> list[Context]:
    id = f"credit-{work}"
    return [
        proforma(id, number=NOTES[work], total="-10.03", has_corrections=True),
        bill(f"{work}/credited", "-1", "10.03", invoice=id),
        reverses(f"{work}/credited", f"{work}/billed"),
    ]


def three_credit_notes() -> World:
    """Three works of 10.03 at 20 % are invoiced: 6.02 of tax. Credited one by one they would be 6.03."""
    world = World("2026-08-31T13:00:00Z")
    world.load(finance(TAXED, BY_TOTAL))
    world.deliver(*billed(*WORKS, total="30.09", quantity="1", price="10.03"))
    for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
        world.run(function)
    for work in WORKS:
        world.deliver(*credit(work))
    world.run("staging_import")
    world.drain()
    return world


def taxes(world: World) -> list[Decimal]:
    return sorted(Decimal(invoice["sales_tax"]) for invoice in world.result()["invoices"])


def post(number: str) -> Run:
    return lambda world: world.run("invoice_posting", proposal_id=number)


def post_the_rest(world: World) -> object:
    return world.run("invoice_posting")


def test_the_last_credit_note_survives_death_at_every_request(moto: None) -> None:
    world = three_credit_notes()
    for work in "ab":
        post(NOTES[work])(world)
    step = Step(world, post_the_rest, post_the_rest)
    assert taxes(world) == [Decimal("-2.01"), Decimal("-2.01"), Decimal("-2.00"), Decimal("6.02")]
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()
    step.is_overtaken_at_every_request()


@pytest.mark.parametrize(("first", "second"), ["bc", "cb"])
def test_two_credit_notes_of_one_invoice_posted_at_once_know_of_each_other(moto: None, first: str, second: str) -> None:
    """One overtakes the other at each of its requests in turn: whoever is late reads what is left by then."""
    world = three_credit_notes()
    post(NOTES["a"])(world)
    before = snapshots.read(world)
    with counted(world.client) as usage:
        post(NOTES[first])(world)
    for at in range(1, usage.requests + 1):
        snapshots.restore(world, snapshots.read(world), before)
        with overtaken(world.client, at, lambda: post(NOTES[second])(world)):
            post(NOTES[first])(world)
        assert sum(taxes(world)) == 0, f"overtaken at request {at}"
        assert len(taxes(world)) == len(WORKS) + 1
