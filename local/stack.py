"""The stack in an engine: its tables, bus, rules and queues there, the functions called in this process (D-012).

The engine's own bus decides what matches. A rule whose target is a function gets a queue that stands in for the
function; what lands there is handed to the handler as Lambda would hand it over, one delivery after the other.
"""

from __future__ import annotations

import json
import secrets
import traceback
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import boto3
from botocore.config import Config

from local import http_api
from local.functions import Handlers
from local.queues import DeadLetter, batches, dead_letters, delete, letter
from local.template import Function, QueueTrigger, Rule, StreamTrigger, Template
from operate.messages import name_of
from project_invoicing.bus import publish
from project_invoicing.chunks import chunks
from project_invoicing.config import Settings
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent
from project_invoicing.store import client

Json = dict[str, Any]
WEBHOOK = "dataverse_webhook"
WORKSPACE = "workspace"
_REPORTED = "reported as a batch item failure"


class Stack:
    """``copies``: how often each of our own events is delivered (the caller puts those of Dataverse as often)."""

    def __init__(self, template: Template, handlers: Handlers, *, copies: int = 1) -> None:
        self._template = template
        self._handlers = handlers
        handlers.knows(template.functions)
        self._copies = copies
        self._sqs = boto3.client("sqs")
        # Dynoxide's shard ids are shorter than botocore would have them.
        self._streams = boto3.client("dynamodbstreams", config=Config(parameter_validation=False))
        self._functions = {function.id: function for function in template.functions}
        self._queues = {queue.id: self._sqs.create_queue(QueueName=queue.name)["QueueUrl"] for queue in template.queues}
        self._stream_arns: dict[str, str] = {}
        self._iterators: dict[tuple[str, str], str] = {}
        self._failed: dict[str, DeadLetter] = {}
        self._unheard: list[DeadLetter] = []
        self._published = self._written = False
        self._create_secrets()
        self._create_buckets()
        self._create()

    @property
    def settings(self) -> Settings:
        return self._template.settings()

    def put(self, events: Sequence[BusEvent]) -> None:
        """Puts events on the bus, in their order."""
        if failed := publish(client.event_bridge(), self.settings.event_bus_name, events):
            raise RuntimeError(f"the bus did not take {len(failed)} of {len(events)} events")

    def invoke(self, name: str, event: Json) -> Any:
        """Calls the function as an asynchronous invocation does, retries included. Gives what it returned at last."""
        return self._invoke(self._template.function(name), event)

    def call(self, name: str, event: Json) -> Any:
        """Calls the function once, as a synchronous invocation does. Raises what the function raises.

        ``KeyError`` is raised for a function that the template does not have.
        """
        functions = {function.name: function for function in self._template.functions}
        return self._call(functions[name], event)

    @property
    def template(self) -> Template:
        return self._template

    @property
    def queues(self) -> Mapping[str, str]:
        """The URL of each queue by its id in the template; for a function that a rule calls, by the rule's name."""
        return self._queues

    @property
    def webhook_key(self) -> str:
        """The key that the template has generated for the webhook."""
        held = client.secrets_manager().get_secret_value(SecretId=self.settings.webhook_keys)
        return str(json.loads(held["SecretString"])["key"])

    def post(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: str
    ) -> tuple[int, str]:
        """Hands a POST to the webhook's function, as its API would. Gives status and body of the answer."""
        answer = self.http(WEBHOOK, http_api.Request("POST", path, headers, urlencode(query), body), at)
        return answer.status, answer.body.decode()

    def http(self, name: str, request: http_api.Request, at: str) -> http_api.Answer:
        """Hands a request to a function, as the API in front of it would. Gives the function's answer."""
        function = self._template.function(name)
        if not function.answers(request.method, request.path):
            return http_api.NOT_FOUND
        try:
            return http_api.answer_of(self._call(function, http_api.request_event(request, at)))
        except Exception as error:  # noqa: BLE001  whatever it raises, the caller learns nothing of it
            traceback.print_exception(error)
            return http_api.FAILED

    def drain(self) -> None:
        """Delivers what is on queues and in streams, and what follows from it, until nothing is left."""
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

    def poll(self) -> None:
        """Like ``drain``, also for what other processes have put on the bus, on queues, into tables and buckets."""
        self._published = True
        self.drain()

    def pass_over_streams(self) -> None:
        """Takes what the streams hold as delivered."""
        for place in self._iterators:
            for _ in self._records(place):
                pass

    def tell_of_objects(self, *, whether: bool) -> None:
        """Whether buckets tell the account's bus of each object that is put there, as the template says they do."""
        told: Any = {"EventBridgeConfiguration": {}} if whether else {}
        for bucket in self._template.telling:
            client.s3().put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)

    def dead_letters(self) -> list[DeadLetter]:
        """What functions failed on for good, from the dead-letter queues; and what had no queue to go to."""
        urls = [self._queues[queue] for queue in sorted(self._template.dead_letters)]
        return self._unheard + dead_letters(self._sqs, urls, self._failed)

    # --- creation ---

    def _create(self) -> None:
        dynamodb, events = client.dynamodb(), client.event_bridge()
        # Through these clients functions put what is to be delivered on the bus and on queues.
        events.meta.events.register("after-call.events.PutEvents", self._note_published)
        client.sqs().meta.events.register("after-call.sqs", self._note_published)
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
                # The stubs want literal keys, and a variable's are any text.
                attributes = {"RedrivePolicy": json.dumps(redrive)}
                self._sqs.set_queue_attributes(QueueUrl=self._queues[queue.id], Attributes=attributes)  # type: ignore[arg-type]
        for rule in self._template.rules:
            if rule.target in self._functions:
                self._queues[rule.name] = self._sqs.create_queue(QueueName=rule.name)["QueueUrl"]
            target = self._queue_arn(self._queues[self._queue_of(rule)])
            events.put_rule(Name=rule.name, EventBusName=rule.bus, EventPattern=rule.pattern)
            targets: Any = [{"Id": f"target-{number}", "Arn": target} for number in range(self._targets(rule))]
            events.put_targets(Rule=rule.name, EventBusName=rule.bus, Targets=targets)
        for function in self._template.functions:
            for stream in function.streams:
                self._open(stream)

    def _create_secrets(self) -> None:
        for secret in self._template.secrets:
            document = dict(secret.document)
            if secret.generated:
                document[secret.generated] = secrets.token_urlsafe(36)
            client.secrets_manager().create_secret(Name=secret.name, SecretString=json.dumps(document))

    def _create_buckets(self) -> None:
        for bucket in self._template.buckets:
            client.s3().create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        self.tell_of_objects(whether=True)

    def _open(self, trigger: StreamTrigger) -> None:
        arn = self._stream_arns[trigger.table]
        for shard in self._streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
            answer = self._streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )
            self._iterators[trigger.table, shard["ShardId"]] = answer["ShardIterator"]

    def _queue_of(self, rule: Rule) -> str:
        return rule.name if rule.target in self._functions else rule.target

    def _targets(self, rule: Rule) -> int:
        """How often the bus hands over an event. What stands in for a function is read as often as there are copies."""
        own = json.loads(rule.pattern).get("source") != [DATAVERSE_SOURCE]
        return self._copies if own and rule.target not in self._functions else 1

    def _queue_arn(self, url: str) -> str:
        return self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def _note_published(self, **_: Any) -> None:
        self._published = True

    # --- delivery ---

    def _deliver_rule(self, rule: Rule) -> None:
        for messages in batches(self._sqs, self._queues[rule.name]):
            for event in (message["Body"] for message in messages):
                for _ in range(1 if event["source"] == DATAVERSE_SOURCE else self._copies):
                    self._invoke(self._functions[rule.target], event)

    def _invoke(self, function: Function, event: Json) -> Any:
        for attempt in range(1, function.attempts + 1):
            try:
                return self._call(function, deepcopy(event))
            except Exception as error:  # noqa: BLE001  whatever it raises, Lambda tries again
                if attempt == function.attempts:
                    self._fail(function, function.on_failure, event, error)
        return None

    def _deliver_queue(self, function: Function, trigger: QueueTrigger) -> None:
        url = self._queues[trigger.queue]
        for messages in batches(self._sqs, url, trigger.batch_size, keep=True):
            error = _REPORTED
            try:
                answer = self._call(function, {"Records": [_queue_record(one, trigger.queue) for one in messages]})
                failed = _failed_items(answer)
            except Exception as raised:  # noqa: BLE001  the whole batch is delivered again
                failed, error = {message["MessageId"] for message in messages}, _text(raised)
            delete(self._sqs, url, [message for message in messages if message["MessageId"] not in failed])
            for message in messages:
                if message["MessageId"] in failed:
                    self._failed[message["MessageId"]] = DeadLetter(function.name, name_of(message["Body"]), error)
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
            error: Exception = RuntimeError(_REPORTED)
            try:
                failed = _failed_items(self._call(function, {"Records": records}))
            except Exception as raised:  # noqa: BLE001  the batch is delivered again
                failed, error = {_sequence_number(records[0])}, raised
            numbers = [_sequence_number(record) for record in records]
            done = min((numbers.index(number) for number in failed), default=len(records))
            attempts = attempts + 1 if done == 0 else 1
            records = records[done:]
            if records and attempts >= trigger.attempts:
                self._fail(function, trigger.on_failure, records[0], error)
                records = records[1:]

    def _call(self, function: Function, event: Json) -> Any:
        self._written = True
        return self._handlers.call(function, event)

    def _fail(self, function: Function, queue: str | None, event: Json, error: Exception) -> None:
        traceback.print_exception(error)
        if queue is None:
            self._unheard.append(DeadLetter(function.name, name_of(event), _text(error)))
        else:
            body = letter(function.name, event, _text(error))
            self._sqs.send_message(QueueUrl=self._queues[queue], MessageBody=body)

    def _records(self, place: tuple[str, str]) -> Iterator[list[Any]]:
        while True:
            answer = self._streams.get_records(ShardIterator=self._iterators[place])
            self._iterators[place] = answer["NextShardIterator"]
            if not answer["Records"]:
                return
            yield answer["Records"]

    def _stream_record(self, record: Mapping[str, Any], trigger: StreamTrigger) -> Json:
        return {**_plain(record), "eventSourceARN": self._stream_arns[trigger.table]}


def _queue_record(message: Mapping[str, Any], queue: str) -> Json:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": json.dumps(message["Body"]),
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        "awsRegion": "us-east-1",
    }


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
