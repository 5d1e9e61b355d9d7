"""ARR-13 with as many lines as the rule says: a thousand while a person waits, one more by schedule."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any
from uuid import UUID

import pytest

from project_invoicing.domain.correction_journal import CorrectionStatus
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store import rows
from project_invoicing.store.correction_journals import CorrectionJournals
from project_invoicing.use_cases.invoices.saga import PAGE_LINES
from tests.builders import guid
from tests.counting import counted
from tests.harness import World
from tests.imbalances import imbalances
from tests.large import empty, only_this_machine, stack
from tests.posted import put, scanned
from tests.rules.books import Books
from tests.rules.test_accrued_revenue import left_behind

__all__ = ["empty", "only_this_machine", "stack"]

NEW = {"company": "USPM", "voucher_date": "2026-08-31"}
SECONDS = 10
"""Of CPU. The function has a minute."""


def many(world: World, number: int) -> None:
    """The invoice of one line that left its accrual, as if it had so many."""
    left_behind(Books(world), "one")
    staging, proposals = world.names.staging_table, world.names.proposals_table
    items = {item["pk"]: item for item in scanned(world, staging) if item["sk"] == "A"}
    billed, unbilled = items[guid("one/billed")], items[guid("one/unbilled")]
    link = next(name for name in billed if name.startswith("l_unbilled"))
    version = billed[link].partition("|")[0]
    (page,) = [
        item for item in scanned(world, proposals) if item["pk"].startswith("INVOICE#") and item["sk"][:2] == "L#"
    ]
    (header,) = [item for item in scanned(world, proposals) if item["pk"].startswith("INVOICE#") and item["sk"] == "H"]
    (line,) = rows.decode(ProposalLine, page["l"])
    pairs = [(guid(f"billed-{n}"), guid(f"unbilled-{n}")) for n in range(number)]
    put(world, staging, (billed | {"pk": by, link: f"{version}|{of}"} for by, of in pairs))
    put(world, staging, (unbilled | {"pk": of, "tk": UUID(by).bytes} for by, of in pairs))
    put(
        world,
        staging,
        iter([unbilled | {"ac": unbilled["ac"].replace('"1600.00"', '"0.00"').replace('"1600"', '"0"')}]),
    )
    lines = [replace(line, line_number=n + 1, actual_id=by) for n, (by, _) in enumerate(pairs)]
    pages = (lines[start : start + PAGE_LINES] for start in range(0, number, PAGE_LINES))
    put(world, proposals, (page | {"sk": f"L#{n:06d}", "l": rows.encode(some)} for n, some in enumerate(pages, 1)))
    put(world, proposals, iter([header | {"n": number}]))


@pytest.mark.large
def test_arr_13_a_thousand_are_made_and_posted_at_once_and_one_more_by_schedule(empty: World) -> None:
    many(empty, 1001)
    assert len(imbalances(empty)) == 1001
    refused = empty.edit("create_accrual_journal", **NEW)
    assert refused["refused"][0]["reason"] == "too_many_lines"
    rows_ = [guid(f"unbilled-{n}") for n in range(1000)]
    took: dict[str, Any] = {}
    making = {"create_accrual_journal": {**NEW, "rows": rows_}}
    posting = {"post_accrual_journal": {"company": "USPM", "journal_id": "ARJ-000001"}}
    for name, most, request in (("make", 80, making), ("post", 250, posting)):
        began = process_time()
        with counted(empty.client) as usage:
            (action,) = request
            took[name] = empty.edit(action, **request[action])
        assert process_time() - began < SECONDS
        assert usage.requests <= most
    assert took["make"]["lines"] == len(took["post"]["vouchers"]) == 1000
    assert len(imbalances(empty)) == 1
    assert empty.edit("create_accrual_journal", **NEW, scheduled=True)["outcome"].startswith("left to the schedule")
    empty.schedule("journal_posting")
    made = CorrectionJournals(empty.client, empty.names.journals_table).get("USPM", "ARJ-000002")
    assert made
    assert (made.status, made.lines) == (CorrectionStatus.DRAFT, 1)
