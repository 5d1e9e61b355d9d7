"""accounting_writeback: StubbornDataverse is told of each posted document, whatever comes in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest

from local.functions import Context
from project_invoicing import bootstrap
from project_invoicing.dataverse.api import AccessDenied, Answer
from project_invoicing.domain.actor import How, person
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.states import MapAction
from project_invoicing.store import client as clients
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.write_backs import Document, WriteBacks
from project_invoicing.use_cases.write_back import send as write_back
from project_invoicing.use_cases.write_back.send import document_of
from project_invoicing.work_queue import WorkQueue
from tests import policies
from tests.builders import guid
from tests.dataverse import StubbornDataverse, connected, queue
from tests.handlers.samples import sample
from tests.harness import sqs_batch
from tests.own_events import invoice_posted, journal_posted
from tests.rules.books import Books
from tests.rules.stories import billed

FUNCTION = "accounting_writeback"
JOURNAL: dict[str, str] = {"company": "USPM", "journal_id": "USPM-000001"}
INVOICE: dict[str, str] = {"company": "USPM", "invoice_number": "FTI-00000001"}
NONE_FAILED: dict[str, Any] = {"batchItemFailures": []}
FAILED: dict[str, Any] = {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
WORK = ("julia", "bob", "ann")
ROWS = sorted(("msdyn_actual", guid(f"{name}/billed")) for name in WORK)  # as they stand on the invoice
PROFORMA = ("invoice", guid("inv-1"))


@pytest.fixture
def dataverse() -> StubbornDataverse:
    return StubbornDataverse()


@pytest.fixture(autouse=True)
def _clock(books: Books) -> Iterator[None]:
    with patch.object(bootstrap, "now", lambda: datetime.fromisoformat(books.world.at)):
        yield


@pytest.fixture
def posted(books: Books) -> Books:
    """Three sales are billed by one invoice, which is posted, and nobody has been told."""
    for name in WORK:
        books.arrive(*billed(name, quantity="1", price="100", total="300"))
    books.run("staging_import")
    books.run("journal_posting")
    books.run("staging_import")
    books.run("invoice_posting")
    return books


def told(books: Books, **document: str) -> Any:
    """The answer to a document's event."""
    posted = journal_posted if "journal_id" in document else invoice_posted
    event = posted(books.world.at, **document)
    body = {"detail-type": event.detail_type, "time": event.time, "detail": event.detail}
    return books.call(FUNCTION, sqs_batch(json.dumps(body)))


def again(books: Books, task: dict[str, Any]) -> Any:
    return books.call(FUNCTION, sqs_batch(json.dumps(task)))


def states(books: Books) -> dict[tuple[str, str], str]:
    return {(update["entity"], update["id"]): update["state"] for update in books.result["write_back"]}


def written_again(books: Books) -> list[HistoryEntry]:
    """Who had the invoice written back again, as ``explain`` tells it, too."""
    documents = WriteBacks(books.world.client, books.world.names.staging_table)
    entries = list(documents.history(Document("invoice", INVOICE["company"], INVOICE["invoice_number"])))
    (told,) = books.call("explain", {"id": INVOICE["invoice_number"]})["found"]
    assert [step["what"] for step in told["history"] if "sent to Dataverse again by" in step["what"]]
    return entries


def retry(books: Books, **document: Any) -> str:
    event = {"time": books.world.at, "detail": {"retry": document}}
    return str(books.call(FUNCTION, event)["outcome"])


def test_wb_02_wb_03_wb_07_the_actuals_are_told_in_one_batch_and_the_invoice_after_them(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    with connected(dataverse):
        assert told(posted, **INVOICE) == NONE_FAILED
    assert dataverse.requests == [ROWS, [PROFORMA]]
    values = dataverse.values()
    assert {name: str(value) for name, value in values[ROWS[0]].items()} == {
        "msdyn_accountingamount": "100.00",
        "msdyn_accountingexchangerate": "1",
        "msdyn_vouchernumber": "PV-00000004",
        "msdyn_salestaxamount": "0",
    }
    assert {name: str(value) for name, value in values[PROFORMA].items()} == {
        "msdyn_customerinvoicenumber": "FTI-00000001",
        "msdyn_customerinvoicedate": "2026-08-31",
        "msdyn_projectinvoicestatus": "192350010",
        "msdyn_customerinvoicesalestax": "0",
    }
    assert states(posted) == dict.fromkeys([*ROWS, PROFORMA], "done")


@pytest.mark.parametrize("document", [JOURNAL, INVOICE], ids=["journal", "invoice"])
def test_wb_10_an_event_that_comes_again_changes_nothing(
    posted: Books, dataverse: StubbornDataverse, document: dict[str, str]
) -> None:
    with connected(dataverse):
        told(posted, **document)
        requests, before = len(dataverse.requests), posted.result
        assert told(posted, **document) == NONE_FAILED
    assert len(dataverse.requests) == requests
    assert posted.result == before


def test_wb_10_events_in_another_order_leave_the_same_values(
    books: Books, posted: Books, dataverse: StubbornDataverse
) -> None:
    with connected(dataverse):
        for document in (INVOICE, JOURNAL, INVOICE, JOURNAL):
            told(posted, **document)
    in_order = StubbornDataverse()
    with connected(in_order):
        for item in ("journal#USPM#USPM-000001", "invoice#USPM#FTI-00000001"):
            forget(posted, item)
        for document in (JOURNAL, INVOICE):
            told(posted, **document)
    assert dataverse.values() == in_order.values()


def forget(books: Books, document: str) -> None:
    key = {"pk": {"S": f"WRITEBACK#{document}"}, "sk": {"S": "H"}}
    books.world.client.delete_item(TableName=books.world.names.staging_table, Key=key)


def test_a_document_that_is_not_posted_is_told_to_nobody(books: Books, dataverse: StubbornDataverse) -> None:
    books.arrive(*billed())
    books.run("staging_import")
    with connected(dataverse):
        assert [told(books, **document) for document in (JOURNAL, INVOICE)] == [FAILED, FAILED]
    assert dataverse.requests == []
    assert books.result["write_back"] == []


def test_without_a_dataverse_everything_waits_and_is_told_once_one_is_connected(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    assert [told(posted, **document) for document in (JOURNAL, INVOICE, INVOICE)] == [NONE_FAILED] * 3
    assert set(states(posted).values()) == {"pending"}
    assert len(posted.result["write_back"]) == 7
    assert posted.world.schedule(FUNCTION) == {"queued": 0}
    with connected(dataverse):
        assert posted.world.schedule(FUNCTION) == {"queued": 2}
        assert posted.world.work(FUNCTION) == [NONE_FAILED] * 2
        assert set(states(Books(posted.world)).values()) == {"done"}
        assert posted.world.schedule(FUNCTION) == {"queued": 0}


def test_new_08_a_row_that_dataverse_refuses_says_why_and_holds_no_other(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    dataverse.absent.add(ROWS[1][1])
    with connected(dataverse):
        assert told(posted, **INVOICE) == NONE_FAILED
    assert states(posted) == {ROWS[0]: "done", ROWS[1]: "failed", ROWS[2]: "done", PROFORMA: "done"}
    row = bootstrap.staging().rows([ROWS[1][1]])[ROWS[1][1]]
    assert (row.write_back, row.write_back_detail) == ("failed", "404 0x80040217 the row does not exist")
    assert set(dataverse.values()) == {ROWS[0], ROWS[2], PROFORMA}


def test_a_person_has_the_refused_rows_tried_again_and_no_other(posted: Books, dataverse: StubbornDataverse) -> None:
    dataverse.absent = {ROWS[1][1]}
    dataverse.refuses = {PROFORMA[1]: Answer(403, "0x80040220", "no privilege")}
    with connected(dataverse), policies.enforced() as used:
        told(posted, **INVOICE)
        assert states(posted)[PROFORMA] == "failed"
        dataverse.absent, dataverse.refuses, dataverse.requests = set(), {}, []
        posted.world.schedule(FUNCTION)  # makes the queue; there is nothing for it
        asked = retry(posted, **INVOICE, actor="ann", actor_name="Ann", how="workspace")
        assert asked == "2 rows of invoice FTI-00000001 of USPM are tried again"
        assert retry(posted, **INVOICE).startswith("refused: invoice FTI-00000001 of USPM is still")
        assert posted.world.work(FUNCTION) == [NONE_FAILED]
    assert dataverse.requests == [[ROWS[1]], [PROFORMA]]
    assert set(states(Books(posted.world)).values()) == {"done"}
    assert (FUNCTION, "dynamodb:BatchGetItem", "StagingTable") in used
    assert (FUNCTION, "sqs:SendMessage", "AccountingWritebackQueue") in used
    (entry,) = written_again(posted)
    assert (entry.who.id, entry.what, entry.after) == ("ann", Done.WRITTEN_AGAIN, {"rows": 2})
    assert (entry.who.called, entry.who.how) == ("Ann", How.WORKSPACE)
    assert retry(posted, **INVOICE) == "refused: no row of invoice FTI-00000001 of USPM waits to be tried again"
    assert retry(posted, **JOURNAL) == "refused: journal USPM-000001 of USPM has not been posted"


def test_a_repair_has_all_rows_told_again_where_somebody_has_changed_them(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    with connected(dataverse):
        told(posted, **INVOICE)
        dataverse.requests = []
        posted.world.schedule(FUNCTION)
        assert retry(posted, **INVOICE, everything=True) == "all rows of invoice FTI-00000001 of USPM are tried again"
        assert states(Books(posted.world))[PROFORMA] == "pending"
        posted.world.work(FUNCTION)
    assert dataverse.requests == [ROWS, [PROFORMA]]
    assert set(states(Books(posted.world)).values()) == {"done"}


def test_a_document_that_dataverse_throttles_comes_again_when_it_said_and_goes_on_where_it_was(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    dataverse.throttle_every = 2
    with connected(dataverse), queue() as tasks, patch.object(write_back, "BATCH_ROWS", 1):
        assert told(posted, **INVOICE) == NONE_FAILED
        ((task, delay),) = tasks
        assert (task["detail"], delay) == (INVOICE, 120)
        assert states(posted) == {ROWS[0]: "done", ROWS[1]: "pending", ROWS[2]: "pending", PROFORMA: "pending"}
        dataverse.throttle_every = 0
        again(posted, task)
        assert len(tasks) == 1
    assert dataverse.requests == [[row] for row in (*ROWS, PROFORMA)]


def test_rows_that_were_not_tried_in_a_batch_come_again(posted: Books, dataverse: StubbornDataverse) -> None:
    """A batch may be throttled in the middle; what was answered before counts, what comes after is told again."""
    dataverse.refuses = {ROWS[1][1]: Answer(429, "0x80072322", "too many", retry_after=7)}
    with connected(dataverse), queue() as tasks:
        told(posted, **INVOICE)
        assert [delay for _, delay in tasks] == [7]
        assert states(posted)[ROWS[2]] == "pending"
        dataverse.refuses = {}
        again(posted, tasks[0][0])
    assert dataverse.requests == [ROWS, ROWS[1:], [PROFORMA]]
    assert set(states(Books(posted.world)).values()) == {"done"}


def test_a_dataverse_that_does_not_answer_is_asked_again_in_a_minute(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    dataverse.down = True
    with connected(dataverse), queue() as tasks:
        assert told(posted, **INVOICE) == NONE_FAILED
    assert [delay for _, delay in tasks] == [60]


def test_one_that_does_not_let_us_in_fails_the_message_so_that_somebody_is_told(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AccessDenied("give the application user a role")

    with connected(dataverse), patch.object(StubbornDataverse, "patch", refused), queue() as tasks:
        assert told(posted, **INVOICE) == FAILED
        posted.world.at = "2026-08-31T15:59:59Z"  # the message comes again by itself, and then ends as a dead letter
        assert posted.world.run(FUNCTION) == {"queued": 0}
        assert tasks == []
        posted.world.at = "2026-08-31T16:00:00Z"
        assert posted.world.run(FUNCTION) == {"queued": 1}


def test_an_invocation_that_has_no_time_left_hands_the_document_on(posted: Books, dataverse: StubbornDataverse) -> None:
    left = iter([300_000, 129_999])
    with (
        connected(dataverse),
        queue() as tasks,
        patch.object(write_back, "BATCH_ROWS", 1),
        patch.object(Context, "get_remaining_time_in_millis", staticmethod(lambda: next(left))),
    ):
        told(posted, **INVOICE)
    assert dataverse.requests == [[ROWS[0]]]
    assert [delay for _, delay in tasks] == [0]


def test_of_two_workers_with_one_document_one_gets_on_and_the_values_are_the_same(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    """The other begins while the first waits for its batch, and does all of it."""
    patched = StubbornDataverse.patch

    def overtaken(self: StubbornDataverse, *patches: Any) -> Any:
        with patch.object(StubbornDataverse, "patch", patched):
            told(posted, **INVOICE)
        return patched(self, *patches)

    with connected(dataverse), queue() as tasks, patch.object(StubbornDataverse, "patch", overtaken):
        assert told(posted, **INVOICE) == NONE_FAILED
    assert dataverse.requests == [ROWS, [PROFORMA], ROWS]
    assert tasks == []
    progress = bootstrap.write_back(lambda: 0).documents.get(document_of(INVOICE))
    assert progress
    assert (progress.done, progress.failed, progress.unfinished) == (3, 0, False)
    assert len(dataverse.values()) == 4


def test_the_schedule_leaves_alone_what_somebody_works_on_until_nothing_has_moved_for_long(
    posted: Books, dataverse: StubbornDataverse
) -> None:
    dataverse.throttle_every, dataverse.retry_after = 1, 600
    with connected(dataverse), queue() as tasks:
        told(posted, **INVOICE)
        assert len(tasks) == 1
        posted.world.at = "2026-08-31T13:29:59Z"
        assert posted.world.call(FUNCTION, sample("accounting_writeback/scheduled") | {"time": posted.world.at}) == {
            "queued": 0
        }
        posted.world.at = "2026-08-31T13:30:00Z"
        for queued in (1, 0):  # the message is on its way then
            scheduled = sample("accounting_writeback/scheduled") | {"time": posted.world.at}
            assert posted.world.call(FUNCTION, scheduled) == {"queued": queued}


def test_a_paused_map_keeps_documents_until_it_runs_again(posted: Books, dataverse: StubbornDataverse) -> None:
    maps = MapStates(posted.world.client, posted.world.names.dataverse_table)

    def change(name: str, action: MapAction) -> None:
        maps.change(name, action, None, posted.world.at, person("ann"))

    change("actuals_write_back", MapAction.PAUSE)
    change("invoices_write_back", MapAction.STOP)
    with connected(dataverse), queue() as tasks:
        told(posted, **INVOICE)
        assert posted.world.run(FUNCTION) == {"queued": 0}
        assert dataverse.requests == []
        change("actuals_write_back", MapAction.RESUME)
        assert posted.world.run(FUNCTION) == {"queued": 1}
        again(posted, tasks[0][0])
        assert dataverse.requests == [ROWS]
        change("invoices_write_back", MapAction.START)
        posted.world.at = "2026-08-31T13:40:00Z"
        assert posted.world.run(FUNCTION) == {"queued": 1}
        again(posted, tasks[1][0])
    assert dataverse.requests == [ROWS, [PROFORMA]]
    assert set(states(Books(posted.world)).values()) == {"done"}


def test_a_request_that_names_no_document_is_refused_with_what_to_name(posted: Books) -> None:
    assert retry(posted, company="USPM") == "refused: name company and journal_id, or company and invoice_number"


def test_the_sample_of_a_task_is_what_is_put_on_the_queue(posted: Books, dataverse: StubbornDataverse) -> None:
    dataverse.down = True
    with connected(dataverse), queue() as tasks:
        told(posted, **INVOICE)
    (record,) = sample("accounting_writeback/queued")["Records"]
    named = json.loads(record["body"])
    assert tasks[0][0] | {"time": named["time"], "detail": named["detail"]} == named
    assert tasks[0][0]["detail"].keys() == named["detail"].keys()


@pytest.mark.parametrize("document", [{}, {"company": "USPM"}, JOURNAL | INVOICE], ids=["nothing", "none", "both"])
def test_a_message_that_names_no_document_fails(books: Books, document: dict[str, str]) -> None:
    assert books.call(FUNCTION, sqs_batch(json.dumps({"time": books.world.at, "detail": document}))) == FAILED


def test_a_queue_delays_by_fifteen_minutes_at_most(moto: None) -> None:
    sqs = clients.sqs()
    delays: list[int] = []

    def taken(Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        delays.extend(entry["DelaySeconds"] for entry in Entries)
        return {}

    with patch.object(sqs, "send_message_batch", taken):
        for delay in (0, 7, 3_600):
            WorkQueue(sqs, "work").send([{"n": 1}], delay)
    assert delays == [0, 7, 900]
