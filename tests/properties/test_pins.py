"""Whatever becomes of rows of master data while a document is built or posted, and however often that dies."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from project_invoicing.store import history
from project_invoicing.use_cases.invoices import saga as invoice_saga
from project_invoicing.use_cases.journals import add_lines
from project_invoicing.use_cases.journals import post as journal_posting
from project_invoicing.use_cases.proposals import pages as proposal_pages
from tests import snapshots
from tests.crash.pinning import STEPS, changes, with_rows
from tests.faults import Killed, dying
from tests.harness import World
from tests.thorough import thorough

SEEDS = range(thorough(1, 20))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", STEPS)
def test_a_document_that_was_begun_ends_as_it_began(
    moto: None, monkeypatch: pytest.MonkeyPatch, name: str, seed: int
) -> None:
    """After its first transaction the step dies again and again, and between two deaths rows change at random."""
    for module in (add_lines, proposal_pages, invoice_saga):
        monkeypatch.setattr(module, "PAGE_LINES", 1)
    monkeypatch.setattr(journal_posting, "MAX_WRITES", 12)
    monkeypatch.setattr(history, "clock", lambda: "2026-08-31T13:00:00.000000+00:00")  # runs are compared
    dice = Random(seed)  # noqa: S311  an order, no secret
    stage, function = STEPS[name]
    world = with_rows(stage)
    before = snapshots.documents(world)
    world.run(function)
    undisturbed = snapshots.documents(world)
    snapshots.restore(world, undisturbed, before)

    with pytest.raises(Killed), dying(world.client, 1, applied=True, operation="TransactWriteItems"):
        world.run(function)
    for _ in range(4):
        becomes: Callable[[World], object] = dice.choice(changes(name))
        becomes(world)
        try:
            with dying(world.client, dice.randint(2, 12), applied=bool(dice.getrandbits(1))):
                world.run(function)
        except Killed:
            continue
    world.run(function)

    now = snapshots.documents(world)
    differ = {key: (now.get(key), item) for key, item in undisturbed.items() if now.get(key) != item}
    assert not differ, min(differ.items())
