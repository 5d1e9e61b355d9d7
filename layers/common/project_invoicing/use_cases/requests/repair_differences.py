"""Repairs what a reconciliation found: all of it, or one row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import SignedRequest

ALL: Final = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDifferences(SignedRequest):
    """Compares everything, and with ``repair`` repairs what can be: ``all`` that differs, or one row by its id."""

    FUNCTION: ClassVar[str] = "reconciliation"

    repair: Annotated[str | None, Says("all, or the id of an actual, a connection, a proforma or master data")] = None
