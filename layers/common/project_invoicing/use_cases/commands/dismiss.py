"""Sets aside what was rejected and will never be taken: it stays whole, and leaves the list of what is to be done."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from pydantic import Field

from project_invoicing.domain.history import Done
from project_invoicing.domain.text import guid, whole
from project_invoicing.store.dismissals import Kept, dismiss, kept_as, kept_of, take_back
from project_invoicing.use_cases.commands.command import Command, OnlyTrue, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad

DISMISSED: Final = "dismissed"
BACK: Final = "back among the rejected"
LONGEST_REASON: Final = 500
_ATTEMPTS: Final = 5


class Dismiss(Command):
    """Sets aside what was rejected and will never be taken, with the reason; or takes that back.

    All that is kept of a row, named by ``entity`` and ``id``, or one thing, named by ``message``.
    """

    ACTION: ClassVar[str] = "dismiss"

    company: TextIfAny = Field(None, description="the row's company, for the answer alone")
    entity: TextIfAny = Field(None, description="the logical name of the row's table")
    id: TextIfAny = Field(None, description="the id of the row, or what it had in its place")
    message: TextIfAny = Field(None, description="the name of one thing that is kept, as the list of rejected has it")
    reason: TextIfAny = Field(None, description=f"why it is set aside, at most {LONGEST_REASON} characters")
    take_back: OnlyTrue = Field(False, description="puts it back among the rejected instead")


def handle(command: Dismiss, place: Workplace) -> dict[str, Any]:
    """Asked for again, it changes nothing and answers the same."""
    reason = _checked(command)
    for _ in range(_ATTEMPTS):
        kept = [one for one in _kept(command, place) if place.sees(one.company)]
        if not kept:
            raise bad("message" if command.message else "id", _absent(command))
        if all(_done(one, reason, place) for one in kept):
            break
    else:
        raise bad("id", "somebody else is changing it; look at it again")
    return {"outcome": BACK if reason is None else DISMISSED, "events": len(kept)}


def _checked(command: Dismiss) -> str | None:
    """The reason; ``None`` to take it back."""
    if (command.message is None) == (command.id is None or command.entity is None):
        raise bad("id", "dismiss names entity and id of a row, or message")
    if command.take_back and command.reason is not None:
        raise bad("reason", "what is taken back needs no reason")
    if command.take_back:
        return None
    if command.reason is None:
        raise bad("reason", "the request needs reason: why is it set aside?")
    if len(command.reason) > LONGEST_REASON:
        raise bad("reason", f"reason has {len(command.reason)} characters; the most is {LONGEST_REASON}")
    return str(whole(command.reason))


def _kept(command: Dismiss, place: Workplace) -> list[Kept]:
    if command.message:
        found = kept_as(place.staging, command.message)
        return [found] if found else []
    id = str(command.id)
    return list(kept_of(place.staging, str(command.entity), guid(id) or id))


def _done(kept: Kept, reason: str | None, place: Workplace) -> bool:
    """Whether it stands where it should; ``False`` where it is no longer as it was read."""
    dismissed, named = kept.rejection.dismissed, {"message": kept.message}
    if (dismissed is None) == (reason is None):
        return True
    if reason is None:
        return take_back(place.staging, kept, place.done(Done.TAKEN_BACK, {"reason": dismissed}, named))
    return dismiss(place.staging, kept, reason, place.done(Done.DISMISSED, {}, named | {"reason": reason}))


def _absent(command: Dismiss) -> str:
    named = command.message or f"{command.entity} {command.id}"
    return f"nothing rejected is kept of {named}: it was accepted meanwhile, or was never rejected"
