"""STX-05 to STX-12 through posted documents: the report's sums are the ledger's, whatever the order of arrival."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from local import cli
from project_invoicing.config import settings
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.sales_tax_report.report import asked, report
from project_invoicing.use_cases.sales_tax_report.shown import Shown, shown
from tests.builders import Context, guid, proforma
from tests.counting import counted
from tests.posted import posted_invoice, put, scanned
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.test_intercompany_invoices import AUGUST, NUMBER, between_companies, posted, sold
from tests.rules.invoices.test_lineage import as_the_version_before_left_it
from tests.rules.stories import IN_POUNDS, bill, billed, bills, sale
from tests.rules.test_lists import cli_of, forgotten
from tests.workspace.person import Person

DAYS = ("2026-08-01", "2026-09-30")
VAT20 = {"rates": [{"valid_from": "2020-01-01", "percent": "20"}], "account": "222100", "settlement_period": "Q"}
QUARTERS = {"Q": {"authority": "Revenue", "unit": "month", "number": 3, "first_day": "2026-01-01"}}
SETTLED = finance(TAXED, ("sales_tax.settlement_periods", QUARTERS), ("sales_tax.codes.VAT20", VAT20))
OF_A_LINE = {"contract_line": "CTR-1-FP", "start": "2026-08-02"}


def month() -> list[Context]:
    """Two invoices and a credit for the quarter, one in pounds; and an invoice after it."""
    return [
        bill("a1", "8", "200", invoice="inv-a", **OF_A_LINE),
        bill("a2", "1", "33.33", invoice="inv-a", **OF_A_LINE),
        proforma("inv-a", number="INV-A", total="1633.33", invoice_date="2026-08-31"),
        bill("b1", "-2", "200", invoice="inv-b", **OF_A_LINE),
        proforma("inv-b", number="INV-B", total="-400", invoice_date="2026-09-01"),
        *(message for work in ("c1", "c2") for message in in_pounds(work)),
        proforma("inv-c", number="INV-C", total="1000", invoice_date="2026-08-31", contract="CTR-GBP", currency="GBP"),
        bill("d1", "1", "77", invoice="inv-d", **OF_A_LINE),
        proforma("inv-d", number="INV-D", total="77", invoice_date="2026-10-01"),
    ]


def in_pounds(work: str) -> list[Context]:
    return [
        sale(f"{work}/unbilled", "2.5", "200", **IN_POUNDS),
        bill(f"{work}/billed", "2.5", "200", invoice="inv-c", **IN_POUNDS),
        bills(f"{work}/billed", f"{work}/unbilled"),
    ]


def post(books: Books, *contexts: Context) -> None:
    books.arrive(*contexts)
    books.journalise()
    books.import_staging()
    books.post_invoices()


def shown_of(books: Books, company: str = "USPM", days: tuple[str, str] = DAYS, code: str | None = None) -> Shown:
    place = ListPlace.read(books.world.client, books.world.names, books.world.at)
    question = asked(place, company, *days, code)
    return shown(report(place, question, lines=True), question, place.setup)


def movement(books: Books, account: str, *invoices: str) -> Decimal:
    """What the vouchers of these proposals move an account by, credit positive."""
    numbers = {str(books.invoice(one)["voucher"]) for one in invoices}
    lines = (line for voucher in books.result["vouchers"] if voucher["voucher"] in numbers for line in voucher["lines"])
    return -sum((Decimal(line["accounting_amount"]) for line in lines if line["account"] == account), Decimal(0))


@pytest.fixture(scope="module")
def quarter(new_books: Callable[[], Books]) -> Books:
    books = new_books()
    books.use(SETTLED)
    post(books, *month())
    return books


def told(found: Shown) -> list[tuple[str, ...]]:
    """The report without the numbers of documents, which depend on the order of posting."""
    lines = [(one.tax_date, one.actual_id, one.code, one.base, one.tax, one.accounting_tax) for one in found.lines]
    return [*sorted(lines), *((one.code, one.taxable, one.tax, one.credited, one.due) for one in found.rows)]


def test_stx_05_stx_08_stx_09_the_sums_of_a_quarter_are_what_the_tax_account_was_moved_by(quarter: Books) -> None:
    """By hand: 1,633.33 at 20 % are 326.67; 1,000 GBP are 1,377.70 and 275.54 USD; the credit is 400 and 80."""
    found = shown_of(quarter)
    (row,) = found.rows
    assert (row.code, row.authority, row.first, row.last) == ("VAT20", "Revenue", "2026-07-01", "2026-09-30")
    assert (row.taxable, row.tax, row.credited, row.credited_tax, row.due) == (
        "3011.03", "602.21", "400.00", "80.00", "522.21",
    )  # fmt: skip
    assert row.documents == "GBP 1000.00 / 200.00, USD 1233.33 / 246.67"
    assert movement(quarter, "222100", "INV-A", "INV-B", "INV-C") == Decimal("522.21")
    (account,) = found.accounts
    assert (account.account, account.reported, account.ledger, account.difference) == (
        "222100", "522.21", "522.21", "0.00",
    )  # fmt: skip
    assert found.nets == {"payable": "2611.03"}
    assert (found.documents, found.differences, found.whole) == (3, [], True)
    assert {one.actual_id for one in found.lines} == {
        guid(name) for name in ("a1", "a2", "b1", "c1/billed", "c2/billed")
    }


def test_stx_06_an_invoice_counts_on_its_invoice_date_alone(quarter: Books) -> None:
    assert [one.tax for one in shown_of(quarter, days=("2026-10-01", "2026-10-01")).rows] == ["15.40"]
    assert [one.credited for one in shown_of(quarter, days=("2026-09-01", "2026-09-30")).rows] == ["400.00"]
    nothing = shown_of(quarter, days=("2026-10-02", "2027-12-31"))
    assert (nothing.rows, nothing.documents) == ([], 0)


def test_a_report_reads_what_is_in_its_interval_and_nothing_else(quarter: Books) -> None:
    place = ListPlace.read(quarter.world.client, quarter.world.names, quarter.world.at)
    for days, requests in ((DAYS, 5), (("2026-10-02", "2027-12-31"), 2)):
        question = asked(place, "USPM", *days, None)
        with counted(quarter.world.client) as usage:
            report(place, question)
        assert usage.requests <= requests


def test_a_code_that_left_the_set_up_is_still_reported(quarter: Books) -> None:
    quarter.use(finance(TAXED, ("sales_tax.codes", {}), ("sales_tax.groups", {"DOM": []}), ("sales_tax.item_groups", {
        name: [] for name in ("SERV", "GOODS", "FULL")})))  # fmt: skip
    (row,) = shown_of(quarter, code="VAT20").rows
    assert (row.code, row.authority, row.due) == ("VAT20", "", "522.21")
    quarter.use(SETTLED)


def test_order_and_repetition_make_no_difference(new_books: Callable[[], Books], quarter: Books) -> None:
    once = told(shown_of(quarter))
    books = new_books()  # empties the tables
    books.use(SETTLED)
    backwards = month()[::-1]
    post(books, *backwards, *backwards)
    post(books, *month())
    assert told(shown_of(books)) == once


def test_stx_12_the_borrower_gets_back_what_it_has_posted_and_what_waits_is_apart(books: Books) -> None:
    """1,200 USD at 20 %: 240 USD, 180 GBP for the lender at 0.75, of which the borrower gets half back."""
    policy = between_companies()
    policy["customers"]["GBPM"]["IC-USPM"]["sales_tax_group"] = "DOM"
    policy["sales_tax"]["codes"]["VAT20"] = {**VAT20, "deductible_percent": 50}
    policy["sales_tax"]["settlement_periods"] = QUARTERS
    accounts = {"vendor_balance": "200100", "sales_tax_receivable": "223100"}
    policy["ledger_posting"]["USPM"] += [{"posting_type": name, "account": at} for name, at in accounts.items()]
    books.use(policy)
    posted(books, sold())
    assert books.edit("intercompany_invoice", **AUGUST) == f"created {NUMBER}"
    books.post_invoices(proposal_id=NUMBER)
    (lender,) = shown_of(books, "GBPM").rows
    assert (lender.direction, lender.taxable, lender.tax, lender.currency) == ("payable", "900.00", "180.00", "GBP")
    before = shown_of(books, "USPM")
    (waiting,) = before.not_posted
    assert (before.rows, before.totals, before.documents, before.differences) == ([], [], 0, [])
    assert (waiting.lender, waiting.status, waiting.base, waiting.tax) == ("GBPM", "pending", "1200.00", "240.00")
    of_days = {"company": "USPM", "from": DAYS[0], "to": DAYS[1]}
    page = Person(books).get("/sales-tax", **of_days)
    assert f"/vendor-invoice?company=USPM&amp;number={waiting.invoice}&amp;lender=GBPM" in page.html

    answer = books.do("post_vendor_invoices", company="USPM", numbers=waiting.invoice, date="2026-09-30")
    assert answer["posted"]
    borrower = shown_of(books, "USPM")
    (row,) = borrower.rows
    assert (row.direction, row.taxable, row.tax, row.not_deductible) == ("receivable", "1200.00", "120.00", "120.00")
    assert [(one.payable, one.receivable, one.to_pay) for one in borrower.totals] == [("0.00", "120.00", "-120.00")]
    (line,) = borrower.lines
    assert (line.other, line.voucher, line.accounting_date) == ("GBPM", "VIV-000001", "2026-09-30")
    assert [(one.direction, one.account, one.reported, one.difference) for one in borrower.accounts] == [
        ("receivable", "223100", "120.00", "0.00")
    ]
    assert (borrower.not_posted, borrower.differences) == ([], [])
    with_link = Person(books).get("/sales-tax", **of_days, code="VAT20")
    assert f"/invoice?company=GBPM&amp;number={line.invoice}" in with_link.html
    alone = Person(books, companies=("USPM",)).get("/sales-tax", **of_days, code="VAT20")
    assert "Receivable: charged by lenders" in alone.text
    assert "/invoice?company=GBPM" not in alone.html


def test_an_invoice_of_many_lines_is_read_to_its_end_and_a_changed_ledger_is_named(books: Books) -> None:
    posted_invoice(books.world, 200)
    day = books.result["invoices"][0]["invoice_date"]
    table = books.world.names.proposals_table
    header = next(
        item for item in scanned(books.world, table) if item["pk"].startswith("INVOICE#") and item["sk"] == "H"
    )
    put(books.world, table, iter([header | {"n": 200}]))
    found = shown_of(books, header["co"], (day, day))
    assert len(found.lines) >= 200
    assert {one.what for one in found.differences} >= {"document"}  # the header and the voucher are of one line


def test_what_an_earlier_version_posted_is_told_as_long_as_its_set_up_is_there(books: Books) -> None:
    books.use(SETTLED)
    post(books, *month())
    as_the_version_before_left_it(books)
    books.use(finance(TAXED, ("sales_tax.codes.VAT20.rates", [{"valid_from": "2020-01-01", "percent": "99"}])))
    found = shown_of(books)
    assert ([row.due for row in found.rows], found.differences) == (["522.21"], [])

    table = books.world.names.proposals_table
    headers = [item for item in scanned(books.world, table) if item["pk"].startswith("PROPOSAL#") and item["sk"] == "H"]
    put(books.world, table, ({name: value for name, value in item.items() if name != "pv"} for item in headers))
    untold = shown_of(books)
    assert (untold.rows, untold.documents) == ([], 3)
    assert {one.what for one in untold.differences} == {"not_told"}
    assert len({one.invoice for one in untold.differences}) == 3


@pytest.mark.parametrize(
    ("given", "told_"),
    [
        (("NONE", *DAYS, None), "the set-up has no company NONE"),
        (("USPM", "2026-09-01", "2026-08-31", None), "to is 2026-08-31, which is before 2026-09-01"),
        (("USPM", "yesterday", None, None), "from is written as"),
        (("USPM", *DAYS, "VAT99"), "the set-up has no sales tax code VAT99; there are VAT20, none"),
    ],
)
def test_what_is_not_known_is_refused_with_its_field(books: Books, given: tuple[Any, ...], told_: str) -> None:
    books.use(SETTLED)
    place = ListPlace.read(books.world.client, books.world.names, books.world.at)
    with pytest.raises(Rejected, match=told_):
        report(place, asked(place, *given))


def test_without_days_it_is_the_last_interval_that_is_over(books: Books) -> None:
    def usual(first: str | None = None, last: str | None = None) -> tuple[str, str]:
        place = ListPlace.read(books.world.client, books.world.names, "2026-11-15T12:00:00Z")
        interval = asked(place, None, first, last, None).interval
        return interval.first.isoformat(), interval.last.isoformat()

    books.use(SETTLED)
    assert usual() == ("2026-07-01", "2026-09-30")
    assert usual("2026-08-01") == ("2026-08-01", "2026-08-31")
    assert usual(last="2026-08-20") == ("2026-08-01", "2026-08-20")
    books.use(finance(TAXED))
    assert usual() == ("2026-10-01", "2026-10-31")


def test_the_command_prints_tables_json_and_csv(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.use(SETTLED)
    post(books, *billed(total="1600"))
    day = books.invoice("INV-0001")["invoice_date"]
    command = ["tax", "report", "--company", "USPM", "--from", day, "--to", day]
    settings.cache_clear()
    with cli_of(books):
        assert cli.main([*command, "--lines"]) == 0
        printed = capsys.readouterr()
        assert "VAT20" in printed.out
        assert printed.err == ""
        assert cli.main([*command, "--json"]) == 0
        made = json.loads(capsys.readouterr().out)
        assert (made["rows"][0]["tax"], made["lines"], made["filled"]) == ("320.00", [], True)
        assert cli.main([*command, "--csv", "--lines"]) == 0
        (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
        assert (line["code"], line["base"], line["tax"], line["account"]) == ("VAT20", "1600.00", "320.00", "222100")
        assert cli.main([*command, "--csv", "--code", "none"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1
        assert cli.main([*command, "--code", "VAT99"]) == 2
        assert "--code: the set-up has no sales tax code VAT99" in capsys.readouterr().err
        forgotten(books)
        assert cli.main(command) == 0
        assert "run: invoicing fill-lists" in capsys.readouterr().err
    settings.cache_clear()
