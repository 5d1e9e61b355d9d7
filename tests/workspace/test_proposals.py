"""The pages of proposals: why one waits, how it is corrected, previewed and posted, and who may do what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store import rows
from project_invoicing.store.write_backs import Document, WriteBacks
from tests.builders import guid, proforma
from tests.posted import put, scanned
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed
from tests.workspace.browsing import TOKEN, Browser, Page

PROFORMA = guid("inv-1")
ADDRESS = f"/proposals/{PROFORMA}"
FOUR_EYES = ("parameters.USPM.four_eyes", True)


@pytest.fixture
def ready(books: Books) -> Books:
    """A proposal in pounds with tax that can be posted."""
    return made_ready(books, finance(TAXED))


def made_ready(books: Books, document: dict[str, Any]) -> Books:
    books.use(document)
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    return books


def chosen(_: Page) -> list[tuple[str, str]]:
    return [("actual_id", guid("work/billed"))]


def history(page: Page) -> str:
    return page.main.partition("History")[2]


def test_a_person_finds_out_why_it_waits_corrects_a_tax_group_posts_it_and_sees_it_written_back(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.import_staging()
    ann = Browser(books)

    waiting = ann.get(ann.get("/proposals?status=waiting&reason=unbilled_sales_not_posted").link("/proposals/"))
    assert "unbilled sales not posted" in waiting.main
    assert "Post journal USPM-000001" in waiting.main
    assert waiting.link(guid("work/unbilled")).startswith("/explain?")
    journal = ann.get(waiting.link("/journal?"))
    assert "Posted: journal USPM-000001." in ann.send(journal, "/journal/post").main
    books.world.drain()

    page = ann.get(ADDRESS)
    assert "Total 1 920.00 GBP" in page.main
    page = ann.send(page, "/edit-lines", chosen(page), sales_tax_group="=EXP")
    assert "1 line changed." in page.main
    assert "Total 1 600.00 GBP" in page.main
    assert "sales tax group: DOM → EXP" in history(page)
    again = ann.send(page, "/edit-lines", chosen(page), rederive_sales_tax="yes")
    assert "DOM / SERV" in again.main

    preview = ann.get(f"{ADDRESS}/preview?invoice_date=2026-08-30")
    assert "Customer Adatum C-001" in preview.main
    assert "VAT20 320.00 GBP 440.86 USD" in preview.main
    assert "Total GBP GBP 3 520.00 3 520.00 4 725.18 4 725.18" in preview.main
    assert books.result["invoices"] == []
    posted = ann.send(preview, "/post")
    assert "Posted: FTI-00000001." in posted.main
    assert "Written back pending" in posted.main
    assert "Invoice date 2026-08-30" in posted.main
    assert "Ann workspace posted" in history(posted)

    books.world.drain()
    document = Document("invoice", "USPM", "FTI-00000001")
    store = WriteBacks(books.world.client, books.world.names.staging_table)
    at_work = store.take(document, books.world.at)
    assert at_work
    assert store.finish(at_work, WriteBackState.DONE, None, books.world.at)
    assert "Written back done" in ann.get(ADDRESS).main


def test_dates_and_dimensions_are_edited_and_what_is_not_accepted_stays_in_the_form(ready: Books) -> None:
    ann = Browser(ready)
    assert 'name="dimensions"' not in ann.get(ADDRESS).body  # the set-up forbids them
    page = ann.send(ann.get(ADDRESS), "/edit", due_date="2026-10-15", accounting_date="2026-08-30")
    assert "Changed: due date, accounting date." in page.main
    assert "Due date 2026-10-15 set by a person" in page.main

    written = "Dept=1, oops"
    page = ann.send(page, "/edit", dimensions=written, invoice_date="2026-08-20")
    assert page.status == 422
    assert "'oops' is not" in page.main
    assert f'value="{written}"' in page.body
    assert 'value="2026-08-20"' in page.body
    page = ann.send(page, "/edit", dimensions="Dept=1")
    assert (page.status, "allow_header_dimensions" in page.main) == (422, True)
    assert 'name="dimensions" value="Dept=1"' in page.body
    page = ann.send(page, "/edit", dimensions="", due_date="", accounting_date="3026-01-01")
    assert (page.status, "accounting_date is 3026-01-01" in page.main) == (422, True)
    assert "Due date 2026-10-15" in page.main  # nothing of the form was done
    page = ann.send(ann.get(ADDRESS), "/edit", due_date="2026-08-01")
    assert (page.status, "due_date 2026-08-01 is before" in page.main) == (422, True)

    page = ann.send(ann.get(ADDRESS), "/edit", invoice_date="2026-08-20")
    assert "Changed: invoice date. The due date 2026-10-15 was for the other day" in page.main
    assert "Due date 2026-10-15" not in page.main
    assert "invoice date: none → 2026-08-20; due date: 2026-10-15 → none" in history(page)

    nothing = ann.send(ann.get(ADDRESS), "/edit-lines", sales_tax_group="=EXP")
    assert (nothing.status, "Choose the lines" in nothing.main) == (422, True)


def test_a_form_that_is_sent_twice_has_one_effect_and_a_clear_answer(ready: Books) -> None:
    ann = Browser(ready)
    page = ann.get(ADDRESS)
    for told in ("Changed: due date.", "it is like that already"):
        assert told in ann.send(page, "/edit", due_date="2026-10-15").main
    stale = ann.send(page, "/edit", due_date="2026-10-16")  # of the state before
    assert (stale.status, "was changed after this page was opened" in stale.main) == (409, True)
    assert history(stale).count("edited") == 1

    page = ann.get(ADDRESS)
    unchanged = ann.send(page, "/edit-lines", chosen(page), rederive_dimensions="yes")
    assert "it is like that already" in unchanged.main
    assert history(unchanged).count("edited") == 1
    for asked in ({"sales_tax_group": "=EXP"}, {"rederive_sales_tax": "yes"}):
        answer = ann.send(page, "/edit-lines", chosen(page), **asked)
    assert answer.status == 409
    assert history(answer).count("edited") == 2

    page = ann.get(ADDRESS)
    no_day = ann.send(page, "/post", invoice_date="soon")
    assert "invoice_date" in no_day.main
    assert "This should not have happened" not in no_day.main
    assert "Posted: FTI-00000001." in ann.send(page, "/post").main
    again = ann.send(page, "/post")
    assert "was posted as invoice FTI-00000001. What to do: nothing: it is posted" in again.main
    assert len(ready.result["invoices"]) == 1
    assert history(again).count("posted") == 1

    assert "cannot be edited: it is posted" in ann.send(page, "/edit", due_date="2026-10-17").main
    assert "is posted" in ann.send(page, "/delete-lines").main


def test_lines_are_deleted_and_built_anew(ready: Books) -> None:
    ann = Browser(ready)
    page = ann.get(ADDRESS)
    rebuilt = ann.send(page, "/delete-lines")
    assert "All lines are deleted, and it has 1 lines now: it can be posted." in rebuilt.main
    assert "lines deleted lines: 1 → 0" in history(rebuilt)
    assert "was changed after this page was opened" in ann.send(page, "/delete-lines").main
    assert history(ann.get(ADDRESS)).count("lines deleted") == 1


def test_nobody_does_what_their_role_or_four_eyes_do_not_allow(books: Books) -> None:
    made_ready(books, finance(TAXED, FOUR_EYES))
    ann, bob, eve = Browser(books), Browser(books, id="bob", name="Bob"), Browser(books, Role.VIEWER, id="eve")
    page = ann.get(ADDRESS)
    edited = ann.send(page, "/edit-lines", chosen(page), sales_tax_group="=EXP")
    refused = ann.send(edited, "/post")
    assert "Ann has edited proposal INV-0001" in refused.main
    assert "What to do: let somebody post it who has not edited it" in refused.main

    seen_by_eve = eve.get(ADDRESS)
    assert "<form method=" not in seen_by_eve.body.partition("<main")[2]
    for action in ("post", "edit", "edit-lines", "delete-lines", "import"):
        assert eve.post(f"{ADDRESS}/{action}", page.fields("/post")[1].items()).status == 403
    assert ann.post(f"{ADDRESS}/post", [("seen", "1")]).status == 403  # from elsewhere: without the token
    assert books.result["invoices"] == []
    assert "Posted: FTI-00000001." in bob.send(bob.get(ADDRESS), "/post").main

    for nowhere in ("/proposals/..%2Fetc", f"/proposals/{guid('other')}", "/proposals/1", "/proposals/<script>"):
        assert ann.get(nowhere).status == 404


EVIL = """<script>alert(1)</script>"' onload='x"""


def test_texts_from_dataverse_are_shown_as_texts(books: Books) -> None:
    books.use(finance(TAXED, ("customers.USPM.C-001.name", EVIL)))
    evil: dict[str, Any] = {**IN_POUNDS, "description": EVIL, "external_description": EVIL, "resource": EVIL}
    books.arrive(*approval(**evil), *billed(**evil)[1:])
    books.arrive(proforma("inv-1", number=EVIL, name=EVIL, contract="CTR-GBP", currency="GBP", bill_to={"city": EVIL}))
    books.arrive(proforma("inv-2", number='"><img src=x>', contract=EVIL, currency=None, total="1"))
    books.import_staging()
    ann = Browser(books)
    asked = ["/proposals", ADDRESS, f"/proposals/{guid('inv-2')}", f"/explain?id={guid('inv-1')}", "/journals"]
    asked += [f"/proposals?customer={EVIL.replace(' ', '+')}", f"/proposals?{quote(EVIL)}=x", f"/explain?id={EVIL}"]
    pages = [ann.get(one) for one in asked] + [ann.get("/journal?company=USPM&number=USPM-000001")]
    books.post_journals()
    pages += [ann.get(ADDRESS), ann.get(f"{ADDRESS}/preview")]
    pages.append(ann.send(pages[-2], "/edit", dimensions=EVIL))
    pages.append(ann.send(ann.get(ADDRESS), "/post"))
    pages += [ann.get("/invoices"), ann.get("/invoice?company=USPM&number=FTI-00000001")]
    for page in pages:
        assert page.status in (200, 400, 422)
        assert "<script>alert" not in page.body
        assert "<img" not in page.body
        assert "onload='x" not in page.body
    assert sum("&lt;script&gt;alert(1)" in page.body for page in pages) >= len(pages) - 2


def test_one_goes_from_document_to_document_of_the_list_and_past_one_that_has_left_it(books: Books) -> None:
    books.use(finance(TAXED))
    for n in range(3):
        books.arrive(*approval(f"w{n}", **IN_POUNDS))
        books.arrive(*billed(f"w{n}", invoice=f"inv-{n}", number=f"INV-{n}", **IN_POUNDS))
    books.journalise()
    ann = Browser(books)
    listed = ann.get("/proposals?status=ready")
    assert listed.usage.requests <= 5  # three for the list, those of no company, and the version of the set-up
    assert ann.get("/proposals?company=USPM").usage.requests <= 4  # what is open, what is posted, and names: three
    found = [link for link in listed.links if link.startswith("/proposals/")]
    first = ann.get(found[0])
    assert (first.rel("prev"), first.rel("up")) == (None, "/proposals?status=ready")
    second = ann.get(str(first.rel("next")))
    assert [second.rel("prev"), second.rel("next")] == [found[0], found[2]]
    posted = ann.send(second, "/post")
    assert "Posted:" in posted.main
    assert [posted.rel("prev"), posted.rel("next")] == [found[0], found[2].replace("at=2", "at=1")]
    assert ann.get(str(posted.rel("next"))).status == 200
    assert ann.get(ADDRESS).rel("up") == "/proposals"


def test_ten_thousand_lines_are_as_quickly_there_as_ten(ready: Books) -> None:
    ann = Browser(ready)
    few = ann.get(ADDRESS)
    lines = many_lines(ready, 10_000)
    many = ann.get(ADDRESS)
    assert many.usage.requests == few.usage.requests <= 10
    assert "lines 1 to 90 of 10000" in many.main
    later = ann.get(many.link("line=91"))
    assert "lines 91 to 180 of 10000" in later.main
    middle = ann.get(f"{ADDRESS}?line=5000")
    assert middle.usage.requests <= many.usage.requests
    assert "lines 4951 to 5040 of 10000" in middle.main
    assert middle.link("line=4861")
    none_chosen = ann.send(middle, "/edit-lines", sales_tax_group="=EXP")
    assert (none_chosen.status, none_chosen.link("line=4861")) == (422, f"{ADDRESS}?line=4861")
    written_otherwise = ann.get(f"/proposals/{{{PROFORMA.upper()}}}?line=5000")
    assert written_otherwise.link("line=4861") == f"{ADDRESS}?line=4861"
    assert "lines 9991 to 10000 of 10000" in ann.get(f"{ADDRESS}?line=99999999").main
    forty = [("actual_id", actual) for actual in lines[5_000:5_040]]
    changed = ann.send(middle, "/edit-lines", forty, sales_tax_group="=EXP")
    assert "40 lines changed." in changed.main
    assert "lines 4951 to 5040 of 10000" in changed.main
    assert changed.main.count("EXP / SERV") == 40
    assert history(changed).count("edited") == 1
    assert "lines: 5001-5040" in history(changed)


def many_lines(books: Books, count: int) -> list[str]:
    """Gives the proposal so many lines, all like its own; returns their actuals."""
    table = books.world.names.proposals_table
    items = [item for item in scanned(books.world, table) if item["pk"] == f"PROPOSAL#{PROFORMA}"]
    header = next(item for item in items if item["sk"] == "H")
    page = next(item for item in items if item["sk"].startswith("L#"))
    (line,) = rows.decode(ProposalLine, page["l"])
    actuals = [guid(f"actual-{n}") for n in range(count)]
    starts = range(0, count, 90)
    pages = (
        page
        | {
            "sk": f"L#{start + 1:08d}",
            "l": rows.encode(
                [
                    replace(line, line_number=start + n + 1, actual_id=actual)
                    for n, actual in enumerate(actuals[start : start + 90])
                ]
            ),
        }
        for start in starts
    )
    put(books.world, table, pages)
    put(books.world, table, iter([header | {"n": count, "pg": len(starts)}]))
    return actuals


def test_a_posting_at_work_shows_how_far_it_is(ready: Books) -> None:
    ann = Browser(ready)
    many_lines(ready, 900)
    table = ready.world.names.proposals_table
    header = next(i for i in scanned(ready.world, table) if i["pk"] == f"PROPOSAL#{PROFORMA}" and i["sk"] == "H")
    at_work = {"st": "posting", "pp": 4, "in": "FTI-00000001", "di": "2026-08-31", "da": "2026-08-31", "pv": 1}
    put(ready.world, table, iter([header | at_work]))
    page = ann.get(ADDRESS)
    assert "Posting: 4 of about 10 pages are done." in page.main
    assert f'hx-get="{ADDRESS}/progress"' in page.body
    assert 'value="4" max="10"' in ann.get(f"{ADDRESS}/progress").body
    sent = ann.post(f"{ADDRESS}/post", [("token", TOKEN), ("invoice_date", "soon")], hx_request="true")
    assert (sent.status, sent.headers["HX-Redirect"], len(sent.cookies)) == (200, ADDRESS, 1)
    put(ready.world, table, iter([header | at_work | {"st": "posted", "pp": 10}]))
    assert ann.get(f"{ADDRESS}/progress").headers["HX-Redirect"] == ADDRESS
