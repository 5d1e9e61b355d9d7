"""The stack in an engine: its tables, bus, rules and queues there, the functions called in this process.

The engine's own bus decides what matches. A rule whose target is a function gets a queue that stands in for the
function; what lands there is handed to the handler as Lambda would hand it over, one delivery after the other.
"""

from __future__ import annotations

import json
import traceback
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config

from local.functions import Handlers
from local.template import Function, QueueTrigger, Rule, StreamTrigger, Template
from project_invoicing.config import Settings
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent
from project_invoicing.store import client

_ENTRIES: Final = 10
"""The most that PutEvents, ReceiveMessage and DeleteMessageBatch take."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a function failed on for good: a defect of the stack."""

    function: str
    event: str
    error: str


class Stack:
    """``copies``: how often each of our own events is delivered (the caller puts those of Dataverse as often)."""

    def __init__(self, template: Template, handlers: Handlers, *, copies: int = 1) -> None:
        self._template = template
        self._handlers = handlers
        self._copies = copies
        self._sqs = boto3.client("sqs")
        # Dynoxide's shard ids are shorter than botocore would have them.
        self._streams = boto3.client("dynamodbstreams", config=Config(parameter_validation=False))
        self._functions = {function.id: function for function in template.functions}
        self._queues = {queue.id: self._sqs.create_queue(QueueName=queue.name)["QueueUrl"] for queue in template.queues}
        self._stream_arns: dict[str, str] = {}
        self._iterators: dict[tuple[str, str], str] = {}
        self._errors: dict[str, tuple[str, str]] = {}
        self._unheard: list[DeadLetter] = []
        self._published = self._written = False
        self._create()

    @property
    def settings(self) -> Settings:
        names = self._template.environment()
        return Settings(
            staging_table=names["STAGING_TABLE"],
            journals_table=names["JOURNALS_TABLE"],
            proposals_table=names["PROPOSALS_TABLE"],
            ledger_table=names["LEDGER_TABLE"],
            setup_table=names["SETUP_TABLE"],
            event_bus=names["EVENT_BUS_NAME"],
        )

    def put(self, events: Sequence[BusEvent]) -> None:
        """Puts events on the bus of the template, in their order."""
        (bus,) = self._template.buses
        for batch in chunks(events, _ENTRIES):
            entries = [
                {
                    "EventBusName": bus,
                    "Source": event.source,
                    "DetailType": event.detail_type,
                    "Time": datetime.fromisoformat(event.time),
                    "Detail": json.dumps(event.detail),
                }
                for event in batch
            ]
            answer = client.event_bridge().put_events(Entries=entries)  # type: ignore[arg-type]
            if answer["FailedEntryCount"]:
                raise RuntimeError(f"the bus did not take all events: {answer['Entries']}")

    def invoke(self, name: str, event: Json) -> Any:
        """Calls the function as an asynchronous invocation does, retries included. Gives what it returned at last."""
        return self._invoke(self._template.function(name), json.dumps(event))

    def drain(self) -> None:
        """Delivers until nothing moves: what is on the queues, what is in the streams, and what comes of it."""
        self._written = True
        while self._published or self._written:
            if self._published:
                self._published = False
                for rule in self._template.rules:
                    if rule.target in self._functions:
                        self._deliver_rule(rule)
                for function in self._template.functions:
                    for queue in function.queues:
                        self._deliver_queue(function, queue)
            if self._written:
                self._written = False
                for function in self._template.functions:
                    for stream in function.streams:
                        self._deliver_stream(function, stream)

    def dead_letters(self) -> list[DeadLetter]:
        """What functions failed on for good, from the dead-letter queues; and what had no queue to go to."""
        return [
            *self._unheard,
            *(
                self._dead_letter(message)
                for queue in sorted(self._template.dead_letters)
                for messages in self._received(self._queues[queue], _ENTRIES)
                for message in messages
            ),
        ]

    # --- creation ---

    def _create(self) -> None:
        dynamodb, events = client.dynamodb(), client.event_bridge()
        events.meta.events.register("after-call.events.PutEvents", self._note_published)
        for table in self._template.tables:
            created = dynamodb.create_table(**table.request)["TableDescription"]
            if "StreamSpecification" in table.request:
                self._stream_arns[table.id] = created["LatestStreamArn"]
        for bus in self._template.buses:
            events.create_event_bus(Name=bus)
        for queue in self._template.queues:
            if queue.dead_letters:
                redrive = {
                    "deadLetterTargetArn": self._queue_arn(self._queues[queue.dead_letters]),
                    "maxReceiveCount": queue.max_receives,
                }
                attributes = {"RedrivePolicy": json.dumps(redrive)}
                self._sqs.set_queue_attributes(QueueUrl=self._queues[queue.id], Attributes=attributes)  # type: ignore[arg-type]
        for rule in self._template.rules:
            if rule.target in self._functions:
                self._queues[rule.name] = self._sqs.create_queue(QueueName=rule.name)["QueueUrl"]
            target = self._queue_arn(self._queues[self._queue_of(rule)])
            events.put_rule(Name=rule.name, EventBusName=rule.bus, EventPattern=rule.pattern)
            events.put_targets(Rule=rule.name, EventBusName=rule.bus, Targets=[{"Id": "target", "Arn": target}])
        for function in self._template.functions:
            for stream in function.streams:
                self._open(stream)

    def _open(self, trigger: StreamTrigger) -> None:
        arn = self._stream_arns[trigger.table]
        for shard in self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            answer = self._streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            self._iterators[trigger.table, shard["ShardId"]] = answer["ShardIterator"]

    def _queue_of(self, rule: Rule) -> str:
        return rule.name if rule.target in self._functions else rule.target

    def _queue_arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def _note_published(self, **_: Any) -> None:
        self._published = True

    # --- delivery ---

    def _deliver_rule(self, rule: Rule) -> None:
        for messages in self._received(self._queues[rule.name], _ENTRIES):
            for message in messages:
                own = _envelope(message["Body"])["source"] != DATAVERSE_SOURCE
                for _ in range(self._copies if own else 1):
                    self._invoke(self._functions[rule.target], message["Body"])

    def _invoke(self, function: Function, body: str) -> Any:
        for attempt in range(1, function.attempts + 1):
            try:
                return self._call(function, _envelope(body))
            except Exception as error:  # noqa: BLE001  whatever it raises, Lambda tries again
                if attempt == function.attempts:
                    self._fail(function, function.on_failure, body, error)
        return None

    def _deliver_queue(self, function: Function, trigger: QueueTrigger) -> None:
        url = self._queues[trigger.queue]
        for messages in self._received(url, trigger.batch_size, keep=True):
            records = [self._queue_record(message, trigger) for message in messages]
            try:
                failed = _failed_items(self._call(function, {"Records": records}))
                error = "reported as a batch item failure"
            except Exception as raised:  # noqa: BLE001  the whole batch is delivered again
                failed = {message["MessageId"] for message in messages}
                error = _text(raised)
            self._delete(url, [message for message in messages if message["MessageId"] not in failed])
            for message in messages:
                if message["MessageId"] in failed:
                    self._errors[message["MessageId"]] = (function.name, error)
                    self._sqs.change_message_visibility(
                        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                    )
                    self._published = True

    def _deliver_stream(self, function: Function, trigger: StreamTrigger) -> None:
        for place in [place for place in self._iterators if place[0] == trigger.table]:
            for page in self._records(place):
                records = [self._stream_record(record, trigger) for record in page if trigger.passes(record)]
                for batch in chunks(records, trigger.batch_size):
                    self._deliver_records(function, trigger, batch)

    def _deliver_records(self, function: Function, trigger: StreamTrigger, records: list[Json]) -> None:
        """A stream stops at a record that fails; what comes after it waits, and it is given up after the last try."""
        attempts = 0
        while records:
            error: Exception = RuntimeError("reported as a batch item failure")
            try:
                failed = _failed_items(self._call(function, {"Records": records}))
            except Exception as raised:  # noqa: BLE001  the batch is delivered again
                failed, error = {_sequence_number(records[0])}, raised
            numbers = [_sequence_number(record) for record in records]
            done = min((numbers.index(number) for number in failed), default=len(records))
            attempts = attempts + 1 if done == 0 else 1
            records = records[done:]
            if records and attempts >= trigger.attempts:
                self._fail(function, trigger.on_failure, json.dumps(records[0]), error)
                records = records[1:]

    def _call(self, function: Function, event: Json) -> Any:
        self._written = True
        return self._handlers.call(function, event)

    def _fail(self, function: Function, queue: str | None, body: str, error: Exception) -> None:
        traceback.print_exception(error)
        if queue is None:
            self._unheard.append(DeadLetter(function.name, _named(_envelope(body)), _text(error)))
            return
        letter = {
            "requestContext": {"functionArn": function.name, "condition": "RetriesExhausted"},
            "requestPayload": _envelope(body),
            "responsePayload": {"errorType": type(error).__name__, "errorMessage": _text(error)},
        }
        self._sqs.send_message(QueueUrl=self._queues[queue], MessageBody=json.dumps(letter))

    def _dead_letter(self, message: Mapping[str, Any]) -> DeadLetter:
        body = _envelope(message["Body"])
        if "requestPayload" in body:
            function, error = body["requestContext"]["functionArn"], body["responsePayload"]["errorMessage"]
            return DeadLetter(function, _named(body["requestPayload"]), error)
        function, error = self._errors[message["MessageId"]]
        return DeadLetter(function, _named(body), error)

    # --- the engine's queues and streams ---

    def _received(self, url: str, size: int, *, keep: bool = False) -> Iterator[list[Any]]:
        """Batches of up to ``size`` messages until the queue is empty, taken off it unless ``keep``."""
        empty = False
        while not empty:
            batch: list[Any] = []
            while len(batch) < size and not empty:
                wanted = min(_ENTRIES, size - len(batch))
                answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=wanted, AttributeNames=["All"])
                got = answer.get("Messages", [])
                empty = len(got) < wanted
                batch += got
            if batch:
                if not keep:
                    self._delete(url, batch)
                yield batch

    def _delete(self, url: str, messages: Sequence[Mapping[str, Any]]) -> None:
        for batch in chunks(messages, _ENTRIES):
            entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(batch)]
            self._sqs.delete_message_batch(QueueUrl=url, Entries=entries)  # type: ignore[arg-type]

    def _records(self, place: tuple[str, str]) -> Iterator[list[Any]]:
        while True:
            answer = self._streams.get_records(ShardIterator=self._iterators[place])
            self._iterators[place] = answer["NextShardIterator"]
            if not answer["Records"]:
                return
            yield answer["Records"]

    @staticmethod
    def _queue_record(message: Mapping[str, Any], trigger: QueueTrigger) -> Json:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{trigger.queue}",
            "awsRegion": "us-east-1",
        }

    def _stream_record(self, record: Mapping[str, Any], trigger: StreamTrigger) -> Json:
        return {**_plain(record), "eventSourceARN": self._stream_arns[trigger.table]}


def chunks(items: Sequence[Any], size: int) -> Iterator[Any]:
    """``items`` in slices of up to ``size``."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _envelope(body: str) -> Json:
    event: Json = json.loads(body)
    if isinstance(event.get("time"), (int, float)):  # moto delivers the number that PutEvents was sent
        event["time"] = f"{datetime.fromtimestamp(event['time'], UTC):%Y-%m-%dT%H:%M:%SZ}"
    return event


def _failed_items(answer: Any) -> set[str]:
    return {failure["itemIdentifier"] for failure in (answer or {}).get("batchItemFailures", [])}


def _sequence_number(record: Mapping[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def _plain(value: Any) -> Any:
    """A value of the SDK as it stands in the JSON that Lambda receives."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return value.timestamp() if isinstance(value, datetime) else value


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _named(event: Mapping[str, Any]) -> str:
    """What a person calls the event: its type and the document or row it is about."""
    if "dynamodb" in event:
        return f"{event['eventName']} {event['dynamodb']['Keys']}"
    detail = event.get("detail", {})
    ids = [str(detail[name]) for name in ("company", "id", "journal_id", "proposal_id") if detail.get(name)]
    return " ".join([str(event.get("detail-type", "")), *ids])
