"""What reading master data row by row costs a step: a few requests, however many lines name the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import pytest

from benchmarks.business import COMPANY, finance, into_staging
from project_invoicing.store.pins import PINS
from tests import snapshots
from tests.builders import Context, actual, connection, guid, proforma
from tests.counting import Usage, counted
from tests.divided import divided
from tests.harness import World
from tests.posted import scanned

pytestmark = pytest.mark.engine

LINES, PROJECTS, CONTRACTS, CUSTOMERS = 1_000, 30, 10, 8


def document() -> dict[str, Any]:
    """Thirty projects under ten contracts of eight customers, each with finance's own columns."""
    made = finance(journal_line_limit=LINES, journal_period="months")
    made["customers"][COMPANY] = {f"C-{n}": {"group": "DOM", "sales_tax_group": "DOM"} for n in range(CUSTOMERS)}
    made["contracts"] = {
        f"CTR-{n}": {"company": COMPANY, "customer": f"C-{n % CUSTOMERS}", "currency": "GBP"} for n in range(CONTRACTS)
    }
    made["contract_lines"] = {f"CTR-{_contract(n)}-{n}": {"contract": f"CTR-{_contract(n)}"} for n in range(PROJECTS)}
    made["projects"] = {
        f"PRJ-{n}": {"company": COMPANY, "contract": f"CTR-{_contract(n)}", "group": "TM"} for n in range(PROJECTS)
    }
    names = {
        "account": made["customers"][COMPANY],
        "salesorder": made["contracts"],
        "salesorderdetail": made["contract_lines"],
        "msdyn_project": made["projects"],
    }
    made["references"] |= {entity: {guid(name): name for name in of} for entity, of in names.items()}
    return made


def _contract(project: int) -> int:
    return project % CONTRACTS


def sale(n: int, kind: str = "unbilled_sales", **columns: Any) -> Context:
    project = n % PROJECTS
    contract = _contract(project)
    return actual(
        f"{kind}-{n}",
        transaction_type=kind,
        currency="GBP",
        project=f"PRJ-{project}",
        contract=f"CTR-{contract}",
        contract_line=f"CTR-{contract}-{project}",
        customer=f"C-{contract % CUSTOMERS}",
        category="Installation",
        resource=f"Resource {n % 40}",
        row_version=n + 1,
        **columns,
    )


@contextmanager
def reads(world: World) -> Iterator[list[int]]:
    """The keys of each request to the table of master data."""
    found: list[int] = []

    def asked(params: dict[str, Any], **_: Any) -> None:
        if keys := params["RequestItems"].get(world.names.master_data_table):
            found.append(len(keys["Keys"]))

    event = "before-parameter-build.dynamodb.BatchGetItem"
    world.client.meta.events.register(event, asked)
    try:
        yield found
    finally:
        world.client.meta.events.unregister(event, asked)


@pytest.fixture
def contoso(empty: World) -> World:
    policy, rows = divided(document())
    empty.load(policy)
    empty.deliver(*rows)
    return empty


def step(world: World, function: str) -> tuple[list[int], Usage]:
    with reads(world) as found, counted(world.client) as usage:
        world.run(function)
    return found, usage


def test_each_step_reads_what_its_lines_name_in_a_few_requests(contoso: World) -> None:
    into_staging(contoso, (sale(n) for n in range(LINES)))
    found, _ = step(contoso, "staging_import")
    assert len(found) <= 5, found
    found, usage = step(contoso, "journal_posting")
    assert len(found) <= 3, found
    assert usage.write_units <= 5 * LINES
    assert {row["state"] for row in contoso.result()["staging"]} == {"posted"}

    billed = [n for n in range(LINES) if n % PROJECTS % CONTRACTS == 0]
    header = proforma("proforma", contract="CTR-0", customer="C-0", currency="GBP", total=str(800 * len(billed)))
    with reads(contoso) as found:
        contoso.deliver(header)
    assert len(found) <= 1, found
    rows = [sale(n, "billed_sales", invoice="proforma") for n in billed]
    links = [
        connection(f"link-{n}", f"billed_sales-{n}", "Billed Sales", f"unbilled_sales-{n}", "Unbilled Sales")
        for n in billed
    ]
    into_staging(contoso, [*rows, *links])
    found, _ = step(contoso, "staging_import")
    assert len(found) <= 5, found
    assert [proposal["status"] for proposal in contoso.result()["proposals"]] == ["ready"]
    found, _ = step(contoso, "invoice_posting")
    assert len(found) <= 2, found
    assert [proposal["status"] for proposal in contoso.result()["proposals"]] == ["posted"]


def test_without_rows_a_step_reads_only_that_there_are_none(empty: World) -> None:
    empty.load(document())
    into_staging(empty, (sale(n) for n in range(LINES)))
    found, _ = step(empty, "staging_import")
    assert len(found) <= 5, found
    found, _ = step(empty, "journal_posting")
    assert len(found) <= 3, found


def test_with_master_rows_off_nothing_is_read(empty: World) -> None:
    empty.load({**document(), "master_rows": "off"})
    into_staging(empty, (sale(n) for n in range(20)))
    assert step(empty, "staging_import")[0] == []
    assert step(empty, "journal_posting")[0] == []


def test_what_a_claim_keeps_costs_no_more_than_one_item(empty: World) -> None:
    """Of a journal over all thirty projects, against one that was posted with the document alone."""
    units, items = [], []
    for policy, rows in ((document(), []), divided(document())):
        snapshots.clear(empty)
        empty.load(policy)
        empty.deliver(*rows)
        into_staging(empty, (sale(n) for n in range(LINES)))
        empty.run("staging_import")
        units.append(step(empty, "journal_posting")[1].written[empty.names.journals_table])
        items += [item for item in scanned(empty, empty.names.journals_table) if item["sk"] == PINS]
    (kept,) = items
    size = sum(len(name) + len(value) for name, value in kept.items())
    assert size <= 8 * 1024
    assert units[1] - units[0] <= 2 * ceil(size / 1024)
