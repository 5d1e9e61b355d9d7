"""Integration accounts as the last reconciliation found them, and the repair of what is missing (IWS)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.integration_lines import LINE, LineState
from project_invoicing.domain.reconciliation import Difference, Repair
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.use_cases.lists.as_csv import csv_of
from project_invoicing.workspace.desk import Desk

Row = Mapping[str, Any]


def show(desk: Desk) -> Response[Any]:
    """Our side of each account, and the lines of the other side that are not reconciled."""
    company, report = desk.company, desk.lists.report()
    lines = report.get("integration_lines") if report else None
    state = desk.query.get("state")
    return desk.page(
        "integration.html",
        title="Integration accounts",
        report=report,
        company=company,
        companies=desk.lists.companies,
        accounts=_of(company, (report or {}).get("integration_accounts") or ()),
        told=lines,
        sums=_of(company, lines["sums"]) if lines else [],
        lines=_chosen(lines, company, state) if lines else [],
        state=state,
        states=[one for one in LineState if one is not LineState.RECONCILED],
    )


def download(desk: Desk) -> Response[Any]:
    """The lines that the page shows, as a file."""
    report = desk.lists.report()
    lines = report.get("integration_lines") if report else None
    rows = _chosen(lines, desk.company, desk.query.get("state")) if lines else []
    headers = {"Content-Disposition": 'attachment; filename="integration-lines.csv"'}
    return Response(200, "text/csv; charset=utf-8", csv_of(rows, LINE), headers)


def repair(desk: Desk) -> Response[Any]:
    """Asks again for the cost of one line, or of all, that the last report still has (IWS-06)."""
    report, wanted = desk.lists.report(), set(desk.forms.get("actual", []))
    lines = report.get("integration_lines") if report else None
    found = [
        Difference(ACTUAL, one["actual"], one["detail"], company=one["company"], repair=Repair(one["repair"]))
        for one in (lines["lines"] if lines else ())
        if one["repair"] and one["actual"] in wanted
    ]
    back = {"company": desk.form.get("company")}
    if not found:
        said = "Nothing was asked for: choose a line of the last report that has a repair."
        return desk.go("/integration", said, refused=True, **back)
    done = bootstrap.repairs(desk.at, desk.actor, desk.stores).everything(found)
    outcomes = Counter(f"{one['repair']}: {one['outcome']}" for one in done)
    failed = any(one["outcome"].startswith(("not possible", "the bus")) for one in done)
    said = "; ".join(f"{text} ({number})" if number > 1 else text for text, number in outcomes.items())
    return desk.go("/integration", f"{said}. The next reconciliation shows what became of it.", refused=failed, **back)


def _of(company: str | None, rows: Any) -> list[Row]:
    return [row for row in rows if company in (None, row["company"])]


def _chosen(lines: Row, company: str | None, state: str | None) -> list[Row]:
    return [row for row in _of(company, lines["lines"]) if state in (None, row["state"])]
