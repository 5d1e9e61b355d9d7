"""The template keeps the rules of the house; what linters cannot know is here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local import ROOT
from project_invoicing.workspace.api.routes import OPERATIONS
from project_invoicing.workspace.api.routes import ROOT as API
from tests.contracts.cloudformation import FUNCTIONS, RESOURCES, TEMPLATE, name_of, referred, resources, statements

QUEUES = resources("AWS::SQS::Queue")
TABLES = resources("AWS::DynamoDB::Table")
DEAD_LETTERS = sorted(id for id in QUEUES if id.endswith("DeadLetters"))
SHARED_VARIABLES = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
    "TABLE_MAP_OVERRIDES",
    "MASTER_DATA_MAPS",
}
VARIABLES = {re.sub("(?<!^)(?=[A-Z])", "_", id).upper(): id for id in TABLES} | {
    "EVENT_BUS_NAME": "EventBus",
    "INVOICE_POSTING_QUEUE": "InvoicePostingQueue",
    "ACCOUNTING_WRITEBACK_QUEUE": "AccountingWritebackQueue",
    "DATAVERSE_URL": "DataverseUrl",
    "DATAVERSE_CREDENTIALS": "DataverseCredentials",
    "WEBHOOK_KEYS": "WebhookKeys",
    "AUDIT_BUCKET": "AuditBucket",
    "LEDGER_BUCKET": "LedgerBucket",
    "DOCUMENT_BUCKET": "DocumentBucket",
    "INVOICE_DOCUMENTS_FUNCTION": "InvoiceDocuments",
    "INVOICE_SENDING_FUNCTION": "InvoiceSending",
    "RECONCILIATION_FUNCTION": "Reconciliation",
    "MAIL_SENDER": "MailSender",
    "MAIL_CONFIGURATION_SET": "MailConfigurationSet",
    "REFERENCE_RATES_URL": "ReferenceRatesUrl",
    "REFERENCE_RATES_OBJECT": "ReferenceRatesObject",
    "REFERENCE_RATES_CHECKSUM": "ReferenceRatesChecksum",
    "WORKSPACE_URL": "WorkspaceUrl",
    "WORKSPACE_SECRET": "WorkspaceSecret",
    "OIDC_ISSUER": "OidcIssuer",
    "OIDC_CLIENT_ID": "OidcClientId",
    "OIDC_ROLES_CLAIM": "OidcRolesClaim",
    "OIDC_ROLES": "OidcRoles",
    "OIDC_COMPANIES_CLAIM": "OidcCompaniesClaim",
    "OIDC_COMPANIES": "OidcCompanies",
    "API_AUDIENCE": "ApiAudience",
}
SIGN_IN = {name for name in VARIABLES.values() if name.startswith("Oidc")} | {"WorkspaceUrl", "ApiAudience"}
NO_RESOURCES = {"DataverseUrl", "ReferenceRatesUrl", "ReferenceRatesChecksum", "MailSender", *SIGN_IN}
OUTSIDE = {"AuditBucket", "ReferenceRatesObject", "MailIdentity"}
"""What roles reach that is not of the stack: named by a parameter, and not at all where that is empty."""

each_function = pytest.mark.parametrize("function", FUNCTIONS)
each_table = pytest.mark.parametrize("table", TABLES)


def events(*types: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The triggers of these types, each with the id of its function."""
    for function, properties in FUNCTIONS.items():
        for event in properties.get("Events", {}).values():
            if event["Type"] in types:
                yield function, event["Properties"]


def test_every_folder_of_functions_is_a_function_of_the_template() -> None:
    folders = {folder.parent.name for folder in (ROOT / "functions").glob("*/app.py")}

    assert {name_of(function) for function in FUNCTIONS} == folders


@each_function
def test_a_function_logs_into_a_group_of_its_own_that_is_encrypted_and_forgets(function: str) -> None:
    group = RESOURCES[referred(FUNCTIONS[function]["LoggingConfig"]["LogGroup"])]["Properties"]

    assert referred(FUNCTIONS[function]["LoggingConfig"]["LogGroup"]) == f"{function}Logs"
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/{FUNCTIONS[function]['FunctionName']['Fn::Sub']}"}
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert referred(group["KmsKeyId"]) == "DataKey"


@each_function
def test_what_a_function_fails_on_goes_to_its_dead_letter_queue(function: str) -> None:
    destination = FUNCTIONS[function]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]

    assert destination["Type"] == "SQS"
    assert referred(destination["Destination"]) == f"{function}DeadLetters"


def test_what_a_rule_cannot_deliver_goes_to_the_dead_letter_queue_of_the_function_it_was_for() -> None:
    undelivered = {
        (function, referred(rule["DeadLetterConfig"]["Arn"])) for function, rule in events("EventBridgeRule")
    }
    undelivered |= {(function, referred(rule["DeadLetterConfig"]["Arn"])) for function, rule in events("Schedule")}
    for rule in resources("AWS::Events::Rule").values():
        for target in rule["Targets"]:
            queue = referred(target["Arn"])
            undelivered.add((queue.removesuffix("Queue"), referred(target["DeadLetterConfig"]["Arn"])))

    assert all(queue == f"{function}DeadLetters" for function, queue in undelivered)
    allowed = {referred(queue) for queue in RESOURCES["DeadLettersPolicy"]["Properties"]["Queues"]}
    assert {queue for _, queue in undelivered} == allowed


def test_rules_are_on_our_bus_and_schedules_can_be_switched_off() -> None:
    buses = [rule["EventBusName"] for _, rule in events("EventBridgeRule")]
    rules = resources("AWS::Events::Rule").values()
    of_aws = [
        rule for rule in rules if rule["EventPattern"]["source"] in (["aws.s3"], ["aws.ses"])
    ]  # buckets and SES tell the account's bus
    buses += [rule.get("EventBusName") for rule in rules if rule not in of_aws]

    assert all(bus == {"Ref": "EventBus"} for bus in buses)
    assert not any("EventBusName" in rule for rule in of_aws)
    assert all(rule["State"] == {"Ref": "Schedules"} for _, rule in events("Schedule"))


def test_journals_and_invoices_have_schedules_of_their_own() -> None:
    of = {function: rule["Schedule"] for function, rule in events("Schedule")}

    assert of["JournalPosting"] == {"Ref": "JournalPostingSchedule"}
    assert of["InvoicePosting"] == {"Ref": "InvoicePostingSchedule"}


def test_a_queue_that_feeds_a_function_waits_for_it_and_gives_up_into_dead_letters() -> None:
    mappings = list(events("SQS"))

    assert [name_of(function) for function, _ in mappings] == [
        "master_data_sync",
        "actuals_sync",
        "invoice_posting",
        "accounting_writeback",
        "ledger_answers",
        "invoice_documents",
        "invoice_sending",
    ]
    for function, mapping in mappings:
        queue = QUEUES[referred(mapping["Queue"])]
        assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[function]["Timeout"]
        assert referred(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"{function}DeadLetters"
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_relay_gets_the_outbox_of_each_stream_and_loses_nothing() -> None:
    mappings = list(events("DynamoDB"))

    assert {name_of(function) for function, _ in mappings} == {"outbox_relay"}
    assert {referred(mapping["Stream"]) for _, mapping in mappings} == {
        id for id, table in TABLES.items() if "StreamSpecification" in table
    }
    for function, mapping in mappings:
        [one] = mapping["FilterCriteria"]["Filters"]
        assert json.loads(one["Pattern"]) == {
            "eventName": ["INSERT"],
            "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}},
        }
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert referred(mapping["DestinationConfig"]["OnFailure"]["Destination"]) == f"{function}DeadLetters"


@pytest.mark.parametrize("queue", DEAD_LETTERS)
def test_a_dead_letter_is_kept_for_two_weeks_and_told_at_once(queue: str) -> None:
    alarm = RESOURCES[f"{queue}Alarm"]["Properties"]

    assert QUEUES[queue]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_queues_are_encrypted_with_our_key() -> None:
    assert {id for id, queue in QUEUES.items() if queue.get("KmsMasterKeyId") != {"Ref": "DataKey"}} == set()


@each_function
def test_a_role_names_its_actions_and_its_resources(function: str) -> None:
    for actions, targets in statements(function):
        assert all("*" not in action for action in actions)
        assert all(isinstance(target, dict) and referred(target) in RESOURCES.keys() | OUTSIDE for target in targets)


@each_function
def test_a_function_has_a_variable_for_what_its_role_reaches_and_for_nothing_else(function: str) -> None:
    variables = FUNCTIONS[function]["Environment"]["Variables"]

    assert {name: referred(value) for name, value in variables.items()} == {name: VARIABLES[name] for name in variables}
    reached = {referred(target) for _, targets in statements(function) for target in targets}
    reached.discard("MailIdentity")  # the sender belongs to it
    sources = {referred(event["Queue"]) for trigger, event in events("SQS") if trigger == function}
    assert {referred(value) for value in variables.values()} - NO_RESOURCES | sources == reached


def test_all_functions_have_the_shared_settings() -> None:
    shared = TEMPLATE["Globals"]["Function"]

    assert set(shared["Environment"]["Variables"]) == SHARED_VARIABLES
    assert (shared["Runtime"], shared["Handler"], shared["Tracing"]) == ("python3.13", "app.handler", "Active")


@each_table
def test_a_table_costs_by_use_and_can_be_recovered(table: str) -> None:
    properties = TABLES[table]

    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert RESOURCES[table]["DeletionPolicy"] == RESOURCES[table]["UpdateReplacePolicy"] == "Retain"


@each_table
def test_a_table_is_encrypted_with_our_key(table: str) -> None:
    encryption = TABLES[table]["SSESpecification"]

    assert (encryption["SSEEnabled"], encryption["SSEType"]) == (True, "KMS")
    assert referred(encryption["KMSMasterKeyId"]) == "DataKey"


@each_table
def test_a_table_has_the_keys_of_the_store(table: str) -> None:
    keys = [(key["AttributeName"], key["KeyType"]) for key in TABLES[table]["KeySchema"]]

    assert keys == [("pk", "HASH"), ("sk", "RANGE")]


def test_the_webhooks_api_is_throttled_and_logs_no_query_which_may_hold_the_key() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    group = RESOURCES[referred(api["AccessLogSettings"]["DestinationArn"])]["Properties"]

    assert 0 < api["DefaultRouteSettings"]["ThrottlingRateLimit"] <= api["DefaultRouteSettings"]["ThrottlingBurstLimit"]
    logged = json.loads(api["AccessLogSettings"]["Format"]).values()
    assert not any(word in value for value in logged for word in ("query", "path", "header", "authorizer"))
    assert referred(group["KmsKeyId"]) == "DataKey"
    assert [(name_of(function), event["Method"], event["Path"]) for function, event in events("HttpApi")] == [
        ("dataverse_webhook", "POST", "/dataverse")
    ]


def test_there_is_no_workspace_where_nobody_signs_people_in() -> None:
    parts = {id for id in RESOURCES if id.startswith("Workspace")}
    always = {"WorkspaceApiLogs", "WorkspaceSecret", "WorkspacePolicy", "WorkspaceRole", "WorkspaceLogs"}

    assert TEMPLATE["Conditions"]["HasWorkspace"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "OidcIssuer"}, ""]}]}
    assert TEMPLATE["Parameters"]["OidcIssuer"]["Default"] == ""
    conditional = {id for id in parts if RESOURCES[id].get("Condition") == "HasWorkspace"}
    assert parts - conditional == always | {"WorkspaceDeadLetters", "WorkspaceDeadLettersAlarm"}


def test_nothing_is_mailed_where_nobody_has_said_who_sends() -> None:
    parts = {id for id in RESOURCES if id.startswith(("InvoiceSending", "InvoiceMail", "Mail"))}
    always = {"InvoiceSendingRole", "InvoiceSendingLogs", "InvoiceSendingDeadLetters", "InvoiceSendingDeadLettersAlarm"}

    assert TEMPLATE["Conditions"]["MailsAreSent"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "MailSender"}, ""]}]}
    assert TEMPLATE["Parameters"]["MailSender"]["Default"] == ""
    assert {id for id in parts if RESOURCES[id].get("Condition") != "MailsAreSent"} == always


def test_mails_are_sent_by_one_identity_only() -> None:
    mailing = [
        (function, targets)
        for function in FUNCTIONS
        for actions, targets in statements(function)
        if any(action.startswith("ses:") for action in actions)
    ]

    assert [(function, [referred(target) for target in targets]) for function, targets in mailing] == [
        ("InvoiceSending", ["MailIdentity", "MailConfigurationSet"])
    ]


def test_the_workspace_is_throttled_and_its_api_takes_no_request_without_a_token() -> None:
    stage = RESOURCES["WorkspaceStage"]["Properties"]
    routes = resources("AWS::ApiGatewayV2::Route").values()
    token = RESOURCES["WorkspaceTokens"]["Properties"]

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    logged = json.loads(stage["AccessLogSettings"]["Format"]).values()
    assert not any(word in value for value in logged for word in ("query", "path", "header", "authorizer"))
    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "GET /": "NONE",
        "GET /{proxy+}": "NONE",
        "POST /{proxy+}": "NONE",
        "ANY /api/{proxy+}": "JWT",
        **{f"{one.method} {API}{one.path}": "NONE" for one in OPERATIONS if one.open},
    }
    assert (token["AuthorizerType"], token["JwtConfiguration"]["Issuer"]) == ("JWT", {"Ref": "OidcIssuer"})


def test_an_error_of_the_webhook_is_told_for_no_queue_takes_it() -> None:
    alarm = RESOURCES["DataverseWebhookErrorsAlarm"]["Properties"]

    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "DataverseWebhook"}}]
    assert (alarm["MetricName"], alarm["AlarmActions"]) == ("Errors", [{"Ref": "AlarmTopic"}])


def test_the_bucket_of_the_batches_is_private_encrypted_with_our_key_and_takes_each_file_once() -> None:
    bucket = RESOURCES["LedgerBucket"]
    properties = bucket["Properties"]
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    denied = {one["Sid"]: one for one in RESOURCES["LedgerBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert referred(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == "DataKey"
    assert properties["ObjectLockEnabled"] is True
    locked, unlocked = properties["ObjectLockConfiguration"]["Fn::If"][1:]
    assert locked["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": {"Ref": "LedgerRetentionDays"}}
    assert "Rule" not in unlocked
    assert denied["OverTlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["AFileOfABatchIsPutOnce"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert {one["Effect"] for one in denied.values()} == {"Deny"}


def test_the_bucket_of_the_documents_is_like_that_of_the_batches_and_takes_each_file_once() -> None:
    ours, theirs = RESOURCES["DocumentBucket"], RESOURCES["LedgerBucket"]
    same = ("VersioningConfiguration", "BucketEncryption", "OwnershipControls", "PublicAccessBlockConfiguration")
    denied = {one["Sid"]: one for one in RESOURCES["DocumentBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]}

    assert ours["DeletionPolicy"] == ours["UpdateReplacePolicy"] == "Retain"
    assert [ours["Properties"][name] for name in same] == [theirs["Properties"][name] for name in same]
    assert ours["Properties"]["ObjectLockEnabled"] is True
    locked, unlocked = ours["Properties"]["ObjectLockConfiguration"]["Fn::If"][1:]
    assert locked["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": {"Ref": "DocumentRetentionDays"}}
    assert "Rule" not in unlocked
    assert denied["OverTlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["AFileIsPutOnce"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert denied["AFileIsPutOnce"]["Resource"] == {"Fn::Sub": "${DocumentBucket.Arn}/*"}


def test_one_function_alone_has_the_layer_that_writes_documents() -> None:
    layers = {name_of(function): given["Layers"] for function, given in FUNCTIONS.items() if "Layers" in given}

    assert layers == {"invoice_documents": [{"Ref": "DocumentsLayer"}]}
    assert TEMPLATE["Globals"]["Function"]["Layers"] == [{"Ref": "CommonLayer"}]


def test_what_makes_batches_writes_nothing_but_batches() -> None:
    written = {
        referred(target)
        for actions, targets in statements("LedgerExport")
        for target in targets
        if any(re.search("Put|Update|Delete", action) for action in actions)
    }
    files = [
        target for actions, targets in statements("LedgerExport") for target in targets if "s3:PutObject" in actions
    ]

    assert written == {"LedgerBatchesTable", "LedgerBucket"}
    assert files == [{"Fn::Sub": "${LedgerBucket.Arn}/ledger/*"}]
