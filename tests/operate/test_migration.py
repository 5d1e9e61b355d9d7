"""From one document to rows, as ``docs/migration-master-data.md`` goes: each step makes the same of the same work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local import engines
from local.cli import main
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests.builders import guid
from tests.harness import World
from tests.rules.finance import finance
from tests.rules.stories import cost, sale

AT = "2026-08-31T09:00:00.000Z"
MASTER = ("customers", "contracts", "contract_lines", "projects", "products", "references")
BEFORE = finance(
    ("customers.USPM.C-001.sales_tax_group", "DOM"),
    ("projects.PRJ-1.dimensions", {"CostCenter": "007"}),
    profile_rules=[{"company": "USPM", "project_group": "TM", "profile": "TM"}, {"company": "USPM", "profile": "FP"}],
)
POLICY = {name: value for name, value in BEFORE.items() if name not in MASTER} | {
    "defaults": {"products": {"item_sales_tax_group": "GOODS"}},
}
USPM, CUSTOMER, CONTRACT = (
    ["cdm_company", guid("USPM"), "Contoso"],
    ["account", guid("C-001"), "Adatum"],
    ["salesorder", guid("CTR-1"), "CTR-1"],
)
OWN = ("actual_id", "line_number", "voucher")
ROWS: list[tuple[str, str, dict[str, Any]]] = [
    ("cdm_company", "USPM", {"code": "USPM", "name": "Contoso"}),
    ("transactioncurrency", "USD", {"code": "USD", "precision": "2"}),
    ("account", "C-001", {"number": "C-001", "company": USPM, "name": "Adatum", "active": True}),
    (
        "salesorder",
        "CTR-1",
        {
            "number": "CTR-1",
            "company": USPM,
            "customer": CUSTOMER,
            "currency": ["transactioncurrency", guid("USD")],
        },
    ),
    ("salesorderdetail", "CTR-1-1", {"number": "1", "contract": CONTRACT, "billing_method": "time_and_material"}),
    ("msdyn_project", "PRJ-1", {"number": "PRJ-1", "company": USPM, "contract": CONTRACT, "open": True}),
    ("msdyn_transactioncategory", "Installation", {"name": "Installation", "active": True}),
]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with engines.running("moto"):
        made = World()
        made.load(BEFORE)
        for name in ("setup", "master_data"):
            monkeypatch.setenv(f"{name.upper()}_TABLE", getattr(made.names, f"{name}_table"))
        settings.cache_clear()
        yield made
    bootstrap.forget()


def arrive(world: World, *rows: tuple[str, str, dict[str, Any]], version: int = 1) -> None:
    master = MasterData(world.client, world.names.master_data_table)
    settling = Settling(master, dict, lambda: True, AT)
    for entity, id, columns in rows:
        settling.arrived(ArrivedRow(entity, guid(id), RowVersion(version, AT, f"h{version}"), columns))


def lines_of_new_work(world: World, name: str) -> list[dict[str, Any]]:
    """The journal lines of an hour of work that arrives now, without what is different of every line."""
    world.deliver(cost(f"{name}/cost"), sale(f"{name}/sale"))
    world.run("staging_import")
    ids = {guid(f"{name}/cost"), guid(f"{name}/sale")}
    lines = [line for journal in world.result()["journals"] for line in journal["lines"] if line["actual_id"] in ids]
    waiting = {row["reason"] for row in world.result()["staging"] if row["actual_id"] in ids and row["reason"]}
    assert len(lines) == 2, waiting
    return sorted(
        ({key: value for key, value in line.items() if key not in OWN} for line in lines),
        key=lambda line: str(line["kind"]),
    )


def test_at_every_step_forward_and_back_the_same_work_makes_the_same_lines(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lines_of_new_work(world, "before")
    assert {line["sales_tax_group"] for line in before} == {"DOM", None}  # a cost has none

    assert main(["master", "import-setup", "--json"]) == 0
    written = json.loads(capsys.readouterr().out)["parts"]
    assert (written["customers"]["changed"], written["projects"]["changed"]) == (1, 3)
    assert lines_of_new_work(world, "columns") == before

    for position, row in enumerate(ROWS):
        arrive(world, row)
        assert lines_of_new_work(world, f"row-{position}") == before

    world.load(POLICY)
    assert lines_of_new_work(world, "policy") == before

    arrive(world, ("msdyn_project", "PRJ-1", {"number": "PRJ-1", "company": USPM, "open": False}), version=2)
    world.load({**BEFORE, "master_rows": "off"})
    assert lines_of_new_work(world, "back") == before
    arrive(world, ROWS[5], version=3)
    world.load({**POLICY, "master_rows": "on"})
    assert lines_of_new_work(world, "forward") == before
