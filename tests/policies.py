"""The roles of the template, held against what the functions do (D-021): no local engine would refuse a call.

    with policies.enforced():
        …                                   # whatever calls functions through ``local.functions.Handlers``

On leaving, every call to AWS that a function made must have been one that its role allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient

from local import ROOT
from local.cloudformation import STACK_NAME
from local.functions import Handlers
from local.template import Function, read
from tests.contracts.cloudformation import FUNCTIONS, name_of, referred, resources, statements

BUSES = {STACK_NAME: "EventBus"}
QUEUES = {queue.name: queue.id for queue in read(ROOT / "template.yaml").queues}
BUCKETS = {id.lower(): id for id in resources("AWS::S3::Bucket")}
"""Without names of their own: a local run writes their logical ids in small letters."""
FUNCTION_IDS = {f"{STACK_NAME}-{name_of(id).replace('_', '-')}": id for id in FUNCTIONS}
SECRETS = resources("AWS::SecretsManager::Secret")
"""Without names of their own: their logical ids are their names in a local run."""
TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


class Use(NamedTuple):
    """An action on a resource, as policies name them: ``dynamodb:Query`` on ``StagingTable/index/import_queue``."""

    function: str
    action: str
    resource: str


def allowed() -> set[Use]:
    """What the roles allow, by the logical ids of the template."""
    return {
        Use(name_of(function), action, referred(target) + _index(target))
        for function in FUNCTIONS
        for actions, targets in statements(function)
        for action in actions
        for target in targets
    }


def _index(target: Mapping[str, Any]) -> str:
    """``/index/NAME`` of ``!Sub ${Table.Arn}/index/NAME``."""
    given = str(target.get("Fn::Sub", ""))
    return "" if given.startswith("arn:") else given.partition("}")[2]


def asked(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions, each with its resource, for which AWS looks into the caller's policy."""
    match operation:
        case "PutEvents":
            yield from (("events:PutEvents", BUSES[entry["EventBusName"]]) for entry in request["Entries"])
        case "SendMessage" | "SendMessageBatch":
            yield "sqs:SendMessage", QUEUES[request["QueueUrl"].rpartition("/")[2]]
        case "GetSecretValue":
            assert request["SecretId"] in SECRETS
            yield "secretsmanager:GetSecretValue", request["SecretId"]
        case "PutObject" | "GetObject":
            bucket = BUCKETS[request["Bucket"]]
            folder = request["Key"].partition("/")[0]
            assert bucket == "DocumentBucket" or folder in ("ledger", "payments")
            yield f"s3:{operation}", f"{bucket}/*" if bucket == "DocumentBucket" else f"{bucket}/{folder}/*"
        case "Invoke":
            yield "lambda:InvokeFunction", FUNCTION_IDS[request["FunctionName"]]
        case "SendEmail":
            yield from (("ses:SendEmail", one) for one in ("MailIdentity", "MailConfigurationSet"))
        case _:
            yield from _of_tables(operation, request)


def _of_tables(operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    match operation:
        case "TransactWriteItems":
            for item in request["TransactItems"]:
                ((kind, part),) = item.items()
                yield f"dynamodb:{TRANSACTED[kind]}", part["TableName"]
        case "TransactGetItems":
            yield from (("dynamodb:GetItem", item["Get"]["TableName"]) for item in request["TransactItems"])
        case "BatchGetItem" | "BatchWriteItem":
            yield from ((f"dynamodb:{operation}", table) for table in request["RequestItems"])
        case _:
            index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
            yield f"dynamodb:{operation}", request["TableName"] + index


@contextmanager
def enforced() -> Iterator[set[Use]]:
    """Notes what the functions ask of AWS, and fails at the end for what their roles would refuse."""
    noted: set[Use] = set()
    calling: list[str] = []
    call, invoke, request = Handlers.call, Handlers.invoke, vars(BaseClient)["_make_api_call"]

    def named_call(handlers: Handlers, function: Function, event: Mapping[str, Any]) -> Any:
        calling.append(function.name)
        try:
            return call(handlers, function, event)
        finally:
            calling.pop()

    def noted_request(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if calling:
            noted.update(Use(calling[-1], *use) for use in asked(operation, arguments))
        return request(client, operation, arguments)

    def noted_invocation(handlers: Handlers, **arguments: str) -> Any:
        noted.update(Use(calling[-1], *use) for use in asked("Invoke", arguments))
        return invoke(handlers, **arguments)

    with (
        patch.object(Handlers, "call", named_call),
        patch.object(Handlers, "invoke", noted_invocation),
        patch.object(BaseClient, "_make_api_call", noted_request),
    ):
        yield noted
    refused = noted - allowed()
    assert not refused, f"template.yaml does not allow: {sorted(refused)}"
