"""Rows of master data from Dataverse into their table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any, Final, NamedTuple

from project_invoicing.chunks import chunks
from project_invoicing.dataverse.context import parse_json
from project_invoicing.dataverse.master_maps import MASTER_TABLES
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import LOADED, LOADING, RowEvent
from project_invoicing.domain.master_data import EXCHANGE_RATE, RowKey
from project_invoicing.domain.master_row import POLICY, ArrivedRow
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events.own import MasterDataLoaded, SetupChanged
from project_invoicing.set_aside import Defect, caught, guarded
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.master_data.settle import Settling
from project_invoicing.use_cases.table_maps.at_work import MapsAtWork

REJECTED: Final = "rejected"
IGNORED: Final = "ignored"
_AT_ONCE: Final = 1_000


def receive_row(settling: Settling, staging: Staging, detail: dict[str, Any], at: str) -> str:
    """Stores one row of a ``dataverse`` bus event and returns the outcome.

    ``detail`` as in the contract, section 6; ``at`` is the event's time. Returns ``accepted``, ``changed``,
    ``duplicate``, ``ignored`` (a row that its map does not choose) or ``rejected``: a bad row is kept whole and never
    stops the others. Raises ``Unavailable`` and ``Conflict``: the event is then to be delivered again.
    """
    try:
        row = to_master_row(RowEvent.read(detail))
    except Rejected as rejected:
        staging.reject(rejected, detail, at)
        return REJECTED
    return IGNORED if row is None else settling.arrived(row).value


class _Delivery(NamedTuple):
    """A message that brings a row; ``loading`` with all others of its table."""

    body: str
    row: ArrivedRow
    at: str
    loading: bool


class _Group(NamedTuple):
    """Rows that are taken at once. Exchange rates are whenever they came, since nothing tells of each of them."""

    rates: bool
    loading: bool
    at: str


def _delivery_in(body: str) -> _Delivery | None:
    event = parse_json(body)
    detail = event["detail"]
    if detail.get("message") == LOADED:
        return None
    try:
        row = to_master_row(RowEvent.read(detail))
    except Rejected:
        return None
    return _Delivery(body, row, event["time"], bool(detail.get(LOADING))) if row else None


Take = Callable[[Sequence[ArrivedRow]], Sequence[Delivery | None]]


class MasterDataSync:
    """Handles what one invocation is given. ``settling(at, quiet=…)`` places rows as of ``at``."""

    def __init__(self, settling: Callable[..., Settling], staging: Callable[[], Staging], maps: MapsAtWork) -> None:
        self._settling = settling
        self._staging = staging
        self._maps = maps
        self._taken: dict[str, tuple[Any, str]] = {}

    def together(self, bodies: Iterable[str]) -> None:
        """Takes the rows of a batch at once, with few requests (D-153); each pair of exchange rates is written once.

        ``message`` tells what became of each. What does not get through here is taken alone, by ``message``.
        """
        groups: dict[_Group, list[_Delivery]] = defaultdict(list)
        for body in dict.fromkeys(bodies):
            found = caught("master data", "", _delivery_in, body)  # `message` finds it again, and sets it aside
            if isinstance(found, _Delivery) and self._maps.running(MASTER_TABLES[found.row.entity]):
                rates = found.row.entity == EXCHANGE_RATE
                groups[_Group(rates, found.loading, "" if rates else found.at)].append(found)
        for group, deliveries in groups.items():
            settling = self._settling(max(one.at for one in deliveries), quiet=group.loading)
            take = settling.rates.arrived if group.rates else settling.arrived_together
            if group.rates or len(deliveries) > 1:
                self._take(take, deliveries)

    def _take(self, take: Take, deliveries: Sequence[_Delivery]) -> None:
        with suppress(Conflict, Rejected, Unavailable):
            outcomes = guarded("rows of master data from", deliveries[0].row.id, take, [one.row for one in deliveries])
            for one, outcome in zip(deliveries, () if isinstance(outcomes, Defect) else outcomes, strict=False):
                if outcome is not None:
                    self._taken[one.body] = one.row.id, outcome.value

    def message(self, body: str) -> tuple[Any, str]:
        """As ``receive_row`` for the bus event in the body of a message, unless its table map holds it back.

        Returns the row's id, as the event gives it, and what became of the row. A row that comes with all others of its
        table raises no event; that these were all is told at their end (``loaded``).
        """
        if taken := self._taken.pop(body, None):
            return taken
        event = parse_json(body)
        detail, at = event["detail"], event["time"]
        if held := self._maps.held_back(event):
            return detail.get("id"), held
        settling = self._settling(at, quiet=bool(detail.get(LOADING)))
        if detail.get("message") == LOADED:
            name = MASTER_TABLES[detail["entity"]]
            settling.master.tell(MasterDataLoaded(map=name).on_bus(at, name))
            return None, LOADED.lower()
        return detail.get("id"), receive_row(settling, self._staging(), detail, at)

    def look_again(self, event: Mapping[str, Any]) -> int:
        """Places rows again that wait: for the policy after a new version of the set-up, else any. How many moved.

        The schedule finds those that an index did not show when what they waited for arrived. Of rows that wait for a
        row which nobody knows yet, that one is read and not they. It stops when time is up.
        """
        settling = self._settling(event["time"])
        if event.get("detail-type") == SetupChanged.TYPE:
            return settling.look_again(settling.master.blocked_rows(POLICY))
        return settling.look_again(takewhile(lambda _: settling.time_left(), _may_move(settling)))


def _may_move(settling: Settling) -> Iterator[RowKey]:
    waiting = ((key, blocker) for key, blocker in settling.master.all_blocked() if blocker != POLICY)
    for some in chunks(waiting, _AT_ONCE):
        absent = settling.absent({blocker for _, blocker in some})
        yield from (key for key, blocker in some if blocker not in absent)
