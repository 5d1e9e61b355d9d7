"""The first page, and the list of what waits: figures that lead to what is behind them, in few requests."""

from __future__ import annotations

import pytest

from project_invoicing import bootstrap
from project_invoicing.store.setups import NotLoaded
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.workspace.render import NAVIGATION
from tests.builders import actual, guid, proforma
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.stories import approval, billed, cost
from tests.workspace.person import Person

SCRIPT = "<script>alert(1)</script>"
MOST_REQUESTS = 14


def a_day(books: Books) -> None:
    """A journal that can be posted, a proposal and a row that wait, a row that was rejected."""
    books.arrive(*approval(), *billed(), cost("odd", project="PRJ-NONE"), actual("bad", amount=None))
    books.import_staging()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/proposals?colour=red", "proposals are not listed by colour; what they are listed by: company, status"),
        ("/waiting?status=ready", "waiting are not listed by status"),
        ("/?company=NOPE", "there is no company NOPE; there are USPM"),
        ("/master-data?company=NOPE", "there is no company NOPE; there are USPM"),
    ],
)
def test_what_an_address_asks_for_and_nobody_knows_is_told(books: Books, address: str, told: str) -> None:
    books.use(finance())
    page = Person(books).get(address)
    assert (page.status, told in page.text) == (400, True), page.text


def test_it_says_what_waits_what_is_ready_and_what_went_wrong(books: Books) -> None:
    books.arrive(*approval(), *billed(), cost("odd", project="PRJ-NONE"), actual("bad", amount=None))
    books.import_staging()
    page = Person(books).get("/")
    assert "unbilled sales not posted 1 1 600.00 USD 2026-08-31 13:00" in page.text
    assert 'href="/waiting?reason=unbilled_sales_not_posted"' in page.html
    assert "journals 1 800.00 USD cost 1 600.00 USD sales" in page.text
    assert 'href="/journals?status=draft"' in page.html
    assert "rejected rows 1" in page.text
    assert "No reconciliation has run yet" in page.text
    assert page.requests <= MOST_REQUESTS


def test_each_main_page_has_a_key_of_its_own() -> None:
    keys = [key for _, _, key in NAVIGATION]
    assert len(set(keys)) == len(keys)


def test_each_figure_leads_to_the_list_behind_it(books: Books) -> None:
    a_day(books)
    ann = Person(books)
    listed = ann.get("/waiting", reason="reference_missing")
    assert f'href="/explain?id={guid("odd")}"' in listed.html
    assert f'href="/proposals/{guid("inv-1")}?list=status%3Dwaiting"' in ann.get("/waiting").html
    assert "Nothing waits that is like that" in ann.get("/waiting", reason="project_closed").text
    assert 'value="in_no_batch"' in ann.get("/waiting", reason="in_no_batch").html, "what a ledger lacks waits, too"


def test_what_could_not_be_posted_is_named_with_the_list_behind_it(books: Books) -> None:
    books.use(finance(("customers.USPM.C-001.on_hold", True)))
    books.arrive(*approval(), *billed())
    books.journalise()
    books.import_staging()
    books.post_invoices()
    books.use(finance(ledger_posting=accounts_without("cost")))
    books.arrive(cost("costly"))
    books.journalise()
    page = Person(books).get("/", company="USPM")
    assert "proposals 1 1 600.00 USD" in page.text
    assert "proposals whose posting was refused 1 1 600.00 USD" in page.text
    assert "journals in error 1" in page.text
    assert 'href="/journals?company=USPM&amp;status=error"' in page.html
    closing = Person(books).get("/close", company="USPM", period="2026-08").text
    assert "Journals in error Fix what their lines say, reset and post them. 1" in closing
    assert "Do what the refusals say, and post them. 1 1 600.00 USD" in closing


def test_without_a_set_up_it_says_how_to_load_one(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(at: str, only: object) -> ListPlace:
        raise NotLoaded(f"there was none at {at}")

    monkeypatch.setattr(bootstrap, "list_place", read)
    page = Person(books).get("/")
    assert page.status == 503
    assert "invoicing setup load FILE" in page.text


def test_nothing_open_says_so_and_what_to_do(books: Books) -> None:
    books.use(finance())
    page = Person(books).get("/")
    assert "Nothing waits." in page.text
    assert "Nothing is ready." in page.text
    assert "Nothing is in error." in page.text


def test_the_requests_do_not_grow_with_what_is_open_and_companies_cost_two_each(books: Books) -> None:
    books.use(second_company(finance()))
    for n in range(12):
        books.arrive(proforma(f"late-{n}", number=f"INV-1{n:03d}"), cost(f"odd-{n}", project="PRJ-NONE"))
    books.import_staging()
    page = Person(books).get("/")
    assert "12" in page.text
    assert page.requests <= MOST_REQUESTS + 2


def test_a_person_imports_now_and_a_second_time_changes_nothing(books: Books) -> None:
    books.arrive(*approval())
    ann = Person(books)
    assert "not looked at since it came" in ann.get("/").text
    assert "Imported: 2 journal lines, 0 proposals ready, 0 still waiting." in ann.send("/waiting/import").text
    before = books.result["journals"]
    assert "Imported: 0 journal lines" in ann.send("/waiting/import").text
    assert books.result["journals"] == before
    assert "the set-up has no company X" in ann.send("/waiting/import", company="X").text


def test_a_viewer_is_shown_no_button_and_is_refused(books: Books) -> None:
    books.arrive(*approval())
    eve = Person(books, ("viewer",))
    assert "Import now" not in eve.get("/").text
    answer = eve.post("/waiting/import")
    assert (answer.status, "needs the role accountant" in answer.text) == (403, True)
    assert not books.result["journals"]


def test_texts_of_dataverse_are_only_texts(books: Books) -> None:
    books.arrive(
        *billed(), cost(SCRIPT, project=SCRIPT, description=SCRIPT), actual("bad", amount=None, description=SCRIPT)
    )
    books.import_staging()
    for path in ("/", "/waiting", "/rejected"):
        assert "<script>alert" not in Person(books).get(path).html
