"""EDIT-16, JRN-08 to JRN-10, JRN-18, 99-23: on which date an invoice is accounted, and what never moves with it.

It is 31 August 2026 in New York. A pound is worth 1.3777 dollars from 30 August on, and 1.50 from 5 September on.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from project_invoicing.store.invoices import HEADER
from project_invoicing.store.transactions import get, transact, update
from project_invoicing.use_cases.invoices import saga as invoice_saga
from tests.builders import Context, guid, proforma
from tests.faults import TRANSACTION, Killed, dying
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, bill, billed, bills, sale

HEADER_OF = {"company": "USPM", "proposal_id": "INV-0001"}
BILLED_SALES = ("parameters.USPM.invoice_accounting_date", "billed_sales")
CLOSED_AUGUST: list[dict[str, Any]] = [
    {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
    {"start": "2026-09-01", "end": "2026-09-30", "status": "open"},
]


def setup(*values: tuple[str, Any], **keys: Any) -> dict[str, Any]:
    made = finance(TAXED, ("customers.USPM.C-001.terms_of_payment", "D14"), *values, **keys)
    made["exchange_rates"].append(
        {"from": "GBP", "to": "USD", "valid_from": "2026-09-05", "rate": "150", "factor": 100}
    )
    made["sales_tax"]["codes"]["VAT20"]["rates"].append({"valid_from": "2026-09-01", "percent": "22"})
    return made


def in_pounds(**columns: Any) -> list[Context]:
    """Eight hours in pounds, billed; ``columns`` are the header's."""
    header = proforma("inv-1", contract="CTR-GBP", currency="GBP", **columns)
    return [*billed(**IN_POUNDS)[1:], header]


def dates(books: Books) -> tuple[str, str, str, str]:
    """Invoice date, due date, accounting date, and the voucher's."""
    invoice = books.invoice()
    (voucher,) = [voucher for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    return invoice["invoice_date"], invoice["due_date"], invoice["accounting_date"], voucher["accounting_date"]


def posted_over(books: Books, document: dict[str, Any], periods: list[dict[str, Any]] | None = None) -> Books:
    """What was journalised with ``document`` is posted once its periods are ``periods``."""
    if periods is not None:
        books.use(document | {"fiscal_periods": {"USPM": periods}})
    books.post_invoices()
    return books


@pytest.mark.parametrize(
    ("columns", "day"),
    [
        ({"msdyn_accountingdate": "2026-09-05"}, "2026-09-05"),
        ({"msdyn_accountingdate": "2026-09-05T04:00:00Z"}, "2026-09-05"),
        ({"msdyn_accountingdate": "2026-09-06T03:59:00Z"}, "2026-09-05"),
        ({"msdyn_accountingdate": "/Date(1788667140000)/"}, "2026-09-05"),
        ({"msdyn_tzaaccountingdate": "2026-09-05T00:00:00Z"}, "2026-09-05"),
        ({"msdyn_tzaaccountingdate": "2026-09-05", "msdyn_accountingdate": "2026-09-07"}, "2026-09-05"),
        ({}, "2026-08-31"),
    ],
)
def test_edit_16_the_headers_accounting_date_decides_the_period_and_the_rate(
    books: Books, columns: dict[str, str], day: str
) -> None:
    books.use(setup())
    books.arrive(*in_pounds(**columns))
    books.journalise()
    books.post_invoices()
    assert dates(books) == ("2026-08-31", "2026-09-14", day, day)
    assert books.invoice()["sales_tax"] == "320.00", "the tax is that of the invoice date"
    worth = "2400.00" if day > "2026-09-01" else "2204.32"
    assert books.row("work/billed")["accounting_amount"] == worth


def test_it_decides_whatever_date_the_posting_is_given(books: Books) -> None:
    books.use(setup())
    books.arrive(*in_pounds(msdyn_accountingdate="2026-09-05"))
    books.journalise()
    books.post_invoices(proposal_id="INV-0001", invoice_date="2026-09-02")
    assert dates(books) == ("2026-09-02", "2026-09-16", "2026-09-05", "2026-09-05")
    assert books.invoice()["sales_tax"] == "352.00"


@pytest.mark.parametrize("status", ["closed", "on_hold"])
def test_jrn_08_jrn_18_in_a_period_that_is_not_open_it_moves_to_the_next_open_one_and_nothing_else_does(
    books: Books, status: str
) -> None:
    books.use(setup())
    books.arrive(*in_pounds())
    books.journalise()
    posted_over(books, setup(), [CLOSED_AUGUST[0] | {"status": status}, CLOSED_AUGUST[1]])
    assert dates(books) == ("2026-08-31", "2026-09-14", "2026-09-01", "2026-09-01")
    assert books.invoice()["sales_tax"] == "320.00"
    assert books.row("work/billed")["accounting_amount"] == "2204.32", "the rate is that of 1 September"


@pytest.mark.parametrize(
    ("values", "periods", "told"),
    [
        pytest.param((("parameters.USPM.auto_open_period", False),), CLOSED_AUGUST, "for the", id="JRN-09"),
        pytest.param((), CLOSED_AUGUST[:1], "in or after the", id="JRN-10"),
    ],
)
def test_where_it_may_not_move_the_posting_is_refused(
    books: Books, values: Any, periods: list[dict[str, Any]], told: str
) -> None:
    books.use(setup(*values))
    books.arrive(*in_pounds())
    books.journalise()
    posted_over(books, setup(*values), periods)
    (wait,) = books.proposal()["waiting_for"]
    assert wait["reason"] == "period_closed"
    assert wait["detail"] == f"no open fiscal period was found {told} specified accounting date 2026-08-31"
    assert books.result["invoices"] == []
    books.use(setup(*values))
    books.post_invoices()
    assert dates(books)[3] == "2026-08-31"


class TestOfBilledSales:
    """``invoice_accounting_date: billed_sales``: without one on the header, the date that they agree on."""

    def two(self, first: str | None, second: str | None, **header: Any) -> list[Context]:
        told = []
        for work, day in (("one", first), ("two", second)):
            told += [
                sale(f"{work}/unbilled"),
                bill(f"{work}/billed", accounting_date=day),
                bills(f"{work}/billed", f"{work}/unbilled"),
            ]
        return [*told, proforma("inv-1", total="3200", **header)]

    def imported(self, books: Books, *contexts: Context) -> Books:
        books.use(setup(BILLED_SALES))
        books.arrive(*contexts)
        books.journalise()
        return books

    def test_it_is_the_one_they_agree_on(self, books: Books) -> None:
        self.imported(books, *self.two("2026-09-03", "2026-09-03")).post_invoices()
        assert dates(books) == ("2026-08-31", "2026-09-14", "2026-09-03", "2026-09-03")

    def test_where_they_differ_it_waits_with_both_dates_and_their_actuals(self, books: Books) -> None:
        self.imported(books, *self.two("2026-09-03", "2026-09-04")).post_invoices()
        (wait,) = books.proposal()["waiting_for"]
        assert wait["reason"] == "accounting_dates_differ"
        for said in ("2026-09-03", guid("one/billed"), "2026-09-04", guid("two/billed")):
            assert said in wait["detail"]
        assert books.result["invoices"] == []

    def test_it_is_ready_once_they_agree(self, books: Books) -> None:
        self.imported(books, *self.two("2026-09-03", "2026-09-04"))
        books.arrive(bill("two/billed", accounting_date="2026-09-03", message="Update", at="2026-08-31T10:00:00Z"))
        books.import_staging()
        books.post_invoices()
        assert dates(books)[2:] == ("2026-09-03", "2026-09-03")

    def test_it_is_ready_once_the_company_goes_by_the_invoice_date(self, books: Books) -> None:
        self.imported(books, *self.two("2026-09-03", "2026-09-04"))
        books.use(setup())
        books.import_staging()
        books.post_invoices()
        assert dates(books)[2:] == ("2026-08-31", "2026-08-31")

    def test_an_import_that_died_between_its_pages_agrees_with_what_it_wrote(
        self, books: Books, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("project_invoicing.use_cases.proposals.pages.PAGE_LINES", 1)
        books.use(setup(BILLED_SALES))
        books.arrive(*self.two("2026-09-03", "2026-09-03"))
        books.journalise()
        books.edit("delete_lines", **HEADER_OF)
        with pytest.raises(Killed), dying(books.world.client, 1, applied=True, operation=TRANSACTION):
            books.run("staging_import")
        books.import_staging()
        books.post_invoices()
        assert dates(books)[2:] == ("2026-09-03", "2026-09-03")


class TestEdited:
    def ready(self, books: Books, **columns: Any) -> Books:
        books.use(setup())
        books.arrive(*in_pounds(**columns))
        books.journalise()
        return books

    def test_a_person_may_set_it_and_take_it_back(self, books: Books) -> None:
        self.ready(books, msdyn_accountingdate="2026-09-03")
        assert books.edit("edit", **HEADER_OF, accounting_date="2026-09-20") == "done"
        answer = books.world.edit("preview", proposal_id="INV-0001")["previews"][0]
        assert (answer["invoice"]["accounting_date"], answer["voucher"]["accounting_date"]) == ("2026-09-20",) * 2
        assert books.edit("edit", **HEADER_OF, accounting_date=None) == "done"
        books.post_invoices()
        assert dates(books)[2:] == ("2026-09-03", "2026-09-03")

    def test_it_outlives_another_invoice_date(self, books: Books) -> None:
        self.ready(books)
        books.edit("edit", **HEADER_OF, accounting_date="2026-09-20")
        books.edit("edit", **HEADER_OF, invoice_date="2026-09-10")
        books.post_invoices()
        assert dates(books) == ("2026-09-10", "2026-09-24", "2026-09-20", "2026-09-20")

    def test_what_is_no_date_is_refused(self, books: Books) -> None:
        self.ready(books)
        assert "accounting_date is written as 2026-08-31" in books.edit("edit", **HEADER_OF, accounting_date="soon")


def test_a_posting_that_goes_on_keeps_its_accounting_date(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice_saga, "PAGE_LINES", 1)
    books.use(setup())
    books.arrive(*billed("one", "two", total="3200")[1:], proforma("inv-1", total="3200"))
    books.journalise()
    with pytest.raises(Killed), dying(books.world.client, 1, applied=True, operation=TRANSACTION):
        books.run("invoice_posting")
    books.use(setup() | {"fiscal_periods": {"USPM": CLOSED_AUGUST}})
    books.world.at = "2026-09-20T09:00:00Z"
    books.post_invoices()
    assert dates(books) == ("2026-08-31", "2026-09-14", "2026-08-31", "2026-08-31")


def without(books: Books, pk: str, *names: str, **values: Any) -> None:
    """An item of the proposals table as the version before wrote it."""
    table = books.world.names.proposals_table
    changed = dict.fromkeys(names) | values
    transact(books.world.client, [update(table, pk, HEADER, changed, expected={"never": None})])
    books._result = None


def stored_header(books: Books) -> dict[str, Any]:
    """The proforma as the table has it."""
    item = get(books.world.client, books.world.names.proposals_table, f"PROPOSAL#{guid('inv-1')}", HEADER)
    assert item
    return dict(json.loads(item["a"]))


def test_what_was_posted_before_has_its_invoice_date_for_an_accounting_date(books: Books) -> None:
    books.use(setup())
    books.arrive(*in_pounds(msdyn_accountingdate="2026-09-05"))
    books.journalise()
    books.post_invoices()
    without(books, "INVOICE#USPM#FTI-00000001", "da")
    without(books, f"PROPOSAL#{guid('inv-1')}", "da")
    assert books.invoice()["accounting_date"] == "2026-08-31"
    told = books.call("explain", {"id": "INV-0001", "company": "USPM"})
    assert "accounting date 2026-08-31" in json.dumps(told)


def test_what_was_claimed_before_is_finished_on_its_invoice_date(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invoice_saga, "PAGE_LINES", 1)
    books.use(setup())
    books.arrive(*billed("one", "two", total="3200")[1:], proforma("inv-1", total="3200"))
    books.journalise()
    with pytest.raises(Killed), dying(books.world.client, 1, applied=True, operation=TRANSACTION):
        books.run("invoice_posting")
    without(books, "INVOICE#USPM#FTI-00000001", "da")
    stored = stored_header(books) | {"ad": "2026-09-05"}
    without(books, f"PROPOSAL#{guid('inv-1')}", "da", a=json.dumps(stored))
    books.post_invoices()
    assert dates(books) == ("2026-08-31", "2026-09-14", "2026-08-31", "2026-08-31")


def test_reg_13_a_proforma_that_was_stored_with_instants_is_read_as_its_map_says(books: Books) -> None:
    books.use(setup())
    books.arrive(*in_pounds(invoice_date="2026-09-01"))
    books.journalise()
    stored = stored_header(books) | {"di": "2026-09-01T00:00:00Z", "du": "2026-09-15T00:00:00Z"}
    without(books, f"PROPOSAL#{guid('inv-1')}", a=json.dumps(stored))
    books.post_invoices()
    assert dates(books) == ("2026-09-01", "2026-09-15", "2026-09-01", "2026-09-01")


def test_what_is_told_of_an_invoice_names_its_accounting_date(books: Books) -> None:
    books.use(setup())
    books.arrive(*in_pounds(msdyn_accountingdate="2026-09-05"))
    books.journalise()
    books.run("invoice_posting")
    (event,) = [event for event in books.world.drain() if event.detail_type == "CustomerInvoicePosted"]
    assert event.detail["accounting_date"] == "2026-09-05"
    for asked in ({"id": "INV-0001", "company": "USPM"}, {"id": guid("work/billed")}):
        assert "accounting date 2026-09-05" in json.dumps(books.call("explain", asked))
    assert date.fromisoformat(books.invoice()["accounting_date"]) == date(2026, 9, 5)
