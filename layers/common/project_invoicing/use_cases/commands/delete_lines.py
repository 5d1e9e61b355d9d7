"""Deletion of all lines of an unposted document; the next import rebuilds them (STG-03, PROP-11)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import Proposal
from project_invoicing.use_cases.commands.command import Command, Text, TextIfAny
from project_invoicing.use_cases.commands.workplace import Workplace, must_not_be_in_approval
from project_invoicing.use_cases.documents.delete_lines import delete_journal_lines, delete_proposal_lines


class DeleteProposalLines(Command):
    """Deletes all lines of a proposal that is not posted."""

    ACTION: ClassVar[str] = "delete_lines"

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")


class DeleteJournalLines(Command):
    """Deletes all lines of a journal that is not posted."""

    ACTION: ClassVar[str] = "delete_lines"

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")


def handle_proposal(command: DeleteProposalLines, place: Workplace) -> dict[str, Any]:
    stores, done = (place.proposals, place.staging), place.done(Done.LINES_DELETED)

    def delete(header: Proposal) -> None:
        must_not_be_in_approval(header, place)
        delete_proposal_lines(*stores, header, place.at, done)

    place.on_proposals(command.proposal_id, command.company, delete)
    return {"outcome": "done"}


def handle_journal(command: DeleteJournalLines, place: Workplace) -> dict[str, Any]:
    done = place.done(Done.LINES_DELETED)
    delete_journal_lines(place.journals, place.staging, command.company, command.journal_id, done)
    return {"outcome": "deleted"}
