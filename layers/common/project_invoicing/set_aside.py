"""A defect in one row is set aside, counted and alarmed, and the other rows carry on.

Only ``guarded`` catches whatever a row raises (D-073). Errors that concern the service rather than the row (a conflict,
a throttled table, a denied action) pass through, and so do the business's own (``Rejected``, ``Refused``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Conflict, IntegrationError

P = ParamSpec("P")
T = TypeVar("T")

METRIC: Final = "SetAside"
"""The metric that counts everything set aside; the template has an alarm on it."""
_OF_A_REQUEST: Final = frozenset({"SerializationException", "TransactionCanceledException", "ValidationException"})
"""AWS error codes for a request that can never succeed: its content is at fault."""


@dataclass(frozen=True, slots=True)
class Defect:
    """What was raised while ``kind`` ``id`` was being processed: the class of the exception, never its text."""

    name: str
    kind: str
    id: str
    where: str | None = None

    def __str__(self) -> str:
        return f"{self.name} while {self.kind} {self.id} was looked at"


def guarded(kind: str, id: str, look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Defect:
    """Returns ``look()``, or the ``Defect`` it ran into, which is counted and logged with ``kind`` and ``id``."""
    found = caught(kind, id, look, *args, **kwargs)
    if isinstance(found, Defect):
        report(found)
    return found


def each(kind: str, named: Iterable[tuple[str, T]], do: Callable[[T], object]) -> list[tuple[T, Defect]]:
    """Calls ``do`` for each ``(id, thing)`` in ``named``. Returns the things that ran into a defect.

    A conflict does not stop the others either: the first ``Conflict`` is raised once all have had their turn.
    """
    defects: list[tuple[T, Defect]] = []
    conflicts: list[Conflict] = []
    for id, thing in named:
        try:
            done = guarded(kind, id, do, thing)
        except Conflict as conflict:
            conflicts.append(conflict)
            continue
        if isinstance(done, Defect):
            defects.append((thing, done))
    if conflicts:
        raise conflicts[0]
    return defects


def report(defect: Defect) -> None:
    """Counts and logs a defect that is set aside."""
    # Imported late: code that reads no row needs neither, and a local command first says where its log goes.
    from project_invoicing.observe import count, logger  # noqa: PLC0415

    logger.error("set aside", kind=defect.kind, row_id=defect.id, defect=defect.name, where=defect.where)
    count(METRIC)


def caught(kind: str, id: str, look: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | Defect:
    """As ``guarded``, but leaves ``report`` to a caller that has yet to find out which row the defect belongs to."""
    try:
        return look(*args, **kwargs)
    except (IntegrationError, Refused, BotoCoreError, OSError, MemoryError):
        raise
    except Exception as error:  # one bad row must not stop the others
        if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") not in _OF_A_REQUEST:
            raise
        return Defect(type(error).__name__, kind, id, _where(error))


def _where(error: Exception) -> str | None:
    """The line of code at fault. The text of an exception may quote the row, so it is not kept."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else None
