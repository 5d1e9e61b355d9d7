"""What keeping the document of an invoice costs when it is posted: at most 15 % more write units than without."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from tests.counting import counted
from tests.harness import World

pytestmark = pytest.mark.engine

BEFORE = {1: 28, 1000: 2994}
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
