"""The whole chain of events, from the webhook over bus, queue and outbox to the journal: no load, no schedule."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import master
from tests.builders import guid, proforma
from tests.rules.stories import bill, bills, cost, sale
from tests.site import NOW, Site, running

UNKNOWN = {"project": "PRJ-2"}
PROJECT = master.project("PRJ-2", contract="CTR-1")


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        site.send(master.company("USPM"))
        yield site
        assert site.dead_letters() == []


def imports(site: Site) -> None:
    site.stack.invoke("staging_import", {"source": "aws.events", "detail-type": "Scheduled Event", "time": NOW})
    site.stack.drain()


def states(site: Site) -> dict[str, str]:
    return {id: str(row["state"]) for id, row in site.staged().items()}


def test_the_first_actual_of_a_new_project_under_a_known_contract_is_imported_within_one_chain_of_events(
    site: Site,
) -> None:
    site.send(cost("one", **UNKNOWN))
    imports(site)
    assert states(site) == {guid("one"): "pending"}
    site.send(PROJECT)
    assert states(site) == {guid("one"): "imported"}


def test_a_whole_proposal_that_came_before_its_project_is_filled_without_another_run_once_its_sale_is_posted(
    site: Site,
) -> None:
    site.send(
        proforma("inv-1", total="1600"),
        sale("unbilled", **UNKNOWN),
        bill("billed", **UNKNOWN),
        bills("billed", "unbilled"),
    )
    imports(site)
    site.send(PROJECT)
    assert states(site)[guid("unbilled")] == "imported"
    site.stack.invoke("journal_posting", {"time": NOW, "detail": {"company": "USPM"}})
    site.stack.drain()
    assert [proposal["status"] for proposal in site.result()["proposals"]] == ["ready"]
