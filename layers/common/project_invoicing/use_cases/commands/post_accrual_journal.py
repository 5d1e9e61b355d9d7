"""Posts a correction journal of accrued revenue, wholly or in part (ARR-11, ARR-13, ARR-14)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.use_cases.commands.command import Command, Text
from project_invoicing.use_cases.commands.workplace import Workplace


class PostAccrualJournal(Command):
    """Posts the lines that can be posted, each with its voucher; the others stay and say why."""

    ACTION: ClassVar[str] = "post_accrual_journal"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    scheduled: bool = Field(False, description="leave it to the schedule, however many lines it has")


def handle(command: PostAccrualJournal, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.accrued_revenue.post import post  # noqa: PLC0415 - as to create one

    made = post(place.corrections(), command.company, command.journal_id, scheduled=command.scheduled)
    outcome = "left to the schedule" if made.journal.due else made.journal.status.value
    refused = {"refused": [asdict(one) for one in made.refused]} if made.refused else {}
    return {"outcome": outcome, "vouchers": made.vouchers} | refused
