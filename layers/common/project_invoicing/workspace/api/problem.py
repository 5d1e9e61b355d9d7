"""What goes wrong with a call, as the caller gets it: problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from project_invoicing.domain.codes import PostingFailure, RejectReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected


class Problem(Exception):
    """``reason`` is a code, ``detail`` says what to do; ``headers`` go into the answer, ``more`` into its body."""

    def __init__(
        self, status: int, reason: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def body(self, reference: str) -> dict[str, Any]:
        """``reference`` finds the call in the log."""
        title = HTTPStatus(self.status).phrase
        known = {"title": title, "status": self.status, "reason": str(self.reason), "detail": self.detail}
        return {
            **known,
            **{name: value for name, value in self.more.items() if value is not None},
            "reference": reference,
        }


def of_rejected(rejected: Rejected) -> Problem:
    return Problem(status_of(rejected.reason), rejected.reason, rejected.detail, field=rejected.field)


def of_refused(refused: Refused) -> Problem:
    return Problem(status_of(refused.reason), refused.reason, refused.detail)


def status_of(reason: str) -> int:
    """403 for a role that is missing, 422 for a request that is wrong, 409 for what the document does not allow."""
    if reason == PostingFailure.ROLE_MISSING:
        return 403
    return 422 if reason in set(RejectReason) else 409
