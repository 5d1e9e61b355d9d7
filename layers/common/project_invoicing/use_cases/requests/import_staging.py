"""Imports what waits in staging: all of it, or what the request names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportStaging(SignedRequest):
    """Imports what waits in staging: everything, or a company's, a proposal, or an actual."""

    FUNCTION: ClassVar[str] = "staging_import"

    company: Annotated[str | None, Says("the code of the only company to import")] = None
    proposal_id: Annotated[str | None, Says("the number of the only proposal to import, or its proforma's id")] = None
    actual_id: Annotated[str | None, Says("the Dataverse id of the only actual to import")] = None
