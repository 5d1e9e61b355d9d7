"""What posting would make of a journal's lines, for the posting itself and for a look before it. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from project_invoicing.domain.codes import JournalStatus, TransactionType, WaitReason
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.journal_posting import JudgedPage, PostedLine, judge, owner_of_work
from project_invoicing.set_aside import Defect, guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.documents.renumbering import Numbering
from project_invoicing.use_cases.master_data.facts import Fact, JournalLineFacts
from project_invoicing.use_cases.setups import Seen, SetupVersions


@dataclass(frozen=True, slots=True)
class Judged:
    """The pages that are not posted yet, each line judged; the set-up and the rows that this was computed with.

    ``pins``: the view of master data, as ``Seen`` has it. ``numbered``: by actual, the lines that name master data by a
    number that it has no longer, as they would be now. ``days``: the accounting dates of the vouchers that are posted.
    """

    setup: FinanceSetup
    pins: str | None
    rows: Mapping[str, StagedRow]
    pages: list[JudgedPage]
    numbered: Mapping[str, JournalLine | Refused]
    days: frozenset[date]

    @property
    def failing(self) -> list[JournalLine]:
        return [line for page in self.pages for line in page.failing]


def judged(journals: Journals, staging: Staging, setups: SetupVersions, journal: Journal) -> Judged:
    """Judges every line of a journal that is not posted yet."""
    pages, days = [], set[date]()
    for page in journals.pages(journal.company, journal.journal_id):
        if page.posted:
            days |= {line.accounting_date for line in page.lines if line.in_ledger}
        else:
            pages.append(page)
    lines = [line for page in pages for line in page.lines]
    (setup, pins), numbered = _numbered(journals, staging, setups, journal, lines)
    rows = _rows(staging, lines)

    def judged_line(line: JournalLine) -> PostedLine:
        now = numbered.get(line.actual_id, line)
        if isinstance(now, Refused):
            return PostedLine(replace(line, error=str(now)))
        return _judged(now, journal, setup, rows)

    made = [JudgedPage(page, list(map(judged_line, page.lines))) for page in pages]
    return Judged(setup, pins, rows, made, numbered, frozenset(days))


def _numbered(
    journals: Journals, staging: Staging, setups: SetupVersions, journal: Journal, lines: Sequence[JournalLine]
) -> tuple[Seen, dict[str, JournalLine | Refused]]:
    """The set-up with the master data that the journal's lines name; what its posting began with, if it has.

    And, by actual, the lines that name their master data by a number that it has no longer (D-123).
    """
    company, version = journal.company, journal.setup_version
    pins = journals.master_data(journal) if journal.status is JournalStatus.PROCESSING and version else None

    def see(facts: Sequence[Fact]) -> Seen:
        if journal.status is not JournalStatus.PROCESSING or not version:
            return setups.seeing(facts)
        return Seen(setups.continued(version, pins, facts), pins)

    def facts(some: Iterable[JournalLine]) -> list[Fact]:
        return [JournalLineFacts.of(company, line) for line in some]

    def owner(line: JournalLine, setup: FinanceSetup) -> str | None:
        return owner_of_work(line, company, setup)

    return Numbering(staging, see, facts, owner).now(lines)


def _rows(staging: Staging, lines: Iterable[JournalLine]) -> Mapping[str, StagedRow]:
    """The rows needed to post lines: what they take back, and the rows of inter-organizational sales."""
    lines = list(lines)
    sales = [line.actual_id for line in lines if line.kind is TransactionType.INTER_ORGANIZATIONAL_SALES]
    return staging.rows([*(line.original_id for line in lines if line.original_id), *sales])


def _judged(line: JournalLine, journal: Journal, setup: FinanceSetup, rows: Mapping[str, StagedRow]) -> PostedLine:
    """As ``judge``, but a line that raises anything fails like any other, with the class of the exception."""
    found = guarded("actual", line.actual_id, _with_rows, line, journal, setup, rows)
    if isinstance(found, Defect):
        return PostedLine(replace(line, error=f"{WaitReason.DEFECT}: {found}"))
    return found


def _with_rows(line: JournalLine, journal: Journal, setup: FinanceSetup, rows: Mapping[str, StagedRow]) -> PostedLine:
    rows.get(line.actual_id)  # a line that is posted with its row needs a readable row
    return judge(line, journal, setup, rows.get(line.original_id or ""))
