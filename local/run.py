"""One local run: engine up, set-up loaded, the scenario line by line, the result read from the tables."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Protocol

from rich.console import Console
from rich.progress import Progress

from local import ROOT, bucket_files, deployed, engines, kept, result, template
from local.functions import Handlers
from local.queues import DeadLetter
from local.scenario import Scenario, read_scenario
from local.scenario_lines import JOURNALS, PROPOSALS, CallLine, DataverseLine, Line, SetupLine
from local.stack import Stack
from operate.documents import parsed, read_setup, read_text
from operate.invalid_input import InvalidInput, unknown
from project_invoicing.chunks import chunks
from project_invoicing.config import Settings
from project_invoicing.dataverse import maps
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.store import client, setups
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.documents.requests import proposals_named

_TOGETHER: Final = 100
"""How many events of Dataverse are put on the bus before they are delivered. Each carries its own time."""
_LONG_RUN: Final = 50

Row = dict[str, Any]


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
        """Returns when nothing is on its way any longer."""

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
    keep: Path | None = None
    files: Path | None = None
    map: Path | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    result: result.Result
    dead_letters: list[DeadLetter]


@contextmanager
def _mapped_by(file: Path | None) -> Iterator[str]:
    """Lets this process and its functions read by the table maps of a file, if one is named, until the run ends.

    Gives how the maps differ from ours, as JSON.
    """
    before = os.environ.get(maps.OVERRIDES_VARIABLE)
    if file is None:
        yield before or ""
        return
    changes = parsed(file, read_text(file), "it names table maps, and for each the fields whose columns differ")
    try:
        maps.overridden(changes)
    except ValueError as error:
        raise InvalidInput([f"{file}: {error}"]) from error
    text = json.dumps(changes)
    os.environ[maps.OVERRIDES_VARIABLE] = text
    maps.table_maps.cache_clear()
    try:
        yield text
    finally:
        os.environ.pop(maps.OVERRIDES_VARIABLE)
        if before is not None:
            os.environ[maps.OVERRIDES_VARIABLE] = before
        maps.table_maps.cache_clear()


def run(options: Options) -> Outcome:
    """Runs the scenario, with the table maps as ``TABLE_MAP_OVERRIDES`` has them.

    Raises ``InvalidInput`` before anything has run, or at a line that names a document which the run should have made
    and has not. Also ``TemplateError``, ``EngineError``.
    """
    with ExitStack() as until_end:
        overrides = until_end.enter_context(_mapped_by(options.map))
        stack_template = template.read(ROOT / "template.yaml", TableMapOverrides=overrides)
        document = read_setup(options.setup)
        runnable = [function.name for function in stack_template.functions if function.scheduled]
        scenario = read_scenario(options.events, runnable, document)
        lines = scenario.lines
        if options.deployed:
            deployed.build()
        folder = until_end.enter_context(kept.held(options.keep)) if options.keep else None
        if folder and folder.file.exists():
            raise InvalidInput([f"--keep: {folder.file} is there already; name another folder, or remove it"])
        until_end.enter_context(engines.running(options.engine))
        until_end.callback(client.forget)
        client.forget()
        copies = 1 + options.duplicate
        stack: AnyStack = (
            deployed.DeployedStack(stack_template, copies=copies)
            if options.deployed
            else Stack(stack_template, Handlers(verbose=options.verbose), copies=copies)
        )
        setups.load(client.dynamodb(), stack.settings.setup_table, document, lines[0].at)
        refused = list(_played(stack, scenario, options))
        made = result.build(client.dynamodb(), stack.settings, lines[-1].at, refused)
        if options.files:
            _make_documents(stack, made["invoices"], lines[-1].at)
            bucket_files.write([stack.settings.ledger_bucket], options.files)
            bucket_files.write_invoices(stack.settings.document_bucket, options.files)
            bucket_files.write_mails(stack.settings.document_bucket, options.files)
        if folder and isinstance(stack, Stack):
            folder.save(stack, None)
        return Outcome(made, stack.dead_letters())


def _make_documents(stack: AnyStack, invoices: Iterable[Row], at: str) -> None:
    """Makes the document of each invoice, whether its company asks for documents or not: whoever runs this asks."""
    for invoice in invoices:
        named = {"company": invoice["company"], "invoice_number": invoice["invoice_number"]}
        stack.invoke("invoice_documents", {"detail": {"make": named}, "time": at})


def _played(stack: AnyStack, scenario: Scenario, options: Options) -> Iterator[Row]:
    """Plays the lines. Gives the refusals of their steps."""
    staging = Staging(client.dynamodb(), stack.settings.staging_table)
    dice = random.Random(options.shuffle)  # noqa: S311  an order, no secret
    numbered = zip(scenario.lines, scenario.numbers, strict=True)
    with _progress(len(scenario.lines)) as advance:
        for from_dataverse, group in groupby(numbered, key=lambda one: isinstance(one[0], DataverseLine)):
            if from_dataverse:
                together = [line for line, _ in group]
                events = [event for line in together for event in _events(line, staging) * (1 + options.duplicate)]
                if options.shuffle is not None:
                    dice.shuffle(events)
                for batch in list(chunks(events, _TOGETHER)) or [[]]:
                    stack.put(batch)
                    stack.drain()
                    advance(len(together) * len(batch) / max(len(events), 1))
                continue
            for line, number in group:
                yield from _called(stack, scenario, line, number)
                stack.drain()
                advance(1)


def _events(line: Line, staging: Staging) -> list[BusEvent]:
    """The bus events of a line; a context whose rows cannot be read is kept as rejected."""
    assert isinstance(line, DataverseLine)  # noqa: S101
    try:
        return row_events(line.dataverse, line.at)
    except Rejected as rejected:
        staging.reject(rejected, line.dataverse, line.at)
        return []


def _called(stack: AnyStack, scenario: Scenario, line: Line, number: int) -> list[Row]:
    """The refusals of a step. Raises ``InvalidInput`` where it names a document that is not there."""
    match line:
        case SetupLine():
            setups.merge(client.dynamodb(), stack.settings.setup_table, line.setup, line.at)
        case CallLine():
            if problems := list(_not_there(stack, scenario, line)):
                where = f"{scenario.path}:{number}"
                raise InvalidInput([f"{where}: {problem} (the run ended here)" for problem in problems])
            return result.refusals_in(stack.invoke(line.function, line.event()), line.at, line.action)
    return []


def _not_there(stack: AnyStack, scenario: Scenario, line: CallLine) -> Iterator[str]:
    """The fields that name a journal or a proposal which does not exist, and which no line of Dataverse brings."""
    named = {name.rpartition(".")[2]: (name, value) for name, value in line.named().items()}
    asked = [named[name] for name in sorted((PROPOSALS | JOURNALS) & named.keys())]
    if not asked:
        return
    dynamodb, names = client.dynamodb(), stack.settings
    proposals = Proposals(dynamodb, names.proposals_table, calendar_dates("invoices"))
    journals = Journals(dynamodb, names.journals_table)
    given = named.get("company")
    companies = [given[1]] if given else list(setups.current(dynamodb, names.setup_table).document.companies)
    for name, value in asked:
        is_journal = name.rpartition(".")[2] in JOURNALS
        if is_journal and any(journals.get(company, value) for company in companies):
            continue
        if not is_journal and proposals_named(proposals, companies, value):
            continue
        kind, column = ("journals", "journal_id") if is_journal else ("proposals", "proposal_id")
        made = result.build(dynamodb, names, line.at)[kind]
        owners = sorted({str(row["company"]) for row in made if row[column] == value and row["company"]})
        if owners:
            yield f"{name}: {value!r} is a {column[:-3]} of {', '.join(owners)}, not of {', '.join(companies)}"
        elif is_journal or value not in scenario.proposals:
            yield unknown(name, value, column[:-3], {row[column] for row in made if row["company"] in companies})


@contextmanager
def _progress(total: int) -> Iterator[Callable[[float], None]]:
    """A bar on standard error for a long run that a person watches."""
    shown = sys.stderr.isatty() and total >= _LONG_RUN
    with Progress(console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task("scenario", total=total)
        yield lambda lines: progress.advance(task, lines)
