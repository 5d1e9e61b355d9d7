"""Changes the dates, dimensions or tags of a proposal (DUE-03, DIM-10, TAG-04, 99-23)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from pydantic import Field

from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import HeaderEdits, Proposal
from project_invoicing.rules.invoice_terms import written_invoice_date
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.commands.command import DayIfAny, Dimensions, Edit, Tags, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, bad, check_tags, must_be_editable


class EditHeader(Edit):
    """Changes the header of a proposal that is ready.

    ``null`` takes back what was set: the date is again that of Dataverse or of the terms of payment, the dimensions
    those of customer and lines. Dimensions can be set where the company allows it.
    """

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    invoice_date: DayIfAny = Field(None, description="the date of the invoice to come; drops a due date that was set")
    due_date: DayIfAny = Field(
        None, description="when it is due, not before the invoice date; for as long as that stays"
    )
    accounting_date: DayIfAny = Field(None, description="the date of its voucher")
    dimensions: Dimensions = Field(None, description="the dimensions of the customer balance")
    tags: Tags = Field(None, description="the financial tags of the customer balance, all of them")


def handle(command: EditHeader, place: Workplace) -> dict[str, Any]:
    def change(header: Proposal) -> None:
        must_be_editable(header, place)
        company = str(header.company)
        if "dimensions" in command.changes and not place.setup.parameters(company).allow_header_dimensions:
            raise bad("dimensions", f"parameters.{company}.allow_header_dimensions does not allow it")
        check_tags(command.tags, company, place.setup)
        changed = place.proposals.changing(header)
        edits = edited(command, header, place.setup)
        if "due_date" in command.changes:
            _must_not_be_due_before(edits, place.setup.today(company, place.at))
        changed.edited(edits)
        names = list(command.changes)
        if "due_date" not in names and edits.due_date != header.edits.due_date:
            names.append("due_date")
        before, after = ({name: getattr(one, name) for name in names} for one in (header.edits, edits))
        place.proposals.commit(header.id, place.done(Done.EDITED, before, after), [changed.write()])

    place.on_proposals(command.proposal_id, command.company, change)
    return {"outcome": "done"}


def _must_not_be_due_before(edits: HeaderEdits, today: date) -> None:
    """Refuses a due date before that of the invoice, which is today where nobody has given one."""
    on = edits.due_for or today
    if edits.due_date and edits.due_date < on:
        detail = f"due_date {edits.due_date} is before {on}, the day of the invoice; write a later one, or change both"
        raise bad("due_date", detail)


def edited(command: EditHeader, header: Proposal, setup: FinanceSetup) -> HeaderEdits:
    """The header's edits including this command. A due date is dropped with another invoice date (DUE-06)."""
    edits, changes = header.edits, command.changes
    if "invoice_date" in changes and command.invoice_date != edits.invoice_date:
        edits = replace(edits, invoice_date=command.invoice_date, due_date=None, due_for=None)
    if "due_date" in changes:
        for_day = edits.invoice_date or written_invoice_date(header, setup)
        edits = replace(edits, due_date=command.due_date, due_for=for_day)
    if "accounting_date" in changes:
        edits = replace(edits, accounting_date=command.accounting_date)
    if "dimensions" in changes:
        edits = replace(edits, dimensions=command.dimensions)
    if "tags" in changes:
        edits = replace(edits, tags=command.tags)
    return edits
