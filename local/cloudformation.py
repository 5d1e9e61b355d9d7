"""A CloudFormation template as data: short forms and loops written out, references resolved.

Nothing is created here, so references between resources stay logical ids. An intrinsic function that cannot be
resolved without AWS is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from operate.documents import Loader

STACK_NAME: Final = "local"
_PSEUDO: Final = {"AWS::StackName": STACK_NAME, "AWS::Partition": "aws", "AWS::Region": "us-east-1"}
_NAME: Final = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Serverless::Function": "FunctionName",
}
_REFERRED: Final = (
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::S3::Bucket",
    "AWS::SES::ConfigurationSet",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Function",
)
"""What a reference gives the name of. AWS gives a queue's URL and a secret's ARN; the engines take the names too."""

Json = dict[str, Any]


class TemplateError(Exception):
    """The template says something that the local run cannot do. The text names the resource."""


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


class Resources:
    """The resources of a template, and what they refer to. ``where`` is the resource that an error names."""

    def __init__(self, document: Json, parameters: Mapping[str, str]) -> None:
        self._resources: dict[str, Json] = document["Resources"]
        defaults = {name: str(spec["Default"]) for name, spec in document.get("Parameters", {}).items()}
        self._parameters = {**defaults, **parameters}

    def each(self, type: str) -> Iterator[tuple[str, Json]]:
        """Logical id and properties of each resource of a type."""
        for id, resource in self._resources.items():
            if resource["Type"] == type:
                yield id, resource.get("Properties", {})

    def name(self, id: str) -> str:
        """The physical name: the one the template gives, else the logical id, of a bucket in small letters."""
        resource = self._resources[id]
        given = resource.get("Properties", {}).get(_NAME[resource["Type"]])
        if given:
            return self.text(given, id)
        return id.lower() if resource["Type"] == "AWS::S3::Bucket" else id

    def id(self, reference: Any, where: str) -> str:
        """The logical id that ``!Ref X`` or ``!GetAtt X.Arn`` names."""
        match reference:
            case {"Ref": str(id)} | {"Fn::GetAtt": [str(id), *_]} if id in self._resources:
                return id
        raise TemplateError(f"{where}: {reference!r} does not name a resource of this template")

    def text(self, value: Any, where: str) -> str:
        """A property that is one text."""
        resolved = self.resolved(value, where)
        if isinstance(resolved, (dict, list)):
            raise TemplateError(f"{where}: {value!r} is not a text")
        return str(resolved)

    def resolved(self, value: Any, where: str) -> Any:
        """A property with what its intrinsic functions stand for."""
        resolve: Callable[[Any], Any] = lambda part: self.resolved(part, where)  # noqa: E731
        match value:
            case {"Ref": str(name)}:
                return self._referred(name, where)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^!}][^}]*)\}", lambda found: self._referred(found[1], where), text)
            case {"Fn::Join": [str(separator), [*parts]]}:
                return separator.join(str(resolve(part)) for part in parts)
            case {"Fn::If": [str(), there, _]}:  # a local stack has whatever a condition makes
                return resolve(there)
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
            return self.name(name)
        raise TemplateError(f"{where}: the local run cannot resolve a reference to {name}")
