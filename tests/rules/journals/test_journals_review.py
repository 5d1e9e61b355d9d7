"""Review before posting: drafts that the schedule leaves to a person, for ever or for some hours."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.store.journal_change import HEADER
from project_invoicing.store.journals import Journals
from project_invoicing.store.transactions import get, transact, update
from tests.builders import guid
from tests.handlers.samples import sample
from tests.rules.books import Books, before_transaction
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.journals.cases import later, small_pages, statuses
from tests.rules.stories import approval, billed, cost, sale

NUMBER = "USPM-000001"
BY_HAND = {"auto_post_journals": False}
HOURS = {"post_after_hours": 12}


def reviewed(parameters: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return finance(*((f"parameters.USPM.{name}", value) for name, value in parameters.items()), **keys)


def by_schedule(books: Books) -> list[str]:
    """What the schedule posts now, and its failures."""
    answer = books.call("journal_posting", sample("journal_posting/scheduled") | {"time": books.world.at})
    return [*answer["posted"], *answer["failed"]]


def hours_later(books: Books, hours: int) -> None:
    later(books, hours * 60)


def journals_of(books: Books) -> Journals:
    return Journals(books.world.client, books.world.names.journals_table)


@pytest.fixture
def drafted(books: Books) -> Books:
    """A draft of a company that reviews its journals."""
    books.use(reviewed(BY_HAND))
    books.arrive(*approval())
    books.import_staging()
    return books


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({}, id="everything"),
        pytest.param({"company": "USPM"}, id="its company"),
        pytest.param({"company": "USPM", "journal_id": NUMBER}, id="the journal"),
    ],
)
def test_a_draft_under_review_is_posted_when_a_person_posts_it_and_not_before(
    drafted: Books, scope: dict[str, str]
) -> None:
    hours_later(drafted, 1000)
    assert by_schedule(drafted) == []
    assert statuses(drafted) == [(NUMBER, "draft", 2)]
    drafted.post_journals(**scope)
    assert statuses(drafted) == [(NUMBER, "posted", 2)]


def test_the_journals_of_a_company_that_reviews_none_are_posted_meanwhile(books: Books) -> None:
    document = second_company(finance())
    document["parameters"]["USPM"] = document["parameters"]["USPM"] | BY_HAND
    books.use(document)
    books.arrive(cost("ours"), cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging()
    assert len(by_schedule(books)) == 1
    assert (books.state("ours"), books.state("theirs")) == ("imported", "posted")


def test_a_draft_is_posted_by_the_schedule_once_it_has_stood_for_the_hours(books: Books) -> None:
    books.use(reviewed(HOURS))
    books.arrive(*approval())
    books.import_staging()
    later(books, 12 * 60 - 1)
    assert by_schedule(books) == []
    later(books, 1)
    assert by_schedule(books) == [NUMBER]


@pytest.mark.parametrize("change", ["another line", "an edit", "a change in Dataverse"])
def test_the_hours_begin_anew_with_every_line_that_is_added_or_changed(books: Books, change: str) -> None:
    books.use(reviewed(HOURS))
    books.arrive(*approval())
    books.import_staging()
    hours_later(books, 10)
    match change:
        case "another line":
            books.arrive(cost("more"))
        case "an edit":
            of = {"company": "USPM", "journal_id": NUMBER, "actual_id": guid("work/unbilled")}
            assert books.edit("edit", **of, sales_tax_group="EXP") == "edited"
        case "a change in Dataverse":
            books.arrive(sale("work/unbilled", "9", message="Update", at=books.world.at))
    books.import_staging()
    hours_later(books, 11)
    assert by_schedule(books) == []
    hours_later(books, 1)
    assert by_schedule(books) == [NUMBER]


def test_a_line_that_is_added_while_the_schedule_posts_is_reviewed_too(books: Books) -> None:
    books.use(reviewed(HOURS))
    books.arrive(cost("work"))
    books.import_staging()
    hours_later(books, 12)
    books.arrive(cost("more"))
    with before_transaction(books, 0, books.import_staging):
        assert by_schedule(books) == []
    assert statuses(books) == [(NUMBER, "draft", 2)]


def test_an_import_without_news_leaves_the_hours_alone(books: Books) -> None:
    books.use(reviewed(HOURS))
    books.arrive(*approval())
    books.import_staging()
    hours_later(books, 11)
    books.import_staging()
    hours_later(books, 1)
    assert by_schedule(books) == [NUMBER]


def test_a_person_need_not_wait_for_the_hours(books: Books) -> None:
    books.use(reviewed(HOURS))
    books.arrive(*approval())
    books.import_staging()
    books.post_journals(company="USPM", journal_id=NUMBER)
    assert statuses(books) == [(NUMBER, "posted", 2)]


def test_a_journal_that_was_reset_is_reviewed_again(books: Books) -> None:
    books.use(reviewed(HOURS, ledger_posting=accounts_without("payroll_allocation")))
    books.arrive(cost("work"))
    books.import_staging()
    hours_later(books, 12)
    assert by_schedule(books) == [NUMBER]
    assert statuses(books) == [(NUMBER, "error", 1)]
    books.use(reviewed(HOURS))
    assert books.edit("reset", company="USPM", journal_id=NUMBER) == "reset"
    assert by_schedule(books) == []
    hours_later(books, 12)
    assert by_schedule(books) == [NUMBER]
    assert statuses(books) == [(NUMBER, "posted", 1)]


def test_a_posting_that_was_begun_is_finished_whatever_the_company_says_by_now(books: Books) -> None:
    books.use(reviewed({}))
    with small_pages():
        books.arrive(*approval("one"), *approval("two"))
        books.import_staging()
        journals = journals_of(books)
        (journal,) = journals.open("USPM")
        change = journals.changing(journal)
        change.begun(setup_version=1)
        transact(journals.client, [change.write()])
        books.use(reviewed(BY_HAND | HOURS))
        assert by_schedule(books) == [NUMBER]
    assert statuses(books) == [(NUMBER, "posted", 4)]


def test_a_journal_of_the_version_before_which_kept_no_time_is_old_enough(books: Books) -> None:
    books.use(reviewed(HOURS))
    books.arrive(*approval())
    books.import_staging()
    journals = journals_of(books)
    key = (f"JOURNAL#USPM#{NUMBER}", HEADER)
    assert "ca" in (get(journals.client, journals.table, *key) or {})
    transact(journals.client, [update(journals.table, *key, {"ca": None}, expected={"st": JournalStatus.DRAFT})])
    assert by_schedule(books) == [NUMBER]


def test_explain_says_why_a_draft_is_not_posted_yet(drafted: Books) -> None:
    def advice(id: str, version: dict[str, Any]) -> str:
        drafted.use(version)
        (found,) = drafted.run("explain", id=id)["found"]
        (text,) = found["next"]
        return str(text)

    drafted.arrive(*billed(total="1600"))
    drafted.import_staging()
    person = "a person calls journal_posting with its company and journal_id"
    by_hand = f"post journal {NUMBER}: USPM reviews its journals (auto_post_journals): it is posted when {person}"
    hours = (
        f"post journal {NUMBER}: journal_posting does it by its schedule from 2026-09-01T01:00:00Z on "
        f"(post_after_hours), or at once when {person}"
    )
    for id in (NUMBER, guid("work/unbilled"), "INV-0001", guid("work/billed")):
        assert advice(id, reviewed(BY_HAND)) == by_hand
        assert advice(id, reviewed(HOURS)) == hours
        assert advice(id, reviewed({})) == f"post journal {NUMBER}: journal_posting does it by its schedule"
