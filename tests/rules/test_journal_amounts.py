"""What a journal's lines come to, as its header says it: whatever is added, changed, deleted or moved away."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Amount, Journal
from project_invoicing.store.journal_change import HEADER, partition
from project_invoicing.store.journals import Journals
from project_invoicing.store.transactions import update, write_one
from project_invoicing.use_cases.journals import add_lines
from project_invoicing.use_cases.lists.asked import Asked, Kind
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import page
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance
from tests.rules.stories import IN_POUNDS, approval, cost


def journals_of(books: Books) -> Journals:
    return Journals(books.world.client, books.world.names.journals_table)


def held(books: Books, number: str = "USPM-000001") -> Journal:
    """The journal, whose header says what the sum of its lines is."""
    journals = journals_of(books)
    journal = journals.get("USPM", number)
    assert journal
    lines = [line for one in journals.pages("USPM", number) for line in one.lines]
    assert journal.amounts == Journal("USPM", number, journal.status, journal.period).amounts_with(added=lines)
    return journal


def listed(books: Books, status: str | None = None) -> list[tuple[str, str | None, str | None]]:
    place = ListPlace.read(books.world.client, books.world.names, books.world.at)
    return [(row.journal_id, row.cost, row.sales) for row in page(place, Asked(Kind.JOURNALS, status=status)).rows]


def test_a_header_says_what_its_lines_come_to(books: Books) -> None:
    books.use(finance())
    books.arrive(*approval(), *approval("gbp", **IN_POUNDS))
    books.import_staging()
    assert held(books).amounts == (Amount("GBP", sales=Decimal(1600)), Amount("USD", Decimal(1600), Decimal(1600)))
    assert listed(books) == [("USPM-000001", "1600.00 USD", "1600.00 GBP, 1600.00 USD")]
    books.arrive(cost("more", price="25"))
    books.import_staging()
    books.arrive(cost("more", price="50", row_version=10**6))  # its amount is another one now
    books.import_staging()
    assert held(books).amounts == (Amount("GBP", sales=Decimal(1600)), Amount("USD", Decimal(2000), Decimal(1600)))
    books.arrive(cost("more", price="50", row_version=10**6 + 1, skip_sync=True))  # it leaves the journal
    books.import_staging()
    assert held(books).line_count == 4
    books.post_journals()
    assert held(books).status == "posted"
    assert listed(books, "posted") == [("USPM-000001", "1600.00 USD", "1600.00 GBP, 1600.00 USD")]


def test_what_is_not_charged_is_no_sales(books: Books) -> None:
    books.use(finance())
    books.arrive(*approval())
    books.import_staging()
    lines = [line for one in journals_of(books).pages("USPM", "USPM-000001") for line in one.lines]
    free = [replace(line, chargeable=False) for line in lines]
    empty = Journal("USPM", "USPM-000001", JournalStatus.DRAFT, "2026-08-31")
    assert empty.amounts_with(added=lines) == (Amount("USD", Decimal(800), Decimal(1600)),)
    assert empty.amounts_with(added=free) == (Amount("USD", Decimal(800)),)


def test_a_run_of_several_pages_counts_each_of_them(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(add_lines, "PAGE_LINES", 2)
    books.use(finance())
    books.arrive(*approval(), *approval("second"), *approval("third"))
    books.import_staging()
    assert held(books).amounts == (Amount("USD", Decimal(2400), Decimal(4800)),)
    assert held(books).line_count == 6


def test_lines_that_fail_take_their_amounts_with_them(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("cost")))
    books.arrive(*approval())
    books.import_staging()
    books.post_journals()
    assert held(books).amounts == (Amount("USD", sales=Decimal(1600)),)
    assert held(books, "USPM-000002").amounts == (Amount("USD", Decimal(800)),)
    assert books.edit("delete_lines", company="USPM", journal_id="USPM-000002") == "deleted"
    assert held(books, "USPM-000002").amounts == ()
    assert ("USPM-000002", "0.00 USD", "0.00 USD") in listed(books)


def test_a_journal_of_an_earlier_version_does_not_say_and_is_worked_with_all_the_same(books: Books) -> None:
    books.use(finance())
    books.arrive(*approval())
    books.import_staging()
    journals, pk = journals_of(books), partition("USPM", "USPM-000001")
    write_one(books.world.client, update(journals.table, pk, HEADER, {"am": None}, expected={"pk": pk}))
    books.arrive(cost("more"))
    books.import_staging()
    assert listed(books) == [("USPM-000001", None, None)]
    books.arrive(cost("more", price="25", row_version=10**6))
    books.import_staging()
    assert books.edit("delete_lines", company="USPM", journal_id="USPM-000001") == "deleted"
    books.import_staging()
    assert held(books).line_count == 3


def test_a_sum_of_fewer_lines_than_there_are_is_not_believed(books: Books) -> None:
    """An earlier version that adds lines while both are at work knows nothing of the sum."""
    books.use(finance())
    books.arrive(*approval())
    books.import_staging()
    journals, pk = journals_of(books), partition("USPM", "USPM-000001")
    write_one(books.world.client, update(journals.table, pk, HEADER, {"n": 3, "no": 4}, expected={"pk": pk}))
    assert listed(books) == [("USPM-000001", None, None)]
