"""Dataverse and finance together, over HTTP both ways: nothing reaches either but by webhook, sweep and write-back."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from rich.console import Console

from dataverse_standin import DeliveryFaults, Settings
from dataverse_standin.business import BillingMethod, Engagement
from local import demo
from local.connected import Site, connected
from operate.documents import read_setup
from project_invoicing.dataverse.mapping import actual_write_back, invoice_write_back
from project_invoicing.rules.ledger_formats.formats import ready_made
from tests.ledger_formats.books import balances, loaded, totals
from tests.ledger_formats.samples import posted, written
from tests.sockets import loopback
from tests.thorough import thorough

pytestmark = pytest.mark.engine

Row = dict[str, Any]

FINANCE = ("staging_import", "journal_posting", "staging_import", "invoice_posting", "invoice_posting")
"""A correction waits until the invoice that it corrects is posted, and is imported then: the second time posts it."""


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


def business_of_a_month(site: Site) -> None:
    """Work of every kind, a cancelled approval, a cut, a milestone, a retainer, and a correction, all in Dataverse."""
    business = site.business
    work: Engagement = business.engagement(unit="Contoso Robotics US", resource="Bob Kozack", bill_rate="133.35")
    fixed = business.add_contract_line(work.contract, work.project, BillingMethod.FIXED_PRICE, "CTR-1-2", ())
    sensor, airfare = business.add_product("P-100"), business.add_category("Airfare")
    site.load(read_setup(demo.SETUP))
    entries = [
        business.submit_time(work, hours, date(2026, 8, day))
        for hours, day in (("8", 24), ("7.25", 25), ("6", 26), ("4", 27))
    ]
    entries.append(business.enter_material(work, 12, sensor, date(2026, 8, 25), msdyn_unitcost=42, msdyn_price="49.99"))
    entries.append(
        business.enter_expense(
            work, 1, "345.67", date(2026, 8, 24), msdyn_price="380.24", msdyn_transactioncategory=airfare
        )
    )
    for entry in entries[4:]:
        business.submit(entry)
    for entry in entries:
        business.approve(entry)
    business.cancel_approval(entries[3])
    business.ready_to_invoice(work.contract, business.add_milestone(fixed, 5000, "Signing"))
    draft = business.create_proforma(work.contract, date(2026, 8, 31))
    cut = next(row for row in business.details(draft) if row["msdyn_quantity"] == Decimal("7.25"))
    business.edit_detail(cut["msdyn_invoicelinetransactionid"], quantity="5.5")
    business.confirm(draft)
    disputed = next(row for row in business.details(draft) if row["msdyn_quantity"] == 8)
    corrective = business.revise(draft, [disputed["msdyn_invoicelinetransactionid"]])
    (detail,) = business.details(corrective)
    business.edit_detail(detail["msdyn_invoicelinetransactionid"], quantity="6.5")
    business.confirm(corrective)


def told(site: Site) -> dict[str, Row]:
    """What the write-back has written on each actual and invoice of Dataverse."""
    columns = {
        "msdyn_actual": actual_write_back(
            accounting_amount=Decimal(1), exchange_rate=Decimal(1), voucher="V", sales_tax_amount=Decimal(1)
        ),
        "invoice": invoice_write_back(invoice_number="I", invoice_date="2026-08-31", sales_tax_amount=Decimal(1)),
    }
    return {
        row[f"{entity}id"]: {name: row.get(name) for name in names}
        for entity, names in columns.items()
        for row in site.rows.select(entity)
    }


def without_deliveries(result: dict[str, list[Row]]) -> dict[str, list[Row]]:
    counted = ("deliveries", "duplicates")
    staging = [{name: value for name, value in row.items() if name not in counted} for row in result["staging"]]
    return {**result, "staging": sorted(staging, key=lambda row: str(row["actual_id"]))}


def month(*, faults: DeliveryFaults | None = None, sweeps: int = 0, settings: Settings | None = None) -> Any:
    """The books and what Dataverse was told, after a month and as many sweeps before finance does its part."""
    with connected(demo.BEGINS, demo.ZONE, engine="moto", faults=faults, settings=settings) as site:
        business_of_a_month(site)
        site.go_to("2026-09-01T02:00:00Z")
        site.settle()
        for _ in range(sweeps):
            site.run("dataverse_catchup")
        for function in FINANCE:
            site.run(function)
        site.run("audit_sealing")
        report = site.run("reconciliation")
        assert (report["differences"], report["complete"]) == (0, True), report
        assert site.stack.dead_letters() == []
        return without_deliveries(site.result()), told(site)


@pytest.fixture(scope="module")
def undisturbed() -> Any:
    with loopback():
        return month()


def test_wb_01_wb_02_wb_07_fed_by_webhooks_alone_every_actual_is_written_back(undisturbed: Any) -> None:
    result, dataverse = undisturbed
    assert {row["state"] for row in result["staging"]} == {"posted", "skipped"}
    assert {update["state"] for update in result["write_back"]} == {"done"}
    posted = [row for row in result["staging"] if row["voucher"]]
    assert len(posted) > 20
    for row in posted:
        columns = dataverse[row["actual_id"]]
        assert columns["msdyn_vouchernumber"] == row["voucher"]
        assert columns["msdyn_accountingamount"] == Decimal(row["accounting_amount"])
        assert columns["msdyn_accountingexchangerate"] == Decimal(row["exchange_rate"])
        assert columns["msdyn_salestaxamount"] == Decimal(row["sales_tax_amount"])
    numbers = {row["msdyn_customerinvoicenumber"] for row in dataverse.values() if "msdyn_customerinvoicenumber" in row}
    assert numbers == {invoice["invoice_number"] for invoice in result["invoices"]}


def test_wb_03_wb_11_what_is_not_posted_is_not_written(undisturbed: Any) -> None:
    result, dataverse = undisturbed
    for row in result["staging"]:
        if row["state"] == "skipped":
            assert set(dataverse[row["actual_id"]].values()) == {None}


@pytest.mark.parametrize("seed", range(thorough(1, 6)))
def test_webhooks_lost_repeated_and_reordered_change_nothing_after_one_sweep(undisturbed: Any, seed: int) -> None:
    faults = DeliveryFaults(Random(seed), lost=0.3, doubled=0.3, reordered=True)  # noqa: S311  chance, no secret
    assert month(faults=faults, sweeps=1) == undisturbed


def test_without_any_webhook_one_sweep_brings_everything(undisturbed: Any) -> None:
    faults = DeliveryFaults(Random(1), lost=1.0)  # noqa: S311  chance, no secret
    assert month(faults=faults, sweeps=1) == undisturbed


def test_a_sweep_of_everything_changes_nothing_that_is_there(undisturbed: Any) -> None:
    assert month(sweeps=2) == undisturbed


def test_99_27_a_canceled_invoice_is_withdrawn_and_billed_once_it_is_active() -> None:
    """The sweep alone says so: no webhook arrives."""
    faults = DeliveryFaults(Random(1), lost=1.0)  # noqa: S311  chance, no secret
    with connected(demo.BEGINS, demo.ZONE, engine="moto", faults=faults) as site:
        work = site.business.engagement(unit="Contoso Robotics US", resource="Bob Kozack")
        site.load(read_setup(demo.SETUP))
        site.business.approve(site.business.submit_time(work, 8, date(2026, 8, 24)))
        site.business.ready_to_invoice(work.contract)
        draft = site.business.create_proforma(work.contract, date(2026, 8, 31))
        site.business.confirm(draft)

        def proposals() -> list[str]:
            site.settle()
            for function in ("dataverse_catchup", "staging_import", "journal_posting", "staging_import"):
                site.run(function)
            site.run("audit_sealing")
            assert site.run("reconciliation")["differences"] == 0
            return [proposal["status"] for proposal in site.result()["proposals"]]

        assert proposals() == ["ready"]
        site.business.cancel(draft)
        assert proposals() == []
        site.business.activate(draft)
        assert proposals() == ["ready"]


def test_the_demo_tells_the_same_story_whether_webhooks_get_lost_or_not() -> None:
    made = []
    for lost in (0.0, 0.3):
        console = Console(file=io.StringIO(), width=110)
        one = demo.run(demo.Options("moto", lost=lost), console)
        printed = console.file.getvalue()  # type: ignore[attr-defined]
        assert (one.differences, one.dead_letters) == (0, [])
        assert "unbilled_sales_not_posted" in printed
        assert [row["status"] for row in one.invoices] == ["posted", "posted"]
        made.append((without_deliveries(one.result), one.actuals, one.invoices))
    assert made[0] == made[1]

    lines = list(posted(one.result["vouchers"], {"USPM": "USD"}))
    [book] = written(ready_made("beancount"), lines).values()
    assert balances(loaded(book)) == totals(lines)
