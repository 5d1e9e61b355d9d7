"""Adjusts the accounting of posted transactions: a voucher of its own for each that is in the ledger (ADA-10).

What the transaction has now stands on its row, and is changed in the transaction of the voucher.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from hashlib import blake2b
from typing import Final

from project_invoicing.domain.actor import Actor
from project_invoicing.domain.codes import PostingFailure, PostingType
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import ADJUST_ACCOUNTING, JOURNAL
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.domain.staged_row import Correction, StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.adjusted_accounting import (
    Adjustment,
    Dimensions,
    OnInvoice,
    OnJournal,
    Posted,
    adjusted,
    row_to_adjust,
)
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import Write, transact
from project_invoicing.store.unit_of_work import retried
from project_invoicing.use_cases.invoices.draft import invoice_lines
from project_invoicing.use_cases.setups import SetupVersions

_ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be changed, on an accounting date. ``posting_type`` leaves the other side of a cost as it is."""

    company: str
    dimensions: Dimensions
    on: date
    posting_type: PostingType | None = None
    reason: str | None = None


@dataclass(slots=True)
class AccountingAdjustments:
    """One request at ``at``, by ``actor``.

    ``adjusted`` has the actuals and the numbers of their vouchers, ``None`` where nothing is in the ledger.
    """

    staging: Staging
    journals: Journals
    proposals: Proposals
    vouchers: FinanceVouchers
    setups: SetupVersions
    asked: Asked
    at: str
    actor: Actor
    adjusted: list[tuple[str, str | None]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def judged(self, ids: Iterable[str]) -> Iterator[tuple[str, Adjustment]]:
        """What adjusting these actuals would make. What may not be adjusted is ``refused``."""
        for id in ids:
            made = self._refusing(id, partial(self._made, id))
            if made:
                yield id, made

    def adjust(self, ids: Iterable[str]) -> None:
        """Adjusts each of these actuals by itself: one that is refused keeps no other back."""
        for id in ids:
            self._refusing(id, partial(retried, f"actual {id}", partial(self._adjust, id), attempts=_ATTEMPTS))

    def _refusing(self, id: str, step: partial[Adjustment | None] | partial[None]) -> Adjustment | None:
        try:
            return step()
        except Refused as refused:
            self.refused.append(Refusal(self.asked.company, id, refused.reason, refused.detail))
            return None

    def _made(self, id: str) -> Adjustment | None:
        asked = self.asked
        made = adjusted(
            self._posted(id),
            asked.dimensions,
            asked.company,
            asked.on,
            self.setup,
            posting_type=asked.posting_type,
            reason=asked.reason,
        )
        self.unchanged += made is None
        return made

    def _adjust(self, id: str) -> None:
        if (made := self._made(id)) is None:
            return
        done = self._done(made)
        if made.voucher is None:
            transact(self.staging.client, [self._row(made, ""), self.staging.noted(ACTUAL, made.posted.row.id, done)])
            self.adjusted.append((id, None))
            return
        number_format = self.setup.number_sequences(self.asked.company).adjust_accounting
        (number,) = self.vouchers.post(
            [made.voucher],
            number_format,
            done,
            token=self._token(made),
            others=lambda numbers: [self._row(made, numbers[0])],
        )
        self.adjusted.append((id, number))

    def _row(self, made: Adjustment, number: str) -> Write:
        """The row has the new dimensions, unless it has changed since it was read."""
        by = Correction(ADJUST_ACCOUNTING, number)
        return self.staging.corrected(made.posted.row, by, accrual=made.accrual, lineage=made.lineage)

    def _done(self, made: Adjustment) -> HistoryEntry:
        asked = self.asked
        before = made.posted.lineage.dimensions or {}
        after = {name: asked.dimensions[name] for name in asked.dimensions}
        more = {"posting_type": asked.posting_type, "reason": asked.reason}
        return HistoryEntry(
            self.at,
            self.actor,
            Done.ADJUSTED,
            {name: before[name] for name in after if name in before},
            after | {name: value for name, value in more.items() if value},
        )

    def _token(self, made: Adjustment) -> str:
        """The same request of the same person at the same time is the same, whenever it comes again (ADA-11)."""
        asked = self.asked
        said = [sorted(asked.dimensions.items()), asked.posting_type, asked.on, asked.reason]
        digest = blake2b(json.dumps(said, default=str).encode(), digest_size=8).hexdigest()
        return f"{self.at}#{self.actor.id}#{made.posted.row.id}#{digest}"

    def _posted(self, id: str) -> Posted:
        """The transaction as it is now. Raises ``Refused``."""
        company = self.asked.company
        row = self.staging.readable([id]).get(id)
        taker = self.staging.readable([row.taken_by]).get(row.taken_by) if row and row.taken_by else None
        row = row_to_adjust(id, row, taker, company)
        return self._on_journal(row) if row.journal_id else self._on_invoice(row)

    def _on_journal(self, row: StagedRow) -> OnJournal:
        company, number = self.asked.company, str(row.journal_id)
        found = self.journals.line(company, number, row.line_number or 0, row.id)
        if found is None:
            raise Refused(PostingFailure.NOT_POSTED, f"journal {number} has no line of actual {row.id}")
        accounts = row.cost_accounts or {}
        if row.cost_accounts is None and row.accrual is None and row.voucher:
            vouchers = self.vouchers.ledger.vouchers(JOURNAL, company, number)
            lines = next((one.lines for one in vouchers if one.voucher == row.voucher), ())
            accounts = {line.posting_type: line.account for line in lines}  # posted before rows had accounts
        return OnJournal(row, found[0], accounts)

    def _on_invoice(self, row: StagedRow) -> OnInvoice:
        company = self.asked.company
        header = self.proposals.numbered(company, str(row.proposal_id))
        number = header.invoice_number if header else None
        invoice = self.proposals.invoices.get(company, number) if number else None
        lines = invoice_lines(self.proposals, self.setups, company, invoice.invoice_number) if invoice else ()
        line = next((one for one in lines if one.actual_id == row.id), None)
        if invoice is None or line is None:
            detail = f"actual {row.id} has no line on an invoice: it was billed without money"
            raise Refused(PostingFailure.NOT_ADJUSTABLE, detail)
        return OnInvoice(row, line, invoice)
