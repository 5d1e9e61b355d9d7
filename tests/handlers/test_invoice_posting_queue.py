"""PROP-14: the schedule hands ready proposals out through a queue, one a message, and workers post them."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pytest

from local.queues import batches
from project_invoicing.errors import Unavailable
from project_invoicing.events.tasks import PostingTask
from project_invoicing.store import client as clients
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.invoices import saga as invoice_saga
from project_invoicing.work_queue import WorkQueue
from tests import policies
from tests.builders import Context, guid, proforma
from tests.faults import TRANSACTION, Killed, dying
from tests.handlers.samples import sample
from tests.harness import sqs_batch
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import bill

MILESTONE: dict[str, Any] = {"transaction_class": "milestone", "contract_line": "CTR-1-FP", "resource": None}
BY_ITSELF = ("parameters.USPM.auto_post_proposals", True)
NONE_FAILED: dict[str, Any] = {"batchItemFailures": []}


def milestones(count: int) -> list[Context]:
    return [
        context
        for n in range(1, count + 1)
        for context in (
            bill(f"milestone-{n}", "1", "5000", invoice=f"inv-{n}", **MILESTONE),
            proforma(f"inv-{n}", number=f"INV-{n:04d}", total="5000"),
        )
    ]


def ready(books: Books, count: int, *values: tuple[str, Any]) -> None:
    books.use(finance(*values))
    books.arrive(*milestones(count))
    books.world.run("staging_import")


def task(name: str, at: str = "2026-08-31T13:00:00Z") -> str:
    return json.dumps(PostingTask(company="USPM", proposal_id=name, invoice_id=guid(name)).message(at))


def test_the_schedule_posts_nothing_itself_and_the_workers_post_everything(books: Books) -> None:
    ready(books, 12, BY_ITSELF)
    with policies.enforced() as used:
        assert books.world.schedule("invoice_posting") == {"queued": 12}
        assert books.result["invoices"] == []
        assert books.world.work("invoice_posting") == [NONE_FAILED] * 3  # five, five and two
    assert ("invoice_posting", "sqs:SendMessage", "InvoicePostingQueue") in used
    numbers = [invoice["invoice_number"] for invoice in books.world.result()["invoices"]]
    assert numbers == [f"FTI-{n:08d}" for n in range(1, 13)]


def test_the_schedule_leaves_companies_alone_that_post_by_hand(books: Books) -> None:
    ready(books, 1)
    assert books.world.schedule("invoice_posting") == {"queued": 0}


def test_what_was_left_half_way_is_finished_in_any_company(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A posting that died is finished with the date and the numbers that it had."""
    monkeypatch.setattr(invoice_saga, "PAGE_LINES", 1)
    ready(books, 0)
    two = [bill(f"milestone-{n}", "1", "5000", **MILESTONE) for n in (1, 2)]
    books.arrive(*two, proforma("inv-1", total="10000"))
    books.world.run("staging_import")
    with dying(books.world.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        books.world.run("invoice_posting", proposal_id="INV-0001", invoice_date="2026-08-15")
    assert books.world.schedule("invoice_posting") == {"queued": 1}
    assert books.world.work("invoice_posting") == [NONE_FAILED]
    assert [(i["invoice_number"], i["invoice_date"]) for i in books.world.result()["invoices"]] == [
        ("FTI-00000001", "2026-08-15")
    ]


def test_both_companies_proposals_are_handed_out(books: Books) -> None:
    books.use(second_company(finance(BY_ITSELF)))
    theirs = {**MILESTONE, "project": "PRJ-2", "contract": "CTR-2", "contract_line": None}
    books.arrive(*milestones(1), bill("theirs", "1", "5000", invoice="inv-2", **theirs))
    books.arrive(proforma("inv-2", number="INV-0001", contract="CTR-2", total="5000"))
    books.world.run("staging_import")
    assert books.world.schedule("invoice_posting") == {"queued": 2}


def test_a_proposal_that_is_handed_out_twice_is_posted_once(books: Books) -> None:
    ready(books, 1, BY_ITSELF)
    books.world.schedule("invoice_posting")
    books.world.schedule("invoice_posting")
    assert books.world.work("invoice_posting") == [NONE_FAILED]
    assert len(books.world.result()["invoices"]) == 1
    assert books.proposal()["waiting_for"] == []


def test_a_proposal_whose_lines_were_deleted_meanwhile_is_left_alone(books: Books) -> None:
    ready(books, 1, BY_ITSELF)
    books.world.schedule("invoice_posting")
    books.edit("delete_lines", company="USPM", proposal_id="INV-0001")
    assert books.world.work("invoice_posting") == [NONE_FAILED]
    assert (books.proposal()["status"], books.reasons()) == ("waiting", [])


def test_a_refusal_is_stored_and_does_not_come_back_to_the_queue(books: Books) -> None:
    ready(books, 1, BY_ITSELF, ("customers.USPM.C-001.on_hold", True))
    books.world.schedule("invoice_posting")
    assert books.world.work("invoice_posting") == [NONE_FAILED]
    assert books.reasons() == ["customer_on_hold"]


def test_one_that_fails_is_delivered_again_and_its_neighbours_are_posted(books: Books) -> None:
    ready(books, 2, BY_ITSELF)
    read = Proposals.get

    def get(self: Proposals, proforma_id: str) -> Any:
        if proforma_id == guid("inv-1"):
            raise Unavailable("DynamoDB is busy")
        return read(self, proforma_id)

    with patch.object(Proposals, "get", get):
        answer = books.world.call("invoice_posting", sqs_batch(task("inv-1"), task("inv-2")))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert [invoice["proposal_id"] for invoice in books.world.result()["invoices"]] == ["INV-0002"]


def test_a_task_brings_the_clock_of_the_schedule(books: Books) -> None:
    """It may be delivered on another day than the one it was handed out on."""
    ready(books, 1, BY_ITSELF)
    books.world.at = "2026-08-20T13:00:00Z"
    books.world.schedule("invoice_posting")
    books.world.at = "2026-09-20T13:00:00Z"
    books.world.work("invoice_posting")
    assert books.invoice()["invoice_date"] == "2026-08-20"


def test_the_sample_is_what_the_schedule_puts_on_the_queue(books: Books) -> None:
    ready(books, 1, BY_ITSELF)
    event = sample("invoice_posting/queued")
    (record,) = event["Records"]
    named = json.loads(record["body"])
    books.world.schedule("invoice_posting")
    (messages,) = batches(clients.sqs(), "local-invoice-posting")
    (handed_out,) = [message["Body"] for message in messages]
    assert handed_out | {"time": named["time"], "detail": named["detail"]} == named
    assert handed_out["detail"].keys() == named["detail"].keys()
    assert books.world.call("invoice_posting", event) == NONE_FAILED


def test_a_queue_that_does_not_take_everything_fails_the_run_so_that_it_is_tried_again(moto: None) -> None:
    sqs = clients.sqs()
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    tasks = [{"n": n} for n in range(25)]
    assert WorkQueue(sqs, url).send(tasks) == 25
    with pytest.raises(Unavailable, match="did not take 10 messages"):
        WorkQueue(sqs, f"{url}-gone").send(tasks)
    partly: Any = {"Failed": [{"Id": "3"}]}
    with patch.object(sqs, "send_message_batch", lambda **_: partly), pytest.raises(Unavailable, match="1 of 10"):
        WorkQueue(sqs, url).send(tasks)
