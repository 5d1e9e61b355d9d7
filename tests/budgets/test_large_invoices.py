"""An invoice of ten thousand lines is imported and posted whole, within its budget, and is visible at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.store.proposals import Proposals
from tests.counting import counted
from tests.harness import World

LINES = 10_000


@contextmanager
def seen_before_each_transaction(world: World, work: Work) -> Iterator[list[tuple[str, int]]]:
    """What others see before each transaction: the proposal's status, and how many invoices are posted."""
    seen: list[tuple[str, int]] = []
    proposals = Proposals(world.client, world.names.proposals_table, calendar_dates("invoices"))

    def look(**_: Any) -> None:
        header = proposals.get(work.proforma_id)
        invoice = proposals.invoices.get(COMPANY, header.invoice_number) if header and header.invoice_number else None
        seen.append((str(header and header.status), int(invoice is not None and invoice.posted)))

    events: Any = world.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", look)
    try:
        yield seen
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", look)


def billed(world: World, work: Work) -> None:
    """All sales are posted, and the proforma and what it bills have arrived."""
    world.load(finance())
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)


@pytest.mark.large
def test_ten_thousand_lines_keep_to_their_budget(empty: World) -> None:
    work = Work(lines=LINES)
    billed(empty, work)
    with counted(empty.client) as imported:
        empty.run("staging_import")
    assert imported.requests <= 0.04 * LINES + 20
    assert imported.write_units <= 6 * LINES
    with counted(empty.client) as posted:
        assert len(empty.run("invoice_posting")["posted"]) == 1
    assert posted.requests <= 0.03 * LINES + 20
    assert posted.write_units <= 5 * LINES

    result = empty.result()
    ((invoice,), (proposal,)) = result["invoices"], result["proposals"]
    assert (len(proposal["lines"]), Decimal(invoice["subtotal"])) == (LINES, work.total)
    taxes = sum(Decimal(line["sales_tax_amount"]) for line in proposal["lines"])
    assert (taxes, taxes + work.total) == (Decimal(invoice["sales_tax"]), Decimal(invoice["total"]))
    balances: dict[str, Decimal] = {}
    for line in (line for voucher in result["vouchers"] for line in voucher["lines"]):
        balances[line["posting_type"]] = balances.get(line["posting_type"], Decimal(0)) + Decimal(line["amount"])
    assert balances["wip_sales_value"] == balances["accrued_revenue_sales_value"] == 0
    assert balances["customer_balance"] == Decimal(invoice["total"])
    assert {row["state"] for row in result["staging"]} == {"posted"}


def test_inv_04_a_proposal_and_an_invoice_become_visible_with_their_last_transaction(empty: World) -> None:
    work = Work(lines=500)
    billed(empty, work)
    with seen_before_each_transaction(empty, work) as importing:
        empty.run("staging_import")
    assert importing == [("waiting", 0)] * 11  # 48 lines a transaction: each marks what it bills (99-25)
    with seen_before_each_transaction(empty, work) as posting:
        empty.run("invoice_posting")
    assert posting == [("ready", 0), *[("posting", 0)] * 5]
    assert [invoice["proposal_id"] for invoice in empty.result()["invoices"]] == [work.number]
