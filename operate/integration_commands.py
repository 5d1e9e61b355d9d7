"""``invoicing integration`` on the command line: what it takes and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Final

from operate import answers, integration
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, given_date, named_text, verb
from operate.repair import failed
from operate.terminal import console, printable
from project_invoicing.domain.integration_lines import LINE
from project_invoicing.use_cases.lists.as_csv import csv_of
from project_invoicing.use_cases.lists.errors import ErrorRow

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER: Final = 1


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    what = commands.add_parser("integration", help="integration accounts, and what imports and postings failed for")
    verbs = what.add_subparsers(required=True, metavar="WHAT")
    balances = verb(
        verbs,
        "balances",
        "show what expenses and vendor invoices left on the integration accounts, line by line, and why",
        "integration balances --company USPM",
        "integration balances --company USPM --from 2026-08-01 --csv > lines.csv",
        "integration balances --repair",
    )
    balances.add_argument("--company", type=named_text, help="of this company; default: of all")
    balances.add_argument(
        "--from",
        dest="first",
        type=given_date,
        metavar="DATE",
        help="lines from this day on; default: the first open period of this year or the last one",
    )
    balances.add_argument("--to", dest="last", type=given_date, metavar="DATE", help="until this day; default: today")
    balances.add_argument("--all", dest="everything", action="store_true", help="with the lines that are reconciled")
    balances.add_argument(
        "--repair", action="store_true", help="ask Dataverse for the costs that are missing, and import what waits"
    )
    ask_a_stack(balances, _balances)
    actor_option(balances)
    balances.add_argument("--csv", action="store_true", help="print the lines as CSV instead of tables")

    errors = verb(
        verbs,
        "errors",
        "list the newest errors of imports, postings and write-backs, one for each document",
        "integration errors --company USPM",
    )
    errors.add_argument("--company", type=named_text, help="of this company; default: of all")
    errors.add_argument(
        "--from", dest="first", type=given_date, metavar="DATE", help="from this day on; default: of the last 90 days"
    )
    ask_a_stack(errors, _errors)
    errors.add_argument("--csv", action="store_true", help="print CSV instead of a table")


def _balances(options: argparse.Namespace) -> int:
    """``_BAD_ANSWER`` where the other side could not be read, or a repair not be asked for. A balance is no error."""
    actor = acting(options.actor) if options.repair else None
    asked = integration.Options(
        options.company,
        options.first,
        options.last,
        options.everything,
        options.stack_prefix,
        options.repair,
        actor,
    )
    found = integration.balances(asked)
    if options.json:
        print(json.dumps(found, indent=2))
    elif options.csv:
        print(csv_of(found["lines"], LINE), end="")
        if found["not_read"]:
            print(printable(found["not_read"]), file=sys.stderr)
    else:
        answers.show_integration(console(), found)
    repaired = found.get("repaired", ())
    return _BAD_ANSWER if found["not_read"] or any(map(failed, repaired)) else 0


def _errors(options: argparse.Namespace) -> int:
    found = integration.problems(options.company, options.first, options.stack_prefix)
    rows: list[dict[str, Any]] = [asdict(row) for row in found.rows]
    if options.json:
        print(json.dumps({"rows": rows, "more": found.more, "whole": found.whole}, indent=2))
        return 0
    if options.csv:
        print(csv_of(rows, [one.name for one in fields(ErrorRow)]), end="")
    elif not rows:
        print("Nothing has failed that does not work by now.")
    else:
        _tell(rows)
    if found.more or not found.whole:
        print("There are more: see invoicing list waiting, and invoicing list journals --status error", file=sys.stderr)
    return 0


def _tell(rows: Iterable[Mapping[str, Any]]) -> None:
    known = list(rows)
    cells = ("at", "company", "kind", "id", "reason", "detail")
    screen = console()
    answers.show_rows(screen, "Errors", ({name: row[name] for name in cells} for row in known), most=len(known))
    advice = {row["reason"]: row["next"] for row in known}
    answers.show_list(screen, "What to do", (f"{reason}: {what}" for reason, what in sorted(advice.items())))
