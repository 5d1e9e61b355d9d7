"""IC-08, IC-09, IC-15, IC-16, INV-28: a lender bills a borrower for what it has sold to it and posted.

Molly Clark of GBPM works ten hours for a project of USPM, at 120 USD an hour between the companies. In GBPM's books a
dollar was worth 0.80 GBP when she worked and is worth 0.75 when she is invoiced.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests import master, policies
from tests.builders import Context, actual, guid
from tests.faults import TRANSACTION, Killed, dying
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import billed, reverses, sale

AUGUST = {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}
NUMBER = "IC-000001"


def between_companies(*values: tuple[str, Any]) -> dict[str, Any]:
    made = second_company(finance(*values))
    made["companies"]["GBPM"]["accounting_currency"] = "GBP"
    made["exchange_rates"] += [
        {"from": "USD", "to": "GBP", "valid_from": day, "rate": rate, "factor": 100}
        for day, rate in (("2026-01-01", "80"), ("2026-08-31", "75"))
    ]
    made["customers"]["GBPM"]["IC-USPM"] = {"name": "Contoso", "terms_of_payment": "D14", "sales_tax_group": "EXP"}
    made["intercompany"] = [{"lender": "GBPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-GBPM"}]
    return made


def sold(name: str = "sold", quantity: str = "10", *, on: str = "2026-08-27", **columns: Any) -> Context:
    shared: dict[str, Any] = {
        "start": on,
        "document_date": on,
        "resource": "Molly Clark",
        "billing_type": "not_available",
    }
    kind = "inter_organizational_sales"
    return actual(name, transaction_type=kind, quantity=quantity, price="120", **{**shared, **columns})


def posted(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()


@pytest.fixture
def lent(books: Books) -> Books:
    """Ten hours are posted in both companies."""
    books.use(between_companies())
    posted(books, sale("work/unbilled", "10"), sold())
    return books


def create(books: Books, **changes: str) -> str:
    return books.edit("intercompany_invoice", **{**AUGUST, **changes})


def balances(books: Books, company: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for voucher in (voucher for voucher in books.result["vouchers"] if voucher["company"] == company):
        for line in voucher["lines"]:
            kind = str(line["posting_type"])
            found[kind] = found.get(kind, Decimal(0)) + Decimal(line["accounting_amount"])
    return {kind: amount for kind, amount in found.items() if amount}


def test_ic_09_the_lender_bills_its_sales_and_takes_their_accrual_back(lent: Books) -> None:
    assert balances(lent, "GBPM") == {"wip_sales_value": Decimal(960), "accrued_revenue_sales_value": Decimal(-960)}
    with policies.enforced():
        assert create(lent) == f"created {NUMBER}"
    proposal = lent.proposal(NUMBER)
    assert (proposal["company"], proposal["status"], proposal["customer"]) == ("GBPM", "ready", "IC-USPM")
    assert [(line["kind"], line["quantity"], line["amount"]) for line in proposal["lines"]] == [
        ("hour", "10", "1200.00")
    ]

    lent.post_invoices(proposal_id=NUMBER)
    invoice = lent.invoice(NUMBER)
    assert (invoice["company"], invoice["currency"], invoice["total"]) == ("GBPM", "USD", "1200.00")
    assert invoice["due_date"] == "2026-09-14"
    assert balances(lent, "GBPM") == {"invoiced_revenue": Decimal(-900), "customer_balance": Decimal(900)}


def test_ic_09_the_borrower_has_a_pending_vendor_invoice_of_the_same_number(lent: Books) -> None:
    create(lent)
    assert "vendor_invoices" not in lent.result
    lent.post_invoices(proposal_id=NUMBER)
    (vendor_invoice,) = lent.result["vendor_invoices"]
    assert vendor_invoice == {
        "invoice_number": lent.invoice(NUMBER)["invoice_number"],
        "company": "USPM",
        "vendor": "V-GBPM",
        "lender": "GBPM",
        "status": "pending",
        "invoice_date": "2026-08-31",
        "due_date": "2026-09-14",
        "accounting_date": "2026-08-31",
        "currency": "USD",
        "subtotal": "1200.00",
        "sales_tax": "0.00",
        "total": "1200.00",
    }


def test_99_23_both_invoices_are_accounted_in_the_next_open_period(lent: Books) -> None:
    periods = [
        {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
        {"start": "2026-09-01", "end": "2026-09-30", "status": "open"},
    ]
    create(lent)
    lent.use(between_companies() | {"fiscal_periods": {"USPM": periods, "GBPM": periods}})
    lent.post_invoices(proposal_id=NUMBER)
    for invoice in (lent.invoice(NUMBER), lent.result["vendor_invoices"][0]):
        assert (invoice["invoice_date"], invoice["due_date"]) == ("2026-08-31", "2026-09-14")
        assert invoice["accounting_date"] == "2026-09-01"


def test_inv_28_nothing_of_it_is_in_the_ledger_of_the_borrower(lent: Books) -> None:
    before = balances(lent, "USPM")
    create(lent)
    lent.post_invoices()
    assert (
        balances(lent, "USPM")
        == before
        == {
            "wip_sales_value": Decimal(2000),
            "accrued_revenue_sales_value": Decimal(-2000),
        }
    )


def test_ic_08_the_customer_is_invoiced_without_waiting_for_it(lent: Books) -> None:
    header, _, *billing = billed(quantity="10", total="2000")
    posted(lent, header, *billing)
    lent.post_invoices(company="USPM")
    assert [(i["company"], i["total"]) for i in lent.result["invoices"]] == [("USPM", "2000.00")]


def test_inv_02_inv_22_the_sale_stays_on_its_journal_and_keeps_its_voucher(lent: Books) -> None:
    before, told = lent.row("sold"), lent.write_back("sold")
    create(lent)
    lent.post_invoices(proposal_id=NUMBER)
    assert lent.row("sold") == before
    assert lent.write_back("sold") == told
    assert lent.write_back(NUMBER, "invoice") is None


def test_ic_15_only_what_is_posted_in_the_days_named_is_billed(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("july", on="2026-07-31"), sold("august"), sold("september", on="2026-09-01"))
    books.arrive(sold("late"))  # of August too, but not posted
    books.import_staging()
    create(books)
    assert [line["actual_id"] for line in books.proposal(NUMBER)["lines"]] == [guid("august")]
    books.post_journals()
    assert create(books) == "created IC-000002"
    assert [line["actual_id"] for line in books.proposal("IC-000002")["lines"]] == [guid("late")]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"from": "2026-09-01", "to": "2026-09-30"}, "no posted sales to USPM from 2026-09-01 to 2026-09-30"),
        ({"company": "USPM", "borrower": "GBPM"}, "USPM does not lend to GBPM: add it to intercompany"),
        ({"from": "August"}, "from is written as 2026-08-31, not 'August'"),
        ({"borrower": ""}, "the request needs borrower"),
    ],
)
def test_what_cannot_be_billed_is_said_and_no_number_is_drawn(lent: Books, changes: dict[str, str], told: str) -> None:
    assert told in create(lent, **changes)
    assert create(lent) == f"created {NUMBER}"


def test_what_is_billed_is_not_billed_again(lent: Books) -> None:
    create(lent)
    assert "no posted sales" in create(lent)
    lent.post_invoices(proposal_id=NUMBER)
    assert "no posted sales" in create(lent)


def test_each_currency_has_an_invoice_of_its_own(books: Books) -> None:
    books.use(between_companies())
    posted(books, sold("dollars"), sold("pounds", currency="GBP"))
    assert create(books) == "created IC-000001, IC-000002"
    found = [(p["currency"], p["subtotal"]) for p in books.result["proposals"]]
    assert found == [("GBP", "1200.00"), ("USD", "1200.00")]


def test_ic_16_a_reversal_waits_until_the_original_is_invoiced(lent: Books) -> None:
    create(lent)
    posted(lent, sold("back", "-10"), reverses("back", "sold"))
    assert "no posted sales" in create(lent)  # the original's invoice is not posted yet
    lent.post_invoices(proposal_id=NUMBER)
    assert create(lent) == "created IC-000002"
    lent.post_invoices(proposal_id="IC-000002")
    assert lent.invoice("IC-000002")["document_type"] == "credit_note"
    assert balances(lent, "GBPM") == {}


def test_ic_16_a_reversal_of_what_was_never_invoiced_stands_beside_it(lent: Books) -> None:
    posted(lent, sold("back", "-10"), reverses("back", "sold"))
    create(lent)
    lent.post_invoices(proposal_id=NUMBER)
    assert lent.invoice(NUMBER)["total"] == "0.00"
    assert balances(lent, "GBPM") == {}


@pytest.mark.parametrize("transactions", [1, 2, 3])
def test_what_was_begun_is_finished_by_the_next_import(
    lent: Books, monkeypatch: pytest.MonkeyPatch, transactions: int
) -> None:
    """Three sales on pages of one line: the header, then a page a transaction."""
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 1)
    posted(lent, sold("second"), sold("third"))
    with dying(lent.world.client, transactions, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        lent.world.edit("intercompany_invoice", **AUGUST)
    assert lent.proposal(NUMBER)["status"] == "waiting"
    lent.import_staging()
    assert (lent.proposal(NUMBER)["status"], lent.proposal(NUMBER)["subtotal"]) == ("ready", "3600.00")
    lent.post_invoices(proposal_id=NUMBER)
    assert len(lent.result["vendor_invoices"]) == 1


def test_a_repetition_goes_on_with_what_was_begun(lent: Books) -> None:
    with dying(lent.world.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        lent.world.edit("intercompany_invoice", **AUGUST)
    assert create(lent) == f"created {NUMBER}"
    assert [(p["proposal_id"], p["status"]) for p in lent.result["proposals"]] == [(NUMBER, "ready")]


def test_its_lines_are_not_deleted(lent: Books) -> None:
    create(lent)
    told = lent.edit("delete_lines", company="GBPM", proposal_id=NUMBER)
    assert told == f"refused: the lines of intercompany proposal {NUMBER} are its sales; credit them instead"
    assert lent.proposal(NUMBER)["status"] == "ready"


def test_tax_13_it_is_taxed_by_the_groups_of_the_intercompany_customer(books: Books) -> None:
    document = between_companies()
    document["customers"]["GBPM"]["IC-USPM"]["sales_tax_group"] = "DOM"
    books.use(document)
    posted(books, sold())
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    assert (books.invoice(NUMBER)["sales_tax"], books.invoice(NUMBER)["total"]) == ("240.00", "1440.00")


def test_99_22_what_is_credited_between_companies_has_the_percents_and_accounts_of_the_invoice(books: Books) -> None:
    def at(percent: str, account: str) -> dict[str, Any]:
        made = between_companies()
        made["customers"]["GBPM"]["IC-USPM"]["sales_tax_group"] = "DOM"
        made["sales_tax"]["codes"]["VAT20"]["rates"][0]["percent"] = percent
        for row in made["ledger_posting"]["GBPM"]:
            if row["posting_type"] == "invoiced_revenue":
                row["account"] = account
        return made

    books.use(at("20", "411100"))
    posted(books, sale("work/unbilled", "10"), sold())
    create(books)
    books.post_invoices(proposal_id=NUMBER)
    books.use(at("25", "411999"))
    posted(books, sold("back", "-10"), reverses("back", "sold"))
    create(books)
    books.post_invoices(proposal_id="IC-000002")
    assert [books.invoice(number)["total"] for number in (NUMBER, "IC-000002")] == ["1440.00", "-1440.00"]
    assert balances(books, "GBPM") == {}
    accounts = {line["account"] for one in books.result["vouchers"] for line in one["lines"]}
    assert "411999" not in accounts


def test_sales_in_a_currency_that_only_its_row_knows_are_billed(new_books: Callable[[], Books]) -> None:
    books = new_books()
    books.use(between_companies())
    rates = [master.exchange_rate(f"in {to}", "CHF", to, "0.9", "2026-01-01") for to in ("GBP", "USD")]
    books.arrive(master.currency("CHF"), *rates)
    posted(books, sale("work/unbilled", "10", currency="CHF"), sold(currency="CHF"))
    create(books)
    books.post_invoices()
    (invoice,) = books.result["invoices"]
    assert (invoice["currency"], invoice["total"]) == ("CHF", "1200.00")
