"""Checks rows by themselves: contradictions, the status of their write-back, and their sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from project_invoicing.domain.actual import fee_id
from project_invoicing.domain.codes import NO_MONEY, BillingType, StagingState, TransactionType, WriteBackState
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Difference, Repair, Tally, digest_of
from project_invoicing.domain.staged_item import StagedItem
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.charging import billed_of
from project_invoicing.rules.reconciliation.findings import Finding, id_bytes, link_key, of_row
from project_invoicing.rules.write_back import with_fee
from project_invoicing.setup.lookups import FinanceSetup

_TOLD: Final = ("voucher", "accounting_amount", "exchange_rate", "sales_tax_amount")


class Known(NamedTuple):
    """An actual in staging. ``written`` is a digest of what was written back; ``counts`` unless it is skipped."""

    version: int | None
    written: bytes | None
    counts: bool


def is_chargeable(billing_type: BillingType | str) -> bool:
    """Whether an actual's amount is billed, as far as the actual itself says (99-21)."""
    return billing_type not in NO_MONEY


def contradiction(row: StagedRow, *, in_queue: bool) -> tuple[str, Repair | None] | None:
    """What is wrong with a row by itself, and how to repair it: its state contradicts what it carries."""
    named = {"a journal": row.journal_id, "a proposal": row.proposal_id}
    documents = [kind for kind, number in named.items() if number is not None]
    match row.state:
        case StagingState.PENDING if not in_queue:
            return "waits, but is not in the import queue, so that no import would find it", Repair.IMPORT
        case StagingState.IMPORTED | StagingState.POSTED if len(documents) != 1:
            return f"is {row.state}, but on {' and '.join(documents) or 'no document'} (INV-02)", None
        case StagingState.POSTED if row.journal_id and row.accounting_amount is None:
            return "is posted, but has no accounting amount (INV-22)", None
        case StagingState.POSTED if _lacks_voucher(row):
            return "is posted into the ledger, but has no voucher (INV-22)", None
        case StagingState.PENDING | StagingState.IMPORTED | StagingState.SKIPPED | StagingState.INVALID if row.voucher:
            return f"is {row.state}, but has voucher {row.voucher} (INV-22)", None
    return None


def without_its_fee(row: StagedRow, setup: FinanceSetup) -> Finding:
    detail = f"its fee of {row.actual.fee} has no row of its own (FEE-02)"
    return of_row("staging_states", row, setup, detail, repair=Repair.FETCH)


@dataclass(slots=True)
class StagedRows:
    """Keeps each actual's id, version and a digest; both ends of each link; the sums of each proforma."""

    setup: FinanceSetup
    known: dict[bytes, Known] = field(default_factory=dict)
    links: set[bytes] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    rounded: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """For each proforma, what rounding to its currency added to the amounts from Dataverse."""
    counted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Number of rows by company, state, and reason to wait."""
    _with_fees: dict[str, StagedRow] = field(default_factory=dict)
    """Sales with a fee, and fees: Dataverse was told their sums."""
    _with_proposal: Counter[str] = field(default_factory=Counter)
    """Waiting rows without a reason of their own, by proforma: its header has it (``waits_as``)."""

    def add(self, item: StagedItem) -> Iterator[Finding]:
        """Adds what staging has on an actual, which may not have arrived yet."""
        if item.row:
            yield from self._row(item, item.row)
        elif item.arrived:
            self.known[id_bytes(item.id)] = Known(item.version, None, counts=True)
            detail = f"cannot be read: its state is {item.state!r}, or a value of it is none"
            yield Finding("staging_states", Difference(ACTUAL, item.id, detail, item.company))
        for role, linked in item.links.items():
            self.links.add(link_key(item.id, role, linked))

    def join_fees(self) -> dict[str, StagedRow]:
        """Once all rows were added: what Dataverse was told of sales with a fee.

        Returns the sales whose fee has no row, by the id that it would have: it may have come since.
        """
        lacking = {}
        for id, row in self._with_fees.items():
            if row.actual.fee_of:
                continue
            known, whole = self.known[id_bytes(id)], with_fee(self._with_fees, id)
            if whole is None:
                lacking[fee_id(id)] = row
            elif known.written and whole.values:
                told = (whole.values[name] for name in _TOLD)
                self.known[id_bytes(id)] = known._replace(written=digest_of(*told))
        self._with_fees.clear()
        return lacking

    def count_with_proposals(self, proposals: Mapping[str, Proposal]) -> None:
        """Adds to ``counted`` the rows that wait for what their proposals wait for."""
        for proforma, waiting in self._with_proposal.items():
            header = proposals.get(proforma)
            reason = header.waiting_for[0].reason if header and header.waiting_for else ""
            self.counted[((header.company if header else None) or "", StagingState.PENDING, reason)] += waiting

    def _row(self, item: StagedItem, row: StagedRow) -> Iterator[Finding]:
        self._count(row, item.reason)
        written = None
        if row.state is StagingState.POSTED and row.accounting_amount is not None:
            written = written_back(row)
            if written is None:
                yield not_written_back(row, self.setup)
        counts = row.state is not StagingState.SKIPPED and row.actual.fee_of is None
        self.known[id_bytes(row.id)] = Known(row.actual.version.number, written, counts)
        if row.actual.fee or row.actual.fee_of:
            self._with_fees[row.id] = row
        if found := contradiction(row, in_queue=item.in_queue):
            yield of_row("staging_states", row, self.setup, found[0], repair=found[1])
        if is_to_be_billed(row):
            self._tally(row)

    def _tally(self, row: StagedRow) -> None:
        actual, proforma = row.actual, row.actual.invoice
        if proforma is None:
            return
        chargeable = is_chargeable(actual.billing_type)
        amount, discount = billed_of(actual, self.setup)
        tally = self.tallies[proforma.id]
        if actual.fee_of:  # a column of its sale in Dataverse, and no row
            tally.discount -= amount if chargeable else ZERO
            return
        tally.add(row.id, actual.amount, chargeable=chargeable, discount=discount)
        if chargeable:
            self.rounded[proforma.id] += amount - actual.amount

    def _count(self, row: StagedRow, reason: str) -> None:
        if row.queued and not reason and row.actual.invoice:
            self._with_proposal[row.actual.invoice.id] += 1
            return
        waits = row.state in (StagingState.PENDING, StagingState.INVALID)
        self.counted[(row.company or "", row.state, reason if waits else "")] += 1


def is_to_be_billed(row: StagedRow) -> bool:
    """Whether a row is a billed sale that its proforma counts."""
    billed = row.actual.transaction_type is TransactionType.BILLED_SALES and row.actual.invoice is not None
    return billed and row.state not in (StagingState.SKIPPED, StagingState.INVALID)


def _lacks_voucher(row: StagedRow) -> bool:
    """Whether a row is posted into the ledger without a voucher: its own, or one that brought it there later."""
    return bool(row.accounting_amount and (row.accrual or row.cost_accounts) and not (row.voucher or row.corrections))


def written_back(row: StagedRow) -> bytes | None:
    """The digest of what Dataverse took for a posted row; ``None`` if it was refused or not written back yet."""
    if row.write_back is not WriteBackState.DONE:
        return None
    return digest_of(row.voucher, row.accounting_amount, row.exchange_rate, row.sales_tax_amount)


def not_written_back(row: StagedRow, setup: FinanceSetup) -> Finding:
    if row.write_back is WriteBackState.FAILED:
        detail, check = f"Dataverse says: {row.write_back_detail}", "write_back_failed"
    else:
        detail = f"posted with voucher {row.voucher}" if row.voucher else "posted without a ledger entry"
        check = "write_back_unfinished"
    return of_row(check, row, setup, detail, row.accounting_amount, repair=Repair.WRITE_BACK)
