"""What keeping the document of an invoice costs when it is posted: at most 15 % more write units than without.

And it takes the place of a line: the first transaction has a hundred writes, as many as there may be.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.named import Named
from project_invoicing.store.proposals import Proposals
from tests.builders import proforma
from tests.counting import counted
from tests.crash.stages import proposed
from tests.divided import divided
from tests.harness import World
from tests.rules import finance as contoso
from tests.rules.stories import bill, billed, reverses

pytestmark = pytest.mark.engine

BEFORE = {1: 28, 200: 621}
"""Write units of the posting of so many lines, as it was without."""
DOCUMENT: dict[str, Any] = {
    "legal_name": "Contoso Consulting GmbH",
    "address": {"street": "Unter den Linden 21", "city": "Berlin", "postal_code": "10117", "country": "DE"},
    "tax_id": "DE136695976",
    "registration": "HRB 86891, Amtsgericht Charlottenburg",
    "contact": {"name": "Receivables", "phone": "+49 30 901820", "email": "invoices@contoso.example"},
    "bank_accounts": [{"iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "bank": "Commerzbank"}],
    "brand": {"primary": "#1f4e79", "accent": "#c55a11"},
    "texts": {
        "en": {
            "introduction": "We thank you for your order and invoice our services as agreed.",
            "payment": "Please pay without deduction to the account named, and give the number of the invoice.",
            "closing": "Questions about this invoice are answered by the contact named above.",
            "footer": "Contoso Consulting GmbH, managing director A. Example, Amtsgericht Charlottenburg HRB 86891",
        }
    },
    "unit_codes": {"Hour": "HUR"},
}
ADDRESS = {"street": "Marienplatz 8", "city": "München", "postal_code": "80331", "country": "DE"}


def asking_for_documents() -> dict[str, Any]:
    document = finance()
    document["companies"][COMPANY]["document"] = DOCUMENT
    for customer in document["customers"][COMPANY].values():
        customer |= {"address": ADDRESS, "tax_id": "DE811569869", "buyer_reference": "04011000-12345-34"}
    return document


def write_units(world: World, lines: int) -> float:
    work = Work(lines=lines)
    world.load(asking_for_documents())
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    with counted(world.client) as posted:
        assert len(world.run("invoice_posting")["posted"]) == 1
    return posted.write_units


@pytest.mark.parametrize("lines", BEFORE)
def test_a_snapshot_costs_at_most_fifteen_percent_more(empty: World, lines: int) -> None:
    assert write_units(empty, lines) <= 1.15 * BEFORE[lines]


@contextmanager
def sizes(world: World) -> Iterator[list[int]]:
    """The number of writes of each transaction."""
    found: list[int] = []

    def sending(params: dict[str, Any], **_: Any) -> None:
        found.append(len(params["TransactItems"]))

    events: Any = world.client.meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", sending)
    try:
        yield found
    finally:
        events.unregister("provide-client-params.dynamodb.TransactWriteItems", sending)


def with_rows(world: World) -> World:
    """Master data has arrived as rows: a posting keeps what it was begun with."""
    policy, rows = divided(asking_for_documents())
    world.load(policy)
    world.deliver(*rows)
    return world


@pytest.mark.parametrize(("lines", "transactions"), [(89, [100]), (90, [98, 6])])
def test_the_first_transaction_is_full_and_never_more(empty: World, lines: int, transactions: list[int]) -> None:
    proposed(with_rows(empty), Work(lines=lines))
    with sizes(empty) as found:
        assert len(empty.run("invoice_posting")["posted"]) == 1
    assert found == transactions
    proposals = Proposals(empty.client, empty.names.proposals_table, calendar_dates("invoices"))
    number = empty.result()["invoices"][0]["invoice_number"]
    assert {line.project_name for line in proposals.invoices.lines(COMPANY, number)} == {
        Named("PRJ-1", "Project PRJ-1")
    }


def test_a_credit_note_of_as_many_lines_has_room_for_the_invoice_that_it_credits(empty: World) -> None:
    empty.load(contoso.finance(contoso.TAXED))
    works = [f"work-{n}" for n in range(90)]
    empty.deliver(*billed(*works, total="144000"))
    for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
        empty.run(function)
    credits = [bill(f"{work}/credited", "-8", "200", invoice="inv-2") for work in works]
    empty.deliver(
        proforma("inv-2", number="INV-0002", total="-144000", has_corrections=True),
        *credits,
        *(reverses(f"{work}/credited", f"{work}/billed") for work in works),
    )
    empty.run("staging_import")
    with sizes(empty) as found:
        assert len(empty.run("invoice_posting")["posted"]) == 1
    assert max(found) <= 100
    assert len(found) == 2
