"""Compares the master data in Dataverse with the rows that were received, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import AccessDenied, DataverseApi, FoundRow
from project_invoicing.dataverse.found_rows import columns_of, inbound_maps, row_event_of
from project_invoicing.dataverse.maps import MASTER_TABLES
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.reading import is_chosen
from project_invoicing.dataverse.table_map import TableMap
from project_invoicing.domain.codes import TableMapName
from project_invoicing.domain.master_data import RowKey
from project_invoicing.domain.master_row import changed_columns
from project_invoicing.domain.reconciliation import Check, Difference, Repair
from project_invoicing.domain.states import MapState
from project_invoicing.errors import Rejected
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.watch import Watch

CHUNK: Final = 500
"""How many rows are read again at a time."""


@dataclass(slots=True)
class MasterAgainstDataverse:
    """The rows of the table maps that are not stopped. ``books`` were read before."""

    api: DataverseApi
    books: Books
    checks: Mapping[str, Check]
    watch: Watch
    at: str

    def read(self) -> None:
        """Reads each table. Raises ``OutOfTime``, and whatever the port raises."""
        states = self.books.stores.maps.all()
        for entity, name in MASTER_TABLES.items():
            if states[name].state is MapState.STOPPED:
                self.checks["not_received"].count("stopped maps of master data, which are not compared")
                continue
            try:
                self._table(inbound_maps()[entity], TableMapName(name))
            except (AccessDenied, Rejected) as refused:  # one table that cannot be read is no reason to read no other
                detail = f"cannot be read: {refused}; see invoicing check dataverse, or stop the map"
                self.checks["not_received"].differs(Difference(entity, name, detail))

    def _table(self, table_map: TableMap, name: TableMapName) -> None:
        entity, ours = table_map.entity, self.books.master.rows
        asked = [table_map.only.column] if table_map.only else []
        missing, other, seen = [], [], set()
        kept = {str(event.detail["id"]) for _, event in self.books.stores.maps.kept(name)}
        for found in self.watch.over(f"{name} of Dataverse", self.api.every(entity, [f"{entity}id", *asked])):
            seen.add(found.id)
            row = ours.get(RowKey(entity, found.id))
            if not is_chosen(table_map, found.row) or found.id in kept:
                continue
            if row is None:
                missing.append(found.id)
            elif row.deleted or row.version.number is None or (found.version or 0) > row.version.number:
                other.append(found.id)
        gone = [key.id for key, row in ours.items() if key.entity == entity and not row.deleted and key.id not in seen]
        for chunk in chunks(missing, CHUNK):
            self._missing(entity, chunk)
        for chunk in chunks(other, CHUNK):
            self._other(entity, chunk)
        for chunk in chunks(gone, CHUNK):
            self._gone(entity, [id for id in chunk if id not in kept])

    def _missing(self, entity: str, ids: Iterable[str]) -> None:
        """Reports those that have not arrived meanwhile."""
        stores = self.books.stores
        arrived = stores.master.read([RowKey(entity, id) for id in ids])
        for key, row in arrived.items():
            if row is not None or not isinstance(key, RowKey):
                continue
            if (entity, key.id) in self.books.rejected or any(stores.staging.rejections(entity, key.id)):
                self.checks["not_received"].count("rows of master data rejected")
                continue
            detail = "master data that was never received"
            self.checks["not_received"].differs(Difference(entity, key.id, detail, repair=Repair.FETCH))

    def _other(self, entity: str, ids: list[str]) -> None:
        """Reports those whose values differ in a column that is read."""
        for found in self.api.rows(entity, ids, columns_of(entity)):
            made = guarded(entity, found.id, self._compare, found)
            if isinstance(made, Defect):
                detail = f"cannot be compared ({made.name})"
                self.checks["differs_from_dataverse"].differs(Difference(entity, found.id, detail))

    def _compare(self, found: FoundRow) -> None:
        check = self.checks["differs_from_dataverse"]
        try:
            arrived = to_master_row(row_event_of(found, self.at))
        except Rejected as rejected:
            if (found.entity, found.id) not in self.books.rejected:
                check.differs(Difference(found.entity, found.id, f"would be rejected: {rejected.detail}"))
            return
        if arrived is None:
            return
        before, _ = self.books.stores.master.stored(RowKey(found.entity, found.id))
        columns = changed_columns(before, before.with_arrived(arrived))
        if not columns:
            check.count("newer versions of master data that say the same")
            return
        named = ", ".join(name.replace("_", " ") for name in columns)
        name = before.placed.number or ""
        detail = f"{name + ': ' if name else ''}Dataverse has another {named}"
        check.differs(Difference(found.entity, found.id, detail, before.placed.company, repair=Repair.FETCH))

    def _gone(self, entity: str, ids: list[str]) -> None:
        """Reports rows that Dataverse does not list, once it has been asked again by their ids."""
        there = {found.id for found in self.api.rows(entity, ids, [f"{entity}id"])}
        for key, row in self.books.stores.master.read([RowKey(entity, id) for id in ids if id not in there]).items():
            known = self.books.master.rows.get(key) if isinstance(key, RowKey) else None
            if row is None or known is None or getattr(row, "deleted", False):
                continue
            name = f"{known.number}: " if known.number else ""
            detail = f"{name}master data that Dataverse does not have"
            self.checks["not_in_dataverse"].differs(
                Difference(entity, known.id, detail, known.company, repair=Repair.FETCH)
            )
