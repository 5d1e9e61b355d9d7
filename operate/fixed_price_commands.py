"""``invoicing fixed-prices`` on the command line: what it takes, reads and prints."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from operate import answers, explain
from operate.arguments import ask_a_stack, named_text, verb
from operate.invalid_input import InvalidInput
from operate.stack_tables import check_company
from operate.terminal import console, printable
from project_invoicing.use_cases.fixed_prices.report import FixedPriceRow, report
from project_invoicing.use_cases.sales_tax_report.shown import csv_of

if TYPE_CHECKING:
    from operate.arguments import Commands


def add(commands: Commands) -> None:
    """Adds the command to a command line."""
    shows = verb(
        commands,
        "fixed-prices",
        "sum costs and on-account invoices of fixed prices by contract line and period, for an estimate elsewhere",
        "fixed-prices --company USPM",
        "fixed-prices --company USPM --csv > fixed-prices.csv",
    )
    shows.add_argument("--company", type=named_text, help="of this company; may be left out where there is one")
    ask_a_stack(shows, _show)
    shows.add_argument("--csv", action="store_true", help="print CSV instead of a table")


def _show(options: argparse.Namespace) -> int:
    stores = explain.stores(options.stack_prefix)
    check_company(options.company, stores.setup)
    companies = list(stores.setup.document.companies)
    if options.company is None and len(companies) > 1:
        raise InvalidInput([f"name one with --company: {', '.join(companies)}"])
    rows = report(stores, options.company or companies[0])
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows]}, indent=2))
    elif options.csv:
        print(csv_of(rows, FixedPriceRow), end="")
    elif rows:
        answers.show_rows(console(), "Fixed prices", [asdict(row) for row in rows], most=len(rows))
    else:
        print(printable("Nothing is posted at a fixed price, and no milestone of one has arrived."))
    return 0
