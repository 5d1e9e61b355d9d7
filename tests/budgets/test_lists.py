"""A page of a list is three requests at most, however much was posted; and what being listed costs a posting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from functools import partial
from itertools import chain
from operator import le
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.chunks import chunks
from project_invoicing.store.items import typed_item
from project_invoicing.use_cases.lists.asked import Asked, Kind
from project_invoicing.use_cases.lists.overview import overview
from project_invoicing.use_cases.lists.period_close import checklist, periods_of
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import page
from tests.builders import guid
from tests.counting import counted
from tests.harness import World
from tests.posted import scanned

pytestmark = pytest.mark.engine

POSTED = 25_000
"""Of each kind: 100,000 posted documents and vouchers in all."""
MOST_REQUESTS = 3
MOST_REQUESTS_OF_WAITING = 5
"""The four partitions of the queue, and the currencies: the rows that have waited longest may be in any of them."""
MOST_REQUESTS_OF_OVERVIEW = 13
MOST_REQUESTS_OF_CLOSE = 30


def one_of_each(world: World) -> None:
    """A posted journal and a posted invoice, and a proposal that waits."""
    work = Work(lines=1)
    world.load(finance())
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.run("journal_posting")
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")
    world.run("invoice_posting")
    world.deliver(Work(lines=1, name="late").header)
    world.run("staging_import")


def copies(world: World, numbers: range) -> Iterator[tuple[str, dict[str, Any]]]:
    """The documents that are posted, once for each of these numbers."""
    names = world.names
    journal, proposal, invoice = (
        next(item for item in scanned(world, table) if item["pk"].startswith(kind) and item["sk"] == "H" and fits(item))
        for table, kind in (
            (names.journals_table, "JOURNAL#"),
            (names.proposals_table, "PROPOSAL#"),
            (names.proposals_table, "INVOICE#"),
        )
    )
    voucher = next(
        item for item in scanned(world, names.ledger_table) if item["sk"].startswith("V#") and item["so"] == "invoice"
    )
    for n in numbers:
        day, number = f"20{16 + n % 9}-{1 + n % 12:02d}-{1 + n % 28:02d}", f"X-{n:06d}"
        id, place = guid(number), f"{day}#{number}"
        yield names.journals_table, journal | {"pk": f"JOURNAL#{COMPANY}#{number}", "jn": number, "ls": place}
        of_proposal = {"pk": f"PROPOSAL#{id}", "nr": number, "in": number, "ls": place}
        yield names.proposals_table, proposal | of_proposal
        of_invoice = {"pk": f"INVOICE#{COMPANY}#{number}", "in": number, "id": id, "ls": place}
        yield names.proposals_table, invoice | of_invoice
        of_voucher = {"pk": f"INVOICE#{COMPANY}#{number}", "id": number, "ls": f"{day}#invoice#{number}#000001"}
        yield names.ledger_table, voucher | of_voucher


def fits(item: dict[str, Any]) -> bool:
    return bool(item.get("st", "posted") == "posted")


def put(world: World, items: Iterator[tuple[str, dict[str, Any]]]) -> None:
    def write(some: list[tuple[str, dict[str, Any]]]) -> None:
        requests: dict[str, Any] = {}
        for table, item in some:
            requests.setdefault(table, []).append({"PutRequest": {"Item": typed_item(item)}})
        assert not world.client.batch_write_item(RequestItems=requests)["UnprocessedItems"]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, chunks(items, 25)))


def questions() -> Iterator[Asked]:
    """The lists, and how people narrow them down."""
    return chain(
        (Asked(kind, COMPANY) for kind in Kind if kind is not Kind.DIFFERENCES),
        (
            Asked(kind, COMPANY, since="2019-05-05", limit=100)
            for kind in (Kind.PROPOSALS, Kind.JOURNALS, Kind.INVOICES)
        ),
        (Asked(Kind.PROPOSALS, COMPANY, status=status) for status in ("waiting", "ready", "posted")),
        (Asked(Kind.PROPOSALS, COMPANY, customer="C-001", status=status) for status in (None, "waiting", "posted")),
        (Asked(Kind.JOURNALS, COMPANY, status=status) for status in ("draft", "error", "posted")),
        (Asked(Kind.INVOICES, COMPANY, customer="C-001"), Asked(Kind.WAITING, reason="defect")),
    )


def summaries(place: ListPlace) -> list[tuple[Callable[[ListPlace], Any], int]]:
    """What adds lists up, and the most requests of each."""
    period = next(one for one in periods_of(place.setup, COMPANY) if one.start <= date(2026, 8, 31) <= one.end)
    return [
        (overview, MOST_REQUESTS_OF_OVERVIEW),
        (lambda place: checklist(place, COMPANY, period), MOST_REQUESTS_OF_CLOSE),
    ]


def spent(world: World) -> list[int]:
    """How many requests the first page of each list takes, and each summary."""
    place = ListPlace.read(world.client, world.names, world.at)
    asked: list[Callable[[], Any]] = [partial(page, place, question) for question in questions()]
    asked += [partial(summary, place) for summary, _ in summaries(place)]
    found = []
    for ask in asked:
        with counted(world.client) as usage:
            ask()
        found.append(usage.requests)
    return found


def test_four_times_the_history_is_not_one_request_more(empty: World) -> None:
    """Both are more than a page shows. What 100,000 documents take is tested every night."""
    one_of_each(empty)
    put(empty, copies(empty, range(120)))
    before = spent(empty)
    put(empty, copies(empty, range(120, 480)))
    assert spent(empty) == before
    most = [MOST_REQUESTS_OF_WAITING if one.kind is Kind.WAITING else MOST_REQUESTS for one in questions()]
    most += [MOST_REQUESTS_OF_OVERVIEW, MOST_REQUESTS_OF_CLOSE]
    assert all(map(le, before, most)), (before, most)


@pytest.mark.large
def test_a_page_of_a_list_is_three_requests_whatever_the_history(empty: World) -> None:
    one_of_each(empty)
    put(empty, copies(empty, range(POSTED)))
    place = ListPlace.read(empty.client, empty.names, empty.at)
    for question in questions():
        asked = question
        seen: set[str] = set()
        for _ in range(3):
            with counted(empty.client) as usage:
                found = page(place, asked)
            most = MOST_REQUESTS_OF_WAITING if asked.kind is Kind.WAITING else MOST_REQUESTS
            assert usage.requests <= most, asked
            rows = {str(sorted(asdict(row).items())) for row in found.rows}
            assert len(rows) == len(found.rows)
            assert not rows & seen
            seen |= rows
            if found.cursor is None:
                break
            asked = Asked(**{**asdict(question), "cursor": found.cursor})
    for summary, most in summaries(place):
        with counted(empty.client) as usage:
            summary(ListPlace.read(empty.client, empty.names, empty.at))
        assert usage.requests <= most
        assert usage.read_units < 100  # whatever the history
    (waiting,) = page(place, Asked(Kind.PROPOSALS, COMPANY, status="waiting")).rows
    assert waiting.proposal_id == Work(lines=1, name="late").number
    full = page(place, Asked(Kind.INVOICES, COMPANY, customer="C-001", limit=100)).rows
    assert len(full) == 100


def test_being_listed_costs_a_document_a_handful_of_units_and_a_line_nothing(empty: World) -> None:
    work = Work(lines=100)
    empty.load(finance(journal_line_limit=200))
    into_staging(empty, work.unbilled)
    names = empty.names

    def listed(*steps: str) -> dict[str, float]:
        with counted(empty.client) as usage:
            for step in steps:
                empty.run(step)
        return {
            table: usage.written[f"{table}/listed"]
            for table in (names.journals_table, names.proposals_table, names.ledger_table)
            if usage.written[f"{table}/listed"]
        }

    imported, posted = listed("staging_import"), listed("journal_posting")
    empty.deliver(work.header)
    into_staging(empty, work.sales)
    proposed, invoiced = listed("staging_import"), listed("invoice_posting")
    assert imported == {names.journals_table: 3}  # the header and two pages
    assert posted == {names.journals_table: 3, names.ledger_table: 2}  # claimed 1, posted 2; two pages
    assert proposed == {names.proposals_table: 1}  # it is ready
    assert invoiced == {names.proposals_table: 5, names.ledger_table: 1}  # claimed 1, posted 2; the invoice, its page
