"""Creates proposals for a company's sales to another company of the group (IC-15)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from project_invoicing.domain.history import Done
from project_invoicing.use_cases.commands.command import Command, Day, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace


def _by(value: object) -> str:
    if value not in ("borrower", "project"):
        raise wrong(f"by is borrower or project, not {value!r}")
    return str(value)


By = Annotated[Literal["borrower", "project"], BeforeValidator(_by)]


class BillIntercompany(Command):
    """Bills what ``company`` sold to ``borrower`` on the accounting dates ``from`` to ``to``."""

    ACTION: ClassVar[str] = "intercompany_invoice"

    company: Text = Field(description="the company that sold: the lender")
    borrower: Text = Field(description="the company that bought")
    from_: Day = Field(alias="from", description="the first accounting date")
    to: Day = Field(description="the last accounting date")
    by: By = Field("borrower", description="borrower: one invoice for all projects; project: one for each")
    project: TextIfAny = Field(None, description="only sales of this project")
    contract: TextIfAny = Field(None, description="only sales of this contract")


def handle(command: BillIntercompany, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.intercompany.propose import (  # noqa: PLC0415 - few commands need it
        IntercompanyProposals,
        PostedSales,
    )
    from project_invoicing.use_cases.proposals.import_lines import ProposalImport  # noqa: PLC0415
    from project_invoicing.use_cases.staging.prevalidate import NoRegister  # noqa: PLC0415

    sales = PostedSales(place.staging, place.journals, place.proposals)
    made = IntercompanyProposals(sales, place.proposals, place.setup, place.at, place.done(Done.CREATED))
    headers = made.create(
        command.company,
        command.borrower,
        command.from_,
        command.to,
        by_project=command.by == "project",
        project=command.project,
        contract=command.contract,
    )
    lines = ProposalImport(place.staging, place.journals, place.proposals, place.setups, place.at, NoRegister())
    for id, _ in headers:
        lines.run_one(id)
    return {"outcome": f"created {', '.join(number for _, number in headers)}"}
