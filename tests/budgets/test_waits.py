"""What it costs that a proposal waits while its journals are posted one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benchmarks.business import Work, finance, into_staging
from project_invoicing.events.own import JournalPosted, MasterDataChanged
from project_invoicing.store.invoices import HEADER
from project_invoicing.store.items import typed_item
from tests import master
from tests.builders import actual, guid, proforma
from tests.counting import Usage, counted
from tests.harness import World
from tests.posted import scanned
from tests.rules.books import Books
from tests.rules.finance import accounts_without
from tests.rules.finance import finance as finance_of_tests
from tests.rules.stories import cost

pytestmark = pytest.mark.engine

JOURNALS = 20
UNIT = 1024


def size_of(item: dict[str, Any]) -> int:
    """The bytes of an item, as DynamoDB counts them, to a byte or two for a number."""

    def size(kind: str, value: Any) -> int:
        return len(value.encode()) if kind == "S" else (len(str(value)) + 1) // 2 + 1

    attributes = typed_item(item).items()
    return sum(len(name) + size(kind, value) for name, one in attributes for kind, value in one.items())


def waiting(world: World, lines: int) -> tuple[Work, Usage]:
    """A proposal whose unbilled sales are on twenty drafts, and what it cost that it waits for them."""
    world.load(finance(journal_line_limit=200))
    world.drain()
    work = Work(lines, days=JOURNALS)
    into_staging(world, work.unbilled)
    world.run("staging_import")
    world.deliver(work.header)
    into_staging(world, work.sales)
    with counted(world.client) as usage:
        world.run("staging_import")
    return work, usage


def posted_one_by_one(world: World) -> list[float]:
    """Write units of the import after each of the journals."""
    units = []
    for journal in world.result()["journals"]:
        world.run("journal_posting", journal_id=journal["journal_id"])
        (event,) = [
            event
            for event in world.unsent()
            if event.detail_type == JournalPosted.TYPE and event.detail["journal_id"] == journal["journal_id"]
        ]
        with counted(world.client) as usage:
            world.tell("staging_import", event)
        units.append(usage.write_units)
    return units


def test_a_row_that_waits_stays_below_a_unit_and_a_wait_costs_at_most_two_units_a_line(empty: World) -> None:
    lines = 100
    _, usage = waiting(empty, lines)
    rows = [item for item in scanned(empty, empty.names.staging_table) if str(item.get("qs")).startswith("B#")]
    assert len(rows) == lines
    assert max(map(size_of, rows)) < UNIT
    assert usage.write_units <= 2 * lines
    assert {row["reason"] for row in empty.result()["staging"] if row["transaction_type"] == "billed_sales"} == {
        "unbilled_sales_not_posted"
    }
    with counted(empty.client) as again:
        empty.run("staging_import")
    assert again.write_units == 0


@pytest.mark.parametrize("lines", [20, 400])
def test_twenty_journals_posted_one_by_one_cost_a_waiting_line_at_most_eight_units(empty: World, lines: int) -> None:
    work, _ = waiting(empty, lines)
    units = posted_one_by_one(empty)
    assert len(units) == JOURNALS
    marks = Decimal("2.2") * lines  # that an unbilled sale is billed once (99-25)
    assert sum(units) <= 8 * lines + marks
    assert max(units[:-1]) <= 10  # the header alone, whatever the number of lines
    (proposal,) = empty.result()["proposals"]
    assert (proposal["proposal_id"], proposal["status"], len(proposal["lines"])) == (work.number, "ready", lines)


@pytest.mark.parametrize("reason", ["header_missing", "reference_missing"])
def test_a_row_that_nothing_else_can_speak_for_is_written_and_stays_below_a_unit(empty: World, reason: str) -> None:
    """A billed sale whose proforma has not come, and whatever belongs on a journal and names what finance lacks."""
    lines = 20
    document = finance()
    if reason == "reference_missing":
        document["references"]["msdyn_transactioncategory"].clear()
    empty.load(document)
    into_staging(empty, Work(lines).sales if reason == "header_missing" else Work(lines // 2).worked)
    with counted(empty.client) as usage:
        empty.run("staging_import")
    rows = [item for item in scanned(empty, empty.names.staging_table) if "qs" in item]
    assert [row["re"] for row in rows] == [reason] * lines
    assert max(map(size_of, rows)) < UNIT
    by_blocker = lines if reason == "reference_missing" else 0  # the index of what waits for the set-up
    assert usage.write_units <= 3 * lines + by_blocker + 2  # the two: which set-up the drafts were last compared with


def test_a_change_of_master_data_reads_only_the_proposals_that_wait_for_it(empty: World) -> None:
    """Beside one that waits for the project, beside some that wait for their header's contract, and beside many."""
    document = finance()
    project = next(iter(document["references"].pop("msdyn_project")))
    empty.load(document)
    work = Work(1)
    empty.deliver(work.header)
    into_staging(empty, work.sold)
    empty.run("staging_import")
    told = MasterDataChanged(
        entity="msdyn_project", id=project, company=None, number=None, blockers=(f"msdyn_project#{project}",)
    )

    def read(key: str) -> float:
        with counted(empty.client) as usage:
            empty.tell("staging_import", told.on_bus(empty.at, key))
        return usage.read_units

    def others(numbers: range) -> None:
        for n in numbers:
            contract = "CTR-1" if n % 2 else "CTR-9"
            empty.deliver(proforma(f"other {n}", contract=contract, customer="C-1", currency="GBP"))
        empty.run("staging_import")

    alone = read("alone")
    others(range(4))
    few = read("beside some")
    others(range(4, 40))
    assert read("beside many") == few <= alone + 1


def test_a_proposal_that_waits_since_before_there_was_its_index_is_stored_in_it_by_the_next_run(empty: World) -> None:
    empty.load({**finance(), "contracts": {}, "contract_lines": {}, "projects": {}, "references": {}})
    empty.deliver(proforma("old", contract="CTR-9", customer="C-1", currency="GBP"))
    into_staging(empty, [actual("sale", transaction_type="billed_sales", invoice="old", currency="GBP")])
    empty.run("staging_import")
    (header,) = [item for item in scanned(empty, empty.names.proposals_table) if item["sk"] == HEADER]
    assert header["bk"] == f"salesorder#{guid('CTR-9')}"
    empty.client.update_item(
        TableName=empty.names.proposals_table,
        Key={"pk": {"S": header["pk"]}, "sk": {"S": header["sk"]}},
        UpdateExpression="REMOVE bk",
    )
    empty.run("staging_import")
    (again,) = [item for item in scanned(empty, empty.names.proposals_table) if item["sk"] == HEADER]
    assert {**again, "ch": 0} == {**header, "ch": 0}


def test_what_blocks_is_read_again_once_and_waking_costs_what_waits(empty: World) -> None:
    lines, document = 200, finance()
    projects = document["references"].pop("msdyn_project")
    empty.load(document)
    into_staging(empty, Work(lines // 2).worked)
    with counted(empty.client) as first:
        empty.run("staging_import")
    with counted(empty.client) as again:
        empty.run("staging_import")
    assert len([item for item in scanned(empty, empty.names.staging_table) if "bk" in item]) == lines
    more = {name: first.operations[name] - again.operations[name] for name in ("GetItem", "BatchGetItem")}
    assert more == {"GetItem": 1, "BatchGetItem": 1}  # the version of the set-up, and the rows that block
    assert again.write_units == 0

    empty.load(document | {"references": document["references"] | {"msdyn_project": projects}})
    into_staging(empty, Work(lines, name="other").costs)  # nobody has looked at these yet
    blockers = tuple(f"msdyn_project#{id}" for id in projects)
    told = MasterDataChanged(entity="msdyn_project", id=None, company=None, number=None, blockers=blockers)
    with counted(empty.client) as woken:
        assert empty.tell("staging_import", told.on_bus(empty.at, "woken"))["journal_lines"] == lines
    assert woken.operations["BatchGetItem"] <= 2 + lines // 100 + 3  # the rows, what is continued, master data
    assert woken.write_units <= 8 * lines


def test_a_moved_project_reads_the_lines_in_error_and_no_posted_journal(empty: World) -> None:
    """Each line in error costs what a line on a draft does, and what is posted costs nothing."""
    books = Books(empty)
    books.use(finance_of_tests(ledger_posting=accounts_without("expense_offset")))
    of_two: dict[str, Any] = {"project": "PRJ-2", "contract": None, "contract_line": None, "customer": None}
    empty.deliver(master.company("USPM"), master.contract("CTR-2", customer="C-001"))
    empty.deliver(master.project("PRJ-2", contract="CTR-2"))

    def back_again(hour: int) -> Usage:
        """What it costs that the project moves to CTR-1, after it has moved to CTR-2."""
        for minute, contract in enumerate(("CTR-2", "CTR-1")):
            at = f"2026-08-29T{hour}:{minute:02}:00Z"
            empty.deliver(master.project("PRJ-2", contract=contract, message="Update", at=at))
            told = MasterDataChanged(
                entity="msdyn_project",
                id=guid("PRJ-2"),
                company="USPM",
                number="PRJ-2",
                blockers=(),
                changed=("contract",),
            )
            with counted(empty.client) as usage:
                empty.tell("staging_import", told.on_bus(empty.at, at))
        return usage

    without = back_again(10)
    books.arrive(cost("in error", transaction_class="expense", **of_two), cost("posted"))
    books.journalise()
    assert [journal["status"] for journal in books.result["journals"]] == ["posted", "error"]
    one = back_again(11)
    for n in range(5):
        books.arrive(cost(f"posted {n}"))
        books.journalise()
    assert back_again(12).operations == one.operations
    more = {name: one.operations[name] - without.operations[name] for name in one.operations}
    # The pages, twice; the header; the rows and headers, the master data that they name, and that once more.
    assert {name: count for name, count in more.items() if count and name != "BatchGetItem"} == {
        "Query": 2,
        "GetItem": 1,
        "TransactWriteItems": 1,
    }
    assert more["BatchGetItem"] <= 8
    assert one.write_units - without.write_units <= 8  # one transaction: the row, its page and the header
