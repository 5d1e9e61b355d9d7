"""Bills between companies by schedule, as the terms say: once a month, what was posted until the end of the last one.

A sale that was posted late, or that a person took off an invoice, comes with the next one (ICV-07, ICV-08).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from project_invoicing.domain.calendar import EARLIEST
from project_invoicing.domain.refusals import Refusal
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.setup.models.intercompany import BatchBy, BillingBatch, Intercompany

if TYPE_CHECKING:
    from collections.abc import Callable

    from project_invoicing.use_cases.intercompany.propose import IntercompanyProposals
    from project_invoicing.use_cases.proposals.import_lines import ProposalImport


@dataclass(slots=True)
class ScheduledBilling:
    """One run. ``made``: company and number of the new proposals."""

    proposals: IntercompanyProposals
    lines: ProposalImport
    time_left: Callable[[], bool]
    made: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def run(self) -> None:
        for terms in self.proposals.setup.document.intercompany:
            for batch in terms.batches:
                if not self.time_left():
                    return
                self._batch(terms, batch)

    def _batch(self, terms: Intercompany, batch: BillingBatch) -> None:
        """Makes what is due. Where nothing is to be billed yet, the next day asks again."""
        store, lender = self.proposals.proposals, terms.lender
        today = self.proposals.setup.local_date(lender, self.proposals.at)
        if today.day < batch.day_of_month:
            return
        until = today.replace(day=1) - timedelta(days=1)
        month = until.isoformat()[:7]
        name = "#".join((terms.borrower, batch.by, batch.project or "", batch.contract or ""))
        billed, tried = store.billed_by_schedule(lender, name) or ("", EARLIEST)
        if billed == month or tried == today:
            return
        made = self._made(terms, batch, until)
        if made is not None:
            store.has_billed_by_schedule(lender, name, month if made else billed, today)

    def _made(self, terms: Intercompany, batch: BillingBatch, until: date) -> list[tuple[str, str]] | None:
        """The new headers; ``None`` where others were faster, and the next run asks again."""
        try:
            headers = self.proposals.create(
                terms.lender,
                terms.borrower,
                EARLIEST,
                until,
                by_project=batch.by is BatchBy.PROJECT,
                project=batch.project,
                contract=batch.contract,
            )
        except Rejected:  # nothing to bill
            return []
        except Conflict as conflict:
            self.refused.append(Refusal(terms.lender, terms.borrower, "conflict", str(conflict)))
            return None
        for id, number in headers:
            self.lines.run_one(id)
            self.made.append((terms.lender, number))
        return headers
