"""Financial tags on the pages of journals and vouchers."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import billed, cost, sale
from tests.workspace.browsing import Browser

TAGS = [{"label": "IndustryEvent"}, {"label": "Site"}, {"label": "Old", "active": False}]
TAGGED = finance(financial_tags={"USPM": {"tags": TAGS}})
JOURNAL = "/journal?company=USPM&number=USPM-000001"


def test_tags_of_a_draft_and_its_lines_are_set_and_those_of_a_posted_line_corrected_by_whoever_may(
    books: Books,
) -> None:
    books.use(TAGGED)
    books.arrive(cost("hour"))
    books.import_staging()
    ann, eve = Browser(books), Browser(books, Role.VIEWER, id="eve")
    page = ann.get(JOURNAL)
    assert "IndustryEvent=…, Site=…" in page.main
    assert "Set tags" not in eve.get(JOURNAL).main
    assert "Tags are written as" in ann.send(page, "/journal/tags", tags="Rome").main
    assert "has no active tag Old" in ann.send(page, "/journal/tags", tags="Old=x").main
    after = ann.send(page, "/journal/tags", tags="Site=Rome")
    assert "Tags of later lines Site Rome" in after.main
    assert "like that already" in ann.send(after, "/journal/tags", tags="Site=Rome").main
    books.arrive(sale("sold"))
    books.import_staging()

    page = ann.get(JOURNAL)
    changed = ann.send(page, "/journal/edit-lines", [("actual_id", guid("hour"))], tags="IndustryEvent=2026 Event")
    assert "1 line changed." in changed.main
    assert "IndustryEvent 2026 Event" in changed.main
    page = ann.get("/journal/lines?company=USPM&number=USPM-000001")
    assert "2 lines changed." in ann.send(page, "/journal/change-lines", tags="Site=Oslo").main

    books.post_journals()
    voucher = f"/voucher?company=USPM&number={books.row('hour')['voucher']}"
    page = ann.get(voucher)
    assert page.main.count("Site Oslo") == 2
    assert "Correct tags" not in eve.get(voucher).main
    assert eve.send(page, "/voucher/tags", line="2", tags="Site=Rome").status == 403
    assert "has the delimiter" in ann.send(page, "/voucher/tags", line="2", tags="Site=a|b").main
    after = ann.send(page, "/voucher/tags", line="2", tags="Site=Rome", reason="typed wrong")
    assert "Line 2 has other tags." in after.main
    assert "given other tags tags: Site=Oslo → Site=Rome" in after.main
    assert "reason: typed wrong" in after.main
    assert "like that already" in ann.send(after, "/voucher/tags", line="2", tags="Site=Rome").main
    assert "Tags" not in ann.get(voucher.replace("USPM", "GBPM")).main


def test_tag_04_tags_of_a_proposal_are_those_of_its_customer_balance(books: Books) -> None:
    books.use(TAGGED)
    books.arrive(*billed())
    books.journalise()
    ann = Browser(books)
    page = ann.get(f"/proposals/{guid('inv-1')}")
    assert "of the customer balance" in page.main
    edit = f"/proposals/{guid('inv-1')}/edit"
    assert "has no active tag Old" in ann.send(page, edit, tags="Old=x").main
    assert "Tags are written as" in ann.send(page, edit, tags="Rome").main
    after = ann.send(page, edit, tags="Site=Rome")
    assert "Changed: tags." in after.main
    assert 'value="Site=Rome"' in after.body
