"""What runs at the same time as a step: the same step, the SDK's own repetitions, or another step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from benchmarks.business import COMPANY, Work, finance, into_staging
from project_invoicing.errors import Conflict
from tests import snapshots
from tests.builders import actual
from tests.counting import counted
from tests.crash.death import Run, Step
from tests.crash.stages import billed, journalised, proposed, worked
from tests.faults import overtaken
from tests.harness import World

pytestmark = pytest.mark.engine

WORK = Work(lines=2)

Stage = Callable[[World, Work], None]


def running(function: str) -> Run:
    return lambda world: world.run(function)


STEPS = [
    pytest.param(worked, "staging_import", id="import of journals"),
    pytest.param(journalised, "journal_posting", id="posting of journals"),
    pytest.param(billed, "staging_import", id="import of a proposal"),
    pytest.param(proposed, "invoice_posting", id="posting of an invoice"),
]


@pytest.mark.parametrize(("before", "function"), STEPS)
def test_a_run_that_is_overtaken_at_any_request_changes_nothing(empty: World, before: Stage, function: str) -> None:
    empty.load(finance())
    before(empty, Work(lines=50))
    Step(empty, running(function), running(function)).is_overtaken_at_every_request()


@pytest.mark.parametrize(("before", "function"), STEPS)
def test_a_lost_answer_is_no_second_transaction(
    empty: World, before: Stage, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    empty.load(finance())
    before(empty, Work(lines=100))
    Step(empty, running(function), running(function)).hears_no_answer_at_first()


def correction(world: World) -> None:
    world.deliver(actual("work-cost-1", currency="USD", quantity="0.75", start="2026-08-03", row_version=999_000_000))


def deletion_of_lines(world: World) -> None:
    world.edit("delete_lines", company=COMPANY, proposal_id=WORK.number)


def deletion_of_a_journal(world: World) -> None:
    world.edit("delete_lines", company=COMPANY, journal_id="USPM-000001")


def everything_on_journals(world: World, work: Work) -> None:
    worked(world, work)
    world.deliver(work.header)
    into_staging(world, work.sales)
    world.run("staging_import")


def everything_proposed(world: World, work: Work) -> None:
    everything_on_journals(world, work)
    world.run("journal_posting")
    world.run("staging_import")


@pytest.mark.parametrize(
    ("before", "step", "other"),
    [
        pytest.param(everything_on_journals, running("journal_posting"), correction, id="posting, correction"),
        pytest.param(everything_on_journals, running("journal_posting"), deletion_of_a_journal, id="posting, deletion"),
        pytest.param(everything_on_journals, deletion_of_a_journal, running("journal_posting"), id="deletion, posting"),
        pytest.param(everything_on_journals, running("staging_import"), correction, id="import, correction"),
        pytest.param(everything_proposed, running("invoice_posting"), deletion_of_lines, id="invoice, deletion"),
        pytest.param(everything_proposed, deletion_of_lines, running("invoice_posting"), id="deletion, invoice"),
        pytest.param(everything_proposed, deletion_of_lines, running("staging_import"), id="deletion, import"),
    ],
)
def test_steps_that_cross_at_any_request_leave_whole_books(empty: World, before: Stage, step: Run, other: Run) -> None:
    empty.load(finance())
    before(empty, WORK)
    start = snapshots.read(empty)
    with counted(empty.client) as usage:
        step(empty)
    for at in range(1, usage.requests + 1):
        snapshots.restore(empty, snapshots.read(empty), start)
        with overtaken(empty.client, at, lambda: other(empty)), suppress(Conflict):
            step(empty)
        for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
            empty.run(function)
        books_are_whole(empty)


def books_are_whole(world: World) -> None:
    """Every actual is on one line and posted once, the invoice is the proforma's, and nothing stays accrued."""
    result = world.result()
    documents = [*result["journals"], *result["proposals"]]
    on_lines = Counter(line["actual_id"] for document in documents for line in document["lines"])
    assert on_lines == Counter(row["actual_id"] for row in result["staging"])
    assert {row["state"] for row in result["staging"]} == {"posted"}
    assert [Decimal(invoice["subtotal"]) for invoice in result["invoices"]] == [WORK.total]
    vouchers = [voucher["voucher"] for voucher in result["vouchers"]]
    assert len(set(vouchers)) == len(vouchers)
    balances: Counter[str] = Counter()
    for line in (line for voucher in result["vouchers"] for line in voucher["lines"]):
        balances[line["posting_type"]] += Decimal(line["accounting_amount"])  # type: ignore[assignment]
    assert balances["wip_sales_value"] == balances["accrued_revenue_sales_value"] == 0
