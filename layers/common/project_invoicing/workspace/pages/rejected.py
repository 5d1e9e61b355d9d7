"""What was rejected: which, why, what came, delivering it again, and setting it aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.event_handler import Response

from project_invoicing.store.dismissals import kept_as, kept_of
from project_invoicing.use_cases.commands.dismiss import LONGEST_REASON
from project_invoicing.use_cases.lists.asked import FILTERS, REASONS, STATUSES, Kind
from project_invoicing.workspace.desk import Desk

_MOST: Final = 50
"""Rows that are replayed or dismissed at once, and events that are shown of one."""
_SHOWN: Final = 50_000
"""Characters of an event. Whole messages may have a hundred times that."""


def listed(desk: Desk) -> Response[Any]:
    """The rejected rows, the newest first."""
    kind = Kind.REJECTED
    choices = {"company": desk.lists.companies, "status": STATUSES[kind], "reason": REASONS[kind]}
    page = desk.listed(kind)
    return desk.page("rejected.html", title="Rejected", page=page, fields=FILTERS[kind], choices=choices, value=_value)


def show(desk: Desk) -> Response[Any]:
    """One row or message: what is kept of it, why it was rejected, and what was done about it. Four requests."""
    entity, id, message = (desk.query.get(name, "") for name in ("entity", "id", "message"))
    staging = desk.stores.staging
    found = kept_as(staging, message) if message else None
    kept = [found] if found else list(islice(kept_of(staging, entity, id), _MOST)) if not message else []
    kept = [one for one in kept if desk.actor.sees(one.company)]
    if found and kept:
        entity, id = found.rejection.entity, found.rejection.id
    history = list(staging.history(entity, id)) if kept or desk.actor.sees(None) else []
    if message:
        history = [entry for entry in history if entry.after.get("message") == message]
    rows = [(one.rejection, _pretty(one.event)) for one in kept]
    known: dict[str, Any] = {"entity": entity, "id": id, "kept": rows, "history": history[-_MOST:]}
    state: dict[str, Any] = {
        "dismissed": bool(rows) and all(said.dismissed is not None for said, _ in rows),
        "value": _value(entity, id, message) if message else _value(entity, id),
        "longest": LONGEST_REASON,
    }
    return desk.page("rejected_row.html", title=f"Rejected {entity or 'message'}", **known, **state)


def replay(desk: Desk) -> Response[Any]:
    """Delivers what was chosen again: one row, or several of the list."""
    chosen = list(dict.fromkeys(one._replace(message="") for one in _all_chosen(desk) if one.id))
    if not chosen:
        return desk.go("/rejected", "Nothing was replayed: choose at least one row with an id.", refused=True)
    accepted, refused = _each(chosen, lambda one: desk.do("replay", entity=one.entity, id=one.id))
    if len(chosen) == 1:
        said = f"Not accepted: {refused[0]}" if refused else "Replayed, and accepted."
        return desk.go("/rejected/row", said, refused=bool(refused), **chosen[0].named)
    said = f"{accepted} of {len(chosen)} accepted.{_why('Rejected again', refused)}"
    return desk.go("/rejected", said, refused=bool(refused))


def dismiss(desk: Desk) -> Response[Any]:
    """Sets what was chosen aside, with a reason, or puts it back on the list."""
    chosen = _all_chosen(desk)
    if not chosen:
        return desk.go("/rejected", "Nothing was dismissed: choose at least one row.", refused=True)
    back = "take_back" in desk.form
    where = ("/rejected/row", chosen[0].named) if len(chosen) == 1 else ("/rejected", {})
    if not back and not desk.form.get("reason", "").strip():
        return desk.go(where[0], "Nothing was dismissed: write why.", refused=True, **where[1])
    asked: dict[str, Any] = {"take_back": True} if back else {"reason": desk.form.get("reason") or None}
    accepted, refused = _each(chosen, lambda one: desk.do("dismiss", **asked, **one.named))
    what = "put back among the rejected" if back else "dismissed"
    if len(chosen) == 1:
        said = f"Not {what}: {refused[0]}" if refused else f"It is {what}."
        return desk.go("/rejected/row", said, refused=bool(refused), **chosen[0].named)
    said = f"{accepted} of {len(chosen)} {what}.{_why(f'Not {what}', refused)}"
    return desk.go("/rejected", said, refused=bool(refused))


class _Chosen(NamedTuple):
    """One row, or one message that is kept of it."""

    entity: str
    id: str
    message: str = ""

    @property
    def named(self) -> dict[str, str]:
        """As commands and addresses name it."""
        return {"message": self.message} if self.message else {"entity": self.entity, "id": self.id}


def _each(chosen: list[_Chosen], act: Callable[[_Chosen], dict[str, Any]]) -> tuple[int, list[str]]:
    """How many were done, and what was said of the others."""
    refused = [
        f"{' '.join(one.named.values())}: {again[0]['detail']}"
        for one in chosen[:_MOST]
        if (again := act(one).get("refused"))
    ]
    return len(chosen[:_MOST]) - len(refused), refused


def _why(title: str, refused: list[str]) -> str:
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    return f" {title}: {'; '.join(refused[:3])}{more}" if refused else ""


def _value(entity: str, id: str, message: str = "") -> str:
    """A row or a message as the value of a field: an id that could not be read may hold any character."""
    return json.dumps([entity, id, message] if message else [entity, id])


def _all_chosen(desk: Desk) -> list[_Chosen]:
    return [found for text in desk.forms.get("row", []) if (found := _chosen(text))]


def _chosen(text: str) -> _Chosen | None:
    """What the value of a field names; ``None`` for what is none of ours."""
    try:
        named = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named) or len(named) not in (2, 3):
        return None
    found = _Chosen(*named)
    return found if found.message or (found.entity and found.id) else None


def _pretty(event: dict[str, Any] | None) -> str | None:
    if event is None:
        return None
    text = json.dumps(event, indent=2, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n… and {len(text) - _SHOWN} characters more"
