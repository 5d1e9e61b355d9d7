"""Changes a correction journal of accrued revenue, or the offset account of its lines (ARR-08, ARR-12)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from project_invoicing.use_cases.commands.command import Command, DayIfAny, Dimensions, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad

Numbers = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
"""Numbers of lines."""
_CHANGES = ("description", "voucher_date", "offset_account", "offset_dimensions")


class EditAccrualJournal(Command):
    """Changes description and voucher date of a draft, and the offset account of lines that are not posted.

    What is not given stays; ``null`` removes it.
    """

    ACTION: ClassVar[str] = "edit_accrual_journal"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    description: TextIfAny = Field(None, description="what the journal is about")
    voucher_date: DayIfAny = Field(None, description="the accounting date of its vouchers, in an open period")
    lines: Numbers | None = Field(None, description="the lines that get the offset account; else all that need one")
    offset_account: TextIfAny = Field(None, description="the main account for what the two sides do not make zero")
    offset_dimensions: Dimensions = Field(None, description="its dimensions")


def handle(command: EditAccrualJournal, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.journals import Edits, edit  # noqa: PLC0415 - as to create one

    changes = {name: getattr(command, name) for name in _CHANGES if name in command.model_fields_set}
    if not changes:
        raise bad("journal_id", f"the request changes nothing; it can change {', '.join(_CHANGES)}")
    if command.lines is not None and not any(name.startswith("offset_") for name in changes):
        raise bad("lines", "lines can only be given another offset account or its dimensions")
    edits = Edits(changes, None if command.lines is None else frozenset(command.lines))
    edit(place.corrections(), command.company, command.journal_id, edits)
    return {"outcome": "edited"}
