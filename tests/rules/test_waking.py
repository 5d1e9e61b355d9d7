"""What waits for master data is imported when that comes, and nothing else is looked at (D-200 to D-203)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from project_invoicing.domain.master_data import RateKey
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.events.own import MasterDataLoaded
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.store.staging import Staging
from tests import master
from tests.builders import AT, Context, guid, option
from tests.counting import counted
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import IN_POUNDS, bill, billed, cost, sale

UNKNOWN = {"project": "PRJ-2"}
PROJECT = master.project("PRJ-2", contract="CTR-1")
BLOCKER = f"msdyn_project#{guid('PRJ-2')}"


@pytest.fixture
def books(new_books: Callable[[], Books]) -> Books:
    """Contoso's books, empty but for the row of its legal entity."""
    books = new_books()
    comes(books, master.company("USPM"))
    return books


def staging(books: Books) -> Staging:
    return Staging(books.world.client, books.world.names.staging_table)


def blocker(books: Books, name: str) -> str | None:
    return staging(books).rows([guid(name)])[guid(name)].blocker


def waits(books: Books, *contexts: Context) -> None:
    """These arrive and are imported, as far as they can be."""
    books.arrive(*contexts)
    books.import_staging()


def comes(books: Books, *contexts: Context) -> None:
    """Master data arrives, and whoever listens is told; nothing is scheduled."""
    books.arrive(*contexts)
    books.world.drain()
    books._result = None


# --- what blocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contexts", "document", "expected"),
    [
        ([cost("one", **UNKNOWN)], finance(), BLOCKER),
        ([sale("one", **IN_POUNDS)], finance(exchange_rates=[]), "rate#GBP#USD"),
        ([cost("one", category="Training")], finance(), "policy"),
        ([bill("one")], finance(), None),
    ],
)
def test_a_waiting_row_stores_what_would_end_its_wait(
    books: Books, contexts: list[Context], document: dict[str, object], expected: str | None
) -> None:
    books.use(document)
    waits(books, *contexts)
    assert blocker(books, "one") == expected
    assert [row.id for row in staging(books).blocked_by([expected or "policy"])] == [guid("one")] * bool(expected)


def test_a_row_that_waits_no_longer_has_no_blocker(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), cost("two", **UNKNOWN))
    books.arrive(cost("two", message="Update", changed=["msdyn_project"], at="2026-08-28T10:00:00Z"))
    assert blocker(books, "two") is None
    comes(books, PROJECT)
    assert (books.state("one"), blocker(books, "one")) == ("imported", None)
    assert list(staging(books).blocked_by([BLOCKER])) == []


# --- what is woken ----------------------------------------------------------------------------------------------------


def test_stg_14_the_arrival_of_a_project_imports_exactly_what_waited_for_it(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), cost("other", project="PRJ-3"))
    books.arrive(cost("later"))
    comes(books, PROJECT)
    assert [line["actual_id"] for line in books.journal_lines()] == [guid("one")]
    assert (books.state("other"), books.state("later")) == ("pending", "pending")


def test_a_row_that_says_nothing_new_wakes_nobody(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN))
    comes(books, PROJECT)
    books.arrive(PROJECT)
    assert books.world.unsent() == []


def test_stg_23_opening_a_project_imports_what_waited_for_that(books: Books) -> None:
    comes(books, master.project("PRJ-2", contract="CTR-1", statecode=option(1)))
    waits(books, cost("one", **UNKNOWN))
    assert (books.row("one")["reason"], blocker(books, "one")) == ("project_closed", BLOCKER)
    reopened = master.project("PRJ-2", contract="CTR-1", message="Update", at="2026-08-29T10:00:00Z")
    comes(books, reopened)
    assert books.state("one") == "imported"


def test_a_proposal_whose_rows_wait_for_a_project_is_filled_when_that_comes_and_its_sales_are_posted(
    books: Books,
) -> None:
    waits(books, *billed(**UNKNOWN))
    assert books.reasons() == ["reference_missing"]
    comes(books, PROJECT)
    assert (books.state("work/unbilled"), books.reasons()) == ("imported", ["unbilled_sales_not_posted"])
    books.run("journal_posting")
    books.world.drain()
    books._result = None
    assert books.proposal()["status"] == "ready"


def test_a_header_whose_contract_is_unknown_gets_its_company_and_lines_when_that_comes(books: Books) -> None:
    of: dict[str, str] = {"contract": "CTR-2"}
    waits(books, *billed(**of, contract_line="CTR-1-FP", project="PRJ-1"))
    comes(books, master.account("C-009"), master.contract("CTR-2", customer="C-001"))
    assert books.proposal()["company"] == "USPM"
    assert "reference_missing" not in books.reasons()


def test_a_first_load_has_everything_looked_at_once(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), *billed("two", **UNKNOWN))
    books.arrive(PROJECT)
    assert books.world.unsent()  # told to nobody, as in a first load
    assert books.state("one") == "pending"
    loaded = MasterDataLoaded(map="projects").on_bus(books.world.at, "projects")
    books.world.tell("staging_import", loaded)
    books._result = None
    assert (books.state("one"), books.state("two/unbilled")) == ("imported", "imported")


def test_looking_for_what_waits_costs_the_same_whatever_else_waits(books: Books) -> None:
    def requests(others: int) -> int:
        waits(books, *(cost(f"other {others} {n}", project="PRJ-9") for n in range(others)))
        event = sample("staging_import/master-data-changed")
        event["detail"]["blockers"] = [BLOCKER]
        with counted(books.world.client) as usage:
            books.call("staging_import", event)
        return usage.requests

    assert requests(1) == requests(30)


def test_a_rate_that_comes_imports_what_waited_for_it(books: Books) -> None:
    books.use(finance(exchange_rates=[]))
    waits(books, sale("one", **IN_POUNDS))
    rates = ExchangeRates(books.world.client, books.world.names.master_data_table)
    assert rates.set(
        RateKey("default", "GBP", "USD"), {date(2026, 8, 1): ExchangeRate(Decimal("1.25"), Decimal(1))}, AT
    )
    comes(books)
    assert books.state("one") == "imported"
    assert books.journal_line("one")["price_exchange_rate"] == "1.25"


def test_what_waits_since_before_rows_had_a_blocker_is_found_by_the_schedule_and_then_has_one(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN))
    books.world.client.update_item(
        TableName=books.world.names.staging_table,
        Key={"pk": {"S": guid("one")}, "sk": {"S": "A"}},
        UpdateExpression="REMOVE bk",
    )
    assert blocker(books, "one") is None
    books.import_staging()
    assert blocker(books, "one") == BLOCKER
