"""The page of the sales tax report, and its file."""

from __future__ import annotations

import csv
import io
from unittest.mock import patch

import pytest

from project_invoicing.domain.actor import Role
from project_invoicing.workspace.pages import sales_tax
from tests.posted import put, scanned
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import IN_POUNDS, approval, billed
from tests.workspace.browsing import Browser

HERE = "company=USPM&from=2026-08-01&to=2026-12-31"


@pytest.fixture
def posted(books: Books) -> Books:
    """An invoice in pounds with tax: 1,600 and 320 GBP, which are 2,204.32 and 440.86 USD."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    return books


def test_the_page_sums_by_code_and_leads_to_lines_invoice_and_voucher(posted: Books) -> None:
    ann = Browser(posted)
    page = ann.get(f"/sales-tax?{HERE}")
    assert page.status == 200
    assert page.usage.requests <= 8
    assert "VAT20 none 2026-08-01 to 2026-12-31 2 204.32 0.00 440.86 0.00 0.00 0.00 440.86" in page.main
    assert "before tax: 2 204.32 USD" in page.main
    assert "GBP 1 600.00 / 320.00" in page.main
    assert "VAT20 222100 440.86 440.86 ✓ none" in page.main
    assert "Show the lines" in page.main
    lines = ann.get(page.link("code=VAT20").partition("#")[0])
    assert "PV-" in lines.main
    assert "VAT20 20 % 1 600.00 GBP 320.00 GBP 2 204.32 440.86" in lines.main
    assert "Invoice FTI-00000001" in ann.get(lines.link("/invoice?")).main
    assert "4 725.18" in ann.get(lines.link("/voucher?")).main
    assert "There is no such line." in ann.get(f"/sales-tax?{HERE}&code=none").main
    assert "Nothing was invoiced" in ann.get("/sales-tax?company=USPM&from=2020-01-01").main
    assert ann.get("/sales-tax").status == 200


def test_the_file_has_the_rows_or_the_lines(posted: Books) -> None:
    ann = Browser(posted)
    page = ann.get(f"/sales-tax?{HERE}")
    rows = ann.get(page.link("/sales-tax/csv?"))
    assert rows.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert rows.headers["Content-Disposition"] == 'attachment; filename="sales-tax-2026-08-01-2026-12-31.csv"'
    (row,) = csv.DictReader(io.StringIO(rows.body))
    assert (row["code"], row["taxable"], row["tax"], row["due"]) == ("VAT20", "2204.32", "440.86", "440.86")
    (line,) = csv.DictReader(io.StringIO(ann.get(page.link("of=lines")).body))
    assert (line["invoice"], line["base"], line["accounting_tax"]) == ("FTI-00000001", "1600.00", "440.86")


def test_what_the_ledger_says_otherwise_is_named(posted: Books) -> None:
    table = posted.world.names.ledger_table
    page = next(item for item in scanned(posted.world, table) if item.get("so") == "invoice")
    posted.world.client.delete_item(TableName=table, Key={"pk": {"S": page["pk"]}, "sk": {"S": page["sk"]}})
    seen = Browser(posted).get(f"/sales-tax?{HERE}").main
    assert "What does not agree" in seen
    assert "moves account 222100 by another amount VAT20 222100 440.86 USD 0.00 USD" in seen
    put(posted.world, table, iter([page]))
    assert "What does not agree" not in Browser(posted).get(f"/sales-tax?{HERE}").main


def test_more_than_a_page_can_sum_is_said_and_not_summed(posted: Books) -> None:
    with patch.object(sales_tax, "_DOCUMENTS", 0):
        ann = Browser(posted)
        assert "too many to be summed for a page" in ann.get(f"/sales-tax?{HERE}").main
        refused = ann.get(f"/sales-tax/csv?{HERE}")
        assert (refused.status, "it has more than 0 documents" in refused.main) == (400, True)


def test_whoever_may_look_may_look_at_it_and_nonsense_is_told(posted: Books) -> None:
    ann = Browser(posted, Role.VIEWER)
    assert ann.get(f"/sales-tax?{HERE}").status == 200
    for wrong in ("company=NONE", "company=USPM&from=x", f"{HERE}&code=VAT99"):
        assert ann.get(f"/sales-tax?{wrong}").status == 400
