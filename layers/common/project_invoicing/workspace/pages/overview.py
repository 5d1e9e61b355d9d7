"""What there is to do."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.workspace.desk import Desk


def show(desk: Desk) -> Response[Any]:
    """The first page."""
    return desk.page("overview.html", title="Overview")
