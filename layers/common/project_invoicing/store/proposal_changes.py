"""What happens to a proposal's header, as verbs that are checked against its state table and written as one update."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import HeaderEdits, Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import APPROVALS, PROPOSALS, ApprovalVerb, ProposalVerb
from project_invoicing.domain.waits import Waits
from project_invoicing.store import rows
from project_invoicing.store.invoices import HEADER
from project_invoicing.store.listing import UNLISTED
from project_invoicing.store.proposal_items import (
    CLOSED,
    NO_LINES,
    company_columns,
    credited_text,
    listed_open,
    listed_posted,
    partition,
    proforma_columns,
    waiting_columns,
)
from project_invoicing.store.transactions import Write, update
from project_invoicing.store.unsealed import to_seal

if TYPE_CHECKING:
    from project_invoicing.domain.approval import Approval


class ProposalChange:
    """One update of a header, built from verbs. Each raises ``Conflict`` where the state does not allow it.

    The update succeeds if status, version, edits, approval, lines and progress are still as they were read. Without
    verbs it only checks that. ``after`` is the header once the update is written. Whatever changes what would be posted
    takes an approval back (WFL-03).
    """

    def __init__(self, table: str, proposal: Proposal) -> None:
        self.after = proposal
        self._table, self._read = table, proposal
        self._values: dict[str, Any] = {}
        self._added: dict[str, int] = {}
        self._absent_or: dict[str, Any] = {}
        self._expected: dict[str, Any] = {
            "st": proposal.status,
            "ch": proposal.changes,
            "pg": proposal.pages or None,
            "pp": proposal.posted_pages or None,
            "dx": proposal.deleting or None,
            "ev": proposal.edit_count or None,
            "av": proposal.approval_steps or None,
        }

    @property
    def before(self) -> Proposal:
        return self._read

    def write(self) -> Write:
        status = self.after.status
        nothing = not self._values and not self._added
        values = self._values | ({"st": status} if nothing or status is not self._read.status else {})
        return update(
            self._table,
            partition(self._read.id),
            HEADER,
            values,
            expected=self._expected,
            add=self._added,
            free_for=self._absent_or,
        )

    # --- waiting, and getting its lines -------------------------------------------------------------------------------

    def left_waiting(self, waits: Waits, since: str) -> None:
        """Sets what it waits for now. The start of the wait is kept as long as it waits, whatever for.

        Refused where another run has meanwhile removed a document from what it waits for.
        """
        waiting_since = self.after.waiting_since or since
        self._expect_same_documents()
        values = waiting_columns(waits) | {"ws": waiting_since}
        self._happens(
            ProposalVerb.LEFT_WAITING, values, waits=waits, waiting_since=waiting_since, blocked_by=waits.blocker
        )

    def waits_no_longer_for(self, documents: Set[str]) -> None:
        """Removes posted documents from what it waits for.

        Refused where another run has meanwhile removed others: neither of two may bring back the other's.
        """
        left = (self.after.waits or Waits()).without(documents)
        self._expect_same_documents()
        self._happens(ProposalVerb.LEFT_WAITING, waiting_columns(left), waits=left, blocked_by=left.blocker)

    def filled(self, lines: int, setup_version: int, billed_on: date | None, *, pinned: bool = False) -> None:
        """Adds a page of ``lines`` lines, or none; ``billed_on`` is the accounting date its billed sales share.

        ``pinned``: the master data that the lines are built with is kept beside it.
        """
        count, pages = self.after.line_count + lines, self.after.pages + bool(lines)
        agreed = billed_on.isoformat() if billed_on else None
        self._happens(
            ProposalVerb.FILLED,
            {"n": count, "pg": pages, "sv": setup_version, "mp": pinned or None, "tk": True, "ba": agreed},
            line_count=count,
            pages=pages,
            setup_version=setup_version,
            pinned=pinned,
            marked=True,
            billed_on=billed_on,
        )

    def ready(self, subtotal: Decimal) -> None:
        """All its lines are there and become visible."""
        values = {"su": subtotal, "rf": None, "ws": None} | waiting_columns(Waits())
        after = {"subtotal": subtotal, "refusal": None, "waiting_since": None, "waits": Waits(), "blocked_by": None}
        self._happens(ProposalVerb.READY, values, **after)

    def covered(self, lines: int) -> None:
        """Adds one more page of ``lines`` lines without money (99-21)."""
        count, pages = self.after.line_count + lines, self.after.pages + 1
        self._happens(ProposalVerb.COVERED, {"n": count, "pg": pages}, line_count=count, pages=pages)

    def marked(self) -> None:
        """Everything its lines continue is marked as taken by them (99-25)."""
        self._happens(ProposalVerb.MARKED, {"tk": True}, marked=True)

    # --- what people do -----------------------------------------------------------------------------------------------

    def edited(self, edits: HeaderEdits | None = None) -> None:
        """A person has edited it or its lines: anyone who read it before, such as a posting, must read it again."""
        count = self.after.edit_count + 1
        values: dict[str, Any] = {"ed": rows.encode([edits])} if edits else {}
        after = {"edits": edits or self.after.edits, "edit_count": count, "refusal": None}
        self._happens(ProposalVerb.EDITED, values | {"rf": None, "ev": count}, **after)
        self._take_back()

    def renumbered(self) -> None:
        """Its lines have the numbers that are valid now. Whoever posts it compares it with what was approved."""
        count = self.after.edit_count + 1
        self._happens(ProposalVerb.EDITED, {"rf": None, "ev": count}, edit_count=count, refusal=None)

    def approval_step(self, verb: ApprovalVerb, taken: Approval) -> None:
        """A step of its approval, which ends a refusal: that was about the state before."""
        APPROVALS.after(self.after.approval_state, verb)
        self._happens(ProposalVerb.IN_APPROVAL, {"rf": None}, refusal=None)
        self._approval(taken)

    def differs(self) -> None:
        """It would not be posted as it was submitted: nothing of it has changed, but what posting makes of it."""
        self._happens(ProposalVerb.IN_APPROVAL, {})
        self._take_back()

    @property
    def takes_back(self) -> bool:
        """Whether this change takes the approval back."""
        return self._read.in_approval and not self.after.in_approval

    def taken_back(self, at: str, by: str, why: str) -> None:
        """Says when, by whom and why the approval is taken back."""
        if self.after.approval:
            self._approval(replace(self.after.approval, at=at, by=by, comment=why))

    def lines_are(self, lines: int, pages: int, subtotal: Decimal) -> None:
        """A person has taken lines off it, or added some (ICV-08): whoever read it before must read it again."""
        self.edited()
        values = {"n": lines, "pg": pages, "su": subtotal}
        self._happens(ProposalVerb.EDITED, values, line_count=lines, pages=pages, subtotal=subtotal)

    def refused(self, refused: Refused, at: str) -> None:
        """Stores why it could not be posted or edited."""
        refusal = {"reason": str(refused.reason), "detail": refused.detail, "at": at}
        self._happens(ProposalVerb.REFUSED, {"rf": json.dumps(refusal)}, refusal=refusal)

    def refused_no_longer(self) -> None:
        """What it was refused for is over."""
        self._happens(ProposalVerb.REFUSED, {"rf": None}, refusal=None)

    def cleared(self, at: str) -> None:
        """It has no lines any more and waits since ``at``; its stored lines are removed page by page."""
        since = self.after.waiting_since or at
        values = {"dx": True, "ws": since} | NO_LINES
        self._happens(ProposalVerb.CLEARED, values, deleting=True, waiting_since=since, **_WITHOUT_LINES)
        self._take_back()

    def page_cleared(self, left: int) -> None:
        """Lines of a page are removed, and ``left`` pages are still there."""
        values = {"pg": left or None, "n": None, "dx": left > 0 or None}
        self._happens(ProposalVerb.PAGE_CLEARED, values, pages=left, line_count=0, deleting=left > 0)

    # --- posting ------------------------------------------------------------------------------------------------------

    def claimed(
        self, invoice: Invoice, setup_version: int, originals: Mapping[str, TaxOfInvoice], *, pinned: bool = False
    ) -> None:
        """Begins its posting and pins the inputs, so that another run that continues it computes the same.

        ``originals``: what the invoices it credits had charged and given back. ``pinned``: the master data it is
        computed with is kept beside it.
        """
        values = {
            "in": invoice.invoice_number or None,
            "vo": invoice.voucher,
            "di": invoice.invoice_date.isoformat(),
            "da": invoice.accounting_date.isoformat(),
            "pv": setup_version,
            "mp": pinned or None,
            "og": credited_text(originals),
            "rf": None,
        }
        self._happens(
            ProposalVerb.CLAIMED,
            values,
            invoice_number=invoice.invoice_number or None,
            voucher=invoice.voucher,
            invoice_date=invoice.invoice_date,
            accounting_date=invoice.accounting_date,
            posting_setup_version=setup_version,
            pinned=pinned,
            credited=dict(originals),
            refusal=None,
        )

    def page_posted(self) -> None:
        pages = self.after.posted_pages + 1
        self._happens(ProposalVerb.PAGE_POSTED, {"pp": pages}, posted_pages=pages)

    def posted(self, at: str) -> None:
        """Its voucher is to be sealed from now on."""
        after = self.after
        on = after.invoice_date or date.fromisoformat(after.proforma.version.occurred_at[:10])
        values = CLOSED | listed_posted(after.number, after.company, on) | to_seal(at)
        self._happens(ProposalVerb.POSTED, values)

    # --- what Dataverse says of its proforma --------------------------------------------------------------------------

    def received(self, at: str) -> None:
        """Its proforma arrived again, in a known version or in one that a later version has overtaken.

        An overtaken delivery happened first: the proposal has waited since then. Meanwhile its lines may change.
        """
        self._expect_same_version()
        since = self._received_since(at)
        self._happens(ProposalVerb.RECEIVED, {"ws": since} if since else {}, deliveries=self.after.deliveries + 1)
        self._added = {"dl": 1}

    def changed(self, proforma: Proforma, at: str, event: str | None = None) -> None:
        """Its proforma arrived in a newer version. ``event`` is the complete event, if it has no company yet.

        A proposal keeps the number that it has in its company (INV-20).
        """
        self._expect_same_version()
        since, before = self._received_since(at), self.after.proforma
        self._is_now(ProposalVerb.RECEIVED, proforma, event, {"ws": since} if since else {})
        if replace(self.after.proforma, version=before.version) != before:
            self._take_back()

    def withdrawing(self, proforma: Proforma, event: str | None = None) -> None:
        """Its proforma is canceled: it has no lines any more, and its stored lines are to be removed."""
        values = {"dx": self.after.pages > 0 or None} | NO_LINES
        self._is_now(ProposalVerb.WITHDRAWING, proforma, event, values)
        self.after = replace(self.after, deleting=self.after.pages > 0, **_WITHOUT_LINES)
        self._take_back()

    def withdrawn(self) -> None:
        """Nothing remains of it but the version of its proforma."""
        values = {"dt": None, "ws": None} | NO_LINES | CLOSED | UNLISTED
        self._happens(ProposalVerb.WITHDRAWN, values, event=None, waiting_since=None, **_WITHOUT_LINES)

    def revived(self, proforma: Proforma, company: str | None, event: str | None, at: str) -> None:
        """The canceled proforma was activated again: its header waits for lines like a new one."""
        self._expect_same_version()
        values = {"dt": event, "ws": at} | NO_LINES | proforma_columns(proforma) | company_columns(proforma, company)
        values |= listed_open(proforma, company, at)
        after = {"proforma": proforma, "company": company, "event": event, "waiting_since": at}
        self._happens(ProposalVerb.REVIVED, values, **after, **_WITHOUT_LINES)
        self._count_version()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _happens(self, verb: ProposalVerb, values: Mapping[str, Any], **after: Any) -> None:
        self.after = replace(self.after, status=PROPOSALS.after(self.after.status, verb), **after)
        self._values |= values

    def _take_back(self) -> None:
        """Takes the approval back, if there is one. Whoever knows why says so with ``taken_back``."""
        if self.after.in_approval and self.after.approval:
            state = APPROVALS.after(self.after.approval_state, ApprovalVerb.TAKEN_BACK)
            self._approval(replace(self.after.approval, state=state, comment=None, digest=None))

    def _approval(self, now: Approval) -> None:
        steps = self._read.approval_steps + 1
        self._values |= {"ap": rows.encode([now]), "av": steps}
        self.after = replace(self.after, approval=now, approval_steps=steps)

    def _is_now(self, verb: ProposalVerb, proforma: Proforma, event: str | None, values: dict[str, Any]) -> None:
        columns = proforma_columns(proforma)
        if self.after.company:
            del columns["nr"]
            proforma = replace(proforma, number=self.after.number)
        elif event:
            columns["dt"] = event
        self._happens(verb, columns | values, proforma=proforma, event=event or self.after.event)
        self._count_version()

    def _count_version(self) -> None:
        self._added = {"dl": 1, "ch": 1}
        self.after = replace(self.after, changes=self.after.changes + 1, deliveries=self.after.deliveries + 1)

    def _received_since(self, at: str) -> str | None:
        since = self.after.waiting_since
        return at if since and at < since and not self.after.evaluated else None

    def _expect_same_version(self) -> None:
        steps = self._read.approval_steps or None
        self._expected = {"ch": self._read.changes, "st": self._read.status, "av": steps}

    def _expect_same_documents(self) -> None:
        """Requires that no document was removed from what it waits for since it was read."""
        waits = self._read.waits
        if waits is not None and not waits.documents:
            self._absent_or["wp"] = []  # before there were documents to wait for, headers had no list of them
        else:
            self._expected["wp"] = None if waits is None else sorted(waits.documents)


_WITHOUT_LINES: dict[str, Any] = {
    "waits": None,
    "blocked_by": None,
    "refusal": None,
    "subtotal": None,
    "setup_version": None,
    "pinned": False,
}
