"""Which accrued revenue its invoice did not take back exactly, and the sums of that (ARR-01 to ARR-06)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from project_invoicing.domain.accrued_revenue import Imbalance, Part, Taking, left_of, parts_of
from project_invoicing.domain.calendar import Interval, add_months
from project_invoicing.domain.codes import PostingType, StagingState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import VoucherLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow

_MONTHS: Final = 3
SIDES: Final = (PostingType.WIP_SALES_VALUE, PostingType.ACCRUED_REVENUE_SALES_VALUE)


def usual_days(today: date) -> Interval:
    """The last three months (ARR-06)."""
    return Interval(add_months(today, -_MONTHS), today)


def may_bill(line: ProposalLine) -> bool:
    """Whether a line of an invoice can have taken an accrual back: a line that takes back another is no bill."""
    return line.takes_back is None


# --- what an invoice took back ----------------------------------------------------------------------------------------


class _Group(NamedTuple):
    posting_type: PostingType
    account: str
    currency: str
    project: str


@dataclass(slots=True)
class Taken:
    """What each line of an invoice took back. ``unclear``: why nobody can tell for some of it."""

    by_line: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)


def taken_back(
    invoice: Invoice, lines: Sequence[ProposalLine], voucher: Iterable[VoucherLine], accrued: Mapping[str, str]
) -> Taken:
    """What the voucher of an invoice took back, by billed sale. ``accrued``: the project of each accrual it bills.

    The lines say what each took back. The voucher has their sums, and it is what was posted: where it differs from
    them, the difference is of the one line that it can be of, or nobody can tell of which.
    """
    told: dict[_Group, dict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        for accrual in line.accruals:
            for part in parts_of(accrual, -1):
                told[_group(part, accrual.project)][line.actual_id].append(part)
    booked: dict[_Group, Part] = {}
    for one in voucher:
        if one.posting_type in SIDES:
            part = Part(one.posting_type, one.account, one.currency, one.amount, one.accounting_amount)
            group = _group(part, one.project)
            booked[group] = _added(booked[group], part) if group in booked else part
    made: dict[str, list[Part]] = defaultdict(list)
    unclear = []
    for group in told.keys() | booked.keys():
        of_lines = told.get(group, {})
        for id, some in of_lines.items():
            made[id] += some
        more = _difference(booked.get(group), [one for some in of_lines.values() for one in some])
        if more is None:
            continue
        owners = list(of_lines) or [id for id, project in accrued.items() if project == group.project]
        if len(owners) == 1:
            made[owners[0]].append(more)
        else:
            unclear.append(
                f"voucher {invoice.voucher} of invoice {invoice.invoice_number} moves {group.account} of project "
                f"{group.project or '(none)'} by {more.accounting_amount} more than its lines say, and "
                f"{len(owners)} of them may be meant"
            )
    return Taken({id: left_of(parts) for id, parts in made.items()}, sorted(unclear))


def _group(part: Part, project: str | None) -> _Group:
    return _Group(part.posting_type, part.account, part.currency, project or "")


def _added(one: Part, other: Part) -> Part:
    (both,) = left_of((one, other)) or (Part(one.posting_type, one.account, one.currency, ZERO, ZERO),)
    return both


def _difference(booked: Part | None, told: Sequence[Part]) -> Part | None:
    """What the ledger has beyond the lines; ``None`` where they agree."""
    negative = (Part(p.posting_type, p.account, p.currency, -p.amount, -p.accounting_amount) for p in told)
    left = left_of((*([booked] if booked else []), *negative))
    return left[0] if left else None


# --- what is left -----------------------------------------------------------------------------------------------------


def imbalance(
    row: StagedRow, takings: Collection[Taking], customer: str | None, contract: str | None, day: date | None
) -> Imbalance | None:
    """The imbalance of an unbilled sale; ``None`` where nothing is left, or nothing was invoiced (ARR-02, ARR-04)."""
    if row.accrual is None or row.state is not StagingState.POSTED or not takings:
        return None
    found = Imbalance(
        company=row.company or "",
        unbilled_id=row.id,
        transaction_class=row.actual.transaction_class,
        accrual=row.accrual,
        takings=tuple(sorted(takings, key=lambda one: (one.on, one.invoice, one.billed_id))),
        corrections=row.accrual_corrections,
        customer=customer,
        contract=contract,
        voucher=row.voucher,
        transaction_date=day,
        journal=row.correction_journal,
    )
    return found if found.left else None


# --- which of them, and their sums ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which imbalances: all of the ``days``, or of those only some by id, project or account. None named: all.

    ``reversals``: also those that reversals on journals left. Without it, what invoicing left (ARR-01).
    """

    days: Interval
    ids: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    reversals: bool = False

    @property
    def names_some(self) -> bool:
        return bool(self.ids or self.projects or self.accounts)

    def has(self, one: Imbalance) -> bool:
        """Compared with the date of the voucher that took the accrual back (ARR-06)."""
        if not self.days.first <= one.last.on <= self.days.last or (one.last.journal and not self.reversals):
            return False
        if not self.names_some:
            return True
        accounts = {part.account for part in one.left}
        return one.unbilled_id in self.ids or one.project in self.projects or bool(accounts & self.accounts)


@dataclass(frozen=True, slots=True)
class ProjectSum:
    """What is left of a project's accruals, in accounting currency."""

    project: str
    rows: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What is left on a main account, in accounting currency."""

    account: str
    posting_type: PostingType
    rows: int
    amount: Decimal


def by_project(rows: Iterable[Imbalance]) -> list[ProjectSum]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for row in rows:
        found[row.project].append(row.amount)
    return [ProjectSum(project, len(some), sum(some, ZERO)) for project, some in sorted(found.items())]


def by_account(rows: Iterable[Imbalance]) -> list[AccountSum]:
    found: dict[tuple[str, PostingType], list[Decimal]] = defaultdict(list)
    for row in rows:
        for part in row.left:
            found[part.account, part.posting_type].append(part.accounting_amount)
    return [AccountSum(*key, len(some), sum(some, ZERO)) for key, some in sorted(found.items())]


def in_order(rows: Iterable[Imbalance]) -> Iterator[Imbalance]:
    """By project, then by the date of the voucher that took them back."""
    yield from sorted(rows, key=lambda one: (one.project, one.last.on, one.last.invoice, one.unbilled_id))
