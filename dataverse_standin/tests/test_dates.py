"""Dates and customers of the stand-in: what its columns hold, and that webhook and sweep bring the same of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dataverse_standin.business import Business
from dataverse_standin.messages import Headers, Request
from dataverse_standin.metadata import BEHAVIORS, TABLES, ZONELESS
from dataverse_standin.rows import Rows
from dataverse_standin.settings import Settings
from dataverse_standin.web_api import WebApi as Standin
from dataverse_standin.webhooks import Post, Step, WebhookKey, Webhooks
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.found_rows import columns_of, event_of
from project_invoicing.dataverse.mapping import to_actual, to_proforma
from project_invoicing.dataverse.maps import MAPS, DateBehavior
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.dataverse.web_api import WebApi
from project_invoicing.domain.actual import Actual, Proforma
from tests.replies import Reply

URL = "https://contoso.crm.dynamics.com"
STEPS = [Step("msdyn_actual", "Create"), Step("msdyn_actual", "Update"), Step("invoice", "Update")]
READ: Mapping[str, Any] = {"msdyn_actual": to_actual, "invoice": to_proforma}


class Tokens:
    def token(self, *, renewed: bool = False) -> str:
        return "token"


class Organization:
    """Dataverse late on 31 August in ``zone``, with what its webhook told and a client of its Web API."""

    def __init__(self, zone: str, settings: Settings | None = None) -> None:
        self.now = datetime(2026, 8, 31, 23, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        self.rows = Rows(lambda: self.now, seed="dates")
        self.business = Business(self.rows, lambda: self.now, ZoneInfo(zone))
        self.standin = Standin(self.rows, settings or Settings(), URL)
        # It stands in for the pool of connections: of that the client only calls `request`.
        self.client = WebApi(URL, Tokens(), pool=self)  # type: ignore[arg-type]
        self.asked: list[str] = []
        self.told: dict[tuple[str, str], Actual | Proforma] = {}
        self.hooks = Webhooks(self.rows, self.take, STEPS, WebhookKey("secret"))

    def take(self, post: Post) -> int:
        for event in row_events(parse_json(post.body), "2026-08-31T00:00:00Z"):
            entity = event.detail["entity"]
            self.told[entity, event.detail["id"]] = READ[entity](RowEvent.read(event.detail))
        return 200

    def request(self, method: str, url: str, *, headers: Mapping[str, str], **_: Any) -> Reply:
        self.asked.append(url)
        answer = self.standin.answer(Request(method, url.removeprefix(URL), Headers(headers)))
        return Reply(answer.status, answer.body, answer.headers)

    def swept(self, entity: str, ids: Iterable[str]) -> dict[tuple[str, str], Actual | Proforma]:
        """The rows as a sweep reads them, and as a repair does, which are the same."""
        columns = columns_of(entity)
        page = self.client.changes(entity, columns, None)
        repaired = self.client.rows(entity, ids, columns)
        made = [
            {
                (entity, found.id): READ[entity](RowEvent.read(event_of(found, "2026-08-31T00:00:00Z").detail))
                for found in some
            }
            for some in (page.rows, repaired)
        ]
        wanted = set(ids)
        of_page = {key: row for key, row in made[0].items() if key[1] in wanted}
        assert of_page == made[1]
        return of_page

    def billed(self, *, person: bool = False) -> str:
        engagement = self.business.engagement(person=person)
        self.business.approve(self.business.submit_time(engagement, "8"))
        self.business.ready_to_invoice(engagement.contract)
        proforma = self.business.create_proforma(engagement.contract)
        self.rows.update("invoice", proforma, {"duedate": date(2026, 9, 30)})
        self.business.confirm(proforma, accounting_date=date(2026, 9, 5))
        self.hooks.deliver()
        assert self.hooks.failed == []
        return proforma


def without_version(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__ if name != "version"}


def agree(organization: Organization, ids: Mapping[str, list[str]]) -> None:
    for entity, of_entity in ids.items():
        swept = organization.swept(entity, of_entity)
        assert set(swept) == {(entity, id) for id in of_entity}
        for key, row in swept.items():
            assert without_version(row) == without_version(organization.told[key])


@pytest.mark.parametrize("zone", ["America/New_York", "UTC", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12"])
@pytest.mark.parametrize("person", [False, True], ids=["account", "contact"])
def test_webhook_sweep_and_repair_bring_the_same(zone: str, person: bool) -> None:
    organization = Organization(zone)
    proforma = organization.billed(person=person)
    actuals = [str(row["msdyn_actualid"]) for row in organization.rows.select("msdyn_actual")]
    agree(organization, {"msdyn_actual": actuals, "invoice": [proforma]})
    header = organization.told["invoice", proforma]
    assert isinstance(header, Proforma)
    assert (header.invoice_date, header.due_date) == ("2026-08-31", "2026-09-30")
    assert header.customer
    assert header.customer.entity == ("contact" if person else "account")
    billed = [row for row in organization.told.values() if isinstance(row, Actual) and row.invoice]
    assert {row.accounting_date for row in billed} == {"2026-09-05"}
    assert {row.customer.entity for row in billed if row.customer} == {header.customer.entity}


def test_what_the_table_does_not_have_is_left_out_and_asked_for_once() -> None:
    organization = Organization("America/New_York")
    proforma = organization.billed()
    for _ in range(2):
        organization.client.rows("invoice", [proforma], columns_of("invoice"))
    definitions = [url for url in organization.asked if "EntityDefinitions" in url]
    assert len(definitions) == 1
    assert "Attributes?$select=LogicalName" in definitions[0]
    assert "msdyn_tzaaccountingdate" not in organization.asked[-1]
    assert "msdyn_accountingdate" in organization.asked[-1]


def test_what_it_has_is_read() -> None:
    columns = {"invoice": {"msdyn_tzaaccountingdate": ZONELESS}}
    organization = Organization("America/New_York", Settings(columns=columns))
    proforma = organization.billed()
    organization.rows.update("invoice", proforma, {"msdyn_tzaaccountingdate": date(2026, 9, 7)})
    organization.hooks.deliver()
    agree(organization, {"invoice": [proforma]})
    header = organization.told["invoice", proforma]
    assert isinstance(header, Proforma)
    assert header.accounting_date == "2026-09-07"


def test_the_maps_say_of_each_date_what_the_metadata_says() -> None:
    compared = 0
    for table_map in MAPS:
        for column in table_map.columns:
            there = TABLES[table_map.entity].columns.get(column.column)
            if column.behavior and there:
                instant = BEHAVIORS[there.kind] == "UserLocal"
                assert instant is (column.behavior is DateBehavior.INSTANT), column.column
                compared += 1
    assert compared == 12
