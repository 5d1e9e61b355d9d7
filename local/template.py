"""What the local run needs of ``template.yaml``: tables, buses, queues, rules, and functions with their triggers.

Nothing is created here, so references between resources stay logical ids. An intrinsic function that cannot be
resolved without AWS is an error, never a guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from operate.documents import Loader
from project_invoicing.config import Settings, settings_in

STACK_NAME: Final = "local"
_ASYNC_RETRIES: Final = 2
_STREAM_RETRIES: Final = 10
_STREAM_BATCH: Final = 100
_QUEUE_BATCH: Final = 10
_PSEUDO: Final = {"AWS::StackName": STACK_NAME, "AWS::Partition": "aws", "AWS::Region": "us-east-1"}
_NAME: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
}
_REFERRED: Final = (
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
)
"""What a reference gives the name of. AWS gives a queue's URL and a secret's ARN; the engines take the names too."""
_CREATE_TABLE: Final[tuple[str, ...]] = ("AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema")

Json = dict[str, Any]


class TemplateError(Exception):
    """The template says something that the local run cannot do. The text names the resource."""


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
    """``document`` is what the secret holds at first, without the entry ``generated``, for which a key is made up."""

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
    scheduled: bool
    routes: tuple[str, ...]
    """The paths of the HTTP API that a POST to calls the function."""


@dataclass(frozen=True, slots=True)
class Template:
    tables: tuple[Table, ...]
    buses: tuple[str, ...]
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
    """The template at ``path``, with the defaults of its parameters but for those given. Raises ``TemplateError``."""
    return _Reader(document(path), parameters).template()


def document(path: Path) -> Json:
    """The template at ``path`` as data: short forms and loops (``Fn::ForEach``) are written out."""
    loaded: Json = yaml.load(path.read_text(encoding="utf-8"), Loader=_CloudFormation)  # noqa: S506
    resources = _without_loops(loaded["Resources"], loaded.get("Mappings", {}))
    return {**loaded, "Transform": "AWS::Serverless-2016-10-31", "Resources": resources}


def _without_loops(resources: Json, mappings: Json) -> Json:
    """Each resource of a loop for each of its values, in its place. Loops stand at the top and are not nested."""
    written: Json = {}
    for id, resource in resources.items():
        if not id.startswith("Fn::ForEach::"):
            written[id] = resource
            continue
        variable, values, body = resource
        for value in values:
            written |= _with(body, {variable: value}, mappings)
    return written


def _with(part: Any, given: Mapping[str, str], mappings: Json) -> Any:
    """``part`` of a loop's body with its variable replaced and what follows from that resolved."""

    def filled(text: str) -> str:
        for name, value in given.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    match part:
        case str():
            return filled(part)
        case list():
            return [_with(one, given, mappings) for one in part]
        case {"Ref": str(name)} if name in given:
            return given[name]
        case {"Fn::FindInMap": [name, key, entry]}:
            return mappings[name][_with(key, given, mappings)][entry]
        case {"Fn::Sub": [str(text), dict(names)]}:
            found = {name: str(_with(value, given, mappings)) for name, value in names.items()}
            return {"Fn::Sub": _with(filled(text), found, mappings)}
        case {"Fn::GetAtt": [{"Fn::Sub": str(id)}, attribute]}:
            return {"Fn::GetAtt": [filled(id), attribute]}
        case dict():
            return {filled(name): _with(value, given, mappings) for name, value in part.items()}
    return part


def _variables(function: Json) -> Json:
    variables: Json = function.get("Environment", {}).get("Variables", {})
    return variables


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


class _CloudFormation(Loader):
    """YAML with CloudFormation's short forms: ``!Ref X`` becomes ``{"Ref": "X"}``."""


def _short_form(loader: _CloudFormation, suffix: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101  there is no fourth kind
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_CloudFormation.add_multi_constructor("!", _short_form)


class _Reader:
    def __init__(self, document: Json, parameters: Mapping[str, str]) -> None:
        self._resources: dict[str, Json] = document["Resources"]
        defaults = {name: str(spec["Default"]) for name, spec in document.get("Parameters", {}).items()}
        self._parameters = {**defaults, **parameters}
        self._globals: Json = document.get("Globals", {}).get("Function", {})

    def template(self) -> Template:
        queues = tuple(self._queue(id, given) for id, given in self._each("AWS::SQS::Queue"))
        functions = tuple(self._function(id, given) for id, given in self._each("AWS::Serverless::Function"))
        rules = (*self._rules(), *self._function_rules())
        sources = [trigger.queue for function in functions for trigger in function.queues]
        for queue in queues:
            if queue.id in sources and queue.dead_letters is None:
                raise TemplateError(f"{queue.id}: feeds a function and needs a RedrivePolicy")
        return Template(
            tables=tuple(self._table(id, given) for id, given in self._each("AWS::DynamoDB::Table")),
            buses=tuple(self._name(id) for id, _ in self._each("AWS::Events::EventBus")),
            queues=queues,
            rules=rules,
            functions=functions,
            secrets=tuple(self._secret(id, given) for id, given in self._each("AWS::SecretsManager::Secret")),
            dead_letters=frozenset(queue.id for queue in queues)
            - frozenset(sources)
            - frozenset(rule.target for rule in rules),
        )

    def _each(self, type: str) -> Iterator[tuple[str, Json]]:
        for id, resource in self._resources.items():
            if resource["Type"] == type:
                yield id, resource.get("Properties", {})

    def _table(self, id: str, given: Json) -> Table:
        request = {name: given[name] for name in _CREATE_TABLE if name in given}
        if "StreamSpecification" in given:
            request["StreamSpecification"] = {"StreamEnabled": True, **given["StreamSpecification"]}
        return Table(id, {"TableName": self._name(id), **request})

    def _queue(self, id: str, given: Json) -> Queue:
        redrive = given.get("RedrivePolicy", {})
        dead_letters = self._id(redrive["deadLetterTargetArn"], id) if redrive else None
        return Queue(id, self._name(id), dead_letters, int(redrive.get("maxReceiveCount", 0)))

    def _secret(self, id: str, given: Json) -> Secret:
        generated = given.get("GenerateSecretString", {})
        document = json.loads(given.get("SecretString") or generated["SecretStringTemplate"])
        return Secret(self._name(id), document, generated.get("GenerateStringKey"))

    def _function(self, id: str, given: Json) -> Function:
        environment = {**_variables(self._globals), **_variables(given)}
        invocation = given.get("EventInvokeConfig", {})
        events = [(event["Type"], event.get("Properties", {})) for event in given.get("Events", {}).values()]
        return Function(
            id=id,
            name=PurePosixPath(given["CodeUri"]).name,
            handler=given.get("Handler") or self._globals["Handler"],
            environment={name: self._text(value, id) for name, value in environment.items()},
            attempts=1 + invocation.get("MaximumRetryAttempts", _ASYNC_RETRIES),
            on_failure=self._on_failure(invocation, id),
            queues=tuple(
                QueueTrigger(self._id(event["Queue"], id), event.get("BatchSize", _QUEUE_BATCH))
                for type, event in events
                if type == "SQS"
            ),
            streams=tuple(self._stream(id, event) for type, event in events if type == "DynamoDB"),
            scheduled=any(type == "Schedule" for type, _ in events),
            routes=tuple(
                event["Path"] for type, event in events if type == "HttpApi" and event["Method"].upper() == "POST"
            ),
        )

    def _stream(self, id: str, given: Json) -> StreamTrigger:
        filters = tuple(json.loads(one["Pattern"]) for one in given.get("FilterCriteria", {}).get("Filters", []))
        for condition in (condition for one in filters for condition in _conditions(one)):
            if not isinstance(condition, str) and set(condition) != {"prefix"}:
                raise TemplateError(f"{id}: the local run filters streams by value and prefix only, not {condition}")
        return StreamTrigger(
            table=self._id(given["Stream"], id),
            batch_size=given.get("BatchSize", _STREAM_BATCH),
            filters=filters,
            attempts=1 + given.get("MaximumRetryAttempts", _STREAM_RETRIES),
            on_failure=self._on_failure(given, id),
        )

    def _rules(self) -> Iterator[Rule]:
        for id, given in self._each("AWS::Events::Rule"):
            if "EventPattern" in given:
                for target in given["Targets"]:
                    yield self._rule(f"{id}-{target['Id']}", given, given["EventPattern"], self._id(target["Arn"], id))

    def _function_rules(self) -> Iterator[Rule]:
        for id, given in self._each("AWS::Serverless::Function"):
            for name, event in given.get("Events", {}).items():
                if event["Type"] in ("EventBridgeRule", "CloudWatchEvent"):
                    properties = event["Properties"]
                    yield self._rule(f"{id}-{name}", properties, properties["Pattern"], id)

    def _rule(self, name: str, given: Json, pattern: Json, target: str) -> Rule:
        bus = self._text(given.get("EventBusName", "default"), name)
        return Rule(name, bus, json.dumps(self._resolved(pattern, name)), target)

    def _on_failure(self, given: Json, where: str) -> str | None:
        destination = given.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        return self._id(destination, where) if destination else None

    # --- intrinsic functions ---

    def _name(self, id: str) -> str:
        """The physical name: the one the template gives, else the logical id."""
        resource = self._resources[id]
        given = resource.get("Properties", {}).get(_NAME[resource["Type"]])
        return self._text(given, id) if given else id

    def _id(self, reference: Any, where: str) -> str:
        """The logical id that ``!Ref X`` or ``!GetAtt X.Arn`` names."""
        match reference:
            case {"Ref": str(id)} | {"Fn::GetAtt": [str(id), *_]} if id in self._resources:
                return id
        raise TemplateError(f"{where}: {reference!r} does not name a resource of this template")

    def _text(self, value: Any, where: str) -> str:
        resolved = self._resolved(value, where)
        if isinstance(resolved, (dict, list)):
            raise TemplateError(f"{where}: {value!r} is no text")
        return str(resolved)

    def _resolved(self, value: Any, where: str) -> Any:
        resolve: Callable[[Any], Any] = lambda part: self._resolved(part, where)  # noqa: E731
        match value:
            case {"Ref": str(name)}:
                return self._referred(name, where)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^!}][^}]*)\}", lambda found: self._referred(found[1], where), text)
            case {"Fn::Join": [str(separator), [*parts]]}:
                return separator.join(str(resolve(part)) for part in parts)
            case dict() if len(value) == 1 and next(iter(value)).startswith("Fn::"):
                raise TemplateError(f"{where}: the local run cannot resolve {value!r}")
            case dict():
                return {name: resolve(part) for name, part in value.items()}
            case list():
                return [resolve(part) for part in value]
        return value

    def _referred(self, name: str, where: str) -> str:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]
        if self._resources.get(name, {}).get("Type") in _REFERRED:
            return self._name(name)
        raise TemplateError(f"{where}: the local run cannot resolve a reference to {name}")
