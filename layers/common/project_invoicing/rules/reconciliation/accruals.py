"""Accrued revenue: a project's WIP sales value equals what is accrued and not billed (INV-14, INV-15)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from project_invoicing.domain.codes import ConnectionRole, PostingType, ProposalStatus, StagingState
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.reconciliation.findings import ON_DOCUMENTS, Finding, id_bytes, id_text
from project_invoicing.rules.reconciliation.headers import Headers
from project_invoicing.rules.reconciliation.takings import Takings
from project_invoicing.rules.reconciliation.vouchers import Booking
from project_invoicing.setup.lookups import FinanceSetup

CHECK = "accruals"
_WIP = PostingType.WIP_SALES_VALUE


class Place(NamedTuple):
    """A project of a company."""

    company: str
    project: str


class LeftBehind(NamedTuple):
    """An unbilled sale of whose accrual its invoice left something that nobody has corrected."""

    unbilled: str
    amount: Decimal
    detail: str


class Billed(NamedTuple):
    """An unbilled sale that a billed one bills: what it accrued, and what correction journals have posted for it.

    ``journal``: the draft that it is on.
    """

    unbilled: str
    amount: Decimal
    corrected: Decimal = ZERO
    journal: str | None = None


class _Accrued(NamedTuple):
    place: Place
    amount: Decimal


@dataclass(slots=True)
class Accruals:
    """Keeps the project and amount of each actual that accrued revenue, and each project's ledger balances."""

    setup: FinanceSetup
    takings: Takings
    headers: Headers
    _accrued: dict[bytes, _Accrued] = field(default_factory=dict)
    corrected: list[Difference] = field(default_factory=list)
    """What correction journals have posted, by unbilled sale: the differences that they answer (LED-61)."""
    _corrections: dict[bytes, Decimal] = field(default_factory=dict)
    _reversed: dict[bytes, bytes] = field(default_factory=dict)
    """By reversal on a journal: the unbilled sale that it takes back."""
    _drafts: dict[bytes, str] = field(default_factory=dict)
    """The correction journal that has an unbilled sale and is not posted."""
    _between: dict[bytes, tuple[str, str]] = field(default_factory=dict)
    """Company and number of the intercompany proposal for an actual."""
    _wip: dict[Place, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    _deferred: dict[Place, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add_row(self, row: StagedRow) -> None:
        company = row.company or ""
        if row.intercompany_proposal and row.state in ON_DOCUMENTS:
            self._between[id_bytes(row.id)] = (company, row.intercompany_proposal)
        if row.accrual and row.state is StagingState.POSTED:
            place = Place(company, row.accrual.project or "")
            self._accrued[id_bytes(row.id)] = _Accrued(place, row.accrual.accounting_amount)
            if row.journal_id and (original := row.links.get(ConnectionRole.ORIGINAL)):
                self._reversed[id_bytes(row.id)] = id_bytes(original)
        if row.accrual_corrections:
            self._add_corrections(row)
        if row.correction_journal:
            self._drafts[id_bytes(row.id)] = row.correction_journal

    def _add_corrections(self, row: StagedRow) -> None:
        company, total = row.company or "", ZERO
        for one in row.accrual_corrections:
            amount = sum((part.accounting_amount for part in one.parts if part.posting_type is _WIP), ZERO)
            total += amount
            detail = f"corrected by voucher {one.voucher} of correction journal {one.journal}"
            currency = self.setup.currency_of_company(company)
            self.corrected.append(Difference(ACTUAL, row.id, detail, company, amount, currency))
        self._corrections[id_bytes(row.id)] = total

    def add_page(self, company: str, entries: Iterable[Booking]) -> None:
        for entry in entries:
            if entry.posting_type is PostingType.WIP_SALES_VALUE:
                self._wip[Place(company, entry.project or "")] += entry.accounting_amount
            elif entry.posting_type is PostingType.ACCRUED_REVENUE_SALES_VALUE:
                self._deferred[Place(company, entry.project or "")] += entry.accounting_amount

    def expected(self) -> dict[Place, Decimal]:
        """The expected WIP sales value of each project: none for a sale that was corrected, with its reversal.

        Double billing is a difference of its own.
        """
        expected: dict[Place, Decimal] = defaultdict(lambda: ZERO)
        for id, accrued in self._accrued.items():
            if self._corrections and (id in self._corrections or self._reversed.get(id) in self._corrections):
                continue
            times = self.takings.billed[id] if id in self.takings.billed else int(self._is_billed_between(id))
            expected[accrued.place] += accrued.amount * (1 - times)
        return expected

    def places(self, expected: Mapping[Place, Decimal]) -> list[Place]:
        return sorted(expected.keys() | self._wip.keys() | self._deferred.keys())

    def off(self, place: Place, expected: Mapping[Place, Decimal]) -> Decimal:
        """By how much the ledger's WIP sales value exceeds the expected one."""
        return self._wip[place] - expected.get(place, ZERO)

    def differences(
        self, place: Place, expected: Mapping[Place, Decimal], left_behind: Iterable[LeftBehind]
    ) -> Iterator[Finding]:
        """What ``left_behind`` explains of a project, by actual; the rest by project (INV-14, INV-15)."""
        company, project = place
        currency = self.setup.currency_of_company(company)
        wip, deferred, left = self._wip[place], self._deferred[place], self.off(place, expected)
        for one in left_behind:
            left -= one.amount
            yield Finding(CHECK, Difference(ACTUAL, one.unbilled, one.detail, company, one.amount, currency))
        if left:
            should = expected.get(place, ZERO)
            detail = f"WIP sales value is {wip}, and {should} is accrued and not billed (INV-14)"
            yield Finding(CHECK, Difference("project", project, detail, company, left, currency))
        if wip + deferred:
            detail = f"WIP sales value is {wip}, accrued revenue {deferred} (INV-15)"
            yield Finding(CHECK, Difference("project", project, detail, company, wip + deferred, currency))

    def billed_in(self, place: Place) -> dict[str, Billed]:
        """For each billed sale of a project, the unbilled sale it bills, with its accrual."""
        return {
            id_text(self.takings.takers[id]): Billed(
                id_text(id), accrued.amount, self._corrections.get(id, ZERO), self._drafts.get(id)
            )
            for id, accrued in self._accrued.items()
            if accrued.place == place and id in self.takings.billed
        }

    def _is_billed_between(self, id: bytes) -> bool:
        header = self.headers.numbered(*self._between[id]) if id in self._between else None
        return header is not None and header.status is ProposalStatus.POSTED


def left_behind(header: Proposal, lines: Iterable[ProposalLine], billed: Mapping[str, Billed]) -> Iterator[LeftBehind]:
    """What the ``lines`` of a posted proposal left of accruals (LED-61). ``billed`` as ``billed_in`` returns it."""
    for line in lines:
        if line.actual_id not in billed:
            continue
        sale = billed[line.actual_id]
        left = sale.amount - sum((one.accounting_amount for one in line.accruals), ZERO)
        if left + sale.corrected:
            detail = f"billed by {line.actual_id} on invoice {header.invoice_number}, which left {left} accrued"
            if sale.corrected:
                detail += f"; {-sale.corrected} of it is corrected"
            if sale.journal:
                detail += f"; it is on correction journal {sale.journal}, which is not posted"
            yield LeftBehind(sale.unbilled, left + sale.corrected, detail)
