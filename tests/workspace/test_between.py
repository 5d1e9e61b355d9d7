"""The pages on which vendor invoices are posted, and invoices between companies made."""

from __future__ import annotations

from project_invoicing.domain.actor import Role
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.invoices.test_intercompany_invoices import posted, sold
from tests.rules.invoices.test_vendor_invoices import INVOICE, between_companies, bill
from tests.workspace.browsing import Browser

HERE = f"/vendor-invoice?company=USPM&number={INVOICE}"


def test_a_vendor_invoice_is_seen_with_debit_and_credit_and_posted_by_whoever_may(books: Books) -> None:
    bill(books)
    ann, eve = Browser(books), Browser(books, Role.ACCOUNTANT, id="eve")
    assert f"{INVOICE} GBPM V-GBPM pending 2026-08-31 2026-09-14 1 200.00 USD" in ann.get("/between?company=USPM").main
    page = ann.get(HERE)
    assert "PRJ-1 CTR-1 time" in page.main
    assert "540100 cost PRJ-1 USD 1 200.00 1 200.00" in page.main
    assert "no open fiscal period" in ann.get(f"{HERE}&date=2027-01-01").main
    assert eve.send(page, "/vendor-invoice/post").status == 403
    after = ann.send(page, "/vendor-invoice/post", reason="month end")
    assert "Posted with voucher VIV-000001." in after.main
    assert "posted" in after.main.partition("History")[2]
    assert "VIV-000001 USPM 2026-08-31 vendor invoice" in ann.get("/vouchers?company=USPM").main
    assert "posted 2026-08-31" in ann.get("/between?company=USPM").main
    assert "/between?company=USPM" in ann.get(HERE).links
    assert f"{HERE}&lender=GBPM" in ann.get(f"/explain?id={INVOICE}&company=USPM").links


def test_other_payables_answer_is_noted(books: Books) -> None:
    bill(books, vendor_invoices="elsewhere")
    ann = Browser(books)
    page = ann.get(HERE)
    assert "other payables post what GBPM bills to USPM" in page.main
    assert "say why it is refused" in ann.send(page, "/vendor-invoice/answer", answer="refused").main
    assert "Noted: posted elsewhere." in ann.send(page, "/vendor-invoice/answer", answer="posted", voucher="AP-17").main
    assert "AP-17" in ann.get("/between?company=USPM").main


def test_proposals_between_companies_are_made_and_changed(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("first"), sold("second", "5"))
    ann = Browser(books)
    page = ann.get("/between?company=USPM")
    asked = {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31", "by": "project"}
    made = ann.send(page, "/between/bill", list(asked.items())).main
    assert "Created IC-000001." in made
    assert "IC-000001 GBPM ready" in made
    asked = {"company": "GBPM", "proposal_id": "IC-000001", "what": "off", "ids": guid("second")}
    assert "Lines taken off: 1." in ann.send(page, "/between/lines", list(asked.items())).main
    assert books.proposal("IC-000001")["subtotal"] == "1200.00"


def test_wfl_02_a_vendor_invoice_is_submitted_approved_and_posted_from_its_page(books: Books) -> None:
    bill(books)
    document = between_companies()
    document["parameters"]["USPM"]["approve_vendor_invoices"] = True
    books.use(document)
    ann, bob = Browser(books), Browser(books, *Role, id="bob")
    page = ann.get(HERE)
    assert "It is not submitted for approval yet." in page.main
    assert "/vendor-invoice/post" not in page.body
    after = ann.send(page, "/vendor-invoice/submit", comment="August")
    assert "It is submitted for approval." in after.main
    assert "It waits for approval since 2026-08-" in after.main
    assert "Z, submitted by" not in after.main
    assert f"{INVOICE} vendor invoice USPM submitted" in bob.get("/approvals?company=USPM").main
    page = bob.get(HERE)
    assert "Choose what to do." in bob.send(page, "/vendor-invoice/judge").main
    assert "It is approved." in bob.send(page, "/vendor-invoice/judge", step="approve").main
    assert "Posted with voucher VIV-000001." in bob.send(bob.get(HERE), "/vendor-invoice/post").main
