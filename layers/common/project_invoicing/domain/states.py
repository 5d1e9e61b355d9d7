"""The state machines as tables: what may happen to a row, a document, a table map or a batch, and what state follows.

A store consults its table before it writes a transition and makes the previous state the condition of the write. A
transition that is not in the table is refused with ``Conflict``: another run was faster, or the caller has not checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Generic, TypeVar

from project_invoicing.domain.codes import (
    ApprovalState,
    BatchState,
    JournalStatus,
    ProposalStatus,
    StagingState,
    VendorInvoiceStatus,
)
from project_invoicing.errors import Conflict

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


class StateMachine(Generic[S, V]):
    """The transitions of one kind of document: ``(state, verb)`` to the state afterwards."""

    def __init__(self, thing: str, transitions: Mapping[tuple[S, V], S]) -> None:
        self.thing = thing
        self.transitions = transitions

    def after(self, state: S, verb: V) -> S:
        """The state after ``verb``. Raises ``Conflict`` where ``state`` does not allow it."""
        found = self.transitions.get((state, verb))
        if found is None:
            can = ", ".join(self.possible(state)) or "nothing"
            raise Conflict(f"a {self.thing} that is {state} cannot be {verb}; what can happen to it: {can}")
        return found

    def before(self, verb: V) -> S:
        """The only state that allows ``verb``: the condition of a write on a document that was not read."""
        (state,) = {state for state, one in self.transitions if one is verb}
        return state

    def possible(self, state: S) -> list[str]:
        """The verbs that ``state`` allows."""
        return [verb.value for before, verb in self.transitions if before is state]


class RowVerb(StrEnum):
    """What happens to a staging row.

    ``RECEIVED``: a newer version of a known row arrived. ``RELINED``: its unposted line changed. ``LOOKED_AT``: its
    changes since the import need nothing more. ``CORRECTED``: a voucher of its own moved what was posted.
    """

    LEFT_WAITING = "left waiting"
    INVALIDATED = "invalidated"
    REVIVED = "revived"
    SKIPPED = "skipped"
    IMPORTED = "imported"
    COVERED = "covered"
    RECEIVED = "received"
    RECEIVED_TO_SKIP = "received to be skipped"
    RELINED = "relined"
    LOOKED_AT = "looked at"
    RELEASED = "released"
    POSTED = "posted"
    BILLED_BETWEEN_COMPANIES = "billed between companies"
    WRITTEN_BACK = "written back"
    CORRECTED = "corrected"


_PENDING, _IMPORTED, _ROW_POSTED = StagingState.PENDING, StagingState.IMPORTED, StagingState.POSTED
ON_DOCUMENTS: Final = (_IMPORTED, _ROW_POSTED)
"""The states of rows that are lines: a newer version changes the line, or comes too late."""
_NOT_ON_A_DOCUMENT: Final = (_PENDING, StagingState.SKIPPED, StagingState.INVALID)

ROWS: Final = StateMachine[StagingState, RowVerb](
    "staging row",
    {
        (_PENDING, RowVerb.LEFT_WAITING): _PENDING,
        (_PENDING, RowVerb.INVALIDATED): StagingState.INVALID,
        (_PENDING, RowVerb.SKIPPED): StagingState.SKIPPED,
        (_PENDING, RowVerb.IMPORTED): _IMPORTED,
        (_PENDING, RowVerb.COVERED): _ROW_POSTED,
        (StagingState.INVALID, RowVerb.REVIVED): _PENDING,
        (_IMPORTED, RowVerb.RELINED): _IMPORTED,
        (_IMPORTED, RowVerb.LOOKED_AT): _IMPORTED,
        (_IMPORTED, RowVerb.RELEASED): _PENDING,
        (_IMPORTED, RowVerb.POSTED): _ROW_POSTED,
        (_ROW_POSTED, RowVerb.LOOKED_AT): _ROW_POSTED,
        (_ROW_POSTED, RowVerb.BILLED_BETWEEN_COMPANIES): _ROW_POSTED,
        (_ROW_POSTED, RowVerb.WRITTEN_BACK): _ROW_POSTED,
        (_ROW_POSTED, RowVerb.CORRECTED): _ROW_POSTED,
        **{(state, RowVerb.RECEIVED): _PENDING for state in _NOT_ON_A_DOCUMENT},
        **{(state, RowVerb.RECEIVED_TO_SKIP): StagingState.SKIPPED for state in _NOT_ON_A_DOCUMENT},
        **{(state, verb): state for state in ON_DOCUMENTS for verb in (RowVerb.RECEIVED, RowVerb.RECEIVED_TO_SKIP)},
    },
)


class JournalVerb(StrEnum):
    """What happens to an integration journal. ``BEGUN`` claims it for posting."""

    CHANGED = "changed"
    BEGUN = "begun"
    PAGE_POSTED = "page posted"
    POSTED = "posted"
    FAILED = "failed"
    RESET = "reset"


_DRAFT, _PROCESSING, _ERROR = JournalStatus.DRAFT, JournalStatus.PROCESSING, JournalStatus.ERROR

JOURNALS: Final = StateMachine[JournalStatus, JournalVerb](
    "journal",
    {
        (_DRAFT, JournalVerb.CHANGED): _DRAFT,
        (_DRAFT, JournalVerb.BEGUN): _PROCESSING,
        (_DRAFT, JournalVerb.FAILED): _ERROR,
        (_PROCESSING, JournalVerb.PAGE_POSTED): _PROCESSING,
        (_PROCESSING, JournalVerb.POSTED): JournalStatus.POSTED,
        (_ERROR, JournalVerb.CHANGED): _ERROR,
        (_ERROR, JournalVerb.RESET): _DRAFT,
    },
)


class ProposalVerb(StrEnum):
    """What happens to an invoice proposal.

    ``CLAIMED`` begins its posting. ``CLEARED`` takes all its lines off; ``PAGE_CLEARED`` then removes them page by
    page. ``MARKED``: everything its lines continue is marked as taken. ``RECEIVED``: its proforma arrived again.
    ``IN_APPROVAL``: a step of its approval, which has a table of its own.
    """

    LEFT_WAITING = "left waiting"
    FILLED = "filled"
    READY = "ready"
    COVERED = "covered"
    MARKED = "marked"
    EDITED = "edited"
    IN_APPROVAL = "in approval"
    REFUSED = "refused"
    CLEARED = "cleared"
    PAGE_CLEARED = "page cleared"
    CLAIMED = "claimed"
    PAGE_POSTED = "page posted"
    POSTED = "posted"
    RECEIVED = "received"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    REVIVED = "revived"


_WAITING, _READY, _POSTING = ProposalStatus.WAITING, ProposalStatus.READY, ProposalStatus.POSTING
_PROPOSAL_POSTED, _CANCELED = ProposalStatus.POSTED, ProposalStatus.CANCELED

PROPOSALS: Final = StateMachine[ProposalStatus, ProposalVerb](
    "proposal",
    {
        (_WAITING, ProposalVerb.LEFT_WAITING): _WAITING,
        (_WAITING, ProposalVerb.FILLED): _WAITING,
        (_WAITING, ProposalVerb.READY): _READY,
        (_WAITING, ProposalVerb.MARKED): _WAITING,
        (_WAITING, ProposalVerb.EDITED): _WAITING,
        (_WAITING, ProposalVerb.REFUSED): _WAITING,
        (_WAITING, ProposalVerb.CLEARED): _WAITING,
        (_WAITING, ProposalVerb.PAGE_CLEARED): _WAITING,
        (_WAITING, ProposalVerb.RECEIVED): _WAITING,
        (_WAITING, ProposalVerb.WITHDRAWING): _WAITING,
        (_WAITING, ProposalVerb.WITHDRAWN): _CANCELED,
        (_READY, ProposalVerb.COVERED): _READY,
        (_READY, ProposalVerb.MARKED): _READY,
        (_READY, ProposalVerb.EDITED): _READY,
        (_READY, ProposalVerb.IN_APPROVAL): _READY,
        (_READY, ProposalVerb.REFUSED): _READY,
        (_READY, ProposalVerb.CLEARED): _WAITING,
        (_READY, ProposalVerb.RECEIVED): _READY,
        (_READY, ProposalVerb.WITHDRAWING): _WAITING,
        (_READY, ProposalVerb.CLAIMED): _POSTING,
        (_POSTING, ProposalVerb.REFUSED): _POSTING,
        (_POSTING, ProposalVerb.PAGE_POSTED): _POSTING,
        (_POSTING, ProposalVerb.POSTED): _PROPOSAL_POSTED,
        (_POSTING, ProposalVerb.RECEIVED): _POSTING,
        (_PROPOSAL_POSTED, ProposalVerb.MARKED): _PROPOSAL_POSTED,
        (_PROPOSAL_POSTED, ProposalVerb.REFUSED): _PROPOSAL_POSTED,
        (_PROPOSAL_POSTED, ProposalVerb.RECEIVED): _PROPOSAL_POSTED,
        (_CANCELED, ProposalVerb.REFUSED): _CANCELED,
        (_CANCELED, ProposalVerb.RECEIVED): _CANCELED,
        (_CANCELED, ProposalVerb.REVIVED): _WAITING,
    },
)


class ApprovalVerb(StrEnum):
    """What happens to the approval of a proposal. ``RECALLED``: by whoever submitted it; ``RESET``: by a role.

    ``TAKEN_BACK``: what would be posted has changed.
    """

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "sent back for changes"
    RECALLED = "recalled"
    RESET = "reset"
    TAKEN_BACK = "taken back"


_NOT_SUBMITTED: Final = (ApprovalState.DRAFT, ApprovalState.REJECTED, ApprovalState.CHANGES_REQUESTED)
IN_APPROVAL: Final = (ApprovalState.SUBMITTED, ApprovalState.APPROVED)
"""The states in which nobody edits the proposal."""

APPROVALS: Final = StateMachine[ApprovalState, ApprovalVerb](
    "proposal's approval",
    {
        **{(state, ApprovalVerb.SUBMITTED): ApprovalState.SUBMITTED for state in _NOT_SUBMITTED},
        (ApprovalState.SUBMITTED, ApprovalVerb.APPROVED): ApprovalState.APPROVED,
        (ApprovalState.SUBMITTED, ApprovalVerb.REJECTED): ApprovalState.REJECTED,
        (ApprovalState.SUBMITTED, ApprovalVerb.CHANGES_REQUESTED): ApprovalState.CHANGES_REQUESTED,
        **{
            (state, verb): ApprovalState.DRAFT
            for state in IN_APPROVAL
            for verb in (ApprovalVerb.RECALLED, ApprovalVerb.RESET, ApprovalVerb.TAKEN_BACK)
        },
    },
)


class VendorInvoiceVerb(StrEnum):
    """What happens to a borrower's vendor invoice: posted here, or what other payables answer."""

    POSTED = "posted"
    POSTED_ELSEWHERE = "posted elsewhere"
    REFUSED = "refused"


_PENDING_INVOICE, _REFUSED_INVOICE = VendorInvoiceStatus.PENDING, VendorInvoiceStatus.REFUSED

VENDOR_INVOICES: Final = StateMachine[VendorInvoiceStatus, VendorInvoiceVerb](
    "vendor invoice",
    {
        (_PENDING_INVOICE, VendorInvoiceVerb.POSTED): VendorInvoiceStatus.POSTED,
        (_PENDING_INVOICE, VendorInvoiceVerb.POSTED_ELSEWHERE): VendorInvoiceStatus.POSTED_ELSEWHERE,
        (_PENDING_INVOICE, VendorInvoiceVerb.REFUSED): VendorInvoiceStatus.REFUSED,
        (_REFUSED_INVOICE, VendorInvoiceVerb.POSTED): VendorInvoiceStatus.POSTED,
        (_REFUSED_INVOICE, VendorInvoiceVerb.POSTED_ELSEWHERE): VendorInvoiceStatus.POSTED_ELSEWHERE,
        (_REFUSED_INVOICE, VendorInvoiceVerb.REFUSED): VendorInvoiceStatus.REFUSED,
    },
)


class MapState(StrEnum):
    """``paused``: events are kept and delivered later. ``stopped``: events are dropped."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class MapAction(StrEnum):
    """What a person may do to a table map."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    START = "start"


MAPS: Final = StateMachine[MapState, MapAction](
    "table map",
    {
        (MapState.RUNNING, MapAction.PAUSE): MapState.PAUSED,
        (MapState.RUNNING, MapAction.STOP): MapState.STOPPED,
        (MapState.PAUSED, MapAction.RESUME): MapState.RUNNING,
        (MapState.PAUSED, MapAction.STOP): MapState.STOPPED,
        (MapState.STOPPED, MapAction.START): MapState.RUNNING,
    },
)
"""A paused map is resumed, a stopped one is started: the first has its events, the second must read all rows again."""


class BatchVerb(StrEnum):
    """What happens to a ledger batch. ``CLAIMED``: another document was taken into it.

    ``RECEIVED``: the other side has it, and promises nothing. ``PARTLY_ACCEPTED``: some of its vouchers were accepted,
    now or by an earlier answer; a refusal of the rest takes none of them back. ``TIMED_OUT``: nobody knows whether it
    was taken, so it must be asked, not sent again.
    """

    CLAIMED = "claimed"
    SEALED = "sealed"
    READY = "ready"
    DELIVERED = "delivered"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly accepted"
    REFUSED = "refused"
    TIMED_OUT = "timed out"
    VOIDED_THERE = "voided there"


_CLAIMING, _SEALED, _BATCH_READY = BatchState.CLAIMING, BatchState.SEALED, BatchState.READY
_UNKNOWN, _REFUSED, _PARTLY, _ACCEPTED = BatchState.UNKNOWN, BatchState.REFUSED, BatchState.PARTLY, BatchState.ACCEPTED
OPEN_TO_ANSWERS: Final = (_BATCH_READY, _UNKNOWN, _REFUSED, _PARTLY)
"""The states in which an answer can still change something."""

BATCHES: Final = StateMachine[BatchState, BatchVerb](
    "ledger batch",
    {
        (_CLAIMING, BatchVerb.CLAIMED): _CLAIMING,
        (_CLAIMING, BatchVerb.SEALED): _SEALED,
        (_SEALED, BatchVerb.READY): _BATCH_READY,
        **{(state, BatchVerb.DELIVERED): state for state in (_BATCH_READY, _REFUSED, _PARTLY)},
        **{(state, BatchVerb.RECEIVED): state for state in OPEN_TO_ANSWERS},
        **{(state, BatchVerb.ACCEPTED): _ACCEPTED for state in OPEN_TO_ANSWERS},
        **{(state, BatchVerb.PARTLY_ACCEPTED): _PARTLY for state in OPEN_TO_ANSWERS},
        (_BATCH_READY, BatchVerb.REFUSED): _REFUSED,
        (_UNKNOWN, BatchVerb.REFUSED): _REFUSED,
        (_REFUSED, BatchVerb.REFUSED): _REFUSED,
        **{(state, BatchVerb.TIMED_OUT): _UNKNOWN for state in OPEN_TO_ANSWERS},
        (_ACCEPTED, BatchVerb.VOIDED_THERE): BatchState.VOIDED_THERE,
    },
)
