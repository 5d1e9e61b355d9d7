"""A look-up column of the organization's own goes every way: only Dataverse knows that it is one, and is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from dataverse_standin import DeliveryFaults, Settings
from dataverse_standin.metadata import lookup
from dataverse_standin.rows import Lookup
from local import demo
from local.connected import Site, connected
from operate.documents import read_setup
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from project_invoicing.store import client
from project_invoicing.store.staging import Staging
from tests.sockets import loopback

pytestmark = pytest.mark.engine

OVERRIDES = json.dumps({"actuals": {"custom": {"cr123_partner": "partner"}}})


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@pytest.fixture
def faults() -> DeliveryFaults:
    return DeliveryFaults(Random(1))  # noqa: S311  chance, no secret


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, faults: DeliveryFaults) -> Iterator[Site]:
    monkeypatch.setenv(OVERRIDES_VARIABLE, OVERRIDES)
    table_maps.cache_clear()
    own = Settings(columns={"msdyn_actual": {"cr123_partner": lookup("account")}})
    with connected(demo.BEGINS, demo.ZONE, engine="moto", faults=faults, settings=own, overrides=OVERRIDES) as made:
        yield made
    table_maps.cache_clear()


def partners(site: Site) -> dict[str, str | None]:
    """The custom column of each staged actual."""
    staging = Staging(client.dynamodb(), site.stack.settings.staging_table)
    staged = [row["actual_id"] for row in site.result()["staging"]]
    return {id: row.actual.custom.get("partner") for id, row in staging.rows(staged).items()}


def test_a_custom_look_up_comes_by_webhook_and_by_sweep_alike_and_what_has_it_is_written_back(
    site: Site, faults: DeliveryFaults
) -> None:
    business = site.business
    work = business.engagement(unit="Contoso Robotics US", cost_rate=100, bill_rate=200, resource="Bob Kozack")
    site.load(read_setup(demo.SETUP))
    entry = business.submit_time(work, "8", date(2026, 8, 24))
    business.approve(entry)
    site.settle()
    partner = business.add_customer("P-1", "USPM", "USD", "Fabrikam").id
    actuals: list[dict[str, Any]] = site.rows.select("msdyn_actual")
    by_webhook, by_sweep = (row["msdyn_actualid"] for row in actuals)
    site.rows.update("msdyn_actual", by_webhook, {"cr123_partner": Lookup("account", partner, "Fabrikam")})
    site.settle()
    assert partners(site) == {by_webhook: "Fabrikam", by_sweep: None}

    site.rows.update("msdyn_actual", by_sweep, {"cr123_partner": Lookup("account", partner, "Fabrikam")})
    faults.lost = 1.0
    swept = site.run("dataverse_catchup")["sweeps"]
    assert {sweep["outcome"] for sweep in swept} == {"complete"}
    assert partners(site) == {by_webhook: "Fabrikam", by_sweep: "Fabrikam"}

    for function in ("staging_import", "journal_posting"):
        site.run(function)
    told = {row.get("msdyn_accountingamount") for row in site.rows.select("msdyn_actual")}
    assert told == {Decimal(800), Decimal(1600)}
    report = site.run("reconciliation")
    assert (report["differences"], report["complete"]) == (0, True), report
    assert site.stack.dead_letters() == []
