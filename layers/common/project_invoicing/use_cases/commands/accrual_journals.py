"""Correction journals of accrued revenue: made, edited, emptied, posted (ARR-08, ARR-10 to ARR-14)."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import blake2b
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from project_invoicing.use_cases.commands.command import (
    Command,
    DayIfAny,
    Dimensions,
    RowId,
    Text,
    TextIfAny,
    wrong,
)
from project_invoicing.use_cases.commands.workplace import Workplace, bad


def _several(value: object) -> object:
    """A single one may be written without brackets."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise wrong("name at least one, in a list")
    return value


RowIds = Annotated[list[RowId], BeforeValidator(_several)]
Texts = Annotated[list[Text], BeforeValidator(_several)]


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise wrong(f"a line is named by its number, not {value!r}")
    return value


Numbers = Annotated[list[Annotated[int, BeforeValidator(_number)]], BeforeValidator(_several)]
"""Numbers of lines."""
_CHANGES = ("description", "voucher_date", "offset_account", "offset_dimensions")


class CreateAccrualJournal(Command):
    """Puts imbalances that invoices of some days left on one draft journal.

    All of them, or those of the rows, projects and accounts that are named. A thousand lines are made at once.
    """

    ACTION: ClassVar[str] = "create_accrual_journal"

    company: Text = Field(description="the company")
    from_: DayIfAny = Field(None, alias="from", description="accounting dates from this day on; else three months ago")
    to: DayIfAny = Field(None, description="accounting dates until this day; else today")
    rows: RowIds | None = Field(None, description="the ids of unbilled sales")
    projects: Texts | None = Field(None, description="numbers of projects")
    accounts: Texts | None = Field(None, description="main accounts that something is left on")
    description: TextIfAny = Field(None, description="what the journal is about")
    voucher_date: DayIfAny = Field(None, description="the accounting date of its vouchers; may be given later")
    reversals: bool = Field(False, description="also what reversals of unbilled sales on journals left")
    scheduled: bool = Field(False, description="leave it to the schedule, however many lines it has")


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


class RemoveAccrualLines(Command):
    """Takes lines off a journal, or all that are not posted: a draft without lines is deleted."""

    ACTION: ClassVar[str] = "remove_accrual_lines"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    lines: Numbers | None = Field(None, description="these lines; without them all that are not posted")


class PostAccrualJournal(Command):
    """Posts the lines that can be posted, each with its voucher; the others stay and say why."""

    ACTION: ClassVar[str] = "post_accrual_journal"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    scheduled: bool = Field(False, description="leave it to the schedule, however many lines it has")


def handle_create(command: CreateAccrualJournal, place: Workplace) -> dict[str, Any]:
    # Imported late: few commands are about correction journals.
    from project_invoicing.domain.correction_journal import Wanted  # noqa: PLC0415
    from project_invoicing.rules.accrued_revenue import usual_days  # noqa: PLC0415
    from project_invoicing.use_cases.accrued_revenue.journals import New, create  # noqa: PLC0415

    company = command.company
    must_be_known(company, place)
    usual = usual_days(place.setup.today(company, place.at))
    first, last = command.from_ or usual.first, command.to or usual.last
    if last < first:
        raise bad("to", f"to is {last}, which is before {first}")
    named = (command.rows, command.projects, command.accounts)
    ids, projects, accounts = (tuple(sorted(set(some or ()))) for some in named)
    asked = New(
        company=company,
        wanted=Wanted(first, last, ids, projects, accounts, command.reversals),
        token=_token(command, place.at),
        description=command.description,
        voucher_date=command.voucher_date,
        scheduled=command.scheduled,
    )
    journal = create(place.corrections(), asked)
    outcome = f"left to the schedule as {journal.number}" if journal.due else f"created {journal.number}"
    return {"outcome": outcome, "number": journal.number, "lines": journal.lines}


def must_be_known(company: str, place: Workplace) -> None:
    if company not in place.setup.document.companies:
        raise bad("company", f"the set-up has no company {company}")


def _token(command: CreateAccrualJournal, at: str) -> str:
    said = json.dumps(command.model_dump(mode="json"), sort_keys=True)
    return f"{at}#{blake2b(said.encode(), digest_size=8).hexdigest()}"


def handle_edit(command: EditAccrualJournal, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.journals import Edits, edit  # noqa: PLC0415 - as to create one

    changes = {name: getattr(command, name) for name in _CHANGES if name in command.model_fields_set}
    if not changes:
        raise bad("journal_id", f"the request changes nothing; it can change {', '.join(_CHANGES)}")
    if command.lines is not None and not any(name.startswith("offset_") for name in changes):
        raise bad("lines", "lines can only be given another offset account or its dimensions")
    edits = Edits(changes, None if command.lines is None else frozenset(command.lines))
    edit(place.corrections(), command.company, command.journal_id, edits)
    return {"outcome": "edited"}


def handle_remove(command: RemoveAccrualLines, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.journals import remove  # noqa: PLC0415 - as to create one

    chosen = None if command.lines is None else frozenset(command.lines)
    journal = remove(place.corrections(), command.company, command.journal_id, chosen)
    return {"outcome": "deleted" if journal.status == "deleted" else "removed", "lines": journal.lines}


def handle_post(command: PostAccrualJournal, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.post import post  # noqa: PLC0415 - as to create one

    made = post(place.corrections(), command.company, command.journal_id, scheduled=command.scheduled)
    outcome = "left to the schedule" if made.journal.due else made.journal.status.value
    refused = {"refused": [asdict(one) for one in made.refused]} if made.refused else {}
    return {"outcome": outcome, "vouchers": made.vouchers} | refused
