"""Whether a period can be closed: what counts in it, and what is done."""

from __future__ import annotations

from typing import Any

from tests.builders import actual
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.invoices.test_vendor_invoices import INVOICE, between_companies, bill, post
from tests.rules.stories import approval, billed, cost
from tests.rules.test_accrued_revenue import left_behind
from tests.workspace.browsing import Browser
from tests.workspace.person import Person
from tests.workspace.test_differences import difference, reconciled

MONTHS = [
    {"start": f"2026-{month:02d}-01", "end": f"2026-{month:02d}-{last}", "status": "open"}
    for month, last in ((7, 31), (8, 31), (9, 30))
]
MOST_REQUESTS = 27


def months(books: Books, *closed: int, **parameters: Any) -> None:
    periods = [{**one, "status": "closed"} if n in closed else one for n, one in enumerate(MONTHS, 7)]
    given = [(f"parameters.USPM.{name}", value) for name, value in {"journal_period": "days", **parameters}.items()]
    books.use(finance(("fiscal_periods.USPM", periods), *given))


NOT_COUNTED = "not counted: no batches are made"


def open_points(books: Books, period: str = "2026-08") -> list[str]:
    """The points that are not done, in the words of the page."""
    page = Person(books).get("/close", company="USPM", period=period)
    assert page.status == 200, page.text
    assert page.requests <= MOST_REQUESTS
    rows = page.html.partition("<tbody")[2].split("<tr")[1:]
    return [
        row.partition("</a>")[0].rpartition(">")[2] for row in rows if "✓ done" not in row and NOT_COUNTED not in row
    ]


VENDOR_INVOICES = "Vendor invoices of other companies that are not posted"
CORRECTIONS = "Corrections of accrued revenue that are not posted"
RECONCILED = "A whole reconciliation after the end of the period"


def test_what_is_open_in_the_month_is_named_and_other_months_do_not_count(books: Books) -> None:
    months(books)
    july = {"start": "2026-07-10", "document_date": "2026-07-10"}
    books.arrive(*approval(), *approval("earlier", **july), cost("odd", project="PRJ-NONE"))
    books.import_staging()
    assert open_points(books) == ["Rows that are on no journal", "Journals that are not posted", RECONCILED]
    assert open_points(books, "2026-07") == ["Journals that are not posted", RECONCILED]
    assert open_points(books, "2026-09") == [RECONCILED]


def test_an_open_period_takes_what_is_dated_in_closed_ones_before_it(books: Books) -> None:
    months(books, 7)
    books.arrive(cost("odd", project="PRJ-NONE", start="2026-07-10", document_date="2026-07-10"))
    books.import_staging()
    assert open_points(books) == ["Rows that are on no journal", RECONCILED]
    months(books, 7, auto_open_period=False)
    assert open_points(books) == [RECONCILED]


def test_a_journal_of_a_longer_period_counts_in_each_month_of_it(books: Books) -> None:
    for length in ("years", "all"):
        months(books, journal_period=length)
        books.arrive(*approval(length))
        books.import_staging()
        assert "Journals that are not posted" in open_points(books, "2026-07")
        assert "Journals that are not posted" in open_points(books, "2026-09")
        books.post_journals()


def test_a_month_is_done_once_all_is_posted_written_back_and_reconciled(books: Books) -> None:
    months(books)
    books.arrive(*approval(), *billed())
    books.import_staging()
    assert "Proposals that wait" in open_points(books)
    books.post_journals()
    assert "Proposals that are ready" in open_points(books)
    books.post_invoices()
    assert open_points(books) in ([RECONCILED], ["Posted documents that are not written back", RECONCILED])
    reconciled(books, at="2026-08-31T03:00:00Z")
    assert RECONCILED in open_points(books)
    assert Person(books).get("/close", company="USPM", period="2026-08").text.count(NOT_COUNTED) == 2
    reconciled(books, at="2026-09-02T03:00:00Z")
    assert RECONCILED not in open_points(books)
    reconciled(books, difference("a"), check="balance", at="2026-09-03T03:00:00Z")
    assert "Other differences of the last reconciliation" in open_points(books)


def test_a_proposal_without_a_date_belongs_to_the_period_of_today(books: Books) -> None:
    months(books)
    books.arrive(*billed())
    books.import_staging()
    assert "Proposals that wait" in open_points(books)
    books.world.at = "2026-09-10T09:00:00Z"
    assert "Proposals that wait" not in open_points(books)
    assert "Proposals that wait" in open_points(books, "2026-09")


def test_rejected_rows_count_from_the_day_on_which_the_period_began(books: Books) -> None:
    months(books)
    books.arrive(actual("bad", amount=None))
    assert "Rows rejected since the period began" in open_points(books)
    assert "Rows rejected since the period began" not in open_points(books, "2026-09")


def test_without_a_choice_it_is_the_period_to_close_next(books: Books) -> None:
    months(books)
    books.world.at = "2026-09-10T09:00:00Z"
    ann = Person(books)
    assert "2026-07-01 to 2026-07-31 is open" in ann.get("/close").text
    months(books, 7, 8)
    assert "2026-09-01 to 2026-09-30 is open" in ann.get("/close").text
    assert "is closed in the set-up" in ann.get("/close", period="2026-08").text


def test_what_is_no_period_or_no_company_is_a_clear_4xx(books: Books) -> None:
    months(books)
    for query in ({"period": "x"}, {"period": "2027-01"}, {"company": "<b>"}, {"period": "2026-13"}):
        page = Person(books).get("/close", **query)
        assert page.status == 400
        assert "<b>" not in page.html


def test_what_other_companies_have_billed_is_on_the_checklist_and_the_overview_until_it_is_posted(
    books: Books,
) -> None:
    bill(books)
    periods = {"fiscal_periods": {"USPM": MONTHS, "GBPM": MONTHS}}
    books.use(between_companies() | periods)
    seen = Person(books)
    assert VENDOR_INVOICES in open_points(books)
    assert VENDOR_INVOICES not in open_points(books, "2026-09")
    assert "vendor invoices of other companies 1 1 200.00 USD" in seen.get("/", company="USPM").text.replace(
        "\u202f", " "
    )
    assert "vendor invoices" not in seen.get("/", company="GBPM").text
    assert post(books)["posted"][0]["invoice_number"] == INVOICE
    assert VENDOR_INVOICES not in open_points(books)
    assert "vendor invoices" not in seen.get("/").text


def test_a_correction_that_is_not_posted_is_on_the_checklist_of_its_voucher_date(books: Books) -> None:
    left_behind(books, "one")
    ann = Browser(books)
    page = ann.get("/accruals?company=USPM&from=2026-08-01&to=2026-08-31")
    made = ann.send(page, "/accruals/correct", all="yes", voucher_date="2026-08-31")
    assert CORRECTIONS in open_points(books)
    ann.send(made, "/accruals/journal/post")
    assert CORRECTIONS not in open_points(books)
