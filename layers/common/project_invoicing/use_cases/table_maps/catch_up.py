"""Reads what the webhooks missed: Dataverse's change tracking, page by page, and rows that came without columns.

A page's link is stored once its rows are on the bus. Every row carries its version, so reading one twice, or all of
them again because the link has expired, changes nothing that is already here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from project_invoicing.bus import Bus, fitting
from project_invoicing.dataverse.api import DataverseApi, FoundRow, NotConnected, TokenExpired
from project_invoicing.dataverse.found_rows import columns_of, event_of, inbound_maps, is_wanted
from project_invoicing.dataverse.mapping import reads_fees
from project_invoicing.dataverse.maps import CONNECTION, MASTER_TABLES
from project_invoicing.dataverse.row_events import DELETE, LOADED, LOADING, MERGE, RowEvent
from project_invoicing.domain.actual import Connection, RowVersion
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import Delivery
from project_invoicing.domain.states import MapState
from project_invoicing.domain.text import sortable_instant
from project_invoicing.errors import Conflict, IntegrationError, Rejected, Unavailable
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent
from project_invoicing.events.own import SweepContinued
from project_invoicing.set_aside import guarded
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.staging import Staging
from project_invoicing.store.sweeps import Sweeps
from project_invoicing.use_cases.requests.control_map import ControlMap
from project_invoicing.use_cases.table_maps.at_work import MapsAtWork
from project_invoicing.use_cases.table_maps.control import MapControl

MOST_ROUNDS: Final = 200
"""How often a sweep may continue itself: a round reads some hundred thousand rows, so only a defect needs more."""

COMPLETE: Final = "complete"
UNFINISHED: Final = "unfinished"
OVERTAKEN: Final = "another sweep is under way"
NOT_CONNECTED: Final = "no Dataverse is connected"
NOT_RUNNING: Final = "the map does not run"


@dataclass(slots=True)
class SweepReport:
    """What a sweep of one table did. ``deleted``: rows deleted in Dataverse, ``links``: links removed with them."""

    entity: str
    outcome: str = UNFINISHED
    rows: int = 0
    published: int = 0
    deleted: int = 0
    links: int = 0
    loads_all: bool = False


class CatchUp:
    """``api`` returns the connection to Dataverse; ``time_left`` says whether another page can be read."""

    def __init__(
        self,
        api: Callable[[], DataverseApi],
        sweeps: Sweeps,
        states: MapStates,
        staging: Staging,
        bus: Bus,
        at: str,
        time_left: Callable[[], bool],
    ) -> None:
        self.api = api
        self.sweeps = sweeps
        self.states = states
        self.staging = staging
        self.bus = bus
        self.at = at
        self.time_left = time_left

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handles the event of an invocation: a command, a row, the next round of a sweep, or a sweep."""
        detail = event.get("detail") or {}
        if "map" in detail:
            return self._command(detail["map"])
        if event.get("source") == DATAVERSE_SOURCE:
            held = MapsAtWork.read(self.states).held_back(event)
            return {"outcome": held} if held else self.fetch(detail)
        if event.get("detail-type") == SweepContinued.TYPE:
            continued = SweepContinued.of(event)
            return {"sweeps": [self.sweep(continued.entity, continued.round)]}
        if detail.get("entity") not in {None, *inbound_maps()}:
            return {"outcome": f"refused: no table map reads this table; these are read: {', '.join(inbound_maps())}"}
        delivered = self._control().deliver_all_kept()
        try:
            sweeps = [self.sweep(detail["entity"])] if detail.get("entity") else self.sweep_all()
        except NotConnected:
            return {"outcome": NOT_CONNECTED, "delivered": delivered}
        return {"delivered": delivered, "sweeps": sweeps}

    def _command(self, asked: object) -> dict[str, Any]:
        signed = {}
        try:
            command = ControlMap.of(asked)
            signed = command.signed
            return self._control().apply(command) | signed
        except (Rejected, Refused, Conflict) as refused:
            return {"outcome": f"refused: {refused}"} | signed

    def _control(self) -> MapControl:
        return MapControl(self.states, self.sweeps, self.bus, self.at, self.time_left)

    def sweep_all(self) -> list[dict[str, Any]]:
        """Sweeps every table. One that fails does not stop the others; the first failure is raised at the end."""
        reports, failures = [], []
        for entity in inbound_maps():
            try:
                reports.append(self.sweep(entity))
            except IntegrationError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return reports

    def sweep(self, entity: str, rounds: int = 0) -> dict[str, Any]:
        """Reads what changed in a table and puts it on the bus; returns a ``SweepReport``.

        Without a link, with an expired one, or after a change of columns, it reads every row. When time runs out, one
        of our events calls for the next round. Raises ``Rejected`` for a table that no map reads.
        """
        if entity not in inbound_maps():
            problem = f"no table map reads {entity!r}; these are read: {', '.join(inbound_maps())}"
            raise Rejected(RejectReason.SCHEMA, problem, field="entity")
        report = SweepReport(entity)
        if self.states.of(inbound_maps()[entity].name).state is not MapState.RUNNING:
            report.outcome = NOT_RUNNING  # its changes stay in Dataverse
            return asdict(report)
        try:
            self._pages(report)
        except Conflict:
            report.outcome = OVERTAKEN
        if report.outcome == UNFINISHED and rounds < MOST_ROUNDS:
            self._publish([SweepContinued(entity=entity, round=rounds + 1).on_bus(self.at, f"{entity}#{rounds}")])
        return asdict(report)

    def fetch(self, detail: Mapping[str, Any]) -> dict[str, Any]:
        """Reads the row that a message announced without its columns, and puts it on the bus.

        ``detail`` as ``stripped_event`` builds it. Without an id the whole table is swept.
        """
        entity, id, message = detail["entity"], detail.get("id"), detail["message"]
        if message == DELETE:
            links = self._forget(entity, [id], detail["occurred_at"]) if id else 0
            return {"entity": entity, "id": id, "outcome": "deleted", "links": links}
        if id is None:
            return self.sweep(entity)
        found = self.api().rows(entity, [id], columns_of(entity))
        message = "Update" if message == MERGE else message
        self._publish([event_of(one, self.at, message) for one in found])
        return {"entity": entity, "id": id, "outcome": "published" if found else "missing"}

    def _pages(self, report: SweepReport) -> None:
        """Reads pages until there are no more, or no time. Raises ``Conflict`` if another sweep has progressed."""
        columns = columns_of(report.entity)
        sweep = self.sweeps.of(report.entity).begun(",".join(self.api().readable(report.entity, columns)), self.at)
        first = True
        while first or self.time_left():
            first = False
            report.loads_all = sweep.loading
            try:
                page = self.api().changes(report.entity, columns, sweep.link)
            except (TokenExpired, Rejected):
                # Reading all rows fixes any problem with a link; a problem without a link needs a person.
                if sweep.link is None:
                    raise
                sweep = self.sweeps.store(sweep.anew(self.at))
                continue
            events = [event for found in page.rows if (event := self._wanted(found, loading=sweep.loading))]
            self._publish(events)
            report.links += self._forget(report.entity, page.deleted, self.at)
            if page.complete and sweep.loading and (sweep.rows or page.rows):
                self._tell_loaded(report.entity)
            sweep = self.sweeps.store(sweep.after(page.link, len(page.rows), self.at, complete=page.complete))
            report.rows += len(page.rows)
            report.published += len(events)
            report.deleted += len(page.deleted)
            if page.complete:
                report.outcome = COMPLETE
                return

    def _tell_loaded(self, entity: str) -> None:
        """Says behind the rows of a table of master data that these were all. Whoever takes them tells of them then."""
        if entity in MASTER_TABLES:
            end = RowEvent(entity, "", LOADED, None, self.at, None, None, {})
            self._publish([end.on_bus(self.at, self.at)])

    def _forget(self, entity: str, ids: Collection[str], at: str) -> int:
        """Removes the links of deleted connections (D-046). Returns how many.

        That a row of master data is deleted goes on the bus: it has only its id here. An actual cannot be deleted in
        Project Operations (CAN-09), and an invoice only before it is confirmed: whatever was booked for them stays.
        """
        if entity in MASTER_TABLES:
            gone = (RowEvent(entity, id, DELETE, None, at, None, None, {}) for id in ids)
            self._publish([event.on_bus(self.at, f"{DELETE}#{at}") for event in gone])
        if entity != CONNECTION or not ids:
            return 0
        removed = 0
        for id, actual_id, role, order in list(self.staging.links_of(ids)):
            if self._shares_its_name(id, actual_id):
                continue
            removal = Connection(id, _version_after(order, self.at), actual_id, role, "", deleted=True)
            removed += self.staging.connect(removal) is Delivery.ACCEPTED
            if reads_fees():
                from project_invoicing.store.fee_rows import follow  # noqa: PLC0415  most have no column of fees

                follow(self.staging, actual_id, self.at)
        return removed

    def _shares_its_name(self, id: str, actual_id: str) -> bool:
        """Whether an existing connection has the same link on this actual: staging only knows an id's first part."""
        columns = columns_of(CONNECTION)
        return any(
            found.id != id and found.id[:8] == id[:8]
            for column in ("msdyn_transaction1", "msdyn_transaction2")
            for found in self.api().matching(CONNECTION, columns, column, actual_id)
        )

    def _wanted(self, found: FoundRow, *, loading: bool) -> BusEvent | None:
        """The event of a row that a consumer waits for. If in doubt it is published: its consumer deals with it.

        That of master data says whether all rows are being read: then it tells of none of them.
        """
        event = event_of(found, self.at)
        if not guarded(found.entity, found.id, is_wanted, event):
            return None
        if loading and found.entity in MASTER_TABLES:
            return replace(event, detail={**event.detail, LOADING: True})
        return event

    def _publish(self, events: list[BusEvent]) -> None:
        """Puts events on the bus. An oversized row is kept as rejected and cannot hold back the rest."""
        fit, large = fitting(events)
        for refusal, detail in large:
            self.staging.reject(refusal, detail, self.at)
        if failed := self.bus.publish(fit):
            raise Unavailable(f"the bus did not take {len(failed)} of {len(events)} events; the page is read again")


def _version_after(order: str, at: str) -> RowVersion:
    """A version newer than that of a stored link: row versions are numbers, otherwise instants."""
    if order.isdigit():
        return RowVersion(int(order) + 1, at, "")
    return RowVersion(None, max(sortable_instant(at) or at, f"{order}~"), "")
