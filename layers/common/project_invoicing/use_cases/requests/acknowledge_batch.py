"""Says what the other ledger has made of a batch, in place of an event or a file of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from project_invoicing.domain.ledger_answer import Answer, Outcome
from project_invoicing.domain.ledger_batch import BatchKind
from project_invoicing.events.details import Detail, Says
from project_invoicing.events.own import DATE, Company
from project_invoicing.rules.ledger_answer_form import answer_of
from project_invoicing.use_cases.requests.request import SignedRequest

Number = Annotated[str | None, Says("what the other ledger calls it; SAP's as 1000/1900000001/2026")]
Message = Annotated[str | None, Says("why, in words")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedThere(Detail):
    """What was refused."""

    external_id: Annotated[str, Says("the external id of a voucher, or of one of its lines")]
    message: Message = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherThere(Detail):
    """What became of a voucher."""

    external_id: Annotated[str, Says("the external id of a voucher, or of one of its lines")]
    outcome: Annotated[str, Says("what became of it", values=(Outcome.ACCEPTED, Outcome.REFUSED))]
    external_number: Number = None
    posted_date: Annotated[str | None, Says("when it was posted there", DATE)] = None
    message: Message = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeBatch(SignedRequest):
    """Says that the other ledger has accepted or refused a batch, or a part of it. What was accepted stays so."""

    FUNCTION: ClassVar[str] = "ledger_answers"
    UNDER: ClassVar[str | None] = "acknowledge"

    company: Company
    kind: Annotated[str, Says("what its lines are", values=tuple(BatchKind))]
    number: Annotated[int, Says("the number of the batch")]
    outcome: Annotated[str, Says("what became of it; voided_there needs a message", values=tuple(Outcome))]
    external_number: Number = None
    external_numbers: Annotated[tuple[str, ...] | None, Says("more numbers, where it has several")] = None
    posted_date: Annotated[str | None, Says("when it was posted there", DATE)] = None
    message: Message = None
    delivery: Annotated[int | None, Says("the number of the delivery that it is about")] = None
    manifest_sha256: Annotated[str | None, Says("the hash of the manifest that was read")] = None
    errors: Annotated[tuple[RefusedThere, ...] | None, Says("what was refused, where a part was")] = None
    vouchers: Annotated[tuple[VoucherThere, ...] | None, Says("what became of each voucher, where that is known")] = (
        None
    )

    @property
    def answer(self) -> Answer:
        """Raises ``Rejected`` for what fits no answer."""
        return answer_of(self.as_detail())
