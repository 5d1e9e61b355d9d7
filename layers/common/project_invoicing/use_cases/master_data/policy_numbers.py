"""Reads which numbers in the policy are those of rows that have other numbers by now (D-156)."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.domain.master_data import PARTS, Key, NameKey, Seen, SeenRow
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.policy_names import OldNumber, left, named, old_numbers
from project_invoicing.store.master_data import MasterData


def read_old_numbers(
    master: MasterData, document: SetupDocument, names: Iterable[NameKey] | None = None
) -> list[OldNumber]:
    """The places of ``document`` with an old number, of some ``names`` or of all. A request for a hundred names."""
    wanted = {name for _, name in named(document)} if names is None else set(names)
    seen: dict[Key, Seen | None] = master.read(sorted(wanted))
    rows = master.read(sorted(left(wanted, seen.get)))
    found = [row for row in rows.values() if isinstance(row, SeenRow) and row.number]
    now = master.read({NameKey(PARTS[row.entity], row.company or "", row.number or "") for row in found})
    return old_numbers(document, {**seen, **rows, **now}.get)
