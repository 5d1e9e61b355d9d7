"""Turns a journal in error back into a draft that can be posted again (POST-04, POST-09)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.history import Done
from project_invoicing.use_cases.commands.command import Command, Text
from project_invoicing.use_cases.commands.workplace import Workplace, bad


class ResetJournal(Command):
    """Resets a journal in error."""

    ACTION: ClassVar[str] = "reset"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")


def handle(command: ResetJournal, place: Workplace) -> dict[str, Any]:
    company, journal_id = command.company, command.journal_id
    journal = place.journals.get(company, journal_id)
    if journal is None:
        raise bad("journal_id", f"{company} has no journal {journal_id}")
    if journal.status is not JournalStatus.ERROR:
        raise bad("journal_id", f"journal {journal_id} is {journal.status}; only one in error can be reset")
    change = place.journals.changing(journal)
    change.reset(place.at)
    done = place.done(Done.RESET, {"status": journal.status}, {"status": change.after.status})
    place.journals.commit(journal, done, [change.write()])
    return {"outcome": "reset"}
