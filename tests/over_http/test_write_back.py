"""The write-back over HTTP: our function, msal and the client of the Web API against the stand-in for Dataverse."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from math import ceil
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from benchmarks.business import COMPANY
from dataverse_standin import Refused, Rows, Server, Settings, running
from local import engines
from local.functions import Handlers
from project_invoicing.dataverse.web_api import WebApi
from project_invoicing.secrets import Secret
from tests import policies
from tests.dataverse import queue
from tests.harness import TEMPLATE, World, sqs_batch
from tests.large import large_world
from tests.own_events import invoice_posted
from tests.posted import NUMBER, PROFORMA, posted_invoice
from tests.sockets import loopback

pytestmark = pytest.mark.engine

CANARY = "canary-Zx81-secret"
AT = "2026-08-31T13:00:00Z"


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@dataclass
class Organization:
    """A Dataverse with the proforma and with actuals, of which some are on no invoice."""

    rows: Rows
    settings: Settings
    server: Server

    def told(self, actual: str) -> dict[str, Any]:
        row = self.rows.get("msdyn_actual", actual)
        return {name: row.get(name) for name in ("msdyn_vouchernumber", "msdyn_accountingamount")}

    def credentials(self, **other: str) -> str:
        given = {"tenant_id": self.settings.tenant, "client_id": self.settings.client_id, "authority": self.server.url}
        return json.dumps(given | {"client_secret": self.settings.client_secret} | other)


@pytest.fixture
def organization() -> Iterator[Organization]:
    rows = Rows(lambda: datetime.now(UTC), seed="write-back")
    settings = Settings(client_secret=CANARY)
    with running(rows, settings) as server:
        yield Organization(rows, settings, server)


def fill(organization: Organization, actuals: list[str], *others: str) -> None:
    organization.rows.create("invoice", {"invoicenumber": "INV-0001"}, id=PROFORMA)
    for actual in (*actuals, *others):
        organization.rows.create("msdyn_actual", {"msdyn_amount": Decimal("100.00")}, id=actual)


def tell(world: World, organization: Organization, handlers: Handlers | None = None) -> Any:
    """The invoice's event, to the function with the addresses of this organization."""
    function = TEMPLATE.function("accounting_writeback")
    connected = {**function.environment, "DATAVERSE_URL": organization.server.url}
    event = invoice_posted(world.at, company=COMPANY, invoice_number=NUMBER)
    body = json.dumps({"detail-type": event.detail_type, "time": world.at, "detail": event.detail})
    return (handlers or world.handlers).call(replace(function, environment=connected), sqs_batch(body))


def test_a_thousand_actuals_go_back_while_every_fifth_batch_is_throttled(organization: Organization) -> None:
    organization.settings.faults.throttle_every_batch = 5
    batches: list[int] = []
    slept: list[float] = []
    send = WebApi._send

    def noted(self: WebApi, method: str, target: str, *given: Any) -> Any:
        answer = send(self, method, target, *given)
        if target.endswith("$batch"):
            batches.append(answer[0])
        return answer

    with large_world() as world:
        actuals = posted_invoice(world, 1_000)
        fill(organization, actuals, other := "00000000-0000-4000-8000-000000000001")
        with (
            patch.object(Secret, "read", lambda _: organization.credentials()),
            patch.object(WebApi, "_send", noted),
            patch.dict(WebApi.__init__.__kwdefaults__, sleep=slept.append),
        ):
            assert tell(world, organization) == {"batchItemFailures": []}
        states = {row["state"] for row in world.result()["write_back"]}
    assert states == {"done"}
    assert batches.count(200) <= 1.05 * ceil(len(actuals) / 100)
    assert batches.count(429) == len(slept) == 2
    told = [organization.told(actual) for actual in actuals]
    assert all(row["msdyn_vouchernumber"] and row["msdyn_accountingamount"] for row in told)
    assert organization.told(other) == {"msdyn_vouchernumber": None, "msdyn_accountingamount": None}
    assert organization.rows.get("invoice", PROFORMA)["msdyn_customerinvoicenumber"] == NUMBER


def test_no_secret_and_no_token_is_in_anything_that_is_logged_or_raised(
    organization: Organization, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """At the most talkative level of every library, when all goes well and when the secret is refused."""
    with engines.running("moto"), queue() as tasks, policies.enforced() as used:
        world = World(AT)
        actuals = posted_invoice(world, 3)
        fill(organization, actuals)
        organization.settings.faults.refuse[actuals[0]] = Refused("a plug-in refuses this")
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name="DataverseCredentials", SecretString=organization.credentials())
        handlers = Handlers(verbose=True)
        with caplog.at_level(logging.DEBUG):
            assert tell(world, organization, handlers) == {"batchItemFailures": []}
        assert organization.told(actuals[1])["msdyn_vouchernumber"]
        (token,) = organization.server._login._expiry

        refused = organization.credentials(client_secret=f"{CANARY}-no-more")
        secrets.update_secret(SecretId="DataverseCredentials", SecretString=refused)
        document = {"pk": {"S": f"WRITEBACK#invoice#{COMPANY}#{NUMBER}"}, "sk": {"S": "H"}}
        world.client.delete_item(TableName=world.names.staging_table, Key=document)
        organization.server._login._expiry.clear()
        with caplog.at_level(logging.DEBUG):
            failed = tell(world, organization, handlers)
        assert failed == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert tasks == []
    assert ("accounting_writeback", "secretsmanager:GetSecretValue", "DataverseCredentials") in used
    output = capfd.readouterr()
    texts = [output.out, output.err, caplog.text, *(str(record.__dict__) for record in caplog.records)]
    assert any("AccessDenied" in text for text in texts)
    for text in texts:
        assert CANARY not in text
        assert token not in text
