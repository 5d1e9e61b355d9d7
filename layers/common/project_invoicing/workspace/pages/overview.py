"""What there is to do: every figure leads to the list behind it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.use_cases.lists.overview import overview
from project_invoicing.workspace.desk import Desk


def show(desk: Desk) -> Response[Any]:
    """The first page, of one company or of all."""
    company = desk.company
    made = overview(desk.lists, company)
    return desk.page("overview.html", title="Overview", made=made, company=company, checks=_checks(made.report))


def _checks(report: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The checks of the last reconciliation that found something, or could not be made."""
    return [one for one in report["checks"] if one["differences"]] if report else []
