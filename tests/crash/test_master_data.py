"""Rows of master data, killed at every request of theirs: delivered again they end as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from project_invoicing.dataverse.context import row_events
from tests import master
from tests.builders import AT, Context, lookup, option
from tests.crash.death import Run, Step
from tests.harness import World, envelope, sqs_batch
from tests.thorough import thorough

Stage = tuple[Context, ...]

USPM = master.company("USPM", row_version=1)
PROJECT = master.project("PRJ-1", row_version=10)
SECOND = master.project("another", number="PRJ-1", row_version=11)
CONTRACT = master.contract("CTR-1", company=None, unit="Robotics", row_version=20)
LINES = tuple(master.contract_line(f"L-{n}", "CTR-1", sequence=n, project="PRJ-1", row_version=30 + n) for n in (1, 2))
UNIT = master.unit("Robotics", row_version=2)


def update(made: Callable[..., Context], id: str, **columns: object) -> Context:
    return made(id, message="Update", at="2026-08-28T08:00:00Z", row_version=100, **columns)


def rate(id: str, rate: str, valid_from: str, on: str, row_version: int) -> Context:
    given = {"message": "Update", "at": f"{on}T08:00:00Z", "row_version": row_version}
    return master.exchange_rate(id, "GBP", "USD", rate, valid_from, **given)


def load(*contexts: Context) -> Run:
    """All at once, as the queue brings the rows of a first load. A message that failed comes again, with the others."""
    bodies = [
        json.dumps(envelope({**event.detail, "loading": True}, AT, event.detail_type, event.source))
        for one in contexts
        for event in row_events(one, AT)
    ]

    def run(world: World) -> None:
        while world.call("master_data_sync", sqs_batch(*bodies))["batchItemFailures"]:
            pass

    return run


RATE = rate("R-1", "1.25", "2026-01-05", "2026-08-27", 60)


def deliver(*contexts: Context) -> Run:
    return lambda world: world.deliver(*contexts)


EVENTS: dict[str, tuple[Stage, Run]] = {
    "a new project": ((USPM,), deliver(PROJECT)),
    "a project that arrives again": ((USPM, PROJECT), deliver(PROJECT)),
    "a renamed project": ((USPM, PROJECT), deliver(update(master.project, "PRJ-1", msdyn_subject="Bridge"))),
    "a row that cannot be read": ((), deliver(master.contract("x", msdyn_psastate=option(7), row_version=3))),
    "a batch of a first load": (
        (USPM, PROJECT),
        load(
            CONTRACT,
            *LINES,
            PROJECT,
            SECOND,
            master.project("PRJ-3", contract="CTR-1", row_version=12),
            master.project("PRJ-3", number="PRJ-3B", message="Update", row_version=13),
            master.account("C-1", row_version=14),
            master.resource("Ann", row_version=15),
            master.split_rule("S-1", "CTR-1", "C-1", "60", row_version=40),
            master.split_rule("S-2", "CTR-1", "C-1", "40", row_version=41),
            UNIT,
        ),
    ),
    "rows that wait for what a batch brings": (
        (PROJECT, *LINES, CONTRACT, master.account("C-1", row_version=4)),
        load(USPM, UNIT, master.project("PRJ-3", row_version=12)),
    ),
    "a project without its company": ((), deliver(PROJECT)),
    "a company for which rows wait": ((PROJECT, *LINES, CONTRACT, master.account("C-1", row_version=4)), deliver(USPM)),
    "a contract for which lines wait": ((USPM, UNIT, PROJECT, *LINES), deliver(CONTRACT)),
    "a renumbered contract": (
        (USPM, UNIT, CONTRACT, *LINES),
        deliver(update(master.contract, "CTR-1", number="CTR-9", company=None, unit="Robotics")),
    ),
    "a second row with a number": ((USPM, PROJECT), deliver(SECOND)),
    "a number that is free again": ((USPM, PROJECT, SECOND), deliver(update(master.project, "PRJ-1", number="PRJ-2"))),
    "a deleted project": ((USPM, PROJECT, SECOND), deliver(master.deletion("msdyn_project", "PRJ-1"))),
    "a number that a deleted project had": (
        (USPM, PROJECT, master.deletion("msdyn_project", "PRJ-1")),
        deliver(SECOND),
    ),
    "a split that is not whole": (
        (USPM, UNIT, CONTRACT),
        deliver(master.split_rule("S-1", "CTR-1", "C-1", "99", row_version=40)),
    ),
    "a merge that closes a circle": (
        (USPM, master.account("C-1", masterid=lookup("account", "C-2"), merged=True, row_version=50)),
        deliver(master.account("C-2", row_version=51), master.merge("account", "C-2", into="C-1")),
    ),
    "a company that gets another code": (
        (USPM, PROJECT, UNIT, CONTRACT),
        deliver(update(master.company, "USPM", cdm_companycode="USP2")),
    ),
    "an exchange rate of another day": ((RATE,), deliver(rate("R-1", "1.3", "2026-01-06", "2026-08-28", 61))),
    "an exchange rate of a day that is taken": ((RATE,), deliver(rate("R-2", "1.3", "2026-01-05", "2026-08-28", 61))),
    "the exchange rate that had the day is deleted": (
        (RATE, rate("R-2", "1.3", "2026-01-05", "2026-08-28", 61)),
        deliver(master.deletion("msdyn_currencyexchangerate", "R-2")),
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_arrival_survives_death_at_every_request(moto: None, name: str) -> None:
    step = prepared(*EVENTS[name])
    step.dies_at_every_request()
    step.meets_another_transaction_everywhere()


@pytest.mark.parametrize("name", [*EVENTS][:: thorough(3, 1)])
def test_an_arrival_ends_the_same_when_answers_are_lost_or_another_run_is_faster(moto: None, name: str) -> None:
    step = prepared(*EVENTS[name])
    step.hears_no_answer_at_first()
    step.is_overtaken_at_every_request()


def prepared(stage: Stage, run: Run) -> Step:
    """``run`` after these rows. A death ends with another delivery, and with the schedule, as in AWS."""

    def again(world: World) -> None:
        run(world)
        world.schedule("master_data_sync")

    world = World()
    world.deliver(*stage)
    return Step(world, run, again)
