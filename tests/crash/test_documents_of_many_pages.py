"""Import, posting and deletion of documents that need several transactions, killed at every request of theirs."""

from __future__ import annotations

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from tests.crash.death import Step
from tests.harness import World

Steps = tuple[str, World]


def staged(world: World, work: Work) -> None:
    into_staging(world, work.worked)


def journalised(world: World, work: Work) -> None:
    staged(world, work)
    world.run("staging_import")


def posted(world: World, work: Work) -> None:
    journalised(world, work)
    world.run("journal_posting")
    world.drain()


def billed(world: World, work: Work) -> None:
    posted(world, work)
    world.deliver(work.header)
    into_staging(world, work.sales)


def proposed(world: World, work: Work) -> None:
    billed(world, work)
    world.run("staging_import")


def test_an_import_of_journals_ends_as_if_nothing_had_happened(empty: World) -> None:
    """Four journals over two days, filled up to their limit."""
    empty.load(finance(journal_line_limit=60))
    staged(empty, Work(lines=100, days=2))
    step = Step(empty, lambda world: world.run("staging_import"))
    assert step.transactions == 4
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_an_import_of_a_proposal_ends_as_if_nothing_had_happened(empty: World) -> None:
    empty.load(finance())
    billed(empty, Work(lines=200))
    step = Step(empty, lambda world: world.run("staging_import"))
    assert step.transactions == 3
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_the_posting_of_journals_ends_as_if_nothing_had_happened(empty: World) -> None:
    empty.load(finance())
    journalised(empty, Work(lines=100))
    step = Step(empty, lambda world: world.run("journal_posting"))
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_lines_that_fail_to_post_move_as_if_nothing_had_happened(empty: World) -> None:
    """Two of five days are closed: each page of the month's journal has lines that post and lines that do not."""
    document = finance(journal_period="months", auto_open_period=False, journal_line_limit=500)
    document["fiscal_periods"][COMPANY] = [
        {"start": "2026-08-01", "end": "2026-08-03", "status": "open"},
        {"start": "2026-08-05", "end": "2026-08-06", "status": "open"},
    ]
    empty.load(document)
    journalised(empty, Work(lines=120, days=5))
    step = Step(empty, lambda world: world.run("journal_posting"))
    statuses = sorted((journal["status"], len(journal["lines"])) for journal in empty.result()["journals"])
    assert statuses == [("error", 96), ("posted", 144)]
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_a_journal_that_fails_whole_ends_as_if_nothing_had_happened(empty: World) -> None:
    document = finance(auto_open_period=False)
    document["fiscal_periods"][COMPANY] = []
    empty.load(document)
    journalised(empty, Work(lines=100))
    step = Step(empty, lambda world: world.run("journal_posting"))
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_the_posting_of_an_invoice_ends_as_if_nothing_had_happened(empty: World) -> None:
    empty.load(finance())
    proposed(empty, Work(lines=200))
    step = Step(empty, lambda world: world.run("invoice_posting"))
    assert step.transactions == 3
    assert step.dies_at_every_request() == 1 + step.transactions
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


@pytest.mark.parametrize("document", ["proposal_id", "journal_id"])
def test_a_deletion_of_lines_ends_as_if_nothing_had_happened(empty: World, document: str) -> None:
    ...
