"""Each function's role allows what the function does in the scenarios."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from local import ROOT, run
from project_invoicing.dataverse.webhook_keys import sign
from project_invoicing.errors import Unavailable
from tests import policies
from tests.builders import actual, connection, multiple, proforma, to_json
from tests.dataverse import FakeDataverse
from tests.event_samples import stripped
from tests.site import NOW, running

SCENARIOS = sorted((ROOT / "events" / "scenarios").iterdir())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda folder: str(folder.name))
def test_a_function_does_only_what_its_role_allows(scenario: Path) -> None:
    with policies.enforced() as noted:
        run.run(run.Options(setup=scenario / "setup.yaml", events=scenario / "events.jsonl", engine="moto"))

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


def _signed(body: str) -> dict[str, str]:
    moment = str(int(datetime.fromisoformat(NOW).timestamp()))
    signature = sign("a-secret-to-sign-with", moment, body.encode())
    return {"x-webhook-timestamp": moment, "x-webhook-signature": signature}
