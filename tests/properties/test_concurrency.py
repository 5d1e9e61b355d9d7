"""Two runs at once, in threads, over the tables of dynoxide: nobody does twice what another has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from local.functions import Context
from tests import snapshots
from tests.harness import World, envelope
from tests.large import AT, large_world
from tests.sockets import loopback

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    with loopback():
        yield


@pytest.fixture(scope="module")
def stack() -> Iterator[World]:
    with large_world() as world:
        yield world


@pytest.fixture
def contoso(stack: World) -> World:
    snapshots.clear(stack)
    stack.load(finance(journal_line_limit=70))
    return stack


def at_once(world: World, function: str) -> list[Any]:
    """The function called in two threads. Its environment and clients are made by a call that finds nothing."""
    world.run(function, company="NONE")
    handler: Callable[..., Any] = import_module(f"functions.{function}.app").handler
    event = envelope({"company": COMPANY}, AT, "Manual Run", "project-invoicing.manual")
    with ThreadPoolExecutor(2) as pool:
        return [run.result() for run in [pool.submit(handler, event, Context(function)) for _ in range(2)]]


def test_two_imports_at_once_put_no_line_on_two_journals(contoso: World) -> None:
    """Three days of a hundred lines each, journals of seventy lines: both runs open journals for the same days."""
    into_staging(contoso, Work(lines=150, days=3).worked)

    reports = at_once(contoso, "staging_import")

    result = contoso.result()
    lines = [line for journal in result["journals"] for line in journal["lines"]]
    assert len(lines) == 300
    assert set(Counter(line["actual_id"] for line in lines).values()) == {1}
    assert sum(report["journal_lines"] for report in reports) == 300
    assert sorted(line["voucher"] for line in lines) == [f"PV-{n:08d}" for n in range(1, 301)]
    assert [journal["journal_id"] for journal in result["journals"]] == [f"USPM-{n:06d}" for n in range(1, 7)]
    assert all(len(journal["lines"]) <= 70 for journal in result["journals"])
    places = {(line["actual_id"], journal["journal_id"]) for journal in result["journals"] for line in journal["lines"]}
    assert {(row["actual_id"], row["journal_id"]) for row in result["staging"]} == places


def test_two_imports_at_once_build_a_proposal_once(contoso: World) -> None:
    work = Work(lines=150)
    into_staging(contoso, work.unbilled)
    contoso.run("staging_import")
    contoso.run("journal_posting")
    contoso.deliver(work.header)
    into_staging(contoso, work.sales)

    at_once(contoso, "staging_import")

    (proposal,) = contoso.result()["proposals"]
    assert proposal["status"] == "ready"
    assert sorted(line["line_number"] for line in proposal["lines"]) == list(range(1, 151))
    assert len({line["actual_id"] for line in proposal["lines"]}) == 150
    ready = [event for event in contoso.unsent() if event.detail_type == "InvoiceProposalReady"]
    assert [event.detail["line_count"] for event in ready] == [150]


def test_two_postings_at_once_post_each_journal_once(contoso: World) -> None:
    into_staging(contoso, Work(lines=150, days=3).worked)
    contoso.run("staging_import")

    at_once(contoso, "journal_posting")

    result = contoso.result()
    assert {journal["status"] for journal in result["journals"]} == {"posted"}
    assert {row["state"] for row in result["staging"]} == {"posted"}
    assert len({voucher["voucher"] for voucher in result["vouchers"]}) == len(result["vouchers"]) == 300
    told = [event for event in contoso.unsent() if event.detail_type == "IntegrationJournalPosted"]
    events = Counter(event.detail["journal_id"] for event in told)
    assert events == Counter(journal["journal_id"] for journal in result["journals"])
