"""Reconciliation: differences made on purpose are found, each by its check with its id and amount, and repaired."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from rich.console import Console

from local import cli
from operate.answers import show_reconciliation
from project_invoicing import bootstrap
from project_invoicing.bus import Bus
from project_invoicing.config import settings
from project_invoicing.dataverse.mapping import actual_write_back, invoice_write_back
from project_invoicing.dataverse.maps import ACTUAL, CONNECTION, PROFORMA
from project_invoicing.domain.actor import How, person
from project_invoicing.domain.history import Done
from project_invoicing.domain.reconciliation import AGAINST_DATAVERSE, CHECKS, Difference
from project_invoicing.domain.states import MapAction
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.events import BusEvent
from project_invoicing.events.own import WriteBackRequested
from project_invoicing.store import rows
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.store.staged_rows import row_of
from project_invoicing.store.transactions import scan, transact, update
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.reconciliation import integration
from project_invoicing.use_cases.reconciliation.repair import Repairs
from project_invoicing.use_cases.reconciliation.run import NOT_CONNECTED, Outcome, Reconciliation
from project_invoicing.use_cases.write_back.fees import told_with_fees
from tests import policies
from tests.builders import Context, connection, guid, proforma
from tests.dataverse import FakeDataverse
from tests.harness import envelope
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance
from tests.rules.journals.cases import custom_columns
from tests.rules.stories import (
    IN_POUNDS,
    approval,
    bill,
    billed,
    bills,
    confirmation,
    confirmation_of_six_of_eight,
    confirmation_of_ten_for_eight,
    correction_to_six,
    correction_to_ten,
    cost,
    reverses,
    sale,
)

ENTITIES = (ACTUAL, CONNECTION, PROFORMA)


class Side:
    """Contoso's books and the Dataverse they belong to."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.dataverse = FakeDataverse()
        self.published: list[BusEvent] = []

    @property
    def stores(self) -> Stores:
        return Stores.read(self.books.world.client, self.books.world.names)

    def arrive(self, *contexts: Context) -> None:
        world = self.books._ready()
        for event in self.dataverse.take(*contexts):
            world.send(event)

    def lose(self, *contexts: Context) -> None:
        """Dataverse has them, and no message of them arrives."""
        self.dataverse.take(*contexts)

    def month(self) -> None:
        """A month in pounds with tax: approved, confirmed, journalised, posted, invoiced, written back."""
        self.books.use(finance(TAXED))
        self.arrive(*approval(**IN_POUNDS), *confirmation_in_pounds())
        self.books.journalise()
        self.books.import_staging()
        self.books.post_invoices()
        self.write_back()

    def write_back(self) -> None:
        """Dataverse is told, and the rows and invoices say so."""
        self.books._ready()
        stores = self.stores
        rows = [row_of(item) for item in scan(stores.staging.client, stores.staging.table, equal={"st": "posted"})]
        told_together = told_with_fees(stores.staging, [row.id for row in rows if row])
        for row in rows:
            if row and row.accounting_amount is not None:
                self.put(row.id, wb="done", wd=None)
                if row.actual.fee_of:
                    continue
                whole = told_together.get(row.id)
                one = replace(row, **whole.values) if whole and whole.values else row
                told = actual_write_back(
                    accounting_amount=one.accounting_amount or Decimal(0),
                    exchange_rate=one.exchange_rate or Decimal(1),
                    voucher=one.voucher,
                    sales_tax_amount=one.sales_tax_amount,
                )
                self.dataverse.change(ACTUAL, row.id, **told)
        for invoice in self.books.result["invoices"]:
            header = stores.proposals.invoices.get(invoice["company"], invoice["invoice_number"])
            assert header
            if header.borrower:
                continue  # Dataverse has no row of it
            told = invoice_write_back(
                invoice_number=header.invoice_number,
                invoice_date=header.invoice_date.isoformat(),
                sales_tax_amount=header.sales_tax,
            )
            self.dataverse.change(PROFORMA, header.proforma_id, **told)
            self.mark_invoice(header.company, header.invoice_number, ow="done")

    def mark_invoice(self, company: str, number: str, **values: Any) -> None:
        self._update(
            self.books.world.names.staging_table,
            f"WRITEBACK#invoice#{company}#{number}",
            "H",
            {"dn": 0, "fl": 0} | values,
        )

    def put(self, name: str, **values: Any) -> None:
        """Somebody changes a staging row by hand."""
        self._update(self.books.world.names.staging_table, guid(name), "A", values)

    def _update(self, table: str, pk: str, sk: str, values: Mapping[str, Any]) -> None:
        transact(self.books.world.client, [update(table, pk, sk, values, expected={"never": None})])

    def reconcile(self, *, time_left: Callable[[], bool] = lambda: True, connected: bool = True) -> Outcome:
        api = self.dataverse if connected else None
        return Reconciliation(self.stores, api, self.books.world.at, time_left).run()

    def differences(self) -> dict[str, list[Difference]]:
        outcome = self.reconcile()
        assert outcome.complete, outcome.report
        return {name: check.found for name, check in outcome.checks.items() if check.total}

    def repairs(self, *, connected: bool = True, who: str | None = None) -> Repairs:
        api = self.dataverse if connected else None
        return Repairs(self.stores, api, self._publish, self.books.world.at, person(who))

    def asked(self) -> list[Any]:
        """The documents that the write-back is asked for."""
        asked = [
            dict(event.detail["retry"]) for event in self.published if event.detail_type == WriteBackRequested.TYPE
        ]
        assert {one.pop("how") for one in asked} <= {How.COMMAND_LINE}
        return asked

    def _publish(self, events: Any) -> list[int]:
        self.published += events
        return []

    def deliver(self) -> None:
        """What the repairs put on the bus reaches its functions."""
        world = self.books._ready()
        for event in self.published:
            if event.source == "dataverse":
                world.send(event)
            elif event.detail_type == WriteBackRequested.TYPE:
                self.write_back()
            else:
                body = envelope(event.detail, world.at, event.detail_type, event.source)
                self.books.call("staging_import", body)
        self.published = []


def confirmation_in_pounds() -> list[Context]:
    """TM-11 in pounds."""
    return [
        sale("work/reversal", "-8", skip_sync=True, **IN_POUNDS),
        bill("work/billed", **IN_POUNDS),
        reverses("work/reversal", "work/unbilled"),
        bills("work/billed", "work/unbilled"),
        proforma("inv-1", total="1600", contract="CTR-GBP", currency="GBP"),
    ]


@pytest.fixture
def side(books: Books) -> Side:
    return Side(books)


@pytest.fixture
def month(side: Side) -> Side:
    side.month()
    return side


def only(found: dict[str, list[Difference]], check: str) -> Difference:
    """The one difference that there is."""
    assert list(found) == [check], found
    (difference,) = found[check]
    return difference


# --- nothing is wrong ---------------------------------------------------------------------------------------------


def test_inv_05_inv_14_inv_15_inv_22_a_plain_month_has_no_difference_and_everything_is_counted(month: Side) -> None:
    outcome = month.reconcile()
    assert (outcome.differences, outcome.complete) == (0, True), outcome.report
    checks = {check["name"]: check for check in outcome.report["checks"]}
    assert list(checks) == list(CHECKS)
    assert all(check["checked"] for check in checks.values())
    counts = checks["not_received"]["counts"]
    assert (counts["actuals of Dataverse"], counts["actuals staged"], counts["actuals with Skip Sync"]) == (3, 3, 1)
    assert (counts["connections of Dataverse"], counts["connections known"]) == (3, 3)
    assert (counts["proformas of Dataverse"], counts["proformas known"]) == (1, 1)
    # The write-back made newer versions in Dataverse, which say nothing that is read.
    assert checks["differs_from_dataverse"]["counts"] == {"newer versions that say the same": 3}
    assert {(one["company"], one["state"], one["rows"]) for one in outcome.report["staged"]} == {
        ("USPM", "posted", 3),
        (None, "skipped", 1),
    }


def test_work_that_waits_or_was_rejected_is_no_difference_and_is_counted(side: Side) -> None:
    side.arrive(*approval(), cost("x", project="PRJ-9"), cost("wrong", msdyn_transactiontypecode=7))
    side.books.import_staging()
    outcome = side.reconcile()
    assert outcome.differences == 0
    counts = outcome.checks["not_received"].counts
    assert counts["actuals of Dataverse"] == counts["actuals staged"] + counts["actuals rejected"] == 4
    waiting = [one for one in outcome.report["staged"] if one["reason"] == "reference_missing"]
    assert [one["rows"] for one in waiting] == [1]
    assert outcome.report["rejected"] == {"unknown_code": 1}
    console = Console(record=True, width=120)
    show_reconciliation(console, outcome.report)
    assert re.search(r"Rejected and kept\W.*unknown_code +1", console.export_text(), re.DOTALL)


def test_without_a_dataverse_its_checks_are_not_checked_and_not_fine(month: Side) -> None:
    month.put("work/billed", wb="failed", wd="403")
    outcome = month.reconcile(connected=False)
    states = {check["name"]: (check["checked"], check["not_checked"]) for check in outcome.report["checks"]}
    assert {name for name, (checked, _) in states.items() if not checked} == set(AGAINST_DATAVERSE)
    assert {why for _, why in states.values()} == {None, NOT_CONNECTED}
    assert (outcome.complete, outcome.differences) == (True, 0)


# --- what Dataverse has and we have not ---------------------------------------------------------------------------


def test_an_actual_that_never_arrived_is_found_whatever_its_age_and_fetched(month: Side) -> None:
    month.lose(cost("lost", "3", start="2021-01-04", document_date="2021-01-04"))
    lost = only(month.differences(), "not_received")
    assert (lost.entity, lost.id, lost.amount, lost.currency) == (ACTUAL, guid("lost"), Decimal(300), "USD")

    (did,) = month.repairs(who="ann").everything([lost])
    assert (did["repair"], did["outcome"]) == ("fetch again", "version 1012 is on the bus")
    (entry,) = month.stores.staging.history(ACTUAL, guid("lost"))
    assert (entry.who.id, entry.what, entry.after) == ("ann", Done.REPAIRED, {"repair": "fetch again"})
    assert entry.before == {"difference": lost.detail}
    month.deliver()
    assert month.differences() == {}
    assert month.books.state("lost") == "pending"


def test_a_lost_connection_is_found_and_fetched(side: Side) -> None:
    side.arrive(sale("u"), bill("b"), proforma("inv-1", total="1600"))
    side.lose(bills("b", "u"))
    lost = only(side.differences(), "not_received")
    assert (lost.entity, lost.id) == (CONNECTION, guid("b-u"))
    side.repairs().everything([lost])
    side.deliver()
    assert side.differences() == {}


@pytest.fixture
def paused(side: Side) -> Side:
    """Somebody has paused the maps, and rows of every kind come."""
    side.arrive(*approval(), *billed("one", total="3200"))
    for name in ("actuals", "transaction_connections", "invoices"):
        side.stores.maps.change(name, MapAction.PAUSE, "month's end", side.books.world.at, person("ann"))
    side.arrive(
        sale("two/unbilled"),
        bill("two/billed"),
        bills("two/billed", "two/unbilled"),
        proforma("inv-2", number="INV-0002", total="1600"),
    )
    side.arrive(sale("one/unbilled", description="another text"))
    return side


def test_what_waits_for_a_paused_map_is_counted_as_that_and_is_no_difference(paused: Side) -> None:
    outcome = paused.reconcile()
    assert outcome.report["differences"] == 0
    counts = outcome.checks["not_received"].counts
    waiting = {entity: counts[f"rows of {entity} that wait for a paused table map"] for entity in ENTITIES}
    assert waiting == {ACTUAL: 3, CONNECTION: 1, PROFORMA: 1}


def test_what_waits_for_a_paused_map_hides_nothing_that_is_lost(paused: Side) -> None:
    paused.lose(bill("three/billed"))
    found = paused.differences()
    assert [one.id for one in found["not_received"]] == [guid("three/billed")]
    (proforma_differs,) = found["proformas"]
    assert (proforma_differs.id, proforma_differs.amount) == (guid("inv-1"), Decimal(1600))


def test_a_connection_between_other_rows_is_none_of_ours(side: Side) -> None:
    side.lose(connection("c", "j", "Winner", "k", "Loser", type_1="msdyn_journalline"))
    assert side.differences() == {}


def test_a_confirmed_proforma_that_never_arrived_is_found_and_a_draft_is_not(side: Side) -> None:
    side.arrive(sale("u"), bill("b"), bills("b", "u"))
    side.lose(proforma("inv-1", total="1600"), proforma("inv-2", number="INV-0002", status="draft"))
    lost = only(side.differences(), "not_received")
    assert (lost.entity, lost.id, lost.amount) == (PROFORMA, guid("inv-1"), Decimal(1600))
    side.repairs().everything([lost])
    side.deliver()
    assert side.differences() == {}


def test_99_27_a_cancellation_that_never_arrived_is_found_and_fetched(side: Side) -> None:
    side.arrive(*billed(), *billed("ready", invoice="inv-2", number="INV-0002")[:1])
    side.books.journalise()
    side.books.import_staging()
    for name in ("inv-1", "inv-2"):
        side.dataverse.change(PROFORMA, name, statecode=3)
    found = side.differences()["differs_from_dataverse"]
    assert {difference.id for difference in found} == {guid("inv-1"), guid("inv-2")}
    side.repairs().everything(found)
    side.deliver()
    side.books.import_staging()
    side.write_back()
    assert (side.books.result["proposals"], side.differences()) == ([], {})


def test_99_27_what_dataverse_took_back_after_posting_is_a_late_change(month: Side) -> None:
    for entity, name, state in ((PROFORMA, "inv-1", 3), (ACTUAL, "work/cost", 1)):
        month.dataverse.change(entity, name, statecode=state)
    for id in ("inv-1", "work/cost"):
        month.repairs().one(guid(id))
    month.repairs().everything(month.differences()["differs_from_dataverse"])
    month.deliver()
    found = month.differences()
    assert set(found) == {"late_changes"}
    amounts = {difference.id: (difference.amount, difference.currency) for difference in found["late_changes"]}
    assert amounts == {guid("inv-1"): (Decimal(-1600), "GBP"), guid("work/cost"): (Decimal(-800), "USD")}


def test_a_rate_that_changes_after_it_was_used_is_named_with_what_it_would_come_to_and_nothing_is_applied(
    month: Side,
) -> None:
    before = month.books.result["vouchers"]
    month.books.use(finance(exchange_rates=[{"from": "GBP", "to": "USD", "valid_from": "2026-01-01"} | _HIGHER]))
    found = month.differences()
    assert set(found) == {"rate_changed_after_use"}
    by_id = {one.id: one for one in found["rate_changed_after_use"]}
    assert guid("work/unbilled") in by_id
    sold = by_id[guid("work/unbilled")]
    assert (sold.amount, sold.currency, sold.repair) == (Decimal("1120.00"), "USD", None)
    assert sold.detail == "was posted with 1.3 for GBP on 2026-08-27, and the rate of that day is 2 by now"
    assert {one.entity for one in by_id.values()} == {"msdyn_actual", "invoice"}
    month.books.import_staging()
    assert month.books.result["vouchers"] == before
    month.books.use(finance())
    assert month.differences() == {}


_HIGHER = {"rate": "2", "factor": 1}


def test_inv_05_a_billed_sale_that_is_missing_shows_in_its_proforma_too_with_the_amount(side: Side) -> None:
    side.arrive(*billed("one", total="3200"))
    side.lose(bill("two/billed"))
    found = side.differences()
    assert set(found) == {"not_received", "proformas"}
    (proforma_differs,) = found["proformas"]
    assert (proforma_differs.id, proforma_differs.amount) == (guid("inv-1"), Decimal(1600))
    assert "Dataverse has 2 billed sales for 3200" in proforma_differs.detail
    assert "staging 1 billed sale for 1600" in proforma_differs.detail

    did = side.repairs().everything(found["proformas"])
    assert {row["id"] for row in did} == {guid("inv-1"), guid("one/billed"), guid("two/billed")}
    side.deliver()
    assert side.differences() == {}


def test_an_amount_changed_in_dataverse_is_found_with_both_amounts_and_the_difference(side: Side) -> None:
    side.arrive(cost("a"))
    side.dataverse.change(ACTUAL, "a", msdyn_amount="950.00", msdyn_quantity="9.5")
    changed = only(side.differences(), "differs_from_dataverse")
    assert (changed.id, changed.amount, changed.currency) == (guid("a"), Decimal(150), "USD")
    assert "amount 800 -> 950" in changed.detail
    side.repairs().everything([changed])
    side.deliver()
    assert side.differences() == {}


def test_a_proforma_that_changed_before_its_lines_were_built_is_found_and_fetched(side: Side) -> None:
    side.arrive(*billed())
    side.dataverse.change(PROFORMA, "inv-1", name="Adatum, August", totallineitemamount="1600.00")
    changed = only(side.differences(), "differs_from_dataverse")
    assert (changed.entity, changed.id, changed.company) == (PROFORMA, guid("inv-1"), "USPM")
    assert changed.detail == "INV-0001: name None -> Adatum, August"
    side.repairs().everything([changed])
    side.deliver()
    assert side.differences() == {}


def test_a_change_after_posting_is_a_late_change_until_it_is_reversed(month: Side) -> None:
    month.dataverse.change(ACTUAL, "work/cost", msdyn_amount="900.00", msdyn_quantity="9")
    changed = only(month.differences(), "differs_from_dataverse")
    month.repairs().everything([changed])
    month.deliver()
    late = only(month.differences(), "late_changes")
    assert (late.id, late.amount, late.currency) == (guid("work/cost"), Decimal(100), "USD")


def test_edit_16_a_billed_sale_with_another_accounting_date_than_its_proforma_is_found(side: Side) -> None:
    header = proforma("inv-1", msdyn_accountingdate="2026-09-05T04:00:00Z")
    side.arrive(*billed(accounting_date="2026-09-03")[1:], header)
    found = only(side.differences(), "accounting_dates")
    assert (found.id, found.repair) == (guid("work/billed"), None)


def test_an_actual_that_dataverse_does_not_have_is_found(side: Side) -> None:
    side.arrive(cost("a"), cost("b"))
    del side.dataverse.tables[ACTUAL][guid("b")]
    gone = only(side.differences(), "not_in_dataverse")
    assert (gone.id, gone.amount, gone.repair) == (guid("b"), Decimal(800), None)


def test_a_total_that_changed_after_the_lines_were_built_is_found(month: Side) -> None:
    month.dataverse.change(PROFORMA, "inv-1", totallineitemamount="1700.00")
    differs = only(month.differences(), "proformas")
    assert (differs.amount, differs.currency) == (Decimal(100), "GBP")
    assert "INV-0001: its lines come to 1600" in differs.detail


# --- written back -------------------------------------------------------------------------------------------------


def test_what_dataverse_refused_and_what_it_was_not_told_are_found_with_amounts_and_tried_again(month: Side) -> None:
    month.put("work/billed", wb="failed", wd="0x80040217: does not exist")
    month.put("work/cost", wb=None)
    month.mark_invoice("USPM", "FTI-00000001", ow="failed", wd="403")
    found = month.differences()
    assert set(found) == {"write_back_failed", "write_back_unfinished"}
    of_actual = next(one for one in found["write_back_failed"] if one.entity == ACTUAL)
    assert (of_actual.id, of_actual.amount, of_actual.currency) == (guid("work/billed"), Decimal("2204.32"), "USD")
    assert "0x80040217: does not exist" in of_actual.detail
    assert [one.id for one in found["write_back_failed"] if one.entity == PROFORMA] == [guid("inv-1")]
    assert [one.id for one in found["write_back_unfinished"]] == [guid("work/cost")]

    did = month.repairs().everything(one for listed in found.values() for one in listed)
    assert month.asked() == [
        {"company": "USPM", "invoice_number": "FTI-00000001", "everything": False},
        {"company": "USPM", "journal_id": "USPM-000001", "everything": False},
    ]
    assert {row["outcome"] for row in did} == {"the write-back was asked for its document"}
    month.deliver()
    assert month.differences() == {}


def test_a_value_that_dataverse_took_and_has_no_more_is_found_and_written_back_again(month: Side) -> None:
    month.dataverse.change(ACTUAL, "work/cost", msdyn_vouchernumber="PV-9")
    differs = only(month.differences(), "write_back_differs")
    assert (differs.id, differs.amount) == (guid("work/cost"), Decimal(0))
    assert "voucher PV-00000001, not PV-9" in differs.detail
    month.repairs().everything([differs])
    assert month.asked() == [{"company": "USPM", "journal_id": "USPM-000001", "everything": True}]


def test_an_invoice_number_that_dataverse_has_no_more_is_found(month: Side) -> None:
    month.dataverse.change(PROFORMA, "inv-1", msdyn_customerinvoicenumber="FTI-9")
    differs = only(month.differences(), "write_back_differs")
    assert (differs.entity, differs.id) == (PROFORMA, guid("inv-1"))
    assert "msdyn_customerinvoicenumber FTI-00000001, not FTI-9" in differs.detail


# --- our own tables -----------------------------------------------------------------------------------------------


def test_a_row_that_waits_outside_the_import_queue_is_found_and_imported(side: Side) -> None:
    side.arrive(cost("a"), cost("b"))
    side.put("a", q=None, qs=None)
    side.books.import_staging()
    assert side.books.state("a") == "pending"
    lost = only(side.differences(), "staging_states")
    assert (lost.id, lost.repair) == (guid("a"), "import again")
    (did,) = side.repairs().everything([lost])
    assert did["outcome"] == "the import was asked"
    side.deliver()
    assert side.differences() == {}
    assert side.books.state("a") == "imported"


def test_a_row_that_cannot_be_read_is_found(month: Side) -> None:
    month.put("work/cost", st="gone")
    (found,) = month.differences()["staging_states"]
    assert found.id == guid("work/cost")
    assert "cannot be read: its state is 'gone'" in found.detail


def test_a_row_that_has_lost_its_journal_is_found_by_the_journals_line(side: Side) -> None:
    side.arrive(cost("a"), cost("b"))
    side.books.import_staging()
    side.put("a", st="pending", jn=None, ln=None, q="1", qs="J#x")
    lost = only(side.differences(), "document_lines")
    assert lost.id == guid("a")
    assert "line 1 of journal USPM-000001" in lost.detail or "line 2 of journal USPM-000001" in lost.detail


def test_a_row_that_names_a_journal_which_has_no_line_of_it_is_found(side: Side) -> None:
    side.arrive(cost("a"), cost("b"))
    side.books.import_staging()
    side.put("b", jn="USPM-000009")
    found = side.differences()["document_lines"]
    assert {one.id for one in found} == {guid("b")}
    assert any("names line" in one.detail and "USPM-000009" in one.detail for one in found)


def test_inv_22_a_row_that_says_another_amount_than_the_ledger_is_found(month: Side) -> None:
    month.put("work/cost", aa=Decimal("790.00"))
    found = month.differences()
    (vouchers,) = found["vouchers"]
    assert (vouchers.id, vouchers.amount, vouchers.currency) == (guid("work/cost"), Decimal(-10), "USD")
    assert "the ledger has 800.00 under journal USPM-000001, the rows 790" in vouchers.detail
    assert set(found) == {"vouchers", "moved", "write_back_differs"}  # costs by account, and Dataverse, differ, too


def test_inv_14_an_accrual_that_its_invoice_left_behind_is_found_by_its_unbilled_sale(side: Side) -> None:
    """The proposal was built as if nobody had known what its unbilled sale accrued."""
    side.arrive(*billed())
    side.books.journalise()
    table, pk = side.books.world.names.proposals_table, f"PROPOSAL#{guid('inv-1')}"
    (page,) = side.stores.proposals.pages(guid("inv-1"))
    forgotten = [replace(line, accruals=()) for line in page.lines]
    side._update(table, pk, page.key, {"l": rows.encode(forgotten)})
    side.books.post_invoices()
    side.write_back()
    left = only(side.differences(), "accruals")
    assert (left.id, left.amount, left.currency) == (guid("work/unbilled"), Decimal("1600.00"), "USD")
    assert f"billed by {guid('work/billed')} on invoice FTI-00000001" in left.detail


def test_work_that_is_accrued_and_not_billed_is_no_difference(side: Side) -> None:
    side.arrive(*approval(), sale("r", "-3"), reverses("r", "work/unbilled"))
    side.books.journalise()
    side.write_back()
    assert side.differences() == {}


def test_led_55_led_56_iws_04_the_balance_of_each_integration_account_is_shown_and_is_no_difference(side: Side) -> None:
    accounts = [
        {"posting_type": "procurement_integration", "account": "200140"},
        {"posting_type": "expense_integration", "account": "200150"},
    ]
    document = finance()
    document["ledger_posting"]["USPM"] += accounts
    side.books.use(document)
    bought = {"transaction_class": "material", "cr123_origin": "vendor_invoice"}
    with custom_columns():
        side.arrive(
            cost("bolts", "3", **bought),
            cost("nuts", **bought),
            cost("taken back", **bought),
            cost("trip", transaction_class="expense", cr123_origin="expense_report"),
        )
        side.books.journalise()
        side.arrive(cost("back", "-8", **bought), reverses("back", "taken back"))
    side.books.journalise()

    outcome = side.reconcile(connected=False)

    assert (outcome.differences, outcome.complete) == (0, True)
    assert outcome.report["integration_accounts"] == [
        {
            "company": "USPM",
            "posting_type": "expense_integration",
            "account": "200150",
            "currency": "USD",
            "balance": "-800.00",
            "credited": {"expense_report": "800.00"},
            "actuals": [{"id": guid("trip"), "amount": "-800.00"}],
            "more": 0,
        },
        {
            "company": "USPM",
            "posting_type": "procurement_integration",
            "account": "200140",
            "currency": "USD",
            "balance": "-1100.00",
            "credited": {"vendor_invoice": "1100.00"},
            "actuals": [{"id": guid("nuts"), "amount": "-800.00"}, {"id": guid("bolts"), "amount": "-300.00"}],
            "more": 0,
        },
    ]
    told = outcome.report["integration_lines"]
    assert (told["not_read"], told["lines"], told["sums"]) == (integration.NOT_CONNECTED, [], [])
    console = Console(width=160, record=True)
    show_reconciliation(console, outcome.report)
    printed = console.export_text()
    assert "200140 procurement integration" in re.sub(" +", " ", printed)
    assert guid("bolts") in printed


def test_a_posting_that_was_begun_and_an_event_that_nobody_published_are_found(side: Side) -> None:
    side.arrive(*billed())
    side.books.journalise()
    names = side.books.world.names
    side._update(names.proposals_table, f"PROPOSAL#{guid('inv-1')}", "H", {"st": "posting"})
    stale = {"at": "2026-08-31T12:00:00Z", "t": "InvoiceProposalReady", "d": "{}"}
    side._update(names.proposals_table, "OUTBOX#3", "2026-08-31T12:00:00Z#InvoiceProposalReady#x", stale)
    recent = stale | {"at": "2026-08-31T12:58:00Z"}
    side._update(names.proposals_table, "OUTBOX#3", "2026-08-31T12:58:00Z#InvoiceProposalReady#y", recent)
    found = side.reconcile().checks
    assert [(one.entity, one.id) for one in found["stuck"].found] == [("proposal", "INV-0001")]
    assert [one.id for one in found["outbox"].found] == ["2026-08-31T12:00:00Z#InvoiceProposalReady#x"]


# --- runs that do not end well ------------------------------------------------------------------------------------


def test_a_run_without_time_says_how_far_it_got_and_reports_nothing_as_fine(month: Side) -> None:
    with patch("project_invoicing.use_cases.reconciliation.watch._STEP", 2):
        outcome = month.reconcile(time_left=lambda: False)
    assert not outcome.complete
    assert not any(check["checked"] for check in outcome.report["checks"])
    assert "time ran out after 2 " in outcome.report["checks"][0]["not_checked"]


def test_a_dataverse_that_stops_answering_leaves_our_own_checks(month: Side) -> None:
    with patch.object(month.dataverse, "every", side_effect=Unavailable("Dataverse is throttling")):
        outcome = month.reconcile()
    unchecked = {check["name"] for check in outcome.report["checks"] if not check["checked"]}
    assert (unchecked, outcome.complete) == (set(AGAINST_DATAVERSE), False)


def test_the_report_of_the_last_run_is_kept_and_an_earlier_one_does_not_replace_it(month: Side) -> None:
    kept = Reconciliations(month.books.world.client, month.books.world.names.dataverse_table)
    report = month.reconcile().report
    kept.keep(report | {"at": "2026-09-02T02:30:00Z"})
    kept.keep(report)
    last = kept.last()
    assert last
    assert (last["at"], last["checks"]) == ("2026-09-02T02:30:00Z", json.loads(json.dumps(report["checks"])))


# --- one row, the function, the command ---------------------------------------------------------------------------


def test_one_row_is_fetched_and_imported_or_written_back_as_it_needs(side: Side) -> None:
    side.arrive(*billed())
    side.books.import_staging()
    did = side.repairs().one(guid("work/billed"))
    assert [(row["entity"], row["repair"]) for row in did] == [(ACTUAL, "fetch again"), (ACTUAL, "import again")]
    side.deliver()
    side.books.post_journals()
    side.books.post_invoices()
    side.put("work/billed", wb="failed", wd="403")
    did = side.repairs().one(guid("work/billed"))
    assert did[-1] == {
        "entity": ACTUAL,
        "id": guid("work/billed"),
        "repair": "write back again",
        "outcome": "the write-back was asked for its document",
    }
    assert side.asked() == [{"company": "USPM", "invoice_number": "FTI-00000001", "everything": False}]
    proforma_did = side.repairs().one(guid("inv-1"))
    assert (PROFORMA, "write back again") in {(row["entity"], row["repair"]) for row in proforma_did}


def test_what_cannot_be_repaired_says_why(side: Side) -> None:
    side.arrive(cost("a"))
    assert side.repairs(connected=False).one(guid("nobody"))[0]["outcome"] == "not possible: no Dataverse is connected"
    assert side.repairs().one(guid("nobody")) == []
    with pytest.raises(Rejected, match="INV-0001 is no GUID"):
        side.repairs().one("INV-0001")


@pytest.mark.parametrize(
    ("confirmed", "corrected"),
    [
        (confirmation, correction_to_six),
        (confirmation, correction_to_ten),
        (confirmation_of_six_of_eight, None),
        (confirmation_of_ten_for_eight, None),
    ],
)
def test_inv_14_a_month_that_was_cut_raised_or_corrected_has_no_difference(
    side: Side, confirmed: Callable[[], list[Context]], corrected: Callable[[], list[Context]] | None
) -> None:
    def posted() -> None:
        side.books.journalise()
        side.books.import_staging()
        side.books.post_invoices()
        side.write_back()
        assert side.differences() == {}

    side.arrive(*approval())
    side.books.journalise()
    side.arrive(*confirmed())
    posted()
    if corrected:
        side.arrive(*corrected())
        posted()


def test_lines_that_moved_to_a_journal_of_errors_are_no_difference(side: Side) -> None:
    side.books.use(finance(ledger_posting=accounts_without("wip_sales_value")))
    side.arrive(*approval())
    side.books.journalise()
    side.write_back()
    assert [journal["status"] for journal in side.books.result["journals"]] == ["posted", "error"]
    assert side.differences() == {}


def called(side: Side, **detail: str) -> dict[str, Any]:
    event = envelope(detail, side.books.world.at, "Manual Run", "by.hand")
    with policies.enforced(), patch.object(bootstrap, "dataverse", lambda: side.dataverse):
        return dict(side.books.call("reconciliation", event))


def test_the_function_keeps_its_report_and_counts_each_difference(month: Side) -> None:
    month.lose(cost("lost"))
    counted: dict[str, int] = {}
    with patch("functions.reconciliation.app.count", lambda name, value: counted.update({name: value})):
        report = called(month)
    assert report["differences"] == 1
    assert (counted["ReconciliationNotReceived"], counted["ReconciliationDifferences"]) == (1, 1)
    assert (counted["ReconciliationAccruals"], counted["ReconciliationIncomplete"]) == (0, 0)
    assert len(counted) == len(CHECKS) + 2
    kept = Reconciliations(month.books.world.client, month.books.world.names.dataverse_table).last()
    assert kept == json.loads(json.dumps(report))


def test_the_function_repairs_one_or_all(month: Side) -> None:
    month.lose(cost("lost"))
    with patch.object(Bus, "publish", lambda _, events: month._publish(events)):
        assert [row["id"] for row in called(month, repair="all")["repaired"]] == [guid("lost")]
        assert [row["id"] for row in called(month, repair=guid("lost"))["repaired"]] == [guid("lost")]
        assert called(month, repair="FTI-1")["outcome"].startswith("refused: FTI-1 is no GUID")
    month.deliver()
    assert month.differences() == {}


def test_the_command_prints_the_checks_and_ends_with_1_where_there_are_differences(
    month: Side, capsys: pytest.CaptureFixture[str]
) -> None:
    month.books.world.run("audit_sealing")
    names = month.books.world.names
    tables = ("staging", "journals", "proposals", "ledger", "setup", "master_data", "dataverse", "audit")
    environment = {f"{name.upper()}_TABLE": getattr(names, f"{name}_table") for name in tables}

    def command(*arguments: str) -> tuple[int, str]:
        os.environ.update(environment)
        settings.cache_clear()
        code = cli.main(["reconcile", *arguments])
        shown = capsys.readouterr()
        return code, shown.out + shown.err

    with patch.dict(os.environ, environment), patch.object(bootstrap, "dataverse", lambda: month.dataverse):
        code, text = command()
        assert (code, "0 differences" in text) == (0, True)
        month.lose(cost("lost"))
        code, text = command()
        assert (code, guid("lost") in text) == (1, True)
        code, last = command("--last", "--json")
        assert json.loads(last)["differences"] == 1
        assert command("--repair", "all")[0] == 2  # no bus is named
    settings.cache_clear()
