"""Posts invoice proposals: all that are ready, or the one that the request names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PostInvoices(SignedRequest):
    """Posts the proposals that are ready and finishes what was left half-way, or posts one proposal."""

    FUNCTION: ClassVar[str] = "invoice_posting"

    company: Annotated[str | None, Says("the code of the proposals' company")] = None
    proposal_id: Annotated[str | None, Says("the number of the proposal, or its proforma's id")] = None
    invoice_date: Annotated[str | None, Says("the date of the invoices, as 2026-08-31, instead of theirs")] = None
