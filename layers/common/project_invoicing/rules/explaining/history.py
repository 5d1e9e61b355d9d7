"""What people and the system did to a document, in the time line of its explanation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from project_invoicing.domain.history import ABOUT_DOCUMENTS, HistoryEntry
from project_invoicing.domain.seals import seal_at
from project_invoicing.rules.explaining.explanation import Explanation


def woven(made: Explanation, entries: Iterable[HistoryEntry]) -> Explanation:
    """The explanation with these entries in its time line, each after what happened until then."""
    for entry in sorted(entries, key=lambda one: one.order):
        later = (n for n, step in enumerate(made.history) if step["at"] and step["at"] > entry.at)
        made.history.insert(next(later, len(made.history)), {"at": entry.at, "what": in_words(entry)})
    return made


def sealed_in_words(since: str | None, place: str | None) -> str | None:
    """Which seal of the audit chain holds the vouchers of a posted document; ``None`` where it has none to seal."""
    if place:
        chain, number = seal_at(place)
        return f"seal {number} of {chain}"
    return f"not sealed yet, since {since}" if since else None


def in_words(entry: HistoryEntry) -> str:
    who = entry.who
    changes = _changes(entry.before, entry.after)
    what = f"{entry.what}, by" if entry.what in ABOUT_DOCUMENTS else f"was {entry.what} by"
    return f"{what} {who.called} ({who.how}){': ' if changes else ''}{changes}"


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    names = dict.fromkeys((*before, *after))
    return ", ".join(
        f"{name.replace('_', ' ')} {_shown(before[name])} -> {_shown(after.get(name))}"
        if name in before
        else f"{name.replace('_', ' ')} {_shown(after[name])}"
        for name in names
    )


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return " and ".join(f"{name} {of}" for name, of in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " and ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
