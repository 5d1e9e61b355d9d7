"""Two runs of one step, the second of which does all of it while the first waits with one of its requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.business import Work, finance
from tests.crash.death import Step
from tests.crash.stages import billed, journalised, proposed, worked
from tests.harness import World

pytestmark = pytest.mark.engine

WORK = Work(lines=50)


@pytest.mark.parametrize(
    ("before", "function"),
    [
        pytest.param(worked, "staging_import", id="import of journals"),
        pytest.param(journalised, "journal_posting", id="posting of journals"),
        pytest.param(billed, "staging_import", id="import of a proposal"),
        pytest.param(proposed, "invoice_posting", id="posting of an invoice"),
    ],
)
def test_a_run_that_is_overtaken_at_any_request_changes_nothing(
    empty: World, before: Callable[[World, Work], None], function: str
) -> None:
    empty.load(finance())
    before(empty, WORK)

    def run(world: World) -> None:
        world.run(function)

    Step(empty, run, run).is_overtaken_at_every_request()
