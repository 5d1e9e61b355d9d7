"""What commands work with, and how a refusal is stored on the proposal it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.actor import Actor, person
from project_invoicing.domain.codes import PostingFailure, ProposalStatus, WaitReason
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from project_invoicing.store.finance_vouchers import FinanceVouchers
    from project_invoicing.use_cases.accrued_revenue.journals import Corrections


@dataclass(frozen=True, slots=True)
class Workplace:
    """The stores, the set-up, the time ``at`` which the command was given (ISO 8601, UTC), and who gives it.

    ``actor`` is given by whoever has signed a person in; else the command itself says who it is, if it does.
    ``posting`` builds what posts vouchers of their own, for the few commands that do.
    """

    proposals: Proposals
    journals: Journals
    staging: Staging
    master: MasterData
    setups: SetupVersions
    at: str
    actor: Actor | None = None
    posting: Callable[[], FinanceVouchers] | None = None

    def done(
        self, what: Done, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None
    ) -> HistoryEntry:
        """The entry about what this command does to a document."""
        return HistoryEntry(self.at, self.actor or person(None), what, before or {}, after or {})

    @property
    def vouchers(self) -> FinanceVouchers:
        """What posts vouchers of their own. Raises ``LookupError`` where nothing does."""
        if self.posting is None:
            raise LookupError("nothing posts vouchers here")
        return self.posting()

    def sees(self, company: str | None) -> bool:
        """Whether whoever asks may see what is of a company, or of none."""
        return self.actor is None or self.actor.sees(company)

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def corrections(self) -> Corrections:
        """What correction journals of accrued revenue are made and posted with."""
        # Imported late: few commands are about them.
        from project_invoicing.store.correction_journals import CorrectionJournals  # noqa: PLC0415
        from project_invoicing.use_cases.accrued_revenue.find import Sources  # noqa: PLC0415
        from project_invoicing.use_cases.accrued_revenue.journals import Corrections  # noqa: PLC0415

        if self.posting is None:
            raise TypeError("vouchers cannot be posted here")
        vouchers = self.posting()
        return Corrections(
            Sources(self.staging, self.journals, self.proposals, vouchers.ledger),
            CorrectionJournals(self.journals.client, self.journals.table),
            vouchers,
            self.setup,
            self.at,
            self.actor or person(None),
        )

    def proposals_with(self, number: str, company: str | None) -> list[Proposal]:
        """The proposals with this number. Refuses where there is none."""
        companies = [company] if company else list(self.setup.document.companies)
        found = proposals_named(self.proposals, companies, number)
        if not found:
            raise Refused(WaitReason.HEADER_MISSING, f"there is no proposal {number}")
        return found

    def on_proposals(self, number: str, company: str | None, action: Callable[[Proposal], None]) -> None:
        """Runs the action on the proposals with this number; a refusal is stored on the proposal and raised."""
        for header in self.proposals_with(number, company):
            try:
                action(header)
            except Refused as refused:
                change = self.proposals.changing(header)
                change.refused(refused, self.at)
                transact(self.proposals.client, [change.write()])
                raise


def must_be_editable(header: Proposal, place: Workplace) -> None:
    """Refuses an edit of a proposal that is not ready or in approval, and one by nobody under four eyes."""
    must_be_ready(header)
    must_not_be_in_approval(header, place)
    if place.setup.parameters(str(header.company)).four_eyes:
        must_be_known(place, str(header.company), f"proposal {header.number}")


def must_be_ready(header: Proposal) -> None:
    """Refuses what waits, is being posted or is posted."""
    if header.status is ProposalStatus.READY:
        return
    posted = header.status in (ProposalStatus.POSTED, ProposalStatus.POSTING)
    reason = PostingFailure.ALREADY_POSTED if posted else PostingFailure.LINES_MISSING
    raise Refused(reason, f"proposal {header.number} cannot be edited: it is {header.status}")


def must_not_be_in_approval(header: Proposal, place: Workplace) -> None:
    """Refuses a change of what is submitted or approved, where the company approves (WFL-03)."""
    if header.in_approval and place.setup.parameters(str(header.company)).approval:
        state = header.approval_state
        raise Refused(PostingFailure.IN_APPROVAL, f"proposal {header.number} cannot be changed: it is {state}")


def must_be_known(place: Workplace, company: str, document: str) -> None:
    """Refuses an edit by somebody who does not say who it is, where the company posts with four eyes."""
    if place.actor is None or not place.actor.is_known:
        raise Refused(PostingFailure.FOUR_EYES, f"{company} posts with four eyes: say who edits {document}")


def check_tags(tags: Mapping[str, str] | None, company: str, setup: FinanceSetup) -> None:
    """Raises ``Rejected`` for tags that new lines of the company cannot have. Values are not validated (TAG-01)."""
    known, labels = setup.tags_of(company), setup.active_tags(company)
    for label, value in (tags or {}).items():
        if known is None or label not in labels:
            raise bad("tags", f"{company} has no active tag {label}; there are {', '.join(labels) or 'none'}")
        if not value.strip() or known.delimiter in value:
            detail = f"is empty, or has the delimiter {known.delimiter} in it"
            raise bad("tags", f"the value {value!r} of tag {label} {detail}; write another one")


def bad(field: str, detail: str) -> Rejected:
    """The rejection of a request that is invalid because of the value in ``field``."""
    return Rejected("schema", detail, entity="edit", field=field)
