"""How the business declines: a row waits, a posting is refused. Neither is a defect.

Both carry the code of the contract and a text that names ids, amounts and dates, so that "why is my proposal empty?"
can be answered from what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from project_invoicing.domain.codes import SET_UP_REASONS, BatchRefusal, PostingFailure, RejectReason, WaitReason


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something waits. ``actual_id`` is the blocking row, where it is a single row.

    ``document`` is the journal, or the proforma of the invoice, whose posting ends the wait, where that is known.
    ``blocker`` is the master data whose arrival or change may end it: ``<table>#<id>``, ``rate#<FROM>#<TO>``, or for
    what is known by its number alone ``name#<part>#<company>#<number>``; ``None`` where that is the policy, or nothing
    that can be named. ``also``: others that may end it; only the header of a proposal keeps them. They are no part of
    what a wait says, so two waits that differ only in them are equal.
    """

    reason: WaitReason
    detail: str
    actual_id: str | None = None
    document: str | None = None
    blocker: str | None = field(default=None, compare=False)
    also: tuple[str, ...] = field(default=(), compare=False)

    @property
    def blocked_by(self) -> str | None:
        """What a waiting row stores as its blocker: none where neither set-up nor master data could end the wait."""
        return self.blocker or (POLICY if self.reason in SET_UP_REASONS else None)


POLICY: Final = "policy"
"""What a row stores as its blocker where the set-up could end its wait, and no master data of a name."""


def row_blocker(entity: str, id: str) -> str:
    return f"{entity}#{id.lower()}"


def rate_blocker(from_: str, to: str) -> str:
    return f"rate#{from_}#{to}"


class Refused(Exception):
    """A posting or a delivery that is not allowed. Nothing of it has been written."""

    def __init__(self, reason: PostingFailure | WaitReason | BatchRefusal, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a function called by a person did not do, as its answer shows it (contract, section 7).

    ``document`` is a number, or the id of a row; ``None`` where the request names none. ``reason`` is one of the codes.
    """

    company: str | None
    document: str | None
    reason: str
    detail: str


def refused_answer(detail: Mapping[str, Any], reason: str, why: str) -> dict[str, Any]:
    """The answer to an ``{action: request}`` that was not carried out, with the document that the request names."""
    request = next((one for one in detail.values() if isinstance(one, Mapping)), {})
    company, number = request.get("company"), request.get("number")
    named = (request.get(name) for name in ("invoice_number", "proposal_id", "journal_id"))
    document = next((one for one in named if isinstance(one, str)), None)
    if company and isinstance(number, int):
        document = f"{company}-{request.get('kind')}-{number:06d}"
    refusal = Refusal(company if isinstance(company, str) else None, document, reason, why)
    return {"outcome": f"refused: {why}", "refused": [asdict(refusal)]}


def unknown_company(company: str) -> Refusal:
    return Refusal(company, None, RejectReason.SCHEMA, f"the set-up has no company {company}")
