"""The header of a journal: each verb is one condition and one update, and says what is read afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.errors import Conflict
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.journal_change import JournalChange
from project_invoicing.store.journals import Journals
from project_invoicing.store.transactions import transact

LATER = "2026-08-28T02:00:00Z"


@pytest.fixture
def journal(journals: Journals) -> Journal:
    """A stored draft with four lines."""
    draft = Journal("USPM", "J-1", JournalStatus.DRAFT, "2026-08", line_count=4, next_line=5)
    transact(journals.client, [journals.create(draft)])
    return draft


def changed(journals: Journals, journal: Journal, *verbs: Callable[[JournalChange], None]) -> Journal:
    """Writes the verbs as one change. Gives the journal as the change says that it is now."""
    change = journals.changing(journal)
    for verb in verbs:
        verb(change)
    transact(journals.client, [change.write()])
    return change.after


def is_posted(change: JournalChange) -> None:
    change.posted(LATER)


def begun(change: JournalChange) -> None:
    change.begun(setup_version=7)


def errors_go_to(change: JournalChange) -> None:
    change.errors_go_to("J-2")


def two_pages_posted(change: JournalChange) -> None:
    change.page_posted(2, failed=1)


def test_what_a_change_says_is_what_is_read_afterwards(journals: Journals, journal: Journal) -> None:
    """A journal's whole life: everything that can happen to one."""
    life: list[list[Callable[[JournalChange], None]]] = [
        [lambda change: change.lines_added(3, LATER)],
        [lambda change: change.lines_removed(1)],
        [lambda change: change.reworded()],
        [lambda change: change.lines_changed(LATER.replace("28", "29"))],
        [JournalChange.failed],
        [lambda change: change.reset(LATER)],
        [begun, errors_go_to, two_pages_posted],
        [lambda change: change.page_posted(), is_posted],
    ]
    for verbs in life:
        journal = changed(journals, journal, *verbs)
        assert journals.get("USPM", "J-1") == journal
        is_open = journal.status in (JournalStatus.DRAFT, JournalStatus.PROCESSING)
        assert [one.journal_id for one in journals.open("USPM")] == (["J-1"] if is_open else [])
    assert (journal.status, journal.posted_pages, journal.error_lines) == (JournalStatus.POSTED, 3, 1)


def test_a_small_journal_is_claimed_posted_and_finished_at_once(journals: Journals, journal: Journal) -> None:
    after = changed(journals, journal, begun, lambda change: change.page_posted(), is_posted)
    assert journals.get("USPM", "J-1") == after
    assert (after.status, after.setup_version, after.posted_pages) == (JournalStatus.POSTED, 7, 1)


def test_of_two_runs_that_post_one_page_one_is_told(journals: Journals, journal: Journal) -> None:
    read = changed(journals, journal, begun, two_pages_posted)
    changed(journals, read, two_pages_posted)
    with pytest.raises(TransactionCancelled):
        changed(journals, read, two_pages_posted)


def test_what_may_not_happen_to_a_journal_is_refused_before_anything_is_written(
    journals: Journals, journal: Journal
) -> None:
    posted = changed(journals, journal, begun, is_posted)
    with pytest.raises(Conflict, match="a journal that is posted cannot be changed"):
        changed(journals, posted, lambda change: change.lines_changed(LATER))
    with pytest.raises(Conflict, match="a journal that is draft cannot be reset"):
        changed(journals, journal, lambda change: change.reset(LATER))
    assert journals.get("USPM", "J-1") == posted
