"""Journals, proposals, invoices, vouchers: headers, pages, guards, and the conditions that keep two runs apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Proforma, Reference
from project_invoicing.domain.codes import (
    JournalStatus,
    LineKind,
    PostingFailure,
    PostingType,
    ProposalStatus,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.credited_tax import NOTHING
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.journal_line import Accrual, JournalLine
from project_invoicing.domain.ledger import Unbalanced, Voucher, VoucherLine
from project_invoicing.domain.proposal import UNRESOLVED, HeaderEdits, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused, Wait
from project_invoicing.domain.waits import ANY_INVOICE, ANY_JOURNAL, Waits
from project_invoicing.store import outbox
from project_invoicing.store.errors import ConditionFailed, TransactionCancelled
from project_invoicing.store.invoices import HEADER
from project_invoicing.store.items import Item
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger, entries
from project_invoicing.store.proposal_changes import ProposalChange
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.transactions import Write, transact, update, write_one
from tests.own_events import journal_posted
from tests.store.rows import T1, T2, version

DAY = date(2026, 8, 27)


def refused(*writes: Write, by: Journals | Proposals | Ledger) -> bool:
    """Whether the transaction's conditions do not hold; nothing is written then."""
    try:
        transact(by.client, writes)
    except TransactionCancelled:
        return True
    return False


# --- journals ---------------------------------------------------------------------------------------------------------


def a_journal(journal_id: str = "J-1", **columns: Any) -> Journal:
    return replace(Journal("USPM", journal_id, JournalStatus.DRAFT, "2026-08"), **columns)


def a_journal_line(number: int = 1, **columns: Any) -> JournalLine:
    line = JournalLine(
        line_number=number,
        actual_id=f"actual-{number}",
        voucher=f"PV-{number}",
        kind=TransactionType.UNBILLED_SALES,
        transaction_class=TransactionClass.TIME,
        category="Labor",
        line_property="CHARGE",
        transaction_date=DAY,
        accounting_date=DAY,
        quantity=Decimal("7.50"),
        unit_cost=Decimal(0),
        cost_amount=Decimal(0),
        unit_price=Decimal(200),
        sales_amount=Decimal("1500.00"),
        currency="GBP",
        price_exchange_rate=Decimal(125),
        price_factor=Decimal(100),
        dimensions={"CostCenter": "007"},
    )
    return replace(line, **columns)


def the_page(journals: Journals, journal_id: str = "J-1") -> JournalPage:
    (page,) = journals.pages("USPM", journal_id)
    return page


def test_a_journal_is_read_as_it_was_written(journals: Journals) -> None:
    journal = a_journal(line_count=2, next_line=3)
    lines = [a_journal_line(1), a_journal_line(2, error="period_closed: …")]
    transact(journals.client, [journals.create(journal), journals.page("USPM", "J-1", lines)])
    assert journals.get("USPM", "J-1") == journal
    assert (the_page(journals).lines, the_page(journals).posted) == (lines, False)
    assert journals.get("GBPM", "J-1") is None


def test_pages_come_in_the_order_of_their_lines(journals: Journals) -> None:
    for first in (100, 9, 1):
        transact(journals.client, [journals.page("USPM", "J-1", [a_journal_line(first)])])
    assert [page.lines[0].line_number for page in journals.pages("USPM", "J-1")] == [1, 9, 100]


def test_a_journal_number_is_given_once(journals: Journals) -> None:
    transact(journals.client, [journals.create(a_journal())])
    assert refused(journals.create(a_journal(period="2026-09")), by=journals)


def test_only_unposted_journals_of_the_company_are_open(journals: Journals) -> None:
    for journal in (a_journal("J-1"), a_journal("J-2"), a_journal("J-3", status=JournalStatus.ERROR)):
        transact(journals.client, [journals.create(journal)])
    posted = journals.changing(a_journal("J-1"))
    posted.begun(setup_version=1)
    posted.posted("2026-08-31T09:00:00Z")
    transact(journals.client, [posted.write()])
    assert [journal.journal_id for journal in journals.open("USPM")] == ["J-2"]
    assert list(journals.open("GBPM")) == []
    reset = journals.changing(a_journal("J-3", status=JournalStatus.ERROR))
    reset.reset("2026-08-28T02:00:00Z")
    transact(journals.client, [reset.write()])
    assert [journal.journal_id for journal in journals.open("USPM")] == ["J-2", "J-3"]


def test_one_of_two_runs_opens_the_journal_of_a_period(journals: Journals) -> None:
    ours, theirs = a_journal("J-1"), a_journal("J-2")
    transact(journals.client, [journals.create(ours), journals.guard(ours, None)])
    assert refused(journals.create(theirs), journals.guard(theirs, None), by=journals)
    assert journals.get("USPM", "J-2") is None
    assert journals.guards("USPM", ["2026-08", "2026-09"]) == {"2026-08": "J-1"}
    transact(journals.client, [journals.create(theirs), journals.guard(theirs, "J-1")])
    assert journals.guards("USPM", ["2026-08"]) == {"2026-08": "J-2"}


@pytest.mark.parametrize("column", ["line_count", "next_line", "status"])
def test_a_journal_is_changed_only_as_it_was_read(journals: Journals, column: str) -> None:
    transact(journals.client, [journals.create(a_journal(line_count=2, next_line=3))])
    outdated: dict[str, Any] = {"line_count": 1, "next_line": 2, "status": JournalStatus.ERROR}
    change = journals.changing(replace(a_journal(line_count=2, next_line=3), **{column: outdated[column]}))
    change.lines_removed(1)
    assert refused(change.write(), by=journals)


def test_a_page_is_posted_once_and_not_changed_any_more(journals: Journals) -> None:
    transact(journals.client, [journals.create(a_journal()), journals.page("USPM", "J-1", [a_journal_line()])])
    page = the_page(journals)
    done = [a_journal_line(accounting_amount=Decimal("1875.00"))]
    transact(journals.client, [journals.posted_page(a_journal(), page, done)])
    assert (the_page(journals).lines, the_page(journals).posted) == (done, True)
    for write in (
        journals.posted_page(a_journal(), page, done),
        journals.changed_page(a_journal(), page, done),
        journals.without_page(a_journal(), page),
    ):
        assert refused(write, by=journals)


def test_a_page_is_changed_only_as_it_was_read(journals: Journals) -> None:
    """Two clerks edit two lines of one page, or one of them while the other posts."""
    transact(journals.client, [journals.create(a_journal()), journals.page("USPM", "J-1", [a_journal_line()])])
    page = the_page(journals)
    transact(journals.client, [journals.changed_page(a_journal(), page, [a_journal_line(sales_tax_group="EXP")])])
    for write in (
        journals.changed_page(a_journal(), page, [a_journal_line(sales_tax_group="DOM")]),
        journals.posted_page(a_journal(), page, [a_journal_line()]),
        journals.without_page(a_journal(), page),
    ):
        assert refused(write, by=journals)
    assert the_page(journals).lines[0].sales_tax_group == "EXP"


# --- proposals --------------------------------------------------------------------------------------------------------

PROFORMA = Proforma(
    id="inv-1",
    version=version(7, T1, "a"),
    number="INV-0001",
    name="August",
    contract=Reference("salesorder", "ctr-1"),
    customer=Reference("account", "c-001"),
    currency=Reference("transactioncurrency", "gbp"),
    total=Decimal("1600.00"),
    invoice_date="2026-08-31",
    bill_to={"city": "York"},
    has_corrections=True,
)


def a_proposal_line(number: int = 1, **columns: Any) -> ProposalLine:
    line = ProposalLine(
        line_number=number,
        actual_id=f"actual-{number}",
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(8),
        unit_price=Decimal("200.00"),
        amount=Decimal("1600.00"),
        accruals=(
            Accrual(
                "GBP", Decimal("1600.00"), Decimal("2000.00"), Decimal("1.25"), "161300", "420200", None, {"A": "b"}
            ),
        ),
    )
    return replace(line, **columns)


def created(proposals: Proposals, company: str | None = "USPM", proforma: Proforma = PROFORMA) -> Proposal:
    transact(proposals.client, [proposals.create(proforma, company)])
    return read(proposals, proforma.id)


def read(proposals: Proposals, id: str = "inv-1") -> Proposal:
    found = proposals.get(id)
    assert found
    return found


def test_a_proposal_is_read_as_it_was_written(proposals: Proposals) -> None:
    header = created(proposals)
    assert (header.proforma, header.status, header.company) == (PROFORMA, ProposalStatus.WAITING, "USPM")
    assert (header.deliveries, header.evaluated, header.waiting_for) == (1, False, ())
    assert proposals.get("inv-2") is None


def test_a_proposal_is_created_once(proposals: Proposals) -> None:
    created(proposals)
    assert refused(proposals.create(PROFORMA, "USPM"), by=proposals)


def test_a_newer_version_of_a_header_is_stored_unless_it_was_overtaken(proposals: Proposals) -> None:
    change = proposals.changing(created(proposals))
    change.changed(replace(PROFORMA, total=Decimal(1200), version=version(8, T2, "b")), T2)
    transact(proposals.client, [change.write()])
    assert (read(proposals).changes, read(proposals).deliveries) == (2, 2)
    assert read(proposals).proforma.total == Decimal(1200)
    assert read(proposals) == change.after
    assert refused(change.write(), by=proposals)


def test_a_number_belongs_to_one_proforma_of_a_company(proposals: Proposals) -> None:
    transact(proposals.client, [proposals.take_number("USPM", PROFORMA), proposals.take_number("GBPM", PROFORMA)])
    other = replace(PROFORMA, id="inv-2")
    assert refused(proposals.take_number("USPM", other), by=proposals)
    assert proposals.by_number(["USPM", "DEMF"], "INV-0001") == {"USPM": "inv-1"}
    assert proposals.by_number(["USPM"], "INV-0002") == {}


def test_the_number_that_came_last_is_kept_for_sequences_that_forbid_others(proposals: Proposals) -> None:
    assert proposals.last_number("USPM") is None
    transact(proposals.client, [proposals.number_used("USPM", "INV-0001", None)])
    assert refused(proposals.number_used("USPM", "INV-0003", None), by=proposals)
    transact(proposals.client, [proposals.number_used("USPM", "INV-0002", "INV-0001")])
    assert proposals.last_number("USPM") == "INV-0002"


def test_a_header_of_an_unknown_contract_waits_apart_until_its_company_is_known(proposals: Proposals) -> None:
    header = created(proposals, company=None)
    assert [one.id for one in proposals.open(UNRESOLVED)] == ["inv-1"]
    transact(proposals.client, [proposals.assign(header, "USPM")])
    assert ([one.id for one in proposals.open("USPM")], proposals.open(UNRESOLVED)) == (["inv-1"], [])
    assert refused(proposals.assign(header, "GBPM"), by=proposals)


def test_a_posted_proposal_is_open_no_more(proposals: Proposals) -> None:
    change = proposals.changing(created(proposals))
    change.filled(1, 1, DAY)
    change.ready(Decimal("1600.00"))
    change.claimed(INVOICE, 1, {})
    change.page_posted()
    change.posted("2026-08-31T09:00:00Z")
    transact(proposals.client, [change.write()])
    assert (proposals.open("USPM"), read(proposals).status) == ([], ProposalStatus.POSTED)
    assert read(proposals) == change.after


@pytest.mark.parametrize(
    "progress",
    [{"st": ProposalStatus.READY}, {"ch": 2}, {"pg": 1}, {"pp": 1}, {"dx": True}, {"ev": 1}],
    ids=["status", "version", "pages", "posted pages", "deletion", "edit"],
)
def test_a_header_is_changed_only_as_it_was_read(proposals: Proposals, progress: Item) -> None:
    header = created(proposals)
    stores(proposals, progress)
    assert refused(proposals.changing(header).write(), by=proposals)
    assert not refused(proposals.changing(read(proposals)).write(), by=proposals)


def test_what_only_a_newer_version_waits_for_is_left_out(proposals: Proposals) -> None:
    """During a deployment, and after going back to the release before."""
    created(proposals)
    known = {"reason": WaitReason.INVESTMENT_PROJECT, "detail": "why", "actual_id": "a"}
    stores(
        proposals,
        {
            "wf": json.dumps([known, known | {"reason": "of_the_future"}]),
            "wm": json.dumps([["of_the_future", None, 3], [known["reason"], None, 2]]),
        },
    )
    waits = read(proposals).waits
    assert waits
    assert [one.reason for one in waits.listed] == [WaitReason.INVESTMENT_PROJECT]
    assert waits.unlisted == {(WaitReason.INVESTMENT_PROJECT, None): 2}


def stores(proposals: Proposals, values: Item) -> None:
    """Writes what another run, or another version, would have stored on the header."""
    transact(proposals.client, [update(proposals.table, "PROPOSAL#inv-1", HEADER, values, expected={"never": None})])


def test_a_header_is_after_each_verb_as_it_is_read_then(proposals: Proposals) -> None:
    """So that whoever changes it twice need not read it between."""
    header = created(proposals)
    refusal = Refused(PostingFailure.CUSTOMER_ON_HOLD, "C-001 is on hold")
    newer = replace(PROFORMA, name="Again", version=version(9, T2, "c"))
    canceled = replace(newer, canceled=True, version=version(10, T2, "d"))
    steps: list[Callable[[ProposalChange], None]] = [
        lambda change: change.filled(2, 7, DAY),
        lambda change: change.ready(Decimal("1600.00")),
        lambda change: change.refused(refusal, T2),
        lambda change: change.marked(),
        lambda change: change.covered(3),
        lambda change: change.edited(HeaderEdits(invoice_date=DAY)),
        lambda change: change.edited(),
        lambda change: change.received(T2),
        lambda change: change.changed(newer, T2),
        lambda change: change.cleared(T2),
        lambda change: change.page_cleared(1),
        lambda change: change.page_cleared(0),
        lambda change: change.filled(2, 8, None),
        lambda change: change.ready(Decimal("1600.00")),
        lambda change: change.withdrawing(canceled),
        lambda change: change.page_cleared(0),
        lambda change: change.withdrawn(),
        lambda change: change.revived(newer, "USPM", None, T2),
        lambda change: change.filled(2, 9, DAY),
        lambda change: change.ready(Decimal("1600.00")),
        lambda change: change.claimed(INVOICE, 9, {}),
        lambda change: change.page_posted(),
        lambda change: change.posted("2026-08-31T09:00:00Z"),
    ]
    for step in steps:
        change = proposals.changing(header)
        step(change)
        transact(proposals.client, [change.write()])
        header = read(proposals)
        assert header == change.after


def test_lines_come_in_the_order_of_their_numbers(proposals: Proposals) -> None:
    for first in (91, 1):
        transact(proposals.client, [proposals.page("inv-1", [a_proposal_line(first), a_proposal_line(first + 1)])])
    assert [line.line_number for line in proposals.lines("inv-1")] == [1, 2, 91, 92]
    assert proposals.lines("inv-1")[0] == a_proposal_line(1)


def test_an_edit_of_a_page_that_has_changed_is_refused(proposals: Proposals) -> None:
    transact(proposals.client, [proposals.page("inv-1", [a_proposal_line()])])
    (page,) = proposals.pages("inv-1")
    transact(proposals.client, [proposals.edited_page("inv-1", page, [a_proposal_line(sales_tax_group="EXP")])])
    assert refused(proposals.edited_page("inv-1", page, [a_proposal_line(sales_tax_group="DOM")]), by=proposals)
    assert refused(proposals.without_page("inv-1", page), by=proposals)
    assert proposals.lines("inv-1")[0].sales_tax_group == "EXP"


def test_a_header_says_what_it_waits_for_and_why_it_was_refused(proposals: Proposals) -> None:
    waits = [Wait(WaitReason.UNBILLED_SALES_NOT_POSTED, "is on journal J-1", "actual-1")]
    change = proposals.changing(created(proposals))
    change.left_waiting(Waits.for_these(waits, frozenset({"J-1"})), T1)
    change.refused(Refused(PostingFailure.CUSTOMER_ON_HOLD, "C-001 is on hold"), T1)
    transact(proposals.client, [change.write()])
    stored = read(proposals)
    assert stored == change.after
    assert (stored.waiting_for, stored.evaluated) == (tuple(waits), True)
    assert stored.waits_for_posting == {"J-1"}
    assert stored.refusal == {"reason": "customer_on_hold", "detail": "C-001 is on hold", "at": T1}


def test_a_header_shows_fifty_waits_and_how_many_more_there_are(proposals: Proposals) -> None:
    header = created(proposals)
    documents = frozenset(f"J-{n:03}" for n in range(60))
    wrote(proposals, header, sixty_waits(), documents)
    stored = read(proposals)
    assert len(stored.waiting_for) == 51
    assert stored.waiting_for[-1].detail.startswith(
        "and 10 more rows, for the posting of J-050, J-051, J-052 and 7 more; "
    )
    assert (stored.waits_for_posting, stored.lists_some) == (documents, True)
    assert stored.waits == Waits.for_these(sixty_waits(), documents), "so that nothing is to be written"


def sixty_waits() -> list[Wait]:
    of = WaitReason.UNBILLED_SALES_NOT_POSTED
    return [Wait(of, f"is on journal J-{n:03}", f"actual-{n}", f"J-{n:03}") for n in range(60)]


def wrote(proposals: Proposals, header: Proposal, waits: list[Wait], documents: frozenset[str], at: str = T1) -> None:
    change = proposals.changing(header)
    change.left_waiting(Waits.for_these(waits, documents), at)
    write_one(proposals.client, change.write())


def no_longer_waits_for(proposals: Proposals, header: Proposal, *documents: str) -> Write:
    change = proposals.changing(header)
    change.waits_no_longer_for(set(documents))
    return change.write()


def test_of_very_many_documents_any_is_waited_for(proposals: Proposals) -> None:
    wrote(proposals, created(proposals), sixty_waits(), frozenset(f"J-{n}" for n in range(501)))
    assert read(proposals).waits_for_posting == {ANY_INVOICE, ANY_JOURNAL}


def test_since_when_a_proposal_waits_is_kept_whatever_it_waits_for(proposals: Proposals) -> None:
    wrote(proposals, created(proposals), [], frozenset({"J-1"}), T1)
    wrote(proposals, read(proposals), sixty_waits(), frozenset({"J-2"}), T2)
    assert read(proposals).waiting_since == T1


def test_a_posted_document_is_taken_off_with_what_waited_for_it_alone(proposals: Proposals) -> None:
    wrote(proposals, created(proposals), sixty_waits(), frozenset(f"J-{n:03}" for n in range(60)))
    write_one(proposals.client, no_longer_waits_for(proposals, read(proposals), "J-007", "J-055"))
    stored = read(proposals)
    assert {"J-007", "J-055"} & stored.waits_for_posting == set()
    assert [wait.document for wait in stored.waiting_for[6:8]] == ["J-006", "J-008"]
    assert (len(stored.waiting_for), stored.waiting_for[-1].detail[:15]) == (50, "and 9 more rows")


def test_of_two_documents_that_are_posted_at_once_neither_comes_back(proposals: Proposals) -> None:
    wrote(proposals, created(proposals), sixty_waits(), frozenset({"J-001", "J-002"}))
    before = read(proposals)
    first, second = (no_longer_waits_for(proposals, before, id) for id in ("J-001", "J-002"))
    write_one(proposals.client, first)
    with pytest.raises(ConditionFailed):
        write_one(proposals.client, second)
    again = proposals.changing(before)
    again.left_waiting(Waits.for_these([], frozenset({"J-001", "J-002", "J-003"})), T2)
    with pytest.raises(ConditionFailed):
        write_one(proposals.client, again.write())
    assert read(proposals).waits_for_posting == {"J-002"}


def test_what_the_version_before_stored_is_read(proposals: Proposals) -> None:
    """Its waits are text, name no document, and the last of more than fifty counts the others."""
    old: list[dict[str, str | None]] = [
        {"reason": "unbilled_sales_not_posted", "actual_id": f"a-{n}", "detail": "not posted"} for n in range(50)
    ]
    old.append({"reason": "unbilled_sales_not_posted", "actual_id": None, "detail": "and 10 more rows; each row …"})
    values = {"wf": json.dumps(old), "wp": [ANY_INVOICE, ANY_JOURNAL]}
    created(proposals)
    stores(proposals, values)
    stored = read(proposals)
    assert (stored.evaluated, len(stored.waiting_for), stored.lists_some) == (True, 51, True)
    assert stored.waiting_for[0] == Wait(WaitReason.UNBILLED_SALES_NOT_POSTED, "not posted", "a-0")
    assert (stored.waiting_since, stored.names({"J-1"})) == (None, False)
    wrote(proposals, stored, sixty_waits(), frozenset({"J-1"}))
    assert read(proposals).waits_for_posting == {"J-1"}


def test_a_header_without_a_list_of_documents_can_be_left_waiting(proposals: Proposals) -> None:
    """Such were stored before proposals named what has to be posted first."""
    created(proposals)
    stores(proposals, {"wf": json.dumps([{"reason": "header_missing", "actual_id": None, "detail": "not here"}])})
    wrote(proposals, read(proposals), sixty_waits(), frozenset({"J-1"}))
    assert read(proposals).waits_for_posting == {"J-1"}


# --- invoices and the ledger ------------------------------------------------------------------------------------------

INVOICE = Invoice(
    invoice_number="FTI-1",
    proposal_id="INV-0001",
    proforma_id="inv-1",
    company="USPM",
    customer="C-001",
    document_type="invoice",
    invoice_date=DAY,
    due_date=date(2026, 9, 26),
    accounting_date=date(2026, 9, 1),
    currency="GBP",
    subtotal=Decimal("1600.00"),
    sales_tax=Decimal("320.00"),
    total=Decimal("1920.00"),
    voucher="PV-3",
    exchange_rate=Decimal("1.25"),
    line_count=1,
)


def test_an_invoice_is_read_as_it_was_written_and_becomes_visible_once(proposals: Proposals) -> None:
    invoices = proposals.invoices
    line = a_proposal_line(sales_tax_amount=Decimal("320.00"), accounting_amount=Decimal("2000.00"))
    transact(proposals.client, [invoices.create(INVOICE, NOTHING), invoices.page("USPM", "FTI-1", 1, [line])])
    assert invoices.get("USPM", "FTI-1") == INVOICE
    assert invoices.lines("USPM", "FTI-1") == [line]
    transact(proposals.client, [invoices.visible("USPM", "FTI-1")])
    assert invoices.get("USPM", "FTI-1") == replace(INVOICE, posted=True)
    assert refused(invoices.visible("USPM", "FTI-1"), by=proposals)
    assert refused(invoices.create(INVOICE, NOTHING), by=proposals)
    assert invoices.get("GBPM", "FTI-1") is None


def a_voucher(number: str) -> Voucher:
    def line(account: str, side: int) -> VoucherLine:
        return VoucherLine(
            account=account,
            posting_type=PostingType.COST,
            currency="GBP",
            amount=side * Decimal("100.00"),
            accounting_amount=side * Decimal("125.00"),
            exchange_rate=Decimal("1.25"),
            project="PRJ-1",
            dimensions={"CostCenter": "007"},
        )

    return Voucher(number, "USPM", DAY, "journal", "J-1", (line("540100", 1), line("600300", -1)))


def test_vouchers_are_read_as_they_were_written_even_over_the_edge_of_a_page(ledger: Ledger) -> None:
    every = [entry for number in ("PV-1", "PV-2") for entry in entries(a_voucher(number))]
    transact(ledger.client, [ledger.page("journal", "USPM", "J-1", 1, every[:3])])
    transact(ledger.client, [ledger.page("journal", "USPM", "J-1", 2, every[3:])])
    assert list(ledger.vouchers("journal", "USPM", "J-1")) == [a_voucher("PV-1"), a_voucher("PV-2")]
    assert list(ledger.vouchers("invoice", "USPM", "J-1")) == []


def test_the_ledger_is_only_ever_added_to(ledger: Ledger) -> None:
    page = ledger.page("journal", "USPM", "J-1", 1, entries(a_voucher("PV-1")))
    transact(ledger.client, [page])
    assert refused(page, by=ledger)


def test_a_voucher_of_which_a_part_is_missing_is_a_defect(ledger: Ledger) -> None:
    transact(ledger.client, [ledger.page("journal", "USPM", "J-1", 1, entries(a_voucher("PV-1"))[:1])])
    with pytest.raises(Unbalanced):
        list(ledger.vouchers("journal", "USPM", "J-1"))


# --- events and write-backs -------------------------------------------------------------------------------------------


def test_an_event_leaves_the_outbox_when_it_was_sent(journals: Journals) -> None:
    events = [journal_posted(T1, f"USPM#J-{n}") for n in range(12)]
    for event in [*events, events[0]]:  # recording it twice is recording it once
        transact(journals.client, [outbox.record(journals.table, event)])
    unsent = list(outbox.unsent(journals.client, journals.table))
    assert sorted(event.key for event in map(outbox.event_of, unsent)) == sorted(f"{T1}#{e.key}" for e in events)
    for _ in range(2):  # so is sending it
        outbox.sent(journals.client, journals.table, unsent[0]["pk"], unsent[0]["sk"])
    assert len(list(outbox.unsent(journals.client, journals.table))) == 11
