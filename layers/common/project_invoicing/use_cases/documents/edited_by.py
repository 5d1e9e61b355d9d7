"""Who has edited a document: with four eyes somebody else releases it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.refusals import Refused

_EDITS: Final = (Done.EDITED, Done.LINES_ADDED, Done.LINES_TAKEN_OFF)


def editors(entries: Iterable[HistoryEntry]) -> dict[str, str]:
    """Who has edited a document, by id in lower case, with the time of the first edit."""
    found: dict[str, str] = {}
    for made in entries:
        if made.what in _EDITS and made.who.is_known:
            found.setdefault(made.who.id.casefold(), made.at)
    return found


def must_not_have_edited(edited: Mapping[str, str], actor: Actor, document: str, does: str) -> None:
    """Refuses whoever has edited a document what somebody else has to do."""
    if at := edited.get(actor.id.casefold()):
        detail = f"{actor.name} has edited {document} on {at}, so somebody else has to {does} it"
        raise Refused(PostingFailure.FOUR_EYES, detail)
