"""One local run: engine up, set-up loaded, the scenario line by line, the result read from the tables."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console
from rich.progress import Progress

from local import ROOT, deployed, engines, result, template
from local.documents import read_setup
from local.functions import Handlers
from local.queues import DeadLetter
from local.scenario import CallLine, DataverseLine, Line, SetupLine, read_scenario
from local.stack import Stack
from project_invoicing.chunks import chunks
from project_invoicing.config import Settings
from project_invoicing.dataverse.context import row_events
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.store import client, setups
from project_invoicing.store.staging import Staging

_TOGETHER: Final = 100
"""How many events of Dataverse are put on the bus before they are delivered. Each carries its own time."""
_LONG_RUN: Final = 50


class AnyStack(Protocol):
    """What a run needs of a stack, wherever its functions run."""

    @property
    def settings(self) -> Settings:
        """The names of the tables and of the bus."""

    def put(self, events: Sequence[BusEvent]) -> None:
        """Puts events on the bus."""

    @property
    def webhook_key(self) -> str:
        """The key with which a webhook may send."""

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Calls a function and gives what it returned."""

    def post(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: str
    ) -> tuple[int, str]:
        """Hands a POST to the function with this route. Gives status and body of the answer."""

    def drain(self) -> None:
        """Returns when nothing is on its way any more."""

    def dead_letters(self) -> list[DeadLetter]:
        """What the functions failed on for good."""


@dataclass(frozen=True, slots=True)
class Options:
    setup: Path
    events: Path
    engine: str = "ministack"
    deployed: bool = False
    shuffle: int | None = None
    duplicate: int = 0
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """``refusals``: what ``document_editing`` refused, as (time, text); the other functions' are in the result."""

    result: result.Result
    refusals: list[tuple[str, str]]
    dead_letters: list[DeadLetter]


def run(options: Options) -> Outcome:
    """Runs the scenario. Raises ``InvalidInput`` before anything has run, ``TemplateError``, ``EngineError``."""
    stack_template = template.read(ROOT / "template.yaml")
    document = read_setup(options.setup)
    runnable = [function.name for function in stack_template.functions if function.scheduled]
    lines = read_scenario(options.events, runnable, document)
    if options.deployed:
        deployed.build()
    with ExitStack() as until_end:
        until_end.enter_context(engines.running(options.engine))
        until_end.callback(client.forget)
        client.forget()
        copies = 1 + options.duplicate
        stack: AnyStack = (
            deployed.DeployedStack(stack_template, copies=copies)
            if options.deployed
            else Stack(stack_template, Handlers(verbose=options.verbose), copies=copies)
        )
        first, last = (lines[0].at, lines[-1].at) if lines else ("1970-01-01T00:00:00Z",) * 2
        setups.load(client.dynamodb(), stack.settings.setup_table, document, first)
        refusals = list(_played(stack, lines, options))
        return Outcome(result.build(client.dynamodb(), stack.settings, last), refusals, stack.dead_letters())


def _played(stack: AnyStack, lines: Sequence[Line], options: Options) -> Iterator[tuple[str, str]]:
    """Plays the lines. Gives the refusals of ``document_editing``."""
    staging = Staging(client.dynamodb(), stack.settings.staging_table)
    dice = random.Random(options.shuffle)  # noqa: S311  an order, no secret
    with _progress(len(lines)) as advance:
        for from_dataverse, group in groupby(lines, key=lambda line: isinstance(line, DataverseLine)):
            if from_dataverse:
                together = list(group)
                events = [event for line in together for event in _events(line, staging) * (1 + options.duplicate)]
                if options.shuffle is not None:
                    dice.shuffle(events)
                for batch in list(chunks(events, _TOGETHER)) or [[]]:
                    stack.put(batch)
                    stack.drain()
                    advance(len(together) * len(batch) / max(len(events), 1))
                continue
            for line in group:
                yield from _called(stack, line)
                stack.drain()
                advance(1)


def _events(line: Line, staging: Staging) -> list[BusEvent]:
    """The bus events of a line; a context whose rows cannot be made out is kept as rejected."""
    assert isinstance(line, DataverseLine)  # noqa: S101
    try:
        return row_events(line.dataverse, line.at)
    except Rejected as rejected:
        staging.reject(rejected, line.dataverse, line.at)
        return []


def _called(stack: AnyStack, line: Line) -> Iterator[tuple[str, str]]:
    match line:
        case SetupLine():
            setups.merge(client.dynamodb(), stack.settings.setup_table, line.setup, line.at)
        case CallLine():
            answer = stack.invoke(line.function, line.event())
            outcome = str(answer.get("outcome", "")) if isinstance(answer, dict) else ""
            if outcome.startswith("refused"):
                yield line.at, outcome


@contextmanager
def _progress(total: int) -> Iterator[Callable[[float], None]]:
    """A bar on standard error for a long run that a person watches."""
    shown = sys.stderr.isatty() and total >= _LONG_RUN
    with Progress(console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task("scenario", total=total)
        yield lambda lines: progress.advance(task, lines)
