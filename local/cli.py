"""The command line: ``python -m local demo``, ``run``, ``preview``, ``explain``, ``reconcile``, ``map``, ``setup``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from local import demo, engines, explain, maps, preview, reconcile, run, tables
from local.documents import InvalidInput, read_setup
from local.template import TemplateError
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import IntegrationError
from project_invoicing.store import client, setups

_INVALID = 2
_WIDTH = 110


def main(arguments: Sequence[str] | None = None) -> int:
    """0: it ran; 1: a function failed for good or an engine did not start; 2: the input is not valid or not known."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except InvalidInput as invalid:
        print(*invalid.problems, sep="\n", file=sys.stderr)
        return _INVALID
    except (engines.EngineError, TemplateError, IntegrationError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    runs = commands.add_parser("run", help="run a scenario through the stack of template.yaml")
    runs.add_argument("--setup", type=Path, required=True, help="finance set-up, YAML or JSON")
    runs.add_argument("--events", type=Path, required=True, help="scenario, JSON Lines")
    runs.add_argument("--out", type=Path, help="write the result here, as JSON")
    runs.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    runs.add_argument("--deployed", action="store_true", help="deploy the built stack whole into ministack")
    runs.add_argument("--shuffle", type=int, metavar="SEED", help="deliver the events of Dataverse in random order")
    runs.add_argument("--duplicate", type=_count, default=0, metavar="N", help="deliver every event N extra times")
    runs.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    runs.set_defaults(command=_run)

    demos = commands.add_parser("demo", help="a project manager's month, from approvals in Dataverse and back")
    demos.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    demos.add_argument(
        "--lost", type=_percent, default=0, metavar="PERCENT", help="of the webhooks; as many come twice"
    )
    demos.add_argument("--seed", type=int, default=1, help="which webhooks get lost")
    demos.add_argument("--out", type=Path, help="write what finance has in the end here, as JSON")
    demos.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    demos.set_defaults(command=_demo)

    previews = commands.add_parser("preview", help="what posting a proposal would make; nothing is written")
    previews.add_argument("proposal", help="the proposal's number")
    previews.add_argument("--company", help="where several companies have a proposal with this number")
    previews.add_argument("--invoice-date", help="as if it were given to the posting: 2026-08-31")
    _of_a_stack(previews)
    previews.set_defaults(command=_preview)

    explains = commands.add_parser("explain", help="everything known about an actual or a document, and what to do")
    explains.add_argument("id", help="GUID of an actual or a proforma; number of a proposal, invoice, journal, voucher")
    explains.add_argument("--company", help="where several companies have a document with this number")
    _of_a_stack(explains)
    explains.set_defaults(command=_explain)

    reconciles = commands.add_parser("reconcile", help="everything that Dataverse has against everything here")
    reconciles.add_argument("--repair", metavar="ID|all", help="fetch, import, write back again: one row, or all found")
    reconciles.add_argument("--last", action="store_true", help="the report of the last run, instead of a new one")
    _of_a_stack(reconciles)
    reconciles.set_defaults(command=_reconcile)

    map_ = commands.add_parser("map", help="pause, resume, stop or start a table map of a deployed stack")
    map_.add_argument("action", choices=["pause", "resume", "stop", "start", "list"])
    map_.add_argument("name", nargs="?", help="the map's name, as in docs/table-maps.md; all of them for list")
    map_.add_argument("--stack-prefix", required=True, help="the stack's name")
    map_.add_argument("--reason", help="kept with the map's state")
    map_.set_defaults(command=_map)

    setup = commands.add_parser("setup", help="the finance set-up of a deployed stack")
    setup_commands = setup.add_subparsers(required=True, metavar="COMMAND")
    loads = setup_commands.add_parser("load", help="make a document the current set-up, in AWS or any endpoint")
    loads.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    loads.add_argument("--table", default=os.environ.get("SETUP_TABLE"), help="the Setup table; default: $SETUP_TABLE")
    loads.set_defaults(command=_load)
    return parser


def _of_a_stack(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stack-prefix", help="the stack's name; default: the tables that the environment names")
    command.add_argument("--json", action="store_true", help="print JSON instead of tables")


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _check_folder(out: Path | None) -> None:
    if out and not out.parent.is_dir():
        raise InvalidInput([f"--out: there is no folder {out.parent}"])


def _percent(text: str) -> float:
    share = int(text) / 100
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _demo(options: argparse.Namespace) -> int:
    """1 where a function failed for good, or the two sides differ in the end."""
    _check_folder(options.out)
    chosen = demo.Options(options.engine, lost=options.lost, seed=options.seed, verbose=options.verbose)
    made = demo.run(chosen, _console())
    if options.out:
        options.out.write_text(json.dumps(made.result, indent=2) + "\n", encoding="utf-8")
    return 1 if made.dead_letters or made.differences else 0


def _run(options: argparse.Namespace) -> int:
    if options.deployed and options.engine != "ministack":
        raise InvalidInput(["--deployed: only ministack runs functions; leave --engine out"])
    _check_folder(options.out)
    outcome = run.run(
        run.Options(
            setup=options.setup,
            events=options.events,
            engine=options.engine,
            deployed=options.deployed,
            shuffle=options.shuffle,
            duplicate=options.duplicate,
            verbose=options.verbose,
        )
    )
    if options.out:
        options.out.write_text(json.dumps(outcome.result, indent=2) + "\n", encoding="utf-8")
    tables.show(_console(), outcome)
    return 1 if outcome.dead_letters else 0


def _preview(options: argparse.Namespace) -> int:
    """1 where the posting would be refused."""
    made = preview.run(preview.Options(options.proposal, options.company, options.invoice_date, options.stack_prefix))
    if options.json:
        print(json.dumps(made, indent=2))
    else:
        tables.show_previews(_console(), made)
    return 1 if any(one["refused"] for one in made) else 0


def _explain(options: argparse.Namespace) -> int:
    """2 where nothing is known."""
    answer = explain.run(options.id, options.company, options.stack_prefix)
    if options.json:
        print(json.dumps(answer, indent=2))
    else:
        tables.show_explanations(_console(), answer)
    return 0 if answer["found"] else _INVALID


def _reconcile(options: argparse.Namespace) -> int:
    """1 where there are differences, or not everything could be checked."""
    report = reconcile.run(reconcile.Options(options.repair, options.last, options.stack_prefix))
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        tables.show_reconciliation(_console(), report)
    return 1 if report.get("differences") or not report.get("complete", True) else 0


def _map(options: argparse.Namespace) -> int:
    if options.action != "list" and not options.name:
        raise InvalidInput([f"map {options.action}: say which map"])
    function = f"{options.stack_prefix}-dataverse-catchup"
    answer = maps.run(maps.Options(options.action, function, options.name, options.reason))
    for one in answer["maps"]:
        since = f" since {one['since']}" if one["since"] else ""
        print(f"{one['name']:<26}{one['state']}{since}{': ' + one['reason'] if one['reason'] else ''}")
    if answer.get("delivered"):
        print(f"{answer['delivered']} events that were kept are on the bus")
    return 0


def _console() -> Console:
    """As wide as the terminal, and always wide enough for the figures: a cut amount is worse than a broken line."""
    return Console(width=max(_WIDTH, Console().width))


def _load(options: argparse.Namespace) -> int:
    if not options.table:
        raise InvalidInput(["--table: name the Setup table, or set SETUP_TABLE"])
    now = utc_text(datetime.now(UTC))
    number = setups.load(client.dynamodb(), options.table, read_setup(options.file), now)
    print(f"Version {number} of the set-up is current in {options.table}.")
    return 0
