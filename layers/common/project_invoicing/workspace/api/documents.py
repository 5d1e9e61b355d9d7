"""What the API does with documents of invoices. They are made and mailed by other functions, which it asks."""

from __future__ import annotations

import gzip
from base64 import b64decode, b64encode
from typing import Any, Final

from project_invoicing import bootstrap
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.made_document import CONTENT_TYPES
from project_invoicing.use_cases.invoice_documents.kept import KeptFile, kept_document
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.requests.invoice_documents import (
    AttachFile,
    MakeDocument,
    MakeDocuments,
    PreviewDocument,
    ResendDocument,
    ShowDocument,
)
from project_invoicing.use_cases.requests.relayed import RelayedRequest
from project_invoicing.workspace.api.asking import must_know, request_of
from project_invoicing.workspace.api.call import Call
from project_invoicing.workspace.api.problem import Problem

Answer = dict[str, Any]

_SECONDS: Final = 60
"""So long a link to a file is good."""
_MOST_ANSWERED: Final = 4_000_000
"""Bytes of a file within an answer: Lambda takes six megabytes of base64."""


def show_document(call: Call) -> Answer:
    """What there is of an invoice's document and of its last mail, with links to its files."""
    must_know(call.query, ("company",))
    company = call.query.get("company")
    if not company:
        raise Problem(422, RejectReason.SCHEMA, "name the company of the invoice: ?company=", field="company")
    must_be_allowed(call.actor, ShowDocument(company=company, invoice_number=call.part))
    invoice = bootstrap.proposals().invoices.get(company, call.part)
    if invoice is None or not invoice.posted:
        raise Problem(404, "unknown", f"{company[:40]} has no posted invoice {call.part[:40]}")
    found = kept_document(bootstrap.made_documents(), invoice)
    mail = bootstrap.mailed_documents().get(company, invoice.invoice_number)
    return {
        "company": company,
        "invoice_number": invoice.invoice_number,
        "document": found.made.state if found.made else None,
        "made_at": found.made.at if found.made and found.ready else None,
        "files": [_file(name, one) for name, one in found.files.items()],
        "attachments": [_file(name, one) for name, one in found.attachments.items()],
        "mail": None
        if mail is None
        else {"state": mail.called, "attempt": mail.attempt, "address": mail.address, "asked_at": mail.at},
    }


def make_document(call: Call) -> Answer:
    """Makes the document of an invoice, whether its company asks for documents or not; one that is there stays."""
    answer = _ask(call, request_of(MakeDocument, call))
    return {name: answer[name] for name in ("company", "invoice_number", "state", "at", "files")}


def make_documents(call: Call) -> Answer:
    """Makes the documents of a month that are missing. What there was no time for is made by the same request again."""
    answer = _ask(call, request_of(MakeDocuments, call))
    made = [{name: one[name] for name in ("company", "invoice_number")} for one in answer["made"]]
    return {"made": made} | {name: answer[name] for name in ("failed", "there", "not_asked", "finished")}


def preview_document(call: Call) -> Answer:
    """A file of the document that posting a proposal now would make; nothing is kept of it."""
    answer = _ask(call, request_of(PreviewDocument, call))
    data = gzip.decompress(b64decode(answer["content"]))
    if len(data) > _MOST_ANSWERED:
        raise Problem(409, RejectReason.TOO_LARGE, f"the preview has {len(data)} bytes, too many to be sent here")
    return {
        "company": answer["company"],
        "proposal_id": answer["proposal_id"],
        "name": answer["name"],
        "content_type": CONTENT_TYPES[answer["name"]],
        "content": b64encode(data).decode(),
    }


def attach_file(call: Call) -> Answer:
    """Attaches a file to a posted invoice; the same file again changes nothing."""
    answer = _ask(call, request_of(AttachFile, call))
    return {name: answer[name] for name in ("key", "sha256", "bytes")}


def resend_document(call: Call) -> Answer:
    """Mails the document of an invoice, each time that it is asked for: look first what became of the last mail."""
    answer = _ask(call, request_of(ResendDocument, call))
    return {name: answer.get(name) for name in ("outcome", "attempt", "address", "detail")}


def _ask(call: Call, request: RelayedRequest) -> Answer:
    return bootstrap.document_requests(call.at, call.actor).ask(request)


def _file(name: str, one: KeptFile) -> Answer:
    address = bootstrap.document_bucket().link(one.key, one.name, _SECONDS)
    return {"name": name, "key": one.key, "sha256": one.sha256, "bytes": one.size, "address": address}
