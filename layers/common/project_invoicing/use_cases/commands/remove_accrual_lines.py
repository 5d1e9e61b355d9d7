"""Takes lines off a correction journal of accrued revenue that is not posted."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.use_cases.commands.command import Command, Text
from project_invoicing.use_cases.commands.edit_accrual_journal import Numbers
from project_invoicing.use_cases.commands.workplace import Workplace


class RemoveAccrualLines(Command):
    """Takes lines off a journal, or all that are not posted: a draft without lines is deleted."""

    ACTION: ClassVar[str] = "remove_accrual_lines"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    lines: Numbers | None = Field(None, description="these lines; without them all that are not posted")


def handle(command: RemoveAccrualLines, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.journals import remove  # noqa: PLC0415 - as to create one

    chosen = None if command.lines is None else frozenset(command.lines)
    journal = remove(place.corrections(), command.company, command.journal_id, chosen)
    return {"outcome": "deleted" if journal.status == "deleted" else "removed", "lines": journal.lines}
