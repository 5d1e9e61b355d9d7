"""``invoicing ledger fill``: puts what a stack has posted already on the list of what is ready to leave."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from operate.arguments import ask_a_stack, verb
from operate.stack_tables import named
from project_invoicing.domain.calendar import utc_text
from project_invoicing.store import client
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.ready import Ready
from project_invoicing.store.ready_progress import ReadyProgress
from project_invoicing.use_cases.ledger_batches.fill import ReadyFill
from project_invoicing.use_cases.lists.fill import fill as fill_lists
from project_invoicing.use_cases.lists.place import ListPlace

if TYPE_CHECKING:
    from operate.arguments import Commands

_TABLES: Final = ("staging", "journals", "proposals", "ledger", "setup", "dataverse", "master_data", "ledger_batches")


def add(verbs: Commands) -> None:
    """Adds the command to those of ``invoicing ledger``."""
    does = "put what was posted before batches were made on the list of what is ready to leave, once"
    filling = verb(verbs, "fill", does, "ledger fill --stack invoicing")
    filling.add_argument("--again", action="store_true", help="although it was done")
    ask_a_stack(filling, _fill)


def filled(stack: str | None, tell: Callable[[str, int], None], *, again: bool) -> int:
    """How many documents were put on the list. The lists that it reads are filled first."""
    place = ListPlace.read(client.dynamodb(), named(stack, *_TABLES), utc_text(datetime.now(UTC)))
    stores, table = place.stores, place.stores.named.ledger_batches_table
    if not stores.lists.complete():
        fill_lists(place, tell)
    db = client.dynamodb()
    run = ReadyFill(
        stores.journals,
        stores.proposals,
        stores.ledger,
        LedgerBatches(db, table),
        Ready(db, table),
        ReadyProgress(db, table),
        list(place.setup.document.companies),
        place.at,
    )
    return run.run(tell, again=again)


def _fill(options: argparse.Namespace) -> int:
    def tell(what: str, listed: int) -> None:
        print(f"{what}: {listed} so far", file=sys.stderr)

    listed = filled(options.stack_prefix, tell, again=options.again)
    if options.json:
        print(json.dumps({"listed": listed}))
    else:
        documents = "document is" if listed == 1 else "documents are"
        print(f"{listed} {documents} ready to leave now that were not before.")
    return 0
