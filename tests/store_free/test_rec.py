"""The checks of a reconciliation, over records made by hand. No store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import to_actual
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Connection, RowVersion
from project_invoicing.domain.codes import (
    ConnectionRole,
    JournalStatus,
    PostingType,
    ProposalStatus,
    StagingState,
    WaitReason,
)
from project_invoicing.domain.compared_rows import ActualThere, ProformaThere, WrittenBack
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.ledger import JOURNAL as JOURNALS
from project_invoicing.domain.reconciliation import Check, Difference, Repair, Tally
from project_invoicing.domain.tables import ACTUAL, CONNECTION, PROFORMA
from project_invoicing.rules.reconciliation import received
from project_invoicing.rules.reconciliation.accruals import Accruals, left_behind
from project_invoicing.rules.reconciliation.document_lines import DocumentLines, Named
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.headers import AccountingDates, Headers, gaps, not_published, stands_still
from project_invoicing.rules.reconciliation.integration_accounts import IntegrationAccounts
from project_invoicing.rules.reconciliation.proformas import Proformas
from project_invoicing.rules.reconciliation.received import ReceivedActuals
from project_invoicing.rules.reconciliation.staged_rows import StagedRows
from project_invoicing.rules.reconciliation.takings import Pair, Takings
from project_invoicing.rules.reconciliation.vouchers import Booked, Vouchers
from tests.builders import guid, option
from tests.rules.stories import bill, cost
from tests.store_free.recorded import (
    AT,
    JOURNAL,
    SETUP,
    accrual,
    entry,
    header,
    invoice,
    item,
    journal,
    journal_line,
    posted_bill,
    posted_cost,
    posted_header,
    proposal_line,
    row,
)

POSTED, IMPORTED, PENDING = StagingState.POSTED, StagingState.IMPORTED, StagingState.PENDING
OF_USPM = Named("USPM", JOURNALS, JOURNAL)


def only(found: Iterable[Finding], check: str) -> Difference:
    (finding,) = found
    assert finding.check == check
    return finding.difference


# --- rows by themselves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"proposal_id": "INV-0001"}, "is posted, but on a journal and a proposal (INV-02)"),
        ({"journal_id": None}, "is posted, but on no document (INV-02)"),
        ({"accounting_amount": None}, "is posted, but has no accounting amount (INV-22)"),
        ({"accrual": accrual(), "voucher": None}, "is posted into the ledger, but has no voucher (INV-22)"),
        ({"state": StagingState.SKIPPED}, "is skipped, but has voucher PV-1 (INV-22)"),
        ({"state": StagingState.INVALID}, "is invalid, but has voucher PV-1 (INV-22)"),
        ({"state": IMPORTED}, "is imported, but has voucher PV-1 (INV-22)"),
        ({"voucher": None}, None),
        ({}, None),
    ],
)
def test_inv_02_inv_22_a_row_whose_state_contradicts_it_is_found(values: dict[str, Any], says: str | None) -> None:
    found = StagedRows(SETUP).add(item(posted_cost(**values)))
    states = [finding.difference for finding in found if finding.check == "staging_states"]
    assert [(one.id, one.detail) for one in states] == ([(guid("c"), says)] if says else [])


def test_a_row_that_waits_outside_the_import_queue_can_be_imported_again() -> None:
    waits = row(cost("c"))
    assert list(StagedRows(SETUP).add(item(waits))) == []
    lost = only(StagedRows(SETUP).add(item(waits, in_queue=False)), "staging_states")
    assert (lost.id, lost.repair) == (guid("c"), Repair.IMPORT)


def test_a_row_that_cannot_be_read_is_named_and_counts_as_known() -> None:
    rows = StagedRows(SETUP)
    unreadable = item(posted_cost(), row=None, state="gone")
    assert "its state is 'gone'" in only(rows.add(unreadable), "staging_states").detail
    assert [known.counts for known in rows.known.values()] == [True]


def test_rows_are_counted_by_company_state_and_reason_those_of_a_proposal_by_its_own() -> None:
    rows = StagedRows(SETUP)
    waiting = header(waits=None)
    for made in (row(cost("a"), reason=WaitReason.REFERENCE_MISSING), row(bill("b")), posted_cost()):
        list(rows.add(item(made)))
    rows.count_with_proposals({waiting.id: waiting})
    assert rows.counted == {
        ("USPM", "pending", "reference_missing"): 1,
        ("USPM", "pending", ""): 1,
        ("USPM", "posted", ""): 1,
    }


def test_inv_05_a_checksum_is_the_same_in_every_order_and_another_for_other_amounts() -> None:
    one, other, third = Tally(), Tally(), Tally()
    for tally, entries in ((one, "ab"), (other, "ba")):
        for id in entries:
            tally.add(id, Decimal("100.00") if id == "a" else Decimal(50), chargeable=True)
    third.add("a", Decimal(99), chargeable=True)
    third.add("b", Decimal(51), chargeable=True)
    assert one == other
    assert (one.amount, one.checksum == third.checksum) == (third.amount, False)


# --- documents against rows -------------------------------------------------------------------------------------------


def test_a_document_with_as_many_rows_as_lines_is_right_and_is_asked_once() -> None:
    lines = DocumentLines(SETUP)
    lines.add(posted_cost())
    lines.add(posted_cost("d", state=PENDING))
    assert not lines.is_other_journal(journal())
    assert lines.is_other_journal(journal())
    assert not lines.is_other_journal(journal(line_count=2, error_lines=2))


def test_a_proposal_may_differ_from_its_rows_while_lines_are_deleted() -> None:
    lines = DocumentLines(SETUP)
    assert lines.is_other_proposal(header(line_count=1))
    assert not lines.is_other_proposal(header(line_count=1, deleting=True))


def test_a_row_that_covers_a_proposal_without_a_line_is_none_of_its_lines() -> None:
    lines = DocumentLines(SETUP)
    lines.add(posted_bill(line_number=None))
    assert lines.without_header() == []


def test_a_line_whose_row_has_lost_its_document_is_found_by_the_line() -> None:
    rows = {guid("c"): posted_cost(), guid("d"): row(cost("d"))}
    found = list(DocumentLines(SETUP).without_row(OF_USPM, {guid("c"): 1, guid("d"): 2, guid("e"): 3}, rows))
    assert [(one.difference.id, one.difference.amount) for one in found] == [(guid("d"), 800), (guid("e"), None)]
    assert found[0].difference.detail == (
        f"line 2 of journal {JOURNAL} is of this actual, but its row is waits for the next import"
    )
    assert found[1].difference.detail.endswith("but it has no row")


def test_a_row_that_names_a_document_which_has_no_line_of_it_is_found() -> None:
    found = DocumentLines(SETUP).without_line(OF_USPM, {guid("c"): 1}, [posted_cost(), posted_cost("d")])
    assert only(found, "document_lines").id == guid("d")


# --- billed once, taken back once -------------------------------------------------------------------------------------


def test_99_25_what_is_billed_on_two_documents_is_too_much_after_the_first() -> None:
    first, second = posted_bill("b", voucher="PV-3"), posted_bill("late", voucher="PV-7", proposal_id="INV-0002")
    takings = Takings(SETUP)
    for made in (second, first):
        takings.add(made)
    ((target, ids),) = takings.taken_twice()
    assert (target, set(ids)) == (guid("u"), {first.id, second.id})
    found = takings.second(target, [(second, proposal_line("late"), "there"), (first, proposal_line("b"), "here")])
    twice = only(found, "taken_twice")
    assert (twice.id, twice.amount) == (second.id, Decimal("1600.00"))
    assert twice.detail == f"{guid('u')} is billed by here, and is billed by there"


def test_99_25_a_row_whose_connection_has_changed_since_continues_what_its_line_does() -> None:
    takings = Takings(SETUP)
    one, other = posted_bill("b"), posted_bill("late")
    moved = proposal_line("late", took=guid("another sale"))
    assert list(takings.second(guid("u"), [(one, None, "here"), (other, moved, "there")])) == []


def test_99_25_a_mark_and_what_it_marks_are_a_pair_whichever_comes_first() -> None:
    marked = item(row(cost("u"), taken_by=guid("b")))
    for mark_first in (True, False):
        takings = Takings(SETUP)
        steps = [lambda t: t.add_mark(marked), lambda t: t.add(posted_bill())]
        for step in steps if mark_first else reversed(steps):
            step(takings)
        assert list(takings.unpaired()) == []


def test_99_25_a_mark_of_what_is_on_no_document_is_found_and_one_that_changed_since_is_not() -> None:
    takings = Takings(SETUP)
    takings.add_mark(item(row(cost("u"), taken_by=guid("b"))))
    (pair,) = takings.unpaired()
    assert pair == Pair(guid("u"), guid("b"), mark=True)
    takers = {guid("u"): guid("b")}
    assert only(takings.marked_for_nothing(pair, None, takers), "not_marked").id == guid("u")
    assert only(takings.marked_for_nothing(pair, row(bill("b")), takers), "not_marked").id == guid("u")
    assert list(takings.marked_for_nothing(pair, posted_bill(), takers)) == []
    assert list(takings.marked_for_nothing(pair, None, {})) == []


def test_99_25_a_reversal_on_a_journal_that_a_version_before_posted_can_be_marked_by_an_import() -> None:
    takings = Takings(SETUP)
    reversal = posted_cost("r", links={"original": "c"})
    takings.add(reversal)
    (pair,) = takings.unpaired()
    assert takings.may_lack_mark(pair, reversal, {})
    assert not takings.may_lack_mark(pair, reversal, {guid("c"): reversal.id})
    lacks = only(takings.lacks_mark(pair, reversal, journal_line("r")), "not_marked")
    assert (lacks.id, lacks.repair) == (reversal.id, Repair.IMPORT)
    assert list(takings.lacks_mark(pair, reversal, journal_line("r", took=guid("c")))) == []


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_inv_01_a_voucher_that_goes_on_on_the_next_page_balances_over_both() -> None:
    vouchers = Vouchers(SETUP)
    vouchers.add_page("USPM", JOURNALS, JOURNAL, [entry(PostingType.COST, "800")])
    vouchers.add_page("USPM", JOURNALS, JOURNAL, [entry(PostingType.PAYROLL_ALLOCATION, "-800")])
    assert list(vouchers.unbalanced()) == []


def test_inv_01_a_voucher_that_does_not_balance_is_found_in_each_currency() -> None:
    vouchers = Vouchers(SETUP)
    vouchers.add_page("USPM", JOURNALS, JOURNAL, [entry(PostingType.COST, "800", currency="GBP")])
    found = [(one.check, one.difference.amount, one.difference.currency) for one in vouchers.unbalanced()]
    assert found == [("balance", Decimal(800), "GBP"), ("balance", Decimal(800), "USD")]


def test_inv_22_rows_that_agree_with_the_ledger_are_no_suspects() -> None:
    vouchers = Vouchers(SETUP)
    vouchers.add_row(posted_cost())
    vouchers.add_row(posted_bill())
    vouchers.add_row(posted_cost("taken back", accounting_amount=Decimal(-300), voucher="PV-2"))
    cost_entries = [entry(PostingType.COST, "800"), entry(PostingType.PAYROLL_ALLOCATION, "-800")]
    back = [
        entry(PostingType.COST, "-300", voucher="PV-2"),
        entry(PostingType.PAYROLL_ALLOCATION, "300", voucher="PV-2"),
    ]
    billed = [
        entry(PostingType.CUSTOMER_BALANCE, "1920", voucher="PV-9"),
        entry(PostingType.INVOICED_REVENUE, "-1600", voucher="PV-9"),
        entry(PostingType.SALES_TAX_PAYABLE, "-320", voucher="PV-9"),
    ]
    vouchers.add_page("USPM", JOURNALS, JOURNAL, cost_entries + back)
    vouchers.add_page("USPM", INVOICE, "FTI-1", billed)
    assert list(vouchers.suspects(frozenset())) == []


def test_inv_22_a_voucher_that_only_one_side_has_is_suspect_unless_it_needs_no_row_or_no_entry() -> None:
    vouchers = Vouchers(SETUP)
    vouchers.add_row(posted_bill())  # its invoice must be in the ledger
    vouchers.add_row(posted_cost())  # its profile may post nothing
    vouchers.add_page("USPM", JOURNALS, JOURNAL, [entry(PostingType.COST, "5", voucher="PV-5")])
    vouchers.add_page("USPM", INVOICE, "IC-1", [entry(PostingType.INVOICED_REVENUE, "-7", voucher="PV-7")])
    suspects = list(vouchers.suspects({("USPM", "PV-7")}))
    assert [one.number.voucher for one in suspects] == ["PV-9", "PV-5"]


def test_inv_22_a_row_that_says_another_amount_than_the_ledger_is_found_by_its_actual() -> None:
    vouchers, less = Vouchers(SETUP), posted_cost(accounting_amount=Decimal("790.00"))
    vouchers.add_row(less)
    vouchers.add_page("USPM", JOURNALS, JOURNAL, [entry(PostingType.COST, "800")])
    (suspect,) = vouchers.suspects(frozenset())
    now = Booked(Decimal(800), JOURNALS, JOURNAL)
    found = only(vouchers.judge(suspect, now, less, [less.id], [less]), "vouchers")
    assert (found.entity, found.id, found.amount, found.currency) == (ACTUAL, less.id, Decimal(-10), "USD")
    assert found.detail == f"voucher PV-1: the ledger has 800 under journal {JOURNAL}, the rows 790.00 (INV-22)"
    by_now = replace(less, accounting_amount=Decimal(800))
    assert list(vouchers.judge(suspect, now, by_now, [less.id], [by_now])) == []
    released = replace(less, voucher=None)
    assert list(vouchers.judge(suspect, now, released, [less.id], [released])) == []


# --- accruals ---------------------------------------------------------------------------------------------------------


def accruals_of(*rows: Any) -> Accruals:
    takings = Takings(SETUP)
    accruals = Accruals(SETUP, takings, Headers(SETUP))
    for made in rows:
        takings.add(made)
        accruals.add_row(made)
    return accruals


def unbilled(**values: Any) -> Any:
    return posted_cost("u", accrual=accrual(), **values)


def test_inv_14_inv_15_what_is_accrued_and_not_billed_is_in_the_ledger() -> None:
    accruals = accruals_of(unbilled())
    accruals.add_page(
        "USPM",
        [
            entry(PostingType.WIP_SALES_VALUE, "1600", project="PRJ-1"),
            entry(PostingType.ACCRUED_REVENUE_SALES_VALUE, "-1600", project="PRJ-1"),
        ],
    )
    expected = accruals.expected()
    (place,) = accruals.places(expected)
    assert accruals.off(place, expected) == 0
    assert list(accruals.differences(place, expected, [])) == []


def test_inv_14_an_accrual_that_its_invoice_left_behind_is_found_by_its_unbilled_sale() -> None:
    accruals = accruals_of(unbilled(), posted_bill())
    accruals.add_page("USPM", [entry(PostingType.WIP_SALES_VALUE, "1600", project="PRJ-1")])
    accruals.add_page("USPM", [entry(PostingType.ACCRUED_REVENUE_SALES_VALUE, "-1600", project="PRJ-1")])
    expected = accruals.expected()
    (place,) = accruals.places(expected)
    assert accruals.off(place, expected) == 1600
    billed = accruals.billed_in(place)
    assert list(left_behind(posted_header(), [proposal_line(accruals=(accrual(),))], billed)) == []
    found = list(left_behind(posted_header(), [proposal_line()], billed))
    left = only(accruals.differences(place, expected, found), "accruals")
    assert (left.id, left.amount, left.currency) == (guid("u"), Decimal(1600), "USD")
    assert left.detail == f"billed by {guid('b')} on invoice FTI-1, which left 1600 accrued"


def test_inv_14_inv_15_what_nothing_explains_is_found_by_its_project() -> None:
    accruals = accruals_of()
    accruals.add_page("USPM", [entry(PostingType.WIP_SALES_VALUE, "20", project="PRJ-1")])
    (place,) = accruals.places({})
    found = [one.difference for one in accruals.differences(place, {}, [])]
    assert [(one.entity, one.id, one.amount) for one in found] == [("project", "PRJ-1", Decimal(20))] * 2
    assert ["INV-14" in one.detail for one in found] == [True, False]


def test_inv_14_what_is_billed_between_companies_is_taken_back_once_its_proposal_is_posted() -> None:
    sale = unbilled(intercompany_proposal="INV-0001")
    accruals = accruals_of(sale)
    assert sum(accruals.expected().values()) == 1600
    list(accruals.headers.add_proposal(posted_header()))
    assert sum(accruals.expected().values()) == 0


# --- integration accounts ---------------------------------------------------------------------------------------------


def test_led_55_led_56_an_integration_account_shows_its_balance_and_what_was_not_taken_back() -> None:
    accounts = IntegrationAccounts(SETUP)
    on_it = {PostingType.COST: "540100", PostingType.PROCUREMENT_INTEGRATION: "200140"}
    accounts.add_row(posted_cost("bolts", cost_accounts=on_it))
    accounts.add_row(posted_cost("wrong", cost_accounts=on_it, accounting_amount=Decimal(300)))
    back = posted_cost("back", cost_accounts=on_it, accounting_amount=Decimal(-300), links={"original": "wrong"})
    accounts.add_row(back)
    accounts.add_row(posted_cost("waits", cost_accounts=on_it, state=IMPORTED))
    credits = [entry(PostingType.PROCUREMENT_INTEGRATION, one, account="200140") for one in ("-800", "-300", "300")]
    accounts.add_page("USPM", [*credits, entry(PostingType.COST, "800")])
    (account,) = accounts.all()
    assert account.row() == {
        "company": "USPM",
        "posting_type": "procurement_integration",
        "account": "200140",
        "currency": "USD",
        "balance": "-800.00",
        "credited": {"not told": "800.00"},
        "actuals": [{"id": guid("bolts"), "amount": "-800.00"}],
        "more": 0,
    }


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ({"msdyn_accountingdate": "2026-09-05T04:00:00Z"}, "2026-09-05"),
        ({"msdyn_tzaaccountingdate": "2026-09-05T00:00:00Z"}, "2026-09-05"),
        ({"msdyn_accountingdate": "2026-09-03T04:00:00Z"}, None),
        ({}, None),
    ],
)
def test_edit_16_a_billed_sale_with_another_accounting_date_than_its_proforma_is_found(
    of: dict[str, Any], says: str | None
) -> None:
    dates, made, written = AccountingDates(SETUP), row(bill("b", accounting_date="2026-09-03")), header(of=of)
    dates.add(made)
    assert dates.suspects(written) == ([made.id] if says else [])
    found = list(dates.judge(written, made))
    if says:
        detail = f"has accounting date 2026-09-03, its proforma INV-0001 {says}, which its invoice has"
        assert only(found, "accounting_dates").detail == detail
    else:
        assert found == []


@pytest.mark.parametrize("status", [ProposalStatus.POSTING, ProposalStatus.POSTED])
def test_99_27_a_cancellation_that_came_after_posting_is_a_late_change(status: ProposalStatus) -> None:
    canceled = replace(posted_header(of={"statecode": option(3)}, subtotal=Decimal(1600)), status=status)
    late = only(Headers(SETUP).add_proposal(canceled), "late_changes")
    assert (late.entity, late.amount, late.currency) == (PROFORMA, Decimal(-1600), "USD")


def test_99_25_a_proposal_that_a_version_before_posted_can_be_marked_by_an_import() -> None:
    assert list(Headers(SETUP).add_proposal(posted_header())) == []
    assert list(Headers(SETUP).add_proposal(posted_header(marked=False, pages=0))) == []
    found = only(Headers(SETUP).add_proposal(posted_header(marked=False)), "not_marked")
    assert (found.id, found.repair) == (guid("inv-1"), Repair.IMPORT)


def test_a_withdrawn_proposal_is_not_found_by_the_number_that_is_free_again() -> None:
    known = Headers(SETUP)
    list(known.add_proposal(header(ProposalStatus.CANCELED)))
    assert known.numbered("USPM", "INV-0001") is None
    list(known.add_proposal(header(name="inv-2")))
    assert known.numbered("USPM", "INV-0001") is known.proposals[guid("inv-2")]


def test_num_02_every_number_that_was_drawn_is_on_an_invoice() -> None:
    known, check = Headers(SETUP), Check("invoice_numbers")
    known.add_invoice(invoice(invoice_number="FTI-00000002"))
    gap = only(known.numbers({"USPM": 2}, check), "invoice_numbers")
    assert (gap.id, gap.company) == ("FTI-00000001", "USPM")
    assert check.counts == {"USPM drawn": 2, "USPM invoices": 1}
    assert gaps("OTHER-##", "USPM", 3, {"FTI-00000001", "FTI-00000002"}) == ["2 of 3"]


def test_a_posting_that_stands_where_it_stood_is_found_and_one_that_went_on_is_not() -> None:
    begun = journal(JournalStatus.PROCESSING, posted_pages=1)
    assert only(stands_still(begun, begun), "stuck").id == JOURNAL
    assert list(stands_still(begun, replace(begun, posted_pages=2))) == []
    assert list(stands_still(begun, replace(begun, status=JournalStatus.POSTED))) == []
    assert list(stands_still(begun, None)) == []
    posting = header(ProposalStatus.POSTING)
    assert (only(stands_still(posting, posting), "stuck").entity) == "proposal"


def test_an_event_that_the_sweep_should_have_published_is_found() -> None:
    assert list(not_published("k", "JournalPosted", "2026-08-31T12:50:00Z", AT)) == []
    assert only(not_published("k", "JournalPosted", "2026-08-31T12:49:59Z", AT), "outbox").id == "k"


# --- against Dataverse ------------------------------------------------------------------------------------------------

NOTHING = WrittenBack(None, None, None, None)


def there(name: str, **values: Any) -> ActualThere:
    made = ActualThere(guid(name), 1, False, "billed_sales", "chargeable", Decimal(1600), guid("inv-1"), None, NOTHING)
    return made._replace(**values)


def proforma_there(**values: Any) -> ProformaThere:
    made = ProformaThere(guid("inv-1"), 1, "INV-0001", Decimal(1600), guid("USD"), False, True, {})
    return made._replace(**values)


def received_actuals(*rows: Any, rejected: frozenset[tuple[str, str]] = frozenset()) -> ReceivedActuals:
    staged = StagedRows(SETUP)
    for made in rows:
        list(staged.add(item(made)))
    return ReceivedActuals(staged, rejected)


def see(found: ReceivedActuals, one: ActualThere, check: Check, *, waits: bool = False) -> None:
    found.add(one, check, lambda: waits)


def test_what_dataverse_has_is_staged_rejected_kept_for_its_map_or_missing() -> None:
    found, check = (
        received_actuals(row(bill("b")), rejected=frozenset({(ACTUAL, guid("wrong"))})),
        Check("not_received"),
    )
    for name in ("b", "wrong", "waits", "lost"):
        see(found, there(name), check, waits=name == "waits")
    assert found.missing == [guid("lost")]
    assert check.counts == {"actuals of Dataverse": 4, "actuals staged": 1, "actuals rejected": 1}
    assert (found.theirs[guid("inv-1")].rows, found.held_back[guid("inv-1")].rows) == (4, 1)
    assert found.unseen == set()


def test_what_dataverse_does_not_list_is_unseen_unless_it_was_skipped() -> None:
    found = received_actuals(row(cost("a")), row(cost("skipped"), StagingState.SKIPPED))
    assert found.unseen == {bytes.fromhex(guid("a").replace("-", ""))}
    gone = only(received.not_in_dataverse([row(cost("a"))], SETUP), "not_in_dataverse")
    assert (gone.id, gone.amount, gone.currency, gone.repair) == (guid("a"), Decimal(800), "USD", None)


def test_a_newer_version_is_looked_at_again_unless_it_waits_for_its_map() -> None:
    stored, check = row(cost("a")), Check("not_received")
    found = received_actuals(replace(stored, actual=replace(stored.actual, version=RowVersion(5, AT, ""))))
    for number, waits in ((5, False), (6, True), (6, False)):
        see(found, there("a", version=number), check, waits=waits)
    assert found.newer == [guid("a")]


def test_a_newer_version_that_says_the_same_is_no_difference() -> None:
    stored = row(cost("a"))
    assert list(received.says_something_new(stored, there("a"), stored.actual, SETUP)) == []
    now = replace(stored.actual, amount=Decimal(950), version=RowVersion(9, AT, ""))
    changed = only(received.says_something_new(stored, there("a"), now, SETUP), "differs_from_dataverse")
    assert (changed.amount, changed.repair) == (Decimal(150), Repair.FETCH)
    assert changed.detail.startswith("amount 800 -> 950; staging has version")


def test_a_name_that_a_look_up_carries_is_no_change() -> None:
    (event,) = row_events(cost("a"), AT)
    stored = to_actual(RowEvent.read(event.detail))
    assert stored.project
    named = replace(stored, project=replace(stored.project, name="Another name"))
    assert received.changed_fields(stored, named) == {}


def test_a_connection_is_known_by_both_ends_and_its_role() -> None:
    links = received_actuals(posted_bill()).rows.links
    connection = Connection(guid("x"), RowVersion(1, AT, ""), guid("b"), ConnectionRole.UNBILLED, guid("u"))
    assert received.is_linked(connection, links)
    other = replace(connection, role=ConnectionRole.ORIGINAL)
    assert not received.is_linked(other, links)
    lost = received.not_linked(other)
    assert (lost.check, lost.difference.entity, lost.difference.id) == ("not_received", CONNECTION, guid("x"))


def proformas(*rows: Any, seen: Iterable[ActualThere] = ()) -> Proformas:
    found, check = received_actuals(*rows), Check("not_received")
    for one in seen:
        see(found, one, check)
    return Proformas(SETUP, found.rows, found)


def test_inv_05_inv_06_a_billed_sale_that_is_missing_shows_in_its_proforma_with_the_amount() -> None:
    compared = proformas(row(bill("b")), seen=[there("b"), there("lost")])
    differs = only(compared.totals(proforma_there(total=Decimal(3200)), header()), "proformas")
    assert (differs.amount, differs.currency) == (Decimal(1600), "USD")
    assert "Dataverse has 2 billed sales for 3200" in differs.detail
    assert "staging 1 billed sale for 1600" in differs.detail


def test_inv_05_two_amounts_that_were_exchanged_show_in_the_checksum() -> None:
    exchanged = [there("a", amount=Decimal(800)), there("b", amount=Decimal(2400))]
    compared = proformas(row(bill("a", price="300")), row(bill("b", price="100")), seen=exchanged)
    differs = only(compared.totals(proforma_there(total=Decimal(3200)), header()), "proformas")
    assert differs.amount == 0


@pytest.mark.parametrize(
    ("total", "subtotal", "off"),
    [
        ("1600", None, None),
        ("1700", None, Decimal(100)),
        (None, None, None),
        ("1600", "1600", None),
        ("1700", "1600", Decimal(100)),
    ],
)
def test_inv_06_a_total_is_that_of_the_lines_once_there_are_lines_until_then_of_the_billed_sales(
    total: str | None, subtotal: str | None, off: Decimal | None
) -> None:
    compared = proformas(row(bill("b")), seen=[there("b")])
    said = proforma_there(total=None if total is None else Decimal(total))
    made = header(subtotal=None if subtotal is None else Decimal(subtotal))
    assert [one.difference.amount for one in compared.totals(said, made)] == ([] if off is None else [off])


@pytest.mark.parametrize("total", ["92588", "92587.5"])
def test_inv_05_what_rounding_to_the_digits_of_a_currency_added_is_no_difference(total: str) -> None:
    made = row(bill("b", quantity="7.5", price="12345", currency="JPY"))
    compared = proformas(made, seen=[there("b", amount=made.actual.amount)])
    assert compared.rows.rounded[guid("inv-1")] == Decimal("0.5")
    for subtotal in (None, Decimal(92588)):
        assert list(compared.totals(proforma_there(total=Decimal(total)), header(subtotal=subtotal))) == []


def test_99_27_a_canceled_proforma_counts_only_where_a_proposal_stands() -> None:
    compared, check = proformas(), Check("not_received")
    canceled = proforma_there(is_canceled=True)
    assert compared.is_none_of_ours(canceled, None, check)
    assert compared.is_none_of_ours(canceled, header(ProposalStatus.CANCELED), check)
    assert not compared.is_none_of_ours(canceled, header(), check)
    assert not compared.is_none_of_ours(proforma_there(), None, check)
    assert check.counts == {"proformas of Dataverse that are canceled": 2, "proformas of Dataverse": 2}


def test_a_proforma_that_never_arrived_is_found_with_its_total() -> None:
    lost = proformas().never_received(proforma_there())
    assert (lost.check, lost.difference.amount, lost.difference.currency) == ("not_received", Decimal(1600), "USD")
