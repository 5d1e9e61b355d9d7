"""Unposted lines whose project, contract or contract line has got another number since they were made (D-123).

A line has the number that was valid when it was imported. A name remembers which rows have left it, so a posting that
is faster than the change of the line still finds the row, and the line takes the number that the row has now. Where
another row has taken the old number meanwhile, the line's actual says which of them is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from project_invoicing.domain.actual import Actual, Reference
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.master_data import Part
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.text import guid
from project_invoicing.setup.effective import Found
from project_invoicing.setup.lookups import FinanceSetup

Line = TypeVar("Line", JournalLine, ProposalLine)

NAMED: Final = {"project": Part.PROJECTS, "contract": Part.CONTRACTS, "contract_line": Part.CONTRACT_LINES}
"""The fields of a line that name master data by its number."""
_NOUNS: Final = {"project": "project", "contract": "contract", "contract_line": "contract line"}


def passed_on(line: Line, company: str | None, setup: FinanceSetup) -> dict[str, tuple[Reference, ...]]:
    """The fields of a line whose number some row has left, with the rows that have or had it.

    ``company``: the one whose project it is.
    """
    found = {name: setup.passed_on(part, company, getattr(line, name)) for name, part in NAMED.items()}
    return {name: rows for name, rows in found.items() if rows}


def needs_actual(line: Line, company: str | None, setup: FinanceSetup) -> bool:
    """Whether only the line's actual can tell whose number it has."""
    return any(len(rows) > 1 for rows in passed_on(line, company, setup).values())


def as_numbered_now(line: Line, company: str, setup: FinanceSetup, actual: Actual | None) -> Line:
    """The line under the numbers that are valid now.

    Refuses one whose project, contract or contract line has no number in the company any more, and one that does not
    say whose number it has: both change with the next import.
    """
    names: dict[str, Any] = {
        name: _number_of(rows, name, getattr(line, name), company, setup, actual)
        for name, rows in passed_on(line, company, setup).items()
    }
    return replace(line, **names)


def held(before: Line, now: Line, company: str, setup: FinanceSetup) -> bool:
    """Whether a row has each number that is another one ``now``, by what was read of that number."""
    numbers = {part: (getattr(before, name), getattr(now, name)) for name, part in NAMED.items()}
    return all(setup.is_row(part, company, new) for part, (old, new) in numbers.items() if new != old)


def _number_of(
    rows: Sequence[Reference], name: str, number: str, company: str, setup: FinanceSetup, actual: Actual | None
) -> str:
    row = rows[0] if len(rows) == 1 else _meant(rows, name, company, setup, actual)
    what = f"{_NOUNS[name]} {number} of {company}"
    if row is None:
        raise _not_yet(f"{what} has passed its number on to another, and the line does not say whose it is")
    found = setup.find(row.entity, row.id, deleted_too=True)
    if not isinstance(found, Found):
        raise _not_yet(f"{what} has lost its number: {found.detail}")
    if found.company not in (None, company):
        raise _not_yet(f"{what} is {found.name} of {found.company} now")
    return found.name


def _meant(
    rows: Sequence[Reference], name: str, company: str, setup: FinanceSetup, actual: Actual | None
) -> Reference | None:
    """Which of the rows the actual names, itself or by its project."""
    if actual is None:
        return None
    named: Reference | None = getattr(actual, name)
    if named:
        return next((row for row in rows if (row.entity, row.id) == (named.entity, guid(named.id))), None)
    project = setup.find(actual.project.entity, actual.project.id) if actual.project and name == "contract" else None
    contract = setup.contract_of_project(company, project.name) if isinstance(project, Found) else None
    return next((row for row in rows if contract and setup.find(row.entity, row.id) == contract), None)


def _not_yet(detail: str) -> Refused:
    return Refused(WaitReason.REFERENCE_MISSING, f"{detail}; the next import brings the line up to date")
