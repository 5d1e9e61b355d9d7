"""What being sealed costs: a document some units of an index, a line nothing; and a backlog few requests a seal."""

from __future__ import annotations

import pytest

from benchmarks.business import Work, finance, into_staging
from tests.counting import Usage, counted
from tests.harness import World

pytestmark = pytest.mark.engine


def cost(world: World, step: str) -> Usage:
    with counted(world.client) as usage:
        world.run(step)
    return usage


def test_a_posting_writes_no_item_more_and_its_sealing_costs_the_same_whatever_the_lines(empty: World) -> None:
    names = empty.names
    empty.load(finance(journal_line_limit=200))
    cost(empty, "audit_sealing")  # that the set-up was loaded
    for lines in (1, 100):
        work = Work(lines=lines, name=f"work-{lines}")
        into_staging(empty, work.unbilled)
        empty.run("staging_import")
        journal = cost(empty, "journal_posting")
        empty.deliver(work.header)
        into_staging(empty, work.sales)
        empty.run("staging_import")
        invoice = cost(empty, "invoice_posting")
        # Two are to be sealed: the entry that says who posts, and the header that says that it is posted.
        assert journal.written[f"{names.journals_table}/unsealed"] == 2
        assert invoice.written[f"{names.proposals_table}/unsealed"] == 2
        sealed = cost(empty, "audit_sealing")
        assert dict(sealed.operations) == {
            "Scan": 7,  # what is not sealed, table by table
            "BatchGetItem": 5,  # what is shown and its owners, of two tables each; the pages
            "GetItem": 1,
            "TransactWriteItems": 1,
        }
        assert sealed.write_units <= 20
    idle = cost(empty, "audit_sealing")
    assert (dict(idle.operations), idle.writes) == ({"Scan": 7}, 0)
