"""The command line: ``invoicing``, or ``python -m local``. ``--help`` lists the verbs.

The verbs that run a stack on this machine are here; those for a stack that already exists are in ``operate``.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from rich.console import Console

from local import demo, engines, result, run, serve, tables
from local.cloudformation import TemplateError
from operate import commands as operator_commands
from operate import invoice_document_commands
from operate.arguments import json_option, verb
from operate.commands import NOT_VALID
from operate.invalid_input import InvalidInput
from operate.terminal import console, printable
from project_invoicing.errors import IntegrationError

if TYPE_CHECKING:
    from operate.arguments import Commands

_CLOSED_PIPE = 141
"""The exit code of a program whose reader has closed the pipe, as shells have it."""
_QUIET = {"POWERTOOLS_LOG_LEVEL": "CRITICAL", "POWERTOOLS_METRICS_DISABLED": "true"}
"""Only the command's answer is printed. Rows that were set aside are part of it."""


def main(arguments: Sequence[str] | None = None, typed: str = "invoicing") -> int:
    """Runs a command and gives its exit code. ``typed`` is what the person typed before it.

    0: it ran; 1: a function failed for good, an engine or AWS did not answer, or a question has a bad answer
    (differences, a posting that would be refused); 2: the input is not valid or not known; 130: Ctrl-C; 141: the
    reader of the output has closed it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks letters is no reason to fail
    try:
        try:
            return _execute(arguments, typed)
        finally:
            print(end="", flush=True)
    except BrokenPipeError:
        _write_nowhere(sys.stdout, sys.stderr)
        return _CLOSED_PIPE
    except OSError as error:  # such as a disk that is full
        _write_nowhere(sys.stdout)
        print(f"{typed}: {error}", file=sys.stderr)
        return 1


def _execute(arguments: Sequence[str] | None, typed: str) -> int:
    """Runs a command. What a person can do something about is one sentence on standard error."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(typed).parse_args(invoice_document_commands.filled_in(given))
    try:
        return int(options.command(options))
    except InvalidInput as invalid:
        print(*map(printable, invalid.problems), sep="\n", file=sys.stderr)
        return NOT_VALID
    except (engines.EngineError, TemplateError, IntegrationError) as error:
        print(printable(error), file=sys.stderr)
        return 1


def _write_nowhere(*streams: TextIO) -> None:
    """Sends what Python still writes when it ends to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError, AttributeError):  # it is closed, or no file
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Parser(argparse.ArgumentParser):
    """A mistake on the command line is one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(NOT_VALID, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser(typed: str) -> argparse.ArgumentParser:
    about = "Run the project invoice integration on this machine, or ask and control a stack, deployed or local."
    parser: argparse.ArgumentParser = _Parser(prog=typed, description=about)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_runs(commands)
    operator_commands.add(commands)
    return parser


def _add_runs(commands: Commands) -> None:
    """Commands that run a stack of their own."""
    runs = verb(
        commands,
        "run",
        "run a scenario through the stack of template.yaml",
        "run --setup setup.yaml --events events.jsonl --out result.json",
    )
    runs.add_argument("--setup", type=Path, required=True, help="finance set-up, YAML or JSON")
    runs.add_argument("--events", type=Path, required=True, help="scenario, JSON Lines")
    runs.add_argument("--out", type=Path, help="write the result here, as JSON")
    runs.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    runs.add_argument("--deployed", action="store_true", help="deploy the built stack whole into ministack")
    runs.add_argument("--shuffle", type=_count, metavar="SEED", help="deliver the events of Dataverse in random order")
    runs.add_argument("--duplicate", type=_count, default=0, metavar="N", help="deliver every event N extra times")
    runs.add_argument(
        "--keep", type=Path, metavar="DIR", help="leave the end state in this folder, for: invoicing serve --keep DIR"
    )
    runs.add_argument(
        "--files",
        type=Path,
        metavar="DIR",
        help="write what leaves in files, ledger batches, documents of invoices and mails, here",
    )
    runs.add_argument(
        "--map",
        type=Path,
        metavar="FILE",
        help="how the table maps differ, YAML or JSON, as in docs/table-maps.md: columns of your own, codes, dates",
    )
    runs.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    json_option(runs)
    runs.set_defaults(command=_run)

    serves = verb(
        commands,
        "serve",
        "keep a stack with the demo month up on this machine, until Ctrl-C",
        "serve --keep my-stack",
    )
    serves.add_argument("--empty", action="store_true", help="without the demo month and its set-up")
    serves.add_argument("--port", type=_count, metavar="N", help="the first of four ports in a row; default: free ones")
    serves.add_argument(
        "--keep", type=Path, metavar="DIR", help="go on with the state in this folder, and keep it there"
    )
    serves.add_argument(
        "--env-vars", type=Path, metavar="FILE", help="write this file for sam local invoke --env-vars, while it is up"
    )
    serves.add_argument("--json", action="store_true", help="print one JSON object with the addresses once it is ready")
    serves.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    serves.set_defaults(command=_serve)

    demos = verb(
        commands,
        "demo",
        "play a project manager's month: approvals in Dataverse, invoices here, and back",
        "demo --lost 30",
    )
    demos.add_argument("--engine", choices=list(engines.ENGINES), default="ministack", help="what stands in for AWS")
    demos.add_argument(
        "--lost",
        type=_percent,
        default=0,
        metavar="PERCENT",
        help="so many of the webhooks get lost, and as many come twice",
    )
    demos.add_argument("--seed", type=_count, default=1, help="which webhooks get lost")
    demos.add_argument("--out", type=Path, help="write here what finance has in the end, as JSON")
    demos.add_argument("--verbose", action="store_true", help="show on standard error what the functions log")
    json_option(demos)
    demos.set_defaults(command=_demo)


def _count(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"write a whole number, 0 or more, not {text!r}")


def _percent(text: str) -> float:
    if (percent := _count(text)) <= 100:
        return percent / 100
    raise argparse.ArgumentTypeError(f"write a percentage from 0 to 100, not {text!r}")


def _check_out(out: Path | None, *read: Path) -> None:
    """Raises ``InvalidInput`` if ``out`` cannot be written, or is a file that is ``read``: better now than later."""
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


def _serve(options: argparse.Namespace) -> int:
    shown = {"json": options.json, "verbose": options.verbose}
    serve.serve(serve.Options(options.empty, options.port, options.keep, env_vars=options.env_vars, **shown))
    return 0


def _demo(options: argparse.Namespace) -> int:
    """1 if a function failed for good, or if the two sides differ in the end."""
    _check_out(options.out)
    chosen = demo.Options(options.engine, lost=options.lost, seed=options.seed, verbose=options.verbose)
    made = demo.run(chosen, Console(file=io.StringIO()) if options.json else console())
    _write(options.out, made.result)
    if options.json:
        print(json.dumps(made.result, indent=2))
    return 1 if made.dead_letters or made.differences else 0


def _run(options: argparse.Namespace) -> int:
    if options.deployed and options.engine != "ministack":
        raise InvalidInput(["--deployed: only ministack runs functions; leave --engine out"])
    if options.deployed and options.keep:
        raise InvalidInput(["--keep: a stack that is deployed into ministack cannot be kept; leave --deployed out"])
    if options.deployed and options.map:
        raise InvalidInput(["--map: a stack that is deployed has the maps of its parameters; leave --deployed out"])
    _check_out(options.out, options.setup, options.events)
    if options.files and options.files.exists() and not options.files.is_dir():
        raise InvalidInput([f"--files: {options.files} is no folder; name one"])
    outcome = run.run(
        run.Options(
            setup=options.setup,
            events=options.events,
            engine=options.engine,
            deployed=options.deployed,
            shuffle=options.shuffle,
            duplicate=options.duplicate,
            keep=options.keep,
            files=options.files,
            map=options.map,
            verbose=options.verbose,
        )
    )
    _write(options.out, outcome.result)
    if options.json:
        print(json.dumps(outcome.result, indent=2))
    else:
        tables.show(console(), outcome)
    return 1 if outcome.dead_letters else 0
