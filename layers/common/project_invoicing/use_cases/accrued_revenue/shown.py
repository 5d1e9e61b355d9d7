"""Imbalances of accrued revenue and correction journals as rows of texts, for commands, pages and files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from project_invoicing.domain.accrued_revenue import Imbalance, Part
from project_invoicing.domain.calendar import Interval
from project_invoicing.domain.codes import PostingType, RejectReason
from project_invoicing.domain.correction_journal import CorrectionJournal, CorrectionLine
from project_invoicing.domain.money import ZERO
from project_invoicing.errors import Rejected
from project_invoicing.rules.accrued_revenue import Chosen, by_account, by_project, usual_days
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.accrued_revenue.find import Found, Sources, find
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.lists.place import ListPlace

WIP: Final = PostingType.WIP_SALES_VALUE


@dataclass(frozen=True, slots=True)
class Asked:
    """The imbalances of a company that are asked for."""

    company: str
    chosen: Chosen


@dataclass(frozen=True, slots=True)
class ShownImbalance:
    """What is left of an accrual, in accounting currency. ``journal``: the draft that it is on.

    ``invoice`` is that of the voucher that took it back; empty where a reversal on ``reversed_on``, a journal, did.
    """

    company: str
    project: str
    unbilled_sale: str
    reversal: str
    kind: str
    worked: str | None
    customer: str | None
    invoice: str
    reversed_on: str | None
    voucher: str
    accounting_date: str
    accrual_voucher: str | None
    wip_account: str
    wip: str
    accrued_account: str
    accrued: str
    imbalance: str
    accounting_currency: str
    currency: str
    in_currency: str
    symmetric: bool
    journal: str | None


@dataclass(frozen=True, slots=True)
class ShownSum:
    """What is left of a project's accruals, or on a main account. ``side``: the posting type of the account."""

    company: str
    name: str
    side: str | None
    rows: int
    imbalance: str
    currency: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The imbalances that vouchers from ``first`` to ``last`` left, by transaction, project and account.

    ``unclear``: what a voucher took back that nobody can tell of which sale. Not ``whole``: there were too many.
    """

    company: str
    first: str
    last: str
    currency: str
    invoices: int
    whole: bool
    transactions: list[ShownImbalance]
    projects: list[ShownSum]
    accounts: list[ShownSum]
    unclear: list[str]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a correction journal. ``voucher`` once it is posted, ``error`` why it is not."""

    line: int
    unbilled_sale: str
    project: str | None
    customer: str | None
    invoice: str
    wip_account: str
    wip: str
    accrued_account: str
    accrued: str
    imbalance: str
    currency: str
    symmetric: bool
    offset_account: str | None
    offset_dimensions: dict[str, str] | None
    voucher: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class ShownJournal:
    """A correction journal. ``due``: what the schedule has to do with it."""

    company: str
    number: str
    status: str
    description: str | None
    voucher_date: str | None
    first: str
    last: str
    lines: int
    posted_lines: int
    created: str
    due: str | None
    error: str | None


def asked(
    place: ListPlace,
    company: str | None,
    first: str | None,
    last: str | None,
    projects: Iterable[str] = (),
    accounts: Iterable[str] = (),
    *,
    reversals: bool = False,
) -> Asked:
    """What is asked for; without days, the last three months. Raises ``Rejected`` with the field."""
    known = company if company is not None else next(iter(place.companies), None)
    if known is None or known not in place.companies:
        raise _bad("company", f"the set-up has no company {company}; there are {', '.join(place.companies)}")
    usual = usual_days(place.setup.today(known, place.at))
    days = Interval(given_day(first, "from") if first else usual.first, given_day(last, "to") if last else usual.last)
    if days.last < days.first:
        raise _bad("to", f"to is {days.last}, which is before {days.first}")
    return Asked(known, Chosen(days, projects=frozenset(projects), accounts=frozenset(accounts), reversals=reversals))


def _bad(field: str, detail: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, detail, entity="accrued revenue", field=field)


def imbalances(place: ListPlace, asked: Asked, *, most: int | None = None) -> Shown:
    """The imbalances that are asked for. Stops after ``most`` invoices, and is then not ``whole``."""
    stores = place.stores
    sources = Sources(stores.staging, stores.journals, stores.proposals, stores.ledger)
    found = find(sources, asked.company, asked.chosen, most=most)
    return shown(found, asked, place.setup)


def shown(found: Found, asked: Asked, setup: FinanceSetup) -> Shown:
    company, days = asked.company, asked.chosen.days
    currency, figures = setup.accounting_currency(company), Figures(setup)

    def money(amount: Decimal) -> str:
        return figures.amount(amount, currency)

    return Shown(
        company=company,
        first=days.first.isoformat(),
        last=days.last.isoformat(),
        currency=currency,
        invoices=found.invoices,
        whole=found.whole,
        transactions=[_row(one, currency, figures) for one in found.rows],
        projects=[
            ShownSum(company, one.project, None, one.rows, money(one.amount), currency)
            for one in by_project(found.rows)
        ],
        accounts=[
            ShownSum(company, one.account, one.posting_type, one.rows, money(one.amount), currency)
            for one in by_account(found.rows)
        ],
        unclear=found.unclear,
    )


def _row(one: Imbalance, currency: str, figures: Figures) -> ShownImbalance:
    last = one.last
    wip, accrued = _side(one.left, wip=True), _side(one.left, wip=False)
    in_currency = sum((part.amount for part in one.left if part.posting_type is WIP), ZERO)
    return ShownImbalance(
        company=one.company,
        project=one.project,
        unbilled_sale=one.unbilled_id,
        reversal=one.reversal_id,
        kind=one.transaction_class,
        worked=one.transaction_date.isoformat() if one.transaction_date else None,
        customer=one.customer,
        invoice=last.invoice,
        reversed_on=last.journal,
        voucher=last.voucher,
        accounting_date=last.on.isoformat(),
        accrual_voucher=one.voucher,
        wip_account=wip[0] or one.accrual.wip_account,
        wip=figures.amount(wip[1], currency),
        accrued_account=accrued[0] or one.accrual.accrued_account,
        accrued=figures.amount(accrued[1], currency),
        imbalance=figures.amount(one.amount, currency),
        accounting_currency=currency,
        currency=one.accrual.currency,
        in_currency=figures.amount(in_currency, one.accrual.currency),
        symmetric=one.symmetric,
        journal=one.journal,
    )


def _side(parts: Iterable[Part], *, wip: bool) -> tuple[str, Decimal]:
    """The accounts of a side that something is left on, and what is left in accounting currency."""
    of_side = [one for one in parts if (one.posting_type is WIP) is wip]
    accounts = dict.fromkeys(one.account for one in of_side)
    return ", ".join(accounts), sum((one.accounting_amount for one in of_side), ZERO)


def shown_journal(journal: CorrectionJournal) -> ShownJournal:
    return ShownJournal(
        company=journal.company,
        number=journal.number,
        status=journal.status,
        description=journal.description,
        voucher_date=journal.voucher_date.isoformat() if journal.voucher_date else None,
        first=journal.wanted.first.isoformat(),
        last=journal.wanted.last.isoformat(),
        lines=journal.lines,
        posted_lines=journal.posted_lines,
        created=journal.created_at,
        due=journal.due,
        error=journal.error,
    )


def shown_line(line: CorrectionLine, company: str, setup: FinanceSetup) -> ShownLine:
    currency, figures = setup.accounting_currency(company), Figures(setup)
    wip, accrued = _side(line.left, wip=True), _side(line.left, wip=False)
    return ShownLine(
        line=line.line_number,
        unbilled_sale=line.unbilled_id,
        project=line.project,
        customer=line.customer,
        invoice=", ".join(dict.fromkeys(one.document for one in line.takings)),
        wip_account=wip[0],
        wip=figures.amount(wip[1], currency),
        accrued_account=accrued[0],
        accrued=figures.amount(accrued[1], currency),
        imbalance=figures.amount(line.amount, currency),
        currency=currency,
        symmetric=line.symmetric,
        offset_account=line.offset_account,
        offset_dimensions=line.offset_dimensions,
        voucher=line.voucher,
        error=line.error,
    )
