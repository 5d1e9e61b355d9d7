"""How far the work of a customer has come before a step is tried."""

from __future__ import annotations

from benchmarks.business import Work, into_staging
from tests.harness import World


def worked(world: World, work: Work) -> None:
    """Costs and unbilled sales are in staging."""
    into_staging(world, work.worked)


def journalised(world: World, work: Work) -> None:
    """They are on journals that are not posted."""
    worked(world, work)
    world.run("staging_import")


def billed(world: World, work: Work) -> None:
    """The unbilled sales are posted; the proforma and its billed sales are in."""
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.drain()
    world.deliver(work.header)
    into_staging(world, work.sales)


def proposed(world: World, work: Work) -> None:
    """The proposal is ready."""
    billed(world, work)
    world.run("staging_import")


def invoiced(world: World, work: Work) -> None:
    """The invoice is posted."""
    proposed(world, work)
    world.run("invoice_posting")
