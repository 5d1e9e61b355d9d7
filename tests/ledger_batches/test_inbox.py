"""The function that delivers batches and takes answers: by event, by a file beside a batch, by a call by hand."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from project_invoicing.domain.actor import Role, person
from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.ledger_unanswered import is_overdue, unanswered_since
from project_invoicing.store import client
from project_invoicing.store.batch_answers import BatchAnswers
from project_invoicing.store.batch_deliveries import BatchDeliveries
from project_invoicing.use_cases.ledger_batches.acknowledge import Acknowledging
from project_invoicing.use_cases.ledger_batches.inbox import ACKNOWLEDGED, Acknowledgements, Inbox
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from tests.batches import V1, House, asked, told
from tests.books import COMPANY, Books
from tests.faults import refused, silent
from tests.harness import envelope, sqs_batch

D365 = "d365"
FORMATS = {D365: {"like": "d365_general_journal", "dimensions": ["Department"]}}
LEDGER = {"formats": [D365], "answer_hours": 24}
SAID = {"company": COMPANY, "kind": "ledger", "number": 1}


@pytest.fixture
def books(moto: None) -> Books:
    made = Books((f"parameters.{COMPANY}.ledger", LEDGER), ledger_formats=FORMATS)
    made.month()
    made.build()
    return made


def the_batch(books: Books) -> LedgerBatch:
    return books.batch(1)


def test_a_batch_that_is_ready_is_delivered_by_itself_and_answered_by_event(books: Books) -> None:
    books.drain()
    books.drain()
    batch = the_batch(books)
    assert (batch.deliveries, batch.state) == (1, BatchState.READY)
    text = books.file(batch, f"{D365}/1/part-0001.csv").decode()
    assert text.splitlines()[1].split(",")[4] == "PV-00000003"

    told(books, SAID | {"outcome": "accepted", "external_number": "GNJ-000123"})
    batch = the_batch(books)
    assert (batch.state, batch.external_numbers) == (BatchState.ACCEPTED, ("GNJ-000123",))


def test_a_file_beside_the_batch_is_an_answer(books: Books) -> None:
    folder = "ledger/USPM/2026-05/ledger/000001"
    said = {"outcome": "partly", "external_number": "GJ-1", "errors": [{"external_id": "USPM:PV-00000002"}]}
    s3, bucket = client.s3(), books.names.ledger_bucket
    s3.put_object(Bucket=bucket, Key=f"{folder}/answer-1.json", Body=json.dumps(said).encode())
    s3.put_object(Bucket=bucket, Key=f"{folder}/answer-2.json", Body=b"no JSON")
    s3.put_object(Bucket=bucket, Key=f"{folder}/answer-3.json", Body=json.dumps(said | {"number": 7}).encode())
    for number in (1, 1, 2, 3, 4):
        detail = {"bucket": {"name": bucket}, "object": {"key": f"{folder}/answer-{number}.json"}}
        told(books, detail, "Object Created", "aws.s3")
    batch = the_batch(books)
    assert (batch.state, str(batch.answered.open_debit)) == (BatchState.PARTLY, "1200.00")
    unreadable = BatchAnswers(books.client, books.names.ledger_batches_table).unreadable()
    assert sorted(detail.partition(" ")[2] for _, detail, _ in unreadable) == [
        "bucket ledgerbucket has no ledger/USPM/2026-05/ledger/000001/answer-4.json",
        "is about number 7, and lies beside 000001",
        "is no JSON: Expecting value: line 1 column 1 (char 0)",
    ]


@pytest.mark.parametrize("fault", [partial(refused, code="AccessDenied", status=403), silent])
def test_what_comes_while_the_bucket_is_denied_or_slow_is_tried_again(books: Books, fault: Any) -> None:
    folder, bucket = "ledger/USPM/2026-05/ledger/000001", books.names.ledger_bucket
    said = json.dumps({"outcome": "accepted", "external_number": "GJ-1"}).encode()
    client.s3().put_object(Bucket=bucket, Key=f"{folder}/answer-1.json", Body=said)
    file = {"bucket": {"name": bucket}, "object": {"key": f"{folder}/answer-1.json"}}
    messages = (
        envelope(SAID | {"version": 1, "format": D365}, books.at, "LedgerDeliveryRequested", "project-invoicing"),
        envelope(file, books.at, "Object Created", "aws.s3"),
    )
    for message in messages:
        batch = sqs_batch(json.dumps(message))
        with fault(client.s3()):
            assert len(books.call("ledger_answers", batch)["batchItemFailures"]) == 1
        assert books.call("ledger_answers", batch) == {"batchItemFailures": []}
    batch_now = the_batch(books)
    assert (batch_now.deliveries, batch_now.external_numbers) == (1, ("GJ-1",))
    assert BatchAnswers(books.client, books.names.ledger_batches_table).unreadable() == []


def test_a_call_by_hand_delivers_and_acknowledges_and_says_what_was_refused(books: Books) -> None:
    made = asked(books, deliver=SAID | {"format": D365, "actor": "ann@contoso.example"})
    assert (made["outcome"], made["delivery"], made["actor"]) == ("delivered", 1, "ann@contoso.example")
    assert made["folder"] == "ledger/USPM/2026-05/ledger/000001/d365/1/"
    assert asked(books, deliver=SAID | {"format": D365, "actor": "ann@contoso.example"}) == made

    answer = asked(books, acknowledge=SAID | {"outcome": "accepted", "external_number": "GJ-1", "actor": "bo"})
    assert (answer["outcome"], answer["state"], answer["actor"]) == ("applied", "accepted", "bo")
    again = asked(books, acknowledge=SAID | {"outcome": "accepted", "external_number": "GJ-2"})
    [refused] = again["refused"]
    assert (refused["reason"], refused["document"]) == ("conflict", "USPM-ledger-000001")
    [refused] = asked(books, deliver=SAID | {"format": D365, "actor": "bo"})["refused"]
    assert refused["reason"] == "nothing_left"
    [refused] = asked(books, deliver=SAID | {"number": 9, "format": D365})["refused"]
    assert (refused["reason"], refused["document"]) == ("unknown_batch", "USPM-ledger-000009")
    [refused] = asked(books, acknowledge=SAID | {"outcome": "perhaps"})["refused"]
    assert (refused["reason"], refused["document"]) == ("schema", "USPM-ledger-000001")


def test_what_is_received_again_after_a_refusal_raises_no_alarm_of_its_own(house: House) -> None:
    house.ready(V1)
    taking = partial(Acknowledging, house.batches, house.answers, house.reader.lines)
    inbox = Inbox(house.batches, house.answers, house.reader, taking, house.delivering)
    counted = []
    for outcome in ("refused", "received"):
        said = {"company": "USPM", "kind": "ledger", "number": 1, "outcome": outcome}
        assert inbox.message(envelope(said, house.at, ACKNOWLEDGED, "ledger"))["state"] == "refused"
        counted.append(dict(inbox.counts))
    assert counted == [{"LedgerBatchesRefused": 1}] * 2


def test_who_may_not_administrate_may_not_say_that_a_batch_was_voided(house: House) -> None:
    batch = house.ready(V1)
    house.answered(batch, "accepted", external_number="GJ-1")
    poster = person("ann")
    poster = type(poster)(poster.id, poster.name, poster.how, frozenset({Role.POSTER}))
    viewer = type(poster)(poster.id, poster.name, poster.how, frozenset({Role.VIEWER}))
    asked = AcknowledgeBatch(company="USPM", kind="ledger", number=1, outcome="voided_there", message="wrong")
    for actor in (poster, viewer):
        taking = Acknowledging(house.batches, house.answers, house.reader.lines, house.at, actor)
        with pytest.raises(Refused, match="needs the role"):
            Acknowledgements(taking).answer(asked)
    assert house.now(batch).state is BatchState.ACCEPTED


def test_a_batch_without_an_answer_is_overdue_after_its_hours(books: Books) -> None:
    batch = the_batch(books)
    assert unanswered_since(batch) == books.at == "2026-06-03T04:00:00Z"
    assert not is_overdue(batch, 24, "2026-06-04T04:00:00Z")
    assert is_overdue(batch, 24, "2026-06-04T04:00:01Z")
    books.at = "2026-06-04T05:00:00Z"
    assert books.schedule("ledger_answers") == {"unanswered": 1, "payments_set_aside": 0}
    told(books, SAID | {"outcome": "refused", "message": "closed"})
    assert books.schedule("ledger_answers") == {"unanswered": 0, "payments_set_aside": 0}
    asked(books, deliver=SAID | {"format": D365})
    assert unanswered_since(the_batch(books)) == books.at, "what is sent again waits again"


@pytest.mark.parametrize(
    ("who", "known"),
    [
        ({"actor": "ann", "actor_name": "Ann", "how": "workspace"}, ("ann", "Ann", "workspace")),
        ({"actor": "bo"}, ("bo", "bo", "command line")),  # an earlier version named no door
    ],
)
def test_a_delivery_that_is_asked_for_by_event_says_who_asked_at_which_door(
    books: Books, who: dict[str, str], known: tuple[str, str, str]
) -> None:
    event = envelope(
        SAID | {"version": 1, "format": D365} | who, books.at, "LedgerDeliveryRequested", "project-invoicing"
    )
    assert books.call("ledger_answers", sqs_batch(json.dumps(event))) == {"batchItemFailures": []}
    deliveries, _ = BatchDeliveries(books.client, books.names.ledger_batches_table).of(the_batch(books).id)
    assert [(one.who.id, one.who.name, one.who.how) for one in deliveries] == [known]
