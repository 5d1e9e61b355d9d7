"""Warm pages of the workspace: what the processor spends on each, and how often DynamoDB is asked.

The tables are in dynoxide, a process of its own, so that only what is ours is counted. A page is asked several times,
and the quickest counts: whatever else the machine does only makes one slower.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter, process_time
from typing import Final

from benchmarks.business import COMPANY, Work, into_staging
from benchmarks.steps import AT, Step, dynoxide
from tests.harness import World
from tests.rules.books import Books
from tests.workspace.person import Person

TARGET: Final = 50
"""Milliseconds of processor for a warm page."""
REPETITIONS: Final = 15
_LATE: Final = "late"


def warm_pages(lines: int) -> list[Step]:
    """Every page that is looked at daily, where documents have so many lines."""
    with dynoxide() as world:
        person = Person(Books(world))
        return [_warm(person, name, address, lines) for name, address in _pages(world, lines).items()]


def _pages(world: World, lines: int) -> Mapping[str, str]:
    """Name and address of each page, after a journal and an invoice were posted and another proposal waits."""
    work, late = Work(lines), Work(lines, name=_LATE)
    into_staging(world, work.sold)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    world.run("invoice_posting")
    world.deliver(late.header)
    into_staging(world, late.sold)
    world.run("staging_import")
    result = world.result()
    (invoice,) = result["invoices"]
    journal, number, period = result["journals"][0]["journal_id"], invoice["invoice_number"], AT[:7]
    voucher = result["journals"][0]["lines"][0]["voucher"]
    return {
        "overview": "/",
        "proposals": "/proposals",
        "proposal posted": f"/proposals/{work.proforma_id}",
        "proposal waiting": f"/proposals/{late.proforma_id}",
        "preview of it": f"/proposals/{late.proforma_id}/preview",
        "journals": "/journals",
        "journal": f"/journal?company={COMPANY}&number={journal}",
        "invoices": "/invoices",
        "invoice": f"/invoice?company={COMPANY}&number={number}",
        "vouchers": "/vouchers",
        "voucher": f"/voucher?company={COMPANY}&number={voucher}",
        "explain proposal": f"/explain?id={work.number}",
        "explain invoice": f"/explain?id={number}",
        "explain journal": f"/explain?id={journal}",
        "explain voucher": f"/explain?id={voucher}",
        "waiting": "/waiting",
        "rejected": "/rejected",
        "differences": "/differences",
        "ledger": f"/ledger?company={COMPANY}",
        "maps": "/maps",
        "master data": "/master-data?number=PRJ-1",
        "period close": f"/close?company={COMPANY}&period={period}",
    }


def _warm(person: Person, name: str, address: str, lines: int) -> Step:
    """The least of several times, after one that warms it up."""
    seen = person.get(address)
    if seen.status != 200:
        raise RuntimeError(f"{address} is {seen.status}: {seen.text[:200]}")
    spent = []
    for _ in range(REPETITIONS):
        began, busy = perf_counter(), process_time()
        seen = person.get(address)
        spent.append((process_time() - busy, perf_counter() - began))
    cpu, seconds = min(spent)
    return Step(name, lines, seconds, cpu, seen.requests)
