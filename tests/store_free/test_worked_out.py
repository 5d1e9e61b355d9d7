"""What lines of the same work take from the set-up is worked out once, and is what each would be told by itself."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.lookups import FinanceSetup
from tests.rules.finance import finance
from tests.rules.stories import FIXED_RATE, IN_POUNDS
from tests.store_free.journalising import cost, looked_up, sale

WORK: list[dict[str, Any]] = [
    {},
    {"resource": "Julia Funderburk"},
    {"resource": "Julia Funderburk", "category": None},
    {"start": "2026-08-30", "accounting_date": "2026-08-30"},
    {"contract_line": None},
    {"project": None},
    {"project": None, "contract": None},
    {"currency": "XXX"},
    {"project": "PRJ-77"},
    IN_POUNDS,
    FIXED_RATE,
]
LINES: list[Actual] = [kind(**columns) for columns in WORK for kind in (cost, sale)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_line_is_told_the_same_whoever_asked_before(order: int) -> None:
    document = finance()
    setup = looked_up(document)
    alone = [resolve(line, looked_up(document)) for line in LINES]
    assert any(isinstance(one, Resolved) for one in alone)
    assert not all(isinstance(one, Resolved) for one in alone)
    for _ in range(2):
        assert [resolve(line, setup) for line in LINES[::order]] == alone[::order]


def test_lines_of_the_same_work_ask_for_its_groups_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    group = FinanceSetup.item_sales_tax_group

    def counted(self: FinanceSetup, *given: Any) -> str | None:
        asked.append(given[0])
        return group(self, *given)

    monkeypatch.setattr(FinanceSetup, "item_sales_tax_group", counted)
    setup = looked_up(finance())
    for _ in range(100):
        assert isinstance(resolve(sale(), setup), Resolved)
    assert len(asked) == 1


def test_a_line_does_not_change_the_dimensions_of_the_others() -> None:
    document = finance()
    document["projects"]["PRJ-1"]["dimensions"] = {"CostCenter": "007"}
    setup = looked_up(document)
    first = resolve(sale(), setup)
    assert isinstance(first, Resolved)
    assert first.dimensions
    first.dimensions["CostCenter"] = "008"
    second = resolve(sale(), setup)
    assert isinstance(second, Resolved)
    assert second.dimensions == {"CostCenter": "007"}
