"""99-25 whatever happens meanwhile: a step that takes something dies, meets others, or races for what it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from project_invoicing.errors import Conflict
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests import snapshots
from tests.builders import Context, guid, proforma
from tests.counting import counted
from tests.crash.death import Step
from tests.faults import overtaken
from tests.harness import World
from tests.rules.finance import finance
from tests.rules.stories import bill, billed, bills, reverses, sale

Run = Callable[[World], object]


def importing(**scope: str) -> Run:
    return lambda world: world.run("staging_import", **scope)


def started(*messages: Context) -> World:
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    world.deliver(*messages)
    return world


def posted(world: World) -> None:
    world.run("staging_import")
    world.run("journal_posting")


def reversals() -> World:
    """One takes back what is on the same page, one what is posted, and a third comes second."""
    world = started(sale("one"))
    posted(world)
    world.deliver(sale("two"), *(sale(name, "-8") for name in ("one back", "two back", "two again")))
    world.deliver(reverses("one back", "one"), reverses("two back", "two"), reverses("two again", "two"))
    return world


def two_pages() -> World:
    """A proposal over two pages, with a credit of what it bills on the other one."""
    world = started(*billed("one", "two", total="1600"), bill("back", "-8"), reverses("back", "two/billed"))
    posted(world)
    return world


def written() -> World:
    world = two_pages()
    world.run("staging_import")
    return world


def delete(world: World) -> None:
    world.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    world.run("staging_import", proposal_id="INV-0001")


def import_twice(world: World) -> None:
    """What comes second says with the next import on which line the first is by then."""
    world.run("staging_import")
    world.run("staging_import")


STEPS: dict[str, tuple[Callable[[], World], Run, Run]] = {
    "reversals on a journal": (reversals, import_twice, import_twice),
    "a proposal with a credit of its own": (two_pages, importing(), importing()),
    "the deletion of such lines": (written, delete, delete),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_takes_or_frees_survives_whatever_happens_to_it(
    moto: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 2)
    before, run, then = STEPS[name]
    step = Step(before(), run, then)
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def two_proposals() -> World:
    world = started(sale("first"), sale("work/unbilled"))
    posted(world)
    for number in (1, 2):
        own = f"own {number}"
        world.deliver(
            sale(own),
            bill(f"{own}/billed", invoice=f"inv-{number}"),
            bills(f"{own}/billed", own),
            bill(f"{number}/billed", invoice=f"inv-{number}"),
            bills(f"{number}/billed", "work/unbilled"),
            proforma(f"inv-{number}", number=f"INV-000{number}", total="3200"),
        )
    posted_journals_only(world)
    return world


def posted_journals_only(world: World) -> None:
    """The own sales of both proposals are posted, and no proposal is imported yet."""
    for name in ("own 1", "own 2"):
        world.run("staging_import", actual_id=guid(name))
    world.run("journal_posting")


def test_of_two_imports_that_race_for_one_unbilled_sale_one_has_it(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other waits, as a whole, and says why; then a poster posts what there is, and nothing stays accrued."""
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    world = two_proposals()
    one, other = importing(proposal_id="INV-0001"), importing(proposal_id="INV-0002")
    start = snapshots.read(world)
    with counted(world.client) as usage:
        one(world)
    for at in range(1, usage.requests + 1):
        snapshots.restore(world, snapshots.read(world), start)
        with overtaken(world.client, at, lambda: other(world)), suppress(Conflict):
            one(world)
        for function in ("staging_import", "staging_import", "invoice_posting"):
            world.run(function)
        one_is_billed_and_one_waits(world)


def one_is_billed_and_one_waits(world: World) -> None:
    result = world.result()
    assert [invoice["total"] for invoice in result["invoices"]] == ["3200.00"]
    (second,) = [proposal for proposal in result["proposals"] if proposal["status"] == "waiting"]
    assert {wait["reason"] for wait in second["waiting_for"]} == {"already_billed"}
    assert second["lines"] == []
    balances: Counter[str] = Counter()
    for line in (line for voucher in result["vouchers"] for line in voucher["lines"]):
        balances[line["posting_type"]] += Decimal(line["accounting_amount"])  # type: ignore[assignment]
    # What the second would bill of its own, and the sale that nobody bills.
    assert balances["wip_sales_value"] == -balances["accrued_revenue_sales_value"] == Decimal(3200)


def test_of_two_reversals_that_race_for_one_sale_one_has_it(moto: None) -> None:
    world = started(sale("work"))
    posted(world)
    world.deliver(sale("one", "-8"), sale("other", "-8"), reverses("one", "work"), reverses("other", "work"))
    first, second = (importing(actual_id=guid(name)) for name in ("one", "other"))
    start = snapshots.read(world)
    with counted(world.client) as usage:
        first(world)
    for at in range(1, usage.requests + 1):
        snapshots.restore(world, snapshots.read(world), start)
        with overtaken(world.client, at, lambda: second(world)), suppress(Conflict):
            first(world)
        posted(world)
        states = {row["actual_id"]: (row["state"], row["reason"]) for row in world.result()["staging"]}
        assert sorted(states[guid(name)] for name in ("one", "other")) == [
            ("pending", "already_credited"),
            ("posted", None),
        ]


def test_a_reversal_that_is_overtaken_is_left_out_and_its_neighbours_are_imported(
    moto: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another has taken meanwhile costs the import one transaction, and no other row its place."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world = started(sale("work"))
    posted(world)
    neighbours = [sale(f"neighbour {number}") for number in range(3)]
    world.deliver(
        sale("one", "-8"), sale("other", "-8"), reverses("one", "work"), reverses("other", "work"), *neighbours
    )
    taking, everything = importing(actual_id=guid("one")), importing()
    start = snapshots.read(world)
    with counted(world.client) as usage:
        everything(world)
    for at in range(1, usage.requests + 1):
        snapshots.restore(world, snapshots.read(world), start)
        with counted(world.client) as overtaken_usage, overtaken(world.client, at, lambda: taking(world)):
            everything(world)
        rows = {row["actual_id"]: row for row in world.result()["staging"]}
        assert {rows[guid(f"neighbour {number}")]["state"] for number in range(3)} == {"imported"}
        assert sorted(rows[guid(name)]["state"] for name in ("one", "other")) == ["imported", "pending"]
        assert overtaken_usage.requests <= 2 * usage.requests
