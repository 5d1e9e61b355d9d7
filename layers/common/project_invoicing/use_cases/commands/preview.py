"""Previews the posting of a proposal; nothing is written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.use_cases.commands.command import Command, DayIfAny, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace
from project_invoicing.use_cases.invoices.preview import preview


class Preview(Command):
    """Shows the invoice and the voucher that a proposal would get."""

    ACTION: ClassVar[str] = "preview"

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    invoice_date: DayIfAny = Field(None, description="the invoice date that the posting would be given")


def handle(command: Preview, place: Workplace) -> dict[str, Any]:
    day = command.invoice_date.isoformat() if command.invoice_date else None
    shown = preview(place.proposals, place.staging, place.setups, command.proposal_id, place.at, command.company, day)
    return {"outcome": "previewed", "previews": shown}
