"""Set-up documents as people write them, YAML or JSON, with the line of each problem."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from operate.invalid_input import InvalidInput
from project_invoicing.domain.text import whole
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.problem import Problem
from project_invoicing.setup.problems import check
from project_invoicing.setup.warnings import Customers, warnings

Keys = tuple[str | int, ...]


if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(SafeLoader):
    """The safe loader; libyaml's if there is one, which is ten times as fast."""


def read_setup(path: Path) -> dict[str, Any]:
    """The set-up document in ``path`` (``.json``, else YAML), checked. Raises ``InvalidInput``.

    Numbers are exact, dates stay text, and only ``true`` and ``false`` are truth values, so that the company ``NO``
    and the account ``0100`` mean what they say.
    """
    text = read_text(path)
    try:
        document = parsed(path, text, "a set-up has companies and currencies at least")
        found = check(document)
        lines = _lines(text) if found else {}
    except RecursionError:
        raise InvalidInput([f"{path}:1: is nested too deeply, or contains itself"]) from None
    if found:
        raise InvalidInput([f"{path}:{_line(lines, problem.path)}: {problem}" for problem in found])
    assert isinstance(document, dict)  # noqa: S101  check() refuses anything else
    return document


def setup_warnings(path: Path, on: date, customers: Callable[[SetupDocument], Customers] | None = None) -> list[str]:
    """What is valid in a set-up document and will still make rows wait or postings be refused on the day ``on``.

    One line each, with file and line. ``customers``: those of a stack; else those of the document. Raises
    ``InvalidInput`` for a document that is not valid.
    """
    document = SetupDocument.model_validate(read_setup(path))
    found = warnings(document, on, customers(document) if customers else None)
    return with_lines(path, found) if found else []


def with_lines(path: Path, problems: Iterable[Problem]) -> list[str]:
    """Problems of the document in ``path``, each with file and line."""
    lines = _lines(read_text(path))
    return [f"{path}:{_line(lines, problem.path)}: {problem}" for problem in problems]


def written_lines(text: str) -> Callable[[Keys], int]:
    """The line of each key and entry of a document."""
    lines = _lines(text)
    return lambda path: _line(lines, path)


def read_text(path: Path) -> str:
    """The text in ``path``, which may begin with a byte order mark. Raises ``InvalidInput`` if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except IsADirectoryError:
        problem = f"{path}: is a folder; name a file"
    except OSError as error:
        problem = f"{path}: {error.strerror or error}"
    except UnicodeDecodeError as error:
        read: bytes = error.object
        if read.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            problem = f"{path}:1: is UTF-16 text; save it as UTF-8"
        else:
            line = read.count(b"\n", 0, error.start) + 1
            problem = f"{path}:{line}: is not UTF-8 text: byte {read[error.start]:#04x} in it; save it as UTF-8"
    raise InvalidInput([problem])


def parsed(path: Path, text: str, needs: str) -> Any:
    """The document in a text, JSON or YAML; an empty one is told what it ``needs``. Raises ``InvalidInput``."""
    try:
        if path.suffix == ".json" and text.strip():
            return exact_json(text)
        document = yaml.load(text, Loader=_Plain)  # noqa: S506  a safe loader with fewer types
        if document is None:
            raise InvalidInput([f"{path}:1: is empty; {needs}"])
        return document
    except json.JSONDecodeError as error:
        problem = f"{path}:{error.lineno}: {json_problem(error)}"
    except TwiceError as error:
        problem = f"{path}:{_line_of_second(text, error.key)}: {error}"
    except yaml.MarkedYAMLError as error:
        line, what = _yaml_problem(text, error)
        problem = f"{path}:{line}: {what}"
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        problem = f"{path}:{line}: the character #x{ord(text[error.position]):04x} is not allowed in YAML"
    except (ValueError, ArithmeticError, LookupError, yaml.YAMLError) as error:  # such as !!int and !!bool of a word
        problem = f"{path}:1: {' '.join(str(error).split())}"
    raise InvalidInput([problem])


class TwiceError(ValueError):
    """A key that occurs twice in one object: one of its values would be lost silently."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} is here twice")
        self.key = key


def exact_json(text: str) -> Any:
    """JSON whose fractions are exact decimals, and whose texts are ``whole``.

    Raises ``ValueError`` for anything else, ``NaN`` and an object with one key twice included.
    """
    return whole(json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_object))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise TwiceError(key)
        found[key] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def json_problem(error: Exception) -> str:
    """What is wrong with a text that is not JSON, in one sentence, without the line."""
    if not isinstance(error, json.JSONDecodeError):
        return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    if error.msg.startswith("Unterminated string") or (
        error.msg.startswith("Invalid control character") and error.doc[error.pos] == "\n"
    ):
        opened = error.pos if error.msg.startswith("Unterminated") else error.doc.rindex('"', 0, error.pos)
        column = opened - error.doc.rfind("\n", 0, opened)
        return f"the quote that opens in column {column} is not closed"
    if error.msg.startswith("Invalid control character"):
        return f"a tab or another control character in a text (column {error.colno}); write it as \\t or \\u0000"
    if error.msg == "Extra data":
        return f"something follows the end of the JSON (column {error.colno})"
    if "BOM" in error.msg:
        return "a byte order mark in the middle of the file"
    return f"{error.msg.lower()} (column {error.colno})"


def _yaml_problem(text: str, error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line, and what is wrong with it, in one sentence."""
    mark, lines = error.problem_mark or error.context_mark, text.split("\n")
    line = mark.line + 1 if mark else 1
    problem = str(error.problem or error.context)
    if error.context == "while scanning a quoted scalar" and error.context_mark:
        return error.context_mark.line + 1, "the quote that opens here is not closed"
    at = lines[mark.line][mark.column : mark.column + 1] if mark and mark.line < len(lines) else ""
    if "a tab" in problem or at == "\t":
        return line, "a tab, where YAML takes only blanks"
    opened = _quote_over_lines(text, line)
    if opened is not None:
        return opened, f"the quote that opens here is closed only in line {line}"
    return line, f"{error.context}, {problem}" if problem.startswith("but ") else problem


def _quote_over_lines(text: str, last: int) -> int | None:
    """Where the quoted text begins that ends on the line ``last``, if that is another line."""
    found = None
    with suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=Loader):
            over_lines = token.start_mark.line < token.end_mark.line
            if over_lines and getattr(token, "style", None) in ("'", '"') and token.end_mark.line + 1 == last:
                found = token.start_mark.line + 1
    return found


class _Plain(Loader):
    """YAML whose plain scalars are those of JSON. A key that occurs twice is an error."""


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
    if second := _second_key(node):
        raise yaml.MarkedYAMLError(problem=f"{second.value} is here twice", problem_mark=second.start_mark)
    return loader.construct_yaml_map(node)


def _second_key(node: yaml.MappingNode) -> yaml.Node | None:
    """The first key of a mapping that it already has."""
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                return key
            seen.add(key.value)
    return None


_Plain.yaml_constructors = {
    tag: made
    for tag, made in SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in ("null", "bool", "int", "float", "str", "seq", "map")
}
_Plain.add_constructor("tag:yaml.org,2002:map", _mapping)
_Plain.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(node.value))


def _nodes(text: str) -> yaml.Node | None:
    """The nodes of a document, JSON or YAML, which know their lines. ``None`` if YAML cannot have it."""
    with suppress(yaml.YAMLError):  # JSON with half of a surrogate pair, for example
        return yaml.compose(text.replace("\t", " "), Loader=Loader)
    return None


def _line_of_second(text: str, key: str) -> int:
    """The line where ``key`` occurs for the second time in one JSON object."""
    waiting = [_nodes(text)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, yaml.MappingNode):
            second = _second_key(node)
            if second and second.value == key:
                return second.start_mark.line + 1
            waiting += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value
    return 1


def _lines(text: str) -> dict[Keys, int]:
    """The line of each key and entry."""
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

    if root := _nodes(text):
        visit(root, ())
    return found


def _line(lines: dict[Keys, int], path: Keys) -> int:
    """The line of ``path`` or of what is nearest above it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
