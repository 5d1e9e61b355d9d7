"""Which accrued revenue is left in a world's books: none, unless a test has made it so."""

from __future__ import annotations

from datetime import date

from project_invoicing.domain.accrued_revenue import Imbalance
from project_invoicing.domain.calendar import Interval
from project_invoicing.rules.accrued_revenue import Chosen
from project_invoicing.use_cases.accrued_revenue.find import Sources, find
from project_invoicing.use_cases.explain.stores import Stores
from tests.harness import World

EVER = Interval(date(1900, 1, 1), date(2199, 12, 31))


def sources(world: World) -> Sources:
    has = Stores.read(world.client, world.names)
    return Sources(has.staging, has.journals, has.proposals, has.ledger)


def imbalances(world: World, company: str = "USPM", *, reversals: bool = True) -> list[Imbalance]:
    """What invoices, and reversals on journals, left. Fails where a voucher is unclear."""
    found = find(sources(world), company, Chosen(EVER, reversals=reversals))
    assert found.unclear == []
    return found.rows
