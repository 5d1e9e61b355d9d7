"""What reaches us about mails: events that a document is ready, notices of the mail service, and requests of people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.refusals import refused_answer
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.invoice_documents import InvoiceDocumentReady
from project_invoicing.use_cases.invoice_sending.notices import SOURCE, notice
from project_invoicing.use_cases.invoice_sending.send import Sending
from project_invoicing.use_cases.requests.invoice_documents import ResendDocument

Json = dict[str, Any]


@dataclass(slots=True)
class SendingInbox:
    """What a message or a request does. ``troubled``: how many mails somebody has to look at."""

    sending: Callable[[str, Actor], Sending]
    troubled: int = field(default=0)

    def message(self, event: Mapping[str, Any]) -> Json:
        """Raises what is to be tried again."""
        sending = self._by(str(event["time"]), BY_EVENT)
        if event["source"] == SOURCE:
            return notice(sending.stores.mailed, event, self._count)
        return sending.by_itself(InvoiceDocumentReady.of(event))

    def request(self, detail: Mapping[str, Any], at: str) -> Json:
        """What a call by hand does. Refusals are in the answer."""
        try:
            asked = ResendDocument.of(detail.get("resend"))
            sending = self._by(at, asked.who)
            return sending.again(asked.company, asked.invoice_number, asked.to) | asked.signed
        except Rejected as refused:
            return refused_answer(detail, refused.reason, refused.detail)
        except Conflict:
            told = "another mail of it was begun at the same time; look again"
            return refused_answer(detail, BatchRefusal.CONFLICT, told)

    def _by(self, at: str, actor: Actor) -> Sending:
        made = self.sending(at, actor)
        made.troubled = self._count
        return made

    def _count(self) -> None:
        self.troubled += 1
