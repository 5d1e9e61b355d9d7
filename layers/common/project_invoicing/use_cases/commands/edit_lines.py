"""Changes several lines of a document at once: page by page, each page one transaction with its entry (D-132)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from pydantic import Field

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.history import Done
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refusal, Refused
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.use_cases.commands.command import Dimensions, Edit, OnlyTrue, Tags, TaxGroup, Text, TextIfAny
from project_invoicing.use_cases.commands.edit_journal_line import check_changes, edited, must_take_edits, saved
from project_invoicing.use_cases.commands.edit_proposal_line import Wanted, actuals_for, values_of
from project_invoicing.use_cases.commands.line_filter import Line, LineFilter, fits, ranges, values_before
from project_invoicing.use_cases.commands.tax_groups import check_tax_groups
from project_invoicing.use_cases.commands.workplace import Workplace, bad, must_be_editable

AnyLine = TypeVar("AnyLine", bound=Line)
_CHOSEN = "which lines: {} for all, or values that a line must have, such as item_sales_tax_group"


class EditProposalLines(Edit):
    """Changes those lines of a proposal that ``lines`` chooses, as ``EditProposalLine`` changes one."""

    company: TextIfAny = Field(None, description="the proposal's company; without it all that have the number")
    proposal_id: Text = Field(description="the number of the proposal, or the id of its proforma")
    lines: LineFilter = Field(description=_CHOSEN)
    sales_tax_group: TaxGroup = Field(None, description="another sales tax group; null for none")
    item_sales_tax_group: TaxGroup = Field(None, description="another item sales tax group; null for none")
    rederive_dimensions: OnlyTrue = Field(False, description="take the dimensions anew from the set-up")
    rederive_sales_tax: OnlyTrue = Field(False, description="take the tax groups anew from the set-up")


class EditJournalLines(Edit):
    """Changes those lines of a journal that ``lines`` chooses, as ``EditJournalLine`` changes one."""

    company: Text = Field(description="the journal's company")
    journal_id: Text = Field(description="the number of the journal")
    lines: LineFilter = Field(description=_CHOSEN)
    sales_tax_group: TaxGroup = Field(None, description="another sales tax group; null for none")
    item_sales_tax_group: TaxGroup = Field(None, description="another item sales tax group; null for none")
    dimensions: Dimensions = Field(None, description="other dimensions; null for none")
    tags: Tags = Field(None, description="other financial tags, all of them; null for none")


@dataclass(slots=True)
class _Outcome:
    """How many lines fit and how many of them changed, and which could not."""

    found: int = 0
    changed: int = 0
    refused: list[Refusal] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        refused = {"refused": [asdict(one) for one in self.refused]} if self.refused else {}
        return {"outcome": "edited", "lines": self.found, "changed": self.changed} | refused


def handle_proposal(command: EditProposalLines, place: Workplace) -> dict[str, Any]:
    _must_change_something(command)
    check_tax_groups(command.changes, place.setup)
    wanted = Wanted.of(command)
    done = _Outcome()

    def change(header: Proposal) -> None:
        before = done.found
        for page in place.proposals.pages(header.id):
            chosen = [line for line in page.lines if fits(line, command.lines)]
            done.found += len(chosen)
            values, refused = _proposal_values(chosen, wanted, header, place)
            done.refused += refused
            lines, names = _changed(page.lines, values, replace)
            if not names:
                continue
            now = place.proposals.get(header.id)
            if now is None:
                raise Conflict(f"proposal {header.number} changed meanwhile")
            must_be_editable(now, place)
            entry = place.done(Done.EDITED, *_said(page.lines, values, names))
            if place.proposals.was_done(header.id, entry):
                continue
            changed = place.proposals.changing(now)
            changed.edited()
            writes = [place.proposals.edited_page(header.id, page, lines), changed.write()]
            place.proposals.commit(header.id, entry, writes)
            done.changed += len(names)
        if done.found == before:
            raise bad("lines", f"no line of proposal {header.number} fits")

    def checked(header: Proposal) -> None:
        must_be_editable(header, place)
        change(header)

    place.on_proposals(command.proposal_id, command.company, checked)
    return done.told()


def handle_journal(command: EditJournalLines, place: Workplace) -> dict[str, Any]:
    _must_change_something(command)
    company, journal_id, done = command.company, command.journal_id, _Outcome()
    check_changes(command, company, place)
    must_take_edits(place, company, journal_id)
    for page in place.journals.pages(company, journal_id):
        chosen = [line for line in page.lines if fits(line, command.lines)]
        values = {line.actual_id: saved(line, command.changes, company, place) for line in chosen}
        done.found += len(values)
        lines, names = _changed(page.lines, values, lambda line, **changes: edited(line, changes))
        if not names:
            continue
        journal = must_take_edits(place, company, journal_id)
        entry = place.done(Done.EDITED, *_said(page.lines, values, names))
        if place.journals.was_done(journal, entry):
            continue
        change = place.journals.changing(journal)
        change.lines_changed(place.at)
        place.journals.commit(journal, entry, [place.journals.changed_page(journal, page, lines), change.write()])
        done.changed += len(names)
    if not done.found:
        raise bad("lines", f"no line of journal {journal_id} fits")
    return done.told()


def _must_change_something(command: EditProposalLines | EditJournalLines) -> None:
    if not command.changes:
        raise bad("lines", f"say what to change; what can be: {', '.join(command.editable())}")


def _proposal_values(
    lines: Sequence[ProposalLine], wanted: Wanted, header: Proposal, place: Workplace
) -> tuple[dict[str, dict[str, Any]], list[Refusal]]:
    """The new values by actual. A line that the set-up cannot resolve stays as it is, and does not stop the others."""
    values: dict[str, dict[str, Any]] = {}
    refused = []
    known = actuals_for([line.actual_id for line in lines], wanted, place)
    for line in lines:
        try:
            values[line.actual_id] = values_of(line.actual_id, wanted, place, known)
        except Refused as why:
            refused.append(Refusal(header.company, line.actual_id, why.reason, why.detail))
        except Rejected as why:
            refused.append(Refusal(header.company, line.actual_id, RejectReason.SCHEMA, why.detail))
    return values, refused


def _changed(
    lines: Sequence[AnyLine], values: Mapping[str, Mapping[str, Any]], change: Callable[..., AnyLine]
) -> tuple[list[AnyLine], set[str]]:
    """The lines of a page with their new values, and the actuals of those that are not as they were."""
    made = [change(line, **values[line.actual_id]) if line.actual_id in values else line for line in lines]
    return made, {new.actual_id for old, new in zip(lines, made, strict=True) if old != new}


def _said(
    lines: Sequence[AnyLine], values: Mapping[str, Mapping[str, Any]], changed: set[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of the lines that change, for the history: the value that all share, else lines by value."""
    changing = [line for line in lines if line.actual_id in changed]
    names = dict.fromkeys(name for line in changing for name in values[line.actual_id])
    fields = [name for name in names if name != "retaxed"]
    after = values_before([_After(line, values[line.actual_id]) for line in changing], fields)
    return values_before(changing, fields), {"lines": ranges(line.line_number for line in changing), **after}


class _After:
    """The new values of a line, by the names of its attributes; what does not change is as it was."""

    def __init__(self, line: Line, values: Mapping[str, Any]) -> None:
        self.line_number, self.actual_id = line.line_number, ""
        self._line, self._values = line, values

    def __getattr__(self, name: str) -> Any:
        return self._values[name] if name in self._values else getattr(self._line, name)
