"""Repairs of a stack, deployed or local: what ``invoicing repair`` asks for."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final

from operate import reconcile
from operate.invalid_input import InvalidInput
from project_invoicing.domain.text import guid

Json = dict[str, Any]

ALL: Final = "all"
_FAILED: Final = ("not possible", "the bus did not take it", "Dataverse does not have it")


def run(ids: Iterable[str], actor: str, stack_prefix: str | None) -> list[Json]:
    """What was asked for: ``[{"entity", "id", "repair", "outcome"}]``. ``all`` compares everything first.

    Raises ``InvalidInput`` for something that is no id, before anything is repaired.
    """
    wanted = list(dict.fromkeys(ids))
    if ALL in wanted and len(wanted) > 1:
        raise InvalidInput(["repair: all is everything that differs; leave the ids out"])
    if wanted == [ALL]:
        print("Comparing everything first; this takes a while.", file=sys.stderr)
    if wrong := [f"{id} is no GUID: name a row of Dataverse, or all" for id in wanted if id != ALL and not guid(id)]:
        raise InvalidInput(wrong)
    made = (reconcile.run(reconcile.Options(id, stack_prefix=stack_prefix, actor=actor)) for id in wanted)
    return [one for report in made for one in report["repaired"]]


def failed(one: Json) -> bool:
    """Whether a repair could not be asked for."""
    return str(one["outcome"]).startswith(_FAILED)
