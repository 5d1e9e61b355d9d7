"""Creates proposals for a company's sales to another company of the group (IC-15)."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from project_invoicing.domain.history import Done
from project_invoicing.use_cases.commands.command import Command, Day, Text
from project_invoicing.use_cases.commands.workplace import Workplace
from project_invoicing.use_cases.intercompany.propose import IntercompanyProposals, PostedSales
from project_invoicing.use_cases.proposals.import_lines import ProposalImport
from project_invoicing.use_cases.staging.prevalidate import NoRegister


class BillIntercompany(Command):
    """Bills what ``company`` sold to ``borrower`` on the accounting dates ``from`` to ``to``."""

    ACTION: ClassVar[str] = "intercompany_invoice"

    company: Text = Field(description="the company that sold: the lender")
    borrower: Text = Field(description="the company that bought")
    from_: Day = Field(alias="from", description="the first accounting date")
    to: Day = Field(description="the last accounting date")


def handle(command: BillIntercompany, place: Workplace) -> dict[str, Any]:
    sales = PostedSales(place.staging, place.journals, place.proposals)
    made = IntercompanyProposals(sales, place.proposals, place.setup, place.at, place.done(Done.CREATED))
    headers = made.create(command.company, command.borrower, command.from_, command.to)
    lines = ProposalImport(place.staging, place.journals, place.proposals, place.setups, place.at, NoRegister())
    for id, _ in headers:
        lines.run_one(id)
    return {"outcome": f"created {', '.join(number for _, number in headers)}"}
