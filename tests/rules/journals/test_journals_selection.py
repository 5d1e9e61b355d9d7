"""STG-16, STG-18, STG-24, JRN-05: imports of a part, imports and postings at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.rules.books import Books, before_transaction
from tests.rules.finance import finance, second_company
from tests.rules.journals.cases import billing, small_pages, statuses
from tests.rules.stories import approval, bill, cost, sale

THEIRS = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
LIMITED = finance(("parameters.USPM.journal_line_limit", 4))


# --- a part -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_companies(books: Books) -> Books:
    """Two works of each of two companies have arrived."""
    books.use(second_company(finance()))
    books.arrive(*approval("ours"), *approval("theirs", **THEIRS))
    return books


def test_stg_18_stg_24_of_one_company(two_companies: Books) -> None:
    two_companies.import_staging(company="GBPM")
    states = {row["actual_id"]: row["state"] for row in two_companies.result["staging"]}
    assert states == {
        guid("ours/cost"): "pending",
        guid("ours/unbilled"): "pending",
        guid("theirs/cost"): "imported",
        guid("theirs/unbilled"): "imported",
    }
    assert {journal["company"] for journal in two_companies.result["journals"]} == {"GBPM"}
    two_companies.import_staging(company="USPM")
    assert {row["state"] for row in two_companies.result["staging"]} == {"imported"}


def test_stg_24_a_row_that_waits_is_judged_for_its_company_only(books: Books) -> None:
    books.use(second_company(finance()))
    books.arrive(cost("work", category="Training"), cost("theirs", category="Training", **THEIRS))
    books.import_staging(company="GBPM")
    assert (books.row("work")["reason"], books.row("theirs")["reason"]) == (None, "category_missing")


def test_stg_18_of_one_actual(two_companies: Books) -> None:
    two_companies.import_staging(actual_id=guid("ours/unbilled"))
    assert [line["actual_id"] for line in two_companies.journal_lines()] == [guid("ours/unbilled")]
    two_companies.import_staging(actual_id=guid("ours/unbilled"))
    two_companies.import_staging(actual_id=guid("nothing"))
    assert len(two_companies.journal_lines()) == 1


def test_stg_18_one_actual_is_imported_by_the_same_rules(books: Books) -> None:
    books.arrive(cost("work", category="Training"), sale("skipped", skip_sync=True))
    books.import_staging(actual_id=guid("work"))
    books.import_staging(actual_id=guid("skipped"))
    assert (books.row("work")["reason"], books.state("skipped")) == ("category_missing", "skipped")
    assert books.journal_lines() == []


@pytest.fixture
def two_invoices(books: Books) -> Books:
    """Two works are posted and billed on a proforma each; a third has not been imported."""
    books.arrive(*approval("one"), *approval("two"))
    books.journalise()
    books.arrive(
        *billing("one", total="1600"),
        *billing("two", total="1600", invoice="inv-2", number="INV-0002"),
        cost("third"),
    )
    return books


def test_stg_18_of_one_proposal(two_invoices: Books) -> None:
    two_invoices.import_staging(proposal_id="INV-0001")
    assert [p["status"] for p in two_invoices.result["proposals"]] == ["ready", "waiting"]
    assert (two_invoices.state("two/billed"), two_invoices.state("third")) == ("pending", "pending")


def test_stg_18_of_the_proposal_of_one_billed_actual(two_invoices: Books) -> None:
    """Its lines come together or not at all."""
    two_invoices.import_staging(actual_id=guid("two/billed"))
    assert [p["status"] for p in two_invoices.result["proposals"]] == ["waiting", "ready"]


def test_stg_18_a_proposal_of_another_company_with_the_same_number_is_left_alone(books: Books) -> None:
    books.use(second_company(finance()))
    milestone: dict[str, Any] = {"transaction_class": "milestone", "contract_line": None, "resource": None}
    books.arrive(
        bill("ours", "1", "100", **milestone),
        proforma("inv-1", total="100"),
        bill("theirs", "1", "100", invoice="inv-2", **milestone, project="PRJ-2", contract="CTR-2"),
        proforma("inv-2", total="100", contract="CTR-2"),
    )
    books.import_staging(proposal_id="INV-0001", company="GBPM")
    assert {p["company"]: p["status"] for p in books.result["proposals"]} == {"GBPM": "ready", "USPM": "waiting"}


def test_stg_18_a_proposal_that_is_not_ready_waits_by_the_same_rules(books: Books) -> None:
    books.arrive(*approval())
    books.import_staging()
    books.arrive(*billing("work", total="1600"))
    books.import_staging(proposal_id="INV-0001")
    assert (books.proposal()["status"], books.reasons()) == ("waiting", ["unbilled_sales_not_posted"])


# --- at the same time -------------------------------------------------------------------------------------------------

POST = "journal_posting"
IMPORT = "staging_import"


@pytest.mark.parametrize(
    ("first", "second", "earlier"),
    [(IMPORT, POST, 0), (IMPORT, POST, 1), (POST, IMPORT, 0), (POST, IMPORT, 1), (POST, POST, 0), (POST, POST, 1)],
)
def test_stg_16_jrn_05_runs_at_the_same_time_lose_nothing_and_do_nothing_twice(
    books: Books, first: str, second: str, earlier: int
) -> None:
    """The second runs whole before a transaction of the first. A journal that is being posted takes no lines."""
    books.use(LIMITED)
    books.arrive(*approval("early"))
    books.import_staging()
    books.arrive(*(cost(f"late {n}") for n in range(4)))
    if first == POST:
        books.import_staging()  # two journals to post
        books.arrive(cost("later"))
    with small_pages(), before_transaction(books, earlier, _runs(books, second)):
        books.world.run(first)
    books.journalise()
    rows = books.result["staging"]
    assert {row["state"] for row in rows} == {"posted"}
    assert Counter(line["actual_id"] for line in books.journal_lines()) == Counter(row["actual_id"] for row in rows)
    assert {status for _, status, _ in statuses(books)} == {"posted"}
    vouchers = [voucher["voucher"] for voucher in books.result["vouchers"]]
    assert len(set(vouchers)) == len(vouchers) == len(rows)


def _runs(books: Books, function: str) -> Callable[[], object]:
    return lambda: books.world.run(function)


@pytest.mark.parametrize("earlier", range(2))
def test_stg_16_two_imports_of_a_proposal_at_once_make_each_of_its_lines_once(books: Books, earlier: int) -> None:
    books.arrive(*approval("one"), *approval("two"))
    books.journalise()
    books.arrive(*billing("one", "two", total="3200"))
    with before_transaction(
        books, 0, lambda: books.world.run(IMPORT, **({"proposal_id": "INV-0001"} if earlier else {}))
    ):
        books.import_staging()
    assert (books.proposal()["status"], books.proposal()["subtotal"]) == ("ready", "3200.00")
    assert Counter(line["actual_id"] for line in books.proposal()["lines"]) == {
        guid("one/billed"): 1,
        guid("two/billed"): 1,
    }
