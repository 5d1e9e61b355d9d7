"""What the mail service tells of a mail, in any order, as often as it likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from project_invoicing.domain.actor import BY_EVENT
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.mailed_document import SUPPRESSED, TROUBLE, MailState
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.mail_service import of_tag
from project_invoicing.store.mailed_documents import MailedDocuments
from project_invoicing.use_cases.invoice_sending.send import changed, mail_row

SOURCE: Final = "aws.ses"
_NEWS: Final[Mapping[str, tuple[MailState | None, Done, str]]] = {
    "Email Sent": (MailState.SENT, Done.MAILED, "send"),
    "Email Delivery Delayed": (None, Done.MAIL_DELAYED, "deliveryDelay"),
    "Email Delivered": (MailState.DELIVERED, Done.MAIL_DELIVERED, "delivery"),
    "Email Opened": (MailState.OPENED, Done.MAIL_OPENED, "open"),
    "Email Complaint Received": (MailState.COMPLAINED, Done.MAIL_COMPLAINED, "complaint"),
    "Email Bounced": (MailState.BOUNCED, Done.MAIL_BOUNCED, "bounce"),
    "Email Rejected": (MailState.FAILED, Done.MAIL_FAILED, "reject"),
}
"""The state that follows, the entry, and the part of the notice that says more."""
_SAYING: Final = ("bounceType", "bounceSubType", "complaintFeedbackType", "complaintSubType", "delayType", "reason")
_SUPPRESSED: Final = ("Suppressed", "OnAccountSuppressionList")
"""Sub-types of a bounce: nothing was sent, as the address is on a list of SES or of the account."""
_ATTEMPTS: Final = 5

Json = dict[str, Any]


def notice(mailed: MailedDocuments, event: Mapping[str, Any], troubled: Callable[[], None]) -> Json:
    """Takes one notice. Of an earlier mail it only tells the history. Raises ``Rejected`` for one that is not ours."""
    kind = str(event["detail-type"])
    if kind not in _NEWS:
        return {"outcome": "nothing to note"}
    state, what, part = _NEWS[kind]
    company, number, attempt, id = _named(event["detail"])
    more = event["detail"].get(part) or {}
    said = {name: str(more[name]) for name in _SAYING if more.get(name)}
    entry = HistoryEntry(event["time"], BY_EVENT, what, {}, {"attempt": attempt, "message_id": id, **said})
    for _ in range(_ATTEMPTS):
        now = mailed.get(company, number)
        if now is None or attempt > now.attempt:
            raise Rejected("schema", f"nobody here has sent mail {attempt} of {number}", id=number)
        if attempt < now.attempt:
            if state is not MailState.OPENED:
                mailed.note(company, number, entry)
            return mail_row(now) | {"outcome": "of an earlier mail"}
        if what.name in now.seen:
            return mail_row(now)
        news = (what.name, SUPPRESSED) if said.get("bounceSubType") in _SUPPRESSED else (what.name,)
        after = replace(now, state=now.state.then(state) if state else now.state, seen=(*now.seen, *news))
        known = state is MailState.SENT and now.message_id is not None
        try:
            event_of_it = changed(now, after, event["time"])
            mailed.move(now, replace(after, message_id=now.message_id or id), None if known else entry, event_of_it)
        except Conflict:
            continue
        if after.state in TROUBLE and after.state is not now.state:
            troubled()
        return mail_row(after)
    raise Conflict(f"a notice about the mail of {number} could not be written")


def _named(detail: Mapping[str, Any]) -> tuple[str, str, int, str]:
    """Company, number, which mail, and the service's id of it."""
    try:
        mail = detail["mail"]
        company, number, attempt = (of_tag(mail["tags"][name][0]) for name in ("company", "invoice", "attempt"))
        return company, number, int(attempt), str(mail["messageId"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Rejected("schema", f"a notice about a mail does not say of which invoice: {error!r}") from error
