"""Lists of a stack, deployed or local: what ``invoicing list`` prints, and what fills them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from operate.invalid_input import InvalidInput
from operate.stack_tables import check_company, named
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.use_cases.lists.asked import MOST, Asked, Kind
from project_invoicing.use_cases.lists.fill import fill as fill_lists
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.rejected import RejectedRow
from project_invoicing.use_cases.lists.show import page

MOST_ROWS: Final = 10_000
"""The most rows that one command lists."""
_PAGES: Final = 500
"""The most pages that one command reads: few rows may fit among many."""
_TABLES: Final = ("staging", "journals", "proposals", "ledger", "setup", "dataverse", "master_data")


@dataclass(frozen=True, slots=True)
class Listed:
    """``filled``: whether what earlier versions stored is in the lists. ``cursor`` goes on, ``None`` at the end."""

    rows: list[Any]
    cursor: str | None
    filled: bool


def run(kind: Kind, asked: Mapping[str, Any], stack_prefix: str | None) -> Listed:
    """The rows that fit, page by page up to the limit. Raises ``InvalidInput``."""
    place = place_of(stack_prefix)
    check_company(asked.get("company"), place.setup)
    question, limit = Asked(kind, **{**asked, "limit": MOST}), asked["limit"]
    rows: list[Any] = []
    try:
        for _ in range(_PAGES):
            found = page(place, replace(question, limit=min(limit - len(rows), MOST)))
            rows += found.rows
            question = replace(question, cursor=found.cursor)
            if found.cursor is None or len(rows) >= limit:
                break
    except Rejected as rejected:
        raise InvalidInput([_told(rejected)]) from None
    return Listed(rows, question.cursor, place.stores.lists.complete())


def rejected(place: ListPlace, asked: Mapping[str, str | None]) -> list[RejectedRow]:
    """Everything rejected that fits, up to the most that are listed. Raises ``InvalidInput``."""
    question, rows = Asked(Kind.REJECTED, **{**asked, "limit": MOST}), []  # type: ignore[arg-type]
    try:
        while True:
            found = page(place, question)
            rows += [row for row in found.rows if isinstance(row, RejectedRow)]
            question = replace(question, cursor=found.cursor)
            if found.cursor is None or len(rows) >= MOST_ROWS:
                return rows
    except Rejected as rejected:
        raise InvalidInput([_told(rejected)]) from None


def fill(stack_prefix: str | None, tell: Callable[[str, int], None]) -> int:
    """Puts what earlier versions stored into the lists, and says how many items it were."""
    return fill_lists(place_of(stack_prefix), tell)


def place_of(stack_prefix: str | None) -> ListPlace:
    """What the lists of a stack read: the one of this name, else the tables that the environment names."""
    batches = ("ledger_batches",) if stack_prefix else ()  # of an environment it is read if it is named
    return ListPlace.read(client.dynamodb(), named(stack_prefix, *_TABLES, *batches), utc_text(datetime.now(UTC)))


def _told(rejected: Rejected) -> str:
    return f"--{rejected.field}: {rejected.detail}" if rejected.field else rejected.detail
