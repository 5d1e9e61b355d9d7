"""Makes batches for general ledgers: of every company, or those that the request selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.codes import BatchKind
from project_invoicing.events.details import Says
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildBatches(SignedRequest):
    """Makes batches of what is ready for a general ledger, whatever the schedule of its company."""

    FUNCTION: ClassVar[str] = "ledger_export"

    company: Annotated[str | None, Says("the code of the only company")] = None
    kind: Annotated[str | None, Says("the only kind of batches", values=tuple(BatchKind))] = None

    @property
    def of_kind(self) -> BatchKind | None:
        return BatchKind(self.kind) if self.kind else None
