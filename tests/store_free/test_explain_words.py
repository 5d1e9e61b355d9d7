"""Explanations from facts made by hand: what is said, and what to do next. No store."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actor import Actor, How
from project_invoicing.domain.codes import JournalStatus, ProposalStatus, StagingState, WaitReason, WriteBackState
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.journal import JournalPage
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.ledger import JOURNAL as JOURNALS
from project_invoicing.domain.map_status import MapStatus
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import Rejection, StagedRow
from project_invoicing.domain.states import MapState
from project_invoicing.domain.waits import Waits
from project_invoicing.rules.explaining.actual import actual_in_words, not_arrived_in_words
from project_invoicing.rules.explaining.blockers import Block, Blocker, say_blockers
from project_invoicing.rules.explaining.documents import (
    PostedInvoice,
    ProposalFacts,
    as_invoice,
    billed_by,
    journal_in_words,
    proforma_in_words,
    proposal_in_words,
    refusals_of,
    voucher_in_words,
    waits_of,
)
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.facts import ActualFacts, OnJournal, OnProposal, wait_now
from project_invoicing.rules.explaining.history import in_words
from project_invoicing.rules.explaining.not_taken import KeptEvent, NotTaken, say_not_taken
from project_invoicing.rules.explaining.words import off, state
from project_invoicing.rules.late_changes import PostedAs
from tests.builders import guid, option
from tests.rules.stories import bill, cost
from tests.store_free.recorded import (
    AT,
    JOURNAL,
    SETUP,
    header,
    invoice,
    journal,
    journal_line,
    posted_bill,
    posted_cost,
    posted_header,
    row,
)

TAKEN = NotTaken("actuals")
UNPOSTED = WaitReason.UNBILLED_SALES_NOT_POSTED


def explained(made: StagedRow, **facts: Any) -> Explanation:
    return actual_in_words(ActualFacts(**{"row": made, "reason": "", "not_taken": TAKEN, **facts}), SETUP)


def steps(made: Explanation) -> list[str]:
    return [step["what"] for step in made.history]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (row(cost("c")), "waits for the next import"),
        (row(bill("b")), "waits for its proposal"),
        (row(cost("c"), reason=WaitReason.REFERENCE_MISSING), "waits: reference_missing"),
        (posted_cost(state=StagingState.IMPORTED, voucher=None), f"on journal {JOURNAL}, line 1, not posted"),
        (posted_cost(), f"posted with voucher PV-1, on journal {JOURNAL}"),
        (posted_cost(voucher=None), f"posted without a ledger entry, on journal {JOURNAL}"),
        (posted_bill(voucher=None, accounting_amount=None), "done with proposal INV-0001, without money and voucher"),
        (row(cost("c"), StagingState.SKIPPED), "skipped: Dataverse says Skip Sync"),
        (row(cost("c"), StagingState.INVALID, detail="why"), "invalid: why"),
    ],
)
def test_each_state_of_a_row_is_said_in_its_own_words(made: StagedRow, says: str) -> None:
    assert state(made) == says


def test_a_posted_cost_names_its_journal_voucher_and_amount_and_is_done_once_written_back() -> None:
    made = explained(
        posted_cost(write_back=WriteBackState.DONE), journal=OnJournal(journal(), journal_line(), vouchers=[])
    )
    assert made.headline == f"Cost (time) of 800.00 USD: posted with voucher PV-1, on journal {JOURNAL}"
    assert steps(made)[-2:] == [
        f"was posted in journal {JOURNAL} with voucher PV-1, accounting date 2026-08-27: 800.00 USD at 1",
        "was written back to Dataverse",
    ]
    assert made.facts["ledger"].startswith("nothing")
    assert made.next == ["nothing: it is done"]


def test_a_line_that_failed_says_why_and_a_draft_who_posts_it() -> None:
    imported = posted_cost(state=StagingState.IMPORTED, voucher=None, accounting_amount=None)
    failed = explained(
        imported, journal=OnJournal(journal(JournalStatus.ERROR), journal_line(error="period_closed: shut"))
    )
    assert "was not posted: period_closed: shut" in steps(failed)
    assert failed.next[-1] == f"then reset journal {JOURNAL} with document_editing, and it posts"
    draft = explained(imported, journal=OnJournal(journal(JournalStatus.DRAFT), journal_line()))
    assert draft.next == [f"post journal {JOURNAL}: journal_posting does it by its schedule"]
    lost = explained(imported, journal=OnJournal(journal(), None))
    assert lost.next[0].startswith(f"line missing on journal {JOURNAL}")


def test_a_billed_sale_names_its_invoice_or_what_its_proposal_needs() -> None:
    posted = explained(posted_bill(), proposal=OnProposal(posted_header()))
    assert any(step.startswith("was posted with customer invoice FTI-1") for step in steps(posted))
    on_it = posted_bill(state=StagingState.IMPORTED, voucher=None, accounting_amount=None)
    ready = explained(on_it, proposal=OnProposal(header(ProposalStatus.READY)))
    assert ready.next == ["post proposal INV-0001: invoice_posting, by hand"]
    gone = explained(on_it, proposal=OnProposal(None))
    assert gone.next[0].startswith("proposal INV-0001 missing")


def test_99_25_what_bills_an_actual_is_named_with_its_document() -> None:
    made = explained(posted_cost("u", taken_by=guid("b")), taker=posted_bill())
    assert steps(made)[1] == (
        f"is billed by actual {guid('b')} for 1600.00 USD, line 1 of proposal INV-0001, posted with voucher PV-9"
    )
    assert made.linked[-1]["role"] == "is billed by"
    assert explained(posted_cost("u", taken_by=guid("b"))).linked[-1]["role"] == "is taken by"


def test_a_row_whose_header_lists_it_tells_what_the_header_says_another_what_holds_itself_up() -> None:
    waiting = row(bill("b"), links={"unbilled": "u"})
    told = Wait(UNPOSTED, "its own", waiting.id)
    assert wait_now(waiting, header(), told, {}, SETUP).detail == "its own"
    of_its_sale = replace(told, actual_id=guid("u"))
    assert wait_now(waiting, header(), of_its_sale, {}, SETUP).detail == "its own"
    of_another = replace(told, actual_id=guid("x"))
    now = wait_now(waiting, header(), of_another, {guid("u"): row(cost("u"))}, SETUP)
    assert (now.reason, now.actual_id) == (UNPOSTED, guid("u"))
    sold = {guid("u"): posted_cost("u")}
    assert wait_now(waiting, header(), of_another, sold, SETUP).detail == "all of its proposal or none: its own"
    assert wait_now(waiting, None, of_another, sold, SETUP).detail == "its own"


@pytest.mark.parametrize(
    ("blocker", "says"),
    [
        (Blocker(Block("reference_missing", "d")), "reference_missing: "),
        (
            Blocker(Block(UNPOSTED, "d"), posted_cost("u"), journal(JournalStatus.ERROR), journal_line(error="x: y")),
            f"then reset journal {JOURNAL}",
        ),
        (
            Blocker(Block(UNPOSTED, "d"), posted_cost("u"), journal(JournalStatus.DRAFT), journal_line()),
            f"post journal {JOURNAL}: journal_posting",
        ),
    ],
)
def test_what_to_do_about_a_blocker_starts_with_its_journal(blocker: Blocker, says: str) -> None:
    made = Explanation("actual", "x", "USPM", "")
    say_blockers(made, [blocker], AT, "USPM", SETUP)
    assert made.next[-1].startswith(says)


def test_advice_on_a_rejection_ends_with_a_newer_version_that_was_accepted() -> None:
    rejected = NotTaken("actuals", [Rejection("msdyn_actual", guid("a"), "schema", "what", "2026-08-01T00:00:00Z")])
    for accepted_at, advised in (("", True), ("2026-08-02T00:00:00Z", False)):
        made = Explanation("actual", "a", None, "")
        say_not_taken(made, rejected, accepted_at=accepted_at)
        assert (len(made.history), bool(made.next)) == (1, advised)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (MapState.PAUSED, "resume the map: "),
        (MapState.STOPPED, "start the map: "),
        (MapState.RUNNING, "nothing: its map runs again"),
    ],
)
def test_what_waits_for_a_map_says_what_to_do_with_the_map(status: MapState, says: str) -> None:
    kept = NotTaken("actuals", kept=[KeptEvent(7, AT)], status=MapStatus("actuals", status))
    made = not_arrived_in_words("a", kept, {}, {}, SETUP)
    assert made
    assert made.headline == "Actual that waits for the table map actuals"
    assert made.next[0].startswith(says)


def test_of_what_nothing_is_known_nothing_is_said() -> None:
    assert not_arrived_in_words("a", TAKEN, {}, {}, SETUP) is None
    assert proforma_in_words("p", TAKEN) is None


def test_a_posted_invoice_stands_under_its_own_number_and_shows_its_write_back() -> None:
    posted = PostedInvoice(invoice(), [], (WriteBackState.FAILED, "403"))
    made = proposal_in_words(ProposalFacts(posted_header(), TAKEN, posted=posted, lines=[guid("b")]), SETUP)
    assert made.headline == "Invoice proposal INV-0001 of 1600.00 USD before tax is posted as invoice FTI-1"
    assert steps(made)[-1] == "was refused by Dataverse when it was written back: 403"
    assert made.next[0].startswith("write-back refused: fix what Dataverse says")
    assert as_invoice(made, invoice(), SETUP).headline == "Invoice FTI-1 for 1920.00 USD with tax: posted"


def test_of_many_lines_the_first_are_read_and_the_others_counted() -> None:
    posted = PostedInvoice(invoice(), [], (WriteBackState.DONE, None))
    ids = [guid(f"{n}") for n in range(50)]
    made = proposal_in_words(ProposalFacts(posted_header(), TAKEN, posted=posted, lines=ids, unread=950), SETUP).row()
    assert [one["id"] for one in made["linked"]] == ids
    assert made["left_out"] == {"linked": 950}
    assert "unread" not in made


def test_99_27_a_withdrawn_proposal_says_what_became_of_its_rows() -> None:
    canceled = header(ProposalStatus.CANCELED, of={"statecode": option(3)})
    made = proposal_in_words(ProposalFacts(canceled, TAKEN), SETUP)
    assert "its lines are gone, its number is free, its rows wait" in steps(made)[-1]


def test_a_header_that_lists_some_waits_is_completed_from_its_rows() -> None:
    listed = tuple(Wait(UNPOSTED, "d", guid(f"u{n}")) for n in range(2))
    waits = Waits(listed, {(str(UNPOSTED), None): 1})
    rows = [row(bill("b"), links={"unbilled": "u9"}), row(bill("c"), reason=WaitReason.REFERENCE_MISSING)]
    assert billed_by(rows) == {guid("u9")}
    sales = {guid("u9"): row(cost("u9")), guid("u0"): row(cost("u0")), guid("done"): posted_cost("done")}
    found = waits_of(header(waits=waits), rows, sales, SETUP)
    assert [wait.actual_id for wait in found] == [guid("u0"), guid("u1"), guid("c"), guid("u9")]
    assert waits_of(header(waits=Waits(listed)), rows, sales, SETUP) == list(listed)


def test_a_journal_shows_the_lines_that_failed_first() -> None:
    lines = [journal_line("ok"), journal_line("bad", error="period_closed: shut")]
    pages = [JournalPage("P#1", lines, posted=False, version=1), JournalPage("P#2", [journal_line("in")], True, 1)]
    (refused,) = refusals_of(pages)
    assert refused == Block("period_closed", "shut", guid("bad"))
    made = journal_in_words(journal(JournalStatus.ERROR), pages, [Blocker(refused)], SETUP)
    assert [line["id"] for line in made.linked] == [guid("bad"), guid("ok"), guid("in")]


def test_a_voucher_says_whether_it_is_in_the_ledger_and_what_it_is_of() -> None:
    made = voucher_in_words("PV-1", "USPM", JOURNALS, JOURNAL, [], SETUP)
    assert made.headline == f"Voucher PV-1 of journal {JOURNAL}: not in the ledger"
    of_invoice = voucher_in_words("PV-9", "USPM", INVOICE, "FTI-1", [], SETUP)
    assert of_invoice.next == ["see the invoice: explain FTI-1"]


def test_99_27_how_much_the_books_are_off_is_said_with_both_amounts() -> None:
    inactive = posted_cost()
    inactive = replace(inactive, actual=replace(inactive.actual, inactive=True))
    assert off(inactive, PostedAs(), SETUP) == (Decimal("-800.00"), "is inactive now, and was posted with 800.00 USD")
    begun = posted_cost(state=StagingState.IMPORTED)
    assert off(begun, PostedAs(), SETUP)[0] is None
    unknown = posted_cost(price_rate=None)
    amount, text = off(unknown, PostedAs(), SETUP)
    assert amount is None
    assert "its exchange rate is not known" in text


def test_the_names_of_what_a_mail_took_along_are_told_as_words() -> None:
    mailed = HistoryEntry(AT, Actor("ann", "Ann", How.WORKSPACE), Done.MAILED, {}, {"attached": ["a.pdf", "b.csv"]})
    assert in_words(mailed).endswith(": attached a.pdf and b.csv")
