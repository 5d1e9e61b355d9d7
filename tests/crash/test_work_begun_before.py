"""Work that began before a death is finished later as it was begun: with its date and its version of the set-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance
from tests import snapshots
from tests.crash.stages import billed, journalised, proposed
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import World

pytestmark = pytest.mark.engine

LATER = "2026-09-07T13:00:00Z"
WORK = Work(lines=100, invoice_date=None)


def other_finance() -> dict[str, Any]:
    """The set-up a week later: other rates, taxes, terms, tax groups and accounts."""
    made = finance()
    made["exchange_rates"].append(
        {"from": "GBP", "to": "USD", "valid_from": "2026-08-01", "rate": "999", "factor": 100}
    )
    made["sales_tax"]["codes"]["VAT20"]["rates"] = [{"valid_from": "2020-01-01", "percent": "99"}]
    made["terms_of_payment"]["N14"]["days"] = 99
    made["categories"][COMPANY]["Labor"]["item_sales_tax_group"] = "BOOKS"
    for row in made["ledger_posting"][COMPANY]:
        row["account"] = f"9{row['account']}"
    return made


def posted_journals(world: World) -> Any:
    result = world.result()
    return result["journals"], result["vouchers"], result["staging"]


def proposal_lines(world: World) -> Any:
    """The lines, without the tax that they would have today."""
    (proposal,) = world.result()["proposals"]
    return [{**line, "sales_tax_amount": None} for line in proposal["lines"]]


def posted_invoices(world: World) -> Any:
    result = world.result()
    return result["invoices"], result["vouchers"], result["staging"]


@pytest.mark.parametrize(
    ("before", "function", "documents"),
    [
        pytest.param(journalised, "journal_posting", posted_journals, id="journal"),
        pytest.param(billed, "staging_import", proposal_lines, id="proposal"),
        pytest.param(proposed, "invoice_posting", posted_invoices, id="invoice"),
    ],
)
def test_a_document_is_finished_with_the_setup_and_date_of_its_beginning(
    empty: World, before: Callable[[World, Work], None], function: str, documents: Callable[[World], Any]
) -> None:
    empty.load(finance())
    before(empty, WORK)
    start = snapshots.read(empty)
    empty.run(function)
    undisturbed = documents(empty)
    snapshots.restore(empty, snapshots.read(empty), start)
    with dying(empty.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        empty.run(function)
    empty.load(other_finance())
    empty.at = LATER
    empty.run(function)
    assert documents(empty) == undisturbed
