"""The page on which costs are posted between balance sheet and profit and loss."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import cost
from tests.workspace.browsing import Browser


def worked(books: Books) -> str:
    document = finance(accrual=False)
    document["profiles"]["TM"]["post_costs"] = {"time": "balance"}
    books.use(document)
    books.arrive(cost("work"), cost("more", "2"))
    books.journalise()
    return guid("work")


def test_costs_are_chosen_seen_with_debit_and_credit_and_posted_by_whoever_may(books: Books) -> None:
    work = worked(books)
    ann, eve = Browser(books), Browser(books, Role.POSTER, id="eve")
    assert "Debit and credit" not in ann.get("/costs").main
    here = "/costs?company=USPM&to=profit_and_loss&project=PRJ-1&date=2026-08-31"
    page = ann.get(here)
    assert "2026-08-27 PRJ-1 CTR-1 time CHARGE balance 800.00 USD" in page.main
    assert "540100 cost PRJ-1 USD 800.00 800.00" in page.main
    assert "161100 wip cost value PRJ-1 USD 800.00 800.00" in page.main
    assert "<form method=" not in eve.get(here).body.partition("<main")[2]
    assert eve.send(page, "/costs/post", actual_id=work).status == 403
    after = ann.send(page, "/costs/post", actual_id=work, reason="month end")
    assert "1 cost is posted to profit and loss with voucher PCV-000001." in after.main
    assert work not in after.main
    assert "Tick the costs to be posted." in ann.send(page, "/costs/post").main
    listed = ann.get("/vouchers")
    assert "PCV-000001 USPM 2026-08-31 post costs" in listed.main
    assert "Made by post costs" in ann.get("/voucher?company=USPM&number=PCV-000001").main
    told = ann.get(f"/explain?id={work}").main
    assert "cost balance -> profit_and_loss, reason month end" in told


def test_what_cannot_be_posted_is_said(books: Books) -> None:
    work = worked(books)
    ann = Browser(books)
    page = ann.get("/costs?company=USPM&to=profit_and_loss&date=2026-08-31")
    assert "no open fiscal period" in ann.get("/costs?company=USPM&to=profit_and_loss&date=2027-08-31").main
    after = ann.send(page, "/costs/post", [("date", "2027-08-31")], actual_id=work)
    assert "no open fiscal period" in after.main
    assert "No cost that fits" in ann.get("/costs?to=balance").main
    assert "profit_and_loss" in ann.get("/costs?to=sideways").main
