"""Rows of staging: deliveries, changes, links, rejections, the import queue, and the writes that move rows on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from project_invoicing.domain.actor import person
from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import (
    ConnectionRole,
    PostingType,
    RejectReason,
    StagingState,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.lineage import Charge, ChargedTax, Lineage
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.sales_tax import MarginalBase, TaxOrigin
from project_invoicing.domain.staged_row import Delivery, OnDocument, OnJournal, OnProposal, StagedRow
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.staging import Staging
from project_invoicing.store.staging_queue import SHARDS, journal_position
from project_invoicing.store.transactions import Write, transact, update
from tests.store import tables
from tests.store.rows import a_billed_actual, a_link, an_actual, version

if TYPE_CHECKING:
    from collections.abc import Iterable

AT = "2026-08-27T17:00:00Z"
ON_JOURNAL = OnJournal("J-1")
RATE = ExchangeRate(Decimal(125), Decimal(100))


ACCRUAL = Accrual(
    currency="GBP",
    amount=Decimal("1000.00"),
    accounting_amount=Decimal("1250.00"),
    exchange_rate=Decimal("1.25"),
    wip_account="161300",
    accrued_account="420200",
    project="PRJ-1",
    dimensions={"CostCenter": "007"},
)
LINEAGE = Lineage("DOM", "SERV", "Labor", "CHARGE", ACCRUAL.dimensions)


def row(staging: Staging, id: str = "actual-1") -> StagedRow:
    return staging.rows([id])[id]


def queued(staging: Staging) -> list[str]:
    """Everything that waits for an import."""
    billed = [one.id for _, rows in staging.waiting_for_proposals() for one in rows]
    return sorted([one.id for one in staging.waiting_for_journal()] + billed)


def imported(staging: Staging, id: str = "actual-1") -> StagedRow:
    """A row on a draft journal."""
    staging.receive(an_actual(id))
    transact(staging.client, [staging.journalised(row(staging, id), "USPM", "J-1", 1, RATE)])
    return row(staging, id)


def posted(staging: Staging, exchange_rate: Decimal = Decimal("1.25"), document: OnDocument = ON_JOURNAL) -> Write:
    return staging.posted(
        "actual-1",
        document,
        voucher="PV-1",
        accounting_amount=Decimal("1250.00"),
        exchange_rate=exchange_rate,
        sales_tax_amount=Decimal(0),
        lineage=LINEAGE,
        accrual=ACCRUAL,
    )


def in_one_shard(count: int, start: str = "") -> list[str]:
    """Ids whose rows wait in the same partition of the queue."""
    ids = (f"{start}{n:06d}" for n in range(10_000))
    return [id for id in ids if crc32(id.encode()) % SHARDS == 0][:count]


# --- receiving --------------------------------------------------------------------------------------------------------


def test_what_is_received_is_what_is_read(staging: Staging) -> None:
    actual = an_actual(
        quantity="7.50",
        price="33.3333",
        invoice="inv-1",
        start="2026-08-27T16:05:00Z",
        description="Ünïcode “and” \\n more",
        custom={"cost_centre": "007"},
    )
    assert staging.receive(actual) is Delivery.ACCEPTED
    stored = row(staging)
    assert stored.actual == actual
    assert (stored.state, stored.deliveries, stored.changes) == (StagingState.PENDING, 1, 1)


def test_a_repeated_delivery_is_counted_and_changes_nothing(staging: Staging) -> None:
    outcomes = [staging.receive(an_actual()) for _ in range(3)]
    assert outcomes == [Delivery.ACCEPTED, Delivery.DUPLICATE, Delivery.DUPLICATE]
    assert (row(staging).deliveries, row(staging).changes) == (3, 1)


def test_a_newer_version_replaces_a_waiting_row(staging: Staging) -> None:
    staging.receive(an_actual(row_version=1, quantity="8"))
    assert staging.receive(an_actual(row_version=2, quantity="6")) is Delivery.CHANGED
    assert row(staging).actual.quantity == 6
    assert queued(staging) == ["actual-1"]


def test_a_late_old_version_changes_nothing(staging: Staging) -> None:
    staging.receive(an_actual(row_version=2, quantity="6"))
    assert staging.receive(an_actual(row_version=1, quantity="8")) is Delivery.DUPLICATE
    assert row(staging).actual.quantity == 6


@pytest.mark.parametrize("order", list(permutations([(1, False), (2, True), (3, False)])))
def test_skip_sync_is_that_of_the_newest_version_in_every_order(
    staging: Staging, order: list[tuple[int, bool]]
) -> None:
    for number, skip_sync in order:
        staging.receive(an_actual(row_version=number, skip_sync=skip_sync))
        newest = max(n for n, _ in order[: order.index((number, skip_sync)) + 1])
        skipped = newest == 2
        assert row(staging).state is (StagingState.SKIPPED if skipped else StagingState.PENDING)
        assert queued(staging) == ([] if skipped else ["actual-1"])


def test_a_repeated_delivery_after_the_import_does_not_queue_the_row_again(staging: Staging) -> None:
    imported(staging)
    assert staging.receive(an_actual()) is Delivery.DUPLICATE
    assert (row(staging).state, row(staging).deliveries, queued(staging)) == (StagingState.IMPORTED, 2, [])


def test_a_change_after_the_import_is_kept_and_found(staging: Staging) -> None:
    imported(staging)
    assert staging.receive(an_actual(row_version=2, quantity="6")) is Delivery.CHANGED
    assert [(one.actual.quantity, reworded) for one, reworded in staging.changed()] == [(Decimal(6), False)]
    assert (row(staging).state, row(staging).journal_id, queued(staging)) == (StagingState.IMPORTED, "J-1", [])


@pytest.mark.parametrize(("quantity", "late"), [("6", True), ("8", False)])
def test_a_change_after_the_posting_is_kept_and_flagged(staging: Staging, quantity: str, late: bool) -> None:
    imported(staging)
    transact(staging.client, [posted(staging)])
    staging.receive(an_actual(row_version=2, quantity=quantity, billing_status="customer_invoice_posted"))
    assert (row(staging).state, row(staging).late, list(staging.changed())) == (StagingState.POSTED, late, [])


def test_a_row_that_keeps_changing_is_a_conflict(staging: Staging, monkeypatch: pytest.MonkeyPatch) -> None:
    staging.receive(an_actual(row_version=1))
    sent: Any = staging.client.update_item

    def overtaken(**request: Any) -> Any:
        """Whenever the row is to be replaced, somebody else was faster."""
        if "ADD" in request["UpdateExpression"] and request.get("ReturnValues") is None:
            names = {"#n": "ch"}
            sent(
                TableName=staging.table,
                Key=request["Key"],
                UpdateExpression="ADD #n :one",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        return sent(**request)

    monkeypatch.setattr(staging.client, "update_item", overtaken)
    with pytest.raises(Conflict, match="kept changing"):
        staging.receive(an_actual(row_version=2))


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_link_may_come_before_its_row(staging: Staging) -> None:
    assert staging.connect(a_link("unbilled-1")) is Delivery.ACCEPTED
    assert staging.rows(["actual-1"]) == {}
    assert staging.receive(an_actual()) is Delivery.ACCEPTED
    assert row(staging).links == {ConnectionRole.UNBILLED: "unbilled-1"}
    assert (row(staging).deliveries, queued(staging)) == (1, ["actual-1"])


def test_a_link_may_come_after_its_row_and_twice(staging: Staging) -> None:
    staging.receive(an_actual())
    assert [staging.connect(a_link()) for _ in range(2)] == [Delivery.ACCEPTED, Delivery.DUPLICATE]
    assert row(staging).links == {ConnectionRole.UNBILLED: "unbilled-1"}
    assert row(staging).changes == 1


def test_a_deleted_link_is_gone_even_if_its_creation_comes_last(staging: Staging) -> None:
    staging.receive(an_actual())
    staging.connect(a_link(row_version=2, deleted=True))
    assert staging.connect(a_link(row_version=1)) is Delivery.DUPLICATE
    assert row(staging).links == {}


def test_deleting_one_of_two_links_leaves_the_other(staging: Staging) -> None:
    staging.receive(an_actual())
    staging.connect(a_link("unbilled-1", row_version=5))
    staging.connect(replace(a_link("unbilled-2", row_version=6), id="another-connection"))
    staging.connect(a_link("unbilled-1", row_version=7, deleted=True))
    assert row(staging).links == {ConnectionRole.UNBILLED: "unbilled-2"}


# --- rejecting --------------------------------------------------------------------------------------------------------

EVENT = {"entity": "msdyn_actual", "id": "actual-1", "row_version": 7, "row": {"msdyn_amount": "1"}}
REJECTED = Rejected(RejectReason.SCHEMA, "msdyn_quantity has no value", entity="msdyn_actual", id="actual-1")


def test_a_rejected_event_is_kept_whole_and_told_once(staging: Staging) -> None:
    for _ in range(2):
        staging.reject(REJECTED, EVENT, AT)
    assert [event for _, event in staging.rejected("msdyn_actual", "actual-1")] == [EVENT]
    (told,) = outbox.unsent(staging.client, staging.table)
    assert outbox.event_of(told).detail["reason"] == "schema"


def test_each_version_of_a_bad_row_is_kept_until_it_is_mended(staging: Staging) -> None:
    for number in (7, 8):
        staging.reject(REJECTED, EVENT | {"row_version": number}, AT)
    kept = list(staging.rejected("msdyn_actual", "actual-1"))
    assert [event["row_version"] for _, event in kept] == [7, 8]
    staging.mended("msdyn_actual", "actual-1", kept[0][0], HistoryEntry(AT, person("ann"), Done.REPLAYED))
    assert len(list(staging.rejected("msdyn_actual", "actual-1"))) == 1


def test_a_rejection_that_met_another_transaction_is_not_taken_for_kept(
    staging: Staging, monkeypatch: pytest.MonkeyPatch
) -> None:
    def met(*_: Any) -> None:
        raise TransactionCancelled([("TransactionConflict", None), None])

    monkeypatch.setattr("project_invoicing.store.rejections.transact", met)
    with pytest.raises(Conflict):
        staging.reject(REJECTED, EVENT, AT)


# --- the import queue -------------------------------------------------------------------------------------------------


def test_the_queue_tells_rows_for_journals_from_rows_of_proformas(staging: Staging) -> None:
    staging.receive(an_actual("cost"))
    for id, invoice in {"b-1": "inv-1", "b-2": "inv-1", "other": "inv-2", "nowhere": None}.items():
        staging.receive(a_billed_actual(id, invoice))
    assert [one.id for one in staging.waiting_for_journal()] == ["cost"]
    by_proforma = {proforma: sorted(one.id for one in rows) for proforma, rows in staging.waiting_for_proposals()}
    assert by_proforma == {"": ["nowhere"], "inv-1": ["b-1", "b-2"], "inv-2": ["other"]}
    assert sorted(one.id for one in staging.waiting_for_proposal("inv-1")) == ["b-1", "b-2"]


def test_the_rows_of_a_proforma_are_found_together_whatever_shard_they_are_in(staging: Staging) -> None:
    ids = [f"{n:08d}" for n in range(24)]
    for n, id in enumerate(ids):
        staging.receive(a_billed_actual(id, f"inv-{n % 3}"))
    assert [proforma for proforma, _ in staging.waiting_for_proposals()] == ["inv-0", "inv-1", "inv-2"]
    assert {len(rows) for _, rows in staging.waiting_for_proposals()} == {8}


def test_no_row_is_left_out_or_read_twice_where_a_page_ends_between_equal_sort_keys(staging: Staging) -> None:
    """More than a megabyte in one partition of the index, all of it under one sort key."""
    ids = in_one_shard(14, start="the-same")
    assert len({journal_position(id, None) for id in ids}) == 1
    for id in ids:
        staging.receive(an_actual(id, custom={"text": "x" * 100_000}))
    assert sorted(one.id for one in staging.waiting_for_journal()) == ids


def test_rows_wait_for_a_journal_in_the_order_in_which_they_came_and_keep_their_turn(staging: Staging) -> None:
    times = [f"2026-08-{day:02d}T{hour:02d}:00:00Z" for day in (31, 1, 15) for hour in (23, 0)]
    ids = in_one_shard(len(times), start="one")
    for id, at in zip(ids, times, strict=True):
        staging.receive(an_actual(id), at)
    in_order = [id for _, id in sorted(zip(times, ids, strict=True))]
    assert [row.id for row in staging.waiting_for_journal()] == in_order
    newer = an_actual(in_order[0], 10**9)
    assert staging.receive(newer, "2026-09-30T00:00:00Z") is Delivery.CHANGED
    assert [row.id for row in staging.waiting_for_journal()] == in_order


@pytest.mark.parametrize("at", [None, "", "yesterday"])
def test_a_row_of_an_unknown_time_has_a_place_as_long_as_any_other(at: str | None) -> None:
    assert journal_position("4f0c1d2e-id", "2026-08-31T13:00:00Z") == "J#6a957ad0"
    assert journal_position("4f0c1d2e-id", at) == "J#4f0c1d2e"


# --- what becomes of a row --------------------------------------------------------------------------------------------


def test_a_row_goes_from_the_queue_onto_a_journal_and_into_the_ledger(staging: Staging) -> None:
    on_journal = imported(staging)
    assert (on_journal.state, on_journal.company, on_journal.journal_id, on_journal.line_number) == (
        StagingState.IMPORTED,
        "USPM",
        "J-1",
        1,
    )
    assert (on_journal.price_rate, queued(staging)) == (RATE, [])
    transact(staging.client, [posted(staging)])
    done = row(staging)
    assert (done.state, done.voucher, done.accounting_amount, done.exchange_rate, done.sales_tax_amount) == (
        StagingState.POSTED,
        "PV-1",
        Decimal(1250),
        Decimal("1.25"),
        Decimal(0),
    )
    assert done.accrual == ACCRUAL


def test_a_row_can_be_posted_once_and_only_from_its_document(staging: Staging) -> None:
    imported(staging)
    for document in (OnJournal("J-2"), OnProposal("INV-1", "inv-1")):
        with pytest.raises(TransactionCancelled):
            transact(staging.client, [posted(staging, document=document)])
    transact(staging.client, [posted(staging)])
    with pytest.raises(TransactionCancelled):
        transact(staging.client, [posted(staging)])


def test_a_row_that_changed_since_it_was_read_is_not_imported(staging: Staging) -> None:
    staging.receive(an_actual(row_version=1))
    read = row(staging)
    staging.receive(an_actual(row_version=2))
    with pytest.raises(TransactionCancelled):
        transact(staging.client, [staging.journalised(read, "USPM", "J-1", 1, RATE)])
    staging.receive(an_actual(row_version=2))  # a mere repetition does not come between
    transact(staging.client, [staging.journalised(row(staging), "USPM", "J-1", 1, RATE)])


def test_a_released_row_waits_again_with_nothing_left_of_its_line(staging: Staging) -> None:
    imported(staging)
    transact(staging.client, [staging.released("actual-1", OnJournal("J-1"))])
    again = row(staging)
    assert (again.state, again.journal_id, again.line_number, again.price_rate) == (
        StagingState.PENDING,
        None,
        None,
        None,
    )
    assert queued(staging) == ["actual-1"]


def test_a_row_says_why_it_waits_and_since_when(staging: Staging) -> None:
    staging.receive(an_actual())
    waits: Iterable[tuple[WaitReason, str]] = (
        (WaitReason.CATEGORY_MISSING, "08:00"),
        (WaitReason.CATEGORY_MISSING, "09:00"),
        (WaitReason.PROJECT_CLOSED, "10:00"),
    )
    seen = []
    for reason, at in waits:
        transact(staging.client, [staging.wait(row(staging), Wait(reason, "because"), "USPM", at)])
        seen.append((row(staging).reason, row(staging).detail, row(staging).since))
    assert seen == [
        (WaitReason.CATEGORY_MISSING, "because", "08:00"),
        (WaitReason.CATEGORY_MISSING, "because", "08:00"),
        (WaitReason.PROJECT_CLOSED, "because", "10:00"),
    ]
    assert queued(staging) == ["actual-1"]


def test_an_invalid_row_leaves_the_queue_until_a_newer_version_mends_it(staging: Staging) -> None:
    staging.receive(an_actual(row_version=1))
    transact(staging.client, [staging.invalidate(row(staging), RejectReason.CURRENCY_UNKNOWN, "CHF?", AT)])
    assert (row(staging).state, queued(staging)) == (StagingState.INVALID, [])
    assert staging.receive(an_actual(row_version=1)) is Delivery.DUPLICATE
    assert queued(staging) == []
    assert staging.receive(an_actual(row_version=2)) is Delivery.CHANGED
    assert (row(staging).state, queued(staging)) == (StagingState.PENDING, ["actual-1"])


def test_a_row_is_flagged_as_late_only_where_it_still_is_what_was_read(staging: Staging) -> None:
    imported(staging)
    staging.receive(an_actual(row_version=2, quantity="6"))
    ((read, _),) = staging.changed()
    transact(staging.client, [staging.released("actual-1", OnJournal("J-1"))])
    with pytest.raises(TransactionCancelled):
        transact(staging.client, [staging.flag_late(read)])
    assert queued(staging) == ["actual-1"]


def test_a_row_that_changed_just_before_it_was_posted_is_found_once_more(staging: Staging) -> None:
    imported(staging)
    staging.receive(an_actual(row_version=2, quantity="6"))
    transact(staging.client, [posted(staging)])
    ((read, _),) = staging.changed()
    transact(staging.client, [staging.flag_late(read)])
    assert (row(staging).late, list(staging.changed())) == (True, [])


@pytest.mark.parametrize("digits", ["1.25", "1", "9999999999.9999999999"])
def test_an_exchange_rate_that_never_ends_can_be_stored(staging: Staging, digits: str) -> None:
    """DynamoDB holds numbers of 38 digits, and a third has more."""
    rate = ExchangeRate(Decimal(digits), Decimal(3)).multiplier
    imported(staging)
    transact(staging.client, [posted(staging, exchange_rate=rate)])
    assert row(staging).exchange_rate == rate


def test_a_row_stays_small(staging: Staging) -> None:
    """Its size is what each write of it costs; see ``benchmarks/``."""
    staging.receive(an_actual(transaction_type=TransactionType.UNBILLED_SALES, row_version=version(5_032_101)))
    (item,) = tables.contents(staging.client, staging.table)
    assert set(item) == {"pk", "sk", "a", "rv", "ot", "h", "st", "q", "qs", "ch", "dl"}


# --- what a posted line hands on --------------------------------------------------------------------------------------

TWENTY = ChargedTax("VAT20", Decimal(20), "222100", Decimal("320.00"))
PER_UNIT = ChargedTax(
    "BOX",
    Decimal("1.5"),
    None,
    Decimal("-3.00"),
    TaxOrigin.AMOUNT_PER_UNIT,
    "VAT20",
    MarginalBase.NET_OF_INVOICE_BALANCE,
)
CHARGED = Charge("FTI-1", PostingType.INVOICED_REVENUE_ON_ACCOUNT, "411200", "", (TWENTY,))


@pytest.mark.parametrize("accrual", [ACCRUAL, replace(ACCRUAL, dimensions=None), None])
@pytest.mark.parametrize(
    "lineage",
    [
        Lineage(),
        LINEAGE,
        replace(LINEAGE, dimensions=None, worker_dimensions={"Department": "1"}),
        replace(LINEAGE, dimensions={"CostCenter": "999"}, charge=Charge()),
        replace(LINEAGE, charge=replace(CHARGED, taxes=())),
        replace(LINEAGE, charge=replace(CHARGED, taxes=None, discount_account=None)),
        replace(LINEAGE, charge=CHARGED),
        replace(LINEAGE, charge=replace(CHARGED, taxes=(PER_UNIT,), tax_included=True, credit=True)),
        replace(LINEAGE, charge=replace(CHARGED, taxes=(TWENTY, PER_UNIT), counted=False)),
    ],
)
def test_99_22_what_a_posted_line_hands_on_is_read_as_it_was_written(
    staging: Staging, lineage: Lineage, accrual: Accrual | None
) -> None:
    imported(staging)
    write = staging.posted(
        "actual-1",
        OnJournal("J-1"),
        voucher="PV-1",
        accounting_amount=Decimal(1250),
        exchange_rate=Decimal("1.25"),
        sales_tax_amount=Decimal("320.00"),
        lineage=lineage,
        accrual=accrual,
    )
    transact(staging.client, [write])
    assert row(staging).lineage == lineage
    assert row(staging).accrual == accrual


def test_a_row_of_the_version_before_says_nothing_of_what_it_hands_on(staging: Staging) -> None:
    imported(staging)
    transact(staging.client, [posted(staging)])
    named = '"rs":["bookableresource","r","Bob"]'
    text = f'{{"ty":"cost","cl":"time","bt":"chargeable","qt":"1","pr":"1","am":"1",{named}}}'
    expected = {"st": StagingState.POSTED}
    transact(staging.client, [update(staging.table, "actual-1", "A", {"a": text, "li": None}, expected=expected)])
    assert row(staging).lineage is None
    assert row(staging).actual.resource == Reference("bookableresource", "r", "Bob")


PROJECT = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("wait", "blocker"),
    [
        (Wait(WaitReason.REFERENCE_MISSING, "why", blocker=f"msdyn_project#{PROJECT}"), f"msdyn_project#{PROJECT}"),
        (Wait(WaitReason.REFERENCE_MISSING, "why", blocker="account#C-1"), "account#C-1"),
        (Wait(WaitReason.EXCHANGE_RATE_MISSING, "why", blocker="rate#GBP#USD"), "rate#GBP#USD"),
        (Wait(WaitReason.CATEGORY_MISSING, "why"), "policy"),
        (Wait(WaitReason.HEADER_MISSING, "why"), None),
    ],
)
def test_a_waiting_row_is_found_by_what_ends_its_wait_and_by_nothing_else(
    staging: Staging, wait: Wait, blocker: str | None
) -> None:
    for id in ("actual-1", "actual-2", "actual-3"):
        staging.receive(an_actual(id))
    transact(staging.client, [staging.wait(row(staging, id), wait, None, AT) for id in ("actual-1", "actual-2")])

    assert row(staging).blocker == blocker
    others = {"policy", f"msdyn_project#{PROJECT}", "rate#GBP#USD", "rate#USD#GBP", "account#C-1"} - {blocker}
    assert staging.blocked_by(others) == []
    found = staging.blocked_by([blocker, blocker]) if blocker else []
    assert [one.id for one in found] == (["actual-1", "actual-2"] if blocker else [])


@pytest.mark.parametrize("leaves", ["told", "journalised", "invalid", "skipped", "changed"])
def test_a_row_that_no_longer_waits_for_it_leaves_the_index(staging: Staging, leaves: str) -> None:
    staging.receive(an_actual())
    wait = Wait(WaitReason.REFERENCE_MISSING, "why", blocker=f"msdyn_project#{PROJECT}")
    transact(staging.client, [staging.wait(row(staging), wait, None, AT)])
    now = row(staging)
    writes = {
        "told": lambda: staging.wait(now, None, "USPM", AT),
        "journalised": lambda: staging.journalised(now, "USPM", "J-1", 1, RATE),
        "invalid": lambda: staging.invalidate(now, "schema", "why", AT),
        "skipped": lambda: staging.skip(now, "why", AT),
    }
    if leaves == "changed":
        staging.receive(an_actual(row_version=2, quantity="6"))
    else:
        transact(staging.client, [writes[leaves]()])

    assert row(staging).blocker is None
    assert "bk" not in (staging.item("actual-1") or {})
    assert staging.blocked_by([f"msdyn_project#{PROJECT}"]) == []
