"""An event of ours is read through its class, and one that is not as described says what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.errors import Rejected
from project_invoicing.events.own import (
    ImportRequested,
    InvoicePosted,
    JournalPosted,
    MasterDataChanged,
    OwnEvent,
    ProposalCreated,
    ProposalReady,
    Retry,
    WriteBackRequested,
)
from project_invoicing.events.tasks import PostingTask, WriteBackTask
from tests.own_events import invoice_posted

AT = "2026-08-31T09:00:00Z"
JOURNAL = {"version": 1, "company": "USPM", "journal_id": "USPM-000001", "line_count": 2}
MASTER = {"version": 1, "entity": "account", "id": None, "company": "USPM", "number": "C-1", "blockers": ["account#1"]}
INVOICE = invoice_posted(AT).detail
READY = {"version": 1, "company": "USPM", "proposal_id": "INV-1", "invoice_id": "1", "currency": "USD"} | {
    "subtotal": "1600.00",
    "line_count": 1,
    "auto_post": False,
}


def test_an_event_says_its_fields_in_their_order_after_its_version() -> None:
    event = JournalPosted(company="USPM", journal_id="USPM-000001", line_count=2).on_bus(AT, "USPM#USPM-000001")
    assert list(event.detail.items()) == list(JOURNAL.items())
    assert (event.detail_type, event.key) == ("IntegrationJournalPosted", "IntegrationJournalPosted#USPM#USPM-000001")


def test_what_has_no_value_is_null_or_left_out_as_the_contract_has_it() -> None:
    created = ProposalCreated(company=None, proposal_id="INV-0001", invoice_id="1").on_bus(AT, "1")
    assert created.detail == {"version": 1, "company": None, "proposal_id": "INV-0001", "invoice_id": "1"}
    assert not {"cash_discount_date", "cash_discount_percent"} & INVOICE.keys()
    assert ImportRequested(actual_id="1").on_bus(AT, "1").detail == {"version": 1, "actual_id": "1"}


def test_an_event_is_read_as_it_was_made_and_fields_of_a_later_version_are_passed_over() -> None:
    requested = WriteBackRequested(retry=Retry(company="USPM", journal_id="USPM-000001", everything=True))
    detail = requested.on_bus(AT, "1").detail
    assert WriteBackRequested.of({"time": AT, "detail": detail | {"reason": "asked"}}) == requested


@pytest.mark.parametrize("changed", [{}, {"changed": ["company", "contract"]}])
def test_an_event_with_lists_is_read_as_it_was_made(changed: dict[str, list[str]]) -> None:
    detail = MASTER | changed
    read = MasterDataChanged.of({"time": AT, "detail": detail})
    assert (read.blockers, read.changed) == (("account#1",), tuple(changed["changed"]) if changed else None)
    assert read.on_bus(AT, "1").detail == detail


@pytest.mark.parametrize(
    ("event", "detail", "told"),
    [
        (JournalPosted, JOURNAL | {"version": 2}, "has version 2; this function reads version 1"),
        (JournalPosted, JOURNAL | {"journal_id": None}, "has no journal_id: the number of the journal"),
        (JournalPosted, JOURNAL | {"line_count": "2"}, "has '2' as line_count: how many lines the document has"),
        (JournalPosted, JOURNAL | {"line_count": True}, "has True as line_count"),
        (JournalPosted, "posted", "has 'posted' in place of an object"),
        (JournalPosted, None, "has None in place of an object"),
        (ProposalReady, READY | {"auto_post": "no"}, "has 'no' as auto_post"),
        (ProposalReady, {name: READY[name] for name in READY if name != "currency"}, "has no currency"),
        (ProposalReady, READY | {"subtotal": "1,600"}, "has '1,600' as subtotal"),
        (InvoicePosted, INVOICE | {"due_date": "30.9.2026"}, "has '30.9.2026' as due_date: when it is due"),
        (InvoicePosted, INVOICE | {"document_type": "receipt"}, "has 'receipt' as document_type"),
        (ImportRequested, {"version": 1}, "must name actual_id, or proposal_id and company"),
        (ImportRequested, {"version": 1, "proposal_id": "INV-1"}, "must name actual_id, or proposal_id and company"),
        (MasterDataChanged, MASTER | {"blockers": "account#1"}, "has 'account#1' as blockers"),
        (MasterDataChanged, MASTER | {"blockers": [1]}, "has [1] as blockers"),
        (WriteBackRequested, {"version": 1, "retry": {"company": "USPM"}}, "must name journal_id or invoice_number"),
    ],
)
def test_an_event_that_is_not_as_described_is_refused_with_its_field(
    event: type[OwnEvent], detail: Any, told: str
) -> None:
    with pytest.raises(Rejected) as caught:
        event.of({"time": AT, "detail": detail})
    assert told in caught.value.detail
    assert f"event {event.TYPE} of {AT}" in caught.value.detail


def test_a_task_is_read_as_it_was_made_and_refused_where_it_is_not_one() -> None:
    task = PostingTask(company="USPM", proposal_id="INV-0001", invoice_id="1")
    assert PostingTask.of(task.message(AT)) == task
    with pytest.raises(Rejected, match=r"task Accounting Write-Back of .* must name journal_id or invoice_number"):
        WriteBackTask.of({"time": AT, "detail": {"company": "USPM"}})
