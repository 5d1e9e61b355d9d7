"""The operator's commands on the command line: what they are called, what they take, what they print.

Each works on a stack that already exists, in AWS or at another endpoint (``AWS_ENDPOINT_URL``). None starts one.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from operate import (
    answers,
    audit_commands,
    check_dataverse,
    explain,
    list_commands,
    maps,
    master_commands,
    preview,
    reconcile,
    redrive,
)
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, at_a_stack, named_text, stack_option
from operate.documents import read_setup, setup_warnings
from operate.invalid_input import InvalidInput
from operate.terminal import console, printable
from project_invoicing.config import settings
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.store import client, setups
from project_invoicing.use_cases.documents.given import given_day

if TYPE_CHECKING:
    from operate.arguments import Commands

BAD_ANSWER: Final = 1
"""The exit code of an answer that somebody must act on: differences, a posting that would be refused."""
NOT_VALID: Final = 2
"""The exit code for what is not valid or not known."""


def add(commands: Commands) -> None:
    """Adds the commands of this house to a command line."""
    _add_questions(commands)
    list_commands.add(commands)
    _add_checks(commands)
    _add_controls(commands)
    master_commands.add(commands)
    audit_commands.add(commands)


def _add_questions(commands: Commands) -> None:
    """Commands that ask."""
    previews = commands.add_parser("preview", help="what posting a proposal would make; nothing is written")
    previews.add_argument("proposal", type=named_text, help="the proposal's number")
    previews.add_argument("--company", type=named_text, help="where several companies have a proposal with this number")
    previews.add_argument("--invoice-date", help="as if it were given to the posting: 2026-08-31")
    ask_a_stack(previews, _preview)

    explains = commands.add_parser("explain", help="everything known about an actual or a document, and what to do")
    explains.add_argument(
        "id",
        type=named_text,
        help="GUID of an actual, a proforma or a row of master data; number of a proposal, invoice, journal, voucher, "
        "project, contract, contract line, customer or product; name of a resource",
    )
    explains.add_argument("--company", type=named_text, help="where several companies have a document with this number")
    ask_a_stack(explains, _explain)

    reconciles = commands.add_parser("reconcile", help="compare everything in Dataverse with everything here")
    instead = reconciles.add_mutually_exclusive_group()
    instead.add_argument(
        "--repair", type=named_text, metavar="ID|all", help="fetch, import or write back again: one row, or all found"
    )
    instead.add_argument("--last", action="store_true", help="the report of the last run, instead of a new one")
    ask_a_stack(reconciles, _reconcile)


def _add_checks(commands: Commands) -> None:
    """Commands that check something before it is used. They need no tables of a stack."""
    checks = commands.add_parser("check", help="check something before it is used")
    check_commands = checks.add_subparsers(required=True, metavar="WHAT")
    setup = check_commands.add_parser("setup", help="what is wrong with a set-up file, and what it lacks")
    setup.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    setup.add_argument("--on", type=_day, metavar="DATE", help="as of this day, 2026-08-31; default: today")
    setup.add_argument("--strict", action="store_true", help="exit with 1 where something is lacking")
    setup.set_defaults(command=_check_setup)
    dataverse = check_commands.add_parser(
        "dataverse", help="what a Dataverse organization lacks for the table maps; only reads, and only definitions"
    )
    dataverse.add_argument("--webhook", type=named_text, metavar="NAME", help="where several webhooks are registered")
    dataverse.add_argument(
        "--without",
        type=named_text,
        action="append",
        default=[],
        metavar="MAP",
        help="a map that is to stay stopped; master_data for all maps of master data; may be given several times",
    )
    dataverse.add_argument("--json", action="store_true", help="print JSON instead of tables")
    dataverse.set_defaults(command=at_a_stack(_check_dataverse, variables=("DATAVERSE_URL",)))


def _add_controls(commands: Commands) -> None:
    """Commands that change how a stack works."""
    map_ = commands.add_parser("map", help="pause, resume, stop or start a table map of a deployed stack")
    map_.add_argument("action", choices=["pause", "resume", "stop", "start", "list"])
    map_.add_argument(
        "name", type=named_text, nargs="?", help="the map's name, as in docs/table-maps.md; not needed for list"
    )
    stack_option(map_)
    actor_option(map_)
    map_.add_argument("--reason", help="kept with the map's state")
    map_.set_defaults(command=at_a_stack(_map))

    redrives = commands.add_parser("redrive", help="give a function its dead letters again")
    redrives.add_argument("function", type=named_text, help="the function's name, such as actuals_sync")
    stack_option(redrives)
    redrives.add_argument("--show", action="store_true", help="only show what is there")
    redrives.set_defaults(command=at_a_stack(_redrive))

    setup = commands.add_parser("setup", help="the finance set-up of a deployed stack")
    setup_commands = setup.add_subparsers(required=True, metavar="COMMAND")
    loads = setup_commands.add_parser("load", help="make a document the current set-up, in AWS or at any endpoint")
    loads.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    loads.add_argument(
        "--table",
        type=named_text,
        help="the Setup table; default: $SETUP_TABLE, else that of the local stack",
    )
    loads.set_defaults(command=at_a_stack(_load, names="table", variables=("SETUP_TABLE",)))


def _day(text: str) -> date:
    try:
        return given_day(text, "--on")
    except Rejected as rejected:
        raise argparse.ArgumentTypeError(rejected.detail) from None


def _check_setup(options: argparse.Namespace) -> int:
    """``NOT_VALID``, by the caller, for what could not be loaded. What is only lacking is a warning."""
    found = setup_warnings(options.file, options.on or datetime.now(UTC).date())
    for warning in found:
        print(printable(warning))
    lacking = f"{len(found)} warnings" if len(found) != 1 else "1 warning"
    print(printable(f"{options.file} is valid{f'; {lacking}' if found else ' and lacks nothing that can be checked'}"))
    return BAD_ANSWER if found and options.strict else 0


def _check_dataverse(options: argparse.Namespace) -> int:
    """``BAD_ANSWER`` where something is missing, differs or could not be checked; notes alone are none."""
    report = check_dataverse.run(check_dataverse.Options(options.webhook, tuple(options.without)))
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        answers.show_organization(console(), report)
    return 0 if report["complete"] else BAD_ANSWER


def _preview(options: argparse.Namespace) -> int:
    made = preview.run(preview.Options(options.proposal, options.company, options.invoice_date, options.stack_prefix))
    if options.json:
        print(json.dumps(made, indent=2))
    else:
        answers.show_previews(console(), made)
    return BAD_ANSWER if any(one["refused"] for one in made) else 0


def _explain(options: argparse.Namespace) -> int:
    answer = explain.run(options.id, options.company, options.stack_prefix)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        answers.show_explanations(console(), answer)
    return 0 if answer["found"] else NOT_VALID


def _reconcile(options: argparse.Namespace) -> int:
    """``BAD_ANSWER`` also where not everything could be checked."""
    report = reconcile.run(reconcile.Options(options.repair, options.last, options.stack_prefix))
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        answers.show_reconciliation(console(), report)
    return BAD_ANSWER if report.get("differences") or not report.get("complete", True) else 0


def _map(options: argparse.Namespace) -> int:
    if options.action != "list" and not options.name:
        raise InvalidInput([f"map {options.action}: say which map"])
    function = f"{_stack(options)}-dataverse-catchup"
    actor = acting(options.actor) if options.action != "list" else None
    answer = maps.run(maps.Options(options.action, function, options.name, options.reason, actor))
    for one in answer["maps"]:
        since = f" since {one['since']}" if one["since"] else ""
        print(printable(f"{one['name']:<26}{one['state']}{since}{': ' + one['reason'] if one['reason'] else ''}"))
    if answer.get("delivered"):
        print(f"{answer['delivered']} events that were kept are on the bus")
    return 0


def _stack(options: argparse.Namespace) -> str:
    """The stack's name, which is that of its bus."""
    if name := options.stack_prefix or settings().event_bus_name:
        return str(name)
    raise InvalidInput(["name the stack with --stack-prefix, or start a local one: invoicing serve"])


def _redrive(options: argparse.Namespace) -> int:
    found = 0
    for line in redrive.run(redrive.Options(options.function, _stack(options), options.show)):
        found += 1
        print(printable(line))
    if not found:
        print(f"{options.function} has no dead letters")
    return 0


def _load(options: argparse.Namespace) -> int:
    table = options.table or settings().setup_table
    if not table:
        raise InvalidInput(["--table: name the Setup table, or set SETUP_TABLE"])
    document = read_setup(options.file)
    number = setups.load(client.dynamodb(), table, document, utc_text(datetime.now(UTC)))
    print(f"Version {number} of the set-up is current in {table}.")
    return 0
