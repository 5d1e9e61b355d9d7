"""Tells Dataverse of the document of a posted invoice: where it is, and how far it has come (WB-14).

What is told changes while mails go out and are read, and messages about it come late, twice and in any order. So each
of them has the same effect: what is true now is told, unless Dataverse has it. A patch names the version of the row
that was read before: whoever has read earlier, and knows less, is refused, and reads again (D-223).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from project_invoicing.dataverse.api import Answer, DataverseApi, Patch, Throttled
from project_invoicing.dataverse.mapping import document_columns, document_write_back
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.document_bucket import document_folder
from project_invoicing.domain.codes import DocumentStanding, WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.made_document import PDF
from project_invoicing.domain.told_document import ToldDocument
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.rules.write_back import standing_of_document
from project_invoicing.use_cases.write_back.records import DocumentRecords

CHANGED: Final = 412
"""The row is not as it was read."""
_ABSENT: Final = Answer(404, None, "the row does not exist")
_THERE: Final = Answer(204)
_ATTEMPTS: Final = 5
_RETRY_SECONDS: Final = 60
_DETAIL: Final = 200


def link_of(invoice: Invoice, workspace: str) -> str:
    """Where people find a document: its page at the address of the workspace, or without one the key of its PDF."""
    if workspace:
        named = urlencode({"company": invoice.company, "number": invoice.invoice_number})
        return f"{workspace.rstrip('/')}/invoice?{named}#document"
    folder = document_folder(invoice.company, invoice.invoice_date.year, invoice.invoice_number)
    return f"{folder}{PDF}"


@dataclass(frozen=True, slots=True)
class DocumentTelling:
    """``dataverse`` is ``None`` where it may not be written to now: none is connected, or the map is at rest.

    ``workspace`` is its address, empty where it has none of its own.
    """

    records: DocumentRecords
    workspace: str
    dataverse: DataverseApi | None

    def tell(self, invoice: Invoice, at: str, until: str) -> WriteBackState | None:
        """Tells what is true ``at`` this time; where that is not possible, the schedule tries again after ``until``.

        Returns what became of it, ``None`` where nothing was told. Raises ``Throttled``, ``Unavailable`` and
        ``AccessDenied``.
        """
        company, number = invoice.company, invoice.invoice_number
        standing = self.records.standing(company, number)
        if standing is None:
            return None  # whoever makes it ready tells of it
        link = link_of(invoice, self.workspace)
        begun = self.records.told.begin(company, number, until, link, standing)
        if self.dataverse is None:
            return None
        try:
            answer, standing = self._told(self.dataverse, invoice, link)
        except Rejected as refused:  # Dataverse has no such column, or the map no such code
            return self._failed(begun, at, refused.detail)
        if answer.unanswered:
            raise Throttled(answer.retry_after or _RETRY_SECONDS)
        if not answer.ok:
            return self._failed(begun, at, str(answer))
        self.records.told.end(begun, WriteBackState.DONE, standing=standing)
        return WriteBackState.DONE

    def _told(self, dataverse: DataverseApi, invoice: Invoice, link: str) -> tuple[Answer, DocumentStanding]:
        columns = [column.column for column in document_columns()]
        for _ in range(_ATTEMPTS):
            rows = dataverse.rows(PROFORMA, [invoice.proforma_id], columns)
            # Only now, after the version of the row: whoever patches it later has read this later, too.
            standing = standing_of_document(self.records.mailed.get(invoice.company, invoice.invoice_number))
            if not rows:
                return _ABSENT, standing
            (found,) = rows
            values = document_write_back(document_link=link, document_state=standing)
            if all(found.row.get(name) == value for name, value in values.items()):
                return _THERE, standing
            version = "*" if found.version is None else f'W/"{found.version}"'
            (answer,) = dataverse.patch([Patch(PROFORMA, invoice.proforma_id, values, version)])
            if answer.status != CHANGED:
                return answer, standing
        raise Unavailable(f"invoice {invoice.proforma_id} is changed by others all the time")

    def _failed(self, begun: ToldDocument, at: str, detail: str) -> WriteBackState:
        self.records.told.end(begun, WriteBackState.FAILED, refused=(at, detail[:_DETAIL]))
        return WriteBackState.FAILED
