"""``invoicing tax report`` on the command line: what it takes and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from operate import answers, sales_tax
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.terminal import console, printable
from project_invoicing.domain.text import number_of
from project_invoicing.use_cases.sales_tax_report.shown import Shown, ShownLine, ShownRow, csv_of

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER: Final = 1
_NOT_FILLED: Final = "What earlier versions posted is not in the lists yet, and not here; run: invoicing fill-lists"


def add(commands: Commands) -> None:
    """Adds the command to a command line."""
    taxes = commands.add_parser("tax", help="sales tax of what is posted")
    verbs = taxes.add_subparsers(required=True, metavar="WHAT")
    reports = verb(
        verbs,
        "report",
        "sum base and tax of what is posted by sales tax code, and compare it with the ledger",
        "tax report --company USPM --from 2026-08-01 --to 2026-08-31",
        "tax report --company USPM --from 2026-08-01 --to 2026-08-31 --code VAT20 --lines --csv > vat20.csv",
    )
    reports.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    reports.add_argument(
        "--from",
        dest="first",
        type=given_date,
        metavar="DATE",
        help="invoice dates from this day on; without dates: the last settlement interval, or month, that is over",
    )
    reports.add_argument("--to", dest="last", type=given_date, metavar="DATE", help="invoice dates until this day")
    reports.add_argument("--code", type=named_text, help="of this sales tax code; none: what has no code")
    reports.add_argument("--lines", action="store_true", help="with the base and tax of every line")
    ask_a_stack(reports, _report)
    reports.add_argument("--csv", action="store_true", help="print CSV instead of tables: the rows, or the lines")


def _report(options: argparse.Namespace) -> int:
    made = sales_tax.run(
        options.company, options.first, options.last, options.code, options.stack_prefix, lines=options.lines
    )
    if not made.filled:
        print(_NOT_FILLED, file=sys.stderr)
    found = made.shown
    if options.json:
        print(json.dumps(asdict(found) | {"filled": made.filled}, indent=2))
    elif options.csv:
        print(csv_of(found.lines, ShownLine) if options.lines else csv_of(found.rows, ShownRow), end="")
        for one in found.differences:
            print(printable(f"{one.invoice}: {one.detail}"), file=sys.stderr)
    else:
        _tell(found, lines=options.lines)
    return _BAD_ANSWER if found.differences else 0


def _tell(found: Shown, *, lines: bool) -> None:
    screen = console()
    count = number_of(found.documents, "document")
    print(printable(f"{found.company}, invoice dates {found.first} to {found.last}: {count}"))
    show(screen, "Sales tax", map(_row, found.rows))
    show(screen, "To pay", map(asdict, found.totals))
    show(screen, "Accounts", map(asdict, found.accounts))
    for direction, net in found.nets.items():
        print(f"The documents of what is {direction} come to {net} {found.currency} without tax.")
    if lines:
        show(screen, "Lines", map(_line, found.lines))
    show(screen, "Billed by lenders and not posted here: in no sum", map(asdict, found.not_posted))
    show(screen, "Differences", map(asdict, found.differences))
    if not (found.rows or found.not_posted or found.differences):
        print("Nothing was invoiced on these days.")


def show(screen: Any, title: str, rows: Iterable[Mapping[str, Any]]) -> None:
    known = list(rows)
    answers.show_rows(screen, title, known, most=len(known))


def _row(row: ShownRow) -> Mapping[str, Any]:
    return {
        "direction": row.direction,
        "authority": row.authority,
        "from": row.first,
        "to": row.last,
        "code": row.code,
        "taxable": row.taxable,
        "tax-free": row.tax_free,
        "tax": row.tax,
        "credited": row.credited,
        "credited tax-free": row.credited_tax_free,
        "credited tax": row.credited_tax,
        "due": f"{row.due} {row.currency}",
        "not deductible": row.not_deductible,
    }


def _line(line: ShownLine) -> Mapping[str, Any]:
    return {
        "date": line.tax_date,
        "invoice": line.invoice,
        "voucher": line.voucher,
        "line": line.line,
        "actual": line.actual_id,
        "code": line.code,
        "percent": line.percent,
        "base": f"{line.base} {line.currency}",
        "tax": f"{line.tax} {line.currency}",
        "accounting base": line.accounting_base,
        "accounting tax": line.accounting_tax,
        "not deductible": line.accounting_not_deductible,
    }
