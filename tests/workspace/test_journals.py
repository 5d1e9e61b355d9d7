"""The pages of journals: which lines are wrong, how they are corrected, and that the journal is then posted."""

from __future__ import annotations

import pytest

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.stories import IN_POUNDS, approval
from tests.workspace.browsing import Browser

ADDRESS = "/journal?company=USPM&number=USPM-000001"
LINE = [("actual_id", guid("work/unbilled"))]


@pytest.fixture
def draft(books: Books) -> Books:
    """A journal in pounds that is not posted."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS))
    books.import_staging()
    return books


def test_a_line_is_corrected_and_the_journal_posted_once(draft: Books) -> None:
    ann = Browser(draft)
    listed = ann.get("/journals?status=draft")
    assert listed.usage.requests <= 3  # two for the list, and the version of the set-up
    page = ann.get(listed.link("/journal?"))
    assert "journal_posting does it by its schedule" in page.main
    assert page.rel("up") == "/journals?status=draft"

    wrong = ann.send(page, "/journal/edit-lines", LINE, sales_tax_group="=EXP", dimensions="007")
    assert (wrong.status, "'007' is not" in wrong.main) == (422, True)
    assert '<option value="=EXP" selected>' in wrong.body
    assert 'name="dimensions" value="007"' in wrong.body
    nothing = ann.send(page, "/journal/edit-lines", sales_tax_group="=EXP")
    assert "Choose the lines" in nothing.main

    edited = ann.send(page, "/journal/edit-lines", LINE, sales_tax_group="=EXP", dimensions="CostCenter=007")
    assert "1 line changed." in edited.main
    assert "EXP / SERV CostCenter 007" in edited.main
    assert "dimensions: none → CostCenter=007; sales tax group: DOM → EXP" in edited.main
    again = ann.send(page, "/journal/edit-lines", LINE, sales_tax_group="=EXP", dimensions="CostCenter=007")
    assert "it is like that already" in again.main
    assert again.main.partition("History")[2].count("edited") == 1
    stale = ann.send(page, "/journal/edit-lines", LINE, sales_tax_group="=")
    assert (stale.status, "was changed after this page was opened" in stale.main) == (409, True)

    posted = ann.send(edited, "/journal/post")
    assert "Posted: journal USPM-000001." in posted.main
    assert "PV-00000002" in posted.main
    assert posted.link("/voucher?")
    twice = ann.send(edited, "/journal/post")
    assert "journal USPM-000001 is posted. What to do: nothing: it is posted" in twice.main
    assert "cannot be edited: it is posted" in ann.send(edited, "/journal/edit-lines", LINE, sales_tax_group="=").main
    assert "is posted" in ann.send(edited, "/journal/delete-lines").main


def test_several_lines_are_edited_at_once(draft: Books) -> None:
    ann = Browser(draft)
    page = ann.get(ADDRESS)
    both = [("actual_id", guid(work)) for work in ("work/cost", "work/unbilled")]
    refused = ann.send(page, "/journal/edit-lines", both, dimensions="Nonsense=1", sales_tax_group="=NONE")
    assert refused.status == 422
    assert "History Nobody has changed it." in refused.main
    edited = ann.send(page, "/journal/edit-lines", both, sales_tax_group="=EXP", dimensions="CostCenter=007")
    assert "2 lines changed." in edited.main
    history = edited.main.partition("History")[2]
    assert history.count("edited") == 1
    assert "lines: 1-2" in history


def test_a_journal_is_previewed_and_posted_like_that(draft: Books) -> None:
    ann, eve = Browser(draft), Browser(draft, Role.VIEWER, id="eve")
    assert 'action="/journal/preview"' in ann.get(ADDRESS).body
    preview = ann.get(ADDRESS.replace("?", "/preview?"))
    assert "These are the vouchers that posting would create." in preview.main
    assert "PV-00000002" in preview.main
    assert "Total GBP GBP 1 600.00 1 600.00 2 080.00 2 080.00" in preview.main
    assert preview.rel("up") == ADDRESS
    assert draft.result["vouchers"] == []
    seen_by_eve = eve.get(ADDRESS.replace("?", "/preview?"))
    assert (seen_by_eve.status, "<form method=" in seen_by_eve.body.partition("<main")[2]) == (200, False)

    assert "Posted: journal USPM-000001." in ann.send(preview, "/journal/post").main
    posted = ann.get(ADDRESS.replace("?", "/preview?"))
    assert "It would not be posted as it is. journal USPM-000001 is posted" in posted.main
    assert "<form method=" not in posted.body.partition("<main")[2]
    assert ann.get("/journal/preview?company=USPM&number=X").status == 404


def test_a_preview_says_which_lines_would_fail(books: Books) -> None:
    books.use(finance(TAXED, ledger_posting=accounts_without("cost", "wip_sales_value")))
    books.arrive(*approval(**IN_POUNDS))
    books.import_staging()
    preview = Browser(books).get(ADDRESS.replace("?", "/preview?"))
    assert "2 of 2 lines would fail." in preview.main
    assert "What to do: add the account for the posting type" in preview.main
    assert "It has nothing for the ledger." in preview.main


def test_a_line_that_is_not_charged_says_so(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(billing_type="non_chargeable"))
    books.import_staging()
    assert "not charged" in Browser(books).get(ADDRESS).main


def test_what_is_open_and_what_is_posted_are_on_one_page(draft: Books) -> None:
    draft.journalise()
    draft.arrive(*approval("more", **IN_POUNDS))
    draft.import_staging()
    page = Browser(draft).get("/journals")
    assert "USPM-000001" in page.main
    assert "USPM-000002" in page.main
    assert "Next page" not in page.main


def test_a_journal_in_error_says_line_by_line_what_to_do_and_is_reset(books: Books) -> None:
    books.use(finance(TAXED, ledger_posting=accounts_without("cost", "wip_sales_value")))
    books.arrive(*approval(**IN_POUNDS))
    books.import_staging()
    ann = Browser(books)
    refused = ann.send(ann.get(ADDRESS), "/journal/post")
    assert "What to do: add the account for the posting type" in refused.main
    page = ann.get(ADDRESS)
    assert "ledger account missing" in page.main
    books.use(finance(TAXED))
    reset = ann.send(page, "/journal/reset")
    assert "It is a draft again" in reset.main
    assert "It is a draft." in ann.send(page, "/journal/reset").main
    assert "Posted: journal USPM-000001." in ann.send(reset, "/journal/post").main


def test_lines_are_deleted_once_and_a_viewer_does_nothing(draft: Books) -> None:
    ann, eve = Browser(draft), Browser(draft, Role.VIEWER, id="eve")
    page = ann.get(ADDRESS)
    assert "<form method=" not in eve.get(ADDRESS).body.partition("<main")[2]
    token = page.fields("/journal/post")[1].items()
    for action in ("post", "reset", "edit-lines", "delete-lines"):
        assert eve.post(f"/journal/{action}?company=USPM&number=USPM-000001", token).status == 403
    assert "All lines are deleted" in ann.send(page, "/journal/delete-lines").main
    again = ann.send(page, "/journal/delete-lines")
    assert "It has no lines." in again.main
    assert again.main.count("lines deleted") == 1
    for nowhere in ("/journal", "/journal?company=USPM&number=X", "/journal?company=NONE&number=USPM-000001"):
        assert ann.get(nowhere).status == 404


def test_all_lines_that_fit_are_counted_and_then_changed_in_one_command(books: Books) -> None:
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *(one for n in range(3) for one in approval(f"more-{n}")))
    books.import_staging()
    ann, address = Browser(books), ADDRESS.replace("/journal?", "/journal/lines?")
    assert "8 of 8 lines fit." in ann.get(address).main
    page = ann.get(f"{address}&only.kind=%3Dunbilled_sales&only.project=%3DPRJ-1")
    assert "3 of 8 lines fit." in page.main
    assert "Change 3 lines" in page.main
    fields = {"only.kind": "=unbilled_sales", "only.project": "=PRJ-1", "count": "3"}
    nothing = ann.send(page, "/journal/change-lines", **fields)
    assert (nothing.status, "Choose what to change" in nothing.main) == (422, True)
    wrong = ann.send(page, "/journal/change-lines", **fields, dimensions="007")
    assert (wrong.status, "'007' is not" in wrong.main, "3 of 8 lines fit." in wrong.main) == (422, True, True)
    done = ann.send(page, "/journal/change-lines", **fields, sales_tax_group="=EXP", dimensions="CostCenter=007")
    assert "3 lines changed. 3 fitted." in done.main
    assert done.main.count("EXP / SERV CostCenter 007") == 3
    assert done.main.partition("History")[2].count("edited") == 1
    again = ann.send(page, "/journal/change-lines", **fields, sales_tax_group="=EXP")
    assert "it is like that already" in again.main
    fewer = ann.send(page, "/journal/change-lines", **{**fields, "count": "2"}, sales_tax_group="=")
    assert (fewer.status, "was changed after this page was opened" in fewer.main) == (409, True)
    ann.send(done, "/journal/post")
    assert "cannot be changed: it is posted" in ann.get(address).main
    assert ann.send(page, "/journal/change-lines", **fields, sales_tax_group="=").status == 422
