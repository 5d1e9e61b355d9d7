"""Changes the sales tax, dimensions or tags of a journal line (JRN-14, TAG-02), or the tags of lines to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.history import Done
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.rules.journal_lines import saved_tags
from project_invoicing.use_cases.commands.command import Dimensions, Edit, RowId, Tags, TaxGroup, Text
from project_invoicing.use_cases.commands.tax_groups import TAX_GROUPS, check_tax_groups
from project_invoicing.use_cases.commands.workplace import Workplace, bad, check_tags, must_be_known


class EditJournalLine(Edit):
    """Changes the line of an actual on a journal that is a draft or in error."""

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    actual_id: RowId = Field(description="the id of the line's actual")
    sales_tax_group: TaxGroup = Field(None, description="another sales tax group; null for none")
    item_sales_tax_group: TaxGroup = Field(None, description="another item sales tax group; null for none")
    dimensions: Dimensions = Field(None, description="other dimensions; null for none")
    tags: Tags = Field(None, description="other financial tags, all of them; null for none")


class EditJournal(Edit):
    """Changes the header of a draft: the financial tags of lines that are added from then on. Its lines keep theirs."""

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    tags: Tags = Field(None, description="the financial tags of later lines, all of them; null for none")


def handle_header(command: EditJournal, place: Workplace) -> dict[str, Any]:
    journal = must_take_edits(place, command.company, command.journal_id)
    if journal.status is not JournalStatus.DRAFT or journal.original_journal:
        raise bad("journal_id", f"journal {command.journal_id} takes no more lines: give its lines their tags")
    check_tags(command.tags, command.company, place.setup)
    change = place.journals.changing(journal)
    change.tagged(command.tags)
    done = place.done(Done.EDITED, {"tags": journal.tags}, {"tags": command.tags})
    place.journals.commit(journal, done, [change.write()])
    return {"outcome": "edited"}


def handle(command: EditJournalLine, place: Workplace) -> dict[str, Any]:
    company, journal_id, actual_id = command.company, command.journal_id, command.actual_id
    check_changes(command, company, place)
    journal = must_take_edits(place, company, journal_id)
    for page in place.journals.pages(company, journal_id):
        line = next((line for line in page.lines if line.actual_id == actual_id), None)
        if line:
            values = saved(line, command.changes, company, place)
            lines = [edited(x, values) if x.actual_id == actual_id else x for x in page.lines]
            change = place.journals.changing(journal)
            change.lines_changed(place.at)
            before = {name: getattr(line, name) for name in values}
            done = place.done(Done.EDITED, before, {"actual_id": actual_id, **values})
            place.journals.commit(journal, done, [place.journals.changed_page(journal, page, lines), change.write()])
            return {"outcome": "edited"}
    raise bad("actual_id", f"journal {journal_id} has no line for actual {actual_id}")


def must_take_edits(place: Workplace, company: str, journal_id: str) -> Journal:
    """The journal, if its lines can be edited. Raises ``Rejected`` for one that is unknown, being posted or posted.

    Refuses nobody's edits where the company posts journals with four eyes.
    """
    journal = place.journals.get(company, journal_id)
    if journal is None or journal.status not in (JournalStatus.DRAFT, JournalStatus.ERROR):
        state = journal.status if journal else "unknown"
        raise bad("journal_id", f"lines of journal {journal_id} cannot be edited: it is {state}")
    if place.setup.parameters(company).four_eyes_journals:
        must_be_known(place, company, f"journal {journal_id}")
    return journal


def check_changes(command: Edit, company: str, place: Workplace) -> None:
    """Raises ``Rejected`` for tax groups that the set-up does not have, and for tags that the company does not have."""
    check_tax_groups(command.changes, place.setup)
    check_tags(command.changes.get("tags"), company, place.setup)


def saved(line: JournalLine, changes: Mapping[str, Any], company: str, place: Workplace) -> dict[str, Any]:
    """What a line gets by an edit: its ``changes``, and the tags that rules give when it is saved (TAG-07)."""
    if not place.setup.active_tags(company):
        return dict(changes)
    tags = saved_tags(edited(line, changes), company, place.setup)
    return {**changes, "tags": tags} if "tags" in changes or tags != line.tags else dict(changes)


def edited(line: JournalLine, changes: Mapping[str, Any]) -> JournalLine:
    """The line with these changes. Another tax group drops the percents of an invoice line that this one replaces."""
    charges = line.charges
    if changes.keys() & TAX_GROUPS.keys():
        charges = tuple(charge.retaxed() for charge in charges)
    return replace(line, charges=charges, **changes)
