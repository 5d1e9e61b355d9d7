"""The list of on-account transactions: by date and status, to the form of each and back (OAT-01, OAT-02)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import master
from tests.builders import guid, lookup, proforma
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.conftest import of_actuals
from tests.rules.invoices.test_on_account import COLUMN, MILESTONE, ON_LINE, REDUCED
from tests.rules.stories import bill
from tests.workspace.browsing import Browser
from tests.workspace.person import Person

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def linked() -> Iterator[None]:
    with of_actuals({"milestone": COLUMN}):
        yield


def naming(milestone: str) -> dict[str, Any]:
    return {COLUMN: lookup(MILESTONE, milestone)}


@pytest.fixture
def planned(books: Books) -> Books:
    """Three milestones: billed and posted, on a proposal that waits for its total, and not billed."""
    books.use(finance(TAXED, *REDUCED))
    books.arrive(
        master.milestone("M2", "CTR-1-FP", "700", msdyn_milestonedate="2026-09-15"),
        master.milestone("M1", "CTR-1-FP", "5000"),
        master.milestone("M3", "CTR-1-FP", "900", msdyn_milestonedate="2026-12-01", msdyn_name=f"Last {SCRIPT}"),
        bill("milestone", "1", "5000", **ON_LINE, **naming("M1")),
        proforma("inv-1", total="5000"),
    )
    books.import_staging()
    books.post_invoices()
    books.arrive(
        bill("second", "1", "700", invoice="inv-2", **ON_LINE, **naming("M2")),
        proforma("inv-2", number="INV-0002", total="700"),
    )
    books.import_staging()
    return books


def milestones(page: str) -> list[str]:
    return [name for name in ("Milestone M1", "Milestone M2", "Last <script>") if name in page]


def test_oat_01_oat_03_milestones_are_listed_by_date_with_how_they_stand(planned: Books) -> None:
    page = Person(planned).get("/on-account", company="USPM")
    first, second, third = (page.text.index(name) for name in ("Milestone M1", "Milestone M2", "Last <script>"))
    assert first < second < third
    assert "USPM 2026-08-31 CTR-1-FP CTR-1 5 000.00 USD billed INV-0001" in page.text
    assert "2026-09-15 CTR-1-FP CTR-1 700.00 USD on proposal INV-0002" in page.text
    assert "2026-12-01 CTR-1-FP CTR-1 900.00 USD not billed" in page.text
    assert "<script>alert" not in page.html
    assert page.requests <= 6  # the version of the set-up, the index, milestones, two for what bills them, contracts


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 3),
        ({"status": "not_billed"}, "Last <script>"),
        ({"status": "on_proposal"}, "Milestone M2"),
        ({"status": "billed"}, "Milestone M1"),
        ({"from_month": "2026-09", "to_month": "2026-11"}, "Milestone M2"),
        ({"from_month": "2027-01"}, 0),
        ({"from_month": "2026-12", "to_month": "2026-01"}, 0),
        ({"number": guid("M3")}, "Last <script>"),
        ({"number": "milestone m2"}, "Milestone M2"),
        ({"number": "nobody"}, 0),
    ],
)
def test_each_filter_leaves_what_it_says(planned: Books, asked: dict[str, str], found: int | str) -> None:
    shown = milestones(Person(planned).get("/on-account", **asked).text)
    assert (len(shown) if isinstance(found, int) else shown) == (found if isinstance(found, int) else [found])


def test_a_milestone_leaves_the_list_with_its_row_and_moves_with_its_date(planned: Books) -> None:
    planned.arrive(master.milestone("M3", "CTR-1-FP", "900", msdyn_milestonedate="2026-08-01", row_version=10**6))
    text = Person(planned).get("/on-account").text
    assert text.index("Milestone M3") < text.index("Milestone M1")
    planned.arrive(master.deletion(MILESTONE, "M3"))
    assert "M3" not in Person(planned).get("/on-account").text


def test_from_a_row_a_person_edits_what_finance_sets_and_comes_back_to_the_list(planned: Books) -> None:
    ann = Browser(planned)
    listed = ann.get("/on-account?status=not_billed")
    row = ann.get(listed.link("/master-data/row"))
    assert row.rel("up") == "/on-account?status=not_billed"
    done = ann.send(row, "/master-data/edit", item_sales_tax_group="RED5")
    assert "Changed: item sales tax group." in done.main
    assert done.rel("up") == "/on-account?status=not_billed"
    assert "not billed item sales tax group ready" in ann.get(done.rel("up") or "").main
    every = ann.get(ann.get("/on-account").link(guid("M1")))
    assert guid("M2") in str(every.rel("next"))


def test_pages_follow_one_another_and_a_person_sees_their_companies_alone(planned: Books) -> None:
    planned.arrive(
        *(master.milestone(f"N{n}", "CTR-1-FP", "1", msdyn_milestonedate="2026-10-01") for n in range(60)),
        master.milestone("undated", "CTR-1-FP", "1", msdyn_milestonedate=None),
    )
    ann = Browser(planned)
    page = ann.get("/on-account")
    assert page.main.index("Milestone undated") < page.main.index("Milestone M1")
    seen = page.main.count("Milestone N")
    following = ann.get(str(page.rel("next")))
    assert seen + following.main.count("Milestone N") == 60
    assert following.rel("next") is None
    assert "There is no on-account transaction yet" in Person(planned, companies=("GBPM",)).get("/on-account").text
