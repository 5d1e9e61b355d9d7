"""staging_import: on schedule, by hand, and when a journal or an invoice was posted."""

from __future__ import annotations

import pytest

from tests.builders import guid, proforma
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.stories import bill, billed, correction_to_six, cost, reverses

POSTED = "staging_import/integration-journal-posted"


def test_the_schedule_imports_everything(books: Books) -> None:
    books.arrive(cost("one"), cost("two"), *billed())
    report = books.call("staging_import", sample("staging_import/scheduled"))
    assert report == {"journal_lines": 3, "proposals_ready": 0, "waiting": 1}


def test_a_posted_journal_imports_the_proposals_that_waited_for_it_and_nothing_else(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    books.arrive(cost("later"))
    books.run("journal_posting")
    report = books.call("staging_import", sample(POSTED))
    assert report == {"journal_lines": 0, "proposals_ready": 1, "waiting": 0}
    assert (books.proposal()["status"], books.state("later")) == ("ready", "pending")
    assert books.call("staging_import", sample(POSTED))["proposals_ready"] == 0


def test_another_journal_does_not_look_at_proposals_that_wait_for_the_first(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    event = sample(POSTED)
    event["detail"]["journal_id"] = "USPM-000099"
    assert books.call("staging_import", event) == {"journal_lines": 0, "proposals_ready": 0, "waiting": 0}


@pytest.mark.parametrize("name", ["one", "two"])
def test_one_actual_can_be_imported_by_hand(books: Books, name: str) -> None:
    books.arrive(cost("one"), cost("two"))
    books.import_staging(actual_id=guid(name))
    assert [line["actual_id"] for line in books.journal_lines()] == [guid(name)]


def test_what_does_not_exist_imports_nothing(books: Books) -> None:
    books.arrive(cost("one"))
    for scope in ({"actual_id": guid("no such")}, {"proposal_id": "INV-404"}):
        report = books.run("staging_import", **scope)
        assert report == {"journal_lines": 0, "proposals_ready": 0, "waiting": 0}


class TestCorrections:
    """A correction waits until the invoice that it corrects is posted."""

    @pytest.fixture
    def corrected(self, books: Books) -> Books:
        """INV-0001 is ready, and INV-0002 that corrects it waits for it."""
        books.arrive(*billed())
        books.journalise()
        books.arrive(*correction_to_six())
        books.journalise()
        books.import_staging()
        assert (books.proposal()["status"], books.reasons("INV-0002")) == ("ready", ["unbilled_sales_not_posted"])
        return books

    def posted(self, books: Books, invoice: str = "inv-1", company: str = "USPM") -> dict[str, int]:
        event = sample("staging_import/customer-invoice-posted")
        event["detail"] |= {"invoice_id": guid(invoice), "company": company}
        report: dict[str, int] = books.call("staging_import", event)
        return report

    def test_the_posted_invoice_has_the_corrections_looked_at_that_waited_for_it_and_nothing_else(
        self, corrected: Books
    ) -> None:
        corrected.run("invoice_posting")
        corrected.arrive(cost("later"), proforma("inv-3", number="INV-0003", total="5"))
        assert self.posted(corrected) == {"journal_lines": 0, "proposals_ready": 1, "waiting": 0}
        assert (corrected.proposal("INV-0002")["status"], corrected.state("later")) == ("ready", "pending")
        assert corrected.proposal("INV-0003")["waiting_for"] == []
        assert self.posted(corrected)["proposals_ready"] == 0

    @pytest.mark.parametrize("other", [{"invoice": "inv-9"}, {"company": "GBPM"}])
    def test_another_invoice_does_not_look_at_them(self, corrected: Books, other: dict[str, str]) -> None:
        corrected.run("invoice_posting")
        assert self.posted(corrected, **other)["proposals_ready"] == 0
        assert corrected.proposal("INV-0002")["status"] == "waiting"

    def test_an_event_before_its_time_changes_nothing(self, corrected: Books) -> None:
        assert self.posted(corrected) == {"journal_lines": 0, "proposals_ready": 0, "waiting": 1}
        assert corrected.reasons("INV-0002") == ["unbilled_sales_not_posted"]

    def test_a_correction_whose_original_has_not_arrived_is_looked_at_after_any_invoice(self, books: Books) -> None:
        books.arrive(
            bill("credit", "-8", invoice="inv-2"),
            reverses("credit", "work/billed"),
            proforma("inv-2", number="INV-0002", total="-1600", has_corrections=True),
        )
        books.import_staging()
        books.arrive(*billed())
        books.journalise()
        books.run("staging_import", proposal_id="INV-0001")
        books.run("invoice_posting")
        assert self.posted(books)["proposals_ready"] == 1

    def test_a_correction_is_posted_by_the_next_posting_without_a_schedule_in_between(self, corrected: Books) -> None:
        corrected.post_invoices()
        corrected.post_invoices()
        assert (corrected.invoice("INV-0002")["document_type"], corrected.invoice("INV-0002")["total"]) == (
            "credit_note",
            "-400.00",
        )
