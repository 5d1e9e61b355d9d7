"""The sales tax report as rows of texts, for a command, a page and a file. Amounts have their currency's digits."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.money import ZERO
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.sales_tax_report import NONE, Direction, TaxRecord, TaxReport
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.sales_tax_report.report import Asked, Made

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would compute a text that begins like this."""
_TEXTS: Final = (
    "authority",
    "code",
    "invoice",
    "voucher",
    "other",
    "sales_tax_group",
    "item_sales_tax_group",
    "account",
    "contract",
    "contract_line",
)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A code in an interval, in accounting currency. What is credited is positive; ``due`` is what is left to pay.

    ``not_deductible``, signed: what lenders charge beside ``tax`` and is not got back.

    ``documents`` are the currencies of its documents with base and tax in them, signed.
    """

    company: str
    direction: str
    authority: str
    first: str
    last: str
    code: str
    currency: str
    taxable: str
    tax_free: str
    tax: str
    credited: str
    credited_tax_free: str
    credited_tax: str
    due: str
    documents: str
    not_deductible: str


@dataclass(frozen=True, slots=True)
class ShownTotal:
    """What is to be paid to an authority for an interval."""

    authority: str
    first: str
    last: str
    currency: str
    payable: str
    receivable: str
    to_pay: str


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """A code's taxes, and the movement of its account by the same vouchers."""

    direction: str
    code: str
    account: str
    reported: str
    ledger: str
    difference: str


@dataclass(frozen=True, slots=True)
class ShownNotPosted:
    """A lender's invoice that the company has not posted here, in the invoice's currency; it is in no sum."""

    invoice: str
    lender: str
    status: str
    tax_date: str
    currency: str
    base: str
    tax: str


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """``what`` is ledger, document, line or not_told."""

    what: str
    invoice: str
    voucher: str | None
    code: str | None
    account: str | None
    reported: str | None
    found: str | None
    currency: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """Base and tax of a line and code. ``other`` is the customer, or the lender of what is receivable."""

    company: str
    direction: str
    tax_date: str
    accounting_date: str
    invoice: str
    voucher: str | None
    other: str
    line: int
    actual_id: str
    sales_tax_group: str | None
    item_sales_tax_group: str | None
    code: str
    percent: str | None
    origin: str | None
    account: str | None
    currency: str
    base: str
    tax: str
    accounting_currency: str
    accounting_base: str
    accounting_tax: str
    credit: bool
    tax_free: bool
    not_deductible: str
    accounting_not_deductible: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The report of ``company`` for the tax dates from ``first`` to ``last``. ``nets``: what the documents come to."""

    company: str
    first: str
    last: str
    currency: str
    documents: int
    whole: bool
    rows: list[ShownRow]
    totals: list[ShownTotal]
    nets: dict[str, str]
    accounts: list[ShownAccount]
    differences: list[ShownDifference]
    lines: list[ShownLine]
    not_posted: list[ShownNotPosted]


def shown(made: Made, asked: Asked, setup: FinanceSetup) -> Shown:
    """The report as texts, its rows in order."""
    report, show = made.report, Figures(setup)
    return Shown(
        company=report.company,
        first=asked.interval.first.isoformat(),
        last=asked.interval.last.isoformat(),
        currency=report.currency,
        documents=report.documents,
        whole=made.whole,
        rows=list(_rows(report, show)),
        totals=list(_totals(report, show)),
        nets={direction: show.amount(net, report.currency) for direction, net in sorted(report.nets.items())},
        accounts=[
            ShownAccount(
                direction, code, account, *(show.amount(one, report.currency) for one in (ours, ledger, ours - ledger))
            )
            for (direction, code, account), (ours, ledger) in sorted(report.accounts.items())
        ],
        differences=[
            ShownDifference(
                what=one.what,
                invoice=one.invoice,
                voucher=one.voucher,
                code=one.code,
                account=one.account,
                reported=show.amount(one.expected, one.currency),
                found=show.amount(one.found, one.currency),
                currency=one.currency,
                detail=one.detail,
            )
            for one in sorted(report.differences, key=lambda one: (one.invoice, one.what, one.code or "", one.detail))
        ],
        lines=[_line(one, report.currency, show) for one in made.lines],
        not_posted=[
            ShownNotPosted(
                invoice=one.invoice_number,
                lender=one.company,
                status=status,
                tax_date=one.invoice_date.isoformat(),
                currency=one.currency,
                base=show.amount(one.subtotal, one.currency),
                tax=show.amount(one.sales_tax, one.currency),
            )
            for one, status in sorted(report.not_posted, key=lambda it: (it[0].company, it[0].invoice_number))
        ],
    )


def _rows(report: TaxReport, show: Figures) -> Iterable[ShownRow]:
    for key, row in sorted(report.rows.items(), key=lambda one: one[0]):
        sums = row.accounting
        documents = (
            f"{currency} {show.amount(one.base, currency)} / {show.amount(one.due, currency)}"
            for currency, one in sorted(row.documents.items())
        )
        yield ShownRow(
            company=report.company,
            direction=key.direction,
            authority=key.authority,
            first=key.interval.first.isoformat(),
            last=key.interval.last.isoformat(),
            code=key.code,
            currency=report.currency,
            taxable=show.amount(sums.taxable, report.currency),
            tax_free=show.amount(sums.tax_free, report.currency),
            tax=show.amount(sums.tax, report.currency),
            credited=show.amount(sums.credited, report.currency),
            credited_tax_free=show.amount(sums.credited_tax_free, report.currency),
            credited_tax=show.amount(sums.credited_tax, report.currency),
            due=show.amount(sums.due, report.currency),
            documents=", ".join(documents),
            not_deductible=show.amount(sums.not_deductible, report.currency),
        )


def _totals(report: TaxReport, show: Figures) -> Iterable[ShownTotal]:
    sums: dict[tuple[str, str, str], dict[Direction, Decimal]] = defaultdict(lambda: dict.fromkeys(Direction, ZERO))
    for key, row in report.rows.items():
        if key.code != NONE:
            place = key.authority, key.interval.first.isoformat(), key.interval.last.isoformat()
            sums[place][key.direction] += row.accounting.due
    for place, due in sorted(sums.items()):
        payable, receivable = due[Direction.PAYABLE], due[Direction.RECEIVABLE]
        amounts = (show.amount(one, report.currency) for one in (payable, receivable, payable - receivable))
        yield ShownTotal(*place, report.currency, *amounts)


def _line(one: TaxRecord, accounting: str, show: Figures) -> ShownLine:
    return ShownLine(
        company=one.company,
        direction=one.direction,
        tax_date=one.tax_date.isoformat(),
        accounting_date=one.accounting_date.isoformat(),
        invoice=one.invoice,
        voucher=one.voucher,
        other=one.other,
        line=one.line,
        actual_id=one.actual_id,
        sales_tax_group=one.sales_tax_group,
        item_sales_tax_group=one.item_sales_tax_group,
        code=one.code or NONE,
        percent=show.figure(one.percent),
        origin=one.origin,
        account=one.account,
        currency=one.currency,
        base=show.amount(one.base, one.currency),
        tax=show.amount(one.tax, one.currency),
        accounting_currency=accounting,
        accounting_base=show.amount(one.accounting_base, accounting),
        accounting_tax=show.amount(one.accounting_tax, accounting),
        credit=one.is_credit,
        tax_free=one.is_tax_free,
        not_deductible=show.amount(one.not_deductible, one.currency),
        accounting_not_deductible=show.amount(one.accounting_not_deductible, accounting),
    )


def csv_of(rows: Iterable[Any], kind: type) -> str:
    """These rows as a file with a line of names; a spreadsheet shows every text as it is."""
    text, names = io.StringIO(), [one.name for one in fields(kind)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(name, getattr(row, name)) for name in names] for row in rows)
    return text.getvalue()


def _cell(name: str, value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"'{value}" if name in _TEXTS and str(value or "").startswith(_FORMULA) else value
