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
NOTHING: dict[str, Any] = {"posted": [], "refused": []}


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
    assert answer == {"posted": ["USPM-000001", "USPM-000001"], "failed": [], "refused": []}


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
    answer = books.run("journal_posting")
    assert (answer["posted"], answer["failed"]) == ([], ["USPM-000001"])
    (refusal,) = answer["refused"]
    assert (refusal["company"], refusal["document"], refusal["reason"]) == ("USPM", "USPM-000001", "profile_missing")
    assert refusal["detail"].startswith(f"actual {guid('work')}: no profile rule")
    (told,) = books.world.drain()
    assert (told.detail_type, told.detail["journal_id"]) == ("IntegrationJournalFailed", "USPM-000001")


def test_lines_that_fail_for_one_reason_are_one_refusal(books: Books) -> None:
    books.use(finance(profile_rules=[]))
    books.arrive(cost("work"), cost("more"), cost("yet more"))
    books.import_staging()
    (refusal,) = books.run("journal_posting")["refused"]
    assert refusal["detail"].endswith(", and 2 more")


@pytest.mark.parametrize(
    ("setup", "scope", "reason", "detail"),
    [
        ({}, {"journal_id": "USPM-000001"}, "already_posted", "journal USPM-000001 is posted"),
        ({}, {"journal_id": "USPM-000404"}, "schema", "there is no journal USPM-000404"),
        ({}, {"company": "USP"}, "schema", "the set-up has no company USP"),
        ({}, {"period_start": "2020-01-01"}, "lines_missing", "no journal to post has period_start 2020-01-01"),
        (
            {"profile_rules": []},
            {"journal_id": "USPM-000001"},
            "profile_missing",
            "journal USPM-000001 is in error until it is reset: no profile rule",
        ),
    ],
)
def test_a_run_by_hand_says_why_it_does_not_post_what_it_names(
    books: Books, setup: dict[str, Any], scope: dict[str, str], reason: str, detail: str
) -> None:
    books.use(finance(**setup))
    books.arrive(cost("work"))
    books.journalise()
    (refusal,) = books.run("journal_posting", **scope)["refused"]
    assert refusal["reason"] == reason
    assert refusal["detail"].startswith(detail)


def test_a_journal_whose_lines_were_deleted_has_none_to_post(books: Books) -> None:
    books.arrive(cost("work"))
    books.import_staging()
    books.edit("delete_lines", company="USPM", journal_id="USPM-000001")
    (refusal,) = books.run("journal_posting", journal_id="USPM-000001")["refused"]
    assert (refusal["reason"], refusal["detail"]) == ("lines_missing", "journal USPM-000001 has no lines")


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


@pytest.mark.parametrize(
    ("scope", "reason", "detail"),
    [
        ({}, "lines_missing", "no proposal is ready; 1 wait, such as INV-0001"),
        ({"company": "USP"}, "schema", "the set-up has no company USP"),
        ({"proposal_id": "INV-0001"}, "lines_missing", "proposal INV-0001 still waits for its lines"),
        ({"proposal_id": "INV-0404"}, "header_missing", "there is no proposal INV-0404"),
        ({"proposal_id": "INV-0404", "company": "USPM"}, "header_missing", "USPM has no proposal INV-0404"),
        (
            {"proposal_id": "INV-0003"},
            "reference_missing",
            "the set-up does not know the contract of proposal INV-0003",
        ),
    ],
)
def test_a_run_by_hand_with_nothing_to_post_says_so(
    books: Books, scope: dict[str, str], reason: str, detail: str
) -> None:
    books.use(finance())
    books.arrive(proforma("inv-1", number="INV-0001", total="5000"))
    books.arrive(proforma("inv-3", number="INV-0003", total="5000", contract="CTR-404"))
    (refusal,) = books.run("invoice_posting", **scope)["refused"]
    assert refusal["reason"] == reason
    assert refusal["detail"].startswith(detail)


def test_a_run_by_hand_posts_everything_that_is_ready(books: Books) -> None:
    ready(books)
    assert books.run("invoice_posting")["posted"] == ["FTI-00000001", "FTI-00000002"]


def test_a_run_by_hand_posts_what_it_names_and_says_what_it_refuses(books: Books) -> None:
    ready(books)
    event = sample("invoice_posting/manual")
    assert books.call("invoice_posting", event)["posted"] == ["FTI-00000001"]
    assert books.invoice()["invoice_date"] == event["detail"]["invoice_date"]
    refused = books.call("invoice_posting", event)
    detail = "proposal INV-0001 was posted as invoice FTI-00000001"
    refusal = {"company": "USPM", "document": "INV-0001", "reason": "already_posted", "detail": detail}
    assert refused == {"posted": [], "refused": [refusal]}


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
            "accounting_date": "2026-08-31",
            "due_date": "2026-08-31",
            "currency": "USD",
            "subtotal": "5000.00",
            "sales_tax": "0.00",
            "total": "5000.00",
            "line_count": 1,
        }
    ]


@pytest.mark.parametrize("function", ["journal_posting", "invoice_posting"])
def test_who_asked_is_in_the_answer_and_a_request_that_cannot_be_read_is_refused(books: Books, function: str) -> None:
    books.use(finance())
    asked = sample(f"{function}/manual")
    answer = books.call(function, asked | {"detail": {"company": "USPM", "actor": "ann"}})
    assert (answer["posted"], answer["actor"]) == ([], "ann")
    answer = books.call(function, asked | {"detail": {"company": 5}})
    assert (answer["posted"], [one["reason"] for one in answer["refused"]]) == ([], ["schema"])
    assert answer["refused"][0]["detail"].startswith("the request has 5 as company: ")
