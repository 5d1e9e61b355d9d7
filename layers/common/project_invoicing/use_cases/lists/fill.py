"""Puts what earlier versions stored into the lists. Goes on where a run that died had come to."""

from __future__ import annotations

from collections.abc import Callable

from project_invoicing.domain.number_sequence import possible_counters
from project_invoicing.store.list_backfill import ListBackfill
from project_invoicing.use_cases.lists.place import ListPlace


def fill(place: ListPlace, tell: Callable[[str, int], None]) -> int:
    """How many items were put into lists. ``tell`` hears after each page of a table how many it were so far."""
    stores = place.stores

    def drawn(company: str, voucher: str) -> int | None:
        return next(iter(possible_counters(voucher, place.setup.number_sequences(company).voucher, company)), None)

    run = ListBackfill(stores.staging, stores.journals, stores.proposals, stores.ledger, stores.master, drawn)
    reached = stores.lists.reached()
    for name, table in run.tables().items():
        start = reached.get(name)
        if name in reached and start is None:
            continue
        for after in table(start):
            reached[name] = after
            stores.lists.keep(reached)
            tell(name, run.listed)
    stores.lists.keep(reached, done=place.at)
    return run.listed
