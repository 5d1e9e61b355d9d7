"""Rows that were rejected: which, why, what came, and delivering them again."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.codes import RejectReason, StagingState
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.store.whole_tables import staged_item
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.workspace.desk import Desk

_MOST: Final = 50
"""Rows that are replayed at once, and events that are shown of one."""
_SHOWN: Final = 50_000
"""Characters of an event. Whole messages may have a hundred times that."""


def listed(desk: Desk) -> Response[Any]:
    """The rejected rows, the newest first."""
    kind = Kind.REJECTED
    choices = {"company": desk.lists.companies, "reason": tuple(RejectReason)}
    page = desk.listed(kind)
    return desk.page("rejected.html", title="Rejected", page=page, fields=FILTERS[kind], choices=choices, value=_value)


def show(desk: Desk) -> Response[Any]:
    """One row: what is kept of it, why it was rejected, and what was done about it. Four requests."""
    entity, id = desk.query.get("entity", ""), desk.query.get("id", "")
    staging = desk.stores.staging
    why = list(islice(staging.rejections(entity, id), _MOST))
    events = [_pretty(event) for _, event in islice(staging.rejected(entity, id), len(why))]
    found = staged_item(staging, id) if entity == ACTUAL else None
    invalid = found if found and found.row and found.row.state is StagingState.INVALID else None
    history = list(staging.history(entity, id))[-_MOST:]
    kept = list(zip(why, events, strict=False))
    known: dict[str, Any] = {"entity": entity, "id": id, "kept": kept, "invalid": invalid, "history": history}
    return desk.page("rejected_row.html", title=f"Rejected {entity}", value=_value(entity, id), **known)


def replay(desk: Desk) -> Response[Any]:
    """Delivers what was chosen again: one row, or several of the list."""
    chosen = [found for text in desk.forms.get("row", []) if (found := _chosen(text))]
    if not chosen:
        return desk.go("/rejected", "Nothing was replayed: choose at least one row.", refused=True)
    refused: list[str] = []
    for entity, id in chosen[:_MOST]:
        if again := desk.do("replay", entity=entity, id=id).get("refused"):
            refused.append(f"{entity} {id}: {again[0]['detail']}")
    accepted = len(chosen[:_MOST]) - len(refused)
    said = f"{accepted} of {len(chosen)} accepted.{_why(refused)}"
    if len(chosen) == 1:
        (entity, id) = chosen[0]
        said = f"Not accepted: {refused[0]}" if refused else "Replayed, and accepted."
        return desk.go("/rejected/row", said, refused=bool(refused), entity=entity, id=id)
    return desk.go("/rejected", said, refused=bool(refused))


def _why(refused: list[str]) -> str:
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    return f" Rejected again: {'; '.join(refused[:3])}{more}" if refused else ""


def _value(entity: str, id: str) -> str:
    """A row as the value of a field: an id that could not be read may hold any character."""
    return json.dumps([entity, id])


def _chosen(text: str) -> tuple[str, str] | None:
    """The row in the value of a field; ``None`` for what is none of ours."""
    try:
        entity, id = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return (entity, id) if isinstance(entity, str) and isinstance(id, str) and entity and id else None


def _pretty(event: dict[str, Any]) -> str:
    text = json.dumps(event, indent=2, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\n… and {len(text) - _SHOWN} characters more"
