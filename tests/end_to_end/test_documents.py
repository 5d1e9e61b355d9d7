"""Documents of invoices on a whole stack beside Dataverse: made, mailed and told of, in time or a day late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest

from dataverse_standin import Settings
from dataverse_standin.metadata import text
from local import demo
from local.cloudformation import STACK_NAME
from local.connected import Site, connected
from operate import redrive
from operate.documents import read_setup
from project_invoicing.dataverse.maps import OVERRIDES_VARIABLE, table_maps
from project_invoicing.errors import Unavailable
from project_invoicing.store import client
from project_invoicing.use_cases.invoice_documents.make import Making
from tests.own_events import invoice_posted
from tests.sockets import loopback

pytestmark = pytest.mark.engine

LINK, STATE = "cr123_documentlink", "cr123_documentstate"
OVERRIDES = json.dumps({"invoices_write_back": {"document_link": LINK, "document_state": STATE}})
ADDRESS = {"street": "1 Main Street", "city": "Springfield", "postal_code": "01101", "country": "US"}


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A stack whose company asks for documents, and whose customers get mails."""
    monkeypatch.setenv(OVERRIDES_VARIABLE, OVERRIDES)
    table_maps.cache_clear()
    own = Settings(columns={"invoice": {LINK: text(200), STATE: text(50)}})
    with loopback(), connected(demo.BEGINS, demo.ZONE, engine="moto", settings=own, overrides=OVERRIDES) as made:
        yield made
    table_maps.cache_clear()


def invoiced(site: Site, *hours: str) -> list[str]:
    """Work of so many hours, each with a proforma of its own that finance posts: the proformas."""
    business = site.business
    work = business.engagement(unit="Contoso Robotics US", cost_rate=100, bill_rate=200, resource="Bob Kozack")
    document = read_setup(demo.SETUP)
    document["companies"]["USPM"]["document"] = {"legal_name": "Contoso", "address": ADDRESS, "tax_id": "US-1"}
    for customer in document["customers"]["USPM"].values():
        customer.update(address=ADDRESS, tax_id="US-2")
        customer["delivery"] = {"channel": "mail", "address": "ap@adatum.example"}
    site.load(document)
    drafts = []
    for quantity in hours:
        business.approve(business.submit_time(work, quantity, date(2026, 8, 24)))
        business.ready_to_invoice(work.contract)
        drafts.append(business.create_proforma(work.contract, date(2026, 8, 31)))
        site.rows.update("invoice", drafts[-1], {"billto_name": "Adatum"})
        business.confirm(drafts[-1])
    site.go_to("2026-09-01T02:00:00Z")
    site.settle()
    for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
        site.run(function)
    return drafts


def differing(site: Site) -> list[str]:
    """The checks of a reconciliation that have found something."""
    report = site.run("reconciliation")
    assert report["complete"]
    return [check["name"] for check in report["checks"] if check["found"]]


def test_wb_14_what_is_posted_while_the_function_is_down_is_made_mailed_and_told_once_after_a_redrive(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of failures: the queue gives up, the dead letters come again, some of them twice, and nobody waits."""
    with monkeypatch.context() as down:
        down.setattr(Making, "by_itself", lambda *_: (_ for _ in ()).throw(Unavailable("down")))
        drafts = invoiced(site, "8", "6")
        site.go_to("2026-09-02T02:00:00Z")
        site.settle()
        assert files(site) == []
        assert all(site.rows.get("invoice", draft)["msdyn_customerinvoicenumber"] for draft in drafts)
        site.run("audit_sealing")
        assert differing(site) == ["documents_missing"]

    options = redrive.Options("invoice_documents", STACK_NAME)
    sent = list(redrive.run(options))
    assert [letter.done for letter in sent] == ["queued again"] * 2
    site.stack.put([invoice_posted(site.at)] * 2)  # of the first of them
    site.stack.poll()

    result = site.result()
    numbers = sorted(invoice["invoice_number"] for invoice in result["invoices"])
    kept = [f"USPM/2026/{number}/invoice.{kind}" for number in numbers for kind in ("html", "pdf")]
    assert files(site) == sorted([*kept, *(f"outbox/mail/USPM/{number}-1.eml" for number in numbers)])
    rows = [site.rows.get("invoice", draft) for draft in drafts]
    assert {(row[LINK], row[STATE]) for row in rows} == {(key, "sent") for key in kept if key.endswith("pdf")}
    told = [one for one in result["write_back"] if "document_state" in one["values"]]
    assert sorted((one["id"], one["state"], *one["values"].values()) for one in told) == sorted(
        (draft, "done", row[LINK], "sent") for draft, row in zip(drafts, rows, strict=True)
    )
    site.run("audit_sealing")
    assert differing(site) == []
    assert site.stack.dead_letters() == []
    assert list(redrive.run(options)) == []
    site.rows.update("invoice", drafts[0], {STATE: "lost"})
    assert differing(site) == ["write_back_differs"]
    made = site.run("invoice_documents", make_all={"month": "2026-08"})
    assert (made["made"], made["there"]) == ([], 2)


def files(site: Site) -> list[str]:
    """The keys in the bucket of documents, each as often as something was put there."""
    versions = client.s3().list_object_versions(Bucket=site.stack.settings.document_bucket)
    return sorted(version["Key"] for version in versions.get("Versions", []))
