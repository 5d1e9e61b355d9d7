"""Posts integration journals: all of them, or those that the request selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PostJournals(SignedRequest):
    """Posts the journals that are drafts or were left half-way; those given by every field that is there."""

    FUNCTION: ClassVar[str] = "journal_posting"

    company: Annotated[str | None, Says("the code of the journals' company")] = None
    journal_id: Annotated[str | None, Says("the number of the journal")] = None
    original_journal: Annotated[str | None, Says("the journal that their lines were on before")] = None
    period_start: Annotated[str | None, Says("a date in the journals' period, as 2026-08-31")] = None
