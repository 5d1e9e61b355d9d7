"""Whether what blocked has changed since a step has read it (D-100)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import Key, NameKey, Part, RateKey, Rates, RowKey, Seen, SeenName, SeenRow
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.master_data.reader import Reader
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.left_waiting import LeftWaiting, changed_since
from tests.builders import guid
from tests.rules.finance import finance

ID = guid("PRJ-2")
PROJECT, RATE = f"msdyn_project#{ID}", "rate#GBP#USD"
KEY, PAIR, NAME = RowKey("msdyn_project", ID), RateKey("default", "GBP", "USD"), NameKey(Part.PROJECTS, "USPM", "PRJ-2")
ROW = SeenRow("msdyn_project", ID, RowVersion(1, "2026-08-28T10:00:00Z", "a"), {}, company="USPM", number="PRJ-2")
DAYS = Rates(((date(2026, 1, 5), ExchangeRate(Decimal("1.25"), Decimal(1))),))
FINANCE = SeenName("msdyn_project", ID, {}, {"open": False})


class Table:
    """What stands under some keys now, and how many were asked for at once."""

    def __init__(self) -> None:
        self.seen: dict[Key, Seen | None] = {}
        self.asked: list[int] = []

    def read(self, keys: Collection[Key]) -> Mapping[Key, Seen | None]:
        self.asked.append(len(keys))
        return {key: self.seen.get(key) for key in keys}


def versions(table: Table, version: int = 1) -> SetupVersions:
    setup = FinanceSetup(SetupDocument.model_validate(finance()), version)
    return SetupVersions(Reader(setup, table.read), lambda _: setup)


def seen_by(table: Table) -> SetupVersions:
    """The set-up of a step that has read the project, its name and the rates."""
    setups = versions(table)
    setups.reader._found([KEY, PAIR, NAME])
    table.asked.clear()
    return setups


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {}, set()),
        ({}, {KEY: ROW}, {PROJECT}),
        ({KEY: ROW}, {KEY: ROW}, set()),
        ({KEY: replace(ROW, problem="company_unknown: why", number=None)}, {KEY: ROW}, {PROJECT}),
        ({KEY: ROW, NAME: FINANCE}, {KEY: ROW, NAME: replace(FINANCE, finance={})}, {PROJECT}),
        ({}, {PAIR: DAYS}, {RATE}),
    ],
)
def test_what_came_or_changed_since_it_was_read_blocks_no_longer(
    before: dict[Key, Seen], now: dict[Key, Seen], expected: set[str]
) -> None:
    table = Table()
    table.seen.update(before)
    setups = seen_by(table)
    table.seen = dict(now)
    assert changed_since(setups, versions(table), {PROJECT, RATE, "policy"}) == expected
    assert len(table.asked) == 1


def test_a_row_and_its_number_that_block_are_both_told_of_what_changed_under_the_number() -> None:
    table = Table()
    table.seen = {KEY: ROW, NAME: FINANCE}
    setups = seen_by(table)
    table.seen = {KEY: ROW, NAME: replace(FINANCE, finance={})}
    blockers = {PROJECT, name_blocker(NAME)}
    assert changed_since(setups, versions(table), blockers) == blockers


def test_a_new_version_of_the_set_up_may_end_every_wait_and_nothing_else_is_read() -> None:
    table = Table()
    setups = seen_by(table)
    assert changed_since(setups, versions(table, 2), {PROJECT, "policy"}) == {PROJECT, "policy"}
    assert table.asked == []


def test_what_was_never_read_has_not_changed() -> None:
    table = Table()
    table.seen[KEY] = ROW
    assert changed_since(versions(Table()), versions(table), {PROJECT}) == set()


def test_rows_and_proposals_are_found_by_what_blocks_them() -> None:
    left = LeftWaiting()
    left.add_rows([(PROJECT, "one"), (PROJECT, "two"), (RATE, "three")])
    left.add_proposal("inv-1", [PROJECT, "policy"])
    assert left.blockers == {PROJECT, RATE, "policy"}
    assert left.by({PROJECT}) == ({"one", "two"}, {"inv-1"})
    assert left.by(set()) == (set(), set())
