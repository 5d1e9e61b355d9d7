"""The MasterData table: what its items say, and what becomes of rows that arrive."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from project_invoicing.config import Settings
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.store.items import typed_item
from project_invoicing.store.master_data import MasterData

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROJECT = "00000000-0000-4000-8000-0000000000a1"
CONTRACT = "00000000-0000-4000-8000-0000000000b1"


@pytest.fixture
def master(dynamodb: DynamoDBClient, names: Settings) -> MasterData:
    return MasterData(dynamodb, names.master_data_table)


def test_each_kind_of_key_is_read_as_what_stands_there_and_what_is_absent_is_none(
    dynamodb: DynamoDBClient, names: Settings, master: MasterData
) -> None:
    for item in (
        {
            "pk": f"ROW#msdyn_project#{PROJECT}",
            "sk": "ROW",
            "rv": 7,
            "ot": "2026-08-31T09:00:00.000Z",
            "h": "ab",
            "d": '{"number":"PRJ-1"}',
            "cc": "USPM",
            "nu": "PRJ-1",
        },
        {
            "pk": "NAME#projects#USPM#PRJ-1",
            "sk": "NAME",
            "g": f"msdyn_project#{PROJECT}",
            "d": '{"number":"PRJ-1"}',
            "f": '{"group":"TM"}',
        },
        {"pk": f"OF#{PROJECT}", "sk": "OF", f"c_salesorderdetail#{CONTRACT}": '{"contract":["salesorder","x"]}'},
        {"pk": "RATE#default#GBP#USD", "sk": "RATES", "d": "2026-01-05=1.25/1\n2026-02-01=130/100", "ve": 2},
    ):
        dynamodb.put_item(TableName=names.master_data_table, Item=typed_item(item))
    row, name = RowKey("msdyn_project", PROJECT), NameKey(Part.PROJECTS, "USPM", "PRJ-1")
    rates = RateKey("default", "GBP", "USD")
    absent = (RowKey("account", PROJECT), NameKey(Part.PRODUCTS, "", "P"), ChildrenKey(CONTRACT))

    read = master.read([row, name, ChildrenKey(PROJECT), rates, *absent])

    assert read == {
        row: SeenRow(
            "msdyn_project",
            PROJECT,
            RowVersion(7, "2026-08-31T09:00:00.000Z", "ab"),
            {"number": "PRJ-1"},
            company="USPM",
            number="PRJ-1",
        ),
        name: SeenName("msdyn_project", PROJECT, {"number": "PRJ-1"}, {"group": "TM"}),
        ChildrenKey(PROJECT): Children({("salesorderdetail", CONTRACT): {"contract": ["salesorder", "x"]}}),
        rates: Rates(
            (
                (date(2026, 1, 5), ExchangeRate(Decimal("1.25"), Decimal(1))),
                (date(2026, 2, 1), ExchangeRate(Decimal(130), Decimal(100))),
            )
        ),
    } | dict.fromkeys(absent)
