"""Changes the sales tax of a proposal line, or refreshes it from the current set-up (TAX-11, DIM-09, STG-19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.owner import Blocked, Invalid
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.use_cases.commands.command import Edit, OnlyTrue, RowId, TaxGroup, Text, TextIfAny
from project_invoicing.use_cases.commands.tax_groups import TAX_GROUPS, check_tax_groups
from project_invoicing.use_cases.commands.workplace import Workplace, bad, must_be_editable


class EditProposalLine(Edit):
    """Changes the line of an actual on a proposal that is ready.

    Dimensions of a proposal's line are never set, only derived anew. Where a person has chosen the tax (D-079), its
    percents are those of the invoice date, whatever the line continues (99-22).
    """

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    actual_id: RowId = Field(description="the id of the line's actual")
    sales_tax_group: TaxGroup = Field(None, description="another sales tax group; null for none")
    item_sales_tax_group: TaxGroup = Field(None, description="another item sales tax group; null for none")
    rederive_dimensions: OnlyTrue = Field(False, description="take the dimensions anew from the set-up")
    rederive_sales_tax: OnlyTrue = Field(False, description="take the tax groups anew from the set-up")


def handle(command: EditProposalLine, place: Workplace) -> dict[str, Any]:
    check_tax_groups(command.changes, place.setup)
    actual_id = command.actual_id

    def change(header: Proposal) -> None:
        must_be_editable(header, place)
        for page in place.proposals.pages(header.id):
            line = next((line for line in page.lines if line.actual_id == actual_id), None)
            if line:
                wanted = Wanted.of(command)
                values = values_of(actual_id, wanted, place, actuals_for([actual_id], wanted, place))
                lines = [replace(x, **values) if x.actual_id == actual_id else x for x in page.lines]
                changed = place.proposals.changing(header)
                changed.edited()
                writes = [place.proposals.edited_page(header.id, page, lines), changed.write()]
                before = {name: getattr(line, name) for name in values}
                done = place.done(Done.EDITED, before, {"actual_id": actual_id, **values})
                place.proposals.commit(header.id, done, writes)
                return
        raise bad("actual_id", f"proposal {header.number} has no line for actual {actual_id}")

    place.on_proposals(command.proposal_id, command.company, change)
    return {"outcome": "done"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an edit asks for: ``chosen`` tax groups, and what is to be taken anew from the set-up."""

    chosen: Mapping[str, str | None]
    dimensions: bool
    sales_tax: bool

    @classmethod
    def of(cls, command: Any) -> Wanted:
        """What an edit of one line, or of several, asks for."""
        chosen = {name: value for name, value in command.changes.items() if name in TAX_GROUPS}
        return cls(chosen, command.rederive_dimensions, command.rederive_sales_tax)


def values_of(actual_id: str, wanted: Wanted, place: Workplace, known: Mapping[str, Actual]) -> dict[str, Any]:
    """The values of the line, with dimensions and tax groups from the current set-up where a refresh was requested.

    ``known``: what ``actuals_for`` has read. Raises ``Refused`` or ``Rejected`` for an actual that the current set-up
    cannot resolve.
    """
    values: dict[str, Any] = {}
    if wanted.dimensions or wanted.sales_tax:
        resolved = _resolved(known[actual_id], place)
        if wanted.dimensions:
            values["dimensions"] = resolved.dimensions
        if wanted.sales_tax:
            values |= {name: getattr(resolved, name) for name in TAX_GROUPS}
    values |= wanted.chosen
    return values | ({"retaxed": True} if values.keys() & TAX_GROUPS.keys() else {})


def actuals_for(ids: Iterable[str], wanted: Wanted, place: Workplace) -> Mapping[str, Actual]:
    """The actuals that are to be resolved anew, with the master data they name; none where nothing is."""
    if not (wanted.dimensions or wanted.sales_tax):
        return {}
    found = {id: row.actual for id, row in place.staging.rows(ids).items()}
    place.setups.reader.actuals(list(found.values()))
    return found


def _resolved(actual: Actual, place: Workplace) -> Resolved:
    """Refuses an actual that the current set-up cannot resolve."""
    resolved = resolve(actual, place.setup)
    if isinstance(resolved, Blocked):
        raise Refused(resolved.wait.reason, resolved.wait.detail)
    if isinstance(resolved, Invalid):
        raise bad(resolved.field, resolved.detail)
    return resolved
