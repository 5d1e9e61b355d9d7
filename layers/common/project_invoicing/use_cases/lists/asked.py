"""What a list is asked for, and the page it answers with. The same for a command line and for pages in a browser."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar

from project_invoicing.domain.codes import (
    ApprovalState,
    BatchRefusal,
    JournalStatus,
    PostingFailure,
    ProposalStatus,
    RejectReason,
    WaitReason,
)
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.documents.given import given_day, given_month

Row = TypeVar("Row")

MOST: Final = 100
"""The most rows of a page: what DynamoDB reads by keys in one request."""
USUAL: Final = 50
REJECTED: Final = "rejected"
DISMISSED: Final = "dismissed"
STUCK: Final = "stuck"
"""Of approvals: submitted, and nobody is left whom the company names."""
NOT_BILLED: Final = "not_billed"
ON_PROPOSAL: Final = "on_proposal"
BILLED: Final = "billed"
"""Of on-account transactions: on no proposal, on one that is not posted, and posted."""


class Kind(StrEnum):
    """The lists there are."""

    PROPOSALS = "proposals"
    APPROVALS = "approvals"
    JOURNALS = "journals"
    INVOICES = "invoices"
    WAITING = "waiting"
    REJECTED = "rejected"
    DIFFERENCES = "differences"
    VOUCHERS = "vouchers"
    UNEXPORTED = "unexported"
    ON_ACCOUNT = "on-account"


FILTERS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PROPOSALS: ("company", "status", "reason", "customer", "since", "number"),
    Kind.APPROVALS: ("company", "status", "number"),
    Kind.JOURNALS: ("company", "status", "since", "number"),
    Kind.INVOICES: ("company", "customer", "from_month", "to_month", "since", "number"),
    Kind.WAITING: ("company", "reason", "since", "number"),
    Kind.REJECTED: ("company", "status", "reason", "since", "number"),
    Kind.DIFFERENCES: ("company", "reason"),
    Kind.VOUCHERS: ("company", "since", "number"),
    Kind.UNEXPORTED: ("company", "number"),
    Kind.ON_ACCOUNT: ("company", "status", "from_month", "to_month", "number"),
}
"""What each list can be narrowed down by."""

STATUSES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PROPOSALS: tuple(status for status in ProposalStatus if status is not ProposalStatus.CANCELED),
    Kind.APPROVALS: (*ApprovalState, STUCK),
    Kind.JOURNALS: tuple(JournalStatus),
    Kind.REJECTED: (REJECTED, DISMISSED),
    Kind.ON_ACCOUNT: (NOT_BILLED, ON_PROPOSAL, BILLED),
}
"""Of what was rejected: what is to be looked at, which is listed without a choice, and what a person has set aside."""

REASONS: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.PROPOSALS: tuple(sorted({*WaitReason, *PostingFailure})),
    Kind.WAITING: tuple(sorted({*WaitReason, *BatchRefusal})),
    Kind.REJECTED: tuple(sorted(RejectReason)),
}
"""Why something can be on a list. Those of differences are checks, which the list of them knows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a list. ``since`` is a day, ``number`` a number or an id, ``cursor`` what a page before gave.

    ``customer`` is the number of a customer; of invoices also how its name begins. ``from_month`` and ``to_month`` are
    months, as 2026-08.
    """

    kind: Kind
    company: str | None = None
    status: str | None = None
    reason: str | None = None
    customer: str | None = None
    since: str | None = None
    number: str | None = None
    limit: int = USUAL
    cursor: str | None = None
    from_month: str | None = None
    to_month: str | None = None

    def checked(self) -> Asked:
        """The question. Raises ``Rejected`` for what this list does not know."""
        for name in ("company", "status", "reason", "customer", "since", "number", "from_month", "to_month"):
            if getattr(self, name) is not None and name not in FILTERS[self.kind]:
                known = ", ".join(FILTERS[self.kind])
                raise bad(name, f"{self.kind} are not listed by {name}; what they are listed by: {known}")
        statuses = STATUSES.get(self.kind, ())
        if self.status is not None and self.status not in statuses:
            raise bad("status", f"status is {self.status!r}; {self.kind} are {', '.join(statuses)}")
        reasons = REASONS.get(self.kind, ())
        if self.reason is not None and reasons and self.reason not in reasons:
            raise bad("reason", f"reason is {self.reason!r}; those of this list are {', '.join(reasons)}")
        if self.since is not None:
            given_day(self.since, "since")
        for name in ("from_month", "to_month"):
            if (month := getattr(self, name)) is not None:
                given_month(month, name)
        if not 1 <= self.limit <= MOST:
            raise bad("limit", f"limit is {self.limit}; it can be 1 to {MOST}")
        return self

    @property
    def place(self) -> Mapping[str, Any]:
        """Where to go on; empty for the first page. Raises ``Rejected`` for a cursor of another question."""
        if not self.cursor:
            return {}
        try:
            found = json.loads(urlsafe_b64decode(self.cursor.encode()))
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.pop("of", None) != self._question or not _is_place(found):
            raise bad("cursor", "cursor is not one that a page of this list gave; leave it out to begin at the top")
        return found

    def cursor_at(self, place: Mapping[str, Any]) -> str:
        """The cursor that continues at ``place``."""
        text = json.dumps({"of": self._question, **place}, separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode()

    @property
    def _question(self) -> list[str | None]:
        months = [self.from_month, self.to_month] if self.from_month or self.to_month else []
        return [self.kind, self.company, self.status, self.reason, self.customer, self.since, self.number, *months]


def _is_place(found: Mapping[str, Any]) -> bool:
    """Whether it holds only short texts that are not empty, and small numbers."""
    return all(
        (isinstance(value, str) and 0 < len(value.encode()) <= 1024) or (type(value) is int and 0 <= value < 1_000_000)
        for value in found.values()
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the cursor of the next page, ``None`` at the end. A page may be short, even empty, and still go on."""

    rows: Sequence[Row] = field(default_factory=tuple)
    cursor: str | None = None


def bad(name: str, detail: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, detail, entity="list", field=name)


def companies_from(asked: Asked, companies: Sequence[str]) -> Iterator[str]:
    """The companies that are still to be listed, the one where the cursor stands first."""
    among = [asked.company] if asked.company else list(companies)
    at = asked.place.get("company")
    if at is not None and at not in among:
        raise bad("cursor", f"cursor stands at company {at}, which is not listed any more; leave it out")
    yield from among[among.index(at) if at is not None else 0 :]


def page_of(asked: Asked, companies: Sequence[str], rows: Sequence[Row], before: str) -> Page[Row]:
    """A page of one company's documents; the next one continues ``before`` a place, else with the next company."""
    left = list(companies_from(asked, companies))
    if before:
        return Page(rows, asked.cursor_at({"company": left[0], "before": before}))
    return Page(rows, asked.cursor_at({"company": left[1]}) if len(left) > 1 else None)
