"""What a proposal waits for while its journals are posted one by one, and when it is looked at (STG-06, STG-07)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.proposal import Proposal
from project_invoicing.store.invoices import HEADER
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staged_rows import ROW
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact, update
from project_invoicing.use_cases.proposals.import_lines import ProposalImport
from tests.builders import guid, proforma
from tests.harness import envelope
from tests.own_events import journal_posted
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.stories import bill, billed, bills, cost, sale

WORKS = ("one", "two", "three")
ONE_EACH = ("parameters.USPM.journal_line_limit", 1)
CONFIRMED, IMPORTED = "2026-08-31T13:00:00Z", "2026-08-31T13:30:00Z"


@pytest.fixture
def waiting(books: Books) -> Books:
    """A proposal of three works, each on a journal of its own."""
    books.use(finance(ONE_EACH))
    books.world.at = CONFIRMED
    books.arrive(*billed(*WORKS, total="4800"))
    books.world.at = IMPORTED
    books.import_staging()
    return books


def journal_of(books: Books, work: str) -> str:
    return str(books.row(f"{work}/unbilled")["journal_id"])


def header(books: Books) -> Proposal:
    found = proposals(books).get(guid("inv-1"))
    assert found
    return found


def proposals(books: Books) -> Proposals:
    return Proposals(books.world.client, books.world.names.proposals_table, calendar_dates("invoices"))


def waits(books: Books) -> set[str | None]:
    return {wait["actual_id"] for wait in books.proposal()["waiting_for"]}


def unbilled(*works: str) -> set[str]:
    return {guid(f"{work}/unbilled") for work in works}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The proposals that an import looks at, in their order."""
    looked: list[str] = []
    look = ProposalImport.run_one

    def run_one(self: ProposalImport, proforma_id: str) -> None:
        looked.append(proforma_id)
        look(self, proforma_id)

    monkeypatch.setattr(ProposalImport, "run_one", run_one)
    return looked


@contextmanager
def before_update(books: Books, interrupt: Callable[[], object]) -> Iterator[None]:
    """Lets ``interrupt`` happen just before the first single update of the block."""
    numbers = count()

    def sending(**_: Any) -> None:
        if next(numbers) == 0:
            interrupt()

    events: Any = books.world.client.meta.events
    events.register("before-call.dynamodb.UpdateItem", sending)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.UpdateItem", sending)
    assert next(numbers) > 0, "no update was sent"


def told(books: Books, journal_id: str) -> None:
    """The import is told that a journal is posted."""
    books.world.tell("staging_import", journal_posted(books.world.at, journal_id=journal_id))


def posted_untold(books: Books, work: str) -> str:
    """Posts the journal of a work; nobody hears of it. Returns its number."""
    journal_id = journal_of(books, work)
    books.run("journal_posting", journal_id=journal_id)
    return journal_id


# --- one by one -------------------------------------------------------------------------------------------------------


def test_a_proposal_is_looked_at_when_the_last_of_its_journals_is_posted(waiting: Books, looked_at: list[str]) -> None:
    for done, work in enumerate(WORKS[:-1], start=1):
        waiting.post_journals(journal_id=journal_of(waiting, work))
        assert (waiting.proposal()["status"], waits(waiting)) == ("waiting", unbilled(*WORKS[done:]))
        assert waiting.row(f"{work}/billed")["reason"] == "unbilled_sales_not_posted"
    assert looked_at == []
    waiting.post_journals(journal_id=journal_of(waiting, WORKS[-1]))
    assert looked_at == [guid("inv-1")]
    assert (waiting.proposal()["status"], len(waiting.proposal()["lines"])) == ("ready", 3)


def test_what_a_proposal_waits_for_names_no_journal_that_is_posted(waiting: Books) -> None:
    posted = journal_of(waiting, "one")
    waiting.post_journals(journal_id=posted)
    details = [wait["detail"] for wait in waiting.proposal()["waiting_for"]]
    assert len(details) == 2
    assert not any(posted in detail for detail in details)


def test_a_rows_wait_is_on_its_proposal_and_not_on_the_row(waiting: Books) -> None:
    """So that a wait costs no write of the row."""
    staging = Staging(waiting.world.client, waiting.world.names.staging_table)
    (row,) = staging.rows([guid("one/billed")]).values()
    assert (row.reason, row.detail, row.since) == (None, None, None)
    assert waiting.row("one/billed")["reason"] == "unbilled_sales_not_posted"


def test_a_row_explained_names_what_blocks_it_and_since_when(waiting: Books) -> None:
    asked = envelope({"id": guid("two/billed")}, waiting.world.at, "Manual Question", "by.hand")
    (made,) = waiting.call("explain", asked)["found"]
    assert made["headline"].endswith("waits: unbilled_sales_not_posted")
    (wait,) = made["waits_for"]
    named = {name: wait[name] for name in ("reason", "since", "actual_id", "amount", "date", "document", "status")}
    assert named == {
        "reason": "unbilled_sales_not_posted",
        "since": CONFIRMED,
        "actual_id": guid("two/unbilled"),
        "amount": "1600.00",
        "date": "2026-08-27",
        "document": journal_of(waiting, "two"),
        "status": "draft",
    }


def test_a_row_whose_own_sale_is_posted_waits_for_its_proposal(waiting: Books) -> None:
    waiting.post_journals(journal_id=journal_of(waiting, "one"))
    asked = envelope({"id": guid("one/billed")}, waiting.world.at, "Manual Question", "by.hand")
    (made,) = waiting.call("explain", asked)["found"]
    assert made["waits_for"][0]["detail"].startswith("all of its proposal or none: unbilled sale ")
    assert not any(guid("one/unbilled") in wait["detail"] for wait in made["waits_for"])


# --- since when, and what is expected ---------------------------------------------------------------------------------


def test_a_proposal_says_what_it_expects_and_since_when_it_waits(waiting: Books) -> None:
    proposal = waiting.proposal()
    assert (proposal["expected"], proposal["waiting_since"]) == ("4800.00", CONFIRMED)
    waiting.world.at = "2026-08-31T14:00:00Z"
    waiting.arrive(proforma("inv-1", total="5000", at="2026-08-31T13:59:00Z", message="Update"))
    waiting.post_journals()
    proposal = waiting.proposal()
    assert (waiting.reasons(), proposal["expected"], proposal["waiting_since"]) == (
        ["billed_sales_mismatch"],
        "5000.00",
        CONFIRMED,
    )


def test_a_proposal_that_is_ready_waits_no_longer_and_one_whose_lines_are_deleted_again(waiting: Books) -> None:
    waiting.post_journals()
    assert (waiting.proposal()["status"], waiting.proposal()["waiting_since"]) == ("ready", None)
    waiting.world.at = "2026-09-01T08:00:00Z"
    waiting.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    assert (waiting.proposal()["status"], waiting.proposal()["waiting_since"]) == ("waiting", "2026-09-01T08:00:00Z")


def test_a_proposal_waits_since_its_proforma_came_first_whatever_was_delivered_first(books: Books) -> None:
    changed = proforma("inv-1", total="5000", row_version=2, message="Update")
    books.world.at = IMPORTED
    books.arrive(changed)
    books.world.at = CONFIRMED
    books.arrive(proforma("inv-1", total="4800", row_version=1))
    assert (books.proposal()["expected"], books.proposal()["waiting_since"]) == ("5000.00", CONFIRMED)


def test_a_proforma_without_a_total_expects_nothing_that_is_known(books: Books) -> None:
    books.arrive(proforma("inv-1", total=None))
    assert books.proposal()["expected"] is None


# --- what else may happen ---------------------------------------------------------------------------------------------


def test_a_proposal_whose_sales_are_on_no_journal_yet_is_looked_at_at_each_posting(
    books: Books, looked_at: list[str]
) -> None:
    """Nobody knows on which journal they will be."""
    books.use(finance(ONE_EACH))
    books.arrive(*billed("one", "two", total="3200"), bill("late/billed"), bills("late/billed", "late/unbilled"))
    books.arrive(proforma("inv-1", total="4800", at="2026-08-31T12:30:00Z", message="Update"))
    books.import_staging()
    assert waits(books) == unbilled("one", "two", "late")
    books.arrive(sale("late/unbilled"))
    books.run("staging_import", actual_id=guid("late/unbilled"))
    books.post_journals(journal_id=journal_of(books, "late"))
    assert (looked_at, waits(books)) == ([guid("inv-1")], unbilled("one", "two"))
    books.post_journals()
    assert books.proposal()["status"] == "ready"


def test_a_sale_that_moved_to_a_journal_of_errors_is_waited_for_there(books: Books, looked_at: list[str]) -> None:
    """The journal that is posted has not all of its lines any more, so the proposal is looked at."""
    two_each = ("parameters.USPM.journal_line_limit", 2)
    books.use(finance(two_each, ledger_posting=accounts_without("wip_sales_value")))
    other = {"start": "2026-08-26"}
    books.arrive(cost("work/cost"), cost("other/cost", **other), *billed(total="3200"))
    books.arrive(*billed("other", **other)[1:])
    books.import_staging()
    assert journal_of(books, "work") != journal_of(books, "other")
    books.post_journals(journal_id=journal_of(books, "work"))
    assert looked_at == [guid("inv-1")]
    details = {wait["actual_id"]: wait["detail"] for wait in books.proposal()["waiting_for"]}
    assert f"is on journal {journal_of(books, 'work')} and not posted" in details[guid("work/unbilled")]
    assert header(books).waits_for_posting == {journal_of(books, "work"), journal_of(books, "other")}

    books.use(finance(two_each))
    books.edit("reset", company="USPM", journal_id=journal_of(books, "work"))
    books.post_journals()
    assert books.proposal()["status"] == "ready"


def test_a_proposal_that_waits_for_something_else_besides_is_looked_at_after_its_journals(
    waiting: Books, looked_at: list[str]
) -> None:
    waiting.arrive(bill("foreign", contract="CTR-2", contract_line=None, project=None))
    waiting.use(second_company(finance(ONE_EACH)))
    waiting.world.drain()
    waiting.import_staging()
    looked_at.clear()
    assert set(waiting.reasons()) == {"unbilled_sales_not_posted", "billed_sales_mismatch"}
    for work in WORKS[:-1]:
        waiting.post_journals(journal_id=journal_of(waiting, work))
    assert looked_at == []
    waiting.post_journals()
    assert looked_at == [guid("inv-1")]
    assert set(waiting.reasons()) == {"billed_sales_mismatch"}


# --- at once, again, and not at all -----------------------------------------------------------------------------------


def test_of_two_journals_that_are_posted_at_once_the_proposal_loses_both(waiting: Books) -> None:
    first, second = posted_untold(waiting, "one"), posted_untold(waiting, "two")
    with before_update(waiting, lambda: told(waiting, second)):
        told(waiting, first)
    assert header(waiting).waits_for_posting == {journal_of(waiting, "three")}


def test_the_last_two_journals_that_are_posted_at_once_complete_the_proposal_once(waiting: Books) -> None:
    waiting.post_journals(journal_id=journal_of(waiting, "one"))
    first = posted_untold(waiting, "two")
    last = journal_of(waiting, "three")

    def meanwhile() -> None:
        waiting.run("journal_posting", journal_id=last)
        told(waiting, last)

    with before_update(waiting, meanwhile):
        told(waiting, first)
    assert (waiting.proposal()["status"], len(waiting.proposal()["lines"])) == ("ready", 3)


def test_a_posting_that_is_told_twice_changes_nothing_the_second_time(waiting: Books) -> None:
    posted = posted_untold(waiting, "one")
    told(waiting, posted)
    before = header(waiting)
    told(waiting, posted)
    assert header(waiting) == before


def test_a_journal_that_was_posted_and_of_which_nobody_was_told_holds_nothing_up(waiting: Books) -> None:
    """The next one that is posted finds it."""
    for work in ("one", "two"):
        posted_untold(waiting, work)
    told(waiting, posted_untold(waiting, "three"))
    assert waiting.proposal()["status"] == "ready"


def test_a_proposal_that_nobody_looked_at_is_complete_with_the_next_import(waiting: Books) -> None:
    for work in WORKS:
        posted_untold(waiting, work)
    waiting.import_staging()
    assert waiting.proposal()["status"] == "ready"


def test_an_import_that_read_before_a_posting_does_not_bring_back_the_journal(waiting: Books) -> None:
    """It decides with what it has read, is refused, and looks again."""
    waiting.arrive(proforma("inv-1", total="5000", at="2026-08-31T13:59:00Z", message="Update"))
    waiting.arrive(bill("more/billed"), bills("more/billed", "more/unbilled"))
    posted = posted_untold(waiting, "one")
    with before_update(waiting, lambda: told(waiting, posted)):
        waiting.import_staging()
    assert posted not in header(waiting).waits_for_posting
    assert posted not in json.dumps(waiting.proposal()["waiting_for"])


# --- stored by the version before -------------------------------------------------------------------------------------


def test_a_proposal_whose_waits_the_version_before_stored_is_looked_at_at_each_posting(waiting: Books) -> None:
    """It does not say which row waits for which journal. What its rows said themselves goes with the next look."""
    old = header(waiting)
    shown = [{"reason": w.reason, "actual_id": w.actual_id, "detail": w.detail} for w in old.waiting_for]
    values = {"wf": json.dumps(shown), "ws": None}
    store = proposals(waiting)
    rows = [
        update(
            waiting.world.names.staging_table,
            guid(f"{work}/billed"),
            ROW,
            {"re": "unbilled_sales_not_posted", "rd": "not posted", "rs": "2026-08-30T08:00:00Z", "co": "USPM"},
            expected={"st": "pending"},
        )
        for work in WORKS
    ]
    stored = update(store.table, f"PROPOSAL#{old.id}", HEADER, values, expected={"pg": None})
    transact(store.client, [stored, *rows])
    waiting.post_journals(journal_id=journal_of(waiting, "one"))
    assert waits(waiting) == unbilled("two", "three")
    assert waiting.proposal()["waiting_since"] == "2026-08-30T08:00:00Z"
    staging = Staging(waiting.world.client, waiting.world.names.staging_table)
    assert {row.reason for row in staging.rows(guid(f"{work}/billed") for work in WORKS).values()} == {None}
    waiting.post_journals()
    assert waiting.proposal()["status"] == "ready"
