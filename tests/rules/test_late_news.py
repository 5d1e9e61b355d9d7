"""What arrives after the import and before the posting still counts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import actual, connection, guid
from tests.harness import World
from tests.setups import document

RATES = [
    {"from": "GBP", "to": "USD", "valid_from": "2026-08-01", "rate": "140", "factor": "100"},
    {"from": "GBP", "to": "USD", "valid_from": "2026-08-20", "rate": "150", "factor": "100"},
]


@pytest.fixture
def floating(world: World) -> World:
    world.load(document(("contracts.CTR-1.fixed_exchange_rate", None), exchange_rates=RATES))
    return world


def sale(name: str, day: str, quantity: str, **columns: Any) -> Any:
    sold = {"transaction_type": "unbilled_sales", "currency": "GBP", "start": day, "document_date": day}
    return actual(name, **{**sold, "quantity": quantity, **columns})


def rates(world: World) -> dict[str, str]:
    lines = [line for journal in world.result()["journals"] for line in journal["lines"]]
    return {line["actual_id"]: line["price_exchange_rate"] for line in lines}


def test_fxr_13_a_reversal_that_was_imported_before_its_connection_takes_its_originals_rate(floating: World) -> None:
    floating.deliver(sale("sold", "2026-08-10", "8"), sale("taken-back", "2026-08-25", "-8"))
    floating.run("staging_import")
    assert rates(floating) == {guid("sold"): "140", guid("taken-back"): "150"}

    floating.deliver(connection("link", "taken-back", "Reversing", "sold", "Original"))
    floating.run("staging_import")
    assert rates(floating) == {guid("sold"): "140", guid("taken-back"): "140"}


def test_skip_01_skip_sync_that_comes_after_the_import_takes_the_line_away(floating: World) -> None:
    floating.deliver(sale("sold", "2026-08-10", "8", row_version=1))
    floating.run("staging_import")
    floating.deliver(sale("sold", "2026-08-10", "8", skip_sync=True, message="Update", row_version=2))
    floating.run("staging_import")

    assert rates(floating) == {}
    assert [row["state"] for row in floating.result()["staging"]] == ["skipped"]


def test_an_actual_in_an_unknown_currency_is_imported_once_the_currency_is_there_and_it_is_replayed(
    floating: World,
) -> None:
    known = document(("references.transactioncurrency." + guid("XAU"), "XAU"), exchange_rates=RATES)
    floating.load(known)
    floating.deliver(actual("gold", currency="XAU"))
    floating.run("staging_import")
    assert [(row["id"], row["reason"]) for row in floating.result()["rejected"]] == [(guid("gold"), "currency_unknown")]

    rate = {"from": "XAU", "to": "USD", "valid_from": "2026-01-01", "rate": "2000", "factor": "1"}
    floating.load(
        {**known, "currencies": {**known["currencies"], "XAU": {"precision": "0.001"}}, "exchange_rates": [rate]}
    )
    assert floating.edit("replay", entity="msdyn_actual", id=guid("gold"))["outcome"] == "pending"
    floating.run("staging_import")
    assert floating.result()["rejected"] == []
    assert [row["state"] for row in floating.result()["staging"]] == ["imported"]
