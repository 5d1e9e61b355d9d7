"""Previews the posting of a proposal or a journal; nothing is written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.use_cases.commands.command import Command, DayIfAny, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad
from project_invoicing.use_cases.invoices.preview import preview
from project_invoicing.use_cases.journals.preview import preview_journal


class Preview(Command):
    """Shows the invoice and the voucher that a proposal would get."""

    ACTION: ClassVar[str] = "preview"

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    invoice_date: DayIfAny = Field(None, description="the invoice date that the posting would be given")


class PreviewJournal(Command):
    """Shows the vouchers that a journal would get, and the lines that would fail."""

    ACTION: ClassVar[str] = "preview"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")


def handle(command: Preview, place: Workplace) -> dict[str, Any]:
    day = command.invoice_date.isoformat() if command.invoice_date else None
    shown = preview(place.proposals, place.staging, place.setups, command.proposal_id, place.at, command.company, day)
    return {"outcome": "previewed", "previews": shown}


def handle_journal(command: PreviewJournal, place: Workplace) -> dict[str, Any]:
    journal = place.journals.get(command.company, command.journal_id)
    if journal is None:
        raise bad("journal_id", f"{command.company} has no journal {command.journal_id}")
    return {"outcome": "previewed", "previews": [preview_journal(place.journals, place.staging, place.setups, journal)]}
