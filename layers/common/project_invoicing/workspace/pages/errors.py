"""The newest errors of imports, postings and write-backs, one for each document (IWS-07)."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.lists.as_csv import csv_of
from project_invoicing.use_cases.lists.errors import ErrorRow, Errors, errors
from project_invoicing.workspace.desk import Desk


def listed(desk: Desk) -> Response[Any]:
    return desk.page(
        "errors.html",
        title="Errors",
        companies=desk.lists.companies,
        company=desk.company,
        since=desk.query.get("since"),
        found=_errors(desk),
    )


def download(desk: Desk) -> Response[Any]:
    """The same as a file."""
    rows = [asdict(row) for row in _errors(desk).rows]
    headers = {"Content-Disposition": 'attachment; filename="errors.csv"'}
    text = csv_of(rows, tuple(one.name for one in fields(ErrorRow)))
    return Response(200, "text/csv; charset=utf-8", text, headers)


def _errors(desk: Desk) -> Errors:
    since = desk.query.get("since")
    return errors(desk.lists, desk.company, given_day(since, "since").isoformat() if since else None)
