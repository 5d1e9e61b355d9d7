"""Accrued revenue that invoices left: by transaction, project and account; correction journals, made and posted."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.correction_journal import AT_ONCE, CorrectionJournal, CorrectionStatus
from project_invoicing.errors import Rejected
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.use_cases.accrued_revenue.shown import (
    Asked,
    Shown,
    ShownImbalance,
    asked,
    imbalances,
    shown_journal,
    shown_line,
)
from project_invoicing.use_cases.sales_tax_report.shown import csv_of
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import dimensions_of, history_of, refusal_of, why_not

_INVOICES: Final = 2_000
"""The most invoices that a page looks at: a request has seconds. The command looks at any number."""
_ROWS: Final = 200
_JOURNALS: Final = 50
_KEPT: Final = ("company", "from", "to", "project", "account", "reversals")
_EDITABLE: Final = (CorrectionStatus.DRAFT, CorrectionStatus.PARTLY_POSTED)


def show(desk: Desk) -> Response[Any]:
    """What invoices of some days left, and its sums; from a sum to its rows."""
    companies = desk.lists.companies
    if not companies:
        return desk.page("accruals.html", title="Accrued revenue", companies=companies)
    question, found = _found(desk)
    newest, _ = _journals(desk).listed(question.company, _JOURNALS, before=None)
    return desk.page(
        "accruals.html",
        title="Accrued revenue",
        companies=companies,
        company=question.company,
        found=found,
        rows=found.transactions[:_ROWS],
        given={name: desk.query.get(name, "") for name in _KEPT}
        | {"company": question.company, "from": found.first, "to": found.last},
        most=_INVOICES,
        at_once=AT_ONCE,
        journals=[shown_journal(one) for one in newest],
        may_correct=desk.actor.may(Role.ACCOUNTANT),
        may_schedule=desk.actor.may(Role.SCHEDULER),
        filled=desk.stores.lists.complete(),
    )


def download(desk: Desk) -> Response[Any]:
    """The rows as a file."""
    _, found = _found(desk)
    if not found.whole:
        detail = f"it has more than {_INVOICES:,} invoices; take fewer days, or: invoicing accruals list --csv"
        raise Rejected(RejectReason.TOO_LARGE, detail, entity="accrued revenue")
    name = f"accrued-revenue-{found.first}-{found.last}.csv"
    text = csv_of(found.transactions, ShownImbalance)
    return Response(200, "text/csv; charset=utf-8", text, {"Content-Disposition": f'attachment; filename="{name}"'})


def _found(desk: Desk) -> tuple[Asked, Shown]:
    query = desk.query
    projects, accounts = ([query[name]] if name in query else [] for name in ("project", "account"))
    days = (query.get("from"), query.get("to"))
    reversals = "reversals" in query
    question = asked(desk.lists, query.get("company"), *days, projects, accounts, reversals=reversals)
    return question, imbalances(desk.lists, question, most=_INVOICES)


def correct(desk: Desk) -> Response[Any]:
    """Makes a draft of the rows that are ticked, or of all that fit; that may be left to the schedule."""
    form = desk.form
    ids = desk.forms.get("row", [])
    back = {name: form[name] for name in _KEPT if form.get(name)}
    scheduled = bool(form.get("scheduled"))
    whole = scheduled or bool(form.get("all"))
    if not ids and not whole:
        return desk.go("/accruals", "Tick the rows to be corrected.", refused=True, **back)
    request: dict[str, Any] = {name: form[name] for name in ("from", "to") if form.get(name)}
    request |= {name: form[name] for name in ("description", "voucher_date") if form.get(name)}
    if form.get("reversals"):
        request["reversals"] = True
    if scheduled:
        request["scheduled"] = True
    if whole:
        request |= {f"{name}s": [form[name]] for name in ("project", "account") if form.get(name)}
    else:
        request["rows"] = ids
    answer = desk.do("create_accrual_journal", company=form.get("company"), **request)
    why = refusal_of(answer)
    if why:
        return desk.go("/accruals", why, refused=True, **back)
    to = {"company": form.get("company"), "number": answer["number"]}
    said = "It is left to the schedule." if scheduled else f"Journal {answer['number']} is created."
    return desk.go("/accruals/journal", said, **to)


# --- a journal --------------------------------------------------------------------------------------------------------


def _journals(desk: Desk) -> CorrectionJournals:
    return CorrectionJournals(desk.stores.journals.client, desk.stores.journals.table)


def _journal(desk: Desk) -> CorrectionJournal:
    """The journal that the query names."""
    company, number = desk.company or "", desk.query.get("number", "")
    found = _journals(desk).get(company, number) if company else None
    if found is None:
        raise NotFoundError
    return found


def journal(desk: Desk) -> Response[Any]:
    """A correction journal with its lines and its history."""
    made = _journal(desk)
    lines = _journals(desk).lines(made.company, made.number)
    setup = desk.lists.setup
    return desk.page(
        "accrual_journal.html",
        title=made.number,
        journal=shown_journal(made),
        lines=[shown_line(one, made.company, setup) for one in lines[:_ROWS]],
        total=len(lines),
        uneven=any(not one.symmetric and one.voucher is None for one in lines),
        may_edit=desk.actor.may(Role.ACCOUNTANT) and made.status in _EDITABLE,
        may_delete=desk.actor.may(Role.ACCOUNTANT) and made.status in (*_EDITABLE, CorrectionStatus.CREATING),
        may_edit_header=desk.actor.may(Role.ACCOUNTANT) and made.status is CorrectionStatus.DRAFT,
        may_post=desk.actor.may(Role.POSTER) and made.status in _EDITABLE and made.open_lines > 0,
        may_schedule=desk.actor.may(Role.SCHEDULER),
        history=history_of(_journals(desk).history(made.company, made.number)),
        error=why_not(*_reason(made.error)) if made.error else None,
    )


def _reason(error: str) -> tuple[str, str]:
    reason, _, detail = error.partition(": ")
    return reason, detail


def edit(desk: Desk) -> Response[Any]:
    """Description and voucher date of a draft, or the offset account of lines."""
    form = desk.form
    changes: dict[str, Any] = {}
    if "voucher_date" in form:
        changes = {name: form.get(name) or None for name in ("voucher_date", "description")}
    if form.get("offset_account"):
        changes["offset_account"] = form["offset_account"]
        changes["offset_dimensions"] = dimensions_of(form.get("offset_dimensions", "")) or None
    return _did(desk, "edit_accrual_journal", "Changed.", **changes)


def remove(desk: Desk) -> Response[Any]:
    """Takes the ticked lines off, or all that are not posted."""
    chosen = [int(one) for one in desk.forms.get("line", []) if one.isascii() and one.isdecimal() and len(one) < 9]
    if not chosen and not desk.form.get("all"):
        return _back(desk, "Tick the lines to be taken off.", refused=True)
    lines = {} if desk.form.get("all") else {"lines": chosen}
    return _did(desk, "remove_accrual_lines", "They may be put on another journal.", **lines)


def post(desk: Desk) -> Response[Any]:
    """Posts what can be posted, or leaves it to the schedule."""
    made = _journal(desk)
    request = {"scheduled": True} if desk.form.get("scheduled") else {}
    answer = desk.do("post_accrual_journal", company=made.company, journal_id=made.number, **request)
    vouchers, why = answer.get("vouchers") or [], refusal_of(answer)
    said = f"{len(vouchers)} {'voucher is' if len(vouchers) == 1 else 'vouchers are'} posted." if vouchers else ""
    if request and not why:
        said = "It is left to the schedule."
    return _back(desk, " ".join(text for text in (said, why) if text), refused=bool(why))


def _did(desk: Desk, action: str, said: str, **request: Any) -> Response[Any]:
    made = _journal(desk)
    answer = desk.do(action, company=made.company, journal_id=made.number, **request)
    why = refusal_of(answer)
    return _back(desk, why or said, refused=bool(why))


def _back(desk: Desk, said: str, *, refused: bool = False) -> Response[Any]:
    query = {name: desk.query.get(name) for name in ("company", "number")}
    return desk.go("/accruals/journal", said, refused=refused, **query)
