"""A session of pytest whose tests run in forks: once to see what they reach, then for each mutant."""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as TimeOfDay  # noqa: N812 - beside the module
from hashlib import blake2b
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest

from tests.mutants import switch
from tests.mutants.guards import Mutant
from tools.imports import ROOT

_WARM: Final = 12
"""Tests that run once before all forks, so that what functions import late is there."""
_SLOWER: Final = 10
"""A test that takes so many times longer than it did, and this many seconds more, hangs."""


@dataclass(frozen=True)
class Choice:
    """What a run is asked for."""

    mutants: Sequence[Mutant]
    folder: Path
    jobs: int
    limit: float
    until: TimeOfDay | None
    go_on: bool
    reach_only: bool

    def is_over(self) -> bool:
        return self.until is not None and datetime.now().time() >= self.until  # noqa: DTZ005 - the clock on the wall


@dataclass
class Child:
    """A fork, and what it has told."""

    process: int
    channel: int
    mutant: Mutant
    count: int
    begun: float = field(default_factory=time.monotonic)
    test: str = ""
    test_begun: float = 0
    done: int = 0
    rest: bytes = b""

    def end(self) -> None:
        """Itself and what it has started."""
        with_group = os.getpgid(self.process) == self.process
        (os.killpg if with_group else os.kill)(self.process, signal.SIGKILL)


class Session:
    """The plugin: pytest collects, and this runs."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.verdicts: dict[str, tuple[str, str]] = {}
        self._reached: dict[str, dict[str, Any]] = {}
        self._failed = ""
        self._children: dict[int, Child] = {}
        self._ready = selectors.DefaultSelector()

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Examples are the same each time, and a failing one is neither kept nor made smaller."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutants", database=None, phases=phases, derandomize=True)
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("a file of tests could not be read")
        items = {item.nodeid: item for item in session.items}
        files: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            files.setdefault(str(item.path.relative_to(ROOT)), []).append(item)
        self._warm_up([some[0] for some in files.values()])
        self._look(files)
        if not self.choice.reach_only:
            self._try_all(items)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed = f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}"

    # what tests reach

    def _look(self, files: Mapping[str, list[pytest.Item]]) -> None:
        """Runs the files whose reach is not known, each in a fork."""
        kept = self.choice.folder / "reached.json"
        known = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
        for name, items in files.items():
            text = blake2b((ROOT / name).read_bytes(), digest_size=8).hexdigest()
            found = known.get(name)
            if found is None or found["text"] != text or not {item.nodeid for item in items} <= found["tests"].keys():
                if self.choice.is_over():
                    continue
                begun = time.monotonic()
                told = self._told_by(items)
                known[name] = found = {"text": text, "tests": told}
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.with_suffix(".new").write_text(json.dumps(known), "utf-8")
                kept.with_suffix(".new").rename(kept)
                failing = [one["failed"] for one in told.values() if one["failed"]]
                say(f"{name}: {len(told)} tests in {time.monotonic() - begun:.0f} s", *failing)
            self._reached[name] = found["tests"]

    def _told_by(self, items: Sequence[pytest.Item]) -> dict[str, Any]:
        def run(tell: Callable[[Any], None]) -> None:
            for item, after in in_turn(items):
                self._failed = ""
                switch.reached.clear()
                begun = time.monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                seconds = round(time.monotonic() - begun, 3)
                tell({"test": item.nodeid, "seconds": seconds, "failed": self._failed, "ids": [*switch.reached]})

        process, channel = forked(run)
        with os.fdopen(channel, "rb") as lines:
            told = [json.loads(line) for line in lines]
        os.waitpid(process, 0)
        found = {one.pop("test"): one for one in told}
        for item in items:  # those after a test that ended the process
            found.setdefault(item.nodeid, {"seconds": 1, "failed": "not run", "ids": []})
        return found

    # mutants

    def _try_all(self, items: Mapping[str, pytest.Item]) -> None:
        reached = Reached(test for tests in self._reached.values() for test in tests.items())
        kept = self.choice.folder / "results.jsonl"
        kept.parent.mkdir(parents=True, exist_ok=True)
        earlier = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
        before = {one["id"]: (one["verdict"], one["by"]) for one in earlier}
        with kept.open("a" if self.choice.go_on else "w", encoding="utf-8", buffering=1) as results:

            def note(mutant: Mutant, verdict: str, by: str) -> None:
                self.verdicts[mutant.id] = verdict, by
                results.write(json.dumps({"id": mutant.id, "verdict": verdict, "by": by}) + "\n")
                say(f"{len(self.verdicts)}/{len(self.choice.mutants)} {verdict}: {mutant.id}", by)

            for mutant in self.choice.mutants:
                if self.choice.go_on and before.get(mutant.id, ("",))[0] in ("killed", "hung"):
                    self.verdicts[mutant.id] = before[mutant.id]
                    continue
                if self.choice.is_over():
                    break
                some = [items[id] for id in reached.tests(mutant) if id in items]
                if not some:
                    note(mutant, "unreached", "no test reaches it")
                    continue
                while len(self._children) >= self.choice.jobs:
                    self._wait(reached, note)
                self._begin(mutant, some)
            while self._children:
                self._wait(reached, note)

    def _begin(self, mutant: Mutant, items: Sequence[pytest.Item]) -> None:
        def run(tell: Callable[[Any], None]) -> None:
            switch.turn_on(mutant.id)
            switch.reached.clear()
            for item, after in in_turn(items):
                tell({"begins": item.nodeid})
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if self._failed:
                    tell({"verdict": "killed", "by": self._failed})
                    return
            there = mutant.id in switch.reached
            tell({"verdict": "survived" if there else "unreached", "by": f"{len(items)} tests"})

        self._failed = ""
        process, channel = forked(run)
        self._children[channel] = Child(process, channel, mutant, len(items))
        self._ready.register(channel, selectors.EVENT_READ)

    def _wait(self, reached: Reached, note: Callable[[Mutant, str, str], None]) -> None:
        """For the next news of a fork, or until one of them has taken too long."""
        for key, _ in self._ready.select(timeout=1):
            child = self._children[key.fd]
            data = os.read(child.channel, 65536)
            *lines, child.rest = (child.rest + data).split(b"\n")
            for told in map(json.loads, lines):
                if "verdict" in told:
                    self._forget(child)
                    note(child.mutant, told["verdict"], told["by"])
                    break
                child.done += bool(child.test)
                child.test, child.test_begun = told["begins"], time.monotonic()
            else:
                if not data:
                    self._forget(child)
                    note(child.mutant, "killed", f"{child.test} ended the process")
        now = time.monotonic()
        for child in [*self._children.values()]:
            usual = reached.seconds.get(child.test, 1)
            hangs = child.test and now - child.test_begun > _SLOWER + _SLOWER * usual
            if hangs or now - child.begun > self.choice.limit:
                self._forget(child)
                what = ("hung", child.test) if hangs else ("undecided", f"{child.done} of {child.count} tests passed")
                note(child.mutant, *what)

    def _forget(self, child: Child) -> None:
        self._ready.unregister(child.channel)
        del self._children[child.channel]
        child.end()
        os.close(child.channel)
        os.waitpid(child.process, 0)

    def _warm_up(self, items: Sequence[pytest.Item]) -> None:
        """Some tests of this process, so that the session's fixtures and late imports are there for all forks."""
        some = items[:: max(1, len(items) // _WARM)]
        with quiet():
            for item, after in zip_longest(some, some[1:], fillvalue=items[-1]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


class Reached:
    """Which tests reach a mutant: those that did, or for one that is new, its function's or its file's."""

    def __init__(self, tests: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        self.seconds: dict[str, float] = {}
        self._by: dict[str, set[str]] = {}
        for test, told in tests:
            if told["failed"]:
                continue
            self.seconds[test] = told["seconds"]
            for id in told["ids"]:
                file, function, _ = id.split(":", 2)
                for key in (id, f"{file}:{function}", file):
                    self._by.setdefault(key, set()).add(test)

    def tests(self, mutant: Mutant) -> list[str]:
        """Quick ones first, one of each file of tests in turn."""
        found = self._by.get(mutant.id) or self._by.get(mutant.function) or self._by.get(mutant.file) or set()
        files: dict[str, list[str]] = {}
        for test in sorted(found, key=lambda test: (self.seconds[test], test)):
            files.setdefault(test.partition("::")[0], []).append(test)
        return [test for turn in zip_longest(*files.values()) for test in turn if test]


def in_turn(items: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    """Each with the next one. What the process did before is torn down as far as the first does not share it."""
    items[0].session._setupstate.teardown_exact(items[0])
    for item, after in zip_longest(items, items[1:]):
        if isinstance(item, pytest.Function):
            item._initrequest()  # it may have run before, to warm up
        yield item, after


def forked(run: Callable[[Callable[[Any], None]], None]) -> tuple[int, int]:
    """A fork that runs, and a channel on which it tells lines of JSON. It says nothing else, and ends."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    try:
        os.setsid()
        os.close(reading)
        _to_nowhere(0, 1, 2)
        run(lambda told: _write(writing, json.dumps(told).encode() + b"\n"))
    finally:
        os._exit(0)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what tests and functions write to standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    _to_nowhere(1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _to_nowhere(*streams: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(nothing, stream)


def _write(channel: int, data: bytes) -> None:
    while data:
        data = data[os.write(channel, data) :]


def say(*words: str) -> None:
    sys.stderr.write(" ".join(words) + "\n")
    sys.stderr.flush()
