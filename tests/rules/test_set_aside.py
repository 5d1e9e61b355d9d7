"""Whatever a row raises in a step is that row's: it waits with its id, and its neighbours go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from project_invoicing import observe
from project_invoicing.dataverse.api import Answer
from project_invoicing.rules import journal_pages, proposal_lines
from project_invoicing.rules.reconciliation import staged_rows
from project_invoicing.set_aside import METRIC
from project_invoicing.use_cases.explain import ask as explain
from project_invoicing.use_cases.invoices import post as post_invoices
from project_invoicing.use_cases.journals import import_lines as import_journals
from project_invoicing.use_cases.journals import judged as judging
from project_invoicing.use_cases.proposals import fill as fill_proposals
from project_invoicing.use_cases.staging import apply_changes as import_changes
from project_invoicing.use_cases.write_back import send as write_back
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.stories import billed, sale

TEXT = "Zylphia Canarsie"
"""What a defect's own text may quote."""


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted as set aside."""
    found: list[str] = []
    monkeypatch.setattr(observe, "count", lambda name, value=1: found.append(name))
    return found


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, of: Callable[..., bool]) -> Iterator[None]:
    """Inside the block a function raises for what ``of`` says."""
    real = getattr(module, name)

    def stub(*args: Any, **kwargs: Any) -> Any:
        if of(*args):
            raise KeyError(TEXT)
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(module, name, stub)
        yield


def is_bad(row: Any, *_: Any) -> bool:
    return getattr(row, "id", None) == guid("bad")


def works(books: Books, *names: str) -> None:
    books.arrive(*(sale(name, row_version=1) for name in names))


def two_proformas(books: Books) -> None:
    """Two works that are sold and billed, each on a proforma of its own."""
    for name in ("bad", "good"):
        books.arrive(*billed(name, invoice=f"inv-{name}", number=f"INV-{name}"))


def waits(books: Books, name: str) -> tuple[str, str | None]:
    row = books.row(name)
    return row["state"], row["reason"]


@pytest.mark.parametrize("step", ["resolve", "period_key"])
def test_a_row_that_fails_in_the_import_waits_and_the_next_run_takes_it(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str], step: str
) -> None:
    works(books, "bad", "good")
    bad_calls = iter([True, False] if step == "period_key" else [])
    of = is_bad if step == "resolve" else lambda *_: next(bad_calls, False)
    with failing(monkeypatch, import_journals, step, of):
        books.import_staging()
    states = sorted(waits(books, name) for name in ("bad", "good"))
    assert states == [("imported", None), ("pending", "defect")]
    assert METRIC in counted
    books.import_staging()
    assert {books.state(name) for name in ("bad", "good")} == {"imported"}


def test_a_line_that_cannot_be_planned_is_found_among_its_page(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    names = ["bad", *(f"good-{n}" for n in range(9))]
    works(books, *names)
    of = lambda candidate, *_: candidate.row.id == guid("bad")  # noqa: E731
    with failing(monkeypatch, journal_pages, "tagged_line", of):
        books.import_staging()
    assert waits(books, "bad") == ("pending", "defect")
    assert {books.state(name) for name in names[1:]} == {"imported"}
    assert counted.count(METRIC) == 1
    books.import_staging()
    assert books.state("bad") == "imported"


def test_a_changed_row_that_fails_leaves_the_others_to_be_brought_up_to_date(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    works(books, "bad", "good")
    books.import_staging()
    books.arrive(*(sale(name, quantity="6", row_version=9) for name in ("bad", "good")))
    with failing(monkeypatch, import_changes, "resolve", is_bad):
        books.import_staging()
    assert counted.count(METRIC) == 1
    quantities = {
        line["actual_id"]: line["quantity"] for journal in books.result["journals"] for line in journal["lines"]
    }
    assert quantities[guid("bad")] != quantities[guid("good")]
    books.import_staging()
    again = {line["quantity"] for journal in books.result["journals"] for line in journal["lines"]}
    assert again == {quantities[guid("good")]}


def test_a_line_that_fails_in_the_posting_goes_to_the_journal_of_errors(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    works(books, "bad", "good")
    books.import_staging()
    with failing(monkeypatch, judging, "judge", lambda line, *_: line.actual_id == guid("bad")):
        books.post_journals()
    assert (books.state("bad"), books.state("good")) == ("imported", "posted")
    (error,) = [journal for journal in books.result["journals"] if journal["status"] == "error"]
    (line,) = error["lines"]
    assert line["error"] == f"defect: KeyError while actual {guid('bad')} was looked at"
    assert counted.count(METRIC) == 1
    books.edit("reset", company="USPM", journal_id=error["journal_id"])
    books.post_journals()
    assert books.state("bad") == "posted"


def test_a_proposal_whose_row_fails_waits_and_stops_no_other(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    two_proformas(books)
    books.journalise()
    books.edit("delete_lines", company="USPM", proposal_id="INV-bad")
    of = lambda row, *_: getattr(row, "id", None) == guid("bad/billed")  # noqa: E731
    with failing(monkeypatch, proposal_lines, "resolve", of):
        books.import_staging()
    assert {one["proposal_id"]: one["status"] for one in books.result["proposals"]} == {
        "INV-bad": "waiting",
        "INV-good": "ready",
    }
    assert waits(books, "bad/billed") == ("pending", "defect")
    assert METRIC in counted
    books.import_staging()
    assert {one["status"] for one in books.result["proposals"]} == {"ready"}


def test_a_proposal_that_fails_whole_waits_and_the_next_run_takes_it(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    two_proformas(books)
    books.import_staging()
    with failing(monkeypatch, fill_proposals, "plan", lambda header, *_: header.id == guid("inv-bad")):
        books.post_journals()
        books.import_staging()
    by_number = {proposal["proposal_id"]: proposal for proposal in books.result["proposals"]}
    assert by_number["INV-good"]["status"] == "ready"
    (wait,) = by_number["INV-bad"]["waiting_for"]
    assert wait == {
        "reason": "defect",
        "actual_id": None,
        "detail": f"KeyError while proposal {guid('inv-bad')} was looked at",
    }
    assert METRIC in counted
    books.import_staging()
    assert {proposal["status"] for proposal in books.result["proposals"]} == {"ready"}


def test_an_invoice_that_fails_is_refused_and_the_next_run_posts_it(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    two_proformas(books)
    books.journalise()
    books.import_staging()
    with failing(monkeypatch, post_invoices, "drafted", lambda *args, **_: args[3].id == guid("inv-bad")):
        books.post_invoices()
    assert len(books.result["invoices"]) == 1
    (left,) = [proposal for proposal in books.result["proposals"] if proposal["status"] == "ready"]
    assert [wait["reason"] for wait in left["waiting_for"]] == ["defect"]
    assert METRIC in counted
    books.post_invoices()
    assert len(books.result["invoices"]) == 2


def test_explain_says_that_something_is_there_and_cannot_be_read(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    works(books, "bad")
    with failing(monkeypatch, explain, "explain_actual", lambda *_: True):
        answer = books.run("explain", id=guid("bad"))
    (found,) = answer["found"]
    assert "cannot be read (KeyError)" in found["headline"]
    assert found["next"][0].startswith("defect: ")
    assert TEXT not in str(answer)
    assert METRIC in counted


def test_the_reconciliation_names_what_it_cannot_read_and_goes_on(
    books: Books, monkeypatch: pytest.MonkeyPatch, counted: list[str]
) -> None:
    works(books, "bad", "good")
    books.import_staging()
    with failing(monkeypatch, staged_rows, "contradiction", is_bad):
        report = books.run("reconciliation")
    (check,) = [check for check in report["checks"] if check["name"] == "staging_states"]
    assert [found["id"] for found in check["found"]] == [guid("bad")]
    assert report["complete"]
    assert METRIC in counted


def test_a_posting_date_that_is_none_is_refused_and_nothing_is_posted(books: Books) -> None:
    books.arrive(*billed("one", invoice="inv-1"))
    books.journalise()
    books.import_staging()
    for day, why in (("9999-12-31", "is 9999-12-31"), ("tomorrow", "is written as 2026-08-31, not 'tomorrow'")):
        answer = books.run("invoice_posting", invoice_date=day)
        assert answer["posted"] == []
        assert [(one["reason"], one["detail"].partition(why)[1]) for one in answer["refused"]] == [("schema", why)]
    assert books.result["invoices"] == []
    assert "from 1900-01-01 to 2199-12-31" in books.edit(
        "edit", company="USPM", proposal_id=books.result["proposals"][0]["proposal_id"], due_date="9999-12-31"
    )


def test_a_row_that_was_stored_with_a_date_that_leaves_the_calendar_waits_alone(books: Books) -> None:
    books.arrive(sale("good"), sale("bad"))
    staging, table = books.world.client, books.world.names.staging_table
    key = {"pk": {"S": guid("bad")}, "sk": {"S": "A"}}
    stored = staging.get_item(TableName=table, Key=key)["Item"]
    text = stored["a"]["S"]
    day = text.split('"sd":"')[1].split('"')[0]
    stored["a"]["S"] = text.replace(day, "0001-01-01T00:00:00Z")
    staging.put_item(TableName=table, Item=stored)
    books.import_staging()
    assert waits(books, "bad") == ("pending", "defect")
    assert books.state("good") == "imported"


def test_a_row_that_cannot_be_written_down_for_dataverse_counts_as_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [write_back.RowToWrite(name, {"voucher": name}, "L#1", n) for n, name in enumerate(("bad", "good"), start=1)]

    class Dataverse:
        def patch(self, patches: list[Any]) -> list[Any]:
            return [Answer(204) for _ in patches]

    def columns(row: write_back.RowToWrite) -> dict[str, Any]:
        if row.actual_id == "bad":
            raise ValueError(TEXT)
        return dict(row.values)

    monkeypatch.setattr(write_back, "_columns", columns)
    answers = write_back.WriteBack._send(None, Dataverse(), rows)  # type: ignore[arg-type]
    assert [answer.ok for answer in answers] == [False, True]
    assert str(answers[0]) == "400 defect ValueError"
