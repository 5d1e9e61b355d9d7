"""Applies a change of master data to unposted lines: a project has moved, a contract has another customer or rate.

A line that belongs to another owner now is treated as one whose actual has changed, and so is one that names its
project or contract by a number that is gone: nothing stands under it. Whatever else changes (names, addresses,
terms, dates) is read at the posting anyway. What is posted stays as it is; the reconciliation names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import ProposalStatus, StagingState
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey, Seen, SeenName, SeenRow
from project_invoicing.domain.master_row import MOVES_WORK, ON_LINES, moved_columns
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import POLICY, rate_blocker
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import CONTRACT, MILESTONE
from project_invoicing.events.own import MasterDataChanged
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.set_aside import guarded
from project_invoicing.store.unit_of_work import first_of, retried
from project_invoicing.use_cases.master_data.facts import PriceFacts
from project_invoicing.use_cases.master_data.reader import Reader
from project_invoicing.use_cases.staging.apply_changes import CHUNK, UNPOSTED, Changes

_FIXED_RATE: Final = "fixed_exchange_rate"
_ATTEMPTS: Final = 6

Line = JournalLine | ProposalLine


def changed_meanwhile(reader: Reader) -> list[MasterDataChanged]:
    """What has changed for lines since a run read it, each change as its event has told it.

    The event may have come before the run wrote the lines, and found none.
    """
    changes = (_change(*one) for one in reader.differing(_on_lines))
    return [change for change in changes if change]


def _on_lines(key: Key, seen: Seen | None) -> bool:
    """Whether lines depend on it: the rows that they hang on, contracts, which may agree a rate, and milestones."""
    if isinstance(key, RowKey):
        return key.entity in ON_LINES and seen is not None
    if isinstance(key, NameKey) and key.part is Part.ON_ACCOUNT_TRANSACTIONS:
        return True
    return isinstance(key, NameKey) and key.part is Part.CONTRACTS and seen is not None


def _change(key: Key, before: Seen | None, now: Seen | None) -> MasterDataChanged | None:
    match key, before, now:
        case RowKey(entity, id), SeenRow(), SeenRow(company=company, number=number):
            changed = moved_columns(before, now)
        case NameKey(Part.ON_ACCOUNT_TRANSACTIONS, company, number), _, _:
            entity, id = MILESTONE, number
            was, is_ = (one.finance if isinstance(one, SeenName) else {} for one in (before, now))
            changed = tuple(sorted(name for name in {*was, *is_} if was.get(name) != is_.get(name)))
        case NameKey(_, company, number), SeenName(), SeenName(id=id):
            entity = CONTRACT
            changed = (_FIXED_RATE,) if before.finance.get(_FIXED_RATE) != now.finance.get(_FIXED_RATE) else ()
        case _:
            return None
    told = MasterDataChanged(entity=entity, id=id, company=company, number=number, blockers=(), changed=changed)
    return told if changed else None


@dataclass(frozen=True, slots=True)
class ChangedMasterData:
    """What a change of master data does to drafts and ready proposals. It reads them only if it can do anything."""

    changes: Changes
    change: MasterDataChanged

    def apply(self) -> list[str]:
        """Returns the ids of the actuals that were on lines and are looked at again now."""
        changed = set(self.change.changed or ())
        entity = self.change.entity
        if entity == CONTRACT and _FIXED_RATE in changed and self.change.number:
            self.changes.of_fixed_rate(self.change.number, self._companies(changed))
        if entity == MILESTONE and self.change.number:
            return self._of_milestone(self.change.number, changed)
        if entity not in ON_LINES or not changed & MOVES_WORK:
            return []
        again: list[str] = []
        for some in chunks(self._lines(ON_LINES[entity], changed), CHUNK):
            rows = self.changes.staging.readable(line.actual_id for line in some)
            self.changes.setups.reader.actuals(row.actual for row in rows.values())
            for line in some:
                row = rows.get(line.actual_id)
                if row and guarded("actual", row.id, self._of_row, row, line) is True:
                    again.append(row.id)
        return again

    def woken(self) -> frozenset[str]:
        """What rows that may wait no longer have stored as their blocker.

        Finance's own columns of a name without a row end nothing that waits for the policy. A fixed rate also stands in
        for a rate of the day.
        """
        blockers = frozenset(self.change.blockers)
        if self.change.changed is not None:
            blockers -= {POLICY}
        company, number = self.change.company, self.change.number
        if _FIXED_RATE not in (self.change.changed or ()) or not company or not number:
            return blockers
        setups = self.changes.setups
        if company not in setups.current.document.companies:
            return blockers
        accounting = setups.current.accounting_currency(company)
        setups.reader.look([PriceFacts(company, number, accounting)])
        contract = setups.current.contract(company, number)
        fixed = contract.fixed_exchange_rate if contract else None
        return blockers | {rate_blocker(fixed.currency, accounting)} if fixed else blockers

    def _of_milestone(self, milestone: str, changed: set[str]) -> list[str]:
        """The lines of a milestone whose on-account transaction was edited while an import wrote them (OAT-03)."""
        # Imported late: few organizations bill by milestones.
        from project_invoicing.domain.finance_columns import COLUMNS  # noqa: PLC0415
        from project_invoicing.use_cases.master_data.milestones import standings  # noqa: PLC0415

        if changed.isdisjoint(COLUMNS[Part.ON_ACCOUNT_TRANSACTIONS]):
            return []
        rows = standings(self.changes.staging, [milestone])[milestone].billed_by
        self.changes.setups.reader.actuals(row.actual for row in rows)
        return [row.id for row in rows if guarded("actual", row.id, self._anew, row) is True]

    def _of_row(self, row: StagedRow, line: Line) -> bool:
        return row.state is StagingState.IMPORTED and self._differs(row, line) and self._anew(row)

    def _anew(self, row: StagedRow) -> bool:
        """Looks at a row that is on an unposted line again, as if it had changed itself."""
        if row.state is not StagingState.IMPORTED:
            return False
        known: StagedRow | None = row
        read = first_of(known, lambda: self.changes.staging.readable([row.id]).get(row.id))

        def step() -> None:
            now = read()
            if now and now.state is StagingState.IMPORTED:
                self.changes.of_row(now)

        # Who is told of a change is told once: a page that others write at the same time is read again.
        retried(f"line of actual {row.id}", step, attempts=_ATTEMPTS)
        return True

    def _differs(self, row: StagedRow, line: Line) -> bool:
        owner = owner_of(row.actual, self.changes.setup)
        if not isinstance(owner, Owner):
            return True
        now = (owner.company, owner.project, owner.contract, owner.contract_line)
        if (row.company, line.project, line.contract, line.contract_line) != now:
            return True
        return isinstance(line, JournalLine) and line.customer != owner.customer

    def _lines(self, field: str, changed: set[str]) -> Iterator[Line]:
        """The unposted lines that name it; if its number has changed too, all, because they name it as it was."""
        names = {self.change.number, self._written_name()} - {None}
        for line in self._unposted(self._and_lenders(self._companies(changed))):
            if "number" in changed or getattr(line, field) in names:
                yield line

    def _unposted(self, companies: list[str]) -> Iterator[Line]:
        journals, proposals = self.changes.journals, self.changes.proposals
        for company in companies:
            for journal in journals.unposted(company, one_list=self.changes.setups.one_list):
                if journal.status in UNPOSTED:
                    for page in journals.pages(company, journal.journal_id):
                        yield from () if page.posted else page.lines
            for header in proposals.open(company):
                if header.status is ProposalStatus.READY and not header.intercompany:
                    yield from proposals.lines(header.id)

    def _companies(self, changed: set[str]) -> list[str]:
        """Where its lines are: with its company, but everywhere if that has changed or is none."""
        known = self.change.company
        return [known] if known and "company" not in changed else list(self.changes.setup.document.companies)

    def _and_lenders(self, companies: list[str]) -> list[str]:
        """Where lines may name work of these companies: a lender's name the borrower's project."""
        setup = self.changes.setup
        lenders = (terms.lender for company in companies for terms in setup.lenders(company))
        return list(dict.fromkeys((*companies, *lenders)))

    def _written_name(self) -> str | None:
        """The name that the document gives it, which its lines may have."""
        return self.changes.setup.document.references.get(self.change.entity, {}).get(self.change.id or "")
