"""The index of lists: what is open and what is posted, filters, and places to go on from."""

from __future__ import annotations

from datetime import date

import pytest

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.store.journals import Journals
from project_invoicing.store.transactions import Write, transact
from tests.counting import counted
from tests.store.test_documents import a_journal_line

OPEN, POSTED = JournalStatus.DRAFT, JournalStatus.POSTED


def put(journals: Journals, *found: tuple[int, JournalStatus]) -> None:
    """Journals of days in August."""
    writes: list[Write] = [
        journals.create(Journal("USPM", f"J-{day:02d}", status, date(2026, 8, day).isoformat()))
        for day, status in found
    ]
    transact(journals.client, writes)


def all_of(journals: Journals, limit: int, status: str | None = None, since: str | None = None) -> list[list[str]]:
    """The numbers page by page."""
    pages, before = [], None
    for _ in range(50):
        found = journals.listed("USPM", limit, status=status, since=since, before=before)
        pages.append([number for number, _ in found.documents])
        if not (before := found.before):
            return pages
    raise AssertionError(pages)


def flat(pages: list[list[str]]) -> list[str]:
    return [number for page in pages for number in page]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_what_is_open_comes_first_and_each_is_listed_once_newest_first(journals: Journals, limit: int) -> None:
    put(journals, *((day, POSTED if day % 3 else OPEN) for day in range(1, 12)))
    pages = all_of(journals, limit)
    days = [*(day for day in range(11, 0, -1) if not day % 3), *(day for day in range(11, 0, -1) if day % 3)]
    assert flat(pages) == [f"J-{day:02d}" for day in days]
    assert max(map(len, pages)) <= limit


def test_a_status_is_found_among_what_is_open_and_a_day_bounds_the_list(journals: Journals) -> None:
    put(journals, (1, OPEN), (2, JournalStatus.ERROR), (3, OPEN), (4, POSTED))
    assert flat(all_of(journals, 10, "draft")) == ["J-03", "J-01"]
    assert flat(all_of(journals, 10, "error")) == ["J-02"]
    assert flat(all_of(journals, 10, "posted")) == ["J-04"]
    assert flat(all_of(journals, 10, since="2026-08-02")) == ["J-03", "J-02", "J-04"]
    assert flat(all_of(journals, 10, "processing")) == []


def test_what_comes_while_somebody_pages_moves_nothing(journals: Journals) -> None:
    put(journals, (1, POSTED), (2, POSTED), (3, POSTED))
    first = journals.listed("USPM", 2, status="posted", since=None, before=None)
    put(journals, (9, POSTED))
    second = journals.listed("USPM", 2, status="posted", since=None, before=first.before)
    assert [[number for number, _ in page.documents] for page in (first, second)] == [["J-03", "J-02"], ["J-01"]]
    assert first.documents[0] == ("J-03", "2026-08-03")


def test_a_journal_moves_from_the_open_list_to_the_posted_one(journals: Journals) -> None:
    put(journals, (1, OPEN))
    journal = journals.get("USPM", "J-01")
    assert journal
    change = journals.changing(journal)
    change.begun(1)
    change.page_posted()
    change.posted("2026-08-31T09:00:00Z")
    transact(journals.client, [change.write()])
    assert flat(all_of(journals, 5, "draft")) == []
    assert all_of(journals, 5, "posted") == [["J-01"]]


def test_what_an_earlier_version_listed_as_open_is_read_until_it_has_left(journals: Journals) -> None:
    put(journals, (1, OPEN), (2, OPEN), (3, OPEN), (4, POSTED))
    for day in (2, 3):
        former = {":lp": {"S": "JOURNAL#USPM#open"}, ":ls": {"S": f"2026-08-{day:02d}#J-{day:02d}"}}
        journals.client.update_item(
            TableName=journals.table,
            Key={"pk": {"S": f"JOURNAL#USPM#J-{day:02d}"}, "sk": {"S": "H"}},
            UpdateExpression="SET lp = :lp, ls = :ls",
            ExpressionAttributeValues=former,
        )
    for limit in (1, 2, 10):
        assert flat(all_of(journals, limit)) == ["J-03", "J-02", "J-01", "J-04"]
    assert flat(all_of(journals, 10, "draft", since="2026-08-02")) == ["J-03", "J-02"]
    assert journals.opened("USPM", 2, "2026-08-01") == (["J-03", "J-02"], True)
    assert journals.open_states("USPM", 10) == (dict.fromkeys(("J-03", "J-02", "J-01"), "draft"), False)
    for day in (2, 3):
        journal = journals.get("USPM", f"J-{day:02d}")
        assert journal
        change = journals.changing(journal)
        change.begun(1)
        change.page_posted()
        change.posted("2026-08-31T09:00:00Z")
        transact(journals.client, [change.write()])
    assert flat(all_of(journals, 10)) == ["J-01", "J-04", "J-03", "J-02"]
    with counted(journals.client) as usage:
        assert journals.listed("USPM", 10, status=None, since=None, before=None).before == ""
    assert usage.requests == 1


def test_a_voucher_leads_to_the_page_for_which_its_number_was_drawn(journals: Journals) -> None:
    first, second = [a_journal_line(1), a_journal_line(2)], [a_journal_line(3)]
    transact(journals.client, [journals.page("USPM", "J-1", first, 2), journals.page("USPM", "J-2", second, 3)])
    for line, journal in ((first[0], "J-1"), (first[1], "J-1"), (second[0], "J-2")):
        assert journals.with_voucher_drawn("USPM", line.line_number, line.voucher) == journal
    assert journals.with_voucher_drawn("USPM", 1, "another") is None
    assert journals.with_voucher_drawn("USPM", 9, "PV-9") is None
    assert journals.with_voucher_drawn("GBPM", 1, first[0].voucher) is None


def test_a_line_that_failed_is_found_by_way_of_the_journal_where_it_was(journals: Journals) -> None:
    line = a_journal_line(1)
    first = Journal("USPM", "J-1", JournalStatus.POSTED, "2026-08", error_journal="J-2")
    second = Journal("USPM", "J-2", JournalStatus.ERROR, "2026-08", original_journal="J-1")
    transact(
        journals.client,
        [
            journals.create(first),
            journals.create(second),
            journals.page("USPM", "J-1", [a_journal_line(2)], 2),
            journals.page("USPM", "J-2", [line]),
        ],
    )
    client, table = journals.client, journals.table
    client.update_item(
        TableName=table,
        Key={"pk": {"S": "JOURNAL#USPM#J-1"}, "sk": {"S": "H"}},
        UpdateExpression="SET ej = :to",
        ExpressionAttributeValues={":to": {"S": "J-2"}},
    )
    assert journals.with_voucher_drawn("USPM", 1, line.voucher) == "J-2"
