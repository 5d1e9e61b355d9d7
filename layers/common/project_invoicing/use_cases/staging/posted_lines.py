"""What rows hand on that were posted before rows stored it: it is read from their posted documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.lineage import Lineage, lineage_of
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.taking import Takers
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staged_rows import Rows
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.setups import SetupVersions


@dataclass(frozen=True, slots=True)
class PostedLines:
    """The lines of posted documents."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    setups: SetupVersions

    def rows(self, ids: Iterable[str]) -> dict[str, StagedRow]:
        """The rows of these actuals, every posted one with what its line hands on.

        Costs more than the rows themselves only for those posted by the previous version: a journal's pages, or
        recomputing an invoice, once each.
        """
        return self._with_lineage(self.staging.rows(ids))

    def rows_and_takers(self, ids: Iterable[str]) -> tuple[dict[str, StagedRow], dict[str, str]]:
        """As ``rows``, with who has taken each of these actuals (99-25)."""
        found, takers = self.staging.rows_and_takers(ids)
        return self._with_lineage(found), takers

    def continued_by(self, rows: Sequence[StagedRow], ids: Iterable[str]) -> tuple[dict[str, StagedRow], Takers]:
        """As ``rows``, with who has taken what ``rows`` are to continue.

        A taker that cannot be read has taken it all the same, and is known by its id alone.
        """
        found, by = self.rows_and_takers(ids)
        others = {taker for row in rows if (taker := by.get(row.takes or "")) and taker != row.id}
        return found, Takers(by, self.staging.readable(others) if others else {})

    def _with_lineage(self, found: Rows) -> Rows:
        """Adds lineage. A row that continues one whose document cannot be read waits; the others do not."""
        old: dict[str, list[StagedRow]] = defaultdict(list)
        for row in found.values():
            if row.state is StagingState.POSTED and row.lineage is None:
                old[f"{row.company} {row.journal_id or row.proposal_id}"].append(row)
        for document, rows in old.items():
            lineages = guarded("document", document, self._of_document, rows)
            if isinstance(lineages, Defect):
                found.hide(rows)
            else:
                found.update({id: replace(found[id], lineage=lineage) for id, lineage in lineages.items()})
        return found

    def _of_document(self, rows: Sequence[StagedRow]) -> dict[str, Lineage]:
        return self._on_journals(rows) | self._on_invoices(rows)

    def _on_journals(self, rows: Iterable[StagedRow]) -> dict[str, Lineage]:
        wanted = {row.id for row in rows if row.journal_id}
        documents = {(row.company or "", row.journal_id): None for row in rows if row.journal_id}
        return {
            line.actual_id: handed_on_by(line)
            for company, journal_id in documents
            for page in self.journals.pages(company, journal_id)
            for line in page.lines
            if page.posted and line.actual_id in wanted
        }

    def _on_invoices(self, rows: Iterable[StagedRow]) -> dict[str, Lineage]:
        documents: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in rows:
            if row.proposal_id and row.line_number:  # a row without one came after the posting, and has no line
                documents[row.company or "", row.proposal_id].add(row.id)
        if not documents:
            return {}
        from project_invoicing.use_cases.invoices.draft import posted_before  # noqa: PLC0415  only of older releases

        return {
            line.actual_id: lineage_of(line, line.charges[0])
            for (company, number), wanted in documents.items()
            for line in posted_before(self.proposals, self.setups, company, self._invoice_number(company, number))
            if line.actual_id in wanted
        }

    def _invoice_number(self, company: str, proposal_id: str) -> str:
        header = self.proposals.numbered(company, proposal_id)
        return (header.invoice_number if header else None) or ""
