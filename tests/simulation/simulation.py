"""All functions of import and posting behind one scheduler, and everything that may happen to them.

    outcome = simulate(Plan(seed=1))
    outcome.wrong           # what the judges say
    outcome.trace           # each request, in order: the same for the same plan

Deliveries, schedules and the workers themselves take turns at each request. A worker may die there, or sleep until
somebody else has done its work. When ``steps`` requests were made, or all is delivered, the disturbances end; what was
lost is caught up with, and everything runs until nothing changes any more. Then the judges look.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

from benchmarks.business import FIRST_DAY
from local import ROOT
from local.functions import Context
from project_invoicing import bootstrap
from project_invoicing.dataverse.found_rows import is_confirmed_or_canceled
from project_invoicing.domain.calendar import utc_text
from project_invoicing.events import BusEvent
from project_invoicing.events.own import ProposalReady
from project_invoicing.store import client, outbox
from project_invoicing.use_cases.invoices import saga
from project_invoicing.use_cases.journals import add_lines
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests.fast_store.client import Engine, Lag, running
from tests.harness import LISTENERS, TEMPLATE, World, envelope, sqs_batch
from tests.simulation import judges
from tests.simulation.faults import CHANCES, Faults, FaultyBus, FaultyWire, Killed
from tests.simulation.scheduler import Scheduler, Task
from tests.simulation.stories import AT, Story, story

SIMULATED: Final = frozenset(
    {"actuals_sync", "invoice_posting", "journal_posting", "outbox_relay", "proforma_header_sync", "staging_import"}
)
_WORKERS: Final = 4
_BATCH: Final = 4
_WRITES: Final = ("TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem")
_MOST_TIMES: Final = 8
_MOST_ROUNDS: Final = 12
_ROUND: Final = 3000
"""Requests, or five minutes: the relay's sweep leaves younger events to the streams."""
_KINDS: Final = frozenset(CHANCES)


@dataclass(frozen=True)
class Plan:
    """All that a run depends on. ``works`` and ``lines`` make its story smaller, ``kinds`` its faults fewer."""

    seed: int
    steps: int = 3000
    kinds: frozenset[str] = _KINDS
    works: int | None = None
    lines: int | None = None

    @property
    def story(self) -> Story:
        return story(self.seed, self.works, self.lines)


@dataclass
class Outcome:
    plan: Plan
    wrong: list[str]
    trace: list[str]
    hits: Mapping[str, int]

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


@dataclass
class Mail:
    """Something to be delivered to a function. It is delivered again until it has succeeded."""

    function: str
    event: dict[str, Any]
    due: int = 0
    queued: bool = False
    stream: str = ""
    """The table whose stream it comes from: one at a time, in order."""
    again: bool = True
    """A schedule's event is not delivered again: the next one comes anyway."""
    times: int = 0
    """How often it was delivered without anything that disturbs it."""


@dataclass
class Work:
    task: Task
    mails: list[Mail]
    asleep_until: int = 0
    given_up: bool = False
    """Its messages went to somebody else meanwhile."""


def simulate(plan: Plan) -> Outcome:
    """Plays the plan. Every failure of the simulation itself raises."""
    expected = undisturbed(plan.story)
    with _stage(plan.story) as (engine, world):
        run = Simulation(plan, engine, world)
        wrong = run.play()
        if not wrong:  # what is wrong already says more than the books
            wrong = [told for judge in judges.JUDGES for told in judge(world, expected)]
        return Outcome(plan, wrong, run.trace, dict(run.faults.hits))


@cache
def undisturbed(told: Story) -> judges.Books:
    """The books of a story that nothing happens to."""
    with _stage(told) as (_, world):
        world.load(told.setup())
        world.drain()
        for event in told.events():
            world.send(event)
        for _ in range(3):
            for function in ("staging_import", "journal_posting", "invoice_posting"):
                world.run(function)
                world.drain()
        return judges.books(world)


@contextlib.contextmanager
def _stage(told: Story) -> Iterator[tuple[Engine, World]]:
    """Empty tables, with all variables of all functions, which do not contradict each other."""
    variables = {name: value for function in TEMPLATE.functions for name, value in function.environment.items()}
    quiet = {"POWERTOOLS_METRICS_DISABLED": "true", "POWERTOOLS_TRACE_DISABLED": "true"}
    with running() as engine, patch("time.sleep", lambda seconds: None), contextlib.ExitStack() as pages:
        for module in (add_lines, proposal_pages, saga):
            pages.enter_context(patch.object(module, "PAGE_LINES", told.page_lines))
        os.environ.update(variables | quiet | {"POWERTOOLS_LOG_LEVEL": "CRITICAL"})
        bootstrap.forget()
        try:
            yield engine, _world(engine)
        finally:
            bootstrap.forget()


def _world(engine: Engine) -> World:
    world = World(AT)
    engine.tables.clear()
    for table in TEMPLATE.tables:
        world.client.create_table(**table.request)
    return world


class Simulation:
    def __init__(self, plan: Plan, engine: Engine, world: World) -> None:
        self.plan, self.engine, self.world = plan, engine, world
        self.faults = Faults(plan.seed, plan.kinds)
        self.choices = Random(f"{plan.seed}/choices")  # noqa: S311
        self.scheduler = Scheduler()
        self.trace: list[str] = []
        self.now = 0
        self.mails: list[Mail] = []
        self.lost: list[Mail] = []
        self.at_work: list[Work] = []
        self.errors: list[str] = []
        self.wrong: list[str] = []
        self._writes = False
        self.told: set[str] = set()
        self.recorded: set[str] = set()
        self._read: dict[str, int] = {}
        self._containers: dict[str, list[ModuleType]] = {}

    def play(self) -> list[str]:
        """The whole run; returns what went wrong before the judges look."""
        told = self.plan.story
        self.world.load(told.setup())
        bus = FaultyBus(self.faults, self._at_request, self._die, self._told)
        with patch.object(client, "event_bridge", lambda: bus), contextlib.redirect_stdout(io.StringIO()):
            self.engine.wire = FaultyWire(self.faults, self._at_request, self._die)
            if "stale" in self.faults.kinds:
                self.engine.lag = Lag(self.faults.dice["stale"], CHANCES["stale"])
            early = [*told.events(), *told.earlier()]
            self._post_rows(early)
            one_version = len(early) == len(told.events())
            self._disturbed(posting=one_version and self.choices.random() < 0.5)
            if one_version:  # the catch-up finds what was lost while others post
                self.mails += [replace(mail, due=self.now + self.choices.randrange(400)) for mail in self.lost]
            else:  # what is posted stays, so all versions have to be on documents before
                self._all_delivered(self.lost)
                self._schedule("staging_import")
                self._all_delivered([])
            self._disturbed(posting=True)
            self._all_delivered([])
            self._settled()
        if never := self.recorded - self.told:
            self.wrong.append(f"bus: was never told of {sorted(never)}")
        return self.wrong

    # --- phases ---

    def _post_rows(self, events: list[BusEvent]) -> None:
        """Each row to its function: some twice and more, some late, some never."""
        for event in self.choices.sample(events, len(events)):
            mail = self._row(event)
            if mail is None:
                continue
            if self.faults.happens("lost"):
                self.lost.append(mail)
                continue
            self.mails.append(mail)
            while self.faults.happens("twice"):
                self.mails.append(replace(mail, due=self._later()))

    def _row(self, event: BusEvent) -> Mail | None:
        body = envelope(event.detail, AT, event.detail_type, event.source)
        if not event.detail_type.startswith("invoice."):
            return Mail("actuals_sync", body, self._later(), queued=True)
        if is_confirmed_or_canceled(event.detail["row"]):
            return Mail("proforma_header_sync", body, self._later())
        return None

    def _later(self) -> int:
        return self.now + self.choices.randrange(600 if self.faults.happens("late") else 30)

    def _disturbed(self, *, posting: bool) -> None:
        """Everything takes turns, until so many requests were made or all is delivered and every schedule has run."""
        until = self.now + self.plan.steps
        schedules = ["staging_import"] * 4 + ["outbox_relay"]
        schedules += ["journal_posting", "invoice_posting"] * 4 * posting
        self.choices.shuffle(schedules)
        while self.now < until:
            if schedules and self.choices.random() < 0.04:
                function = schedules.pop()
                for _ in range(self.choices.randint(1, 3)):  # one was late, or somebody asks by hand as well
                    self._schedule(function, **self._selection(function))
            if not self._turn() and not (self.mails or self.at_work or schedules):
                break
        self._all_home()

    def _turn(self) -> bool:
        """Somebody starts, or goes on to the next request."""
        self.now += 1
        self._read_streams()
        awake = [work for work in self.at_work if work.asleep_until <= self.now]
        due = [mail for mail in self.mails if mail.due <= self.now and not self._is_blocked(mail)]
        if due and len(self.at_work) < _WORKERS and (not awake or self.choices.random() < 0.3):
            self._start(self.choices.choice(due), due)
            return True
        if awake:
            self._go_on(self.choices.choice(awake))
        return bool(awake)

    def _all_home(self) -> None:
        """Whoever is at work ends it. What is still to be delivered stays so."""
        while self.at_work:
            self._go_on(self.choices.choice(self.at_work))
        self._read_streams()

    def _all_delivered(self, more: list[Mail]) -> None:
        """Without disturbances: everything that is there is delivered, and what comes of it."""
        self.faults.on, lag = False, self.engine.lag
        self.engine.lag = None
        self.mails += [replace(mail, due=0) for mail in more]
        while True:
            self._all_home()
            if not self.mails:
                break
            mail = next(one for one in self.mails if not self._is_blocked(one))
            if mail.times > _MOST_TIMES:
                self.wrong.append(f"{mail.function} does not get done: {self.errors[-3:]}")
                self.mails.remove(mail)
                continue
            self.now = max(self.now, mail.due) + 1
            self._start(mail, [mail])
        self.faults.on, self.engine.lag = True, lag

    def _settled(self) -> None:
        """The schedules run until a round changes nothing."""
        before = ""
        for _ in range(_MOST_ROUNDS):
            self.now += _ROUND
            for function in ("staging_import", "journal_posting", "invoice_posting", "outbox_relay"):
                self._schedule(function)
                self._all_delivered([])
            state = repr(judges.books(self.world))
            if state == before:
                return
            before = state
        self.wrong.append(f"does not settle: after {_MOST_ROUNDS} rounds of all schedules, things still change")

    # --- deliveries ---

    def _selection(self, function: str) -> dict[str, str]:
        """What is asked for: mostly everything, sometimes one invoice or the journals of one period."""
        work = self.choices.choice(self.plan.story.works)
        chosen = self.choices.random()
        if function == "invoice_posting" and chosen < 0.7:
            return {"proposal_id": work.proforma_id}
        if function == "journal_posting" and chosen < 0.5:
            return {"period_start": (FIRST_DAY + timedelta(days=self.choices.randrange(work.days))).isoformat()}
        return {}

    def _schedule(self, function: str, **scope: str) -> None:
        source, kind = "project-invoicing.manual", "Manual Run"
        self.mails.append(Mail(function, envelope(scope, self._time(), kind, source), self.now, again=False))

    def _time(self) -> str:
        return utc_text(datetime.fromisoformat(AT).astimezone(UTC) + timedelta(seconds=self.now // 10))

    def _told(self, entry: Mapping[str, Any]) -> None:
        """The bus took an event: each listener gets it, once or more."""
        self._read_streams()
        self.told.add(_named(entry["DetailType"], entry["Detail"]))
        if not self.told <= self.recorded:
            self.wrong.append(f"bus: told of what is not committed: {sorted(self.told - self.recorded)}")
        detail, kind = json.loads(entry["Detail"]), entry["DetailType"]
        body = envelope(detail, utc_text(entry["Time"]), kind, entry["Source"])
        for function in LISTENERS.get(kind, ()):
            if function in SIMULATED and (kind != ProposalReady.TYPE or detail["auto_post"]):
                self.mails.append(Mail(function, body, self._later()))
                while self.faults.happens("twice"):
                    self.mails.append(Mail(function, body, self._later()))

    def _read_streams(self) -> None:
        """New events in outboxes become records for the relay."""
        for name, table in self.engine.tables.items():
            stream = table.stream or []
            start = self._read.get(name, 0)
            self._read[name] = len(stream)
            records = [
                {**record, "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}/stream/now"}
                for record in stream[start:]
                if record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["pk"]["S"].startswith(outbox.PREFIX)
            ]
            self.recorded |= {_named(new["t"]["S"], new["d"]["S"]) for new in map(_new_image, records)}
            if records:
                self.mails.append(Mail("outbox_relay", {"Records": records}, self.now, stream=name))

    def _is_blocked(self, mail: Mail) -> bool:
        """A stream waits for what it brought before."""
        if not mail.stream:
            return False
        if any(one.stream == mail.stream for work in self.at_work if not work.given_up for one in work.mails):
            return True
        return next(one for one in self.mails if one.stream == mail.stream) is not mail

    def _start(self, mail: Mail, due: list[Mail]) -> None:
        mails = [mail]
        if mail.queued:
            others = [one for one in due if one.function == mail.function and one is not mail]
            mails += self.choices.sample(others, min(len(others), self.choices.randrange(_BATCH)))
        for one in mails:
            self.mails = [other for other in self.mails if other is not one]
            one.times += not self.faults.on
        event = sqs_batch(*(json.dumps(one.event) for one in mails)) if mail.queued else mail.event
        container = self._container(mail.function)
        name = f"{mail.function}@{self.now}"
        context = Context(mail.function, aws_request_id=name)

        def work() -> Any:
            try:
                return container.handler(event, context)
            finally:
                self._containers[mail.function].append(container)

        begun = Work(self.scheduler.start(name, work), mails)
        self.at_work.append(begun)
        self._go_on(begun)

    def _container(self, function: str) -> ModuleType:
        """A function's module that nobody is using: a container serves one invocation at a time."""
        free = self._containers.setdefault(function, [])
        return free.pop() if free else _loaded(function)

    def _go_on(self, work: Work) -> None:
        self.scheduler.go_on(work.task)
        if not work.task.ended:
            if self._writes and self.faults.happens("overtaken"):
                work.asleep_until = self.now + self.faults.dice["overtaken"].randrange(5, 120)
            if self.faults.happens("asleep"):
                work.asleep_until = self.now + self.faults.dice["asleep"].randrange(50, 800)
                work.given_up = True
                self._send_again(work.mails)
            return
        self.at_work.remove(work)
        if isinstance(work.task.error, Exception):
            self.errors.append(f"{work.task.name}: {work.task.error!r}")
        if not work.given_up:
            self._send_again(self._left(work))

    def _send_again(self, mails: list[Mail]) -> None:
        self.mails += [replace(mail, due=self._later()) for mail in mails if mail.again or not self.faults.on]

    def _left(self, work: Work) -> list[Mail]:
        """The messages that the function did not get done with."""
        if work.task.error is not None:
            return work.mails
        failed = {one["itemIdentifier"] for one in (work.task.result or {}).get("batchItemFailures", ())}
        mail = work.mails[0]
        if not failed or not (mail.queued or mail.stream):
            return []
        if mail.queued:
            return [one for number, one in enumerate(work.mails) if f"message-{number}" in failed]
        # A stream goes on at the first record that failed.
        records = mail.event["Records"]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        first = min(numbers.index(number) for number in failed)
        return [replace(mail, event={"Records": records[first:]})]

    # --- requests ---

    def _at_request(self, what: str) -> None:
        task = self.scheduler.current
        if task is None:
            return
        if self.faults.on:
            self._writes = what.startswith(_WRITES)
            self.scheduler.pause()
        elif task.dead:
            raise Killed(task.name)
        self.trace.append(f"{self.now} {task.name} {what}")

    def _die(self, when: str) -> None:
        task = self.scheduler.current
        if task is not None:
            self.trace.append(f"{self.now} {task.name} dies {when} it")
            task.dead = True
            raise Killed(task.name)


def _new_image(record: Any) -> Any:
    return record["dynamodb"]["NewImage"]


def _named(kind: str, detail: str) -> str:
    """An event, to tell it from others."""
    return f"{kind} {detail}"


_number = iter(range(1_000_000_000))


def _loaded(function: str) -> ModuleType:
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"simulated_{function}_{next(_number)}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
