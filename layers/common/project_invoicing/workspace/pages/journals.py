"""Integration journals: the list, one of them with what is wrong with its lines, and what a person does to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.review import who_posts
from project_invoicing.use_cases.lists.asked import FILTERS, STATUSES, Kind
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import (
    CHANGED,
    NOTHING,
    dimensions_of,
    dimensions_text,
    edited,
    field_of,
    history_of,
    kept,
    lines_of,
    not_edited,
    place_in,
    refusal_of,
    refusals,
    reopened,
    voucher_table,
    why_not,
)
from project_invoicing.workspace.neighbours import neighbours
from project_invoicing.workspace.pages.proposal_changes import groups_asked

EDITABLE: Final = (JournalStatus.DRAFT, JournalStatus.ERROR)
POSTABLE: Final = (JournalStatus.DRAFT, JournalStatus.PROCESSING)
PREVIEWED_LINES: Final = 90
PREVIEWED_VOUCHERS: Final = 50
"""So many are shown on one page."""


def listed(desk: Desk) -> Response[Any]:
    """The journals that the filters in the address let through."""
    kind = Kind.JOURNALS
    choices = {"company": desk.lists.companies, "status": STATUSES[kind]}
    return desk.page("journals.html", title="Journals", page=desk.listed(kind), fields=FILTERS[kind], choices=choices)


def journal_of(desk: Desk) -> Journal:
    """The journal that the address names. Anything else is not found."""
    company, number = (desk.query.get(name, "") for name in ("company", "number"))
    journal = desk.stores.journals.get(company, number) if company in desk.lists.companies else None
    if journal is None:
        raise NotFoundError
    return journal


def show(desk: Desk) -> Response[Any]:
    """A journal."""
    return shown(desk, journal_of(desk))


def shown(
    desk: Desk,
    journal: Journal,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    """The page of a journal, with a page of its lines; ``typed`` and ``errors`` as for a proposal."""
    stores, setup = desk.stores, desk.lists.setup
    page, before, after = stores.journals.page_at(journal.company, journal.journal_id, place_in(desk, "line"))
    return desk.page(
        "journal.html",
        status,
        title=f"Journal {journal.journal_id}",
        journal=journal,
        lines=lines_of(desk, "/journal", "line", (page.lines if page else [], before, after), journal.line_count),
        version=page.version if page else 0,
        posted=bool(page and page.posted),
        show=Figures(setup),
        editable=journal.status in EDITABLE and not (page and page.posted),
        posting=who_posts(journal, setup) if journal.status is JournalStatus.DRAFT else None,
        groups=sorted(setup.document.sales_tax.groups),
        item_groups=sorted(setup.document.sales_tax.item_groups),
        tag_labels=setup.active_tags(journal.company),
        header_tags=(typed or {}).get("tags") if "header_tags" in (errors or {}) else dimensions_text(journal.tags),
        typed=typed or {},
        chosen=desk.forms.get("actual_id", []) if typed else [],
        errors=errors or {},
        history=history_of(stores.journals.history(journal.company, journal.journal_id)),
        beside=neighbours(desk, Kind.JOURNALS, lambda row: _key(row) == _key(journal)),
        kept=named(desk, journal),
    )


def _key(journal: Any) -> tuple[str, str]:
    return journal.company, journal.journal_id


def named(desk: Desk, journal: Journal) -> dict[str, str]:
    """The query of the journal's addresses."""
    return {"company": journal.company, "number": journal.journal_id, **kept(desk)}


def edit_lines(desk: Desk) -> Response[Any]:
    """Changes tax groups or dimensions of the chosen lines."""
    journal = journal_of(desk)
    chosen = desk.forms.get("actual_id", [])
    try:
        asked = changes_asked(desk.form)
    except Rejected as wrong:
        return shown(desk, journal, desk.form, {wrong.field or "dimensions": wrong.detail}, 422)
    if not chosen or not asked:
        text = "Choose the lines to be changed." if not chosen else "Choose what to change about the lines."
        return shown(desk, journal, desk.form, {"lines": text}, 422)
    page, _, _ = desk.stores.journals.page_at(journal.company, journal.journal_id, place_in(desk, "line"))
    by_actual = {line.actual_id: line for line in page.lines} if page else {}
    due = [one for one in dict.fromkeys(chosen) if not _is_so(by_actual.get(one), asked)]
    if not due:
        return returned(desk, journal, NOTHING)
    if page and journal.status in EDITABLE and desk.form.get("seen") != str(page.version):
        return shown(desk, journal, desk.form, {"lines": CHANGED}, 409)
    named = {"company": journal.company, "journal_id": journal.journal_id, "lines": {"actual_id": due}}
    answer = desk.do("edit", **named, **asked)
    why = not_edited(answer)
    if why:
        field = field_of(why, ["dimensions", "tag"]) or "lines"
        field = "tags" if field == "tag" else field
        return shown(desk, journal_of(desk), desk.form, {field: why}, 422)
    return returned(desk, journal, edited(answer))


def changes_asked(form: Mapping[str, str]) -> dict[str, Any]:
    """Other tax groups, dimensions and tags, or none; nothing where the form leaves them as they are.

    Raises ``Rejected`` for dimensions or tags that are none.
    """
    asked: dict[str, Any] = groups_asked(form)
    for name in ("dimensions", "tags"):
        found = None if form.get(f"no_{name}") else dimensions_of(form.get(name, ""), name)
        if found or form.get(f"no_{name}"):
            asked[name] = found
    return asked


def tag(desk: Desk) -> Response[Any]:
    """Gives lines that are added from now on other tags, or none."""
    journal = journal_of(desk)
    try:
        tags = dimensions_of(desk.form.get("tags", ""), "tags")
    except Rejected as wrong:
        return shown(desk, journal, desk.form, {"header_tags": wrong.detail}, 422)
    if tags == journal.tags:
        return returned(desk, journal, NOTHING)
    why = refusal_of(desk.do("edit", company=journal.company, journal_id=journal.journal_id, tags=tags))
    if why:
        return shown(desk, journal, desk.form, {"header_tags": why}, 422)
    return returned(desk, journal, "Lines that are added from now on have these tags." if tags else "They have none.")


def _is_so(line: JournalLine | None, asked: Mapping[str, Any]) -> bool:
    return line is not None and all(getattr(line, name) == value for name, value in asked.items())


def preview(desk: Desk) -> Response[Any]:
    """The vouchers that posting would create, and the lines that would fail. Nothing is written."""
    journal = journal_of(desk)
    answer = desk.do("preview", company=journal.company, journal_id=journal.journal_id)
    made: dict[str, Any] = answer["previews"][0]
    lines = sorted(made["lines"], key=lambda line: line["error"] is None)[:PREVIEWED_LINES]
    refused, setup = made["refused"], desk.lists.setup
    return desk.page(
        "journal_preview.html",
        title=f"Preview of {journal.journal_id}",
        journal=journal,
        made=made,
        lines=lines,
        vouchers=[voucher_table(one, setup, JOURNAL, "") for one in made["vouchers"][:PREVIEWED_VOUCHERS]],
        refusal=why_not(refused["reason"], refused["detail"]) if refused else None,
        may_post=desk.actor.may(Role.POSTER) and journal.status in POSTABLE and journal.line_count > 0,
        kept=named(desk, journal),
    )


def delete_lines(desk: Desk) -> Response[Any]:
    """Deletes all lines; the next import puts what they were made of on another journal."""
    journal = journal_of(desk)
    if not journal.line_count:
        return returned(desk, journal, "It has no lines.")
    why = refusal_of(desk.do("delete_lines", company=journal.company, journal_id=journal.journal_id))
    return returned(
        desk, journal, why or "All lines are deleted. The next import takes them up again.", refused=bool(why)
    )


def reset(desk: Desk) -> Response[Any]:
    """Makes a journal in error a draft again."""
    journal = journal_of(desk)
    if journal.status is JournalStatus.DRAFT:
        return returned(desk, journal, "It is a draft.")
    why = refusal_of(desk.do("reset", company=journal.company, journal_id=journal.journal_id))
    return returned(desk, journal, why or "It is a draft again, and can be posted.", refused=bool(why))


def post(desk: Desk) -> Response[Any]:
    """Posts a journal, or says which of its lines could not be posted."""
    journal = journal_of(desk)
    posting = bootstrap.journal_posting(desk.at, desk.actor)
    posting.run(PostJournals(company=journal.company, journal_id=journal.journal_id))
    said = [f"Posted: journal {', '.join(posting.posted)}."] if posting.posted else []
    if posting.refused:
        said.append(refusals(posting.refused))
    return returned(desk, journal, " ".join(said) or "There is nothing to post.", refused=bool(posting.refused))


def returned(desk: Desk, journal: Journal, said: str, *, refused: bool = False) -> Response[Any]:
    """Back to the journal, with what was done."""
    return reopened(desk, "/journal", said, refused=refused, **named(desk, journal))
