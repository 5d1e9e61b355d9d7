"""No module outside ``store/`` knows how an item is stored: neither an attribute's name nor a request to a table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.imports import ROOT

LAYER = ROOT / "layers" / "common" / "project_invoicing"
STORE = LAYER / "store"
OUTSIDE = (LAYER, *(ROOT / house for house in ("functions", "operate", "local", "benchmarks", "tools")))

SHORT = re.compile(r"[a-z][a-z0-9_]{0,3}")
"""Attributes have short names. Longer keys, and those in capitals, belong to DynamoDB's own requests."""
LOOKING_UP = {"get", "pop", "setdefault"} | {"name", "equal", "absent", "present"}
"""Methods of a dictionary, and of ``Expression``, whose first argument is a key."""
REQUESTS = {"get_item", "batch_get_item", "put_item", "update_item", "delete_item", "batch_write_item", "query"} | {
    "transact_write_items",
    "transact_get_items",
}
"""Methods of DynamoDB's client, and its paginators."""

OWN_WORDS: Mapping[str, str] = {
    "at": "when a step of a scenario, an explanation or a kept event happened",
    "by": "who began a delivery of a ledger batch, in its report",
    "de": "a language of documents",
    "en": "a language of documents",
    "fee": "of a sale, a field of its own and a word of what explain shows",
    "fr": "a language of documents",
    "id": "of an event, of a row of Dataverse, of a refusal",
    "in": "where a parameter stands, in a description of an API",
    "mode": "how a step of a webhook runs, in the definitions of Dataverse",
    "role": "of a person; of an actual in a connection, in an explanation",
    "row": "the columns of a row in a bus event; where an answer of a benchmark stands",
    "rows": "of a sweep and of a check in their reports",
    "task": "a column of an actual and of a line",
    "time": "of a bus event, an envelope of EventBridge",
    "to": "the currency that a row of exchange rates leads to",
    "type": "of an error of pydantic, of a JSON schema",
}
"""Attributes whose names are words that JSON outside the store has for keys as well, with where."""


def keys(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each constant that is a key: of a dictionary, in brackets, of a look-up, or before ``in``."""
    for node in ast.walk(tree):
        found: list[ast.expr | None] = []
        match node:
            case ast.Dict():
                found = list(node.keys)
            case ast.Subscript():
                found = [node.slice]
            case ast.Call(func=ast.Attribute(attr=attr), args=[first, *_]) if attr in LOOKING_UP:
                found = [first]
            case ast.Compare(ops=[ast.In() | ast.NotIn()]):
                found = [node.left]
        for one in found:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.lineno, one.value


def attributes() -> set[str]:
    """The short keys in the store's modules."""
    found = (key for file in STORE.rglob("*.py") for _, key in keys(ast.parse(file.read_text("utf-8"))))
    return {key for key in found if SHORT.fullmatch(key)}


def outside() -> Iterator[Path]:
    for folder in OUTSIDE:
        yield from (file for file in sorted(folder.rglob("*.py")) if not file.is_relative_to(STORE))


def spelled(text: str, names: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of each attribute that a module spells."""
    return ((line, key) for line, key in keys(ast.parse(text)) if key in names)


def requests(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of each request to a table: a method of the client, or a paginator over items."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in REQUESTS:
                yield node.lineno, attr
            case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value="scan" | "query")]):
                yield node.lineno, "get_paginator"
            case ast.Call(func=ast.Attribute(attr="scan"), keywords=given) if any(k.arg == "TableName" for k in given):
                yield node.lineno, "scan"


def test_the_attributes_of_items_are_found() -> None:
    assert attributes() >= {"pk", "sk", "st", "jn", "pn", "wb", "co", "qs", "a", "l", "e", "oc", "rv"}


def test_no_module_outside_the_store_spells_an_attribute() -> None:
    names = attributes() - OWN_WORDS.keys()
    found = [
        f"{file.relative_to(ROOT)}:{line} spells {key!r}"
        for file in outside()
        for line, key in spelled(file.read_text("utf-8"), names)
    ]
    assert found == [], "read it through a store, or say in OWN_WORDS what else the word is"


def test_no_module_outside_the_store_sends_a_request_to_a_table() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{line} calls {name}"
        for file in outside()
        for line, name in requests(file.read_text("utf-8"))
    ]
    assert found == []


def test_every_word_that_is_allowed_is_an_attribute_and_is_a_key_outside_the_store() -> None:
    used = {key for file in outside() for _, key in keys(ast.parse(file.read_text("utf-8")))}
    assert OWN_WORDS.keys() - (attributes() & used) == set(), "delete these from OWN_WORDS"


@pytest.mark.parametrize(
    "line",
    [
        'item["jn"]',
        'item.get("jn")',
        '{"jn": number}',
        'update(values={"jn": None})',
        '"jn" in item',
        'found = [x for x in items if "jn" not in x]',
        'expression.equal("jn", number)',
    ],
)
def test_every_way_of_spelling_one_is_found(line: str) -> None:
    assert [key for _, key in spelled(line, attributes())] == ["jn"]


@pytest.mark.parametrize(
    "line",
    ["client.get_item(TableName=table, Key=key)", 'client.get_paginator("scan")', "client.scan(TableName=table)"],
)
def test_every_way_of_asking_a_table_is_found(line: str) -> None:
    assert len(list(requests(line))) == 1
