"""The mail that takes the document of an invoice to its customer: one at a time, and what became of the last one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from project_invoicing.domain.codes import DocumentStanding


class MailState(StrEnum):
    """``waiting``: the mail service takes nothing now, and the queue tries again. ``unknown``: a person decides."""

    WAITING = "waiting"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    FAILED = "failed"

    def then(self, news: MailState) -> MailState:
        """The state after ``news`` of the same mail, which may come in any order: the later of the two here."""
        order = list(MailState)
        return max(self, news, key=order.index)

    @property
    def standing(self) -> DocumentStanding | None:
        """What others are told of it; ``None`` until the mail has left or failed."""
        return None if self in (MailState.WAITING, MailState.SENDING) else DocumentStanding(self.value)


TROUBLE: Final = frozenset({MailState.UNKNOWN, MailState.COMPLAINED, MailState.BOUNCED, MailState.FAILED})
"""What somebody has to look at."""


@dataclass(frozen=True, slots=True)
class MailedDocument:
    """``attempt`` counts the mails, ``claim`` says which message or command sends this one, ``claimed`` since when.

    ``seen``: what the mail service has told of it.
    """

    company: str
    invoice_number: str
    state: MailState
    attempt: int
    claim: str
    address: str
    language: str
    at: str
    claimed: str = ""
    message_id: str | None = None
    seen: tuple[str, ...] = ()
