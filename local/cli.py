"""The command line: ``python -m local``. What there is, ``--help`` says."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from rich.console import Console

from local import demo, engines, result, run, tables
from local.template import TemplateError
from operate import aws, explain, maps, preview, reconcile, redrive
from operate.documents import read_setup
from operate.invalid_input import InvalidInput
from operate.terminal import printable
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import IntegrationError
from project_invoicing.store import client, setups

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  it has no public name

_INVALID = 2
_CLOSED_PIPE = 141
"""What a shell says of a program whose reader went away."""
_WIDTH = 110
_QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}
"""What is printed is the command's answer; what is set aside is in it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and gives its exit code.

    0: it ran; 1: a function failed for good, an engine or AWS did not answer, or a question has a bad answer
    (differences, a posting that would be refused); 2: the input is not valid or not known; 130: Ctrl-C; 141: whoever
    read the output has enough of it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of few letters is no reason to fail
    try:
        try:
            return _told(arguments)
        finally:
            print(end="", flush=True)
    except BrokenPipeError:
        _write_nowhere(sys.stdout, sys.stderr)
        return _CLOSED_PIPE
    except OSError as error:  # such as a disk that is full
        _write_nowhere(sys.stdout)
        print(f"python -m local: {error}", file=sys.stderr)
        return 1


def _told(arguments: Sequence[str] | None) -> int:
    """Runs a command, with a sentence for everything that a person or AWS can do about it."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except InvalidInput as invalid:
        print(*map(printable, invalid.problems), sep="\n", file=sys.stderr)
        return _INVALID
    except (engines.EngineError, TemplateError, IntegrationError) as error:
        print(printable(error), file=sys.stderr)
        return 1


def _write_nowhere(*streams: TextIO) -> None:
    """What is left to be written when Python ends goes where it disturbs nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError, AttributeError):  # it is closed, or no file
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Parser(argparse.ArgumentParser):
    """A mistake on the command line is one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(_INVALID, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    about = "The integration on this machine, and questions to a stack."
    parser: argparse.ArgumentParser = _Parser(prog="python -m local", description=about)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_runs(commands)
    _add_questions(commands)
    _add_controls(commands)
    return parser


def _add_runs(commands: Commands) -> None:
    """What runs a stack of its own."""
    runs = commands.add_parser("run", help="run a scenario through the stack of template.yaml")
    runs.add_argument("--setup", type=Path, required=True, help="finance set-up, YAML or JSON")
    runs.add_argument("--events", type=Path, required=True, help="scenario, JSON Lines")
    runs.add_argument("--out", type=Path, help="write the result here, as JSON")
    runs.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    runs.add_argument("--deployed", action="store_true", help="deploy the built stack whole into ministack")
    runs.add_argument("--shuffle", type=_count, metavar="SEED", help="deliver the events of Dataverse in random order")
    runs.add_argument("--duplicate", type=_count, default=0, metavar="N", help="deliver every event N extra times")
    runs.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    runs.set_defaults(command=_run)

    demos = commands.add_parser("demo", help="a project manager's month, from approvals in Dataverse and back")
    demos.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    demos.add_argument(
        "--lost", type=_percent, default=0, metavar="PERCENT", help="of the webhooks; as many come twice"
    )
    demos.add_argument("--seed", type=_count, default=1, help="which webhooks get lost")
    demos.add_argument("--out", type=Path, help="write what finance has in the end here, as JSON")
    demos.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    demos.set_defaults(command=_demo)


def _add_questions(commands: Commands) -> None:
    """What asks a stack that is there."""
    previews = commands.add_parser("preview", help="what posting a proposal would make; nothing is written")
    previews.add_argument("proposal", type=_named, help="the proposal's number")
    previews.add_argument("--company", type=_named, help="where several companies have a proposal with this number")
    previews.add_argument("--invoice-date", help="as if it were given to the posting: 2026-08-31")
    _asks_a_stack(previews, _preview)

    explains = commands.add_parser("explain", help="everything known about an actual or a document, and what to do")
    explains.add_argument(
        "id", type=_named, help="GUID of an actual or a proforma; number of a proposal, invoice, journal, voucher"
    )
    explains.add_argument("--company", type=_named, help="where several companies have a document with this number")
    _asks_a_stack(explains, _explain)

    reconciles = commands.add_parser("reconcile", help="everything that Dataverse has against everything here")
    instead = reconciles.add_mutually_exclusive_group()
    instead.add_argument(
        "--repair", type=_named, metavar="ID|all", help="fetch, import, write back again: one row, or all found"
    )
    instead.add_argument("--last", action="store_true", help="the report of the last run, instead of a new one")
    _asks_a_stack(reconciles, _reconcile)


def _add_controls(commands: Commands) -> None:
    """What changes how a stack works."""
    map_ = commands.add_parser("map", help="pause, resume, stop or start a table map of a deployed stack")
    map_.add_argument("action", choices=["pause", "resume", "stop", "start", "list"])
    map_.add_argument(
        "name", type=_named, nargs="?", help="the map's name, as in docs/table-maps.md; all of them for list"
    )
    map_.add_argument("--stack-prefix", type=_named, required=True, help="the stack's name")
    map_.add_argument("--reason", help="kept with the map's state")
    map_.set_defaults(command=_of_a_stack(_map))

    redrives = commands.add_parser("redrive", help="give a function its dead letters again")
    redrives.add_argument("function", type=_named, help="the function's name, such as actuals_sync")
    redrives.add_argument("--stack-prefix", type=_named, required=True, help="the stack's name")
    redrives.add_argument("--show", action="store_true", help="only say what is there")
    redrives.set_defaults(command=_of_a_stack(_redrive))

    setup = commands.add_parser("setup", help="the finance set-up of a deployed stack")
    setup_commands = setup.add_subparsers(required=True, metavar="COMMAND")
    loads = setup_commands.add_parser("load", help="make a document the current set-up, in AWS or any endpoint")
    loads.add_argument("file", type=Path, help="finance set-up, YAML or JSON")
    loads.add_argument(
        "--table", type=_named, default=os.environ.get("SETUP_TABLE"), help="the Setup table; default: $SETUP_TABLE"
    )
    loads.set_defaults(command=_of_a_stack(_load))


def _asks_a_stack(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument(
        "--stack-prefix", type=_named, help="the stack's name; default: the tables that the environment names"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.set_defaults(command=_of_a_stack(command))


def _of_a_stack(command: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The command, with what AWS refuses as a sentence. In a local run that would be a defect, and is raised."""

    def asked(options: argparse.Namespace) -> int:
        with aws.asking():
            return command(options)

    return asked


def _named(text: str) -> str:
    """A name, an id or a number: not the nothing that a variable of the shell holds which was never set."""
    if text.strip():
        return text
    raise argparse.ArgumentTypeError("is empty; name one")


def _count(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"write a whole number, 0 or more, not {text!r}")


def _percent(text: str) -> float:
    if (percent := _count(text)) <= 100:
        return percent / 100
    raise argparse.ArgumentTypeError(f"write a percentage from 0 to 100, not {text!r}")


def _check_out(out: Path | None, *read: Path) -> None:
    """Raises ``InvalidInput`` where nothing could be written, or a file that is ``read``: better now than after it."""
    if out is None:
        return
    if out.is_dir():
        raise InvalidInput([f"--out: {out} is a folder; name a file"])
    if not out.parent.is_dir():
        raise InvalidInput([f"--out: there is no folder {out.parent}"])
    if any(out.exists() and one.exists() and out.samefile(one) for one in read):
        raise InvalidInput([f"--out: {out} is read by this run, and would be lost; name another file"])
    before = out.exists()
    try:
        out.open("ab").close()
        if not before:
            out.unlink()
    except OSError as error:
        raise InvalidInput([f"--out: {out} cannot be written: {error.strerror}"]) from None


def _write(out: Path | None, made: result.Result) -> None:
    if out:
        try:
            out.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise IntegrationError(f"--out: {out} could not be written: {error.strerror}") from error


def _demo(options: argparse.Namespace) -> int:
    """1 where a function failed for good, or the two sides differ in the end."""
    _check_out(options.out)
    chosen = demo.Options(options.engine, lost=options.lost, seed=options.seed, verbose=options.verbose)
    made = demo.run(chosen, _console())
    _write(options.out, made.result)
    return 1 if made.dead_letters or made.differences else 0


def _run(options: argparse.Namespace) -> int:
    if options.deployed and options.engine != "ministack":
        raise InvalidInput(["--deployed: only ministack runs functions; leave --engine out"])
    _check_out(options.out, options.setup, options.events)
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
    _write(options.out, outcome.result)
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
        print(printable(f"{one['name']:<26}{one['state']}{since}{': ' + one['reason'] if one['reason'] else ''}"))
    if answer.get("delivered"):
        print(f"{answer['delivered']} events that were kept are on the bus")
    return 0


def _redrive(options: argparse.Namespace) -> int:
    found = 0
    for line in redrive.run(redrive.Options(options.function, options.stack_prefix, options.show)):
        found += 1
        print(printable(line))
    if not found:
        print(f"{options.function} has no dead letters")
    return 0


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError  # Rich would end the program itself


def _console() -> Console:
    """As wide as the terminal, and always wide enough for the figures: a cut amount is worse than a broken line."""
    return _Console(width=max(_WIDTH, Console().width))


def _load(options: argparse.Namespace) -> int:
    if not options.table:
        raise InvalidInput(["--table: name the Setup table, or set SETUP_TABLE"])
    document = read_setup(options.file)
    number = setups.load(client.dynamodb(), options.table, document, utc_text(datetime.now(UTC)))
    print(f"Version {number} of the set-up is current in {options.table}.")
    return 0
