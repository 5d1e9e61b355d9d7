"""What the local run needs of ``template.yaml``: tables, buses, queues, rules, and functions with their triggers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from local.cloudformation import Resources, TemplateError, document
from project_invoicing.config import Settings, settings_in

_ASYNC_RETRIES: Final = 2
_STREAM_RETRIES: Final = 10
_STREAM_BATCH: Final = 100
_QUEUE_BATCH: Final = 10
_CREATE_TABLE: Final[tuple[str, ...]] = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")

_LOCAL: Final = {"MasterDataMaps": "running"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """``request`` holds the arguments of CreateTable."""

    id: str
    request: Json


@dataclass(frozen=True, slots=True)
class Queue:
    """``dead_letters`` is the queue that takes a message received more than ``max_receives`` times."""

    id: str
    name: str
    dead_letters: str | None
    max_receives: int


@dataclass(frozen=True, slots=True)
class Secret:
    """``document`` is what the secret holds at first, without the entry ``generated``, for which a key is drawn."""

    name: str
    document: Json
    generated: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern and one target: the id of a queue or of a function."""

    name: str
    bus: str
    pattern: str
    target: str


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    queue: str
    batch_size: int


@dataclass(frozen=True, slots=True)
class StreamTrigger:
    """``filters``: a record is delivered that matches one of them, or any record when there is none."""

    table: str
    batch_size: int
    filters: tuple[Json, ...]
    attempts: int
    on_failure: str | None

    def passes(self, record: Mapping[str, Any]) -> bool:
        return not self.filters or any(_matches(one, record) for one in self.filters)


@dataclass(frozen=True, slots=True)
class Function:
    """``name`` is its folder, ``attempts`` how often an asynchronous invocation is tried in all."""

    id: str
    name: str
    handler: str
    environment: Mapping[str, str]
    attempts: int
    on_failure: str | None
    queues: tuple[QueueTrigger, ...]
    streams: tuple[StreamTrigger, ...]
    schedules: tuple[str, ...]
    """When it is called by the clock: ``rate(5 minutes)``, ``cron(…)``."""
    routes: tuple[str, ...]
    """Its routes of an HTTP API: ``POST /dataverse``, ``ANY /{proxy+}``."""
    layers: tuple[str, ...] = ()
    """Its layers, those of all functions first."""

    @property
    def scheduled(self) -> bool:
        return bool(self.schedules)

    def answers(self, method: str, path: str) -> bool:
        """Whether a request of an HTTP API with this method and path calls it."""
        return any(_routed(route, method, path) for route in self.routes)


@dataclass(frozen=True, slots=True)
class Template:
    tables: tuple[Table, ...]
    buses: tuple[str, ...]
    buckets: tuple[str, ...]
    telling: tuple[str, ...]
    """The buckets that tell the account's bus of each object."""
    queues: tuple[Queue, ...]
    rules: tuple[Rule, ...]
    functions: tuple[Function, ...]
    secrets: tuple[Secret, ...]
    dead_letters: frozenset[str]
    """The ids of the queues in which only failures land."""

    def function(self, name: str) -> Function:
        return next(function for function in self.functions if function.name == name)

    def environment(self) -> dict[str, str]:
        """The variables of all functions together."""
        return {name: value for function in self.functions for name, value in function.environment.items()}

    def settings(self) -> Settings:
        return settings_in(self.environment())


def read(path: Path, **parameters: str) -> Template:
    """The template at ``path``, with the defaults of its parameters but for those given. Raises ``TemplateError``.

    The maps of master data run, as there is nothing here that they could upset; a deployed stack begins with them
    stopped.
    """
    return _Reader(document(path), {**_LOCAL, **parameters}).template()


def _variables(function: Json) -> Json:
    variables: Json = function.get("Environment", {}).get("Variables", {})
    return variables


def _routed(route: str, method: str, path: str) -> bool:
    takes, _, pattern = route.partition(" ")
    greedy = pattern.endswith("/{proxy+}")
    fits = path.startswith(pattern.removesuffix("{proxy+}")) if greedy else path == pattern
    return fits and takes in ("ANY", method)


def _matches(pattern: Json | list[Any], value: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(part, value.get(name)) for name, part in pattern.items())
    return any(
        str(value).startswith(condition["prefix"]) if isinstance(condition, dict) else value == condition
        for condition in pattern
    )


def _conditions(pattern: Json | list[Any]) -> Iterator[Any]:
    if isinstance(pattern, list):
        yield from pattern
    else:
        for part in pattern.values():
            yield from _conditions(part)


class _Reader:
    def __init__(self, document: Json, parameters: Mapping[str, str]) -> None:
        self._resources = Resources(document, parameters)
        self._globals: Json = document.get("Globals", {}).get("Function", {})

    def template(self) -> Template:
        queues = tuple(self._queue(id, given) for id, given in self._resources.each("AWS::SQS::Queue"))
        functions = tuple(self._function(id, given) for id, given in self._resources.each("AWS::Serverless::Function"))
        rules = (*self._rules(), *self._function_rules())
        sources = [trigger.queue for function in functions for trigger in function.queues]
        for queue in queues:
            if queue.id in sources and queue.dead_letters is None:
                raise TemplateError(f"{queue.id}: feeds a function and needs a RedrivePolicy")
        return Template(
            tables=tuple(self._table(id, given) for id, given in self._resources.each("AWS::DynamoDB::Table")),
            buckets=tuple(self._buckets()),
            telling=tuple(self._telling()),
            buses=tuple(self._resources.name(id) for id, _ in self._resources.each("AWS::Events::EventBus")),
            queues=queues,
            rules=rules,
            functions=functions,
            secrets=tuple(self._secret(id, given) for id, given in self._resources.each("AWS::SecretsManager::Secret")),
            dead_letters=frozenset(queue.id for queue in queues)
            - frozenset(sources)
            - frozenset(rule.target for rule in rules),
        )

    def _table(self, id: str, given: Json) -> Table:
        request = {name: given[name] for name in _CREATE_TABLE if name in given}
        if "StreamSpecification" in given:
            request["StreamSpecification"] = {"StreamEnabled": True, **given["StreamSpecification"]}
        return Table(id, {"TableName": self._resources.name(id), **request})

    def _buckets(self) -> Iterator[str]:
        """The names of the buckets that there always are; those that a parameter names are of who deploys."""
        for id, given in self._resources.each("AWS::S3::Bucket"):
            if "BucketName" not in given:
                yield self._resources.name(id)

    def _telling(self) -> Iterator[str]:
        for id, given in self._resources.each("AWS::S3::Bucket"):
            told = given.get("NotificationConfiguration", {}).get("EventBridgeConfiguration", {})
            if "BucketName" not in given and told.get("EventBridgeEnabled"):
                yield self._resources.name(id)

    def _queue(self, id: str, given: Json) -> Queue:
        redrive = given.get("RedrivePolicy", {})
        dead_letters = self._resources.id(redrive["deadLetterTargetArn"], id) if redrive else None
        return Queue(id, self._resources.name(id), dead_letters, int(redrive.get("maxReceiveCount", 0)))

    def _secret(self, id: str, given: Json) -> Secret:
        generated = given.get("GenerateSecretString", {})
        document = json.loads(given.get("SecretString") or generated["SecretStringTemplate"])
        return Secret(self._resources.name(id), document, generated.get("GenerateStringKey"))

    def _function(self, id: str, given: Json) -> Function:
        environment = {**_variables(self._globals), **_variables(given)}
        invocation = given.get("EventInvokeConfig", {})
        events = [(event["Type"], event.get("Properties", {})) for event in given.get("Events", {}).values()]
        return Function(
            id=id,
            name=PurePosixPath(given["CodeUri"]).name,
            handler=given.get("Handler") or self._globals["Handler"],
            environment={name: self._resources.text(value, id) for name, value in environment.items()},
            attempts=1 + invocation.get("MaximumRetryAttempts", _ASYNC_RETRIES),
            on_failure=self._on_failure(invocation, id),
            queues=tuple(
                QueueTrigger(self._resources.id(event["Queue"], id), event.get("BatchSize", _QUEUE_BATCH))
                for type, event in events
                if type == "SQS"
            ),
            streams=tuple(self._stream(id, event) for type, event in events if type == "DynamoDB"),
            schedules=tuple(
                self._resources.text(event["Schedule"], id) for type, event in events if type == "Schedule"
            ),
            routes=(
                *(f"{event['Method'].upper()} {event['Path']}" for type, event in events if type == "HttpApi"),
                *self._routes(id),
            ),
            layers=tuple(
                self._resources.id(one, id) for one in (*self._globals.get("Layers", ()), *given.get("Layers", ()))
            ),
        )

    def _routes(self, function: str) -> Iterator[str]:
        """Those of an API that is written out."""
        uris = {id: given["IntegrationUri"] for id, given in self._resources.each("AWS::ApiGatewayV2::Integration")}
        for _, given in self._resources.each("AWS::ApiGatewayV2::Route"):
            target = given["Target"]["Fn::Sub"].removeprefix("integrations/${").removesuffix("}")
            if uris[target] == {"Fn::GetAtt": [function, "Arn"]}:
                yield given["RouteKey"]

    def _stream(self, id: str, given: Json) -> StreamTrigger:
        filters = tuple(json.loads(one["Pattern"]) for one in given.get("FilterCriteria", {}).get("Filters", []))
        for condition in (condition for one in filters for condition in _conditions(one)):
            if not isinstance(condition, str) and set(condition) != {"prefix"}:
                raise TemplateError(f"{id}: the local run filters streams by value and prefix only, not {condition}")
        return StreamTrigger(
            table=self._resources.id(given["Stream"], id),
            batch_size=given.get("BatchSize", _STREAM_BATCH),
            filters=filters,
            attempts=1 + given.get("MaximumRetryAttempts", _STREAM_RETRIES),
            on_failure=self._on_failure(given, id),
        )

    def _rules(self) -> Iterator[Rule]:
        for id, given in self._resources.each("AWS::Events::Rule"):
            if "EventPattern" in given:
                for target in given["Targets"]:
                    yield self._rule(
                        f"{id}-{target['Id']}", given, given["EventPattern"], self._resources.id(target["Arn"], id)
                    )

    def _function_rules(self) -> Iterator[Rule]:
        for id, given in self._resources.each("AWS::Serverless::Function"):
            for name, event in given.get("Events", {}).items():
                if event["Type"] in ("EventBridgeRule", "CloudWatchEvent"):
                    properties = event["Properties"]
                    yield self._rule(f"{id}-{name}", properties, properties["Pattern"], id)

    def _rule(self, name: str, given: Json, pattern: Json, target: str) -> Rule:
        bus = self._resources.text(given.get("EventBusName", "default"), name)
        return Rule(name, bus, json.dumps(self._resources.resolved(pattern, name)), target)

    def _on_failure(self, given: Json, where: str) -> str | None:
        destination = given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        return self._resources.id(destination, where) if destination else None
