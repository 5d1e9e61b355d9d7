"""Second takers: an unbilled sale is billed once, and a billed or journalised actual is taken back once (99-25)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from project_invoicing.domain.codes import ConnectionRole, WaitReason
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.lookups import FinanceSetup

WHAT: Final = {
    WaitReason.ALREADY_BILLED: "is billed by",
    WaitReason.ALREADY_CREDITED: "is taken back by",
}


@dataclass(frozen=True, slots=True)
class Takers:
    """Who has taken what, as it was read. ``by`` has the takers' ids by what they took, ``rows`` their rows."""

    by: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, StagedRow] = field(default_factory=dict)

    def second(self, row: StagedRow, asked: dict[str, StagedRow], setup: FinanceSetup) -> Wait | None:
        """Why ``row`` may not continue what it names; ``None`` where it may.

        ``asked`` has the rows of the same import that may, by what they take; ``row`` is added to them.
        """
        target = row.takes
        if target is None:
            return None
        taker = self.by.get(target)
        first = self.rows.get(taker) if taker else asked.setdefault(target, row)
        if taker == row.id or first is row:
            return None
        reason = how(first or row)
        by = described(first, setup) if first else f"actual {taker}"
        would = "bills" if ConnectionRole.UNBILLED in row.links else "takes back"
        detail = f"actual {row.id} {would} {target}, which {WHAT[reason]} {by}"
        return Wait(reason, detail, first.id if first else taker)


def how(first: StagedRow) -> WaitReason:
    """How ``first`` has what the row waits for: it bills it, or takes it back."""
    return WaitReason.ALREADY_BILLED if ConnectionRole.UNBILLED in first.links else WaitReason.ALREADY_CREDITED


def described(first: StagedRow, setup: FinanceSetup) -> str:
    """``actual … for 1600.00 USD, line 3 of proposal INV-0001, posted with voucher PV-00000007``."""
    reference = first.actual.currency
    currency = setup.resolve(reference.entity, reference.id) if reference else None
    text = f"actual {first.id} for {Figures(setup).amount(first.actual.amount, currency)} {currency or ''}".rstrip()
    if first.journal_id:
        text += f", line {first.line_number} of journal {first.journal_id}"
    elif first.proposal_id:
        line = "on" if first.line_number is None else f"line {first.line_number} of"
        text += f", {line} proposal {first.proposal_id}"
    else:
        text += ", which waits beside it"
    return f"{text}, posted with voucher {first.voucher}" if first.voucher else text
