"""The sales tax report: by code, with its lines, beside the ledger; and as a file."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.rules.sales_tax_report import NONE
from project_invoicing.use_cases.sales_tax_report.report import Asked, Made, asked, report
from project_invoicing.use_cases.sales_tax_report.shown import ShownLine, ShownRow, csv_of, shown
from project_invoicing.workspace.desk import Desk

_DOCUMENTS: Final = 2_000
"""The most documents that a page sums: a request has seconds. The command sums any number."""
_LINES: Final = 200
_LINES_OF_A_FILE: Final = 20_000


def show(desk: Desk) -> Response[Any]:
    """The report of a company for an interval; of one code, or on demand, with its lines."""
    companies = desk.lists.companies
    if not companies:
        return desk.page("sales_tax.html", title="Sales tax", companies=companies)
    with_lines = "code" in desk.query or "lines" in desk.query
    question, made = _report(desk, lines=with_lines)
    found = shown(made, question, desk.lists.setup) if made.whole else None
    codes = desk.lists.setup.document.sales_tax.codes
    return desk.page(
        "sales_tax.html",
        title="Sales tax",
        companies=companies,
        company=question.company,
        first=question.interval.first.isoformat(),
        last=question.interval.last.isoformat(),
        code=question.code,
        codes=list(dict.fromkeys([*codes, *([question.code] if question.code else []), NONE])),
        found=found,
        lines=found.lines[:_LINES] if found else [],
        with_lines=with_lines,
        sees=desk.lists.sees,
        most=_DOCUMENTS,
        filled=desk.stores.lists.complete(),
    )


def download(desk: Desk) -> Response[Any]:
    """The rows of the report as a file, or its lines (``of=lines``)."""
    with_lines = desk.query.get("of") == "lines"
    question, made = _report(desk, lines=with_lines)
    if not made.whole:
        raise _too_many(f"{_DOCUMENTS:,} documents")
    if len(made.lines) > _LINES_OF_A_FILE:
        raise _too_many(f"{_LINES_OF_A_FILE:,} lines")
    found = shown(made, question, desk.lists.setup)
    text = csv_of(found.lines, ShownLine) if with_lines else csv_of(found.rows, ShownRow)
    name = f"sales-tax-{'lines-' if with_lines else ''}{found.first}-{found.last}.csv"
    return Response(200, "text/csv; charset=utf-8", text, {"Content-Disposition": f'attachment; filename="{name}"'})


def _report(desk: Desk, *, lines: bool) -> tuple[Asked, Made]:
    query = desk.query
    question = asked(desk.lists, query.get("company"), query.get("from"), query.get("to"), query.get("code"))
    return question, report(desk.lists, question, lines=lines, most=_DOCUMENTS)


def _too_many(what: str) -> Rejected:
    told = f"it has more than {what}; take fewer days, or: invoicing tax report --lines --csv"
    return Rejected(RejectReason.TOO_LARGE, told, entity="sales tax report")
