"""What CloudFormation gets of the template: the roles as they are in the end, with what SAM would add to them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from local import ROOT
from local.deployed import NEEDED
from tests.contracts.cloudformation import FUNCTIONS, RESOURCES, allowed

Json = dict[str, Any]
SAM_PYTHON = NEEDED[0].with_name("python")
TRACES = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
READS_OF_A_QUEUE = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
READS_OF_A_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}

pytestmark = pytest.mark.slow
"""They need the SAM CLI, which only what is deployed needs."""


@cache
def expanded() -> Json:
    command = [str(SAM_PYTHON), "tools/expand_template.py", "template.yaml"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    made: Json = json.loads(said)["Resources"]
    return made


def of_type(type: str) -> dict[str, Json]:
    return {id: resource["Properties"] for id, resource in expanded().items() if resource["Type"] == type}


def may(function: str) -> Iterator[tuple[str, str]]:
    """Everything that the role of a function allows: actions, each with what it is for, as text."""
    documents = [policy["PolicyDocument"] for policy in of_type("AWS::IAM::Role")[f"{function}Role"]["Policies"]]
    documents.append(of_type("AWS::IAM::Policy")[f"{function}Policy"]["PolicyDocument"])
    for document in documents:
        for actions, targets in allowed(document):
            yield from ((action, json.dumps(target)) for action in actions for target in targets)


def test_our_reading_of_the_templates_loops_is_that_of_the_sam_cli() -> None:
    types = {id: resource["Type"] for id, resource in expanded().items()}
    same = {id for id, resource in RESOURCES.items() if not resource["Type"].startswith("AWS::Serverless::")}

    assert {id: types.get(id) for id in same} == {id: RESOURCES[id]["Type"] for id in same}
    for id in same:
        if RESOURCES[id]["Type"] in ("AWS::CloudWatch::Alarm", "AWS::IAM::Role"):
            assert expanded()[id]["Properties"] == RESOURCES[id]["Properties"] | described(RESOURCES[id]["Properties"])


def described(properties: Json) -> Json:
    """An alarm's description, which the SAM CLI writes out as text."""
    found = properties.get("AlarmDescription")
    return {"AlarmDescription": found["Fn::Sub"]} if isinstance(found, dict) else {}


def test_each_function_has_a_role_of_its_own_and_nothing_makes_another() -> None:
    roles = {id: properties["Role"] for id, properties in of_type("AWS::Lambda::Function").items()}

    assert roles == {function: {"Fn::GetAtt": [f"{function}Role", "Arn"]} for function in FUNCTIONS}
    assert set(of_type("AWS::IAM::Role")) == {f"{function}Role" for function in FUNCTIONS}


def test_no_role_has_a_policy_that_somebody_else_writes() -> None:
    roles = of_type("AWS::IAM::Role")

    assert not [id for id, role in roles.items() if role.get("ManagedPolicyArns")]
    assert not of_type("AWS::IAM::ManagedPolicy")
    assert set(of_type("AWS::IAM::Policy")) == {f"{function}Policy" for function in FUNCTIONS}


FILES = ("${LedgerBucket.Arn}/ledger/*", "${LedgerBucket.Arn}/payments/*", "${DocumentBucket.Arn}/*")
"""Of batches, payments and documents: nothing names them before they are there."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_traces_are_allowed_on_everything_for_they_have_no_resources(function: str) -> None:
    named = [(action, target) for action, target in may(function) if not any(one in target for one in FILES)]
    everything = {(action, target) for action, target in named if "*" in target}
    assert {action for action, _ in everything} == TRACES
    assert not [action for action, _ in may(function) if "*" in action]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_writes_to_its_own_log_and_its_own_dead_letters(function: str) -> None:
    def targets(prefix: str) -> set[str]:
        return {target for action, target in may(function) if action.startswith(prefix)}

    assert targets("logs:") == {json.dumps({"Fn::GetAtt": [f"{function}Logs", "Arn"]})}
    assert json.dumps({"Fn::GetAtt": [f"{function}DeadLetters", "Arn"]}) in targets("sqs:SendMessage")


def test_a_role_may_read_what_triggers_its_function_and_no_other_queue_or_stream() -> None:
    wanted: dict[str, set[tuple[str, str]]] = {function: set() for function in FUNCTIONS}
    for mapping in of_type("AWS::Lambda::EventSourceMapping").values():
        source = mapping["EventSourceArn"]
        actions = READS_OF_A_STREAM if source["Fn::GetAtt"][1] == "StreamArn" else READS_OF_A_QUEUE
        wanted[mapping["FunctionName"]["Ref"]] |= {(action, json.dumps(source)) for action in actions}
    reads = READS_OF_A_QUEUE | READS_OF_A_STREAM

    assert {function: {use for use in may(function) if use[0] in reads} for function in FUNCTIONS} == wanted


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_made_after_its_policy_or_its_triggers_would_be_refused(function: str) -> None:
    assert RESOURCES[function]["DependsOn"] == f"{function}Policy"
