"""``template.yaml`` as data, with the short forms written out: ``!Ref X`` is ``{"Ref": "X"}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from local import ROOT

Json = dict[str, Any]


class _Loader(yaml.SafeLoader):
    pass


def _written_out(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {"Ref": text} if suffix == "Ref" else {f"Fn::{suffix}": text}
    return {f"Fn::{suffix}": loader.construct_object(node, deep=True)}


_Loader.add_multi_constructor("!", _written_out)

TEMPLATE: Json = yaml.load((ROOT / "template.yaml").read_text("utf-8"), Loader=_Loader)  # noqa: S506  a safe loader
RESOURCES: dict[str, Json] = TEMPLATE["Resources"]


def resources(type: str) -> dict[str, Json]:
    """The properties of the resources of a type, by logical id."""
    return {id: resource["Properties"] for id, resource in RESOURCES.items() if resource["Type"] == type}


FUNCTIONS = resources("AWS::Serverless::Function")


def name_of(function_id: str) -> str:
    """The folder of a function."""
    return str(FUNCTIONS[function_id]["CodeUri"]).removeprefix("functions/").removesuffix("/")


def referred(value: Any) -> str:
    """The logical id that ``!Ref X``, ``!GetAtt X.Arn`` or ``!Sub ${X.Arn}/…`` names."""
    ((_, target),) = value.items()
    return str(target).removeprefix("${").split("}")[0].split(".")[0]


def statements(function_id: str) -> Iterator[tuple[list[str], list[Any]]]:
    """What a function's role allows beside what SAM adds: actions, and the resources they are for."""
    for policy in FUNCTIONS[function_id]["Policies"]:
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            yield _listed(statement["Action"]), _listed(statement["Resource"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
