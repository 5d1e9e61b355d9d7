"""Makes a draft correction journal of accrued revenue that invoices did not take back exactly (ARR-10, ARR-13)."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from project_invoicing.use_cases.commands.command import Command, DayIfAny, RowId, Text, TextIfAny, wrong
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
    scheduled: bool = Field(False, description="leave it to the schedule, however many lines it has")


def handle(command: CreateAccrualJournal, place: Workplace) -> dict[str, Any]:
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
    named = (tuple(sorted(set(some or ()))) for some in (command.rows, command.projects, command.accounts))
    asked = New(
        company=company,
        wanted=Wanted(first, last, *named),
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
