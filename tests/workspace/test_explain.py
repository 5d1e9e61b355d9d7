"""The page that the search leads to."""

from __future__ import annotations

from project_invoicing.workspace.render import age, linked, told
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed
from tests.workspace.browsing import Browser


def test_commands_in_an_advice_are_code_and_numbers_lead_on() -> None:
    made = linked("see <b> of journal USPM-000001: `invoicing reconcile --repair <ID>`")
    assert "<code>invoicing reconcile --repair &lt;ID&gt;</code>" in made
    assert '<a href="/explain?id=USPM-000001">USPM-000001</a>' in made
    assert "&lt;b&gt;" in made
    assert linked("O`Neill of USPM") == "O`Neill of USPM"


def test_what_has_just_begun_is_not_said_to_last_no_hours() -> None:
    begun = "2026-08-31T12:00:00Z"
    assert age(begun, "2026-08-31T12:59:00Z") == "for less than an hour"
    assert age(begun, "2026-08-31T13:00:00Z") == "for 1 hour"


def test_the_search_explains_and_leads_to_the_page_of_the_only_hit(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    ann = Browser(books)

    proposal = ann.get("/explain?id=INV-0001")
    assert "Open proposal INV-0001" in proposal.main
    assert f"/proposals/{guid('inv-1')}" in proposal.links
    assert '<ol class="line">' in proposal.body
    assert '<time datetime="2026-08-31T13:00:00Z">2026-08-31 13:00</time>' in proposal.body
    for number, address in (
        ("USPM-000001", "/journal?company=USPM&number=USPM-000001"),
        ("FTI-00000001", "/invoice?company=USPM&number=FTI-00000001"),
        ("PV-00000001", "/voucher?company=USPM&number=PV-00000001"),
    ):
        page = ann.get(f"/explain?id={number}")
        assert address in page.links, number
        assert ann.get(address).status == 200

    assert "Open proposal INV-0001" in ann.get("/explain?id=inv-0001").main

    actual = ann.get(f"/explain?id={{{guid('work/billed').upper()}}}")
    assert "What belongs to it" in actual.main
    assert f"/explain?id={guid('work/unbilled')}" in actual.links
    assert "/explain?id=INV-0001" in actual.links


def test_what_is_not_found_says_where_it_was_looked_for_and_what_to_do(books: Books) -> None:
    books.use(finance())
    ann = Browser(books)
    nothing = ann.get("/explain?id=NOPE-1")
    assert "Nothing has the number or id NOPE-1" in nothing.main
    assert "It was looked for in the proposals of USPM" in nothing.main
    assert "check the number, and the company if one was named" in nothing.main
    row = ann.get(f"/explain?id={guid('nowhere')}")
    assert "it was never received" in row.main
    assert "Search for the number" in ann.get("/explain").main
    other = ann.get("/explain?id=NOPE-1&company=NOPE")
    assert other.status == 400
    assert "there is no company NOPE; there are USPM" in other.main


def test_what_is_told_for_every_door_is_told_in_words_and_figures_on_a_page() -> None:
    text = "waits: reference_missing, 12345.60 USD at 1234.5 since 2026-08-31T14:05:06Z; `reference_missing` PV-1234.5"
    made = "waits: reference missing, 12\u202f345.60 USD at 1\u202f234.5 since 2026-08-31 14:05; "
    assert told(text) == f"{made}<code>reference_missing</code> PV-1234.5"
    assert told("<b>four_eyes</b>") == "&lt;b&gt;four eyes&lt;/b&gt;"
    assert told(None) == ""
