"""The verbs of a staging row, as writes that take part in the transactions of all stores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from project_invoicing.domain.codes import StagingState, WriteBackState
from project_invoicing.domain.journal_line import Accrual, CostAccounts
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import Correction, OnDocument, OnJournal, SaleToBill, StagedRow
from project_invoicing.domain.states import ROWS, RowVerb
from project_invoicing.store.items import Item
from project_invoicing.store.lineage_columns import lineage_text
from project_invoicing.store.staged_rows import ROW
from project_invoicing.store.staging_columns import accrual_text
from project_invoicing.store.staging_queue import (
    blocker_key,
    changed_position,
    document_position,
    import_position,
    queued_as,
    queued_as_rejected,
    sale_position,
)
from project_invoicing.store.transactions import Write, update

if TYPE_CHECKING:
    from project_invoicing.domain.accrued_revenue import AccrualCorrection

_TOLD: Final[dict[str, None]] = dict.fromkeys(("re", "rd", "rs", "bk"))
"""What a row says of its wait, cleared."""
_OFF_QUEUE: Final[dict[str, None]] = {"q": None, "qs": None}


class RowVerbs:
    """The transitions of staging rows (``ROWS``). Each verb is one write, on condition that the row is unchanged.

    A verb on a row that was read raises ``Conflict`` where the row's state does not allow it.
    """

    table: str

    def wait(self, row: StagedRow, wait: Wait | None, company: str | None, at: str) -> Write:
        """The row keeps waiting and says why; with ``None`` its proposal says why.

        The start of the wait is kept while the reason stays the same.
        """
        ROWS.after(row.state, RowVerb.LEFT_WAITING)
        values: dict[str, Any] = {**_TOLD, "co": company}
        if wait:
            since = row.since if row.reason is wait.reason else at
            values |= {"re": wait.reason, "rd": wait.detail, "rs": since}
            values["bk"] = blocker_key(blocker) if (blocker := wait.blocked_by) else None
        return self._row(row.id, values, _unchanged(row))

    def invalidate(self, row: StagedRow, reason: str | None, detail: str, at: str) -> Write:
        """The row can never become a line as it is, or Dataverse does not have it (STG-13)."""
        after = ROWS.after(row.state, RowVerb.INVALIDATED)
        values = {"st": after, **_TOLD, "re": reason, "rd": detail, "rs": at, **_OFF_QUEUE}
        if reason:
            values |= queued_as_rejected(at, row.id, ROW)
        return self._row(row.id, values, _unchanged(row))

    def skip(self, row: StagedRow, detail: str, at: str) -> Write:
        """The row needs no import (SKIP-08)."""
        after = ROWS.after(row.state, RowVerb.SKIPPED)
        values = {"st": after, **_TOLD, "rd": detail, "rs": at, **_OFF_QUEUE}
        return self._row(row.id, values, _unchanged(row))

    def revive(self, row: StagedRow, at: str) -> Write:
        """An invalid row waits for an import again, since ``at``."""
        after = ROWS.after(row.state, RowVerb.REVIVED)
        values: dict[str, Any] = {"st": after, **_TOLD, **_OFF_QUEUE}
        if not row.actual.skip_sync:
            values |= queued_as(row.id, import_position(row.actual, at))
        return self._row(row.id, values, {"st": row.state, "ch": row.changes})

    def journalised(
        self,
        row: StagedRow,
        company: str,
        journal_id: str,
        line_number: int,
        rate: ExchangeRate,
        *,
        by: str | None = None,
    ) -> Write:
        """The row has become a line of a draft journal. ``by`` also takes it in the same write, as ``take`` does."""
        values = {"jn": journal_id, "ln": line_number, "xr": _rate_text(rate)}
        return self._off_queue(row, RowVerb.IMPORTED, company, values, by)

    def proposed(
        self, row: StagedRow, company: str, proposal_id: str, line_number: int, *, by: str | None = None
    ) -> Write:
        """The row has become a line of a proposal. ``by`` also takes it in the same write, as ``take`` does."""
        return self._off_queue(row, RowVerb.IMPORTED, company, {"pn": proposal_id, "ln": line_number}, by)

    def covered(self, row: StagedRow, company: str, proposal_id: str, *, by: str | None = None) -> Write:
        """A row without money that came after its proposal was posted is done, without line or voucher (99-21)."""
        return self._off_queue(row, RowVerb.COVERED, company, {"pn": proposal_id}, by)

    def _off_queue(
        self, row: StagedRow, verb: RowVerb, company: str, values: Mapping[str, Any], by: str | None
    ) -> Write:
        cleared = _OFF_QUEUE | _TOLD
        taken = _taken(by)
        values = {"st": ROWS.after(row.state, verb), "co": company, **values, **cleared, **taken}
        return self._row(row.id, values, _unchanged(row), free_for=taken)

    def take(self, id: str, by: str, continued: StagedRow | None = None) -> Write:
        """``by`` takes the actual to continue it, if no other has (99-25). Repeating it changes nothing.

        The actual may not have arrived: its taker can be known before it. ``continued``: its row as it was read, which
        nobody may have moved meanwhile: the line that continues it has its accounts and dimensions.
        """
        taken = _taken(by)
        expected = {"cv": _corrections(continued.corrections)} if continued else {}
        return self._row(id, taken, expected, free_for=taken)

    def free(self, id: str, by: str) -> Write:
        """The actual is no longer continued, so another may continue it."""
        return self._row(id, {"tk": None}, _taken(by))

    def relined(self, row: StagedRow, rate: ExchangeRate) -> Write:
        """The row's unposted line has been updated to its current version."""
        ROWS.after(row.state, RowVerb.RELINED)
        return self._row(row.id, {"q": None, "qs": None, "xr": _rate_text(rate)}, _unchanged(row))

    def rerated(self, actual_id: str, journal_id: str, rate: ExchangeRate) -> Write:
        """The row's unposted line has another exchange rate (FXR-08)."""
        return self._row(actual_id, {"xr": _rate_text(rate)}, _on(OnJournal(journal_id), RowVerb.RELINED))

    def moved(self, actual_id: str, journal_id: str, new_journal_id: str, line_number: int) -> Write:
        """The row's line has moved to the journal of lines that failed to post."""
        values = {"jn": new_journal_id, "ln": line_number}
        return self._row(actual_id, values, _on(OnJournal(journal_id), RowVerb.RELINED))

    def up_to_date(self, row: StagedRow) -> Write:
        """The row's last change needs nothing more."""
        ROWS.after(row.state, RowVerb.LOOKED_AT)
        return self._row(row.id, {"q": None, "qs": None}, _unchanged(row))

    def to_look_at(self, actual_id: str, document: OnDocument) -> Write:
        """The row's unposted line is looked at by the next import, as if the row had changed."""
        values = queued_as(actual_id, changed_position(actual_id))
        return self._row(actual_id, values, _on(document, RowVerb.RELINED))

    def flag_late(self, row: StagedRow) -> Write:
        """The row changed too late: its document is posted or being posted."""
        ROWS.after(row.state, RowVerb.LOOKED_AT)
        return self._row(row.id, {"lt": True, "q": None, "qs": None}, _unchanged(row))

    def released(self, actual_id: str, document: OnDocument, at: str | None = None, *, by: str | None = None) -> Write:
        """The row's unposted line was deleted ``at`` a time: it waits for an import again (STG-03, STG-19).

        ``document`` is where the line was. ``by`` no longer takes it, freed in the same write as ``free`` does.
        """
        expected = _on(document, RowVerb.RELEASED)
        values = {
            "st": ROWS.after(expected["st"], RowVerb.RELEASED),
            **queued_as(actual_id, document_position(actual_id, document, at)),
            "jn": None,
            "pn": None,
            "ln": None,
            "xr": None,
        } | ({"tk": None} if by else {})
        return self._row(actual_id, values, expected | _taken(by))

    def posted(
        self,
        actual_id: str,
        document: OnDocument,
        *,
        voucher: str | None,
        accounting_amount: Decimal | None,
        exchange_rate: Decimal | None,
        sales_tax_amount: Decimal | None,
        lineage: Lineage,
        accrual: Accrual | None = None,
        cost_accounts: CostAccounts | None = None,
        to_bill: SaleToBill | None = None,
    ) -> Write:
        """The row's line is posted: stores the accounting details (WB-01, WB-02) and what the line hands on (99-22).

        ``to_bill`` is for a sale that now waits to be billed between companies. It takes the row's place in the queue
        of changes to be looked at, so a row whose change came too late is flagged here.
        """
        expected = _on(document, RowVerb.POSTED)
        values: dict[str, Any] = {
            "st": ROWS.after(expected["st"], RowVerb.POSTED),
            "vo": voucher,
            "aa": accounting_amount,
            "er": exchange_rate,
            "tx": sales_tax_amount,
            "ac": accrual_text(accrual) if accrual else None,
            "ca": None if cost_accounts is None else json.dumps(cost_accounts, separators=(",", ":")),
            "li": lineage_text(lineage, accrual, sales_tax_amount),
        }
        if to_bill:
            row = to_bill.row
            position = sale_position(actual_id, to_bill.lender, to_bill.borrower, to_bill.on)
            values |= queued_as(actual_id, position) | ({"lt": True} if row.outdated else {})
            expected = _unchanged(row, expected["st"]) | expected
        return self._row(actual_id, values, expected)

    def corrected(
        self,
        row: StagedRow,
        by: Correction,
        *,
        cost_accounts: CostAccounts | None = None,
        accrual: Accrual | None = None,
        lineage: Lineage | None = None,
    ) -> Write:
        """A voucher of its own moves what was posted with the row: what follows goes where it is now.

        On condition that nobody else has moved it, taken it back or billed it since it was read. What is not given
        stays.
        """
        after = ROWS.after(row.state, RowVerb.CORRECTED)
        kept_accrual, kept_lineage = accrual or row.accrual, lineage or row.lineage
        values: dict[str, Any] = {"st": after, "cv": _corrections((*row.corrections, by))}
        if cost_accounts is not None:
            values["ca"] = json.dumps(cost_accounts, separators=(",", ":"))
        if accrual:
            values["ac"] = accrual_text(accrual)
        if kept_lineage and (accrual or lineage):
            values["li"] = lineage_text(kept_lineage, kept_accrual, row.sales_tax_amount)
        return self._row(row.id, values, _uncorrected(row))

    def as_corrected(self, row: StagedRow) -> Write:
        """Nothing changes: on condition that the row is posted, and that nobody else has moved it since it was read."""
        values = {"st": ROWS.after(row.state, RowVerb.CORRECTED)}
        return self._row(row.id, values, _uncorrected(row))

    def put_on_correction_journal(self, row: StagedRow, number: str) -> Write:
        """A draft correction journal has the imbalance of its accrual, as it was read, and no other journal has."""
        values = {"st": ROWS.after(row.state, RowVerb.CORRECTED), "aj": number}
        return self._row(row.id, values, {**_uncorrected(row), "aj": None})

    def taken_off_correction_journal(self, id: str, number: str) -> Write:
        """The draft has it no longer."""
        return self._row(id, {"aj": None}, {"aj": number})

    def accrual_corrected(self, row: StagedRow, by: Correction, correction: AccrualCorrection) -> Write:
        """A correction journal has brought to zero what was left of its accrual. It is on no draft any more."""
        from project_invoicing.store.correction_columns import corrections_text  # noqa: PLC0415 - hardly ever needed

        values = {
            "st": ROWS.after(row.state, RowVerb.CORRECTED),
            "aj": None,
            "ar": corrections_text((*row.accrual_corrections, correction)),
            "cv": _corrections((*row.corrections, by)),
        }
        return self._row(row.id, values, {**_uncorrected(row), "aj": row.correction_journal})

    def written_back(self, actual_id: str, voucher: str | None, refusal: str | None) -> Write:
        """Dataverse took the accounting details of this voucher, or refused them (WB-03, WB-10)."""
        values = {"wb": WriteBackState.FAILED if refusal else WriteBackState.DONE, "wd": refusal}
        return self._row(actual_id, values, {"st": ROWS.before(RowVerb.WRITTEN_BACK), "vo": voucher})

    def billed_between(self, row: StagedRow, proposal_id: str) -> Write:
        """The posted inter-organizational sale is on an intercompany proposal."""
        ROWS.after(row.state, RowVerb.BILLED_BETWEEN_COMPANIES)
        values = {"ip": proposal_id, "q": None, "qs": None}
        return self._row(row.id, values, {"st": row.state, "ip": None, "cv": _corrections(row.corrections)})

    def not_billed_between(self, row: StagedRow, proposal_id: str, lender: str, borrower: str, on: date) -> Write:
        """The posted sale is taken off an intercompany proposal, and waits to be billed by another one (ICV-08)."""
        ROWS.after(row.state, RowVerb.BILLED_BETWEEN_COMPANIES)
        values = {"ip": None, **queued_as(row.id, sale_position(row.id, lender, borrower, on))}
        return self._row(row.id, values, {"st": row.state, "ip": proposal_id, "ch": row.changes})

    def _row(self, id: str, values: Item, expected: Item, *, free_for: Item | None = None) -> Write:
        return update(self.table, id, ROW, values, expected=expected, free_for=free_for)


def _on(document: OnDocument, verb: RowVerb) -> dict[str, Any]:
    """The condition on a row for ``verb`` to happen while its line is on ``document``."""
    name, number = ("jn", document.journal_id) if isinstance(document, OnJournal) else ("pn", document.number)
    return {"st": ROWS.before(verb), name: number}


def _unchanged(row: StagedRow, state: StagingState | None = None) -> dict[str, Any]:
    return {"st": state or row.state, "ch": row.changes, "lk": row.links_accepted or None}


def _taken(by: str | None) -> dict[str, Any]:
    return {"tk": UUID(by).bytes} if by else {}


def _uncorrected(row: StagedRow) -> dict[str, Any]:
    """The condition that nobody has moved, billed or taken back what was posted with a row since it was read."""
    taker = UUID(row.taken_by).bytes if row.taken_by else None
    return {"st": row.state, "tk": taker, "ip": row.intercompany_proposal, "cv": _corrections(row.corrections)}


def _corrections(all_: Sequence[Correction]) -> list[str] | None:
    return ["#".join(part for part in one if part is not None) for one in all_] or None


def _rate_text(rate: ExchangeRate) -> str:
    return f"{rate.rate}/{rate.factor}"
