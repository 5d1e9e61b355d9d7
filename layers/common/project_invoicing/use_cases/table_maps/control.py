"""Pauses, resumes, stops and starts a table map, and puts events kept during a pause on the bus again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from project_invoicing.bus import MAX_ENTRIES, Bus
from project_invoicing.chunks import chunks
from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.domain.actor import Actor, person
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.states import MapAction, MapState
from project_invoicing.errors import Unavailable
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.sweeps import Sweeps
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.requests.control_map import LIST, ControlMap


class MapControl:
    """``time_left`` says whether there is time for another request to the bus."""

    def __init__(self, states: MapStates, sweeps: Sweeps, bus: Bus, at: str, time_left: Callable[[], bool]) -> None:
        self.states = states
        self.sweeps = sweeps
        self.bus = bus
        self.at = at
        self.time_left = time_left

    def apply(self, command: ControlMap, actor: Actor | None = None) -> dict[str, Any]:
        """Carries out the command. Returns ``outcome`` and the status of the maps.

        Raises ``Rejected`` for an unknown map and for an action that the map's state does not allow, ``Refused`` where
        the ``actor``, who is given where people sign in, may not do it.
        """
        who = actor or person(command.actor)
        must_be_allowed(who, command)
        if command.action == LIST:
            return {"outcome": "listed", "maps": [_shown(status) for status in self.states.all().values()]}
        name, action = str(command.name), MapAction(command.action)
        if action is MapAction.START:
            self._read_all_rows(name)
        status = self._changed(name, action, command.reason, who)
        delivered = self.deliver_kept(name) if status.state is MapState.RUNNING else 0
        return {"outcome": f"{name} is {status.state}", "delivered": delivered, "maps": [_shown(status)]}

    def deliver_kept(self, name: str) -> int:
        """Puts events kept for a running map on the bus, oldest first, while time allows. Returns how many.

        Each is removed once it is on the bus: after a crash in between it is delivered twice, which changes nothing.
        """
        delivered = 0
        for some in chunks(self.states.kept(name), MAX_ENTRIES):
            if not self.time_left():
                break
            failed = set(self.bus.publish([event for _, event in some]))
            for position, (sort_key, _) in enumerate(some):
                if position not in failed:
                    self.states.delivered(name, sort_key)
                    delivered += 1
            if failed:
                raise Unavailable(f"the bus did not take {len(failed)} events kept for {name}; resuming goes on later")
        return delivered

    def deliver_all_kept(self) -> int:
        """As ``deliver_kept`` for every running map: what a resume left behind, or what came in its last moment."""
        now = self.states.all()
        inbound = [table_map.name for table_map in inbound_maps().values()]
        return sum(self.deliver_kept(name) for name in inbound if now[name].state is MapState.RUNNING)

    def _changed(self, name: str, action: MapAction, reason: str | None, who: Actor) -> MapStatus:
        """The map's new state. Resuming a running map continues a resume that was cut short."""
        before = self.states.of(name)
        if (
            action is MapAction.RESUME
            and before.state is MapState.RUNNING
            and any(True for _ in self.states.kept(name))
        ):
            return before
        return self.states.change(name, action, reason, self.at, who)

    def _read_all_rows(self, name: str) -> None:
        """Makes the next sweep read all rows, because events that came while the map was stopped were dropped.

        This is done before the map runs, so that a crash in between loses nothing.
        """
        for entity, table_map in inbound_maps().items():
            if table_map.name == name and self.states.of(name).state is MapState.STOPPED:
                self.sweeps.begin_again(entity)


def _shown(status: MapStatus) -> dict[str, Any]:
    return asdict(status) | {"state": str(status.state)}
