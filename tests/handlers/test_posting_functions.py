"""journal_posting and invoice_posting: on schedule, by event, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import guid, proforma
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import bill, cost

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}
NOTHING: dict[str, Any] = {"posted": [], "refused": {}}


def milestone(name: str, number: str) -> list[Any]:
    return [bill(f"{name}/billed", "1", "5000", invoice=name, **MILESTONE), proforma(name, number=number, total="5000")]


def ready(books: Books, *, automatic: bool = False) -> None:
    """Two proposals that can be posted; their company posts by itself or not."""
    books.use(finance(("parameters.USPM.auto_post_proposals", automatic)))
    books.arrive(*milestone("inv-1", "INV-0001"), *milestone("inv-2", "INV-0002"))
    books.run("staging_import")


# --- journals ---------------------------------------------------------------------------------------------------------


def test_the_schedule_posts_the_journals_of_all_companies(books: Books) -> None:
    books.use(second_company(finance()))
    books.arrive(cost("ours"), cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging()
    answer = books.call("journal_posting", sample("journal_posting/scheduled"))
    assert answer == {"posted": ["USPM-000001", "USPM-000001"], "failed": []}


@pytest.mark.parametrize(
    ("scope", "posted"),
    [
        ({"company": "GBPM"}, ["theirs"]),
        ({"company": "USPM", "journal_id": "USPM-000002"}, ["later"]),
        ({"company": "USPM", "journal_id": "USPM-000404"}, []),
    ],
)
def test_a_run_by_hand_posts_what_it_names(books: Books, scope: dict[str, str], posted: list[str]) -> None:
    books.use(second_company(finance(("parameters.USPM.journal_line_limit", 1))))
    books.arrive(cost("ours"), cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging()
    books.arrive(cost("later"))
    books.import_staging()
    books.run("journal_posting", **scope)
    states = {row["actual_id"]: row["state"] for row in books.result["staging"]}
    assert [name for name in ("ours", "later", "theirs") if states[guid(name)] == "posted"] == posted


def test_a_journal_in_error_is_told(books: Books) -> None:
    books.use(finance(profile_rules=[]))
    books.arrive(cost("work"))
    books.import_staging()
    assert books.run("journal_posting") == {"posted": [], "failed": ["USPM-000001"]}
    (told,) = books.world.drain()
    assert (told.detail_type, told.detail["journal_id"]) == ("IntegrationJournalFailed", "USPM-000001")


# --- invoices ---------------------------------------------------------------------------------------------------------


def test_the_event_posts_the_proposal_that_it_names_and_once(books: Books) -> None:
    ready(books)
    event = sample("invoice_posting/invoice-proposal-ready")
    event["detail"]["invoice_id"] = guid("inv-2")
    assert books.call("invoice_posting", event)["posted"] == ["FTI-00000001"]
    assert (books.proposal("INV-0001")["status"], books.proposal("INV-0002")["status"]) == ("ready", "posted")
    assert books.call("invoice_posting", event) == NOTHING


def test_an_event_of_a_proposal_that_is_gone_does_nothing(books: Books) -> None:
    ready(books)
    event = sample("invoice_posting/invoice-proposal-ready")
    event["detail"]["invoice_id"] = guid("no such")
    assert books.call("invoice_posting", event) == NOTHING


def test_a_run_by_hand_posts_everything_that_is_ready(books: Books) -> None:
    ready(books)
    assert books.run("invoice_posting")["posted"] == ["FTI-00000001", "FTI-00000002"]


def test_a_run_by_hand_posts_what_it_names_and_says_what_it_refuses(books: Books) -> None:
    ready(books)
    event = sample("invoice_posting/manual")
    assert books.call("invoice_posting", event)["posted"] == ["FTI-00000001"]
    assert books.invoice()["invoice_date"] == event["detail"]["invoice_date"]
    refused = books.call("invoice_posting", event)
    assert refused["posted"] == []
    assert refused["refused"]["INV-0001"].startswith("already_posted: ")
    assert books.run("invoice_posting", proposal_id="INV-0404") == NOTHING


def test_a_posted_invoice_is_told_with_its_figures(books: Books) -> None:
    ready(books)
    books.run("invoice_posting", proposal_id="INV-0001", invoice_date="2026-08-31")
    told = [event for event in books.world.drain() if event.detail_type == "CustomerInvoicePosted"]
    assert [event.detail for event in told] == [
        {
            "version": 1,
            "company": "USPM",
            "proposal_id": "INV-0001",
            "invoice_id": guid("inv-1"),
            "invoice_number": "FTI-00000001",
            "voucher": "PV-00000001",
            "document_type": "invoice",
            "invoice_date": "2026-08-31",
            "due_date": "2026-08-31",
            "currency": "USD",
            "subtotal": "5000.00",
            "sales_tax": "0.00",
            "total": "5000.00",
            "line_count": 1,
        }
    ]
