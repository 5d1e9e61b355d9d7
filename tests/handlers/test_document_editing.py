"""document_editing: what a person may do to unposted documents, and what is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from project_invoicing.observe import logger
from tests.builders import guid
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import billed, cost, sale

LINE = {"company": "USPM", "proposal_id": "INV-0001", "actual_id": guid("work/billed")}
JOURNAL = {"company": "USPM", "journal_id": "USPM-000001"}


@pytest.fixture
def ready(books: Books) -> Books:
    """A proposal of 1,600 and 20 % that can be posted."""
    return tell(books)


@pytest.fixture(scope="module")
def untouched(new_books: Callable[[], Books]) -> Books:
    """The same for requests that change nothing."""
    return tell(new_books())


def tell(books: Books) -> Books:
    books.use(finance(TAXED))
    books.arrive(*billed())
    books.run("staging_import")
    books.run("journal_posting")
    books.run("staging_import")
    return books


@pytest.fixture
def drafted(books: Books) -> Books:
    """A draft journal of a sale."""
    books.arrive(sale("work"))
    books.run("staging_import")
    return books


def edit(books: Books, action: str = "edit", **request: Any) -> str:
    event = sample("document_editing/edit") | {"detail": {action: request}}
    return str(books.call("document_editing", event)["outcome"])


def test_tax_11_a_lines_tax_group_is_changed(ready: Books) -> None:
    assert edit(ready, **LINE, sales_tax_group="EXP") == "done"
    assert (ready.proposal()["lines"][0]["sales_tax_group"], ready.proposal()["total"]) == ("EXP", "1600.00")


def test_no_due_date_is_before_that_of_the_invoice(ready: Books) -> None:
    """The invoice date of the edit, else of the proposal, else today."""
    header = {"company": "USPM", "proposal_id": "INV-0001"}
    today = ready.world.at[: len("2026-08-31")]
    told = f"due_date 2026-08-01 is before {today}, the day of the invoice; write a later one, or change both"
    assert edit(ready, **header, due_date="2026-08-01") == f"refused: {told}"
    assert edit(ready, **header, due_date="2026-08-20", invoice_date="2026-08-21").startswith("refused: due_date")
    assert edit(ready, **header, due_date="2026-08-20", invoice_date="2026-08-20") == "done"
    assert edit(ready, **header, due_date="2026-08-19").startswith("refused: due_date")
    assert edit(ready, **header, due_date=None) == "done"


def test_prop_11_the_lines_of_a_proposal_are_deleted_together(ready: Books) -> None:
    event = sample("document_editing/delete-lines")
    assert ready.call("document_editing", event)["outcome"] == "done"
    assert (ready.proposal()["status"], ready.proposal()["lines"]) == ("waiting", [])
    assert ready.call("document_editing", event)["outcome"] == "done"  # the same command, which has come twice
    later = event | {"time": "2026-12-01T00:00:00Z"}
    assert ready.call("document_editing", later)["outcome"].startswith("lines_missing: ")


def test_jrn_14_the_tax_groups_and_dimensions_of_a_journal_line_are_changed(drafted: Books) -> None:
    line = JOURNAL | {"actual_id": guid("work")}
    assert edit(drafted, **line, sales_tax_group="EXP", dimensions={"CostCenter": "007"}) == "edited"
    assert drafted.journal_line("work")["sales_tax_group"] == "EXP"
    drafted.run("journal_posting")
    assert {str(line["dimensions"]) for line in drafted.result["vouchers"][0]["lines"]} == {"{'CostCenter': '007'}"}


def test_stg_03_the_lines_of_a_journal_are_deleted_and_wait_again(drafted: Books) -> None:
    assert edit(drafted, "delete_lines", **JOURNAL) == "deleted"
    assert (drafted.journal_lines(), drafted.state("work")) == ([], "pending")


def test_post_04_a_journal_in_error_is_reset(books: Books) -> None:
    books.use(finance(profile_rules=[]))
    books.arrive(cost("work"))
    books.run("staging_import")
    books.run("journal_posting")
    assert books.call("document_editing", sample("document_editing/reset"))["outcome"] == "reset"
    assert books.result["journals"][0]["status"] == "draft"


@pytest.mark.parametrize(
    ("action", "request_", "told"),
    [
        pytest.param("edit", LINE | {"amount": "1"}, "amount cannot be edited", id="a column of Dataverse"),
        pytest.param("edit", LINE | {"dimensions": {}}, "dimensions cannot be edited", id="DIM-09"),
        pytest.param(
            "edit", LINE | {"sales_tax_group": "X"}, "X does not exist; there are DOM, EXP", id="no such group"
        ),
        pytest.param(
            "edit", LINE | {"actual_id": guid("x"), "sales_tax_group": "EXP"}, "no line for actual", id="line"
        ),
        pytest.param(
            "edit", LINE | {"proposal_id": "INV-9", "sales_tax_group": "EXP"}, "no proposal INV-9", id="number"
        ),
        pytest.param("delete_lines", {"company": "USPM"}, "needs proposal_id", id="nothing named"),
        pytest.param("delete_lines", {"proposal_id": "INV-9"}, "no proposal INV-9", id="no such proposal"),
        pytest.param("delete_lines", JOURNAL, "already_posted: journal USPM-000001", id="a posted journal"),
        pytest.param("delete_lines", JOURNAL | {"journal_id": "J-9"}, "USPM has no journal J-9", id="no such journal"),
        pytest.param("reset", JOURNAL, "only one in error can be reset", id="a posted journal is not reset"),
        pytest.param("reset", JOURNAL | {"journal_id": "J-9"}, "USPM has no journal J-9", id="reset of nothing"),
        pytest.param(
            "edit",
            JOURNAL | {"actual_id": guid("work/unbilled"), "sales_tax_group": "EXP"},
            "cannot be edited: it is posted",
            id="a line of a posted journal",
        ),
        pytest.param("create", {}, "create is not possible here", id="PROP-04"),
    ],
)
def test_what_cannot_be_is_refused_by_name(untouched: Books, action: str, request_: dict[str, Any], told: str) -> None:
    before = untouched.result
    assert told in edit(untouched, action, **request_)
    assert untouched.result == before


def test_what_comes_too_late_is_refused_and_said_on_the_proposal(ready: Books) -> None:
    ready.run("invoice_posting")
    posted = ready.result["invoices"]
    assert edit(ready, **LINE, sales_tax_group="EXP").startswith("already_posted: ")
    assert edit(ready, "delete_lines", **LINE).startswith("already_posted: ")
    assert ready.result["invoices"] == posted
    assert "already_posted" in ready.reasons()


def test_a_rejected_event_is_replayed_once_the_set_up_allows_it(books: Books) -> None:
    one_by_one = ("number_sequences.USPM.proposal", {"allow_lower": False, "allow_higher": False})
    books.use(finance(one_by_one))
    first, *_ = billed(number="INV-0001")
    third, *_ = billed(number="INV-0003", invoice="inv-3")
    books.arrive(first, third)
    named = {"entity": "invoice", "id": guid("inv-3")}
    assert edit(books, "replay", **named) == "rejected"
    books.use(finance())
    assert edit(books, "replay", **named) == "accepted"
    assert (books.result["rejected"], len(books.result["proposals"])) == ([], 2)
    assert "no rejected event" in edit(books, "replay", **named)


def test_who_asked_is_logged_with_the_outcome_and_given_back(untouched: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(logger, "info", lambda message, **said: logged.append(said))
    posted = {"reset": JOURNAL | {"actor": "ann@contoso.example"}}
    nobody = {"reset": JOURNAL}
    answers = [
        untouched.call("document_editing", sample("document_editing/reset") | {"detail": detail})
        for detail in (posted, nobody)
    ]
    assert [answer.get("actor") for answer in answers] == ["ann@contoso.example", None]
    assert [(said["outcome"], said["actor"]) for said in logged] == [
        ("refused", "ann@contoso.example"),
        ("refused", None),
    ]
