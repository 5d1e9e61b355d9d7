"""On-account transactions (milestones): the list, whose rows lead to what finance may set of each."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.master_data import Part
from project_invoicing.use_cases.lists.asked import FILTERS, STATUSES, Kind
from project_invoicing.workspace.desk import Desk


def listed(desk: Desk) -> Response[Any]:
    """The on-account transactions that the filters in the address let through."""
    kind = Kind.ON_ACCOUNT
    choices = {"company": desk.lists.companies, "status": STATUSES[kind]}
    return desk.page(
        "on_account.html",
        title="On account",
        page=desk.listed(kind),
        fields=FILTERS[kind],
        choices=choices,
        part=Part.ON_ACCOUNT_TRANSACTIONS,
    )
