"""Repairs what a reconciliation found. Each repair only requests again something that is safe to repeat (D-033).

* fetch again: the row is read from Dataverse by its id and put on the bus like any change of it; of a row of master
  data that is not there any more, its deletion is;
* import again: an event asks the import for one actual or one proposal;
* write back again: an event asks the write-back for a document's refused rows, or for all of them where Dataverse has
  other values than those it took.

That somebody asked for it is in the history of the row before anything is asked for: what follows happens on the bus,
where no transaction reaches (D-133).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import DataverseApi, FoundRow
from project_invoicing.dataverse.found_rows import columns_of, event_of
from project_invoicing.dataverse.mapping import document_columns
from project_invoicing.dataverse.maps import ACTUAL, CONNECTION, MASTER_TABLES, PROFORMA, table_maps
from project_invoicing.domain.actor import Actor, person
from project_invoicing.domain.codes import ProposalStatus, StagingState, WriteBackState
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.master_data import RowKey, SeenRow
from project_invoicing.domain.reconciliation import Difference, Repair
from project_invoicing.domain.states import MapState
from project_invoicing.domain.text import guid
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.events.own import ImportRequested, Retry, WriteBackRequested
from project_invoicing.store.transactions import MAX_WRITES, transact_what_holds
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.reconciliation.dataverse import CHUNK

Repaired = dict[str, str]

_ORDER: Final = (*MASTER_TABLES, ACTUAL, CONNECTION, PROFORMA)


@dataclass(slots=True)
class Repairs:
    """The repairs of one request. ``publish`` puts events on the bus and returns the positions of those that failed."""

    stores: Stores
    api: DataverseApi | None
    publish: Callable[[Sequence[BusEvent]], list[int]]
    at: str
    who: Actor = field(default_factory=lambda: person(None))
    _found: dict[tuple[str, str], str] = field(default_factory=dict)
    _done: dict[tuple[str, ...], Repaired] = field(default_factory=dict)
    _asked: dict[str, str] = field(default_factory=dict)
    _states: Mapping[str, MapStatus] | None = None

    def everything(self, found: Iterable[Difference]) -> list[Repaired]:
        """Makes all possible repairs: ``[{"entity", "id", "repair", "outcome"}]``, one entry per id and repair."""
        listed = [one for one in found if one.repair]
        self._found |= {(one.entity, one.id): one.detail for one in listed}
        wanted = list(dict.fromkeys((one.repair, one.entity, one.id) for one in listed if one.repair))
        for entity in _ORDER:
            self._fetch(entity, [id for repair, of, id in wanted if (repair, of) == (Repair.FETCH, entity)])
        proformas = [id for repair, of, id in wanted if (repair, of) == (Repair.FETCH, PROFORMA)]
        for id in proformas:
            self._fetch_billed(id)
        for repair, entity, id in wanted:
            if repair is Repair.IMPORT:
                self._import(entity, id, self._scope(entity, id))
            elif repair is Repair.WRITE_BACK:
                self._write_back(entity, id)
        return list(self._done.values())

    def one(self, asked: str) -> list[Repaired]:
        """Repairs one actual, connection or proforma, trying all three. Raises ``Rejected``."""
        id = guid(asked)
        if id is None:
            detail = f"{asked} is no GUID: name an actual, a connection, a proforma or master data, or all"
            raise Rejected("schema", detail, field="id")
        for entity in _ORDER:
            if entity not in MASTER_TABLES or self._running(entity):
                self._fetch(entity, [id], quiet=True)
        row = self.stores.staging.rows([id]).get(id)
        if row and row.state is StagingState.PENDING:
            self._import(ACTUAL, id, {"actual_id": id})
        elif row and row.accounting_amount is not None:
            self._write_back(ACTUAL, id)
        header = self.stores.proposals.get(id)
        if header:
            self._fetch_billed(id)
            unmarked = header.status is ProposalStatus.POSTED and not header.marked
            if (header.status is ProposalStatus.WAITING or unmarked) and header.company:
                self._import(PROFORMA, id, self._scope(PROFORMA, id))
            if header.status is ProposalStatus.POSTED:
                self._write_back(PROFORMA, id)
        return list(self._done.values())

    # Fetch again

    def _fetch(self, entity: str, ids: Sequence[str], *, quiet: bool = False) -> None:
        """Fetches the rows again. ``quiet``: it means nothing if Dataverse has no such row in this table."""
        if self.api is None:
            for id in () if quiet and entity != ACTUAL else ids:
                self._did(entity, id, Repair.FETCH, "not possible: no Dataverse is connected")
            return
        for chunk in chunks(ids, CHUNK):
            found = self.api.rows(entity, chunk, columns_of(entity))
            self._send(entity, found)
            absent = [id for id in chunk if id not in {one.id for one in found}]
            deleted = self._known(entity, absent)
            self._send_deletions(entity, deleted)
            for id in () if quiet else [id for id in absent if id not in deleted]:
                self._did(entity, id, Repair.FETCH, "Dataverse does not have it")

    def _running(self, entity: str) -> bool:
        """Whether a map of master data runs: a stopped one would only ignore what is fetched."""
        if self._states is None:
            self._states = self.stores.maps.all()
        return self._states[MASTER_TABLES[entity]].state is not MapState.STOPPED

    def _known(self, entity: str, ids: Sequence[str]) -> set[str]:
        """Which of these rows of master data are here, and not deleted yet."""
        if entity not in MASTER_TABLES or not ids:
            return set()
        seen = self.stores.master.read([RowKey(entity, id) for id in ids]).values()
        return {row.id for row in seen if isinstance(row, SeenRow) and not row.deleted}

    def _send_deletions(self, entity: str, ids: Iterable[str]) -> None:
        for id in ids:
            self._note(Repair.FETCH, [(entity, id)])
            event = event_of(FoundRow(entity, id, None, None, {}), self.at, "Delete")
            outcome = "the bus did not take it; try again" if self.publish([event]) else "its deletion is on the bus"
            self._did(entity, id, Repair.FETCH, outcome)

    def _fetch_billed(self, proforma_id: str) -> None:
        if self.api is not None:
            billed = self.api.matching(ACTUAL, columns_of(ACTUAL), _proforma_column(), proforma_id)
            self._send(ACTUAL, list(billed))

    def _send(self, entity: str, found: Sequence[FoundRow]) -> None:
        self._note(Repair.FETCH, [(one.entity, one.id) for one in found])
        failed = set(self.publish([event_of(one, self.at) for one in found])) if found else set()
        for position, one in enumerate(found):
            outcome = (
                "the bus did not take it; try again" if position in failed else f"version {one.version} is on the bus"
            )
            self._did(entity, one.id, Repair.FETCH, outcome)

    # Import again

    def _scope(self, entity: str, id: str) -> dict[str, str]:
        header = self.stores.proposals.get(id) if entity == PROFORMA else None
        return {"proposal_id": header.number, "company": str(header.company)} if header else {"actual_id": id}

    def _import(self, entity: str, id: str, scope: Mapping[str, str]) -> None:
        event = ImportRequested(**scope).on_bus(self.at, f"{id}#{self.at}")
        self._note(Repair.IMPORT, [(entity, id)])
        failed = self.publish([event])
        self._did(entity, id, Repair.IMPORT, "the bus did not take it; try again" if failed else "the import was asked")

    # Write back again

    def _write_back(self, entity: str, id: str) -> None:
        document = self._document(entity, id)
        if document is None:
            outcome = "not possible: it is on no posted document"
        elif self.api is None:
            outcome = "not possible: no Dataverse is connected"
        else:
            self._note(Repair.WRITE_BACK, [(entity, id)])
            key = "#".join(str(value) for value in document.as_detail().values())
            if key not in self._asked:  # its other rows are tried with it
                who = self.who
                signed = replace(document, actor=who.id or None, actor_name=who.name or None, how=str(who.how))
                asked = WriteBackRequested(retry=signed)
                event = asked.on_bus(self.at, f"{key}#{self.at}")
                refused = self.publish([event])
                self._asked[key] = (
                    "the bus did not take it; try again" if refused else "the write-back was asked for its document"
                )
            outcome = self._asked[key]
        self._did(entity, id, Repair.WRITE_BACK, outcome)

    def _document(self, entity: str, id: str) -> Retry | None:
        """The document that the row is on; ``everything`` on it where Dataverse no longer has what it took."""
        if entity == ACTUAL:
            row = self.stores.staging.rows([id]).get(id)
            if row is None or row.company is None:
                return None
            taken: bool | None = row.write_back is WriteBackState.DONE
            if row.journal_id:
                return Retry(company=row.company, journal_id=row.journal_id, everything=bool(taken))
            header = self.stores.proposal_numbered(row.company, row.proposal_id or "")
        else:
            header, taken = self.stores.proposals.get(id), None
        if header is None or header.company is None or header.invoice_number is None:
            return None
        if taken is None:
            told = self.stores.told_of(header.company, header.invoice_number)
            paid = told.payments is None or told.payments.own is not WriteBackState.FAILED
            taken = paid and told.invoice is not None and told.invoice.own is WriteBackState.DONE
            if taken and document_columns() and self._document_is_due(header.company, header.invoice_number):
                taken = False  # the rows were taken, and only of the document Dataverse has to be told
        return Retry(company=header.company, invoice_number=header.invoice_number, everything=taken)

    def _document_is_due(self, company: str, number: str) -> bool:
        return self.stores.document_records().is_due(company, number)

    def _note(self, repair: Repair, rows: Iterable[tuple[str, str]]) -> None:
        """Keeps who asked for it with each row. Given again, it is kept once."""
        staging = self.stores.staging
        for some in chunks(rows, MAX_WRITES):
            transact_what_holds(staging.client, [staging.noted(*row, self._entry(repair, row)) for row in some])

    def _entry(self, repair: Repair, row: tuple[str, str]) -> HistoryEntry:
        found = self._found.get(row)
        before = {"difference": found} if found else {}
        return HistoryEntry(self.at, self.who, Done.REPAIRED, before, {"repair": repair.replace("_", " ")})

    def _did(self, entity: str, id: str, repair: Repair, outcome: str) -> None:
        row = {"entity": entity, "id": id, "repair": str(repair), "outcome": outcome}
        self._done[(entity, id, repair)] = row


def _proforma_column() -> str:
    return next(column.column for column in table_maps()["actuals"].columns if column.field == "invoice")
