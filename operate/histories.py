"""Who changed what is no document: set-ups, rates, finance's columns, table maps: ``invoicing history``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from operate.invalid_input import InvalidInput
from operate.master_data import name_of
from operate.stack_tables import named
from project_invoicing.domain.actor import UNNAMED
from project_invoicing.domain.codes import TableMapName
from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.history import HistoryEntry
from project_invoicing.domain.master_data import Part, RateKey
from project_invoicing.setup.indexes.currencies import RATE_TYPE
from project_invoicing.store import client, setups
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.master_data import MasterData

Json = dict[str, Any]

SETUP, RATES, MASTER, MAP = "setup", "rates", "master", "map"
KINDS: Final[Mapping[str, str]] = {SETUP: "", RATES: "FROM TO [TYPE]", MASTER: "PART [COMPANY] NUMBER", MAP: "NAME"}
"""What has a history, and how one of it is named."""


def run(kind: str, name: Sequence[str], stack_prefix: str | None) -> list[Json]:
    """The entries, oldest first: ``[{"at", "actor", "name", "how", "what", "before", "after"}]``.

    Raises ``InvalidInput`` for a name that is not one.
    """
    return [_row(one) for one in _entries(kind, name, stack_prefix)]


def _entries(kind: str, name: Sequence[str], stack_prefix: str | None) -> Iterable[HistoryEntry]:
    dynamodb = client.dynamodb()
    if kind == SETUP and not name:
        return setups.history(dynamodb, named(stack_prefix, "setup").setup_table)
    if kind == RATES and len(name) in (2, 3):
        key = RateKey(name[2] if name[2:] else RATE_TYPE, name[0], name[1])
        return MasterData(dynamodb, named(stack_prefix, "master_data").master_data_table).history(key)
    if kind == MASTER and len(name) > 1 and name[0] in COLUMNS:
        of = name_of(Part(name[0]), name[1:])
        return MasterData(dynamodb, named(stack_prefix, "master_data").master_data_table).history(of)
    if kind == MAP and len(name) == 1 and name[0] in list(TableMapName):
        return MapStates(dynamodb, named(stack_prefix, "dataverse").dataverse_table).history(name[0])
    raise InvalidInput([f"history {kind}: write it as: invoicing history {kind} {KINDS[kind]}".rstrip()])


def _row(one: HistoryEntry) -> Json:
    return {
        "at": one.at,
        "actor": one.who.id or None,
        "name": one.who.name or None,
        "how": str(one.who.how),
        "what": str(one.what),
        "before": dict(one.before),
        "after": dict(one.after),
    }


def cells(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row as a table shows it."""
    return {
        "when": row["at"],
        "who": row["name"] or row["actor"] or UNNAMED,
        "what": row["what"],
        "before": _told(row["before"]),
        "detail": _told(row["after"]),
    }


def _told(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {'none' if value is None else value}" for name, value in values.items())
