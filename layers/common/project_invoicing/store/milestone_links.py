"""Which billed sales name a milestone: an item beside the rows of staging, with an attribute for each of them.

``b_`` + actual: the actual names the milestone in one of its versions. Its row says whether it still does.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from project_invoicing.errors import Conflict
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import get_many, update, write_one

_PLACE: Final = "M"
_BY: Final = "b_"


def note(staging: Staging, milestone: str, actual: str) -> None:
    """Notes that an actual names a milestone. One request; what is noted already is not written again."""
    name = f"{_BY}{actual}"
    with suppress(Conflict):
        write_one(staging.client, update(staging.table, milestone, _PLACE, {name: True}, expected={name: None}))


def naming(staging: Staging, milestones: Iterable[str]) -> dict[str, list[str]]:
    """The actuals that name each of these milestones, or did. 100 a request."""
    found: dict[str, list[str]] = {one: [] for one in milestones}
    for item in get_many(staging.client, staging.table, ((one, _PLACE) for one in found)):
        found[item["pk"]] += sorted(name.removeprefix(_BY) for name in item if name.startswith(_BY))
    return found
