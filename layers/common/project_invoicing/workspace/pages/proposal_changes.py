"""What a person does to a proposal: edit it, delete its lines and have them built anew, post it.

Every form says which state of the proposal it was shown with (``seen``), so that a form that is sent twice, or after
somebody else's change, does nothing the second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import (
    CHANGED,
    NOTHING,
    dimensions_of,
    edited,
    field_of,
    kept,
    not_edited,
    refusal_of,
    refusals,
    reopened,
)
from project_invoicing.workspace.pages.proposals import DATES, header_of, page_of, seen_now, shown

FIELDS: Final = (*DATES, "dimensions", "tags")
GROUPS: Final = ("sales_tax_group", "item_sales_tax_group")
REDERIVED: Final = ("rederive_sales_tax", "rederive_dimensions")


def edit(desk: Desk, id: str) -> Response[Any]:
    """Changes dates and dimensions of the header. What was typed stays in the form if it is not accepted."""
    header = header_of(desk, id)
    try:
        changes = _header_changes(desk, header)
    except Rejected as wrong:
        return shown(desk, header, desk.form, {wrong.field or "dimensions": wrong.detail}, 422)
    if not changes:
        return _back(desk, header, NOTHING)
    if _has_changed(desk, header):
        return shown(desk, header, desk.form, {"": CHANGED}, 409)
    why = refusal_of(desk.do("edit", company=header.company, proposal_id=header.id, **changes))
    if why:
        return shown(desk, header_of(desk, id), desk.form, {_of_form(field_of(why, [*changes, "tag"])): why}, 422)
    said = f"Changed: {', '.join(name.replace('_', ' ') for name in changes)}."
    if header.edits.due_date and "invoice_date" in changes and "due_date" not in changes:
        said += f" The due date {header.edits.due_date} was for the other day: the terms of payment give it again."
    return _back(desk, header, said)


def _of_form(field: str | None) -> str:
    return "tags" if field == "tag" else field or ""


def _header_changes(desk: Desk, header: Proposal) -> dict[str, Any]:
    """Fields of the form that are not as the header has them; ``None`` takes back what was set."""
    asked: dict[str, Any] = {name: desk.form[name] or None for name in DATES if name in desk.form}
    now: dict[str, Any] = {name: day.isoformat() if (day := getattr(header.edits, name)) else None for name in DATES}
    for name in ("dimensions", "tags"):
        if name in desk.form:
            asked[name] = dimensions_of(desk.form[name], name)
            now[name] = getattr(header.edits, name)
    return {name: value for name, value in asked.items() if value != now[name]}


def edit_lines(desk: Desk, id: str) -> Response[Any]:
    """Changes the tax groups of the chosen lines, or takes their tax or dimensions anew from the set-up."""
    header = header_of(desk, id)
    chosen = desk.forms.get("actual_id", [])
    asked = groups_asked(desk.form) | {name: True for name in REDERIVED if desk.form.get(name)}
    if not chosen or not asked:
        text = "Choose the lines to be changed." if not chosen else "Choose what to change about the lines."
        return shown(desk, header, desk.form, {"lines": text}, 422)
    page = page_of(desk, header)
    by_actual = {line.actual_id: line for line in page.lines} if page else {}
    due = [one for one in dict.fromkeys(chosen) if not _is_so(by_actual.get(one), asked)]
    if not due:
        return _back(desk, header, NOTHING)
    if _has_changed(desk, header):
        return shown(desk, header, desk.form, {"lines": CHANGED}, 409)
    answer = desk.do("edit", company=header.company, proposal_id=header.id, lines={"actual_id": due}, **asked)
    why = not_edited(answer)
    if why:
        return shown(desk, header_of(desk, id), desk.form, {"lines": why}, 422)
    return _back(desk, header, edited(answer))


def groups_asked(form: Mapping[str, str]) -> dict[str, Any]:
    """The tax groups that were chosen: ``=DOM`` for a group, ``=`` for none, nothing to leave them as they are."""
    return {name: form[name][1:] or None for name in GROUPS if form.get(name, "").startswith("=")}


def _is_so(line: ProposalLine | None, asked: Mapping[str, Any]) -> bool:
    """Whether a line is as it is wanted. What is taken anew from the set-up is only known by doing it."""
    if line is None or asked.keys() & set(REDERIVED):
        return False
    return all(getattr(line, name) == value for name, value in asked.items())


def delete_lines(desk: Desk, id: str) -> Response[Any]:
    """Deletes all lines, and has them built anew if the form says so."""
    header = header_of(desk, id)
    if not header.pages and not header.deleting:
        return _back(desk, header, "It has no lines.")
    if _has_changed(desk, header):
        return _back(desk, header, CHANGED, refused=True)
    why = refusal_of(desk.do("delete_lines", company=header.company, proposal_id=header.id))
    if why:
        return _back(desk, header, why, refused=True)
    if not desk.form.get("rebuild"):
        return _back(desk, header, "All lines are deleted. The next import builds them anew.")
    return _imported(desk, header, "All lines are deleted")


def import_again(desk: Desk, id: str) -> Response[Any]:
    """Has the import look at a proposal that waits."""
    header = header_of(desk, id)
    if header.status is not ProposalStatus.WAITING:
        return _back(desk, header, f"It does not wait: it is {header.status}.")
    return _imported(desk, header, "The import has looked at it")


def _imported(desk: Desk, header: Proposal, done: str) -> Response[Any]:
    bootstrap.staging_import(desk.at).everything(ImportStaging(company=header.company, proposal_id=header.id))
    now = header_of(desk, header.id)
    if now.status is ProposalStatus.READY:
        return _back(desk, now, f"{done}, and it has {now.line_count} lines now: it can be posted.")
    return _back(desk, now, f"{done}. It still waits; the page says for what.", refused=True)


def post(desk: Desk, id: str) -> Response[Any]:
    """Posts the proposal as it was shown, or says why not."""
    header = header_of(desk, id)
    if _has_changed(desk, header):
        return _back(desk, header, CHANGED, refused=True)
    day = desk.form.get("invoice_date") or None
    posting = bootstrap.invoice_posting(desk.at, desk.actor)
    posting.run_asked(PostInvoices(company=header.company, proposal_id=header.id, invoice_date=day))
    if posting.refused:
        return _back(desk, header, refusals(posting.refused), refused=True)
    number = ", ".join(posting.posted)
    return _back(desk, header, f"Posted: {number}." if number else "It was posted already.")


def _has_changed(desk: Desk, header: Proposal) -> bool:
    """Whether the form was shown with another state. Of what is not ready any more the command says so itself."""
    return header.status is ProposalStatus.READY and desk.form.get("seen") != seen_now(desk, header)


def _back(desk: Desk, header: Proposal, said: str, *, refused: bool = False) -> Response[Any]:
    return reopened(desk, f"/proposals/{header.id}", said, refused=refused, **kept(desk))
