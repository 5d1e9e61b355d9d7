"""Set-up documents as people write them, YAML or JSON, with the line of each problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from project_invoicing.setup.document import check

Keys = tuple[str | int, ...]


if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(SafeLoader):
    """The safe loader, libyaml's where it is there: it is ten times as fast."""


class InvalidInput(Exception):
    """A file that cannot be used. ``problems`` has one line each, naming file, line and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_setup(path: Path) -> dict[str, Any]:
    """The set-up document in ``path`` (``.json``, else YAML), checked. Raises ``InvalidInput``.

    Numbers are exact, dates stay text, and only ``true`` and ``false`` are truth values, so that the company ``NO``
    and the account ``0100`` mean what they say.
    """
    text = read_text(path)
    try:
        document = _parse(path, text)
        found = check(document)
        lines = _lines(text) if found else {}
    except RecursionError:
        raise InvalidInput([f"{path}:1: is nested too deeply, or contains itself"]) from None
    if found:
        raise InvalidInput([f"{path}:{_line(lines, problem.path)}: {problem}" for problem in found])
    assert isinstance(document, dict)  # noqa: S101  check() refuses anything else
    return document


def read_text(path: Path) -> str:
    """The text in ``path``. Raises ``InvalidInput`` where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput([f"{path}: {error.strerror or error}"]) from None
    except UnicodeDecodeError as error:
        raise InvalidInput([f"{path}: is not UTF-8 text (byte {error.start})"]) from None


def _parse(path: Path, text: str) -> Any:
    try:
        if path.suffix == ".json":
            return exact_json(text)
        return yaml.load(text, Loader=_Plain)  # noqa: S506  a safe loader with fewer types
    except json.JSONDecodeError as error:
        problem = f"{path}:{error.lineno}: {error.msg} (column {error.colno})"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"{path}:{mark.line + 1 if mark else 1}: {error.problem or error.context}"
    except (ValueError, yaml.YAMLError) as error:
        problem = f"{path}:1: {error}"
    raise InvalidInput([problem])


def exact_json(text: str) -> Any:
    """JSON whose fractions are exact decimals. Raises ``ValueError`` for anything else, ``NaN`` included."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


class _Plain(Loader):
    """YAML whose plain scalars are those of JSON. A key that stands twice is an error."""


_Plain.yaml_implicit_resolvers = {}
_SCALARS: Final = {
    "null": (r"~|null|", ["~", "n", ""]),
    "bool": (r"true|false", list("tf")),
    "int": (r"-?(?:0|[1-9]\d*)", list("-0123456789")),
    "float": (r"-?(?:0|[1-9]\d*)\.\d+", list("-0123456789")),
    "merge": (r"<<", ["<"]),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _Plain.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"{key.value} stands here twice", problem_mark=key.start_mark)
        seen.add(key.value)
    return loader.construct_yaml_map(node)


_Plain.add_constructor("tag:yaml.org,2002:map", _mapping)
_Plain.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(node.value))


def _lines(text: str) -> dict[Keys, int]:
    """The line of each key and entry. JSON is read as YAML too, once its tabs are blanks."""
    found: dict[Keys, int] = {}

    def visit(node: yaml.Node, path: Keys) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                found[(*path, key.value)] = key.start_mark.line + 1
                visit(value, (*path, key.value))
        elif isinstance(node, yaml.SequenceNode):
            for position, entry in enumerate(node.value):
                found[(*path, position)] = entry.start_mark.line + 1
                visit(entry, (*path, position))

    root = yaml.compose(text.replace("\t", " "), Loader=Loader)
    if root:
        visit(root, ())
    return found


def _line(lines: dict[Keys, int], path: Keys) -> int:
    """The line of ``path`` or of what is nearest above it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
