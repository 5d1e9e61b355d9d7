"""POST, JRN-18: journals of any size, what fails and waits for a reset, filters, posting that dies."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.events.own import JournalFailed, JournalPosted
from project_invoicing.rules import journal_posting
from project_invoicing.rules.journal_posting import PostedLine
from project_invoicing.use_cases.journals import judged as judging
from tests.builders import guid
from tests.faults import TRANSACTION, Killed, dying
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.journals.cases import billing, small_pages, statuses
from tests.rules.stories import approval, cost, sale

EXPENSE: dict[str, Any] = {"transaction_class": "expense"}


def with_an_error(books: Books) -> None:
    """USPM-000001 is posted but for an expense, which is on USPM-000002 in error."""
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(cost("work"), cost("trip", **EXPENSE))
    books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", 1), ("USPM-000002", "error", 1)]


# --- what fails -------------------------------------------------------------------------------------------------------


def test_post_04_post_09_a_journal_in_error_is_not_posted_until_it_is_reset(books: Books) -> None:
    with_an_error(books)
    books.use(finance())  # the account is there now
    books.post_journals()
    books.post_journals(journal_id="USPM-000002")
    assert statuses(books)[1] == ("USPM-000002", "error", 1)
    assert books.edit("reset", company="USPM", journal_id="USPM-000002") == "reset"
    assert statuses(books)[1] == ("USPM-000002", "draft", 1)
    books.post_journals()
    assert statuses(books)[1] == ("USPM-000002", "posted", 1)
    assert books.result["journals"][1]["lines"][0]["error"] is None
    assert books.state("trip") == "posted"


@pytest.mark.parametrize("journal_id", ["USPM-000001", "USPM-000404"])
def test_post_09_only_a_journal_in_error_can_be_reset(books: Books, journal_id: str) -> None:
    with_an_error(books)
    before = statuses(books)
    outcome = books.edit("reset", company="USPM", journal_id=journal_id)
    assert outcome.startswith("refused: ")
    assert journal_id in outcome
    assert statuses(books) == before


def test_post_04_a_line_that_still_fails_after_the_reset_stays_in_error_on_its_journal(books: Books) -> None:
    with_an_error(books)
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.post_journals()
    assert statuses(books) == [("USPM-000001", "posted", 1), ("USPM-000002", "error", 1)]
    assert books.result["journals"][1]["original_journal"] == "USPM-000001"


def test_post_03_inv_27_the_bad_lines_of_many_pages_are_on_one_journal_of_errors(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(*(message for n in range(5) for message in (cost(f"trip {n}", **EXPENSE), cost(f"hour {n}"))))
    with small_pages():
        books.journalise()
    assert statuses(books) == [("USPM-000001", "posted", 5), ("USPM-000002", "error", 5)]
    assert [line["line_number"] for line in books.result["journals"][1]["lines"]] == [1, 2, 3, 4, 5]
    books.use(finance())
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.post_journals()
    assert {row["state"] for row in books.result["staging"]} == {"posted"}


def test_post_11_a_line_that_fails_says_why_and_the_bus_says_where(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("expense_offset")))
    books.arrive(cost("work"), cost("trip", **EXPENSE))
    books.import_staging()
    voucher = books.journal_line("trip")["voucher"]
    books.world.run("journal_posting")
    events = {event.detail_type: event.detail for event in books.world.drain()}
    (line,) = books.world.result()["journals"][1]["lines"]
    assert line["voucher"] == voucher
    assert line["error"] == (
        "ledger_account_missing: ledger_posting.USPM has no account for posting type expense_offset "
        "(project PRJ-1, category Travel)"
    )
    named = {"version": 1, "company": "USPM", "line_count": 1}
    posted = {**named, "journal_id": "USPM-000001", "accounting_dates": ["2026-08-27"]}
    assert events[JournalPosted.TYPE] == posted
    assert events[JournalFailed.TYPE] == {**named, "journal_id": "USPM-000002", "original_journal": "USPM-000001"}


def test_jrn_18_an_invoice_is_posted_on_a_date_in_an_open_period(books: Books) -> None:
    """An invoice's accounting date is its invoice date, or else the first of the next open period (99-23)."""
    periods = [
        {"start": "2026-08-01", "end": "2026-08-31", "status": "open"},
        {"start": "2026-09-01", "end": "2026-09-30", "status": "on_hold"},
        {"start": "2026-10-01", "end": "2026-10-31", "status": "open"},
    ]
    books.use(finance(("parameters.USPM.auto_open_period", False), fiscal_periods={"USPM": periods}))
    books.arrive(*approval())
    books.journalise()
    books.arrive(*billing("work", total="1600"))
    books.import_staging()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-09-15")
    assert (books.proposal()["status"], books.reasons()) == ("ready", ["period_closed"])
    books.use(finance(fiscal_periods={"USPM": periods}))
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-09-15")
    assert books.proposal()["status"] == "posted"
    assert books.invoice()["invoice_date"] == "2026-09-15"
    assert books.result["vouchers"][-1]["accounting_date"] == "2026-10-01"


# --- which journals ---------------------------------------------------------------------------------------------------


def three_days(books: Books) -> None:
    """A journal for each of three days, the second with a line that fails first; one of another company."""
    books.use(second_company(finance(("parameters.USPM.journal_period", "days"))))
    books.arrive(*(cost(day, start=day) for day in ("2026-08-25", "2026-08-26", "2026-08-27")))
    books.arrive(cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging()


@pytest.mark.parametrize(
    ("scope", "posted"),
    [
        ({"journal_id": "USPM-000002", "company": "USPM"}, ["2026-08-26"]),
        ({"period_start": "2026-08-27", "company": "USPM"}, ["2026-08-27"]),
        ({"company": "GBPM"}, ["theirs"]),
        ({"company": "USPM"}, ["2026-08-25", "2026-08-26", "2026-08-27"]),
        ({"journal_id": "USPM-000002", "period_start": "2026-08-27", "company": "USPM"}, []),
        ({"original_journal": "USPM-000001", "company": "USPM"}, []),
    ],
)
def test_post_14_a_run_posts_the_journals_that_its_filters_name(
    books: Books, scope: dict[str, str], posted: list[str]
) -> None:
    three_days(books)
    books.post_journals(**scope)
    states = {row["actual_id"]: row["state"] for row in books.result["staging"]}
    assert {id for id, state in states.items() if state == "posted"} == {guid(name) for name in posted}


def test_post_14_the_journals_of_errors_of_one_journal_can_be_posted_by_its_number(books: Books) -> None:
    with_an_error(books)
    books.use(finance())
    books.edit("reset", company="USPM", journal_id="USPM-000002")
    books.arrive(cost("new"))
    books.import_staging()
    books.post_journals(original_journal="USPM-000001")
    assert (books.state("trip"), books.state("new")) == ("posted", "imported")


# --- posting that dies ------------------------------------------------------------------------------------------------


@pytest.fixture
def half_posted(books: Books) -> Books:
    """A journal of eight lines, six of them posted when the posting died."""
    books.arrive(*(sale(f"hour {n}", "1", "1") for n in range(8)))
    with small_pages():
        books.import_staging()
        with dying(books.world.client, 2, applied=False, operation=TRANSACTION), pytest.raises(Killed):
            books.post_journals()
    states = [row["state"] for row in books.world.result()["staging"]]
    assert (states.count("posted"), states.count("imported")) == (6, 2)
    assert books.world.result()["journals"][0]["status"] == "processing"
    return books


def test_post_07_a_posting_that_died_half_way_goes_on_by_itself_at_the_next_run(half_posted: Books) -> None:
    """Nobody resets anything, and nothing waits 24 hours. What arrives meanwhile has a journal of its own (JRN-05)."""
    half_posted.arrive(sale("later", "1", "1"))
    half_posted.journalise()
    assert statuses(half_posted) == [("USPM-000001", "posted", 8), ("USPM-000002", "posted", 1)]
    assert {row["state"] for row in half_posted.result["staging"]} == {"posted"}
    assert len({voucher["voucher"] for voucher in half_posted.result["vouchers"]}) == 9


def test_post_07_what_was_begun_is_finished_with_the_set_up_it_was_begun_with(half_posted: Books) -> None:
    half_posted.use(finance(accrual=False))
    half_posted.post_journals()
    assert {name: str(amount) for name, amount in half_posted.balances().items()} == {
        "wip_sales_value": "8.00",
        "accrued_revenue_sales_value": "-8.00",
    }


def test_post_03_a_line_that_fails_only_once_its_posting_was_begun_moves_too(
    half_posted: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal was begun without a journal of errors; its number is drawn, so that nothing else gets it."""

    def judge(line: JournalLine, *more: Any) -> PostedLine:
        if line.line_number == 8:
            raise KeyError(line.actual_id)
        return journal_posting.judge(line, *more)

    with monkeypatch.context() as patched:
        patched.setattr(judging, "judge", judge)
        half_posted.post_journals()
    assert statuses(half_posted) == [("USPM-000001", "posted", 7), ("USPM-000002", "error", 1)]
    half_posted.arrive(sale("later", "1", "1"))
    half_posted.import_staging()
    assert statuses(half_posted)[2] == ("USPM-000003", "draft", 1)


@pytest.mark.parametrize("action", ["reset", "edit", "delete_lines"])
def test_post_07_while_a_journal_is_being_posted_nobody_changes_it(half_posted: Books, action: str) -> None:
    request = {"company": "USPM", "journal_id": "USPM-000001", "actual_id": guid("hour 7")}
    before = half_posted.result
    assert "is processing" in half_posted.edit(action, **request)
    assert half_posted.result == before
