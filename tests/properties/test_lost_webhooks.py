"""Webhooks that are lost, repeated and reordered: after one sweep the result is that of an undisturbed run."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.builders import Context, actual, connection, proforma
from tests.dataverse import FakeDataverse
from tests.site import Site, running
from tests.thorough import thorough

DAYS = 5
LOST, REPEATED = 0.3, 0.3


def story() -> list[Context]:
    """Days of work, their connections, one of which is deleted and one corrected, and the proforma of them."""
    contexts: list[Context] = []
    version = iter(range(100, 1_000))

    def add(build: Any, *args: Any, **columns: Any) -> None:
        contexts.append(build(*args, row_version=next(version), **columns))

    work: dict[str, Any] = {"start": "2026-08-27", "document_date": "2026-08-27", "category": "Installation"}
    for day in range(DAYS):
        add(actual, f"cost-{day}", transaction_type="cost", price="100", **work)
        add(actual, f"unbilled-{day}", transaction_type="unbilled_sales", price="200", **work)
        add(connection, f"uc-{day}", f"unbilled-{day}", "Unbilled Sales", f"cost-{day}", "Cost")
    changed = {"message": "Update", "changed": ["msdyn_description"]}
    add(actual, "cost-0", transaction_type="cost", price="100", description="first", **work, **changed)
    add(actual, "cost-0", transaction_type="cost", price="100", description="second", **work, **changed)
    gone = ("uc-1", "unbilled-1", "Unbilled Sales", "cost-1", "Cost")
    contexts.append(connection(*gone, message="Delete", row_version=105))  # as its pre image shows it
    for day in range(DAYS):
        add(actual, f"billed-{day}", transaction_type="billed_sales", price="200", invoice="proforma", **work)
        add(connection, f"bu-{day}", f"billed-{day}", "Billed Sales", f"unbilled-{day}", "Unbilled Sales")
    add(proforma, "proforma", total=str(1600 * DAYS))
    return contexts


def end_of(site: Site) -> dict[str, Any]:
    """Everything that matters: the result, without delivery counts, and the links of the rows."""
    for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
        event = {"source": "project-invoicing.manual", "detail-type": "Manual Run", "time": site.at, "detail": {}}
        site.stack.invoke(function, event)
        site.stack.drain()
    assert site.dead_letters() == []
    links = {
        item["pk"]: sorted((name, value.partition("|")[2]) for name, value in item.items() if name.startswith("l_"))
        for item in site.items(site.names.staging_table, "")
        if item.get("sk") == "A"
    }
    return {**site.result(), "staging": site.staged(), "links": links}


def undisturbed() -> dict[str, Any]:
    with running() as site:
        assert set(site.send(*story())) == {200}
        return end_of(site)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    result = undisturbed()
    assert [invoice["total"] for invoice in result["invoices"]] == ["8000.00"]
    return result


@pytest.mark.parametrize("seed", range(thorough(2, 12)))
def test_one_sweep_mends_what_was_lost_repeated_and_reordered(seed: int, expected: dict[str, Any]) -> None:
    dice = random.Random(seed)  # noqa: S311  an order, no secret
    dataverse = FakeDataverse(page=7)
    contexts = story()
    dataverse.apply(*contexts)
    arriving = [context for context in contexts if dice.random() >= LOST]
    arriving += [context for context in arriving if dice.random() < REPEATED]
    dice.shuffle(arriving)
    half = len(arriving) // 2
    with running(dataverse) as site:
        site.send(*arriving[:half])
        site.sweep()
        site.send(*arriving[half:])
        assert end_of(site) == expected


def test_with_every_webhook_lost_the_sweep_alone_gives_the_same(expected: dict[str, Any]) -> None:
    dataverse = FakeDataverse(page=7)
    dataverse.apply(*story())
    with running(dataverse) as site:
        site.sweep()
        assert _without_deleted(end_of(site)) == _without_deleted(expected)


def _without_deleted(result: dict[str, Any]) -> dict[str, Any]:
    """A connection that was deleted before the first sweep was never here: not even its name is."""
    return {**result, "links": {id: [one for one in links if one[1]] for id, links in result["links"].items()}}
