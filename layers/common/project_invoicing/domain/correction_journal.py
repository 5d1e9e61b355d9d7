"""A correction journal: imbalances of accrued revenue that a person puts right together (ARR-10 to ARR-17)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from project_invoicing.domain.accrued_revenue import Part, Taking, imbalance_of, is_symmetric
from project_invoicing.domain.states import StateMachine

AT_ONCE: Final = 1_000
"""The most lines that are made or posted while a person waits; more only by schedule (ARR-13)."""


class CorrectionStatus(StrEnum):
    """``creating``: lines are still being put on it. ``partly_posted``: some of its lines are not posted."""

    CREATING = "creating"
    DRAFT = "draft"
    PARTLY_POSTED = "partly_posted"
    POSTED = "posted"
    DELETED = "deleted"


class CorrectionVerb(StrEnum):
    """What happens to a correction journal. ``LINES_ADDED``: some more are on it."""

    LINES_ADDED = "lines added"
    CREATED = "created"
    EDITED = "edited"
    LINES_EDITED = "lines edited"
    LINES_REMOVED = "lines removed"
    DELETED = "deleted"
    SCHEDULED = "scheduled"
    PARTLY_POSTED = "partly posted"
    POSTED = "posted"


_CREATING, _DRAFT = CorrectionStatus.CREATING, CorrectionStatus.DRAFT
_PARTLY, _POSTED = CorrectionStatus.PARTLY_POSTED, CorrectionStatus.POSTED

CORRECTIONS: Final = StateMachine[CorrectionStatus, CorrectionVerb](
    "correction journal",
    {
        (_CREATING, CorrectionVerb.LINES_ADDED): _CREATING,
        (_CREATING, CorrectionVerb.CREATED): _DRAFT,
        (_CREATING, CorrectionVerb.DELETED): CorrectionStatus.DELETED,
        (_DRAFT, CorrectionVerb.EDITED): _DRAFT,
        (_DRAFT, CorrectionVerb.LINES_EDITED): _DRAFT,
        (_DRAFT, CorrectionVerb.LINES_REMOVED): _DRAFT,
        (_DRAFT, CorrectionVerb.DELETED): CorrectionStatus.DELETED,
        (_DRAFT, CorrectionVerb.SCHEDULED): _DRAFT,
        (_DRAFT, CorrectionVerb.PARTLY_POSTED): _PARTLY,
        (_DRAFT, CorrectionVerb.POSTED): _POSTED,
        (_PARTLY, CorrectionVerb.LINES_EDITED): _PARTLY,
        (_PARTLY, CorrectionVerb.LINES_REMOVED): _PARTLY,
        (_PARTLY, CorrectionVerb.SCHEDULED): _PARTLY,
        (_PARTLY, CorrectionVerb.PARTLY_POSTED): _PARTLY,
        (_PARTLY, CorrectionVerb.POSTED): _POSTED,
    },
)


class Due(StrEnum):
    """What the schedule has to do with a correction journal."""

    CREATE = "create"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The imbalances that a journal is made of: those of some days, all or some of them.

    ``reversals``: also what reversals on journals left.
    """

    first: date
    last: date
    ids: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    reversals: bool = False


@dataclass(frozen=True, slots=True)
class CorrectionJournal:
    """Its header as it was read. ``version`` is raised by every write of it.

    ``due`` is what the schedule goes on with; ``error`` why it could not.
    """

    company: str
    number: str
    status: CorrectionStatus
    wanted: Wanted
    version: int = 1
    description: str | None = None
    voucher_date: date | None = None
    lines: int = 0
    posted_lines: int = 0
    next_line: int = 1
    due: Due | None = None
    created_at: str = ""
    error: str | None = None

    @property
    def open_lines(self) -> int:
        return self.lines - self.posted_lines


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """The imbalance of an unbilled sale on a correction journal, as it was when the journal was made.

    ``left`` is what remains of its accrual, and what the line brings to zero. ``offset_account`` takes what the two
    sides do not make zero together (ARR-08). ``voucher`` is there once it is posted, ``error`` says why it is not.
    """

    line_number: int
    unbilled_id: str
    left: tuple[Part, ...]
    takings: tuple[Taking, ...]
    project: str | None = None
    customer: str | None = None
    contract: str | None = None
    transaction_date: date | None = None
    offset_account: str | None = None
    offset_dimensions: dict[str, str] | None = None
    voucher: str | None = None
    error: str | None = None

    @property
    def amount(self) -> Decimal:
        """The imbalance in accounting currency."""
        return imbalance_of(self.left)

    @property
    def symmetric(self) -> bool:
        return is_symmetric(self.left)


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    """A page of lines. ``key`` is its sort key; ``version`` is raised by every change of it."""

    key: str
    lines: list[CorrectionLine]
    version: int
