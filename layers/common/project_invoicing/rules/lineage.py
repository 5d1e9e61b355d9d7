"""Which posted line a row continues, and what it inherits from it (99-22, D-078).

A billed sale continues the journal line of the unbilled sale it bills, else the invoice line it takes back, else the
one it replaces. A row on a journal continues the line it reverses, else the invoice line it replaces. Where nothing was
posted before, as for a milestone, the current set-up decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import ConnectionRole, StagingState, TransactionClass, TransactionType
from project_invoicing.domain.journal_line import COST_KINDS, JournalLine
from project_invoicing.domain.lineage import Lineage, lineage_of
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow

CONTINUED = (ConnectionRole.UNBILLED, ConnectionRole.ORIGINAL, ConnectionRole.REPLACED)
"""The links to what a row continues, in order of precedence."""


@dataclass(frozen=True, slots=True)
class Continued:
    """What a row inherits from the line it continues. ``takes_back``: the billed sale that it reverses."""

    lineage: Lineage | None = None
    takes_back: str | None = None


NOTHING_BEFORE = Continued()


def continued_by(
    row: StagedRow,
    linked: Mapping[str, StagedRow],
    here: Mapping[str, StagedRow] | None = None,
    lines: Mapping[str, ProposalLine] | None = None,
) -> Continued:
    """What ``row`` continues. ``linked`` has the rows that its links lead to.

    A billed sale may be taken back on the proposal that bills it: ``here`` are the other rows of that proposal, and
    ``lines`` those of its lines that are already written.
    """
    for role in CONTINUED:
        id = row.links.get(role)
        original = linked.get(id or "")
        if id is None or (
            role is ConnectionRole.UNBILLED and row.actual.transaction_class is TransactionClass.RETAINER
        ):
            continue  # an applied retainer is a line of its own, taxed on its date
        if role is ConnectionRole.ORIGINAL and (id in (here or {}) or id in (lines or {})):
            return Continued(_of_the_same(id, linked, here or {}, lines or {}), id)
        if original and original.state is StagingState.POSTED and original.lineage:
            if role is ConnectionRole.ORIGINAL:
                return Continued(_taken_back(row.actual, original, original.lineage), id)
            return Continued(_fitting(row.actual, original, original.lineage.handed_on()))
    original_id = row.links.get(ConnectionRole.ORIGINAL)
    return Continued(takes_back=original_id if ConnectionRole.UNBILLED not in row.links else None)


def _of_the_same(
    id: str, linked: Mapping[str, StagedRow], here: Mapping[str, StagedRow], lines: Mapping[str, ProposalLine]
) -> Lineage | None:
    """What an unposted line hands on to the line that takes it back on the same proposal."""
    if id in lines:
        line = lines[id]
        return lineage_of(line, line.continues[0] if line.continues else None).handed_on()
    others = {name: row for name, row in here.items() if name != id}
    found = continued_by(here[id], linked, others, lines).lineage
    return found.handed_on() if found else None


def _taken_back(actual: Actual, original: StagedRow, lineage: Lineage) -> Lineage:
    """Counted by the invoice only if it takes back the whole line (REG-19).

    An original that has changed since it was posted does not tell what the whole line was.
    """
    lineage = _fitting(actual, original, lineage)
    if actual.transaction_type is TransactionType.COST:
        lineage = replace(lineage, cost_adjustment=_adjustment_back(actual, original, lineage))
    charge = lineage.charge
    if charge and (original.late or actual.amount != -original.actual.amount):
        return replace(lineage, charge=replace(charge, counted=False))
    return lineage


def _adjustment_back(actual: Actual, original: StagedRow, lineage: Lineage) -> Decimal:
    """What a reversal adds to its own amount, so that it takes back the cost that was posted (NEW-01)."""
    added = lineage.cost_adjustment
    if not added:
        return ZERO
    whole = original.late or not original.actual.amount
    return -added if whole else added * actual.amount / original.actual.amount


def _fitting(actual: Actual, original: StagedRow, lineage: Lineage) -> Lineage:
    """The lineage without its line property if the billing type differs: the row itself says whether it has money."""
    same = actual.billing_type is original.actual.billing_type
    return lineage if same else replace(lineage, line_property=None)


def handed_on_by(line: JournalLine) -> Lineage:
    """What a posted journal line hands on."""
    workers = line.worker_dimensions if line.kind in COST_KINDS else None
    made = lineage_of(line, line.charges[0] if line.charges else None, workers)
    return replace(made, cost_adjustment=line.cost_adjustment) if line.cost_adjustment else made
