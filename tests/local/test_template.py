"""What the local run reads of a template, and what it refuses to guess."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from local import ROOT
from local.cloudformation import TemplateError
from local.template import QueueTrigger, StreamTrigger, Template, read

FUNCTION = """
Import:
  Type: AWS::Serverless::Function
  Properties:
    FunctionName: !Sub ${AWS::StackName}-import
    CodeUri: functions/staging_import/
    Environment: {Variables: {ROWS_TABLE: !Ref Rows, LOG: !Ref Level}}
"""
TABLE = """
Rows:
  Type: AWS::DynamoDB::Table
  Properties:
    BillingMode: PAY_PER_REQUEST
    DeletionProtectionEnabled: true
    StreamSpecification: {StreamViewType: NEW_IMAGE}
    AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
    KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""
QUEUES = """
Work:
  Type: AWS::SQS::Queue
  Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}}
Dead:
  Type: AWS::SQS::Queue
  Properties: {QueueName: !Join [-, [!Ref AWS::StackName, dead]]}
"""


def template(folder: Path, *resources: str) -> Template:
    head = """
        Parameters: {Level: {Type: String, Default: INFO}}
        Globals: {Function: {Handler: app.handler, Environment: {Variables: {SERVICE: invoicing}}}}
        Resources:
        """
    path = folder / "template.yaml"
    path.write_text(dedent(head) + "".join(indent(one, "  ") for one in resources), encoding="utf-8")
    return read(path)


def with_event(event: str) -> str:
    return FUNCTION + f"    Events: {{It: {event}}}\n"


def test_a_function_has_its_own_environment_over_that_of_all(tmp_path: Path) -> None:
    (function,) = template(tmp_path, FUNCTION, TABLE).functions

    assert function.name == "staging_import"
    assert function.handler == "app.handler"
    assert function.environment == {"SERVICE": "invoicing", "ROWS_TABLE": "Rows", "LOG": "INFO"}
    assert function.attempts == 3


def test_a_table_keeps_what_the_engine_needs_and_gets_its_stream(tmp_path: Path) -> None:
    (table,) = template(tmp_path, TABLE).tables

    assert table.request == {
        "TableName": "Rows",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


def test_queues_that_only_failures_reach_are_dead_letter_queues(tmp_path: Path) -> None:
    event = "{Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 50}}"
    read = template(tmp_path, with_event(event), TABLE, QUEUES)

    assert read.functions[0].queues == (QueueTrigger("Work", 50),)
    assert [(queue.name, queue.dead_letters, queue.max_receives) for queue in read.queues] == [
        ("Work", "Dead", 3),
        ("local-dead", None, 0),
    ]
    assert read.dead_letters == {"Dead"}


def test_rules_come_from_functions_and_from_resources(tmp_path: Path) -> None:
    event = "{Type: EventBridgeRule, Properties: {EventBusName: !Ref Bus, Pattern: {source: [dataverse]}}}"
    bus = "Bus: {Type: AWS::Events::EventBus, Properties: {Name: events}}\n"
    rule = """
To:
  Type: AWS::Events::Rule
  Properties:
    EventBusName: !Ref Bus
    EventPattern: {detail-type: [a.Create]}
    Targets: [{Id: Work, Arn: !GetAtt Work.Arn}]
"""
    read = template(tmp_path, with_event(event), TABLE, QUEUES, bus, rule)

    assert [(rule.name, rule.bus, json.loads(rule.pattern), rule.target) for rule in read.rules] == [
        ("To-Work", "events", {"detail-type": ["a.Create"]}, "Work"),
        ("Import-It", "events", {"source": ["dataverse"]}, "Import"),
    ]
    assert read.buses == ("events",)


STREAM = (
    """{Type: DynamoDB, Properties: {Stream: !GetAtt Rows.StreamArn, FilterCriteria: {Filters: [{Pattern: '%s'}]}}}"""
)


@pytest.mark.parametrize(
    ("record", "passes"),
    [
        ({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "OUTBOX#1"}}}}, True),
        ({"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": "OUTBOX#1"}}}}, False),
        ({"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": "ROW#1"}}}}, False),
        ({"eventName": "INSERT", "dynamodb": {}}, False),
    ],
)
def test_a_stream_is_filtered_by_value_and_prefix(tmp_path: Path, record: dict[str, Any], passes: bool) -> None:
    pattern = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"OUTBOX#"}]}}}}'
    ((stream,),) = (one.streams for one in template(tmp_path, with_event(STREAM % pattern), TABLE).functions)

    assert isinstance(stream, StreamTrigger)
    assert stream.passes(record) is passes


@pytest.mark.parametrize(
    ("resources", "complaint"),
    [
        ([FUNCTION], "Import: the local run cannot resolve a reference to Rows"),
        ([FUNCTION.replace("!Ref Rows", "!GetAtt Rows.Arn"), TABLE], "Import: the local run cannot resolve .*GetAtt"),
        (
            [with_event("{Type: SQS, Properties: {Queue: !GetAtt Dead.Arn}}"), TABLE, QUEUES],
            "Dead: feeds a function and needs a RedrivePolicy",
        ),
        (
            [with_event("{Type: SQS, Properties: {Queue: !GetAtt Nowhere.Arn}}"), TABLE],
            "Import: .*Nowhere.* does not name a resource",
        ),
        (
            [with_event(STREAM % '{"eventName":[{"anything-but":"REMOVE"}]}'), TABLE],
            "Import: the local run filters streams by value and prefix only",
        ),
    ],
)
def test_what_cannot_be_resolved_is_an_error_that_names_the_resource(
    tmp_path: Path, resources: list[str], complaint: str
) -> None:
    with pytest.raises(TemplateError, match=complaint):
        template(tmp_path, *resources)


def test_the_projects_template_can_be_run_locally() -> None:
    stack = read(ROOT / "template.yaml")

    assert {function.name for function in stack.functions if function.scheduled} == {
        "staging_import",
        "journal_posting",
        "invoice_posting",
        "outbox_relay",
        "reconciliation",
        "accounting_writeback",
        "dataverse_catchup",
        "reference_rates",
        "audit_sealing",
        "ledger_export",
        "ledger_answers",
        "master_data_sync",
    }
    assert stack.telling == (stack.settings().ledger_bucket,)
    assert [function.name for function in stack.functions if function.routes] == ["dataverse_webhook", "workspace"]
    assert [trigger.table for trigger in stack.function("outbox_relay").streams] == [
        "StagingTable",
        "JournalsTable",
        "ProposalsTable",
        "SetupTable",
        "MasterDataTable",
        "LedgerBatchesTable",
    ]
    assert stack.settings().event_bus_name in stack.buses
