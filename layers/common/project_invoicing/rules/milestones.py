"""How a milestone stands: which billed sale bills it, and whether its on-account transaction may be edited (OAT-03)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from project_invoicing.domain.codes import ConnectionRole, PostingFailure, StagingState, TransactionType
from project_invoicing.domain.master_data import SeenRow
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.setup.effective import Found
from project_invoicing.setup.lookups import FinanceSetup


@dataclass(frozen=True, slots=True)
class Standing:
    """``billed_by``: the rows of billed sales that bill it and are not taken back, those on documents first."""

    milestone: str
    billed_by: tuple[StagedRow, ...] = ()

    @property
    def on(self) -> StagedRow | None:
        """The row on a proposal, posted or not."""
        return next((row for row in self.billed_by if row.state in _ON_PROPOSALS), None)

    @property
    def text(self) -> str:
        row = self.on
        if row is None:
            waits = f"billed sale {self.billed_by[0].id} has arrived, and is on no proposal" if self.billed_by else ""
            return waits or "not billed"
        how = "billed and posted" if row.state is StagingState.POSTED else "on a proposal that is not posted"
        return f"{how}: {row.proposal_id}, line {row.line_number}"


_ON_PROPOSALS = (StagingState.POSTED, StagingState.IMPORTED)


def standing(milestone: str, rows: Iterable[StagedRow]) -> Standing:
    """``rows`` are those that name the milestone, or did."""
    billing = [row for row in rows if bills(row) == milestone]
    order = (*_ON_PROPOSALS, StagingState.PENDING)
    billing.sort(key=lambda row: (order.index(row.state) if row.state in order else len(order), row.id))
    return Standing(milestone, tuple(billing))


def bills(row: StagedRow) -> str | None:
    """The milestone that a row bills: of a billed sale that is not taken back, and takes none back itself."""
    actual = row.actual
    if actual.milestone is None or actual.transaction_type is not TransactionType.BILLED_SALES:
        return None
    continues = ConnectionRole.ORIGINAL in row.links or row.taken_by is not None
    return None if continues else actual.milestone.id


def contract_of(line: str | None, company: str, setup: FinanceSetup) -> tuple[str | None, str | None]:
    """The contract of a contract line, and its currency, as far as they are known."""
    known = setup.contract_line(company, line)
    found = setup.lead(known.contract, company) if known else None
    contract = found.name if isinstance(found, Found) else None
    currency = setup.currency_of_contract(company, contract)
    return contract, currency.name if isinstance(currency, Found) else None


def must_be_open(found: Standing) -> None:
    """Refuses an edit while the milestone is on a proposal, or once it is billed."""
    row = found.on
    if row is None:
        return
    if row.state is StagingState.POSTED:
        detail = f"milestone {found.milestone} is billed on proposal {row.proposal_id}, which is posted"
        raise Refused(PostingFailure.ALREADY_POSTED, detail)
    detail = (
        f"milestone {found.milestone} is on proposal {row.proposal_id}, line {row.line_number}: delete the lines of "
        "the proposal first, or edit the line there"
    )
    raise Refused(PostingFailure.ON_PROPOSAL, detail)


def changed_after_billing(row: StagedRow, now: SeenRow) -> str | None:
    """What is wrong with a milestone after it was billed, which Dataverse refuses (MS-19, MS-20)."""
    where = f"milestone of actual {row.id} on proposal {row.proposal_id}"
    if now.deleted:
        return f"{where} was deleted after it was billed"
    amount = _amount(now.columns.get("amount"))
    if amount is None or amount == row.actual.amount:
        return None
    return f"{where} was billed with {row.actual.amount:f}, and is {amount:f} now"


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
