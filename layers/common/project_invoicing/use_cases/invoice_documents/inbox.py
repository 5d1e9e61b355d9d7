"""What reaches us about documents of invoices: events that one is posted, and requests of people."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from project_invoicing.document_bucket import ATTACHMENTS
from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.attachments import why_not
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice_document import InvoiceDocument
from project_invoicing.domain.made_document import HTML, PDF, XML, Attachment, DocumentState
from project_invoicing.domain.refusals import Refused, refused_answer
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.own import InvoicePosted
from project_invoicing.ledger_bucket import in_key
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.invoice_documents.make import Making, MakingMany, NoDocument, document_row
from project_invoicing.use_cases.invoice_documents.read import draft_document, posted_document
from project_invoicing.use_cases.requests.invoice_documents import (
    AttachFile,
    MakeDocument,
    MakeDocuments,
    PreviewDocument,
    ShowDocument,
)

NAMES: Final = {"pdf": PDF, "html": HTML, "xml": XML}
MOST_ATTACHED: Final = 4 * 1024 * 1024
MOST_ANSWERED: Final = 4_000_000
"""Bytes of a file in an answer: Lambda takes six megabytes of it, in base64. What follows is asked for by offset."""
LATE: Final = "the document was ready before: its event names other files; a mail that is sent from now on has this one"
_LONGEST_IN_KEY: Final = 450
"""Percent-encoded: S3 has keys of 1,024 bytes, and the invoice's number takes its part of one."""
_FILE_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\]{1,150}")

Json = dict[str, Any]


@dataclass(slots=True)
class DocumentInbox:
    """What a message or a request about documents does. ``making`` makes them at a time for an actor."""

    making: Callable[[str, Actor], Making]
    mailed: MailedDocuments
    time_left: Callable[[], bool]

    def message(self, event: Mapping[str, Any]) -> Json:
        """An invoice was posted. Raises what is to be tried again."""
        posted = InvoicePosted.of(event)
        made = self.making(str(event["time"]), BY_EVENT).by_itself(posted.company, posted.invoice_number)
        return {"outcome": "made", **document_row(made)} if made else {"outcome": "not asked for"}

    def request(self, detail: Mapping[str, Any], at: str) -> Json:
        """What a call by hand does. Refusals are in the answer."""
        try:
            return self._request(detail, at)
        except (Rejected, Refused) as refused:
            return refused_answer(detail, refused.reason, refused.detail)

    def _request(self, detail: Mapping[str, Any], at: str) -> Json:
        if "make" in detail:
            make = MakeDocument.of(detail["make"])
            made = self._for(make, at).make(make.company, make.invoice_number)
            return {"outcome": "made", **document_row(made)} | make.signed
        if "make_all" in detail:
            every = MakeDocuments.of(detail["make_all"])
            making = self._for(every, at)
            if every.company is not None and every.company not in making.stores.setups.current.document.companies:
                raise Rejected("schema", f"there is no company {every.company}", field="company")
            return {"outcome": "made", **MakingMany(making, self.time_left).of_month(every.month, every.company)}
        if "preview" in detail:
            return self._preview(PreviewDocument.of(detail["preview"]), at)
        if "attach" in detail:
            return self._attach(AttachFile.of(detail["attach"]), at)
        return self._show(ShowDocument.of(detail.get("show")), at)

    def _for(self, asked: Any, at: str) -> Making:
        return self.making(at, asked.who)

    def _show(self, asked: ShowDocument, at: str) -> Json:
        making, name = self._for(asked, at), NAMES[asked.format or "pdf"]
        document = posted_document(making.stores, asked.company, asked.invoice_number)
        if document is None:
            raise NoDocument(asked.company, asked.invoice_number)
        kept = making.made.get(asked.company, asked.invoice_number)
        other = asked.language not in (None, document.presentation.language)
        about: Json = {"company": asked.company, "invoice_number": asked.invoice_number, "name": name}
        if mail := self.mailed.get(asked.company, asked.invoice_number):
            about["mail"] = {
                "state": mail.called,
                "attempt": mail.attempt,
                "address": mail.address,
                "asked_at": mail.at,
            }
        if kept and kept.state is DocumentState.READY and not other:
            stored = kept.file(name)
            if stored is None:
                raise Rejected(
                    "schema", f"the document of {asked.invoice_number} has no {name}: no e-invoice is asked for"
                )
            attached = making.made.attachments(asked.company, asked.invoice_number)
            more = {
                "copy": False,
                "key": f"{making.folder(document)}{name}",
                "sha256": stored.sha256,
                "attachments": [one.name for one in attached],
            }
            try:
                data = making.bucket.content(str(more["key"]))
            except FileNotFoundError:
                raise Rejected("files_differ", f"{more['key']} is in the bucket no more") from None
            if hashlib.sha256(data).hexdigest() != stored.sha256:
                raise Rejected("files_differ", f"{more['key']} is not what was made: its sha256 differs")
            return {"outcome": "shown", **about, **more, **_part(data, asked.offset)} | asked.signed
        if kept is None and not other:
            told = f"there is no document of {asked.invoice_number} yet; make it: invoicing document make"
            raise Rejected("schema", f"{told} {asked.invoice_number}")
        _must_have(document, name)
        document = _in_language(document, asked.language)
        logo, _ = making.logo(document)
        data = making.rendering.one(document, name, logo, copy=True)
        return {"outcome": "shown", **about, "copy": True, **_part(data, asked.offset)} | asked.signed

    def _preview(self, asked: PreviewDocument, at: str) -> Json:
        making, name = self._for(asked, at), NAMES[asked.format or "pdf"]
        headers = proposals_named(making.stores.proposals, [asked.company], asked.proposal_id)
        if not headers:
            raise Rejected("schema", f"{asked.company} has no proposal {asked.proposal_id}", field="proposal_id")
        document = _in_language(draft_document(making.stores, headers[0], at), asked.language)
        # A proposal may be posted by now: what is shown is a preview nevertheless, and has no number.
        document = replace(document, invoice_number=None)
        _must_have(document, name)
        logo, left_out = making.logo(document)
        if left_out:  # now is the time to put it right
            raise Rejected("schema", f"the document cannot show {left_out}", field="companies.document.brand.logo")
        data = making.rendering.one(document, name, logo, preview=True)
        about = {"company": asked.company, "proposal_id": asked.proposal_id, "name": name, "copy": True}
        return {"outcome": "shown", **about, **_part(data, asked.offset)} | asked.signed

    def _attach(self, asked: AttachFile, at: str) -> Json:
        making = self._for(asked, at)
        data = _checked(asked)
        document = posted_document(making.stores, asked.company, asked.invoice_number)
        if document is None:
            raise NoDocument(asked.company, asked.invoice_number)
        digest = hashlib.sha256(data).hexdigest()
        key = f"{making.folder(document)}{ATTACHMENTS}{in_key(asked.name)}"
        if making.bucket.put_bytes(key, data, "application/octet-stream") != digest:
            raise Rejected("schema", f"{asked.invoice_number} has another file {asked.name}; take another name")
        done = HistoryEntry(at, making.actor, Done.ATTACHED, {}, {"name": asked.name, "sha256": digest})
        attachment = Attachment(asked.name, digest, len(data), at)
        try:
            making.made.attach(asked.company, asked.invoice_number, attachment, done)
        except Conflict:
            if asked.name not in {one.name for one in making.made.attachments(asked.company, asked.invoice_number)}:
                raise
        answer: Json = {"outcome": "attached", "key": key, "sha256": digest, "bytes": len(data)}
        made = making.made.get(asked.company, asked.invoice_number)
        if made and made.state is DocumentState.READY:  # looked at afterwards, so that none is late without being told
            answer["late"] = LATE
        return answer | asked.signed


def _checked(asked: AttachFile) -> bytes:
    """The file that is to be attached. Raises ``Rejected`` for one that is not taken."""
    if not _FILE_NAME.fullmatch(asked.name) or asked.name.strip(" .") != asked.name:
        raise Rejected("schema", f"{asked.name!r} is no name for a file", field="name")
    if len(in_key(asked.name)) > _LONGEST_IN_KEY:
        raise Rejected("schema", f"{asked.name!r} is too long for a key of the bucket", field="name")
    try:
        data = b64decode(asked.content, validate=True)
    except ValueError:
        raise Rejected("schema", "content is not base64", field="content") from None
    if not 0 < len(data) <= MOST_ATTACHED:
        raise Rejected("schema", f"{asked.name} has {len(data)} bytes; at most {MOST_ATTACHED}, and not none")
    if refused := why_not(asked.name, data):
        raise Rejected("schema", refused, field="name")
    return data


def _in_language(document: InvoiceDocument, language: str | None) -> InvoiceDocument:
    if language is None:
        return document
    return replace(document, presentation=replace(document.presentation, language=language))


def _must_have(document: InvoiceDocument, name: str) -> None:
    """Nobody has checked the e-invoice of a customer who gets none: it is not shown."""
    if name == XML and document.presentation.e_invoice is None:
        raise Rejected("schema", f"{document.buyer.id} gets no e-invoices", field="format")


def _part(data: bytes, offset: int | None) -> Json:
    """A file from there on, compressed, in base64. ``next`` is where the rest of it begins; ``None`` where it ends."""
    begin = offset or 0
    if not 0 <= begin <= len(data):
        raise Rejected("schema", f"the file has {len(data)} bytes, and none at {begin}", field="offset")
    end = begin + MOST_ANSWERED
    content = b64encode(gzip.compress(data[begin:end], 6, mtime=0)).decode()
    return {"content": content, "bytes": len(data), "next": end if end < len(data) else None}
