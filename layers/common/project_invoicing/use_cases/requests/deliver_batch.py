"""Delivers a ledger batch: what of it is not accepted yet, in a format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.events.details import Says
from project_invoicing.events.own import Company
from project_invoicing.use_cases.requests.request import SignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverBatch(SignedRequest):
    """Delivers what of a batch is not accepted yet. The same request, sent again, is the same delivery."""

    FUNCTION: ClassVar[str] = "ledger_answers"
    UNDER: ClassVar[str | None] = "deliver"

    company: Company
    kind: Annotated[str, Says("what its lines are", values=tuple(BatchKind))]
    number: Annotated[int, Says("the number of the batch")]
    format: Annotated[str, Says("the name of a format, ready-made or of the set-up")]

    @property
    def batch(self) -> BatchId:
        return BatchId(self.company, BatchKind(self.kind), self.number)
