"""Sets finance's own columns of a customer, a contract, a project …; what Dataverse says of it stays (D-112).

Those of a milestone are its on-account transaction, which may be edited until it is on a proposal (OAT-03).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from project_invoicing.domain.finance_columns import COLUMNS
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.use_cases.commands.command import Command, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad
from project_invoicing.use_cases.master_data.set_columns import Outcome, set_columns


def _part(value: object) -> Part:
    if value in list(COLUMNS):
        return Part(str(value))
    raise wrong(f"part is one of {', '.join(COLUMNS)}, not {value!r}")


def _columns(value: object) -> dict[str, Any]:
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return value
    raise wrong(f'columns are written as {{"sales_tax_group": "DOM"}}, not {value!r}')


class EditMasterData(Command):
    """Sets finance's own columns under a company and a number, whether or not the row has arrived yet.

    Columns that are not given stay as they are. ``null`` takes one back: what Dataverse, the set-up or its defaults say
    counts again.
    """

    ACTION: ClassVar[str] = "edit_master_data"

    part: Annotated[Part, BeforeValidator(_part), WithJsonSchema({"enum": list(COLUMNS)})] = Field(
        description="customers, contracts, projects …"
    )
    company: TextIfAny = Field(None, description="the company; none for products")
    number: Text = Field(description="the number of the row, of a worker the name")
    columns: Annotated[dict[str, Any], BeforeValidator(_columns)] = Field(
        description="values by column, null to take one back"
    )

    @property
    def key(self) -> NameKey:
        return NameKey(self.part, self.company or "", self.number)


def handle(command: EditMasterData, place: Workplace) -> dict[str, Any]:
    """Answers with finance's columns as they are now, and the Dataverse row that has the name, if one has."""
    from project_invoicing.setup.finance_columns import problems  # noqa: PLC0415  other commands never check a document

    for _, text in problems(place.setup.document, [(command.key, command.columns)]):
        raise bad("columns", text)
    if command.part is Part.ON_ACCOUNT_TRANSACTIONS:
        # Imported late: few organizations bill by milestones.
        from project_invoicing.use_cases.master_data.milestones import may_not_be_edited  # noqa: PLC0415

        for refused in may_not_be_edited(place.staging, [command.number]).values():
            raise refused
    (made,) = set_columns(place.master, [(command.key, command.columns)], place.at, place.actor)
    return {"outcome": "done" if made.changed else "unchanged", "master_data": told(made)}


def told(made: Outcome) -> dict[str, Any]:
    return {
        "part": made.key.part,
        "company": made.key.company or None,
        "number": made.key.number,
        "finance": dict(made.columns),
        "row": {"entity": made.row[0], "id": made.row[1]} if made.row else None,
    }
