"""What was done to a document: who, when, what, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.states import MapAction


class Done(StrEnum):
    """What can be done to a document."""

    EDITED = "edited"
    LINES_DELETED = "lines deleted"
    RESET = "reset"
    REPLAYED = "replayed"
    DISMISSED = "dismissed"
    TAKEN_BACK = "put back among the rejected"
    SUBMITTED = "submitted for approval"
    APPROVED = "approved"
    NOT_APPROVED = "not approved"
    SENT_BACK = "sent back for changes"
    RECALLED = "recalled from approval"
    APPROVAL_RESET = "taken out of approval"
    APPROVAL_TAKEN_BACK = "put back to be approved anew"
    POSTED = "posted"
    ANSWERED = "answered elsewhere"
    LINES_ADDED = "lines added"
    LINES_TAKEN_OFF = "lines taken off"
    CREATED = "created"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"
    STARTED = "started"
    LOADED = "loaded"
    REPAIRED = "repaired"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    WRITTEN_AGAIN = "sent to Dataverse again"
    MOVED = "moved"
    ADJUSTED = "adjusted"
    TAGS_CORRECTED = "given other tags"
    SCHEDULED = "left to the schedule"
    DOCUMENT_MADE = "document made"
    ATTACHED = "attached"
    IN_OUTBOX = "document put into the outbox"
    MAIL_ASKED = "another mail of the document asked for"
    MAILED = "document mailed"
    MAIL_FAILED = "document not mailed"
    MAIL_UNKNOWN = "not known whether the document was mailed"
    MAIL_DELAYED = "mail delayed"
    MAIL_DELIVERED = "mail delivered"
    MAIL_OPENED = "mail opened"
    MAIL_BOUNCED = "mail returned"
    MAIL_COMPLAINED = "mail complained about"
    PAYMENT_TOLD = "told of a payment"

    @classmethod
    def of_map(cls, action: MapAction) -> Done:
        """What was done to a table map."""
        return {
            MapAction.PAUSE: cls.PAUSED,
            MapAction.RESUME: cls.RESUMED,
            MapAction.STOP: cls.STOPPED,
            MapAction.START: cls.STARTED,
        }[action]


ABOUT_DOCUMENTS: Final = frozenset(
    one for one in Done if one is Done.IN_OUTBOX or one.name.startswith(("DOCUMENT_", "MAIL"))
)
"""What is done with the document of an invoice, and says so itself."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry. ``before`` and ``after`` have the values that changed, as JSON, by the names of the fields.

    ``at`` is the time of the command, so that a repetition of it is the same entry. ``written`` is the time at which it
    was carried out, to the microsecond, of an entry that was read; empty where an earlier version wrote it.
    """

    at: str
    who: Actor
    what: Done
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    written: str = field(default="", compare=False)

    @property
    def order(self) -> tuple[str, str]:
        """Where an entry stands among others, of whichever document."""
        return self.at, self.written
