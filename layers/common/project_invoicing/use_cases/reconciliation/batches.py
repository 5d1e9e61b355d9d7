"""Reads what left for the general ledgers, and has it compared with the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from project_invoicing.domain.ledger_batch import BatchKind, LedgerBatch
from project_invoicing.domain.reconciliation import Check, Difference
from project_invoicing.rules.reconciliation.batches import ANSWERS, DOCUMENTS, TOTALS, Exported, without_sums
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.ready import document_of
from project_invoicing.store.ready_progress import ReadyProgress
from project_invoicing.store.whole_batches import Claim, Unfinished, everything
from project_invoicing.use_cases.reconciliation.watch import Watch

NEWEST: Final = 5
"""Of how many accepted batches of each kind the answers are looked at."""
_TOGETHER: Final = 100

Lasts = dict[str, int]


@dataclass(frozen=True, slots=True)
class LeavingBooks:
    """``exported`` has seen the whole ledger. ``is_posted``: whether a document is posted, to its end, by now.

    The table of batches is read once, without their files.
    """

    batches: LedgerBatches
    exported: Exported
    checks: Mapping[str, Check]
    watch: Watch
    is_posted: Callable[[str, str, str], bool]

    def versions(self) -> Lasts:
        """How far the batches are: what changes while the ledger is read."""
        newest = ((company, self.batches.last(company, BatchKind.LEDGER)) for company in self._companies)
        return {company: last.number * 1_000_000 + last.version for company, last in newest if last}

    def judge(self, before: Lasts) -> None:
        """Makes the checks. ``before``: how far the batches were when the reading of the ledger began."""
        being_made = False
        for item in self.watch.over("items of ledger batches", everything(self.batches.client, self.batches.table)):
            if isinstance(item, Claim):
                self.exported.add_claim((item.company, item.source, item.document), item.period, item.batch)
            elif isinstance(item, Unfinished):
                being_made = True
            else:
                self._report(self.exported.add_waiting(document_of(item)))
        self._documents()
        quiet = before == self.versions() and not being_made
        for company in self._companies:
            every = list(self._all(company))
            self._report(self.exported.standing_still(company, every[-1] if every else None))
            if quiet:
                self._report(self.exported.totals(company, every))
                if number := without_sums(every):
                    self.checks[TOTALS].count("ledger batches without sums by account", number)
            newest = [one for kind in BatchKind for one in [b for b in every if b.kind is kind][-NEWEST:]]
            self._report(self.exported.answers(company, self.batches.open(company), newest))
            self.checks[ANSWERS].count("batches", len(every))
        if not quiet:
            self.checks[TOTALS].not_checked = "batches were made while the tables were read; run it again"

    @property
    def _companies(self) -> list[str]:
        return list(self.exported.setup.document.companies)

    def _documents(self) -> None:
        """What an earlier version posted is on no list until it is put there: it is counted, and no difference."""
        found = [one for one in self.exported.missing() if self._is_missing(one.difference)]
        if found and not ReadyProgress(self.batches.client, self.batches.table).read().done:
            self.checks[DOCUMENTS].count("posted before batches were made: invoicing ledger fill", len(found))
        else:
            self._report(iter(found))

    def _is_missing(self, difference: Difference) -> bool:
        """Looks again: its posting may not be finished, or a batch may have taken it while the tables were read."""
        company, source, document = str(difference.company), difference.entity, difference.id
        taken = self.batches.batches_with(company, source, document)
        return not taken and self.is_posted(company, source, document)

    def _all(self, company: str) -> Iterator[LedgerBatch]:
        """Its batches by kind and number."""
        for kind in BatchKind:
            last = self.batches.last(company, kind)
            for first in range(1, (last.number if last else 0) + 1, _TOGETHER):
                yield from self.batches.between(company, kind, first, first + _TOGETHER - 1)

    def _report(self, found: Iterator[Finding]) -> None:
        for check, difference in found:
            self.checks[check].differs(difference)
