"""Master data ends in the same items, whatever the order in which its rows, their versions and their ends arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests import master
from tests.builders import Context, lookup, option
from tests.store import tables
from tests.thorough import thorough

LATER = "2026-08-28T08:00:00Z"
ROWS: Sequence[Context] = (
    master.company("USPM", row_version=1),
    master.company("gbpm", row_version=2),
    master.unit("Robotics", row_version=3),
    master.account("C-1", row_version=10),
    master.account("C-2", row_version=11),
    master.account("C-2", name="Adatum", message="Update", row_version=12, at=LATER),
    master.merge("account", "C-2", into="C-1"),
    master.account("C-3", company=None, msdyn_company=lookup("cdm_company", "gbpm", "Contoso Britain"), row_version=13),
    master.contract("CTR-1", customer="C-1", row_version=20),
    master.contract("CTR-1", number="CTR-1A", customer="C-1", message="Update", row_version=21, at=LATER),
    master.contract("CTR-2", company=None, unit="Robotics", row_version=22),
    master.project("PRJ-1", contract="CTR-1", row_version=30),
    master.project("PRJ-1", number="PRJ-9", contract="CTR-1", message="Update", row_version=31, at=LATER),
    master.project("PRJ-2", company=None, unit="Robotics", statecode=option(1), row_version=32),
    master.deletion("msdyn_project", "PRJ-2", at="2026-09-01T08:00:00Z"),
    master.contract_line("L-1", "CTR-1", project="PRJ-1", row_version=40),
    master.contract_line("L-2", "CTR-1", sequence=None, project="PRJ-1", row_version=41),
    master.contract_line("L-2", "CTR-2", sequence=2, project="PRJ-2", message="Update", row_version=42, at=LATER),
    master.contract_line("L-3", "CTR-2", row_version=43),
    master.contract_line("L-3", "CTR-2", message="Delete", row_version=43, at=LATER),
    master.split_rule("S-1", "CTR-1", "C-1", "60", row_version=50),
    master.split_rule("S-2", "CTR-1", "C-3", "39", row_version=51),
    master.product("P-1", row_version=60),
    master.account("M-1", masterid=lookup("account", "M-2"), merged=True, row_version=70),
    master.account("M-2", masterid=lookup("account", "M-3"), merged=True, row_version=71),
    master.account("M-3", masterid=lookup("account", "M-1"), merged=True, row_version=72),
    master.exchange_rate("R-1", "GBP", "USD", "1.25", "2026-01-05", row_version=80),
    master.exchange_rate("R-2", "GBP", "USD", "1.26", "2026-01-05", row_version=81),
    master.exchange_rate("R-2", "GBP", "USD", "1.26", "2026-02-05", message="Update", row_version=82, at=LATER),
    master.exchange_rate("R-3", "GBP", "USD", "1.27", "2026-01-05", row_version=83),
    master.exchange_rate("R-4", "GBP", "USD", "1.28", "2026-02-05", row_version=84),
)


def arrived(context: Context) -> ArrivedRow:
    [event] = row_events(context, LATER)
    row = to_master_row(RowEvent.read(event.detail))
    assert row
    return row


ARRIVED = tuple(map(arrived, ROWS))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session("test", "test", region_name="us-east-1").client("dynamodb")


_numbers = count(1)


def end(client: Any, rows: Sequence[ArrivedRow]) -> list[dict[str, Any]]:
    """What is stored after these deliveries, but for events, names that nobody has, and what was there before."""
    suffix = f"-{next(_numbers)}"
    table = tables.create(client, suffix, only="MasterDataTable").master_data_table
    settling = Settling(MasterData(client, table), lambda: {"Robotics": "USPM"}, lambda: True, "2026-08-31T09:00:00Z")
    for row in rows:
        settling.arrived(row)
    found = [item for item in tables.contents(client, table) if item["sk"] != "NAME" or "g" in item]
    found = [item for item in found if not item["pk"].startswith("OUTBOX#")]
    client.delete_table(TableName=table)
    found = [item for item in found if item.keys() > {"pk", "sk"}]  # a month whose days nobody has any more
    written = {"ch": 0, "ve": 0}
    return sorted(({**_without_history(item), **written} for item in found), key=lambda item: (item["pk"], item["sk"]))


def _without_history(item: dict[str, Any]) -> dict[str, Any]:
    """An item without what tells of the way there: who has had its name, the names of its row before, what has left."""
    return {name: value for name, value in item.items() if not name.startswith("w_") and name not in ("en", "fe")}


@pytest.fixture(scope="module")
def in_order(client: Any) -> list[dict[str, Any]]:
    return end(client, ARRIVED)


@settings(
    max_examples=thorough(4, 40),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations(range(len(ARRIVED))), repeated=st.lists(st.integers(0, len(ARRIVED) - 1), max_size=4))
def test_any_order_ends_in_the_same_items(
    client: Any, in_order: list[dict[str, Any]], order: list[int], repeated: list[int]
) -> None:
    assert end(client, [ARRIVED[position] for position in (*order, *repeated)]) == in_order


def test_the_items_are_those_that_a_person_expects(in_order: list[dict[str, Any]]) -> None:
    placed: dict[str, list[Any]] = {}
    for item in in_order:
        if item["sk"] == "NAME":
            _, part, company, number = item["pk"].split("#")
            placed.setdefault(part, []).append((company, number, item.get("st")))

    assert placed["projects"] == [("USPM", "PRJ-2", "deleted"), ("USPM", "PRJ-9", None)]
    assert placed["contracts"] == [("USPM", "CTR-1A", None), ("USPM", "CTR-2", None)]
    assert ("GBPM", "C-3", None) in placed["customers"]
    assert ("USPM", "CTR-1A-1", None) in placed["contract_lines"]
    troubled = {item["pk"]: item.get("pb", item.get("wa")) for item in in_order if "pb" in item or "wa" in item}
    assert sorted(str(text).split(":")[0] for text in troubled.values()) == [
        *["duplicate_rate"] * 2,
        *["merge_cycle"] * 3,
        "split_not_whole",
    ]
    (rates,) = (item["d"] for item in in_order if item["sk"] == "RATES")
    assert rates == "2026-01-05=1.27/1\n2026-02-05=1.26/1"
