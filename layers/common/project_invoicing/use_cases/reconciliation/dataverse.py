"""Compares everything in Dataverse with what was received. No age limit: every row, read page by page.

The comparisons are in ``rules.reconciliation``; suspects are read again here, five hundred rows at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.api import DataverseApi, FoundRow
from project_invoicing.dataverse.compared import ComparedColumns
from project_invoicing.dataverse.found_rows import STATUS, columns_of, inbound_maps, row_event_of
from project_invoicing.dataverse.mapping import (
    document_columns,
    document_write_back,
    invoice_write_back,
    payment_write_back,
    reads_fees,
    to_actual,
    to_connection,
    to_proforma,
)
from project_invoicing.domain.actual import Connection
from project_invoicing.domain.codes import ProposalStatus, WriteBackState
from project_invoicing.domain.compared_rows import ProformaThere
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Check, Difference
from project_invoicing.domain.tables import ACTUAL, CONNECTION, PROFORMA
from project_invoicing.errors import Rejected
from project_invoicing.rules.reconciliation import proformas, received
from project_invoicing.rules.reconciliation.findings import Finding, id_text
from project_invoicing.rules.reconciliation.proformas import Proformas
from project_invoicing.rules.reconciliation.received import ReceivedActuals
from project_invoicing.rules.write_back import row_of_invoice, row_of_payments
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.store import whole_tables
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.master_data import MasterAgainstDataverse
from project_invoicing.use_cases.reconciliation.watch import Watch

CHUNK: Final = 500
"""How many rows are read again at a time."""


@dataclass(slots=True)
class AgainstDataverse:
    """The checks of ``domain.reconciliation.AGAINST_DATAVERSE``. ``books`` were read before."""

    api: DataverseApi
    books: Books
    checks: Mapping[str, Check]
    watch: Watch
    at: str
    _columns: ComparedColumns = field(default_factory=ComparedColumns)
    _kept: dict[str, set[str]] = field(default_factory=dict)
    _received: ReceivedActuals = field(init=False)
    _proformas: Proformas = field(init=False)

    def __post_init__(self) -> None:
        self._received = ReceivedActuals(self.books.rows, self.books.rejected)
        self._proformas = Proformas(self.books.setup, self.books.rows, self._received)

    def read(self) -> None:
        """Reads Dataverse and makes the checks. Raises ``OutOfTime``, and whatever the port raises."""
        MasterAgainstDataverse(self.api, self.books, self.checks, self.watch, self.at).read()
        for found in self._every(ACTUAL, "actuals", self._columns.of_actuals):
            self._looked_at(found, self._actual)
        for chunk in chunks(self._received.missing, CHUNK):
            self._confirm_missing(chunk)
        for chunk in chunks(self._received.newer, CHUNK):
            self._confirm_newer(chunk)
        for chunk in chunks(self._received.written_otherwise, CHUNK):
            self._confirm_written(chunk)
        for chunk in chunks(map(id_text, self._received.unseen), CHUNK):
            self._confirm_gone(chunk)
        for found in self._every(CONNECTION, "connections", columns_of(CONNECTION)):
            self._looked_at(found, self._connection)
        for found in self._every(PROFORMA, "invoices", self._columns.of_invoices):
            self._looked_at(found, self._invoice)

    def _every(self, entity: str, name: str, columns: Iterable[str]) -> Iterable[FoundRow]:
        return self.watch.over(f"{name} of Dataverse", self.api.every(entity, [*columns]))

    def _looked_at(self, found: FoundRow, look: Callable[[FoundRow], None]) -> None:
        """Looks at a row of Dataverse. One that cannot be compared is a difference and does not stop the others."""
        made = guarded(found.entity, found.id, look, found)
        if isinstance(made, Defect):
            detail = f"cannot be compared ({made.name})"
            self.checks["not_received"].differs(Difference(found.entity, found.id, detail))

    def _report(self, found: Iterable[Finding]) -> None:
        for check, difference in found:
            self.checks[check].differs(difference)

    def _waits_for_map(self, entity: str, id: str) -> bool:
        """Whether it has arrived and is kept until its table map is resumed. Kept events are read at the first miss."""
        if entity not in self._kept:
            name = inbound_maps()[entity].name
            self._kept[entity] = {str(event.detail["id"]) for _, event in self.books.stores.maps.kept(name)}
        waits = id in self._kept[entity]
        if waits:
            self.checks["not_received"].count(f"rows of {entity} that wait for a paused table map")
        return waits

    # Actuals

    def _actual(self, found: FoundRow) -> None:
        there = self._columns.actual(found)
        self._received.add(there, self.checks["not_received"], lambda: self._waits_for_map(ACTUAL, there.id))

    def _confirm_missing(self, ids: list[str]) -> None:
        """Reports those that have not arrived meanwhile, with their amounts."""
        self._kept.pop(ACTUAL, None)
        staging = self.books.stores.staging
        left = [id for id in ids if not self._waits_for_map(ACTUAL, id)]
        arrived = staging.readable(left)
        left = [id for id in left if id not in arrived and not any(staging.rejections(ACTUAL, id))]
        for found in self.api.rows(ACTUAL, left, columns_of(ACTUAL)):
            self._report([received.never_received(self._columns.actual(found), self.books.setup)])

    def _confirm_newer(self, ids: list[str]) -> None:
        """Reports those whose value differs in a column that is read."""
        staging, check = self.books.stores.staging, "differs_from_dataverse"
        stored = staging.readable(ids)
        for found in self.api.rows(ACTUAL, ids, columns_of(ACTUAL)):
            try:
                now = to_actual(row_event_of(found, self.at))
            except Rejected as rejected:
                if not any(staging.rejections(ACTUAL, found.id)):
                    detail = f"would be rejected: {rejected.detail}"
                    self._report([received.would_be_rejected(check, ACTUAL, found.id, detail)])
                continue
            there, row = self._columns.actual(found), stored.get(found.id)
            if row and not reads_fees():
                now = replace(now, fee=row.actual.fee)  # the fee of a posted sale stays
            new = list(received.says_something_new(row, there, now, self.books.setup))
            self._report(new)
            if not new:
                self.checks[check].count("newer versions that say the same")

    def _confirm_written(self, ids: list[str]) -> None:
        stored = self.books.stores.staging.readable(ids)
        from project_invoicing.use_cases.write_back.fees import told_with_fees  # noqa: PLC0415  few differ

        told = told_with_fees(self.books.stores.staging, ids)
        for found in self.api.rows(ACTUAL, ids, self._columns.written_back):
            if row := stored.get(found.id):
                if (whole := told.get(row.id)) and whole.values:
                    row = replace(row, **whole.values)
                there = self._columns.written(found.row)
                self._report(received.written_differs(row, there, self.books.setup))

    def _confirm_gone(self, ids: list[str]) -> None:
        """Reports staged actuals that Dataverse does not list, once it has been asked again by their ids."""
        there = {found.id for found in self.api.rows(ACTUAL, ids, [self._columns.amount])}
        rows = self.books.stores.staging.readable(id for id in ids if id not in there).values()
        self._report(received.not_in_dataverse(rows, self.books.setup))

    # Connections and proformas

    def _connection(self, found: FoundRow) -> None:
        check = self.checks["not_received"]
        try:
            connection = to_connection(row_event_of(found, self.at))
        except Rejected as rejected:
            if (CONNECTION, found.id) in self.books.rejected:
                check.count("connections rejected")
            else:
                detail = f"would be rejected: {rejected.detail}"
                self._report([received.would_be_rejected("not_received", CONNECTION, found.id, detail)])
            return
        if connection is None:
            return
        check.count("connections of Dataverse")
        if received.is_linked(connection, self.books.rows.links):
            check.count("connections known")
        elif not self._waits_for_map(CONNECTION, found.id) and not self._linked_by_now(connection):
            self._report([received.not_linked(connection)])

    def _linked_by_now(self, connection: Connection) -> bool:
        """Whether it is linked now, or superseded by a newer connection of the same role."""
        return whole_tables.has_link(self.books.stores.staging, connection)

    def _invoice(self, found: FoundRow) -> None:
        there = self._columns.proforma_of(found)
        if there.is_out or there.is_canceled:
            self._proforma(there)

    def _proforma(self, there: ProformaThere) -> None:
        check = self.checks["not_received"]
        header = self.books.headers.proposals.get(there.id) or self.books.stores.proposals.get(there.id)
        if self._proformas.is_none_of_ours(there, header, check):
            return
        if header is None:
            if (PROFORMA, there.id) in self.books.rejected:
                check.count("proformas rejected")
            elif not self._waits_for_map(PROFORMA, there.id):
                self._report([self._proformas.never_received(there)])
            return
        check.count("proformas known")
        self._newer_header(there, header)
        self.checks["proformas"].count("proformas compared")
        self._report(self._proformas.totals(there, header))
        invoice = self.books.headers.invoices.get(there.id)
        if invoice and invoice.posted:
            self._written_of_invoice(there, invoice)
            if document_columns():
                self._told_of_document(there, invoice)

    def _newer_header(self, there: ProformaThere, header: Proposal) -> None:
        """A waiting header still follows Dataverse; a complete one keeps the values its lines were built from."""
        waiting = header.status is ProposalStatus.WAITING
        other = list(proformas.canceled_or_not(there, header))
        if not (waiting or other) or not proformas.is_newer(there, header) or self._waits_for_map(PROFORMA, there.id):
            return
        if not waiting:
            self._report(other)
            return
        for found in self.api.rows(PROFORMA, [there.id], columns_of(PROFORMA)):
            try:
                now = to_proforma(row_event_of(found, self.at))
            except Rejected as rejected:
                if (PROFORMA, there.id) not in self.books.rejected:
                    check, detail = "differs_from_dataverse", f"{header.number} would be rejected: {rejected.detail}"
                    self._report([received.would_be_rejected(check, PROFORMA, there.id, detail, header.company)])
                return
            self._report(proformas.header_says_something_new(header, now))

    def _written_of_invoice(self, there: ProformaThere, invoice: Invoice) -> None:
        told = self.books.stores.told_of(invoice.company, invoice.invoice_number)
        own, paid = told.invoice, told.payments
        if own is None or own.own is not WriteBackState.DONE:
            state, answer = (own.own, own.own_detail) if own else (WriteBackState.PENDING, None)
            self._report([proformas.invoice_not_written(invoice, state, answer)])
            return
        ours = invoice_write_back(**row_of_invoice(invoice))
        if told.receivable:
            self.checks["write_back_differs"].count("invoices with payments")
            if paid is None or paid.own is not WriteBackState.DONE or paid.told != told.receivable.changes:
                failed = paid is not None and paid.own is WriteBackState.FAILED
                state = WriteBackState.FAILED if failed else WriteBackState.PENDING
                answer = paid.own_detail if paid and failed else None
                self._report([proformas.payments_not_written(invoice, state, answer)])
                return
            ours |= payment_write_back(**row_of_payments(invoice, told.receivable))
        elif there.is_paid:  # a person has said so there, and nobody has told us of a payment
            ours = {name: value for name, value in ours.items() if name != STATUS}
        self._report(proformas.invoice_written_differs(invoice, ours, there.columns))

    def _told_of_document(self, there: ProformaThere, invoice: Invoice) -> None:
        """Whether Dataverse has taken how far the document has come, and has it still."""
        records = self.books.stores.document_records()
        standing = records.standing(invoice.company, invoice.invoice_number)
        if standing is None:
            return
        told = records.told.get(invoice.company, invoice.invoice_number)
        if told is None or told.is_due(standing):
            self._report([proformas.document_not_told(invoice, told)])
            return
        try:
            ours = document_write_back(document_link=str(told.link), document_state=standing)
        except Rejected as rejected:
            self._report([proformas.document_not_told(invoice, replace(told, detail=rejected.detail))])
            return
        self._report(proformas.invoice_written_differs(invoice, ours, there.columns))
