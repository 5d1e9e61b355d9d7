"""Takes lines off a proposal between companies, or adds some, before it is posted (ICV-08)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import Proposal
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.command import Command, Text, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad, must_be_editable
from project_invoicing.use_cases.documents.requests import row_id

AT_ONCE: Final = 40
"""Each line is a row, and may be a page of its own: all of them are one transaction."""


def _ids(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    if not 0 < len(given) <= AT_ONCE:
        raise wrong(f"off and add name one actual, or a list of up to {AT_ONCE}")
    try:
        return list(dict.fromkeys(row_id(one, "actual_id") for one in given))
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


Ids = Annotated[
    list[str] | None,
    BeforeValidator(_ids),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1, "maxItems": AT_ONCE}),
]


class IntercompanyLines(Command):
    """Takes lines off a ready proposal between companies, or adds posted sales to it."""

    ACTION: ClassVar[str] = "intercompany_lines"

    company: Text = Field(description="the lender, whose proposal it is")
    proposal_id: Text = Field(description="the number of the proposal")
    off: Ids = Field(None, description="the ids of actuals that are taken off; they come with the next invoice")
    add: Ids = Field(None, description="the ids of posted sales to the borrower that are added")


def handle(command: IntercompanyLines, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.intercompany.lines import LinesBetween, between_of  # noqa: PLC0415 - seldom
    from project_invoicing.use_cases.intercompany.propose import PostedSales  # noqa: PLC0415

    if (command.off is None) == (command.add is None):
        raise bad("off", "intercompany_lines says off or add, one of them")
    ids = command.off or command.add or []
    what = Done.LINES_TAKEN_OFF if command.off else Done.LINES_ADDED

    def change(header: Proposal) -> None:
        between = between_of(header)
        must_be_editable(header, place)
        sales = PostedSales(place.staging, place.journals, place.proposals)
        lines = LinesBetween(sales, place.setups, header, between, place.done(what, None, {"actuals": ", ".join(ids)}))
        if command.off:
            lines.take_off(ids)
        else:
            lines.add(ids)

    place.on_proposals(command.proposal_id, command.company, change)
    return {"outcome": f"{what}: {len(ids)}"}
