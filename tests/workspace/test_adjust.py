"""The page on which posted transactions get other dimensions."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import cost, sale
from tests.workspace.browsing import Browser


def test_an_adjustment_is_seen_with_debit_and_credit_and_posted_by_whoever_may(books: Books) -> None:
    rules = [{"company": "USPM", "project": "PRJ-1", "dimensions": {"CostCenter": "007"}}]
    books.use(finance(dimension_rules=rules))
    books.arrive(cost("hour"), sale("sold"))
    books.journalise()
    ann, eve = Browser(books), Browser(books, Role.COST_POSTER, id="eve")
    assert "Nothing of it" not in ann.get("/adjust").main
    ids = f"{guid('sold')}+{guid('hour')}"
    here = f"/adjust?company=USPM&actual_ids={ids}&dimensions=CostCenter%3D999&date=2026-08-31"
    offered = f"/adjust?company=USPM&actual_ids={guid('sold')}"
    assert offered in ann.get(f"/explain?id={guid('sold')}").links
    assert "Say which dimensions it gets" in ann.get(offered).main
    page = ann.get(here)
    assert "PRJ-1 time: CostCenter 007 → CostCenter 999" in page.main
    assert "161300 wip sales value PRJ-1 CostCenter 999 USD 1 600.00 1 600.00" in page.main
    assert "<form method=" not in eve.get(here).body.partition("<main")[2]
    assert eve.send(page, "/adjust/post").status == 403
    after = ann.send(page, "/adjust/post", reason="wrong cost center")
    assert "2 transactions are adjusted with vouchers AAV-000001, AAV-000002." in after.main
    assert "2 have these dimensions already." in ann.get(here).main
    assert "CostCenter 007 -> 999, reason wrong cost center" in ann.get(f"/explain?id={guid('sold')}").main
    assert "Made by adjust accounting" in ann.get("/voucher?company=USPM&number=AAV-000001").main
    refused = ann.send(page, "/adjust/post", [("actual_ids", guid("nobody"))])
    assert "has no actual" in refused.main
    assert "Dimensions are written as" in ann.get(here.replace("%3D", "")).main
