"""FEE-02, OAT-11: the row of a fee follows its sale, and Dataverse is told of both as one, whatever dies in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing import bootstrap
from project_invoicing.domain.actual import fee_id
from tests import snapshots
from tests.builders import guid, money
from tests.crash.death import Step
from tests.dataverse import StubbornDataverse, connected
from tests.faults import Killed
from tests.harness import World, sqs_batch
from tests.own_events import journal_posted
from tests.rules.finance import finance
from tests.rules.invoices.conftest import of_actuals
from tests.rules.stories import reverses, sale

FEE = "cr123_fee"
JOURNAL = {"company": "USPM", "journal_id": "USPM-000001"}


@pytest.fixture(autouse=True)
def _columns() -> Iterator[None]:
    with of_actuals({"fee": FEE}):
        yield


def fee(amount: str) -> dict[str, Any]:
    return {FEE: money(amount)}


def started() -> World:
    world = World("2026-08-31T13:00:00Z")
    world.load(finance())
    world.deliver(sale("work", row_version=1, **fee("160")))
    return world


def test_the_fee_of_a_sale_follows_it_whatever_happens_to_a_delivery(moto: None) -> None:
    """A newer version and what takes it back, with their connection."""
    newer = sale("work", row_version=2, message="Update", **fee("40"))
    back = sale("back", "-8", **fee("-40"))

    def deliver(world: World) -> None:
        world.deliver(newer, back, reverses("back", "work"))

    step = Step(started(), deliver, deliver)
    assert step.dies_at_every_request() > 5
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()


@pytest.mark.parametrize("applied", [False, True])
def test_dataverse_is_told_the_sum_once_however_often_telling_it_dies(moto: None, applied: bool) -> None:
    world = started()
    world.run("staging_import")
    world.run("journal_posting")
    event = journal_posted(world.at, **JOURNAL)
    message = sqs_batch(json.dumps({"detail-type": event.detail_type, "time": event.time, "detail": event.detail}))
    posted = snapshots.read(world)
    for at in count(1):
        snapshots.restore(world, snapshots.read(world), posted)
        dataverse, died = StubbornDataverse(dies_at=at, applied=applied), False
        with connected(dataverse), patch.object(bootstrap, "now", lambda: datetime.fromisoformat("2026-08-31T13:00Z")):
            try:
                world.call("accounting_writeback", message)
            except Killed:
                died = True
                world.call("accounting_writeback", message)
        (written,) = dataverse.values()
        assert written == ("msdyn_actual", guid("work"))
        assert str(dataverse.values()[written]["msdyn_accountingamount"]) == "1760"
        states = {row["actual_id"]: row["state"] for row in world.result()["staging"]}
        assert states == {guid("work"): "posted", fee_id(guid("work")): "posted"}
        if not died:
            return
