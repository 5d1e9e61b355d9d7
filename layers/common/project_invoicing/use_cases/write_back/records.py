"""What is known of the documents of invoices, and what Dataverse was told of them."""

from __future__ import annotations

from typing import NamedTuple

from project_invoicing.domain.codes import DocumentStanding
from project_invoicing.domain.made_document import DocumentState
from project_invoicing.rules.write_back import standing_of_document
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.store.told_documents import ToldDocuments


class DocumentRecords(NamedTuple):
    """What was made, what was mailed, and what Dataverse was told."""

    made: MadeDocuments
    mailed: MailedDocuments
    told: ToldDocuments

    def standing(self, company: str, number: str) -> DocumentStanding | None:
        """How far a document has come; ``None`` until it is ready."""
        made = self.made.get(company, number)
        if made is None or made.state is not DocumentState.READY:
            return None
        return standing_of_document(self.mailed.get(company, number))

    def is_due(self, company: str, number: str) -> bool:
        """Whether there is something that Dataverse has not taken."""
        standing = self.standing(company, number)
        if standing is None:
            return False
        told = self.told.get(company, number)
        return told is None or told.is_due(standing)
