"""The verbs for ledger batches on the command line: ``invoicing ledger …``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any, Final

from operate import answers, ledger, ledger_answer_commands, ledger_fill
from operate.actor import acting, actor_option
from operate.arguments import ask_a_stack, verb
from operate.calling import call, stack_named
from operate.ledger_batch_names import batch_of, chosen, named_batch
from operate.terminal import console, printable

if TYPE_CHECKING:
    from operate.arguments import Commands

_BAD_ANSWER: Final = 1
NOT_VALID: Final = 2

Json = dict[str, Any]


def add(commands: Commands) -> None:
    """Adds the commands to a command line."""
    ledgers = commands.add_parser("ledger", help="batches in which vouchers and invoices leave for a general ledger")
    verbs = ledgers.add_subparsers(required=True, metavar="WHAT")
    does = "make batches of what is posted and in none yet, whatever the schedule"
    builds = verb(verbs, "build", does, "ledger build --company USPM", "ledger build --kind receivables --json")
    chosen(builds)
    actor_option(builds)
    ask_a_stack(builds, _build)

    does = "list batches, newest first, what waits for one, and what cannot leave"
    lists = verb(verbs, "list", does, "ledger list --company USPM")
    chosen(lists)
    lists.add_argument("--limit", type=_count, default=20, metavar="N", help="so many of each company and kind")
    lists.add_argument("--before", type=_count, metavar="NUMBER", help="only those with a lower number")
    ask_a_stack(lists, _list)

    does = "show a batch with its totals, files, documents and history"
    shows = verb(verbs, "show", does, "ledger show USPM-ledger-000003", "ledger show 3 --company USPM --json")
    named_batch(shows)
    ask_a_stack(shows, _show)
    ledger_answer_commands.add(verbs)
    ledger_fill.add(verbs)


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"write a whole number from 1, not {text!r}")


def _build(options: argparse.Namespace) -> int:
    ledger.check_company(options.company, options.stack_prefix)
    named = {name: value for name in ("company", "kind") if (value := getattr(options, name))}
    answer = call(stack_named(options.stack_prefix), "ledger_export", {**named, "actor": acting(options.actor)})
    wrong = any(answer[name] for name in ("refused", "held", "troubles"))
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        _tell(answer)
    return _BAD_ANSWER if wrong else 0


def _tell(answer: Json) -> None:
    screen = console()
    rows = [{name: one[name] for name in ("company", "kind", "number", "period", "documents", "lines")}
            for one in answer["batches"]]  # fmt: skip
    answers.show_rows(screen, "Batches that are ready", rows, most=len(rows))
    answers.show_rows(screen, "Files that are not there", answer["troubles"])
    answers.show_rows(screen, "Documents that cannot leave", answer["held"])
    answers.show_rows(screen, "Refused", answer["refused"])
    if not any(answer[name] for name in ("batches", "troubles", "held", "refused")):
        print("Nothing waits for a batch.")
    if not answer["finished"]:
        print("There was no time for all of it; give the command again.")


def _list(options: argparse.Namespace) -> int:
    found = ledger.listed(options.stack_prefix, options.company, options.kind, options.limit, options.before)
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    screen = console()
    shown = (
        "company",
        "kind",
        "number",
        "period",
        "documents",
        "lines",
        "debit",
        "state",
        "external_number",
        "trouble",
    )
    rows = [{name: one[name] for name in shown} for one in found["batches"]]
    answers.show_rows(screen, "Batches", rows, most=len(rows))
    answers.show_rows(screen, "Documents that cannot leave", found["held"])
    for company, number in found["waiting"].items():
        documents = "document waits" if number == 1 else "documents wait"
        print(printable(f"{company}: {number} {documents} for a batch."))
    asked = {name: getattr(options, name) for name in ("company", "kind", "before")}
    if found["batches"]:
        return 0
    if filters := answers.filters_said(asked):
        print(printable(f"There is no batch with {filters}."))
    else:
        print("There is no batch yet; make one with: invoicing ledger build")
    return 0


def _show(options: argparse.Namespace) -> int:
    found = ledger.shown(options.stack_prefix, batch_of(options))
    if options.json:
        print(json.dumps(found, indent=2))
        return 0
    screen = console()
    facts = {name: value for name, value in found.items() if not isinstance(value, (list, dict)) and value is not None}
    answers.show_rows(
        screen, "Batch", [{"fact": name, "what": value} for name, value in facts.items()], most=len(facts)
    )
    totals = [{"currency": currency, **sides} for currency, sides in found["totals"].items()]
    answers.show_rows(screen, "Totals", totals)
    answers.show_rows(screen, "Documents", found["listed"])
    answers.show_rows(screen, "History", found["history"])
    return 0
