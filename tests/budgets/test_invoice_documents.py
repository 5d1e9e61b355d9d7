"""What documents of invoices cost in requests: making one, hearing of it again, many lines, looking, and mailing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from benchmarks.business import Work, into_staging
from project_invoicing.store import client
from tests.counting import Usage, counted
from tests.handlers.test_invoice_documents import House
from tests.handlers.test_invoice_sending import Office
from tests.harness import World
from tests.posted import NUMBER


@contextmanager
def asked(house: House) -> Iterator[tuple[Usage, Counter[str]]]:
    """What is asked of the tables, and of the bucket."""
    files: Counter[str] = Counter()
    events: Any = client.s3().meta.events

    def count(model: Any, **_: Any) -> None:
        files[model.name] += 1

    events.register("before-call.s3", count)
    try:
        with counted(house.world.client) as tables:
            yield tables, files
    finally:
        events.unregister("before-call.s3", count)


def test_a_document_is_made_with_a_dozen_requests_and_hearing_of_it_again_costs_two(moto: None) -> None:
    house = House(World(), asks=True)
    with asked(house) as (tables, files):
        house.tell()
    # Two transactions: what the files are to be, and that they are there with the event.
    assert dict(tables.operations) == {"GetItem": 7, "Query": 2, "TransactWriteItems": 2}
    assert dict(files) == {"PutObject": 2}
    with asked(house) as (tables, files):
        house.tell()
    assert (dict(tables.operations), dict(files)) == ({"GetItem": 2}, {})
    with asked(house) as (tables, files):
        house.ask("make_all", month="2026-08")
    assert (dict(tables.operations), dict(files)) == ({"GetItem": 2, "Query": 1}, {})


def test_a_thousand_lines_cost_no_more_requests_and_a_month_goes_on_where_it_ended(moto: None) -> None:
    house = House(World(), asks=True, lines=1_000)
    with asked(house) as (tables, files), patch("functions.invoice_documents.app.RESERVE_MS", 10**9):
        assert not house.ask("make_all", month="2026-08")["finished"]
    assert (dict(tables.operations), dict(files)) == ({"GetItem": 1, "Query": 1}, {})
    with asked(house) as (tables, files):
        assert house.ask("make_all", month="2026-08")["finished"]
    assert dict(tables.operations) == {"GetItem": 6, "Query": 3, "TransactWriteItems": 2}
    assert dict(files) == {"PutObject": 2}
    with patch("project_invoicing.use_cases.invoice_documents.inbox.MOST_ANSWERED", 40_000):
        for offset in (None, 40_000):
            with asked(house) as (tables, files):
                part = house.ask("show", invoice_number=NUMBER, offset=offset)
            assert (part["next"] or 0) == (offset or 0) + 40_000
            assert dict(tables.operations) == {"GetItem": 5, "Query": 2}  # how its mail stands is one of them
            assert dict(files) == {"GetObject": 1}


def test_a_preview_reads_what_a_posting_reads_and_writes_nothing(moto: None) -> None:
    house = House(World(), asks=True)
    work = Work(lines=1, name="next")
    into_staging(house.world, work.unbilled)
    house.world.run("staging_import")
    house.world.run("journal_posting")
    house.world.deliver(work.header)
    into_staging(house.world, work.sales)
    house.world.run("staging_import")
    with asked(house) as (tables, files):
        house.ask("preview", proposal_id=work.number)
    assert (tables.writes, files.total()) == (0, 0)
    assert tables.requests <= 12


def test_a_mail_is_two_transactions_and_an_event_that_comes_again_is_one_look(moto: None) -> None:
    office = Office(World())
    with asked(office) as (tables, files):
        office.deliver()
    assert dict(tables.operations) == {"GetItem": 4, "Query": 1, "TransactWriteItems": 2}
    assert dict(files) == {"GetObject": 2}
    with asked(office) as (tables, files):
        office.deliver()
    assert (dict(tables.operations), dict(files)) == ({"GetItem": 1}, {})
    with asked(office) as (tables, files):
        office.resend()
    assert dict(tables.operations) == {"GetItem": 5, "Query": 1, "TransactWriteItems": 2}
    assert dict(files) == {"GetObject": 2}
