"""The local stack hands events to functions as AWS does: through the bus's own rules, with retries and dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.functions import Handlers
from local.queues import DeadLetter
from local.stack import Stack
from local.template import Function, Template, read
from project_invoicing.events import SOURCE, BusEvent
from project_invoicing.store import client

TEMPLATE = """
Globals: {Function: {Handler: app.handler}}
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: bus}}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties: &table
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/listener/
      Environment:
        Variables:
          STAGING_TABLE: !Ref Rows
          JOURNALS_TABLE: !Ref Rows
          PROPOSALS_TABLE: !Ref Rows
          LEDGER_TABLE: !Ref Rows
          SETUP_TABLE: !Ref Rows
          EVENT_BUS_NAME: !Ref Bus
          WORK: !Ref Work
      Events:
        Posted:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref Bus
            Pattern: {source: [project-invoicing], detail-type: [Posted], detail: {company: [USPM]}}
      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}}
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/reader/
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 25}}
  Relay:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/relay/
      Events:
        Outbox:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Rows.StreamArn
            MaximumRetryAttempts: 1
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Dead.Arn}}
            FilterCriteria:
              Filters:
                - Pattern: '{"eventName": ["INSERT"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}}}'
  ToWork:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [dataverse]}
      Targets: [{Id: Work, Arn: !GetAtt Work.Arn}]
  Files:
    Type: AWS::S3::Bucket
    Properties: {NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}}
  OfFiles:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.s3]
        detail-type: [Object Created]
        detail: {bucket: {name: [!Ref Files]}, object: {key: [{wildcard: there/*/answer-*.json}]}}
      Targets: [{Id: Work, Arn: !GetAtt Work.Arn}]
  Work:
    Type: AWS::SQS::Queue
    Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
  Dead: {Type: AWS::SQS::Queue}
"""
AT = "2026-08-27T16:05:00Z"

Call = tuple[str, dict[str, Any]]


class Recorder(Handlers):
    """Takes what the functions would be called with; ``answer`` may return something or raise."""

    def __init__(self, answer: Callable[[Mapping[str, Any]], Any]) -> None:
        super().__init__(verbose=False)
        self.calls: list[Call] = []
        self._answer = answer

    def call(self, function: Function, event: Mapping[str, Any]) -> Any:
        self.calls.append((function.name, dict(event)))
        return self._answer(event)

    def bodies(self) -> list[list[int]]:
        return [[json.loads(record["body"])["detail"]["n"] for record in event["Records"]] for _, event in self.calls]


@pytest.fixture
def template(tmp_path: Path) -> Template:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    return read(path)


Make = Callable[..., tuple[Stack, Recorder]]


@pytest.fixture
def make(template: Template) -> Make:
    """Makes the stack in the engine that runs, and what is in the place of its functions."""

    def made(answer: Callable[[Mapping[str, Any]], Any] = lambda event: None, **options: Any) -> tuple[Stack, Recorder]:
        client.forget()
        recorder = Recorder(answer)
        return Stack(template, recorder, **options), recorder

    return made


@pytest.fixture
def stack_with(make: Make, moto: None) -> Make:
    return make


@pytest.fixture
def stack_anywhere_with(make: Make, engine: str) -> Make:
    return make


def posted(company: str = "USPM", detail_type: str = "Posted") -> BusEvent:
    return BusEvent(SOURCE, detail_type, AT, {"version": 1, "company": company}, f"{detail_type}#{company}")


def row(number: int) -> BusEvent:
    return BusEvent("dataverse", "msdyn_actual.Create", AT, {"n": number}, str(number))


@pytest.mark.engine
def test_a_function_gets_the_events_that_match_its_rule_with_their_own_time(stack_anywhere_with: Make) -> None:
    stack, recorder = stack_anywhere_with()

    stack.put([posted(), posted("GBPM"), posted(detail_type="Failed")])
    stack.drain()

    ((name, event),) = recorder.calls
    assert name == "listener"
    assert {key: event[key] for key in ("source", "detail-type", "time", "detail")} == {
        "source": "project-invoicing",
        "detail-type": "Posted",
        "time": AT,
        "detail": {"version": 1, "company": "USPM"},
    }


@pytest.mark.engine
def test_an_object_that_somebody_puts_into_a_bucket_is_told_of_once_where_its_rule_matches(
    stack_anywhere_with: Make, template: Template
) -> None:
    stack, recorder = stack_anywhere_with()
    [bucket] = template.buckets

    def put(key: str, text: bytes = b"{}") -> None:
        client.s3().put_object(Bucket=bucket, Key=key, Body=text)

    def told() -> list[str]:
        stack.poll()
        found = [json.loads(one["body"]) for _, event in recorder.calls for one in event["Records"]]
        recorder.calls.clear()
        assert all(one["detail"]["bucket"]["name"] == bucket for one in found)
        return [one["detail"]["object"]["key"] for one in found]

    stack.tell_of_objects(whether=False)
    put("there/1/answer-0.json")
    stack.tell_of_objects(whether=True)
    put("there/1/answer-1.json")
    put("there/1/lines.jsonl")
    assert told() == ["there/1/answer-1.json"]
    assert told() == []
    put("there/1/answer-1.json", b"[]")
    assert told() == ["there/1/answer-1.json"]


def test_a_function_that_fails_is_called_three_times_and_leaves_a_dead_letter(
    stack_with: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(event: Mapping[str, Any]) -> None:
        raise LookupError("no such voucher")

    stack, recorder = stack_with(fail)
    stack.put([posted()])
    stack.drain()

    assert len(recorder.calls) == 3
    assert stack.dead_letters() == [DeadLetter("listener", "Posted USPM", "LookupError: no such voucher")]
    assert "LookupError: no such voucher" in capsys.readouterr().err


def test_a_function_that_succeeds_at_last_leaves_none(stack_with: Make) -> None:
    answers = iter([LookupError, None])

    def sometimes(event: Mapping[str, Any]) -> None:
        if error := next(answers):
            raise error

    stack, recorder = stack_with(sometimes)
    stack.put([posted()])
    stack.drain()

    assert len(recorder.calls) == 2
    assert stack.dead_letters() == []


def test_a_queue_is_read_in_batches_and_in_order(stack_with: Make) -> None:
    stack, recorder = stack_with()

    stack.put([row(number) for number in range(30)])
    stack.drain()

    assert [len(batch) for batch in recorder.bodies()] == [25, 5]
    assert sorted(number for batch in recorder.bodies() for number in batch) == list(range(30))


@pytest.mark.engine
def test_only_the_failed_records_of_a_batch_come_again_and_then_are_dead_letters(
    stack_anywhere_with: Make,
) -> None:
    def fail_on_two(event: Mapping[str, Any]) -> Any:
        failed = [record for record in event["Records"] if json.loads(record["body"])["detail"]["n"] == 2]
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}

    stack, recorder = stack_anywhere_with(fail_on_two)
    stack.put([row(number) for number in range(4)])
    stack.drain()

    assert [sorted(batch) for batch in recorder.bodies()] == [[0, 1, 2, 3], [2]]
    assert stack.dead_letters() == [
        DeadLetter("reader", "msdyn_actual.Create", "reported as a batch item failure"),
    ]


@pytest.mark.engine
def test_the_relay_gets_what_is_new_in_the_outbox_and_nothing_else(stack_anywhere_with: Make) -> None:
    stack, recorder = stack_anywhere_with()
    for pk in ("ROW#1", "OUTBOX#1", "OUTBOX#1"):
        client.dynamodb().put_item(TableName="Rows", Item={"pk": {"S": pk}, "sk": {"S": "a"}, "b": {"B": b"\x00"}})
    stack.drain()
    stack.drain()

    (((name, event)),) = recorder.calls
    (record,) = event["Records"]
    assert name == "relay"
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["NewImage"] == {"pk": {"S": "OUTBOX#1"}, "sk": {"S": "a"}, "b": {"B": "AA=="}}
    assert record["eventSourceARN"].split("/")[1] == "Rows"
    json.dumps(event)


def test_a_stream_goes_on_behind_a_record_that_fails_for_good(stack_with: Make) -> None:
    def fail_on_a(event: Mapping[str, Any]) -> Any:
        failed = [one["dynamodb"] for one in event["Records"] if one["dynamodb"]["Keys"]["sk"]["S"] == "a"]
        return {"batchItemFailures": [{"itemIdentifier": one["SequenceNumber"]} for one in failed]}

    stack, recorder = stack_with(fail_on_a)
    for sk in ("z", "a", "b"):
        client.dynamodb().put_item(TableName="Rows", Item={"pk": {"S": "OUTBOX#1"}, "sk": {"S": sk}})
    stack.drain()

    seen = [[one["dynamodb"]["Keys"]["sk"]["S"] for one in event["Records"]] for _, event in recorder.calls]
    assert seen == [["z", "a", "b"], ["a", "b"], ["b"]]
    (dead,) = stack.dead_letters()
    assert (dead.function, dead.error) == ("relay", "RuntimeError: reported as a batch item failure")


def test_our_own_events_are_delivered_as_often_as_asked(stack_with: Make) -> None:
    stack, recorder = stack_with(copies=3)

    stack.put([posted(), row(1)])
    stack.drain()

    assert [name for name, _ in recorder.calls] == ["listener"] * 3 + ["reader"]


@pytest.mark.engine
def test_what_a_function_puts_on_a_queue_is_delivered_too(stack_anywhere_with: Make, template: Template) -> None:
    def hand_on(event: Mapping[str, Any]) -> None:
        if "Records" not in event:
            body = json.dumps({"detail": {"n": 7}})
            client.sqs().send_message(QueueUrl=template.functions[0].environment["WORK"], MessageBody=body)

    stack, recorder = stack_anywhere_with(hand_on)
    stack.put([posted()])
    stack.drain()

    assert [name for name, _ in recorder.calls] == ["listener", "reader"]
