"""The parts of the stand-in together: what the business writes is what the integration reads, both ways, and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dataverse_standin.business import Business, Engagement
from dataverse_standin.messages import Headers, Request, to_json
from dataverse_standin.metadata import TABLES, Kind
from dataverse_standin.rows import Lookup, Rows
from dataverse_standin.settings import Settings
from dataverse_standin.web_api import WebApi
from dataverse_standin.webhooks import Post, Step, WebhookKey, Webhooks
from project_invoicing.dataverse.context import parse_json, row_events
from project_invoicing.dataverse.mapping import (
    actual_write_back,
    invoice_write_back,
    to_actual,
    to_connection,
    to_proforma,
)
from project_invoicing.dataverse.row_events import RowEvent

NOW = datetime(2026, 8, 27, 16, 5, tzinfo=UTC)
STEPS = [
    Step("msdyn_actual", "Create"),
    Step("msdyn_actual", "Update"),
    Step("msdyn_transactionconnection", "Create"),
    Step("invoice", "Update"),
]


class Told:
    """The bus events of all that the webhook got."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, post: Post) -> int:
        self.events += [event.detail for event in row_events(parse_json(post.body), "2026-08-27T16:06:00Z")]
        return 200

    def of(self, entity: str) -> Iterator[dict[str, Any]]:
        return (event for event in self.events if event["entity"] == entity)


@pytest.fixture
def rows() -> Rows:
    return Rows(lambda: NOW, seed="together")


@pytest.fixture
def business(rows: Rows) -> Business:
    return Business(rows, lambda: NOW, ZoneInfo("America/New_York"))


@pytest.fixture
def api(rows: Rows) -> WebApi:
    return WebApi(rows, Settings(), "https://contoso.crm.dynamics.com")


def billed(business: Business, engagement: Engagement) -> str:
    """Eight hours from entry to a confirmed proforma; gives its id."""
    business.approve(business.submit_time(engagement, "8"))
    business.ready_to_invoice(engagement.contract)
    proforma = business.create_proforma(engagement.contract)
    business.confirm(proforma)
    return proforma


def test_what_the_business_writes_is_read_by_the_table_maps(rows: Rows, business: Business) -> None:
    told = Told()
    hooks = Webhooks(rows, told, STEPS, WebhookKey("secret"))
    proforma = billed(business, business.engagement())
    hooks.deliver()

    assert hooks.failed == []
    actuals = {actual.id: actual for actual in map(to_actual, map(RowEvent.read, told.of("msdyn_actual")))}
    assert sorted((str(actual.transaction_type), str(actual.amount)) for actual in actuals.values()) == [
        ("billed_sales", "1600.00"),
        ("cost", "800.00"),
        ("unbilled_sales", "-1600.00"),
        ("unbilled_sales", "1600.00"),
    ]
    connections = [to_connection(RowEvent.read(event)) for event in told.of("msdyn_transactionconnection")]
    ends = {id for found in connections if found is not None for id in (found.actual_id, found.linked_id)}
    assert ends == set(actuals)
    header = [to_proforma(RowEvent.read(event)) for event in told.of("invoice")][-1]
    assert (header.id, str(header.total)) == (proforma, "1600.00")


def test_what_the_business_writes_fits_the_tables_of_the_web_api(rows: Rows, business: Business, api: WebApi) -> None:
    billed(business, business.engagement())
    kinds: dict[Kind, type | tuple[type, ...]] = {
        Kind.CODE: int,
        Kind.MONEY: Decimal,
        Kind.DECIMAL: (Decimal, int),
        Kind.FLAG: bool,
        Kind.LOOKUP: Lookup,
        Kind.TEXT: str,
        Kind.INSTANT: (date, str),
    }

    for table in TABLES.values():
        for row in rows.select(table.entity):
            for name, column in table.columns.items():
                if row.get(name) is not None and column.kind in kinds:
                    assert isinstance(row[name], kinds[column.kind]), (table.entity, name, row[name])
                    assert column.kind is not Kind.LOOKUP or row[name].entity in column.targets, (table.entity, name)
        request = Request("GET", f"{table.set_name}?$count=true", Headers({"Prefer": 'odata.include-annotations="*"'}))
        response = api.answer(request)
        assert response.status == 200
        assert json.loads(response.body)["@odata.count"] == len(rows.select(table.entity))


def test_the_write_back_is_taken_and_announced(rows: Rows, business: Business, api: WebApi) -> None:
    proforma = billed(business, business.engagement())
    (actual,) = rows.select("msdyn_actual", msdyn_invoice=proforma)
    told = Told()
    hooks = Webhooks(rows, told, STEPS, WebhookKey("secret"))
    written = actual_write_back(
        accounting_amount=Decimal("2000.00"),
        exchange_rate=Decimal("1.25"),
        voucher="PIV-0001",
        sales_tax_amount=Decimal("0.10"),
    )
    posted = invoice_write_back(invoice_number="CIV-0001", invoice_date="2026-08-31", sales_tax_amount=Decimal("0.10"))

    for target, columns in ((f"msdyn_actuals({actual['msdyn_actualid']})", written), (f"invoices({proforma})", posted)):
        request = Request("PATCH", target, Headers({"If-Match": "*"}), to_json(columns).encode())
        assert api.answer(request).status == 204

    after = rows.get("msdyn_actual", actual["msdyn_actualid"])
    assert {name: after[name] for name in written} == written
    assert rows.get("invoice", proforma)["msdyn_customerinvoicedate"] == date(2026, 8, 31)
    assert [job.ids for job in hooks.deliver()] == [(actual["msdyn_actualid"],), (proforma,)]
