"""Changing many lines of a journal at once: which ones fit is counted and shown before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.use_cases.commands.line_filter import FIELDS, fits
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import CHANGED, NOTHING, edited, not_edited
from project_invoicing.workspace.pages.journals import EDITABLE, changes_asked, journal_of, named, returned

ONLY: Final = "only."
"""Begins the names of the fields that choose lines."""
CHOSEN_BY: Final = ("kind", "class", "category", "project", "resource", "sales_tax_group", "item_sales_tax_group")
SHOWN: Final = 10
_MOST_CHOICES: Final = 200


def choose(desk: Desk) -> Response[Any]:
    """The lines that fit what is chosen, and what can be changed about them. Reads all lines of the journal."""
    return _shown(desk, journal_of(desk), desk.query)


def change(desk: Desk) -> Response[Any]:
    """Changes all lines that fit, if they are still as many as the person was shown."""
    journal = journal_of(desk)
    try:
        asked = changes_asked(desk.form)
    except Rejected as wrong:
        return _shown(desk, journal, desk.form, wrong.detail, 422)
    if not asked:
        return _shown(desk, journal, desk.form, "Choose what to change about the lines.", 422)
    wanted = _wanted(desk.form)
    if journal.status in EDITABLE and desk.form.get("count") != str(len(_fitting(desk, journal, wanted)[1])):
        return _shown(desk, journal, desk.form, CHANGED, 409)
    answer = desk.do("edit", company=journal.company, journal_id=journal.journal_id, lines=wanted, **asked)
    if why := not_edited(answer):
        return _shown(desk, journal, desk.form, why, 422)
    said = edited(answer)
    return returned(desk, journal, said if said == NOTHING else f"{said} {answer['lines']} fitted.")


def _shown(desk: Desk, journal: Journal, given: Mapping[str, str], error: str = "", status: int = 200) -> Response[Any]:
    every, fitting = _fitting(desk, journal, _wanted(given))
    setup = desk.lists.setup
    return desk.page(
        "journal_lines.html",
        status,
        title=f"Lines of {journal.journal_id}",
        journal=journal,
        choices={name: _values(every, name) for name in CHOSEN_BY},
        given=given,
        only=ONLY,
        total=len(every),
        count=len(fitting),
        lines=fitting[:SHOWN],
        show=Figures(setup),
        groups=sorted(setup.document.sales_tax.groups),
        item_groups=sorted(setup.document.sales_tax.item_groups),
        tag_labels=setup.active_tags(journal.company),
        editable=journal.status in EDITABLE,
        error=error,
        kept=named(desk, journal),
    )


def _fitting(
    desk: Desk, journal: Journal, wanted: Mapping[str, list[str | None]]
) -> tuple[list[JournalLine], list[JournalLine]]:
    """All lines of the journal, and those that fit."""
    pages = desk.stores.journals.pages(journal.company, journal.journal_id)
    every = [line for page in pages for line in page.lines]
    return every, [line for line in every if fits(line, wanted)]


def _wanted(given: Mapping[str, str]) -> dict[str, list[str | None]]:
    """The filter as the command has it: ``=X`` for a value, ``=`` for lines without one, nothing for any."""
    texts = {name: given.get(f"{ONLY}{name}", "") for name in CHOSEN_BY}
    return {name: [text[1:] or None] for name, text in texts.items() if text.startswith("=")}


def _values(lines: Sequence[JournalLine], name: str) -> list[str]:
    """What lines have in a field, an empty text for nothing, where they differ; the first ones of very many."""
    found = sorted({str(getattr(line, FIELDS[name]) or "") for line in lines})
    return found[:_MOST_CHOICES] if len(found) > 1 else []
