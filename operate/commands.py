"""The operator's commands on the command line: what they are called, what they take, what they print.

Each works on a stack that already exists, in AWS or at another endpoint (``AWS_ENDPOINT_URL``). None starts one.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from operate import (
    accrual_commands,
    adjust_commands,
    answers,
    approval_commands,
    audit_commands,
    aws,
    check_dataverse,
    cost_commands,
    document_commands,
    explain,
    fixed_price_commands,
    histories,
    integration_commands,
    invoice_document_commands,
    ledger,
    ledger_commands,
    list_commands,
    maps,
    master_commands,
    receivables_commands,
    reconcile,
    redrive,
    repair,
    sales_tax_commands,
    setup_numbers,
    vendor_invoice_commands,
)
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, at_a_stack, json_option, named_text, stack_option, verb
from operate.calling import stack_named
from operate.documents import read_setup, setup_warnings
from operate.invalid_input import InvalidInput
from operate.terminal import console, printable
from project_invoicing.config import settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.text import number_of
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
    document_commands.add(commands)
    approval_commands.add(commands)
    list_commands.add(commands)
    _add_checks(commands)
    _add_controls(commands)
    master_commands.add(commands)
    audit_commands.add(commands)
    ledger_commands.add(commands)
    invoice_document_commands.add(commands)
    sales_tax_commands.add(commands)
    integration_commands.add(commands)
    receivables_commands.add(commands)
    cost_commands.add(commands)
    accrual_commands.add(commands)
    adjust_commands.add(commands)
    fixed_price_commands.add(commands)
    vendor_invoice_commands.add(commands)


def _add_questions(commands: Commands) -> None:
    """Commands that ask."""
    explains = verb(
        commands,
        "explain",
        "say everything known about an actual, a document or master data, and what to do",
        "explain INV-0001",
    )
    explains.add_argument(
        "id",
        type=named_text,
        help="GUID of an actual, a proforma or a row of master data; number of a proposal, invoice, journal, voucher, "
        "project, contract, contract line, customer or product; name of a resource",
    )
    explains.add_argument("--company", type=named_text, help="where several companies have a document with this number")
    ask_a_stack(explains, _explain)

    reconciles = verb(
        commands,
        "reconcile",
        "compare everything in Dataverse with everything here",
        "reconcile --last",
        "reconcile --repair all",
    )
    instead = reconciles.add_mutually_exclusive_group()
    instead.add_argument(
        "--repair", type=named_text, metavar="ID|all", help="fetch, import or write back again: one row, or all found"
    )
    instead.add_argument("--last", action="store_true", help="the report of the last run, instead of a new one")
    ask_a_stack(reconciles, _reconcile)
    actor_option(reconciles)

    repairs = verb(
        commands,
        "repair",
        "fetch, import or write back again what a reconciliation found to differ",
        "repair all",
        "repair 0f1f1a5a-df82-43a1-861c-db7cfc3aac4e",
    )
    repairs.add_argument(
        "ids", type=named_text, nargs="+", metavar="ID|all", help="the id of a row of Dataverse, or all that differs"
    )
    ask_a_stack(repairs, _repair)
    actor_option(repairs)

    told = verb(
        commands,
        "history",
        "show who loaded set-ups and rates, set master data, and paused table maps",
        "history setup",
        "history rates GBP USD",
        "history master customers USPM C-001",
        "history map actuals",
    )
    told.add_argument("kind", choices=list(histories.KINDS), help="what was changed; of documents, explain says it")
    told.add_argument("name", type=named_text, nargs="*", help="two currencies; PART [COMPANY] NUMBER; a table map")
    ask_a_stack(told, _history)


def _add_checks(commands: Commands) -> None:
    """Commands that check something before it is used. They need no tables of a stack."""
    checks = commands.add_parser("check", help="check something before it is used")
    check_commands = checks.add_subparsers(required=True, metavar="WHAT")
    setup = verb(
        check_commands,
        "setup",
        "say what is wrong with a set-up file, what it lacks, and what closing its periods leaves behind",
        "check setup setup.yaml --on 2026-08-31",
        "check setup setup.yaml --stack invoicing",
    )
    setup.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    setup.add_argument("--on", type=_day, metavar="DATE", help="as of this day, 2026-08-31; default: today")
    setup.add_argument("--strict", action="store_true", help="exit with 1 where something is lacking")
    told = (
        "also by what is in this stack: which numbers in it are old, what the documents of customers lack by their "
        "rows and finance's own columns too, and what is in no batch in periods that it would close"
    )
    setup.add_argument("--stack", dest="stack_prefix", metavar="NAME", type=named_text, help=told)
    json_option(setup)
    setup.set_defaults(command=_check_setup)
    dataverse = verb(
        check_commands,
        "dataverse",
        "say what a Dataverse organization lacks for the table maps; reads definitions, no rows",
        "check dataverse --without master_data",
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
    json_option(dataverse)
    dataverse.set_defaults(command=at_a_stack(_check_dataverse, variables=("DATAVERSE_URL",)))


def _add_controls(commands: Commands) -> None:
    """Commands that change how a stack works."""
    map_ = verb(
        commands,
        "map",
        "pause, resume, stop, start or list table maps",
        'map pause actuals --reason "the set-up is being corrected"',
        "map list",
    )
    map_.add_argument("action", choices=["pause", "resume", "stop", "start", "list"], help="what to do")
    map_.add_argument(
        "name", type=named_text, nargs="?", help="the map's name, as in docs/table-maps.md; not needed for list"
    )
    stack_option(map_)
    actor_option(map_)
    map_.add_argument("--reason", help="kept with the map's state")
    json_option(map_)
    map_.set_defaults(command=at_a_stack(_map))

    redrives = verb(commands, "redrive", "give a function its dead letters again", "redrive actuals_sync --show")
    redrives.add_argument("function", type=named_text, help="the function's name, such as actuals_sync")
    stack_option(redrives)
    redrives.add_argument("--show", action="store_true", help="only show what is there")
    json_option(redrives)
    redrives.set_defaults(command=at_a_stack(_redrive))

    setup = commands.add_parser("setup", help="the finance set-up of a deployed stack")
    setup_commands = setup.add_subparsers(required=True, metavar="COMMAND")
    loads = verb(
        setup_commands,
        "load",
        "make a document the current set-up, in AWS or at any endpoint",
        "setup load setup.yaml --table invoicing-SetupTable-1A2B3C",
    )
    loads.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    loads.add_argument(
        "--table",
        type=named_text,
        help="the Setup table; default: $SETUP_TABLE, else that of the local stack",
    )
    actor_option(loads)
    json_option(loads)
    loads.set_defaults(command=at_a_stack(_load, names="table", variables=("SETUP_TABLE",)))


def _day(text: str) -> date:
    try:
        return given_day(text, "--on")
    except Rejected as rejected:
        raise argparse.ArgumentTypeError(rejected.detail) from None


def _check_setup(options: argparse.Namespace) -> int:
    """``NOT_VALID``, by the caller, for what could not be loaded. What is only lacking is a warning."""
    on = options.on or datetime.now(UTC).date()
    if options.stack_prefix is None:
        found = setup_warnings(options.file, on)
    else:
        with aws.asking():
            found = setup_warnings(options.file, on, setup_numbers.customers_at(options.stack_prefix))
            found += setup_numbers.at_stack(options.file, options.stack_prefix)
            found += ledger.closing_warnings(options.stack_prefix, read_setup(options.file))
    if options.json:
        print(json.dumps({"file": str(options.file), "valid": True, "warnings": found}, indent=2))
        return BAD_ANSWER if found and options.strict else 0
    for warning in found:
        print(printable(warning))
    lacking = number_of(len(found), "warning")
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


def _explain(options: argparse.Namespace) -> int:
    answer = explain.run(options.id, options.company, options.stack_prefix)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        answers.show_explanations(console(), answer)
    return 0 if answer["found"] else NOT_VALID


def _reconcile(options: argparse.Namespace) -> int:
    """``BAD_ANSWER`` also where not everything could be checked."""
    actor = acting(options.actor) if options.repair else None
    report = reconcile.run(reconcile.Options(options.repair, options.last, options.stack_prefix, actor))
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        answers.show_reconciliation(console(), report)
    return BAD_ANSWER if report.get("differences") or not report.get("complete", True) else 0


def _repair(options: argparse.Namespace) -> int:
    """``BAD_ANSWER`` where a repair could not even be asked for."""
    made = repair.run(options.ids, acting(options.actor), options.stack_prefix)
    if options.json:
        print(json.dumps({"repaired": made}, indent=2))
    elif made:
        answers.show_rows(console(), "Repaired", made, most=len(made))
    else:
        print("There is nothing to repair.")
    return BAD_ANSWER if any(repair.failed(one) for one in made) else 0


def _history(options: argparse.Namespace) -> int:
    entries = histories.run(options.kind, options.name, options.stack_prefix)
    if options.json:
        print(json.dumps({"entries": entries}, indent=2))
    elif entries:
        answers.show_rows(console(), "History", map(histories.cells, entries), most=len(entries))
    else:
        print("Nothing is kept of it: nobody has changed it, or an earlier version did not write it down.")
    return 0


def _map(options: argparse.Namespace) -> int:
    if options.action != "list" and not options.name:
        raise InvalidInput([f"map {options.action}: say which map"])
    stack = stack_named(options.stack_prefix)
    actor = acting(options.actor) if options.action != "list" else None
    answer = maps.run(maps.Options(options.action, stack, options.name, options.reason, actor))
    if options.json:
        print(json.dumps(answer, indent=2))
        return 0
    for one in answer["maps"]:
        since = f" since {one['since']}" if one["since"] else ""
        print(printable(f"{one['name']:<26}{one['state']}{since}{': ' + one['reason'] if one['reason'] else ''}"))
    if answer.get("delivered"):
        print(f"{number_of(answer['delivered'], 'event that was kept is', 'events that were kept are')} on the bus")
    return 0


def _redrive(options: argparse.Namespace) -> int:
    """What was done is told as it is done: a letter after the other, on standard error where standard out is JSON."""
    letters = []
    for one in redrive.run(redrive.Options(options.function, stack_named(options.stack_prefix), options.show)):
        letters.append(asdict(one))
        print(printable(one), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps({"function": options.function, "letters": letters}, indent=2))
    elif not letters:
        print(f"{options.function} has no dead letters")
    return 0


def _load(options: argparse.Namespace) -> int:
    table = options.table or settings().setup_table
    if not table:
        raise InvalidInput(["--table: name the Setup table, or set SETUP_TABLE"])
    document = read_setup(options.file)
    left = ledger.closing_warnings(None, document, table)
    who = person(acting(options.actor))
    number = setups.load(client.dynamodb(), table, document, utc_text(datetime.now(UTC)), who)
    warnings = [*setup_numbers.after_load(options.file, table), *left]
    if options.json:
        print(json.dumps({"version": number, "table": table, "warnings": warnings}, indent=2))
        return 0
    print(f"Version {number} of the set-up is current in {table}.")
    for warning in warnings:
        print(printable(warning))
    return 0
