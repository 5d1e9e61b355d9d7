"""The page of what is open, its files, and a payment that is told on the page of an invoice."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from unittest.mock import patch

import pytest

from project_invoicing.domain.actor import Role
from project_invoicing.use_cases.receivables import ageing
from project_invoicing.workspace.pages import receivables
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed
from tests.workspace.browsing import Browser, Page

HERE = "company=USPM&at=2026-09-30"
INVOICE = "/invoice?company=USPM&number=FTI-00000001"
FORM = "/receivables/payment"
PAYMENT = {"settlement_id": "P-1", "version": "1", "date": "2026-09-10", "amount": "1000.00"}


@pytest.fixture
def posted(books: Books) -> Books:
    """An invoice in pounds with tax, due on 31 August: 1,920.00 GBP, which are 2,645.18 USD."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    return books


def test_a_payment_is_told_on_the_page_of_the_invoice_and_the_ageing_shows_what_is_left(posted: Books) -> None:
    ann = Browser(posted)
    invoice = ann.get(INVOICE)
    assert "Nobody has told of a payment." in invoice.main
    shown = ann.send(invoice, FORM, **PAYMENT)
    assert "P-1 counts in FTI-00000001." in shown.main
    assert "Open: 920.00 GBP" in shown.main
    assert "P-1 version 1 2026-09-10 1 000.00 0.00 0.00" in shown.main
    page = ann.get(f"/receivables?{HERE}")
    assert page.usage.requests <= 8
    assert "Adatum C-001 0.00 920.00 0.00 0.00 0.00 920.00 GBP 0.00 920.00 GBP" in page.main
    assert "1 267.48 USD" in page.main
    assert "FTI-00000001 C-001 2026-08-31 1 to 30 days 1 920.00 GBP 920.00 GBP 1 267.48" in page.main
    (row,) = csv.DictReader(io.StringIO(ann.get(page.link("/receivables/csv?")).body))
    assert (row["customer"], row["days_1_30"], row["balance"]) == ("C-001", "920.00", "920.00")
    (row,) = csv.DictReader(io.StringIO(ann.get(page.link("of=invoices")).body))
    assert (row["invoice_number"], row["accounting_open"]) == ("FTI-00000001", "1267.48")


def test_what_counts_nowhere_and_what_is_paid_beyond_the_total_are_shown(posted: Books) -> None:
    ann = Browser(posted)
    invoice = ann.get(INVOICE)
    shown = ann.send(invoice, FORM, **{**PAYMENT, "amount": "2000"})
    assert "✓ It is paid." in shown.main
    assert "Settled beyond its total: 80.00 GBP" in shown.main
    wrong = ann.send(invoice, FORM, **{**PAYMENT, "amount": "1"})
    assert "It counts nowhere: version 1 of P-1 said something else" in wrong.main
    assert "Nothing was changed" in ann.send(invoice, FORM, **{**PAYMENT, "version": "x"}).main
    gone = ann.send(invoice, FORM, settlement_id="P-1", version="2", canceled="yes")
    assert "Open: 1 920.00 GBP" in gone.main
    aside = ann.send(invoice, FORM, **{**PAYMENT, "settlement_id": "P-2", "currency": "USD"})
    assert "It is kept, counts nowhere yet, and is tried again every hour: FTI-00000001 is in GBP" in aside.main
    ann.send(invoice, FORM, **{**PAYMENT, "settlement_id": "P-2", "version": "2", "number": "FTI-9"})
    page = ann.get(f"/receivables?{HERE}")
    assert "P-2" in page.main
    assert "USPM has posted no invoice FTI-9" in page.main


def test_whoever_may_look_may_look_at_it_and_only_a_poster_tells_of_payments(posted: Books) -> None:
    ann = Browser(posted, Role.VIEWER)
    assert ann.get(f"/receivables?{HERE}").status == 200
    assert "Tell a payment" not in ann.get(INVOICE).main
    for wrong in ("company=NONE", "company=USPM&at=x"):
        assert ann.get(f"/receivables?{wrong}").status == 400
    assert ann.get(f"/receivables/csv?{HERE}&of=else").status == 404
    assert "Nothing is open at 2026-08-30." in ann.get("/receivables?company=USPM&at=2026-08-30").main
    assert "Nothing is open" in ann.get(f"/receivables?{HERE}&customer=C-009").main
    assert ann.get(f"/receivables?{HERE}&before=~").status == 400


def test_many_invoices_are_shown_in_parts_that_add_up_and_as_one_file(posted: Books) -> None:
    for n in (2, 3):
        posted.arrive(*approval(f"w{n}"), *billed(f"w{n}", invoice=f"inv-{n}", number=f"INV-000{n}"))
    posted.journalise()
    posted.post_invoices()
    unapplied(posted, "P-1", "400.00")
    ann = Browser(posted)
    whole = ann.get(f"/receivables?{HERE}")
    assert "too many invoices" not in whole.main
    all_ = files(ann, whole.link("of=accounting"))
    assert [(row["invoices"], row["unapplied"]) for row in all_] == [("3", "400.00")]
    with patch.object(receivables, "_INVOICES", 2):
        first = ann.get(f"/receivables?{HERE}")
        assert "There are too many invoices for one page." in first.main
        assert "P-1" in first.main
        second = ann.get(str(first.rel("next")))
        assert second.rel("next") is None
        assert "P-1" not in second.main
        assert second.usage.requests <= 8
        parts = [row for page in (first, second) for row in files(ann, of_part(page, "accounting"))]
        assert [row["invoices"] for row in parts] == ["2", "1"]
        for name in ("open", "unapplied", "balance", "days_1_30"):
            assert sum(Decimal(row[name]) for row in parts) == Decimal(all_[0][name]), name
        invoices = [row for page in (first, second) for row in files(ann, of_part(page, "invoices"))]
        assert sorted(row["invoice_number"] for row in invoices) == [f"FTI-0000000{n}" for n in (1, 2, 3)]
        assert files(ann, first.link("of=accounting")) == all_
        with patch.object(receivables, "_IN_A_FILE", 2):
            refused = ann.get(first.link("of=accounting"))
            assert (refused.status, "take the files of its parts" in refused.main) == (400, True)


def test_payments_that_count_nowhere_are_bounded_and_the_page_says_so(posted: Books) -> None:
    for n in range(3):
        unapplied(posted, f"P-{n}", "1")
    with patch.object(ageing, "_MOST_PAYMENTS", 2):
        page = Browser(posted).get(f"/receivables?{HERE}")
    assert "There is more that is settled against nothing than is counted here." in page.main
    assert "2.00" in page.main


def of_part(page: Page, of: str) -> str:
    return next(one for one in page.links if "/csv?" in one and "before=" in one and f"of={of}" in one)


def unapplied(books: Books, id: str, amount: str) -> None:
    said = {"company": "USPM", "settlement_id": id, "version": 1, "date": "2026-09-10", "currency": "USD"}
    payment = {**said, "amount": amount, "customer": "C-001"}
    answer = books.call("ledger_answers", {"time": books.world.at, "detail": {"payment": payment}})
    assert answer["outcome"] == "unapplied"


def files(ann: Browser, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ann.get(address).body)))
