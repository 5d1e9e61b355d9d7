"""Who may import whom: imports point inward, as ``docs/architecture.md`` draws the rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.imports import ROOT, imported, module_of, reached

LAYER = ROOT / "layers" / "common" / "project_invoicing"
DOCUMENTS = ROOT / "layers" / "documents"
HOUSES = ("functions", "operate", "local", "dataverse_standin")
TESTS = ROOT / "dataverse_standin" / "tests"

PLAIN = {"chunks", "errors"}
"""Modules of the layer that know nothing else of ours."""
MAY_IMPORT: Mapping[str, set[str]] = {
    # rooms of the layer
    "domain": PLAIN,
    "setup": PLAIN | {"domain"},
    "rules": PLAIN | {"domain", "setup"},
    "dataverse": PLAIN | {"domain", "events", "set_aside"},
    "store": PLAIN | {"domain", "setup", "events", "set_aside"},
    "use_cases": PLAIN
    | {"domain", "setup", "rules", "dataverse", "store"}
    | {
        "bus",
        "config",
        "document_bucket",
        "events",
        "ledger_bucket",
        "mail_service",
        "seal_bucket",
        "secrets",
        "set_aside",
        "work_queue",
    },
    "workspace": PLAIN
    | {"domain", "setup", "rules", "store", "use_cases"}
    | {"bootstrap", "config", "events", "observe", "secrets"},
    # modules of the layer that stand by themselves
    "chunks": set(),
    "config": set(),
    "errors": set(),
    "events": PLAIN | {"domain"},
    "observe": set(),
    "set_aside": PLAIN | {"domain", "observe"},
    "bus": PLAIN | {"domain", "events"},
    "secrets": PLAIN,
    "work_queue": PLAIN,
    "published_files": PLAIN,
    "seal_bucket": PLAIN,
    "ledger_bucket": PLAIN,
    "other_function": PLAIN,
    "document_bucket": PLAIN | {"ledger_bucket"},
    "mail_service": PLAIN | {"document_bucket", "ledger_bucket"},
    "bootstrap": PLAIN
    | {"domain", "setup", "dataverse", "store", "use_cases"}
    | {
        "bus",
        "config",
        "document_bucket",
        "events",
        "ledger_bucket",
        "other_function",
        "mail_service",
        "published_files",
        "seal_bucket",
        "secrets",
        "work_queue",
    },
    # the other layer, which only the function of the documents has: nothing of the common one imports it
    "project_invoice_documents": PLAIN | {"domain", "rules"},
    # houses
    "functions": {"bootstrap", "errors", "events", "observe", "use_cases", "workspace"} | {"project_invoice_documents"},
    "operate": PLAIN
    | {"domain", "setup", "dataverse", "store", "use_cases"}
    | {"bootstrap", "config", "events", "set_aside"},
    "local": PLAIN
    | {"domain", "setup", "rules", "dataverse", "store", "use_cases"}
    | {"bootstrap", "bus", "config", "events", "mail_service"}
    | {"operate", "dataverse_standin", "project_invoice_documents"},
    "dataverse_standin": {"dataverse"},
}
"""What each room imports beside itself. ``local`` reaches the functions by the names in the template."""

PURE = ("domain", "setup", "rules")
IMPURE = {"asyncio", "aws_lambda_powertools", "boto3", "botocore", "http", "io", "logging", "msal", "os", "pathlib"} | {
    *("random", "secrets", "socket", "subprocess", "tempfile", "threading", "time", "urllib", "urllib3")
}
"""Packages through which a pure room would reach a service, a file, the clock or chance."""

KNOWN: Mapping[tuple[str, str], str] = {
    ("rules", "project_invoicing.set_aside"): "a defect of one line is that line's, and is logged where it is caught",
}
"""What breaks the rules today, by room and module, with the reason. Nothing is added; what is repaired is deleted."""


def room_of(file: Path) -> str:
    """The room that a file is in: a folder or a module of the layer, or a house."""
    inside = file.relative_to(next(folder for folder in (LAYER, DOCUMENTS, ROOT) if file.is_relative_to(folder)))
    return inside.parts[0].removesuffix(".py")


def room_named(name: str) -> str:
    """The room of an imported name; empty for what is not ours."""
    first, _, rest = name.partition(".")
    if first == "project_invoicing":
        return rest.partition(".")[0]
    return first if first in {*HOUSES, "project_invoice_documents"} else ""


def files() -> Iterator[Path]:
    for folder in (LAYER, DOCUMENTS, *(ROOT / house for house in HOUSES)):
        yield from (file for file in sorted(folder.rglob("*.py")) if not file.is_relative_to(TESTS))


def test_every_room_has_a_rule() -> None:
    assert {room_of(file) for file in files()} - MAY_IMPORT.keys() == {"__init__"}, "say in MAY_IMPORT what it imports"


def test_rooms_import_only_what_they_may_and_what_is_known_to_break_the_rules_still_does() -> None:
    breaking: dict[tuple[str, str], list[str]] = {}
    for file in files():
        room = room_of(file)
        for line, name in imported(file):
            target = room_named(name)
            if target and target != room and target not in MAY_IMPORT.get(room, set()):
                where = f"{file.relative_to(ROOT)}:{line} imports {name}"
                breaking.setdefault((room, module_of(name)), []).append(where)

    assert {key: where for key, where in breaking.items() if key not in KNOWN} == {}
    assert KNOWN.keys() - breaking.keys() == set(), "these are repaired: delete them from KNOWN"


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_reaches_no_service_no_file_and_no_clock(room: str) -> None:
    reaching = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in sorted((LAYER / room).rglob("*.py"))
        for line, name in imported(file)
        if name.partition(".")[0] in IMPURE
    ]
    asking = [
        f"{file.relative_to(ROOT)}: {found}"
        for file in sorted((LAYER / room).rglob("*.py"))
        for found in re.findall(r"\bdate(?:time)?\.(?:now|today|utcnow)\(", file.read_text("utf-8"))
    ]
    assert (reaching, asking) == ([], [])


def test_documents_know_no_rules_but_those_of_e_invoices() -> None:
    """So their layer is loaded without what a posting needs."""
    rules = {name for file in DOCUMENTS.rglob("*.py") for _, name in imported(file) if room_named(name) == "rules"}
    assert rules
    assert {name for name in rules if not name.startswith("project_invoicing.rules.e_invoice.")} == set()


def test_the_tests_of_the_stand_in_need_neither_an_engine_nor_the_finance_side() -> None:
    """So they depend on little, and seldom have to run."""
    needed = {file.relative_to(ROOT) for file in reached(TESTS.rglob("*.py"))}
    rooms = {room_of(ROOT / file) for file in needed if file.parts[0] in {"layers", *HOUSES}}
    assert {Path("dataverse_standin/rows.py"), Path("tests/builders.py")} <= needed
    assert rooms & {"operate", "local", "functions", "store", "use_cases", "bootstrap"} == set()
