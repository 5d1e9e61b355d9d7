"""Mails the document of an invoice. A mail cannot be taken back, so it is claimed before it is sent.

Whoever has written the claim sends, once. A run that finds its own claim has died in between: nobody knows whether the
mail went out, and a person decides. What the mail service tells later may still say it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from project_invoicing.document_bucket import ATTACHMENTS, DocumentBucket, document_folder
from project_invoicing.domain.actor import Actor
from project_invoicing.domain.document_codes import Channel
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import DocumentType
from project_invoicing.domain.made_document import CONTENT_TYPES, HTML, DocumentState, MadeDocument
from project_invoicing.domain.mail_address import is_address
from project_invoicing.domain.mailed_document import TROUBLE, MailedDocument, MailState
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events import BusEvent
from project_invoicing.events.invoice_documents import InvoiceDocumentReady, InvoiceMailChanged
from project_invoicing.ledger_bucket import in_key
from project_invoicing.mail_service import Mail, MailNotTaken
from project_invoicing.rules.invoice_mail import MOST, MailFile, encoded, fitting, mail_of, subject_of
from project_invoicing.store.invoices import Invoices
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.store.mailed_documents import MailedDocuments

FIRST: Final = "first"
"""The claim of the message that a document is ready. Commands have claims of their own."""
AT_WORK: Final = timedelta(minutes=15)
"""So long a run may be sending: no function works longer."""
_ATTEMPTS: Final = 5

Json = dict[str, Any]


class MailStores(NamedTuple):
    invoices: Invoices
    made: MadeDocuments
    mailed: MailedDocuments
    bucket: DocumentBucket


class Asked(NamedTuple):
    """A mail that is to be sent: the document of which invoice, to whom, and for which claim."""

    company: str
    invoice_number: str
    address: str
    language: str
    claim: str


@dataclass(slots=True)
class Sending:
    """Sends at a time, for an actor. ``troubled`` is called for each mail that somebody has to look at."""

    stores: MailStores
    mail: Mail
    at: str
    actor: Actor
    troubled: Callable[[], None] = field(default=lambda: None)

    def by_itself(self, ready: InvoiceDocumentReady) -> Json:
        """The document is ready: mails it, if that is its channel and nobody has begun to."""
        if ready.channel != Channel.MAIL:
            return {"outcome": "not by mail"}
        before = self.stores.mailed.get(ready.company, ready.invoice_number)
        if before and before.claim == FIRST and before.state is MailState.SENDING:
            return self._died(before)
        if before and not (before.claim == FIRST and before.state is MailState.WAITING):
            return mail_row(before)
        asked = Asked(ready.company, ready.invoice_number, ready.address or "", ready.language, FIRST)
        return self._carry_out(before, asked, [])

    def again(self, company: str, number: str, to: str | None) -> Json:
        """A person wants a mail, whatever became of the last one. Raises ``Rejected``."""
        before = self.stores.mailed.get(company, number)
        claim = f"{self.at} {self.actor.id} {to or ''}"
        if before and before.claim == claim:  # the very command, which was delivered before
            return self._died(before) if before.state is MailState.SENDING else mail_row(before)
        if before and before.state is MailState.SENDING and _time(self.at) < _time(before.claimed) + AT_WORK:
            raise Rejected(
                "schema", f"the document of {number} is being mailed since {before.claimed}; look again later"
            )
        snapshot = self.stores.invoices.snapshot(company, number)
        wanted = snapshot.presentation if snapshot else None
        delivery = wanted.delivery.address if wanted and wanted.delivery else None
        address = to or (before.address if before else None) or delivery
        if not address:
            raise Rejected("schema", f"the customer of {number} has no address for mails; name one: --to", field="to")
        if not is_address(address):
            raise Rejected("schema", f"{address!r} is no address of a mail", field="to")
        language = before.language if before else wanted.language if wanted else "en"
        entry = self._entry(Done.MAIL_ASKED, {"address": address, "after": before.state if before else None})
        return self._carry_out(before, Asked(company, number, address, language, claim), [entry])

    def _carry_out(self, before: MailedDocument | None, asked: Asked, done: list[HistoryEntry]) -> Json:
        invoice = self.stores.invoices.get(asked.company, asked.invoice_number)
        made = self.stores.made.get(asked.company, asked.invoice_number)
        if invoice is None or made is None or made.state is not DocumentState.READY:
            raise Rejected("schema", f"there is no document of {asked.invoice_number} yet", id=asked.invoice_number)
        mail = MailedDocument(
            company=asked.company,
            invoice_number=asked.invoice_number,
            state=MailState.SENDING,
            attempt=before.attempt + 1 if before else 1,
            claim=asked.claim,
            address=asked.address,
            language=asked.language,
            at=self.at,
        )
        if not is_address(asked.address):
            return self._refused(before, mail, done, "its address is no address of a mail")
        message, attached, left = self._message(invoice, made, mail)
        if len(message) > MOST:
            return self._refused(before, mail, done, f"it has {len(message)} bytes, and a mail at most {MOST}")
        self.stores.mailed.claim(before, mail, done)
        said = {"attached": attached} if attached else {}
        return self._sent(mail, message, said | ({"left_out": left} if left else {}))

    def _refused(self, before: MailedDocument | None, mail: MailedDocument, done: list[HistoryEntry], why: str) -> Json:
        failed = replace(mail, state=MailState.FAILED)
        told = {"attempt": mail.attempt, "address": mail.address, "detail": why}
        event = changed(None, failed, self.at)
        self.stores.mailed.claim(before, failed, [*done, self._entry(Done.MAIL_FAILED, told)], event)
        self.troubled()
        return mail_row(failed) | {"detail": why}

    def _sent(self, mail: MailedDocument, message: bytes, said: Json) -> Json:
        tags = {"company": mail.company, "invoice": mail.invoice_number, "attempt": str(mail.attempt)}
        told: Json = {"attempt": mail.attempt, "address": mail.address}
        try:
            id = self.mail.send(mail.address, message, tags)
        except MailNotTaken as later:
            if mail.claim == FIRST:  # the queue tries again, and then tells in its dead letters
                self._settle(mail, MailState.WAITING, None)
                raise
            return self._settle(mail, MailState.FAILED, self._entry(Done.MAIL_FAILED, told | {"detail": str(later)}))
        except Rejected as refused:
            entry = self._entry(Done.MAIL_FAILED, told | {"detail": refused.detail})
            return self._settle(mail, MailState.FAILED, entry)
        except Unavailable as lost:
            entry = self._entry(Done.MAIL_UNKNOWN, told | {"detail": str(lost)})
            return self._settle(mail, MailState.UNKNOWN, entry)
        entry = self._entry(Done.MAILED, told | {"message_id": id} | said)
        return self._settle(replace(mail, message_id=id), MailState.SENT, entry)

    def _died(self, before: MailedDocument) -> Json:
        """An earlier run of this message or command has claimed the mail, and has not said what became of it."""
        told = {"attempt": before.attempt, "address": before.address, "detail": "the run that sent it has died"}
        return self._settle(before, MailState.UNKNOWN, self._entry(Done.MAIL_UNKNOWN, told))

    def _settle(self, mail: MailedDocument, state: MailState, done: HistoryEntry | None) -> Json:
        """What became of a mail that was claimed. The mail service may have told more of it by now."""
        for _ in range(_ATTEMPTS):
            now = self.stores.mailed.get(mail.company, mail.invoice_number)
            if now is None or now.attempt != mail.attempt:  # a person has taken it for lost, and sent another
                if done:
                    self.stores.mailed.note(mail.company, mail.invoice_number, done)
                break
            back = state is MailState.WAITING and now.state is MailState.SENDING
            after = replace(
                now, state=state if back else now.state.then(state), message_id=mail.message_id or now.message_id
            )
            if after == now and done is None:
                break
            try:
                self.stores.mailed.move(now, after, done, changed(now, after, self.at))
            except Conflict:
                continue
            if after.state in TROUBLE and after.state is not now.state:
                self.troubled()
            return mail_row(after) | dict(done.after if done else {})
        else:
            raise Conflict(f"what became of the mail of {mail.invoice_number} could not be written")
        return mail_row(now or mail)

    def _message(
        self, invoice: Invoice, made: MadeDocument, mail: MailedDocument
    ) -> tuple[bytes, list[str], list[str]]:
        """The mail, the names of what people have attached by now, and of what of it has no room."""
        folder = document_folder(invoice.company, invoice.invoice_date.year, invoice.invoice_number)
        kept = {one.name: self._content(f"{folder}{one.name}", one.sha256) for one in made.files}
        number = invoice.invoice_number
        own = [
            MailFile(f"{number}.{name.rpartition('.')[2]}", CONTENT_TYPES[name], data)
            for name, data in kept.items()
            if name != HTML
        ]
        room = MOST - encoded(len(kept[HTML])) - sum(encoded(len(one.data)) for one in own)
        people = [
            MailFile(
                one.name,
                "application/octet-stream",
                self._content(f"{folder}{ATTACHMENTS}{in_key(one.name)}", one.sha256),
            )
            for one in self.stores.made.attachments(invoice.company, number)
        ]
        taken, left = fitting(room, people)
        credit_note = invoice.document_type is DocumentType.CREDIT_NOTE
        subject = subject_of(number, mail.language, credit_note=credit_note)
        message = mail_of(self.mail.sender, mail.address, subject, kept[HTML], [*own, *taken], _time(self.at))
        return message, [one.name for one in taken], left

    def _content(self, key: str, sha256: str) -> bytes:
        data = self.stores.bucket.content(key)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Rejected("files_differ", f"{key} is not what was made: its sha256 differs")
        return data

    def _entry(self, what: Done, after: Mapping[str, Any]) -> HistoryEntry:
        return HistoryEntry(self.at, self.actor, what, {}, after)


def changed(before: MailedDocument | None, after: MailedDocument, at: str) -> BusEvent | None:
    """The event that more is known of a mail; ``None`` until it has left or failed, and where its state is the same."""
    standing = after.state.standing
    if standing is None or (before and before.state is after.state):
        return None
    event = InvoiceMailChanged(
        company=after.company, invoice_number=after.invoice_number, attempt=after.attempt, state=standing
    )
    return event.on_bus(at, f"{after.company}#{after.invoice_number}#{after.attempt}#{after.state}")


def mail_row(mail: MailedDocument) -> Json:
    """What became of a mail, for people."""
    return {
        "outcome": mail.state,
        "company": mail.company,
        "invoice_number": mail.invoice_number,
        "attempt": mail.attempt,
        "address": mail.address,
        "message_id": mail.message_id,
    }


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
