"""IC-09, IC-15, IC-16: sales between companies, whose posting, proposal and invoice die, are overtaken, meet others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests.builders import Context, guid
from tests.crash.death import Step
from tests.harness import World
from tests.rules.invoices.test_intercompany_invoices import AUGUST, sold
from tests.rules.invoices.test_vendor_invoices import between_companies
from tests.rules.stories import reverses

Run = Callable[[World], object]

SALES = [
    sold("dollars"),
    sold("back", "-10"),
    reverses("back", "dollars"),
    sold("more"),
    sold("pounds", currency="GBP"),
]


def imported(world: World, *sales: Context) -> None:
    world.deliver(*(sales or SALES))
    world.run("staging_import")


def posted(world: World) -> None:
    imported(world)
    world.run("journal_posting")


def changed_before(world: World) -> None:
    """A newer version of a sale, of which nobody has taken notice before the posting."""
    imported(world)
    world.deliver(sold("more", quantity="12", message="Update", row_version=10_000))


def proposed(world: World) -> None:
    posted(world)
    bill(world)


def bill(world: World) -> None:
    world.edit("intercompany_invoice", **AUGUST)


def change(world: World, **what: list[str]) -> None:
    dollars = "IC-000002"  # GBP comes first
    world.edit("intercompany_lines", company="GBPM", proposal_id=dollars, **what)


def invoiced(world: World) -> None:
    proposed(world)
    world.run("invoice_posting")


def post_vendor_invoices(world: World) -> None:
    numbers = ["FTI-00000001", "FTI-00000002"]
    world.edit("post_vendor_invoices", company="USPM", numbers=numbers)


STEPS: dict[str, tuple[Run, Run]] = {
    "the posting of sales": (imported, lambda world: world.run("journal_posting")),
    "the posting of sales that have changed": (changed_before, lambda world: world.run("journal_posting")),
    "an intercompany proposal of each currency": (posted, bill),
    "an intercompany invoice's posting": (proposed, lambda world: world.run("invoice_posting")),
    "lines taken off": (proposed, lambda world: change(world, off=[guid("more")])),
    "the posting of vendor invoices": (invoiced, post_vendor_invoices),
}


@pytest.mark.parametrize("name", STEPS)
def test_ic_09_ic_15_ic_16_icv_02_icv_08_a_step_between_companies_survives_whatever_happens_to_it(
    moto: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 2)
    before, run = STEPS[name]
    world = World("2026-08-31T13:00:00Z")
    world.load(between_companies())
    before(world)
    step = Step(world, run, run)
    step.dies_at_every_request()
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_ic_15_days_that_are_billed_twice_at_once_are_billed_as_by_one(moto: None) -> None:
    world = World("2026-08-31T13:00:00Z")
    world.load(between_companies())
    imported(world, sold("dollars"))
    world.run("journal_posting")
    Step(world, bill, bill).is_overtaken_at_every_request()
