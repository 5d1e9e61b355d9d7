"""The mail that takes the document of an invoice to its customer: one at a time, and what became of the last one."""

from __future__ import annotations

from collections.abc import Mapping
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


SUPPRESSED: Final = "suppressed"
"""In ``seen``: it came back because the service mails nothing to its address."""
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

    @property
    def called(self) -> str:
        """Its state for people, who take another way out of ``suppressed``: its address is on a list of the service."""
        return SUPPRESSED if self.state is MailState.BOUNCED and SUPPRESSED in self.seen else self.state

    @property
    def says(self) -> str:
        """What its state means, and what people do about it."""
        return MAIL_STATES[self.called]

    @property
    def in_trouble(self) -> bool:
        return self.state in TROUBLE


MAIL_STATES: Final[Mapping[str, str]] = {
    MailState.WAITING: "The mail service takes nothing now; it is tried again by itself.",
    MailState.SENDING: "It is being sent.",
    MailState.UNKNOWN: "Nobody knows whether it was sent: ask the customer, or send it again.",
    MailState.SENT: "The mail service has taken it.",
    MailState.DELIVERED: "The customer's server has it.",
    MailState.OPENED: "It was opened.",
    MailState.COMPLAINED: "The customer has marked it as unwanted: talk to the customer before you send again.",
    MailState.BOUNCED: "It came back: send it to another address.",
    SUPPRESSED: "It was not sent, as mails to this address came back before: send it to another one, or have the "
    "address taken off the list of the mail service.",
    MailState.FAILED: "It was not sent: correct what the history says, and send it again.",
}
"""What each state means to people, and what they do about it."""
