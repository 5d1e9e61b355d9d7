"""What is kept of the document of a posted invoice, for those who look at it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from project_invoicing.document_bucket import ATTACHMENTS, DocumentBucket, document_folder
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_document import Snapshot
from project_invoicing.domain.made_document import CONTENT_TYPES, Attachment, DocumentState, MadeDocument
from project_invoicing.errors import Rejected
from project_invoicing.ledger_bucket import in_key
from project_invoicing.store.invoices import Invoices
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.use_cases.invoice_documents.asked import asks_for_documents
from project_invoicing.use_cases.setups import SetupVersions

UNKNOWN: Final = "application/octet-stream"
"""Of what people attach: nobody has looked what it is."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file as it was put: where it is, what it is called for people, and what has to be in it."""

    key: str
    name: str
    content_type: str
    sha256: str
    size: int

    def content(self, bucket: DocumentBucket) -> bytes:
        """Raises ``Rejected`` where the bucket has other bytes, ``Unavailable`` or ``Refused``."""
        try:
            data = bucket.content(self.key)
        except FileNotFoundError:
            raise Rejected("files_differ", f"{self.key} is not in the bucket any more") from None
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise Rejected("files_differ", f"{self.key} is not what was made: its sha256 differs")
        return data


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """``made`` is ``None`` where nothing was begun. Only of a document that is ready there are ``files``."""

    made: MadeDocument | None
    files: Mapping[str, KeptFile]
    attachments: Mapping[str, KeptFile]

    @property
    def ready(self) -> bool:
        return self.made is not None and self.made.state is DocumentState.READY


def kept_document(store: MadeDocuments, invoice: Invoice) -> KeptDocument:
    """What there is of an invoice's document, each file by its name: two requests."""
    made = store.get(invoice.company, invoice.invoice_number)
    attached = store.attachments(invoice.company, invoice.invoice_number)
    files = made.files if made and made.state is DocumentState.READY else ()
    folder = document_folder(invoice.company, invoice.invoice_date.year, invoice.invoice_number)
    return KeptDocument(
        made,
        {
            one.name: KeptFile(
                f"{folder}{one.name}",
                f"{invoice.invoice_number}{one.name[one.name.rindex('.') :]}",
                CONTENT_TYPES[one.name],
                one.sha256,
                one.bytes,
            )
            for one in files
        },
        {one.name: _attached(folder, one) for one in attached},
    )


def _attached(folder: str, one: Attachment) -> KeptFile:
    return KeptFile(f"{folder}{ATTACHMENTS}{in_key(one.name)}", one.name, UNKNOWN, one.sha256, one.bytes)


def asked_when_posted(invoices: Invoices, setups: SetupVersions, company: str, number: str) -> bool:
    """Whether the set-up that an invoice was posted with asks for documents in its company."""
    return asked_for(invoices.snapshot(company, number), setups, company)


def asked_for(snapshot: Snapshot | None, setups: SetupVersions, company: str) -> bool:
    """As ``asked_when_posted``, by the snapshot of the invoice."""
    if snapshot is None or snapshot.setup_version is None:
        return False
    return asks_for_documents(setups.of(snapshot.setup_version), company)
