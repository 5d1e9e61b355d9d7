"""Tasks of which exactly one runs at a time, and only as far as its next request.

Each task is a thread that waits at a gate of its own. Who goes on is for the caller to say, so the same choices make
the same run, to the last request.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore, Thread
from typing import Any

from tests.faults import Killed

_STUCK_SECONDS = 120.0


class Task:
    """Work in progress. ``result`` or ``error`` is what it ended with."""

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name = name
        self.result: Any = None
        self.error: BaseException | None = None
        self.ended = False
        self.dead = False
        self._work = work
        self._gate = Semaphore(0)
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def _run(self) -> None:
        self._gate.acquire()
        try:
            if not self.dead:
                self.result = self._work()
        except Killed as killed:
            self.error = killed
        except Exception as error:  # noqa: BLE001  what a function raises is its outcome
            self.error = error
        self.ended = True
        _BACK.release()


_BACK = Semaphore(0)
"""The gate of whoever lets tasks run."""


class Scheduler:
    """Lets tasks run. ``current`` is the one that runs now."""

    def __init__(self) -> None:
        self.current: Task | None = None

    def start(self, name: str, work: Callable[[], Any]) -> Task:
        task = Task(name, work)
        task._thread.start()
        return task

    def go_on(self, task: Task) -> None:
        """Lets the task run up to its next request, or to its end."""
        self.current = task
        task._gate.release()
        assert _BACK.acquire(timeout=_STUCK_SECONDS), f"{task.name} does not come back"
        self.current = None
        if task.ended:
            task._thread.join()

    def kill(self, task: Task) -> None:
        """The process dies where it stands."""
        task.dead = True
        while not task.ended:
            self.go_on(task)

    def pause(self) -> None:
        """In a task: others may run before it goes on. Raises ``Killed`` in one that has died meanwhile."""
        task = self.current
        if task is None:
            return
        if not task.dead:
            _BACK.release()
            task._gate.acquire()
        if task.dead:
            raise Killed(task.name)
