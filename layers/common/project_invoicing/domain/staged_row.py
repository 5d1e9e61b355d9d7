"""A row of the staging table as it was read, and what a delivery did to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import (
    ConnectionRole,
    StagingState,
    TransactionClass,
    WaitReason,
    WriteBackState,
)
from project_invoicing.domain.journal_line import Accrual, CostAccounts
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.money import ExchangeRate

if TYPE_CHECKING:
    from project_invoicing.domain.accrued_revenue import AccrualCorrection


class Correction(NamedTuple):
    """What moved what was posted with a row: its source, and the number of its voucher, empty where it needed none.

    ``company``: whose voucher it is, where it is not the row's: a lender's sale is a cost of its borrower.
    """

    source: str
    number: str
    company: str | None = None


class Delivery(StrEnum):
    """What a delivered version of a row did."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row as it was read. Conditions of later writes name ``state``, ``changes`` and ``links_accepted``.

    ``outdated``: its money changed after its import, and its line has not been looked at since; ``relinked``: only one
    of its connections changed. ``lineage``: for posted rows; ``None`` if posted before rows had it.
    ``accrual``, ``cost_accounts`` and ``lineage`` say where what was posted is now: each of the ``corrections`` has
    changed them, but for ``accrual_corrections``: those have brought to zero what invoices left of ``accrual``.
    ``correction_journal`` is the draft of such corrections that it is on. A sale between companies has in
    ``cost_accounts`` where the borrower's cost is, once that has moved (PCO-15).

    ``blocker``: the master data that ends its wait, see ``Wait``; ``None`` also if it waits since before rows had it.
    """

    actual: Actual
    state: StagingState
    changes: int
    deliveries: int
    reason: WaitReason | None = None
    detail: str | None = None
    since: str | None = None
    blocker: str | None = None
    company: str | None = None
    journal_id: str | None = None
    proposal_id: str | None = None
    line_number: int | None = None
    voucher: str | None = None
    accounting_amount: Decimal | None = None
    exchange_rate: Decimal | None = None
    sales_tax_amount: Decimal | None = None
    write_back: WriteBackState = WriteBackState.PENDING
    write_back_detail: str | None = None
    price_rate: ExchangeRate | None = None
    accrual: Accrual | None = None
    cost_accounts: CostAccounts | None = None
    outdated: bool = False
    relinked: bool = False
    late: bool = False
    intercompany_proposal: str | None = None
    links: dict[ConnectionRole, str] = field(default_factory=dict)
    links_accepted: int = 0
    lineage: Lineage | None = None
    taken_by: str | None = None
    accrual_corrections: tuple[AccrualCorrection, ...] = ()
    correction_journal: str | None = None
    corrections: tuple[Correction, ...] = ()

    @property
    def id(self) -> str:
        return self.actual.id

    @property
    def queued(self) -> bool:
        return self.state is StagingState.PENDING

    @property
    def takes(self) -> str | None:
        """The actual that only this one may continue (99-25): the one it bills, else the one it takes back.

        A retainer may be taken back in parts (RET-11), so no row takes it exclusively.
        """
        if self.actual.transaction_class is TransactionClass.RETAINER:
            return self.links.get(ConnectionRole.UNBILLED)
        return self.links.get(ConnectionRole.UNBILLED) or self.links.get(ConnectionRole.ORIGINAL)


@dataclass(frozen=True, slots=True)
class OnJournal:
    """The journal that has the row's line."""

    journal_id: str


@dataclass(frozen=True, slots=True)
class OnProposal:
    """The proposal that has the row's line, by its number and the id of its proforma."""

    number: str
    proforma_id: str


OnDocument = OnJournal | OnProposal


@dataclass(frozen=True, slots=True)
class SaleToBill:
    """A posted inter-organizational sale as its row was read, with who bills it to whom on its accounting date."""

    row: StagedRow
    lender: str
    borrower: str
    on: date


@dataclass(frozen=True, slots=True)
class Rejection:
    """What is known of something rejected that is kept, without the event itself.

    ``dismissed`` is why somebody has set it aside, ``None`` while it is to be looked at.
    """

    entity: str
    id: str
    reason: str
    detail: str
    at: str
    dismissed: str | None = None
