"""``template.yaml`` as data, with short forms and loops written out: ``!Ref X`` is ``{"Ref": "X"}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from local import ROOT
from local.cloudformation import document

Json = dict[str, Any]

TEMPLATE: Json = document(ROOT / "template.yaml")
RESOURCES: dict[str, Json] = TEMPLATE["Resources"]


def resources(type: str) -> dict[str, Json]:
    """The properties of the resources of a type, by logical id."""
    return {id: resource["Properties"] for id, resource in RESOURCES.items() if resource["Type"] == type}


FUNCTIONS = resources("AWS::Serverless::Function")


def name_of(function_id: str) -> str:
    """The folder of a function."""
    return str(FUNCTIONS[function_id]["CodeUri"]).removeprefix("functions/").removesuffix("/")


def referred(value: Any) -> str:
    """The logical id that ``!Ref X``, ``!GetAtt X.Arn``, ``!Sub ${X.Arn}/…`` or ``!Sub arn:…${X}`` names.

    Of ``!If``, what there is where its condition holds.
    """
    ((kind, target),) = value.items()
    if kind == "Fn::If":
        return referred(target[1])
    if isinstance(target, list):
        return str(target[0])
    if str(target).startswith("arn:"):
        return str(target).rpartition("${")[2].partition("}")[0]
    return str(target).removeprefix("${").split("}")[0].split(".")[0]


def statements(function_id: str) -> Iterator[tuple[list[str], list[Any]]]:
    """What a function works with, by the policy beside it: actions, and the resources they are for."""
    policy = RESOURCES[f"{function_id}Policy"]["Properties"]
    assert policy["Roles"] == [{"Ref": f"{function_id}Role"}]
    yield from allowed(policy["PolicyDocument"])


def allowed(document: Json) -> Iterator[tuple[list[str], list[Any]]]:
    """The statements of a policy: actions, and the resources they are for."""
    for given in document["Statement"]:
        statement = given["Fn::If"][1] if "Fn::If" in given else given
        assert statement["Effect"] == "Allow"
        yield _listed(statement["Action"]), _listed(statement["Resource"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
