"""The table maps: how they stand, and pausing, resuming, stopping and starting them."""

from __future__ import annotations

import time
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.states import MapAction
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.requests.control_map import ControlMap
from project_invoicing.use_cases.table_maps.shown import MOST_KEPT, shown
from project_invoicing.workspace.desk import Desk

_SECONDS: Final = 20
"""For what was kept during a pause; the schedule delivers what is left."""
_LONGEST: Final = 500


def listed(desk: Desk) -> Response[Any]:
    """Every map."""
    control = bootstrap.map_control(desk.at, lambda: True)
    maps = list(shown(control.states, control.sweeps))
    return desk.page("maps.html", title="Table maps", maps=maps, most=MOST_KEPT)


def change(desk: Desk) -> Response[Any]:
    """Changes the state of one map. A pause and a stop need a reason, which everybody sees."""
    name, action, reason = (desk.form.get(one, "") for one in ("name", "action", "reason"))
    if action in (MapAction.PAUSE, MapAction.STOP) and not reason:
        return desk.go("/maps", f"{name} was not changed: say why, for those who find it so.", refused=True)
    until = time.monotonic() + _SECONDS
    control = bootstrap.map_control(desk.at, lambda: time.monotonic() < until)
    command = ControlMap(action=action, name=name, reason=reason[:_LONGEST] or None)
    try:
        answer = control.apply(ControlMap.of(command.as_detail()), desk.actor)
    except (Rejected, Refused) as why:
        text = why.detail if isinstance(why, Rejected) else str(why)
        return desk.go("/maps", f"Nothing was changed: {text}.", refused=True)
    delivered = answer.get("delivered", 0)
    more = {0: "", 1: "; 1 event that was kept is on its way"}
    told = more.get(delivered, f"; {delivered} events that were kept are on their way")
    return desk.go("/maps", f"{answer['outcome']}{told}.")
