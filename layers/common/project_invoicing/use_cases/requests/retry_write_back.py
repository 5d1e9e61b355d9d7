"""Writes the refused rows of a posted document, or all its rows, back to Dataverse again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from project_invoicing.domain.actor import Actor, relayed
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.events.details import Says
from project_invoicing.events.own import Company
from project_invoicing.use_cases.documents.given import given_actor
from project_invoicing.use_cases.documents.requests import named
from project_invoicing.use_cases.requests.request import ActorName, Door, SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryWriteBack(SignedRequest):
    """Tries the refused rows of a document again, or with ``everything`` all its rows."""

    FUNCTION: ClassVar[str] = "accounting_writeback"
    UNDER: ClassVar[str | None] = "retry"
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (("journal_id",), ("invoice_number",))

    company: Company
    journal_id: Annotated[str | None, Says("the number of the journal")] = None
    invoice_number: Annotated[str | None, Says("the number of the invoice")] = None
    everything: Annotated[bool | None, Says("all its rows, not only those that were refused")] = None
    actor_name: ActorName = None
    how: Door = None

    @property
    def who(self) -> Actor:
        """Who asks, through which door."""
        return relayed(self.actor, self.actor_name, self.how)

    @classmethod
    def of(cls, request: object) -> Self:
        """Raises ``Rejected`` where it does not name one document."""
        given = named(request) if isinstance(request, Mapping) else {}
        company, journal, invoice = (given.get(name) for name in ("company", "journal_id", "invoice_number"))
        texts = all(isinstance(one, str | None) for one in (company, journal, invoice))
        if not company or bool(journal) == bool(invoice) or not texts:
            raise Rejected(RejectReason.SCHEMA, "name company and journal_id, or company and invoice_number")
        given_actor(given.get("actor"))
        asked = {name: given.get(name) for name in ("actor", "actor_name", "how", "company")}
        asked |= {"journal_id": journal or None, "invoice_number": invoice or None}
        if "everything" in given:
            asked["everything"] = bool(given["everything"])
        return cls.of_detail(asked, "the request")
