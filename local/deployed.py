"""The built stack, deployed whole into ministack, which then calls the functions: rules, queues, streams and all."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import boto3
from botocore.config import Config

from local import ROOT, http_api
from local.cloudformation import document
from local.engines import BUILT, TOOLS, EngineError
from local.queues import DeadLetter, dead_letters
from local.stack import WEBHOOK
from local.template import Template
from operate.messages import name_of
from project_invoicing.bus import publish
from project_invoicing.config import Settings
from project_invoicing.events import DATAVERSE_SOURCE, BusEvent
from project_invoicing.store import client, outbox

_SAM: Final = TOOLS / "sam" / "bin" / "sam"
NEEDED: Final = (_SAM, TOOLS / "awslambdaric" / "bin" / "python")
_SOURCES: Final = ("template.yaml", "functions", "layers")
_ARCHITECTURE: Final = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
_STACK: Final = "local"
_PARAMETERS: Final = (
    f"Architecture={_ARCHITECTURE}",
    "Schedules=DISABLED",
    "DeletionProtection=false",
    "MasterDataMaps=running",
)
_REDELIVERY_SECONDS: Final = 20
_PATIENCE: Final = 120.0
"""Seconds in which something must begin or end while anything waits."""


class DeployedStack:
    """``copies``: how often each of our own events is delivered (the caller puts those of Dataverse as often)."""

    def __init__(self, template: Template, *, copies: int = 1) -> None:
        _deploy()
        self._functions = {function.name: function for function in template.functions}
        self._lambda = boto3.client("lambda", config=Config(read_timeout=910, retries={"total_max_attempts": 1}))
        self._sqs = boto3.client("sqs")
        cloudformation = boto3.client("cloudformation")
        described = cloudformation.describe_stacks(StackName=_STACK)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
        self.settings = Settings(
            staging_table=outputs["StagingTableName"],
            journals_table=outputs["JournalsTableName"],
            proposals_table=outputs["ProposalsTableName"],
            ledger_table=outputs["LedgerTableName"],
            setup_table=outputs["SetupTableName"],
            event_bus_name=outputs["EventBusName"],
            dataverse_table=outputs["DataverseTableName"],
            master_data_table=outputs["MasterDataTableName"],
            webhook_keys=outputs["WebhookKeysSecret"],
            ledger_batches_table=outputs["LedgerBatchesTableName"],
            ledger_bucket=outputs["LedgerBucketName"],
            document_bucket=outputs["DocumentBucketName"],
        )
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=_STACK)
        self._names = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
        }
        sources = {trigger.queue for function in template.functions for trigger in function.queues}
        self._sources = [self._names[queue] for queue in sorted(sources & self._names.keys())]
        self._dead_letters = [self._names[queue] for queue in sorted(template.dead_letters)]
        self._failed: list[DeadLetter] = []
        for url in self._sources:
            # A message that failed comes again soon, not after the minutes that a slow function may take in AWS.
            # The stubs want literal keys, and a variable's are any text.
            attributes = {"VisibilityTimeout": str(_REDELIVERY_SECONDS)}
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)  # type: ignore[arg-type]
        for mapping in self._lambda.list_event_source_mappings()["EventSourceMappings"]:
            if "sqs" in mapping["EventSourceArn"]:
                # Each environment is a process that takes a second of CPU to start.
                self._lambda.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": 2})
        if copies > 1:
            self._deliver_own_events_again(copies)

    def put(self, events: Sequence[BusEvent]) -> None:
        """Puts events on the bus, in their order."""
        if failed := publish(client.event_bridge(), self.settings.event_bus_name, events):
            raise RuntimeError(f"the bus did not take {len(failed)} of {len(events)} events")

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Calls the function, again if it fails, and gives what it returned."""
        function = self._functions[name]
        payload: Any = {}
        for _ in range(function.attempts):
            answer = self._lambda.invoke(FunctionName=self._names[function.id], Payload=json.dumps(event))
            payload = json.loads(answer["Payload"].read())
            if not answer.get("FunctionError"):
                return payload
        self._failed.append(DeadLetter(name, name_of(event), str(payload.get("errorMessage"))))
        return None

    def post(
        self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: str
    ) -> tuple[int, str]:
        """Hands a POST to the webhook's function as its API would: ministack's has no routes from SAM."""
        function = self._functions[WEBHOOK]
        if not function.answers("POST", path):
            return http_api.NOT_FOUND.status, http_api.NOT_FOUND.body.decode()
        event = http_api.request_event(http_api.Request("POST", path, headers, urlencode(query), body), at)
        answer = self._lambda.invoke(FunctionName=self._names[function.id], Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        given = http_api.FAILED if answer.get("FunctionError") else http_api.answer_of(payload)
        return given.status, given.body.decode()

    @property
    def webhook_key(self) -> str:
        """The key that the template has generated for the webhook."""
        held = client.secrets_manager().get_secret_value(SecretId=self.settings.webhook_keys)
        return str(json.loads(held["SecretString"])["key"])

    def drain(self) -> None:
        """Waits until nothing is queued, nothing is in an outbox, and nothing began while this looked."""
        since, seen = time.monotonic(), (-1, -1)
        while True:
            activity = self._activity()
            quiet = activity[0] == activity[1] and not self._queued() and not self._unsent()
            if quiet and self._activity() == activity:
                return
            if activity != seen:
                since, seen = time.monotonic(), activity
            if time.monotonic() - since > _PATIENCE:
                raise EngineError(f"the stack has done nothing for {_PATIENCE:.0f} s, yet events wait in it")
            time.sleep(0.01)

    def dead_letters(self) -> list[DeadLetter]:
        """What functions failed on for good."""
        return self._failed + dead_letters(self._sqs, self._dead_letters, {})

    def _activity(self) -> tuple[int, int]:
        """How many invocations have begun, and how many have ended (see ``ministack_server.py``)."""
        with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/_activity") as answer:  # noqa: S310  loopback
            counts = json.load(answer)
        return counts["begun"], counts["ended"]

    def _queued(self) -> bool:
        names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return any(
            int(count)
            for url in self._sources
            for count in self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()
        )

    def _unsent(self) -> bool:
        named = self.settings
        business = (named.staging_table, named.journals_table, named.proposals_table)
        tables = (*business, named.setup_table, named.ledger_batches_table)
        return any(True for table in tables for _ in outbox.unsent(client.dynamodb(), table))

    def _deliver_own_events_again(self, copies: int) -> None:
        """Gives each rule for our own events its target ``copies`` times."""
        events, bus = client.event_bridge(), self.settings.event_bus_name
        for rule in events.list_rules(EventBusName=bus)["Rules"]:
            if json.loads(rule["EventPattern"]).get("source") != [DATAVERSE_SOURCE]:
                (target,) = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                again = [{**target, "Id": f"{target['Id']}-{number}"} for number in range(1, copies)]
                # What one call has answered the stubs do not take for what another asks.
                events.put_targets(Rule=rule["Name"], EventBusName=bus, Targets=again)  # type: ignore[arg-type]


def build() -> None:
    """Builds the stack for this machine, unless what was built is newer than its sources."""
    if platform.system() != "Linux":
        raise EngineError("--deployed runs the layer as it is built for Lambda, and so needs Linux")
    if missing := [tool for tool in NEEDED if not tool.exists()]:
        raise EngineError(f"{missing[0].relative_to(ROOT)} is not there; run: make build-check")
    built = BUILT / "template.yaml"
    if not built.exists() or built.stat().st_mtime < max(path.stat().st_mtime for path in _source_files()):
        print("Building the stack; this takes a minute.", file=sys.stderr)
        _run([str(ROOT / "tools" / "build"), str(BUILT.relative_to(ROOT)), _ARCHITECTURE], dict(os.environ))


def _deploy() -> None:
    # ministack does not know loops in a template, so they are written out.
    written = BUILT / "without-loops.json"
    written.write_text(json.dumps(document(BUILT / "template.yaml")), encoding="utf-8")
    command = [str(_SAM), "deploy", "--stack-name", _STACK, "--template-file", str(written)]
    options = ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
    variables = {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(TOOLS / "sam" / "home")}
    _run([*command, *options, "--parameter-overrides", *_PARAMETERS], {**os.environ, **variables})


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise EngineError(f"{' '.join(command[:2])} failed:\n{(done.stdout + done.stderr)[-4000:]}")


def _source_files() -> Iterator[Path]:
    for source in _SOURCES:
        path = ROOT / source
        yield from (
            [path]
            if path.is_file()
            else (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        )
