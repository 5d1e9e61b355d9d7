"""A posted invoice of as many lines as a test wants, without posting them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from benchmarks.business import Work, finance, into_staging
from project_invoicing.chunks import chunks
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.store import rows
from project_invoicing.store.items import plain_item, typed_item
from project_invoicing.use_cases.invoices.saga import PAGE_LINES
from tests.builders import guid
from tests.harness import World

NUMBER: Final = "FTI-00000001"
PROFORMA: Final = Work(lines=1).proforma_id


def posted_invoice(world: World, lines: int) -> list[str]:
    """A posted invoice of so many lines; returns their actuals, in their order.

    It is the posted invoice of one line, with that line's page and row over and over: posting ten thousand lines takes
    minutes, and is tested elsewhere.
    """
    work = Work(lines=1)
    world.load(finance())
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    world.run("invoice_posting")
    staged = next(
        item for item in scanned(world, world.names.staging_table) if item.get("pn") and item["st"] == "posted"
    )
    page = next(
        item
        for item in scanned(world, world.names.proposals_table)
        if item["pk"].startswith("INVOICE#") and item["sk"].startswith("L#")
    )
    (line,) = rows.decode(ProposalLine, page["l"])
    actuals = [guid(f"actual-{number}") for number in range(lines)]
    put(world, world.names.staging_table, (staged | {"pk": actual} for actual in actuals))
    pages = [
        [replace(line, line_number=start + n + 1, actual_id=actual) for n, actual in enumerate(some)]
        for start in range(0, lines, PAGE_LINES)
        if (some := actuals[start : start + PAGE_LINES])
    ]
    items = (page | {"sk": f"L#{number:06d}", "l": rows.encode(some)} for number, some in enumerate(pages, start=1))
    put(world, world.names.proposals_table, items)
    return actuals


def scanned(world: World, table: str) -> Iterator[dict[str, Any]]:
    for found in world.client.get_paginator("scan").paginate(TableName=table):
        yield from map(plain_item, found["Items"])


def put(world: World, table: str, items: Iterator[dict[str, Any]]) -> None:
    for some in chunks(items, 25):
        requests: Any = [{"PutRequest": {"Item": typed_item(item)}} for item in some]
        assert not world.client.batch_write_item(RequestItems={table: requests})["UnprocessedItems"]
