"""Rows of master data that arrive: what is stored of them, where they are placed, and what waits for what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from project_invoicing.config import Settings
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests.builders import guid
from tests.store.tables import contents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT = "2026-08-31T09:00:00.000Z"
USPM = ["cdm_company", guid("USPM")]


def arrived(entity: str, id: str, version: int, **columns: Any) -> ArrivedRow:
    return ArrivedRow(entity, guid(id), RowVersion(version, AT, f"h{version}"), columns)


def deleted(entity: str, id: str, version: int | None = None, at: str = AT) -> ArrivedRow:
    return ArrivedRow(entity, guid(id), RowVersion(version, at, "~"), None, deleted=True)


class Books:
    """What arrives, and what is then in the table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.master = MasterData(client, table)
        self.units: dict[str, str] = {}
        self.settling = Settling(self.master, lambda: self.units, lambda: True, AT)

    def take(self, *rows: ArrivedRow) -> list[str]:
        return [str(self.settling.arrived(row)) for row in rows]

    def row(self, entity: str, id: str) -> Any:
        return self.one(RowKey(entity, guid(id)))

    def name(self, part: Part, number: str, company: str = "USPM") -> Any:
        return self.one(NameKey(part, company, number))

    def one(self, key: Key) -> Any:
        return self.master.read([key])[key]

    def items(self) -> list[dict[str, Any]]:
        """Everything but events, and how often things were written."""
        found = [item for item in contents(self.client, self.master.table) if not item["pk"].startswith("OUTBOX#")]
        return sorted(
            ({k: v for k, v in item.items() if k != "ch"} for item in found), key=lambda item: (item["pk"], item["sk"])
        )

    def events(self) -> list[dict[str, Any]]:
        found = [item for item in contents(self.client, self.master.table) if item["pk"].startswith("OUTBOX#")]
        return [json.loads(item["d"]) for item in sorted(found, key=lambda item: item["sk"])]


@pytest.fixture
def books(dynamodb: DynamoDBClient, names: Settings) -> Books:
    return Books(dynamodb, names.master_data_table)


COMPANY = arrived("cdm_company", "USPM", 1, code="uspm")
PROJECT = arrived("msdyn_project", "PRJ-1", 2, number="PRJ-1", name="Bridge", company=USPM, open=True)


def test_a_new_project_has_its_name_at_once(books: Books) -> None:
    assert books.take(COMPANY, PROJECT, PROJECT) == ["accepted", "accepted", "duplicate"]

    row, name = books.row("msdyn_project", "PRJ-1"), books.name(Part.PROJECTS, "PRJ-1")
    assert (row.company, row.number, row.problem) == ("USPM", "PRJ-1", None)
    assert (name.id, name.columns, name.finance) == (guid("PRJ-1"), PROJECT.columns, {})
    told = [event for event in books.events() if event["entity"] == "msdyn_project"]
    assert told == [
        {
            "version": 1,
            "entity": "msdyn_project",
            "id": guid("PRJ-1"),
            "company": "USPM",
            "number": "PRJ-1",
            "blockers": [f"msdyn_project#{guid('PRJ-1')}"],
        }
    ]


def test_what_waits_for_its_company_is_placed_when_that_arrives(books: Books) -> None:
    books.take(PROJECT)
    assert books.row("msdyn_project", "PRJ-1").problem.startswith("company_unknown: ")

    books.take(COMPANY)

    row = books.row("msdyn_project", "PRJ-1")
    assert (row.company, row.number, row.problem) == ("USPM", "PRJ-1", None)
    assert list(books.master.all_blocked()) == []
