"""Tasks: what a function puts on one of our queues for its workers. A task has the form of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from project_invoicing.events import SOURCE
from project_invoicing.events.details import Detail, Says
from project_invoicing.events.own import Company, Proforma, ProposalNumber


class Task(Detail):
    """Work on one document. ``TYPE`` is its detail-type."""

    __slots__ = ()
    TYPE: ClassVar[str]

    def message(self, at: str) -> dict[str, Any]:
        """The body of the message, for a run at ``at``: the worker has no other clock."""
        return {"source": SOURCE, "detail-type": self.TYPE, "time": at, "detail": self.as_detail()}

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """The task in the body of a message. Raises ``Rejected`` (``schema``) if it does not match the description."""
        return cls.of_detail(message.get("detail"), f"task {cls.TYPE} of {message.get('time')}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingTask(Task):
    """A proposal that is to be posted."""

    TYPE: ClassVar[str] = "Invoice Posting"

    company: Company
    proposal_id: ProposalNumber
    invoice_id: Proforma


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackTask(Task):
    """A posted document whose accounting is to be written back, or an invoice whose payments are."""

    TYPE: ClassVar[str] = "Accounting Write-Back"
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("journal_id",),
        ("invoice_number",),
        ("invoice_document",),
        ("paid_invoice",),
    )

    company: Company
    journal_id: Annotated[str | None, Says("the number of the journal")] = None
    invoice_number: Annotated[str | None, Says("the number of the invoice")] = None
    invoice_document: Annotated[str | None, Says("the number of the invoice of whose document is told")] = None
    paid_invoice: Annotated[str | None, Says("the number of an invoice of which a payment was told")] = None
