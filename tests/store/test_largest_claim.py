"""The largest transaction of a posting, against DynamoDB's limit."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from project_invoicing.store.proposals import Proposals
from project_invoicing.store.transactions import MAX_WRITES
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.invoices.saga import PAGE_LINES
from tests.crash.pinning import with_rows
from tests.crash.stages import proposed


@pytest.mark.usefixtures("moto")
def test_the_largest_claim_of_an_invoice_fits_in_one_transaction() -> None:
    """Numbers, pinned master data, history, ledger, invoice, snapshot, event, what is ready: beside 89 rows."""
    world = with_rows(proposed)
    units: list[int] = []
    commit = UnitOfWork.commit

    def counted(unit: UnitOfWork) -> None:
        units.append(len(unit))
        commit(unit)

    with patch.object(UnitOfWork, "commit", counted):
        posted = world.run("invoice_posting", actor="ann")
    assert posted["posted"]
    stored = Proposals(world.client, world.names.proposals_table, ())
    (number,) = [row["proposal_id"] for row in world.result()["proposals"]]
    header = stored.numbered("USPM", str(number))
    assert header
    assert stored.master_data(header), "its master data is pinned"
    assert len(list(stored.history(header.id))) == 1
    (writes,) = units
    beside = writes - header.line_count
    assert beside == 11
    assert PAGE_LINES + beside <= MAX_WRITES  # originals take the place of lines, see run_to_the_end
