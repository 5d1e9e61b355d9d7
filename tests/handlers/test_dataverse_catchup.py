"""dataverse_catchup: what the webhooks missed is read from change tracking, once and resumably."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.dataverse.api import AccessDenied, Throttled
from project_invoicing.dataverse.maps import MASTER_TABLES
from project_invoicing.domain.sweep import Sweep
from project_invoicing.errors import Rejected
from project_invoicing.store import client, receiving
from project_invoicing.store.sweeps import Sweeps
from project_invoicing.store.transactions import scan
from tests.builders import actual, connection, guid, option, proforma
from tests.dataverse import FakeDataverse
from tests.event_samples import DATAVERSE
from tests.handlers.samples import sample
from tests.site import Site, running


@pytest.fixture
def dataverse() -> FakeDataverse:
    return FakeDataverse(page=2)


@pytest.fixture
def site(dataverse: FakeDataverse) -> Iterator[Site]:
    with running(dataverse) as made:
        yield made


def swept(answer: Any, entity: str = "msdyn_actual") -> dict[str, Any]:
    return next(report for report in answer["sweeps"] if report["entity"] == entity)


def of_documents(answer: Any) -> list[dict[str, Any]]:
    """The reports of invoices, actuals and connections, which come after those of master data."""
    return [report for report in answer["sweeps"] if report["entity"] not in MASTER_TABLES]


def state(site: Site, entity: str = "msdyn_actual") -> Sweep:
    return Sweeps(client.dynamodb(), site.names.dataverse_table).of(entity)


def links(site: Site, actual_id: str) -> dict[str, str]:
    (item,) = site.items(site.names.staging_table, guid(actual_id))
    return {name: value for name, value in item.items() if name.startswith("l_")}


def test_the_first_sweep_reads_everything_page_by_page_and_the_next_only_what_changed(
    site: Site, dataverse: FakeDataverse
) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 6)))
    report = swept(site.sweep())
    assert (report["rows"], report["published"], report["loads_all"]) == (5, 5, True)
    assert len(site.staged()) == 5
    dataverse.apply(actual("a-6", row_version=6))
    report = swept(site.sweep())
    assert (report["rows"], report["loads_all"]) == (1, False)
    assert len(site.staged()) == 6
    assert (state(site).loading, state(site).finished_at) == (False, site.at)


def test_only_confirmed_or_canceled_proformas_and_connections_between_actuals_are_put_on_the_bus(
    site: Site, dataverse: FakeDataverse
) -> None:
    dataverse.apply(
        proforma("p-1", status="in_review", row_version=1),
        proforma("p-2", number="INV-0002", row_version=2),
        proforma("p-3", number="INV-0003", status="draft", statecode=option(3), row_version=6),
        connection("c-1", "a", "Unbilled Sales", "b", "Cost", row_version=3),
        connection("c-2", "l", "Unbilled Sales", "m", "Cost", type_1="msdyn_journalline", row_version=4),
        connection("c-3", "a", "Unbilled Sales", "b", "Nonsense", row_version=5),
    )
    answer = site.sweep()
    assert [report["published"] for report in of_documents(answer)] == [2, 0, 2]
    assert [one["proposal_id"] for one in site.result()["proposals"]] == ["INV-0002"]
    assert [row["id"] for row in site.result()["rejected"]] == [guid("c-3")]


def test_a_row_that_a_webhook_brought_is_not_changed_by_the_sweep(site: Site, dataverse: FakeDataverse) -> None:
    story = [actual("a", row_version=7), connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=8)]
    site.send(*story)
    before = site.staged(), links(site, "a")
    dataverse.apply(*story)
    site.sweep()
    assert (site.staged(), links(site, "a")) == before
    (row,) = site.result()["staging"]
    assert (row["deliveries"], row["duplicates"]) == (2, 1)


def test_an_expired_link_leads_to_a_full_load_that_changes_nothing(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 4)), proforma("p", row_version=9))
    site.sweep()
    before = site.result()
    dataverse.expire_links()
    answer = site.sweep()
    assert [report["loads_all"] for report in of_documents(answer)] == [True, True, True]
    assert swept(answer)["published"] == 3
    after = site.result()
    assert site.staged() == {row["actual_id"]: _uncounted(row) for row in before["staging"]}
    assert {name: after[name] for name in after if name != "staging"} == {
        name: before[name] for name in before if name != "staging"
    }
    assert swept(site.sweep())["rows"] == 0


def _uncounted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("deliveries", "duplicates")}


def test_a_link_that_is_refused_is_given_up_and_a_refused_question_without_one_is_an_error(
    site: Site, dataverse: FakeDataverse
) -> None:
    dataverse.apply(actual("a", row_version=1))
    site.sweep()
    dataverse.fails = [Rejected("schema", "no such token")]
    assert swept(site.sweep(entity="msdyn_actual"))["loads_all"]
    dataverse.expire_links()
    dataverse.fails = [Rejected("schema", "no such token"), Rejected("schema", "no such column")] * 3
    assert site.sweep(entity="msdyn_actual") is None
    assert ["no such column" in letter.error for letter in site.dead_letters()] == [True]


def test_a_link_is_stored_only_once_its_rows_are_on_the_bus(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 4)))
    with patch("project_invoicing.bus.Bus.publish", return_value=[0]):
        assert site.sweep(entity="msdyn_actual") is None
    assert state(site).link is None
    assert swept(site.sweep(entity="msdyn_actual"))["rows"] == 3
    assert len(site.staged()) == 3


def test_a_load_goes_on_from_its_last_page_after_a_crash(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 8)))
    changes = dataverse.changes

    def dies_at_the_third_page(entity: str, columns: Any, link: str | None) -> Any:
        if len(dataverse.asked) >= 2:
            raise MemoryError
        return changes(entity, columns, link)

    with patch.object(dataverse, "changes", dies_at_the_third_page):
        assert site.sweep(entity="msdyn_actual") is None
    assert state(site).rows == 4
    dataverse.asked.clear()
    report = swept(site.sweep(entity="msdyn_actual"))
    assert (report["rows"], report["loads_all"]) == (3, True)
    assert dataverse.asked[0][1] is not None
    assert len(site.staged()) == 7


def test_a_load_that_runs_out_of_time_calls_itself_until_it_is_complete(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 12)))
    with patch("local.functions.Context.get_remaining_time_in_millis", return_value=1_000):
        answer = site.sweep(entity="msdyn_actual")
    assert (swept(answer)["outcome"], swept(answer)["rows"]) == ("unfinished", 2)
    assert (state(site).rows, state(site).loading, state(site).finished_at) == (11, False, site.at)
    assert len(site.staged()) == 11


def test_of_two_sweeps_at_once_one_stops(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(*(actual(f"a-{n}", row_version=n) for n in range(1, 6)))
    sweeps = Sweeps(client.dynamodb(), site.names.dataverse_table)
    changes = dataverse.changes

    def meanwhile(entity: str, columns: Any, link: str | None) -> Any:
        page = changes(entity, columns, link)
        sweeps.store(replace(sweeps.of(entity), link=page.link))
        return page

    with patch.object(dataverse, "changes", meanwhile):
        report = swept(site.sweep(entity="msdyn_actual"))
    assert (report["outcome"], report["rows"]) == ("another sweep is under way", 0)
    assert site.dead_letters() == []


def test_a_new_custom_column_reads_all_rows_again(site: Site, dataverse: FakeDataverse) -> None:
    dataverse.apply(actual("a", row_version=1))
    site.sweep()
    with patch(
        "project_invoicing.use_cases.table_maps.catch_up.columns_of", lambda entity: (f"{entity}id", "cr123_costcentre")
    ):
        assert swept(site.sweep())["loads_all"]


@pytest.mark.parametrize("failure", [Throttled(30), AccessDenied("no role may read it")], ids=["throttled", "denied"])
def test_one_table_that_fails_does_not_stop_the_others(
    site: Site, dataverse: FakeDataverse, failure: Exception
) -> None:
    dataverse.apply(actual("a", row_version=1), proforma("p", row_version=2))
    changes = dataverse.changes

    def failing(entity: str, columns: Any, link: str | None) -> Any:
        if entity == "invoice":
            raise failure
        return changes(entity, columns, link)

    with patch.object(dataverse, "changes", failing):
        site.sweep()
    assert (len(site.staged()), site.result()["proposals"]) == (1, [])
    (letter,) = site.dead_letters()
    assert str(failure) in letter.error


def test_without_a_dataverse_the_schedule_says_so_and_fails_nothing() -> None:
    with running() as alone:
        assert alone.sweep() == {"outcome": "no Dataverse is connected", "delivered": 0}
        assert alone.dead_letters() == []


def test_a_sweep_of_a_table_that_no_map_reads_is_refused_with_those_that_are_read(site: Site) -> None:
    assert "these are read: cdm_company, " in site.sweep(entity="lead")["outcome"]
    assert site.dead_letters() == []


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("stripped-message", "published"), ("sweep-continued", None), ("map-command", "actuals is paused")],
)
def test_each_sample_does_what_it_is_for(site: Site, dataverse: FakeDataverse, name: str, outcome: str | None) -> None:
    dataverse.apply(DATAVERSE["actual-unbilled-sales"])
    with site.connected():
        answer = site.stack.invoke("dataverse_catchup", sample(f"dataverse_catchup/{name}"))
    if outcome is None:
        assert [report["published"] for report in answer["sweeps"]] == [1]
    else:
        assert answer["outcome"] == outcome


def test_who_paused_a_map_is_in_the_answer_also_of_a_refusal(site: Site) -> None:
    asked = sample("dataverse_catchup/map-command")
    asked["detail"]["map"]["actor"] = "ann"
    answers = [site.stack.invoke("dataverse_catchup", asked) for _ in range(2)]
    assert [(answer["outcome"][:18], answer["actor"]) for answer in answers] == [
        ("actuals is paused", "ann"),
        ("refused: actuals i", "ann"),
    ]


class TestDeletedRows:
    def test_the_link_of_a_deleted_connection_goes(self, site: Site, dataverse: FakeDataverse) -> None:
        link = connection("c", "a", "Unbilled Sales", "b", "Cost", row_version=8)
        dataverse.apply(actual("a", row_version=7), link)
        site.sweep()
        dataverse.apply(link | {"MessageName": "Delete", "PreEntityImages": []})
        report = swept(site.sweep(), "msdyn_transactionconnection")
        assert (report["deleted"], report["links"]) == (1, 1)
        assert links(site, "a") == {f"l_cost_{guid('c')[:8]}": f"{9:020d}|"}
        site.send(link)  # the webhook that created it, late
        assert list(links(site, "a").values()) == [f"{9:020d}|"]

    def test_one_that_was_linked_without_a_row_version_goes_too(self, site: Site, dataverse: FakeDataverse) -> None:
        link = connection("c", "a", "Unbilled Sales", "b", "Cost")
        site.send(link)
        dataverse.apply(link, link | {"MessageName": "Delete", "PreEntityImages": []})
        site.sweep()
        assert [value.partition("|")[2] for value in links(site, "a").values()] == [""]

    def test_a_connection_that_shares_the_first_part_of_the_id_stays(
        self, site: Site, dataverse: FakeDataverse
    ) -> None:
        there, gone = "11111111-0000-0000-0000-000000000001", "11111111-0000-0000-0000-000000000002"
        dataverse.apply(connection(there, "a", "Unbilled Sales", "b", "Cost", row_version=5))
        site.sweep()
        other = connection(gone, "x", "Unbilled Sales", "y", "Cost", row_version=6)
        dataverse.apply(other, other | {"MessageName": "Delete", "PreEntityImages": []})
        assert swept(site.sweep(), "msdyn_transactionconnection")["links"] == 0
        assert list(links(site, "a").values()) == [f"{5:020d}|{guid('b')}"]

    def test_many_that_were_deleted_are_looked_for_at_once(self, site: Site, dataverse: FakeDataverse) -> None:
        many = [
            connection(f"{n:08d}-0000-4000-8000-000000000000", f"a{n}", "Unbilled Sales", "b", "Cost", row_version=8)
            for n in range(30)
        ]
        dataverse.page = 5_000
        dataverse.apply(*many)
        site.sweep()
        dataverse.apply(*(link | {"MessageName": "Delete", "PreEntityImages": []} for link in many))
        with patch.object(receiving, "scan", wraps=scan) as scans:
            assert swept(site.sweep(), "msdyn_transactionconnection")["links"] == 30
        assert scans.call_count == 1

    def test_ids_never_seen_are_nothing(self, site: Site, dataverse: FakeDataverse) -> None:
        gone = connection("c", "a", "Unbilled Sales", "b", "Cost", message="Delete", row_version=6)
        dataverse.apply(gone)
        assert swept(site.sweep(), "msdyn_transactionconnection")["deleted"] == 1
        assert site.items(site.names.staging_table, guid("a")) == []

    def test_can_09_a_deleted_actual_is_counted_and_stays_in_the_books(
        self, site: Site, dataverse: FakeDataverse
    ) -> None:
        dataverse.apply(actual("a", row_version=1))
        site.sweep()
        dataverse.apply(actual("a", message="Delete", row_version=1))
        assert swept(site.sweep())["deleted"] == 1
        assert set(site.staged()) == {guid("a")}
