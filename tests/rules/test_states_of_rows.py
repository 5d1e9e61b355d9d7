"""99-27, REG-12: actuals that Dataverse deactivates, and proformas that it cancels."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests.builders import Context, guid, option, proforma
from tests.rules.books import Books, before_transaction
from tests.rules.finance import finance
from tests.rules.stories import approval, bill, billed, cost, sale
from tests.rules.test_explain import explained, happened

INACTIVE: dict[str, Any] = {"statecode": option(1), "message": "Update", "changed": ["statecode"]}
ACTIVE: dict[str, Any] = INACTIVE | {"statecode": option(0)}
CANCELED: dict[str, Any] = {"statecode": option(3), "changed": ["statecode"]}
WORKS = ("a", "b", "c", "d", "e")
AFTER, LATER = "2026-08-31T15:00:00Z", "2026-08-31T16:00:00Z"


def canceled(total: str = "1600", *, at: str = AFTER, **columns: Any) -> Context:
    return proforma("inv-1", total=total, at=at, **CANCELED, **columns)


def activated(total: str = "1600", *, at: str = LATER, **columns: Any) -> Context:
    return proforma("inv-1", total=total, at=at, statecode=option(0), **columns)


def why(books: Books, *names: str) -> list[tuple[str, str | None]]:
    return [(row["state"], row["reason"]) for row in map(books.row, names)]


def ready(books: Books) -> Books:
    """A proposal that is ready to be posted."""
    books.arrive(*billed())
    books.journalise()
    books.import_staging()
    assert books.proposal()["status"] == "ready"
    return books


# --- actuals ----------------------------------------------------------------------------------------------------------


def test_an_inactive_actual_waits_and_is_imported_once_it_is_active(books: Books) -> None:
    books.arrive(cost("work", statecode=option(1), category="unknown"))
    books.import_staging()
    assert why(books, "work") == [("pending", "inactive")]
    assert books.row("work")["company"] == "USPM"
    assert books.result["journals"] == []

    books.arrive(cost("work", at=AFTER, **ACTIVE))
    books.import_staging()
    assert why(books, "work") == [("imported", None)]


def test_an_actual_that_is_deactivated_after_its_posting_stays_and_says_so(books: Books) -> None:
    books.arrive(cost("work"))
    books.journalise()
    books.arrive(cost("work", at=AFTER, statecode=option(1)))
    assert why(books, "work") == [("posted", "inactive")]
    books.arrive(cost("work", at="2026-09-20T12:00:00Z", **ACTIVE))
    assert why(books, "work") == [("posted", None)]


def test_an_actual_without_a_state_is_active(books: Books) -> None:
    books.arrive(cost("work"))
    books.import_staging()
    assert books.state("work") == "imported"


def test_deactivation_takes_the_line_off_an_unposted_journal(books: Books) -> None:
    books.arrive(cost("work"), cost("other"))
    books.import_staging()
    books.arrive(cost("work", at=AFTER, **INACTIVE))
    books.import_staging()

    assert why(books, "work", "other") == [("pending", "inactive"), ("imported", None)]
    assert [line["actual_id"] for line in books.journal_lines()] == [guid("other")]

    books.post_journals()
    assert [books.row(name)["voucher"] is None for name in ("work", "other")] == [True, False]


def test_deactivation_of_a_billed_sale_takes_the_lines_off_a_ready_proposal(books: Books) -> None:
    ready(books)
    books.arrive(bill("work/billed", at=AFTER, **INACTIVE))
    books.import_staging()
    assert (books.proposal()["status"], books.proposal()["lines"]) == ("waiting", [])
    assert books.reasons() == ["inactive"]
    assert why(books, "work/billed") == [("pending", "inactive")]

    books.arrive(bill("work/billed", at=LATER, **ACTIVE))
    books.import_staging()
    assert books.proposal()["status"] == "ready"


def test_a_sale_that_bills_an_inactive_one_waits_for_it(books: Books) -> None:
    books.arrive(*billed(), sale("work/unbilled", at=AFTER, **INACTIVE))
    books.journalise()
    assert why(books, "work/unbilled", "work/billed") == [
        ("pending", "inactive"),
        ("pending", "unbilled_sales_not_posted"),
    ]


def test_deactivation_after_posting_is_flagged_until_it_is_taken_back(books: Books) -> None:
    books.arrive(*approval())
    books.journalise()
    books.arrive(cost("work/cost", at=AFTER, **INACTIVE))
    books.import_staging()
    assert books.row("work/cost")["state"] == "posted"
    assert "deactivated in Dataverse after the posting" in happened(explained(books, "work/cost"))

    books.arrive(cost("work/cost", at=LATER, **ACTIVE))
    assert "deactivated" not in happened(explained(books, "work/cost"))


def test_a_change_of_money_stays_flagged_when_the_actual_is_activated_again(books: Books) -> None:
    books.arrive(cost("work"))
    books.journalise()
    books.arrive(cost("work", "6", at=AFTER, **INACTIVE), cost("work", "6", at=LATER, **ACTIVE))
    assert "with other figures came after the posting" in happened(explained(books, "work"))


def test_an_inactive_billed_sale_that_comes_after_its_proposal_is_ready_waits(books: Books) -> None:
    ready(books)
    books.arrive(bill("more/billed", statecode=option(1)))
    books.import_staging()
    assert why(books, "more/billed") == [("pending", "inactive")]
    assert books.proposal()["status"] == "ready"


# --- proformas --------------------------------------------------------------------------------------------------------


def test_a_canceled_proforma_makes_no_proposal_and_its_rows_say_so(books: Books) -> None:
    books.arrive(*billed()[1:], canceled())
    books.journalise()
    books.import_staging()
    assert books.result["proposals"] == []
    assert why(books, "work/unbilled", "work/billed") == [("posted", None), ("pending", "inactive")]
    assert "proforma INV-0001 is canceled in Dataverse" in happened(explained(books, "work/billed"))


def test_a_proforma_that_is_confirmed_no_longer_is_withdrawn_all_the_same(books: Books) -> None:
    """The rule looks at either: whatever the project invoice status is, a cancellation counts."""
    ready(books)
    books.arrive(canceled(status="draft"))
    assert books.result["proposals"] == []


def test_a_waiting_proposal_is_withdrawn(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    books.arrive(canceled())
    assert books.result["proposals"] == []
    books.import_staging()
    assert why(books, "work/billed") == [("pending", "inactive")]


def test_a_ready_proposal_is_withdrawn_and_cannot_be_posted(books: Books) -> None:
    ready(books)
    books.arrive(canceled())
    assert books.result["proposals"] == []

    books.post_invoices()
    books.post_invoices(proposal_id="INV-0001")
    books.import_staging()
    assert books.result["invoices"] == books.result["proposals"] == []
    assert why(books, "work/billed") == [("pending", "inactive")]


@pytest.fixture
def paged(books: Books, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Five works that are ready to be proposed, on pages of two lines."""
    monkeypatch.setattr(proposal_pages, "PAGE_LINES", 2)
    header, *rows = billed(*WORKS, total="8000")
    books.arrive(*rows)
    books.journalise()
    books.arrive(header)
    return books


def test_a_proposal_of_several_pages_is_withdrawn(paged: Books) -> None:
    paged.import_staging()
    assert len(paged.proposal()["lines"]) == len(WORKS)

    paged.arrive(canceled("8000"))
    paged.import_staging()
    assert paged.result["proposals"] == []
    assert set(why(paged, *(f"{work}/billed" for work in WORKS))) == {("pending", "inactive")}


def test_an_older_or_repeated_version_does_not_bring_it_back(books: Books) -> None:
    books.arrive(canceled(), proforma("inv-1"), canceled(), proforma("inv-1"))
    books.import_staging()
    assert books.result["proposals"] == books.result["rejected"] == []

    books.arrive(*billed())
    books.journalise()
    assert books.result["proposals"] == []


def test_the_number_is_free_and_may_be_taken_by_another(books: Books) -> None:
    ready(books)
    books.arrive(canceled(), proforma("inv-2", number="INV-0001", total="100"))
    (proposal,) = books.result["proposals"]
    assert (proposal["proposal_id"], books.result["rejected"]) == ("INV-0001", [])

    books.arrive(activated())
    (rejected,) = books.result["rejected"]
    assert (rejected["id"], rejected["reason"]) == (guid("inv-1"), "duplicate_proposal_number")
    assert len(books.result["proposals"]) == 1


def test_an_activated_proforma_is_billed_after_all(books: Books) -> None:
    ready(books)
    books.arrive(canceled())
    books.import_staging()
    books.arrive(activated())
    assert books.proposal()["status"] == "waiting"

    books.import_staging()
    books.post_invoices()
    assert books.proposal()["status"] == "posted"
    assert books.invoice()["total"] == "1600.00"
    assert books.row("work/billed")["voucher"] == books.invoice()["voucher"]


def test_an_activated_proforma_takes_its_number_again_whatever_the_sequence_allows(books: Books) -> None:
    strict = {"proposal": {"allow_lower": False, "allow_higher": False}}
    sequences = finance()["number_sequences"]["USPM"] | strict
    books.use(finance(("number_sequences.USPM", sequences)))
    books.arrive(proforma("inv-1"), proforma("inv-2", number="INV-0002"), canceled(), activated())
    assert [proposal["proposal_id"] for proposal in books.result["proposals"]] == ["INV-0001", "INV-0002"]
    assert books.result["rejected"] == []


def test_a_cancellation_after_posting_is_flagged(books: Books) -> None:
    ready(books).post_invoices()
    books.arrive(canceled())
    books.import_staging()
    assert (books.proposal()["status"], len(books.result["invoices"])) == ("posted", 1)
    assert "canceled in Dataverse after its posting had begun" in happened(explained(books, "inv-1"))
    assert books.reasons() == ["inactive"]

    books.arrive(activated())
    assert books.reasons() == []
    assert "canceled" not in happened(explained(books, "inv-1"))


def test_a_cancellation_while_the_proposal_is_posted_comes_first_or_too_late(books: Books) -> None:
    ready(books)
    with before_transaction(books, 0, lambda: books.world.deliver(canceled())):
        books.post_invoices()
    assert books.result["invoices"] == books.result["proposals"] == []


@pytest.mark.parametrize("written", [0, 1, 2])
def test_a_cancellation_while_lines_are_built_leaves_none(paged: Books, written: int) -> None:
    with before_transaction(paged, written, lambda: paged.world.deliver(canceled("8000"))):
        paged.import_staging()
    assert paged.result["proposals"] == []
    assert set(why(paged, *(f"{work}/billed" for work in WORKS))) == {("pending", "inactive")}


def test_an_explanation_of_a_withdrawn_proposal_says_what_to_do(books: Books) -> None:
    ready(books)
    books.arrive(canceled())
    made = explained(books, "inv-1")
    assert made["headline"].endswith("is withdrawn, as its proforma was canceled")
    assert any("activate" in step for step in made["next"])


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_the_order_of_the_messages_does_not_matter(books: Books, order: tuple[int, ...]) -> None:
    messages = [proforma("inv-1", total="1600"), canceled(), activated()]
    books.arrive(*billed()[1:])
    books.journalise()
    books.arrive(*(messages[place] for place in order))
    books.import_staging()
    assert (books.proposal()["status"], books.result["rejected"]) == ("ready", [])
