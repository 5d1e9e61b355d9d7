"""Documents that are computed with rows of master data, and what becomes of the rows afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from benchmarks.business import COMPANY, Work, finance
from project_invoicing.domain.master_data import NameKey, Part, SeenName
from project_invoicing.store.master_data import MasterData
from tests import master
from tests.builders import lookup, option
from tests.crash.stages import billed, journalised, proposed
from tests.divided import divided
from tests.harness import World

WORK: Final = Work(lines=3)
LATER: Final = "2026-09-01T09:00:00Z"

Stage = Callable[[World, Work], None]
Change = Callable[[World], object]

STEPS: dict[str, tuple[Stage, str]] = {
    "a proposal's lines": (billed, "staging_import"),
    "a journal's posting": (journalised, "journal_posting"),
    "an invoice's posting": (proposed, "invoice_posting"),
}


def with_rows(stage: Stage) -> World:
    """A stack whose master data has arrived as rows, as far as ``stage``."""
    made = World("2026-08-31T13:00:00Z")
    policy, rows = divided(finance())
    made.load(policy)
    made.deliver(*rows)
    stage(made, WORK)
    return made


def _finance(world: World, part: Part, name: str, columns: dict[str, Any]) -> None:
    store, key = MasterData(world.client, world.names.master_data_table), NameKey(part, COMPANY, name)
    seen = store.read([key])[key]
    before = seen.finance if isinstance(seen, SeenName) else {}
    if columns != before:
        store.set_finance(key, columns, before=before, at=world.at)


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


CHANGES: Final[tuple[Change, ...]] = (changed, renumbered, deleted)


def changes(name: str) -> tuple[Change, ...]:
    """What changes nothing of what this step has begun. A draft's lines follow other numbers (D-155)."""
    return tuple(one for one in CHANGES if one is not renumbered or name != "a proposal's lines")
