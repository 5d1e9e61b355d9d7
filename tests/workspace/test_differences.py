"""The last reconciliation, check by check, and the repair of what it found."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from project_invoicing.domain.reconciliation import Check, Difference, Repair
from project_invoicing.store.reconciliations import Reconciliations
from tests.builders import guid
from tests.rules.books import Books
from tests.workspace.person import Person

SCRIPT = "<script>alert(1)</script>"


def reconciled(books: Books, *found: Difference, check: str = "write_back_failed", at: str = "") -> None:
    """A reconciliation that found this, and nothing else."""
    made = Check(check)
    for one in found:
        made.differs(one)
    report = {"at": at or books.world.at, "complete": True, "differences": len(found), "checks": [made.row(50)]}
    Reconciliations(books.world.client, books.world.names.dataverse_table).keep(report)


def difference(name: str, repair: Repair | None = Repair.IMPORT) -> Difference:
    return Difference("msdyn_actual", guid(name), f"is wrong {SCRIPT}", company="USPM", repair=repair)


def test_before_the_first_run_it_says_so(books: Books) -> None:
    books.import_staging()
    assert "No reconciliation has run yet" in Person(books).get("/differences").text


def test_each_difference_is_listed_with_its_repair(books: Books) -> None:
    books.import_staging()
    reconciled(books, difference("a"), difference("b", repair=None))
    page = Person(books).get("/differences")
    assert "found 2 differences" in page.text
    assert guid("a") in page.text
    assert "none: a person decides" in page.text
    assert "<script>alert" not in page.html
    assert page.requests <= 3
    assert "No difference is like that" in Person(books).get("/differences", reason="balance").text
    assert "rows that Dataverse refused 2" in Person(books).get("/").text


def test_a_repair_asks_for_what_the_report_has_and_for_nothing_else(books: Books) -> None:
    books.import_staging()
    reconciled(books, difference("a"), difference("b"))
    sent: list[Any] = []

    class Bus:
        def __init__(self, *_: Any) -> None: ...

        def publish(self, events: list[Any]) -> list[int]:
            sent.extend(events)
            return []

    ann = Person(books)
    with patch("project_invoicing.bus.Bus", Bus):
        page = ann.send("/differences/repair", difference=json.dumps(["msdyn_actual", guid("a"), "import again"]))
        assert "import again: the import was asked" in page.text
        (event,) = sent
        assert event.detail["actual_id"] == guid("a")
        other = ann.send("/differences/repair", difference=json.dumps(["msdyn_actual", guid("x"), "import again"]))
        assert "Nothing was repaired" in other.text
    assert len(sent) == 1


def test_only_an_administrator_repairs(books: Books) -> None:
    books.import_staging()
    reconciled(books, difference("a"))
    eve = Person(books, ("accountant", "poster"))
    assert "Repair all" not in eve.get("/differences").text
    assert eve.post("/differences/repair", difference="[]").status == 403


def test_an_accountant_has_everything_compared_now(books: Books) -> None:
    books.import_staging()
    ann = Person(books, ("accountant",))
    assert "Everything is being compared." in ann.send("/differences/compare").text
    assert "The reconciliation of 2026-" in ann.get("/differences").text
    assert "Compare everything now" not in Person(books, ("viewer",)).get("/differences").text
    assert Person(books, ("viewer",)).post("/differences/compare").status == 403
    assert Person(books, ("accountant",), companies=("USPM",)).post("/differences/compare").status == 403
