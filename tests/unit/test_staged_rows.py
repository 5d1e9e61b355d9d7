"""Items of the staging table as rows: those of versions before too."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import CostOrigin
from project_invoicing.store.staged_rows import row_of
from project_invoicing.store.staging_columns import actual_text

TEXT = (
    '{"ty":"billed_sales","cl":"time","bt":"chargeable","qt":"8","pr":"200.00","am":"1600.00",'
    '"cu":"2b1f3f0e-0c0d-4b55-9a53-7c1b6f1f8a10","sd":"2026-08-27","ds":"Welding",%s}'
)


def stored(columns: str) -> dict[str, Any]:
    """The item that release 0.3.0 made of such an actual."""
    text = TEXT % columns
    return {"pk": "a-1", "sk": "A", "a": text, "rv": 7, "ot": "2026-08-27T16:05:00.000Z", "h": "5d41", "st": "pending",
            "ch": 1, "dl": 2}  # fmt: skip


def read(columns: str) -> Actual:
    row = row_of(stored(columns))
    assert row is not None
    assert (row.id, row.actual.version.content) == ("a-1", "5d41")
    return row.actual


def test_what_a_release_kept_among_custom_columns_is_read_into_its_own() -> None:
    columns = '"cu1":{"discount_amount":"160.00","resourcing_unit":"GBPM","document_type":"purchase","centre":"7"}'
    found = read(columns)
    assert (found.discount, found.resourcing_unit, found.origin) == (Decimal("160.00"), "GBPM", CostOrigin.PURCHASE)
    assert found.custom == {"centre": "7"}


def test_a_text_that_is_no_amount_stays_where_it_was() -> None:
    found = read('"cu1":{"discount_amount":"much"}')
    assert (found.discount, found.custom) == (None, {"discount_amount": "much"})


def test_the_column_of_the_origin_counts_before_the_custom_one() -> None:
    found = read('"cu1":{"document_type":"purchase"},"og":"usage"')
    assert (found.origin, found.custom) == (CostOrigin.USAGE, {"document_type": "purchase"})


@pytest.mark.parametrize(
    "columns",
    [
        '"cu1":{"centre":"7","discount_amount":"160.00","resourcing_unit":"GBPM"}',
        '"cu1":{"discount_amount":"much"}',
        '"cu1":{"document_type":"memo"},"og":"usage"',
        '"un":"hour","og":"purchase"',
    ],
)
def test_an_actual_is_stored_in_the_bytes_that_the_release_wrote(columns: str) -> None:
    """So that a function of the version before, which may still run beside this one, finds what it looks for."""
    assert actual_text(read(columns)) == TEXT % columns
    assert json.loads(actual_text(read(columns)))["qt"] == "8"
