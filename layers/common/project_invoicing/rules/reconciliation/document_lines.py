"""Checks lines of journals and proposals against the rows that name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from project_invoicing.domain.journal import Journal
from project_invoicing.domain.ledger import JOURNAL
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.rules.explaining.words import state
from project_invoicing.rules.reconciliation.findings import ON_DOCUMENTS, PROPOSAL, Finding, of_row
from project_invoicing.setup.lookups import FinanceSetup

CHECK = "document_lines"


class Named(NamedTuple):
    """A document as rows name it. ``kind`` is ``journal`` or ``proposal``."""

    company: str
    kind: str
    number: str


@dataclass(slots=True)
class DocumentLines:
    """Counts, for each document, the rows that say they are on it."""

    setup: FinanceSetup
    _rows: Counter[Named] = field(default_factory=Counter)

    def add(self, row: StagedRow) -> None:
        if row.state not in ON_DOCUMENTS:
            return
        company = row.company or ""
        if row.journal_id:
            self._rows[Named(company, JOURNAL, row.journal_id)] += 1
        elif row.proposal_id and row.line_number is not None:
            self._rows[Named(company, PROPOSAL, row.proposal_id)] += 1
        if row.intercompany_proposal:
            self._rows[Named(company, PROPOSAL, row.intercompany_proposal)] += 1

    def is_other_journal(self, journal: Journal) -> bool:
        """Whether the number of a journal's rows differs from its lines. Called once per journal."""
        rows = self._rows.pop(Named(journal.company, JOURNAL, journal.journal_id), 0)
        return rows != journal.line_count - journal.error_lines

    def is_other_proposal(self, header: Proposal) -> bool:
        """As ``is_other_journal``. While its lines are being deleted the two may differ."""
        rows = self._rows.pop(Named(header.company or "", PROPOSAL, header.number), 0)
        return rows != header.line_count and not header.deleting

    def without_header(self) -> list[Named]:
        """Documents that rows name but that do not exist: nothing asked for them."""
        return list(self._rows)

    def without_row(
        self, document: Named, lines: Mapping[str, int], rows: Mapping[str, StagedRow]
    ) -> Iterator[Finding]:
        """Checks each line against its row, both as they are now. ``lines`` has line numbers by actual."""
        for id, line in lines.items():
            row = rows.get(id)
            if row and document.number in (row.journal_id, row.proposal_id, row.intercompany_proposal):
                continue
            says = f"its row is {state(row)}" if row else "it has no row"
            detail = f"line {line} of {document.kind} {document.number} is of this actual, but {says}"
            if row:
                yield of_row(CHECK, row, self.setup, detail, row.actual.amount)
            else:
                yield Finding(CHECK, Difference(ACTUAL, id, detail, document.company))

    def without_line(self, document: Named, lines: Mapping[str, int], rows: Iterable[StagedRow]) -> Iterator[Finding]:
        """Checks each of the ``rows`` that name a document against its lines."""
        for row in rows:
            if row.id not in lines and row.line_number is not None:
                detail = f"names line {row.line_number} of {document.kind} {document.number}, which has no line of it"
                yield of_row(CHECK, row, self.setup, detail, row.actual.amount)
