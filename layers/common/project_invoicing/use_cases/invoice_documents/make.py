"""Makes the document of a posted invoice: each file once, under its key, with its hash in the invoice's history.

First it is written what the files are to be, then they are put, then the document is ready, all in the open: a run that
dies anywhere is finished by the next one, with the same bytes. What an earlier version of the templates began and has
put stays; what it has not put is made by the version of now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from project_invoicing.document_bucket import ATTACHMENTS, DocumentBucket, document_folder, outbox_folder
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.document_codes import Channel
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice_document import InvoiceDocument
from project_invoicing.domain.made_document import CONTENT_TYPES, DocumentState, MadeDocument, StoredFile
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events.invoice_documents import DocumentFile, InvoiceDocumentReady
from project_invoicing.ledger_bucket import in_key
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.use_cases.invoice_documents.kept import asked_when_posted
from project_invoicing.use_cases.invoice_documents.read import DocumentStores, posted_document

_PAGE: Final = 100
"""How many invoices of a month are listed by one request."""

Json = dict[str, Any]


class Rendering(Protocol):
    """What makes files. It is in a layer of its own, which only one function has."""

    VERSION: int

    def logo_fault(self, logo: bytes) -> str | None:
        """Why a logo cannot be shown; ``None`` if it can."""

    def files(self, document: InvoiceDocument, logo: bytes | None) -> Mapping[str, bytes]:
        """All files of a document by their names. The same document gives the same bytes."""

    def one(
        self, document: InvoiceDocument, name: str, logo: bytes | None, *, preview: bool = False, copy: bool = False
    ) -> bytes:
        """One of them, with what says that it is a preview or a copy."""


class NoDocument(Rejected):
    """There is nothing of which a document could be made."""

    def __init__(self, company: str, number: str) -> None:
        super().__init__("schema", f"{company} has no posted invoice {number}", id=number)


@dataclass(frozen=True, slots=True)
class Making:
    """Makes documents at a time, for an actor."""

    stores: DocumentStores
    made: MadeDocuments
    bucket: DocumentBucket
    rendering: Rendering
    at: str
    actor: Actor
    sends: bool = False
    """Whether this stack sends mails."""

    def by_itself(self, company: str, number: str) -> MadeDocument | None:
        """As ``make``, for a company that asks for documents; ``None`` for one that does not."""
        if found := self._finished(company, number):
            return found
        return self.make(company, number) if self.asks(company, number) else None

    def asks(self, company: str, number: str) -> bool:
        """Whether the set-up that the invoice was posted with asks for documents in its company."""
        return asked_when_posted(self.stores.proposals.invoices, self.stores.setups, company, number)

    def make(self, company: str, number: str) -> MadeDocument:
        """The document of a posted invoice, made now unless it is there.

        Raises ``NoDocument``, ``Rejected`` where the bucket has a file of its name that is not ours, ``Conflict`` and
        ``Unavailable``.
        """
        if found := self._finished(company, number):
            return found
        document = posted_document(self.stores, company, number)
        if document is None:
            raise NoDocument(company, number)
        logo, left_out = self.logo(document)
        made = self.rendering.files(document, logo)
        begun = self._begun(document, made)
        files = tuple(self._put(document, begun, name, data) for name, data in made.items())
        leaving = document.presentation.delivery
        sent = self._into_outbox(document, files, made) if leaving and leaving.channel is Channel.OUTBOX else ()
        to_mail = self.sends and leaving is not None and leaving.channel is Channel.MAIL
        ready = replace(begun, state=DocumentState.READY, files=files, at=self.at, to_mail=to_mail)
        try:
            self.made.ready(ready, [self._entry(ready, left_out), *sent], self._event(document, ready))
        except Conflict:
            if found := self._finished(company, number):
                return found
            raise
        return ready

    def logo(self, document: InvoiceDocument) -> tuple[bytes | None, str | None]:
        """The company's logo as the set-up had it when the invoice was posted, or why it cannot be shown.

        An invoice goes out without a logo that nothing can draw, as a set-up of that time is never another one; its
        history says so. Raises ``Rejected`` where the stored set-up has another logo than the invoice was posted with.
        """
        version, wanted = document.setup_version, document.presentation.brand.logo
        if wanted is None or version is None:
            return None, None
        company = self.stores.setups.of(version).document.companies.get(document.company)
        brand = company.document.brand if company and company.document else None
        data = brand.logo_bytes if brand else None
        if data is None or hashlib.sha256(data).hexdigest() != wanted:
            told = (
                f"version {version} of the set-up has not the logo that {document.number} was posted with: it changed"
            )
            raise Rejected("files_differ", told, id=document.number)
        fault = self.rendering.logo_fault(data)
        return (None, f"the logo: {fault}") if fault else (data, None)

    def folder(self, document: InvoiceDocument) -> str:
        return document_folder(document.company, document.invoice_date.year, document.number)

    def _finished(self, company: str, number: str) -> MadeDocument | None:
        found = self.made.get(company, number)
        return found if found and found.state is DocumentState.READY else None

    def _begun(self, document: InvoiceDocument, made: Mapping[str, bytes]) -> MadeDocument:
        files = tuple(StoredFile(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in made.items())
        possible = tuple((one.name, one.sha256) for one in files)
        number = document.number
        new = MadeDocument(
            document.company, number, DocumentState.MAKING, files, self.rendering.VERSION, self.at, possible
        )
        before = self.made.get(document.company, number)
        if before is None:
            self.made.begin(new)
            return new
        if before.state is DocumentState.READY or set(possible) <= set(before.possible):
            return before  # a run that was faster has finished it: what it has put stays
        again = replace(new, possible=(*before.possible, *(one for one in possible if one not in before.possible)))
        self.made.begin_again(before, again)
        return again

    def _put(self, document: InvoiceDocument, begun: MadeDocument, name: str, data: bytes) -> StoredFile:
        key = f"{self.folder(document)}{name}"
        there = self.bucket.put_bytes(key, data, CONTENT_TYPES[name])
        if (name, there) not in begun.possible:
            told = f"{key} is in the bucket {self.bucket.bucket} already, with other bytes, which nobody here has made"
            raise Rejected("files_differ", told, id=document.number)
        size = len(data) if there == hashlib.sha256(data).hexdigest() else len(self.bucket.content(key))
        return StoredFile(name, there, size)

    def _into_outbox(
        self, document: InvoiceDocument, files: Sequence[StoredFile], made: Mapping[str, bytes]
    ) -> tuple[HistoryEntry]:
        """Puts the very files that are kept where an access point fetches them, each once."""
        folder, kept = outbox_folder(document.company, document.number), self.folder(document)
        for one in files:
            data = made[one.name]
            if hashlib.sha256(data).hexdigest() != one.sha256:
                data = self.bucket.content(f"{kept}{one.name}")
            key = f"{folder}{one.name}"
            if self.bucket.put_bytes(key, data, CONTENT_TYPES[one.name]) != one.sha256:
                told = f"{key} is in the bucket {self.bucket.bucket} already, and is not the file that is kept"
                raise Rejected("files_differ", told, id=document.number)
        return (HistoryEntry(self.at, self.actor, Done.IN_OUTBOX, {}, {"folder": folder}),)

    def _entry(self, made: MadeDocument, left_out: str | None) -> HistoryEntry:
        after: Json = {"version": made.version, "files": {one.name: one.sha256 for one in made.files}}
        if left_out:
            after["left_out"] = left_out
        return HistoryEntry(self.at, self.actor, Done.DOCUMENT_MADE, {}, after)

    def _event(self, document: InvoiceDocument, made: MadeDocument) -> Any:
        folder, delivery = self.folder(document), document.presentation.delivery
        attached = self.made.attachments(document.company, document.number)
        files = [DocumentFile(key=f"{folder}{one.name}", sha256=one.sha256, bytes=one.bytes) for one in made.files]
        files += [
            DocumentFile(key=f"{folder}{ATTACHMENTS}{in_key(one.name)}", sha256=one.sha256, bytes=one.bytes)
            for one in attached
        ]
        ready = InvoiceDocumentReady(
            company=document.company,
            invoice_number=document.number,
            customer=document.buyer.id,
            document_type=document.document_type,
            language=document.presentation.language,
            channel=delivery.channel if delivery else None,
            address=delivery.address if delivery else None,
            files=tuple(files),
        )
        return ready.on_bus(self.at, f"{document.company}#{document.number}")


@dataclass(frozen=True, slots=True)
class MakingMany:
    """Makes what is missing of a month, as long as there is time."""

    making: Making
    time_left: Callable[[], bool]

    def of_month(self, month: str, company: str | None) -> Json:
        """``made`` and ``failed`` rows, how many were ``there`` or were ``not_asked`` for, and whether it ``finished``.

        Of the company that is named every invoice; else those of the companies that ask for documents.
        """
        made: list[Json] = []
        failed: list[Json] = []
        counts = {"there": 0, "not_asked": 0}
        for one, number in self._posted(month, company):
            if not self.time_left():
                return {"made": made, "failed": failed, **counts, "finished": False}
            try:
                before = self.making.made.get(one, number)
                if before and before.state is DocumentState.READY:
                    counts["there"] += 1
                elif found := self.making.make(one, number) if company else self.making.by_itself(one, number):
                    made.append(document_row(found))
                else:
                    counts["not_asked"] += 1
            except (Rejected, Conflict, Unavailable) as error:
                failed.append({"company": one, "invoice_number": number, "detail": str(error)})
        return {"made": made, "failed": failed, **counts, "finished": True}

    def _posted(self, month: str, company: str | None) -> Iterator[tuple[str, str]]:
        companies = [company] if company else list(self.making.stores.setups.current.document.companies)
        for one in companies:
            yield from ((one, number) for number in posted_in(self.making.stores, one, month))


def posted_in(stores: DocumentStores, company: str, month: str) -> Iterator[str]:
    """The numbers of a company's invoices whose date is in a month, such as ``2026-09``."""
    before: str | None = None
    while before != "":
        found = stores.proposals.invoices.listed(company, _PAGE, since=f"{month}-01", before=before)
        yield from (number for number, day in found.documents if day.startswith(month))
        before = found.before


def document_row(made: MadeDocument) -> Json:
    """What was made, for people."""
    return {
        "company": made.company,
        "invoice_number": made.invoice_number,
        "state": made.state,
        "version": made.version,
        "at": made.at,
        "files": [{"name": one.name, "sha256": one.sha256, "bytes": one.bytes} for one in made.files],
    }
