"""The pages of accrued revenue: found, corrected, posted."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.test_accrued_revenue import left_behind
from tests.workspace.browsing import Browser
from tests.workspace.person import Person

JOURNAL = "/accruals/journal?company=USPM&number=ARJ-000001"


def test_imbalances_are_seen_put_on_a_draft_and_posted_by_whoever_may(books: Books) -> None:
    left_behind(books, "one", "two")
    ann = Browser(books, Role.ACCOUNTANT, id="ann")
    bob, eve = Browser(books, Role.POSTER, id="bob"), Browser(books, Role.VIEWER, id="eve")
    page = ann.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31")
    assert "2 invoices looked at; amounts in USD" in page.main
    assert "PRJ-1 project 2 3 200.00" in page.main
    assert "161300 wip sales value 2 3 200.00" in page.main
    assert "Create" not in eve.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31").main
    assert "everything" in ann.get("/accruals?company=USPM&project=PRJ-GBP").main.casefold()
    assert eve.send(page, "/accruals/correct", row=guid("one/unbilled")).status == 403
    assert "Tick the rows to be corrected." in ann.send(page, "/accruals/correct").main
    made = ann.send(page, "/accruals/correct", row=guid("one/unbilled"), description="August")
    assert "Journal ARJ-000001 is created." in made.main
    assert guid("two/unbilled") not in made.main
    edited = ann.send(made, "/accruals/journal/edit", voucher_date="2026-08-31")
    assert "Voucher date 2026-08-31" in edited.main
    assert "Post</button>" not in edited.body
    posted = bob.send(bob.get(JOURNAL), "/accruals/journal/post")
    assert "1 voucher is posted." in posted.main
    assert "Status posted" in posted.main
    assert JOURNAL in bob.get("/explain?id=ARJ-000001").links
    assert "ARV-00000001" in posted.main
    assert "Made by accrual reconciliation" in ann.get("/voucher?company=USPM&number=ARV-00000001").main
    after = ann.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31")
    assert guid("one/unbilled") not in after.main
    assert guid("two/unbilled") in ann.get("/accruals/csv?company=USPM&from=2026-08-01").body


def test_what_is_wrong_is_said_and_a_draft_is_emptied(books: Books) -> None:
    left_behind(books, "one")
    ann = Browser(books)
    page = ann.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31")
    made = ann.send(page, "/accruals/correct", row=guid("one/unbilled"))
    refused = ann.send(made, "/accruals/journal/post")
    assert "has no voucher date" in refused.main
    again = ann.send(page, "/accruals/correct", row=guid("one/unbilled"), description="again")
    assert "is on correction journal ARJ-000001" in again.main
    whole = ann.send(page, "/accruals/correct", all="yes", project="PRJ-GBP")
    assert "there is no imbalance to correct" in whole.main
    assert "Tick the lines" in ann.send(made, "/accruals/journal/remove").main
    gone = ann.send(made, "/accruals/journal/remove", all="yes")
    assert "Status deleted" in gone.main
    scheduled = ann.send(page, "/accruals/correct", scheduled="yes")
    assert "It is left to the schedule." in scheduled.main
    assert ann.get("/accruals/journal?company=USPM&number=ARJ-9").status == 404
    assert "before" in ann.get("/accruals?company=USPM&from=2026-09-01&to=2026-08-01").main


def test_imbalances_and_journals_of_another_company_are_not_seen(books: Books) -> None:
    left_behind(books, "one")
    ann = Browser(books)
    page = ann.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31")
    ann.send(page, "/accruals/correct", row=guid("one/unbilled"))
    eve = Person(books, companies=("GBPM",))
    for path in ("/accruals", "/accruals/csv", "/accruals/journal"):
        seen = eve.get(path, company="USPM", number="ARJ-000001")
        assert guid("one/unbilled") not in seen.html
        assert "ARJ-000001" not in seen.text.replace("number=ARJ-000001", "")
    for action in ("edit", "remove", "post"):
        answer = eve.post(
            f"/accruals/journal/{action}?company=USPM&number=ARJ-000001", all="yes", voucher_date="2026-08-31"
        )
        assert answer.status in (400, 403, 404)
