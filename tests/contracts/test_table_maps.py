"""The table maps are what their document says, and do what their golden pairs show."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from local import ROOT
from project_invoicing.dataverse.maps import ACTUALS, INVOICES, MAPS, Direction, TableMap
from project_invoicing.domain.actual import Actual, Proforma
from tools.table_maps import document, golden_sources, golden_target

DOCUMENT = ROOT / "docs" / "table-maps.md"
NOT_COLUMNS = {"fee_of", "id", "version", "custom", "inactive", "canceled"}
STAND_INS = {"contact_customer", "tza_accounting_date", "tza_start", "state"}
"""Fields of columns that give the value of another field."""


def test_the_document_does_not_drift() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "run: python -m tools.table_maps > docs/table-maps.md"


@pytest.mark.parametrize(
    ("map_name", "source", "target"),
    [pytest.param(*pair, id=f"{pair[0]}/{pair[1].name.split('.')[0]}") for pair in golden_sources()],
)
def test_a_golden_source_becomes_its_target(map_name: str, source: Path, target: Path) -> None:
    made = golden_target(map_name, json.loads(source.read_text("utf-8")))

    assert made == json.loads(target.read_text("utf-8")), "run: python -m tools.table_maps --golden"


def test_every_map_has_a_golden_pair() -> None:
    assert {name for name, _, _ in golden_sources()} == {table_map.name for table_map in MAPS}


@pytest.mark.parametrize(("table_map", "model"), [(ACTUALS, Actual), (INVOICES, Proforma)])
def test_a_map_fills_every_field_of_its_model(table_map: TableMap, model: type[Actual] | type[Proforma]) -> None:
    mapped = {column.field.partition(".")[0] for column in (*table_map.columns, *table_map.optional)}

    assert mapped - STAND_INS == {field.name for field in fields(model)} - NOT_COLUMNS


def test_no_map_names_a_column_or_a_field_twice() -> None:
    for table_map in MAPS:
        for names in ([column.column for column in table_map.columns], [column.field for column in table_map.columns]):
            assert len(names) == len(set(names)), table_map.name


def test_what_is_written_back_is_never_read_as_a_change_of_the_row() -> None:
    written = {
        (table_map.entity, column.column)
        for table_map in MAPS
        if table_map.direction is Direction.TO_DATAVERSE
        for column in table_map.columns
    }
    read = {
        (table_map.entity, column.column)
        for table_map in MAPS
        if table_map.direction is Direction.FROM_DATAVERSE
        for column in table_map.columns
    }

    # Of the state only "canceled" is read, and the write-back of payments makes a row paid or active (PAY-09).
    assert written & read == {("invoice", "statecode")}
