"""Rows of master data as their table maps read them, with the settings of an organization."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.dataverse import maps
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.found_rows import columns_of, inbound_maps, is_wanted
from project_invoicing.dataverse.master_rows import to_master_row
from project_invoicing.dataverse.odata import ENTITY_SETS
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.codes import MASTER_DATA_MAPS
from project_invoicing.domain.master_data import PARTS
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.errors import Rejected
from tests import master
from tests.builders import AT, Context, guid, lookup, option


@pytest.fixture
def overridden(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def override(**changes: Any) -> None:
        monkeypatch.setenv(maps.OVERRIDES_VARIABLE, json.dumps(changes))
        maps.table_maps.cache_clear()

    yield override
    maps.table_maps.cache_clear()


def read(context: Context) -> ArrivedRow | None:
    [event] = row_events(context, AT)
    return to_master_row(RowEvent.read(event.detail))


def columns(context: Context) -> Any:
    row = read(context)
    assert row
    return row.columns


def test_the_maps_of_master_data_come_before_those_of_documents_and_each_table_has_its_set() -> None:
    tables = list(inbound_maps())
    assert {inbound_maps()[table].name for table in tables[: len(MASTER_DATA_MAPS)]} == MASTER_DATA_MAPS
    assert tables[len(MASTER_DATA_MAPS) :] == ["invoice", "msdyn_actual", "msdyn_transactionconnection"]
    assert set(tables) <= ENTITY_SETS.keys()
    assert PARTS.keys() < set(tables)


@pytest.mark.parametrize(
    ("context", "taken"),
    [
        (master.account("a"), True),
        (master.account("a", customertypecode=option(10)), False),
        (master.account("a", customertypecode=None), True),
        (master.contact("c", msdyn_sellable=False), False),
        (master.contract("o", msdyn_ordertype=option(192350000)), False),
        (master.contract_line("l", "o", msdyn_linetype=option(690970001)), False),
        (master.project("p"), True),
    ],
)
def test_a_row_outside_of_the_filter_is_ignored_and_one_without_the_column_is_not(
    context: Context, taken: bool
) -> None:
    [event] = row_events(context, AT)
    assert (read(context) is not None, is_wanted(event)) == (taken, taken)


@pytest.mark.parametrize(
    ("context", "field"),
    [
        (master.account("a", customertypecode={"x": 1}), "customertypecode"),
        (master.contact("c", msdyn_sellable="yes"), "msdyn_sellable"),
        (master.exchange_rate("r", "GBP", "USD", "0", "2026-01-05"), "msdyn_exchangerate"),
        (master.exchange_rate("r", "GBP", "USD", "-1.25", "2026-01-05"), "msdyn_exchangerate"),
        (master.currency("CHF", currencyprecision=-1), "currencyprecision"),
        (master.currency("CHF", currencyprecision="1.5"), "currencyprecision"),
        (master.split_rule("s", "o", "a", "-40"), "msdyn_billingsplitpercentage"),
    ],
)
def test_a_value_that_nothing_can_be_computed_with_is_refused_by_its_column(context: Context, field: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(context)
    assert refused.value.field == field


@pytest.mark.parametrize("type", [None, "", " ", "Default"])
def test_a_rate_that_names_no_type_is_one_to_convert_with(type: str | None) -> None:
    named = master.exchange_rate("r", "GBP", "USD", "1.25", "2026-01-05", msdyn_exchangeratetypename=type)
    assert columns(named)["type"] == "default"


def test_of_two_company_columns_the_first_with_a_value_counts() -> None:
    owning = master.project("p", company=None, msdyn_owningcompany=lookup("cdm_company", "GBPM"))
    assert columns(owning)["company"] == ["cdm_company", guid("GBPM")]
    both = master.project("p", company="USPM", msdyn_owningcompany=lookup("cdm_company", "GBPM"))
    assert columns(both)["company"] == ["cdm_company", guid("USPM")]


def test_names_codes_filter_and_factor_are_settings(overridden: Any) -> None:
    overridden(
        accounts={
            "number": "cr_number",
            "customer_type": "cr_type",
            "on_hold": "msdyn_onholdstatus",
            "codes": {"customer_type": {"7": "customer"}, "on_hold": {"1": "on_hold", "2": "not_on_hold"}},
        },
        exchange_rates={"factor": 100},
        organizational_units={"company": "cr_company"},
        projects={"investment": "cr_investment"},
    )
    given: dict[str, Any] = {
        "accountnumber": None,
        "cr_number": "C-9",
        "cr_type": option(7),
        "msdyn_onholdstatus": option(1),
    }
    assert columns(master.account("a", **given)).items() >= {"number": "C-9", "on_hold": True}.items()
    assert read(master.account("a", **{**given, "cr_type": option(3)})) is None
    assert {"cr_number", "cr_type", "msdyn_onholdstatus"} <= set(columns_of("account"))
    assert columns(master.project("p", cr_investment=True))["investment"] is True
    rate = columns(master.exchange_rate("r", "GBP", "USD", "125", "2026-01-05"))
    assert (rate["rate"], rate["factor"], rate["type"]) == ("125", "100", "default")
    unit = master.unit("Robotics", cr_company=lookup("cdm_company", "USPM"))
    assert columns(unit)["company"] == ["cdm_company", guid("USPM")]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"exchange_rates": {"factor": 0}}, "factor must be a whole number from 1, such as 100, not 0"),
        ({"projects": {"factor": 100}}, "no field 'factor'"),
        ({"accounts": {"kind": "x"}}, "customer_type, on_hold, credit_hold, custom, codes, dates and date_bounds"),
    ],
)
def test_a_setting_that_cannot_be_says_what_can(overridden: Any, changes: Any, problem: str) -> None:
    overridden(**changes)
    with pytest.raises(ValueError, match=problem):
        maps.table_maps()


def test_a_row_that_is_only_part_of_one_is_refused_with_what_to_do() -> None:
    with pytest.raises(Rejected, match="msdyn_subject has no value; fill it in, and register the step with a post"):
        read(master.project("p", msdyn_subject=None))


def test_a_deletion_needs_no_columns_and_a_merge_only_the_two_rows() -> None:
    gone = read(master.deletion("msdyn_project", "p"))
    assert gone
    assert (gone.deleted, gone.columns) == (True, None)
    merged = read(master.merge("account", "a", into="b"))
    assert merged
    assert (merged.id, merged.merged_into, merged.columns) == (guid("a"), guid("b"), None)
    with pytest.raises(Rejected, match="SubordinateId or Target is missing; send the whole context"):
        read(master.merge("account", "a", into="b") | {"InputParameters": []})
