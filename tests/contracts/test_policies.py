"""Each function's role allows what the function does in the scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from local import ROOT, run
from local.template import read
from project_invoicing.dataverse.maps import table_maps
from project_invoicing.dataverse.webhook_keys import sign
from project_invoicing.domain.actor import BY_SCHEDULE
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.errors import Unavailable
from project_invoicing.store import client, history, setups
from project_invoicing.store.sealable import MARKED
from project_invoicing.store.transactions import transact
from tests import master, policies
from tests.audit.stack import book
from tests.builders import actual, connection, lookup, multiple, option, proforma, to_json
from tests.dataverse import FakeDataverse
from tests.event_samples import stripped
from tests.rules.finance import finance
from tests.scenario_samples import options_of
from tests.site import NOW, running

SCENARIOS = sorted((ROOT / "events" / "scenarios").iterdir())
IN_EACH_RUN = [folder for folder in SCENARIOS if folder.name != "quarter"]
"""``tests/scenarios/test_quarter.py`` plays the quarter so."""


@pytest.mark.parametrize("scenario", IN_EACH_RUN, ids=lambda folder: str(folder.name))
def test_a_function_does_only_what_its_role_allows(scenario: Path) -> None:
    with policies.enforced() as noted:
        run.run(options_of(scenario, engine="moto"))

    assert noted


def test_webhook_catch_up_and_maps_do_only_what_their_roles_allow() -> None:
    dataverse = FakeDataverse()
    link = connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=2)
    with policies.enforced() as noted, running(dataverse) as site, site.connected():
        site.change_secret(signing_secret="a-secret-to-sign-with")
        signed = {"x-webhook-key": site.key} | _signed(to_json(actual("a", row_version=1)))
        site.post(to_json(actual("a", row_version=1)), headers=signed)
        with patch("project_invoicing.bus.Bus.publish", side_effect=Unavailable("down")):
            body = to_json(proforma("p", row_version=3))
            site.post(body, headers={"x-webhook-key": site.key} | _signed(body))
        site.post("not JSON")
        site.map("pause", "invoices")
        site.map("pause", "actuals")
        site.send(proforma("p", row_version=3), stripped(multiple(actual("a"))), actual("a", row_version=1))
        site.map("resume", "invoices")
        site.map("stop", "actuals")
        site.map("start", "actuals")
        dataverse.apply(actual("a", row_version=1), link)
        site.sweep()
        dataverse.apply(
            link | {"MessageName": "Delete", "PreEntityImages": []}, actual("large", description="x" * 300_000)
        )
        site.sweep()
        assert site.dead_letters() == []
    used = {use for use in noted if use.function in {"dataverse_webhook", "dataverse_catchup"}}
    unused = {use for use in policies.allowed() if use.function in {"dataverse_webhook", "dataverse_catchup"}} - used
    assert {use.resource for use in unused} <= {"DataverseCredentials"}, unused


@pytest.fixture
def own_maps() -> Iterator[None]:
    """The table maps are read again, and once more by the next test."""
    table_maps.cache_clear()
    yield
    table_maps.cache_clear()


@pytest.mark.usefixtures("own_maps")
def test_master_data_sync_does_only_what_its_role_allows_and_all_of_it() -> None:
    stopped = master.contract("CTR-9", company="USPM", msdyn_psastate=option(7), row_version=9)
    overrides = json.dumps({"organizational_units": {"company": "cr_company"}})
    template = read(ROOT / "template.yaml", TableMapOverrides=overrides)
    with patch("tests.site.TEMPLATE", template), policies.enforced() as noted, running(FakeDataverse()) as site:
        site.map("pause", "products")
        site.send(
            master.project("PRJ-1", company=None, unit="Robotics", row_version=2),
            master.unit("Robotics", row_version=3),
            master.company("USPM", row_version=4),
            master.product("P-1", row_version=5),
            master.product("P-1", row_version=5),
            stopped,
        )
        setups.load(client.dynamodb(), site.names.setup_table, finance(units={"Robotics": "USPM"}), NOW)
        site.stack.drain()
        company = {"cr_company": lookup("cdm_company", "GBPM")}
        with_company = master.unit("Robotics", message="Update", row_version=6, at="2026-08-31T10:00:00Z", **company)
        site.send(master.company("GBPM", row_version=7), with_company)
        site.stack.invoke("master_data_sync", {"source": "aws.events", "time": NOW, "detail": {}})
        assert site.dead_letters() == []
    used = {use for use in noted if use.function == "master_data_sync"}
    unused = {use for use in policies.allowed() if use.function == "master_data_sync"} - used
    assert {use.action.split(":")[0] for use in unused} <= {"sqs"}, unused


def test_audit_sealing_does_only_what_its_role_allows_and_all_of_it() -> None:
    dataverse = FakeDataverse()
    with policies.enforced() as noted, running(dataverse) as site:
        site.map("pause", "products")
        site.stack.invoke("audit_sealing", {"source": "aws.events", "time": NOW, "detail": {}})
        writes = [
            history.entry(table, "X", HistoryEntry(NOW, BY_SCHEDULE, Done.EDITED))
            for kind in MARKED
            if (table := getattr(site.names, f"{kind}_table"))
        ]
        transact(client.dynamodb(), writes)
        book(SimpleNamespace(client=client.dynamodb(), names=site.names, at=NOW), "one")
        with patch("project_invoicing.bootstrap.seal_bucket", return_value=SimpleNamespace(put=lambda *_: True)):
            site.stack.invoke("audit_sealing", {"source": "aws.events", "time": NOW, "detail": {}})
        site.stack.invoke("reconciliation", {"source": "aws.events", "time": NOW, "detail": {}})
        assert site.dead_letters() == []
    used = {use for use in noted if use.function == "audit_sealing"}
    unused = {use for use in policies.allowed() if use.function == "audit_sealing"} - used
    assert {use.action.split(":")[0] for use in unused} <= {"s3"}, unused


def _signed(body: str) -> dict[str, str]:
    moment = str(int(datetime.fromisoformat(NOW).timestamp()))
    signature = sign("a-secret-to-sign-with", moment, body.encode())
    return {"x-webhook-timestamp": moment, "x-webhook-signature": signature}
