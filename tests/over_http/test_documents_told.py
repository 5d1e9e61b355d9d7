"""Dataverse is told over HTTP of the document of an invoice, by a stack that makes it and mails it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from dataverse_standin import Settings
from dataverse_standin.metadata import text
from local import demo
from local.connected import Site, connected
from operate.documents import read_setup
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from tests.sockets import loopback

pytestmark = pytest.mark.engine

LINK, STATE = "cr123_documentlink", "cr123_documentstate"
OVERRIDES = json.dumps({"invoices_write_back": {"document_link": LINK, "document_state": STATE}})
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "postal_code": "01101", "country": "US"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(OVERRIDES_VARIABLE, OVERRIDES)
    table_maps.cache_clear()
    own = Settings(columns={"invoice": {LINK: text(200), STATE: text(50)}})
    with loopback(), connected(demo.BEGINS, demo.ZONE, engine="moto", settings=own, overrides=OVERRIDES) as made:
        yield made
    table_maps.cache_clear()


def test_wb_14_the_invoice_in_dataverse_says_where_its_document_is_and_that_it_was_mailed(site: Site) -> None:
    business = site.business
    work = business.engagement(unit="Contoso Robotics US", cost_rate=100, bill_rate=200, resource="Bob Kozack")
    document = read_setup(demo.SETUP)
    document["companies"]["USPM"]["document"] = {"legal_name": "Contoso", "address": ADDRESS, "tax_id": "US-1"}
    for customer in document["customers"]["USPM"].values():
        customer.update(address=ADDRESS, tax_id="US-2")
        customer["delivery"] = {"channel": "mail", "address": "ap@adatum.example"}
    site.load(document)
    business.approve(business.submit_time(work, "8", date(2026, 8, 24)))
    business.ready_to_invoice(work.contract)
    draft = business.create_proforma(work.contract, date(2026, 8, 31))
    site.rows.update("invoice", draft, {"billto_name": "Adatum"})
    business.confirm(draft)
    site.go_to("2026-09-01T02:00:00Z")
    site.settle()
    for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
        site.run(function)

    (invoice,) = site.result()["invoices"]
    number = invoice["invoice_number"]
    row = site.rows.get("invoice", draft)
    assert (row[LINK], row[STATE]) == (f"USPM/{invoice['invoice_date'][:4]}/{number}/invoice.pdf", "sent")
    assert row["msdyn_customerinvoicenumber"] == number
    told = [one for one in site.result()["write_back"] if "document_state" in one["values"]]
    values = {"document_link": row[LINK], "document_state": "sent"}
    assert told == [{"entity": "invoice", "id": draft, "values": values, "state": "done"}]
    site.run("audit_sealing")
    report = site.run("reconciliation")
    assert (report["differences"], report["complete"]) == (0, True), report
    assert site.stack.dead_letters() == []

    site.rows.update("invoice", draft, {STATE: "lost"})
    report = site.run("reconciliation")
    assert [check["name"] for check in report["checks"] if check["found"]] == ["write_back_differs"]
