"""Import, posting and deletion of documents that need several transactions, killed at every request of theirs."""

from __future__ import annotations

import pytest

from benchmarks.business import COMPANY, Work, finance
from tests.crash.death import Run, Step
from tests.crash.stages import billed, journalised, proposed, worked
from tests.harness import World

pytestmark = pytest.mark.engine


def running(function: str, **scope: str) -> Run:
    return lambda world: world.run(function, **scope)


def ends_as_if_nothing_had_happened(world: World, run: Run, then: Run | None = None, *, transactions: int) -> None:
    """``then`` is who repeats the run after it died or met another one, if that is not the run itself."""
    step = Step(world, run, then or run)
    assert step.transactions >= transactions
    ends = step.dies_at_every_request()
    assert ends >= step.transactions, "some transactions changed nothing"
    step.dies_after_every_transaction()
    step.meets_another_transaction_everywhere()


def test_an_import_of_journals_survives_death_at_every_request(empty: World) -> None:
    """Four journals over two days, two of them filled up to their limit."""
    empty.load(finance(journal_line_limit=45))
    worked(empty, Work(lines=60, days=2))
    ends_as_if_nothing_had_happened(empty, running("staging_import"), transactions=2)


def test_a_rate_agreed_after_the_import_reaches_all_lines_in_spite_of_death_at_every_request(empty: World) -> None:
    empty.load(finance())
    journalised(empty, Work(lines=50))
    document = finance()
    document["contracts"]["CTR-1"]["fixed_exchange_rate"] = {"currency": "GBP", "rate": "125", "factor": 100}
    empty.load(document)
    ends_as_if_nothing_had_happened(empty, running("staging_import"), transactions=3)


def test_an_import_of_a_proposal_survives_death_at_every_request(empty: World) -> None:
    empty.load(finance())
    billed(empty, Work(lines=200))
    ends_as_if_nothing_had_happened(empty, running("staging_import"), transactions=3)


def test_the_posting_of_journals_survives_death_at_every_request(empty: World) -> None:
    empty.load(finance())
    journalised(empty, Work(lines=100))
    ends_as_if_nothing_had_happened(empty, running("journal_posting"), transactions=3)


def test_moving_the_lines_that_fail_to_post_survives_death_at_every_request(empty: World) -> None:
    """Two of five days are closed: both pages of the month's journal have lines that post and lines that fail."""
    document = finance(journal_period="months", auto_open_period=False, journal_line_limit=500)
    document["fiscal_periods"][COMPANY] = [
        {"start": "2026-08-01", "end": "2026-08-03", "status": "open"},
        {"start": "2026-08-05", "end": "2026-08-06", "status": "open"},
    ]
    empty.load(document)
    journalised(empty, Work(lines=60, days=5))
    ends_as_if_nothing_had_happened(empty, running("journal_posting"), transactions=2)
    empty.run("journal_posting")
    statuses = sorted((journal["status"], len(journal["lines"])) for journal in empty.result()["journals"])
    assert statuses == [("error", 48), ("posted", 72)]


def test_a_journal_that_fails_whole_survives_death_at_every_request(empty: World) -> None:
    document = finance(auto_open_period=False)
    document["fiscal_periods"][COMPANY] = []
    empty.load(document)
    journalised(empty, Work(lines=50))
    ends_as_if_nothing_had_happened(empty, running("journal_posting"), transactions=3)


def test_the_posting_of_an_invoice_survives_death_at_every_request(empty: World) -> None:
    empty.load(finance())
    proposed(empty, Work(lines=200))
    ends_as_if_nothing_had_happened(empty, running("invoice_posting"), transactions=3)


def test_the_deletion_of_a_proposals_lines_is_finished_by_the_next_import(empty: World) -> None:
    """Deleted lines come back with the import, so that both are one step here."""
    work = Work(lines=100)
    empty.load(finance())
    proposed(empty, work)
    next_import = running("staging_import", proposal_id=work.number)

    def delete_and_import(world: World) -> None:
        world.edit("delete_lines", company=COMPANY, proposal_id=work.number)
        next_import(world)

    ends_as_if_nothing_had_happened(empty, delete_and_import, delete_and_import, transactions=5)


def test_the_deletion_of_a_journals_lines_survives_death_at_every_request(empty: World) -> None:
    empty.load(finance())
    journalised(empty, Work(lines=50))

    def delete(world: World) -> None:
        world.edit("delete_lines", company=COMPANY, journal_id="USPM-000001")

    ends_as_if_nothing_had_happened(empty, delete, transactions=2)
