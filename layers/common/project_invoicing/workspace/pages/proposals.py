"""Invoice proposals: the list, and one of them."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.use_cases.lists.asked import FILTERS, STATUSES, Kind
from project_invoicing.workspace.desk import Desk


def listed(desk: Desk) -> Response[Any]:
    """The proposals that the filters in the address let through."""
    kind = Kind.PROPOSALS
    choices = {"company": desk.lists.companies, "status": STATUSES[kind]}
    return desk.page("proposals.html", title="Proposals", page=desk.listed(kind), fields=FILTERS[kind], choices=choices)
