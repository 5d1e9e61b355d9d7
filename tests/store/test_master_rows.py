"""Rows of master data that arrive: what is stored of them, where they are placed, and what waits for what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import DEFAULT, patch

import pytest
from botocore.exceptions import ClientError

from project_invoicing.config import Settings
from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import ChildrenKey, Key, NameKey, Part, RowKey
from project_invoicing.domain.master_row import ArrivedRow
from project_invoicing.errors import Conflict, Unavailable
from project_invoicing.store.master_data import MasterData
from project_invoicing.use_cases.master_data.settle import Settling
from tests.builders import guid
from tests.store.tables import contents

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT = "2026-08-31T09:00:00.000Z"
USPM = ["cdm_company", guid("USPM")]


def arrived(entity: str, id: str, version: int, **columns: Any) -> ArrivedRow:
    return ArrivedRow(entity, guid(id), RowVersion(version, AT, f"h{version}"), columns)


def deleted(entity: str, id: str, version: int | None = None, at: str = AT) -> ArrivedRow:
    return ArrivedRow(entity, guid(id), RowVersion(version, at, "~"), None, deleted=True)


class Books:
    """What arrives, and what is then in the table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.master = MasterData(client, table)
        self.units: dict[str, str] = {}
        self.written: dict[str, tuple[str, str]] = {}
        self.settling = Settling(
            self.master, lambda: self.units, lambda: True, AT, written=lambda row: self.written.get(row.id)
        )

    def take(self, *rows: ArrivedRow) -> list[str]:
        return [str(self.settling.arrived(row)) for row in rows]

    def row(self, entity: str, id: str) -> Any:
        return self.one(RowKey(entity, guid(id)))

    def name(self, part: Part, number: str, company: str = "USPM") -> Any:
        return self.one(NameKey(part, company, number))

    def one(self, key: Key) -> Any:
        return self.master.read([key])[key]

    def items(self) -> list[dict[str, Any]]:
        """Everything but events, and how often things were written."""
        found = [item for item in contents(self.client, self.master.table) if not item["pk"].startswith("OUTBOX#")]
        return sorted(
            ({k: v for k, v in item.items() if k != "ch"} for item in found), key=lambda item: (item["pk"], item["sk"])
        )

    def events(self) -> list[dict[str, Any]]:
        found = [item for item in contents(self.client, self.master.table) if item["pk"].startswith("OUTBOX#")]
        return [json.loads(item["d"]) for item in sorted(found, key=lambda item: item["sk"])]


@pytest.fixture
def books(dynamodb: DynamoDBClient, names: Settings) -> Books:
    return Books(dynamodb, names.master_data_table)


COMPANY = arrived("cdm_company", "USPM", 1, code="uspm")
BRIDGE = {"number": "PRJ-1", "name": "Bridge", "company": USPM, "open": True}
PROJECT = arrived("msdyn_project", "PRJ-1", 2, **BRIDGE)


def test_a_new_project_has_its_name_at_once(books: Books) -> None:
    assert books.take(COMPANY, PROJECT, PROJECT) == ["accepted", "accepted", "duplicate"]

    row, name = books.row("msdyn_project", "PRJ-1"), books.name(Part.PROJECTS, "PRJ-1")
    assert (row.company, row.number, row.problem) == ("USPM", "PRJ-1", None)
    assert (name.id, name.columns, name.finance) == (guid("PRJ-1"), PROJECT.columns, {})
    told = [event for event in books.events() if event["entity"] == "msdyn_project"]
    assert told == [
        {
            "version": 1,
            "entity": "msdyn_project",
            "id": guid("PRJ-1"),
            "company": "USPM",
            "number": "PRJ-1",
            "blockers": [f"msdyn_project#{guid('PRJ-1')}", "name#projects#USPM#PRJ-1"],
        }
    ]


def test_what_waits_for_its_company_is_placed_when_that_arrives(books: Books) -> None:
    books.take(PROJECT)
    assert books.row("msdyn_project", "PRJ-1").problem.startswith("company_unknown: ")

    books.take(COMPANY)

    row = books.row("msdyn_project", "PRJ-1")
    assert (row.company, row.number, row.problem) == ("USPM", "PRJ-1", None)
    assert list(books.master.all_blocked()) == []


def test_a_code_that_a_look_up_carries_places_a_row_until_its_company_is_there(books: Books) -> None:
    named = ["cdm_company", guid("USPM"), "uspm"]
    books.take(arrived("msdyn_project", "PRJ-1", 2, number="PRJ-1", name="Bridge", company=named))
    assert books.row("msdyn_project", "PRJ-1").company == "USPM"
    books.take(arrived("cdm_company", "USPM", 1, code="US1"))

    row = books.row("msdyn_project", "PRJ-1")
    assert (row.company, row.number) == ("US1", "PRJ-1")
    assert books.name(Part.PROJECTS, "PRJ-1").id is None
    assert books.name(Part.PROJECTS, "PRJ-1", "US1").id == guid("PRJ-1")


def test_a_unit_gives_its_company_by_its_row_or_by_the_policy(books: Books) -> None:
    unit = ["msdyn_organizationalunit", guid("Robotics")]
    books.take(arrived("msdyn_project", "PRJ-1", 2, number="PRJ-1", name="Bridge", unit=unit))
    assert books.row("msdyn_project", "PRJ-1").problem.startswith("company_unknown: msdyn_organizationalunit ")
    books.units = {"Robotics": "USPM"}
    books.take(arrived("msdyn_organizationalunit", "Robotics", 1, name="Robotics"))
    assert books.row("msdyn_project", "PRJ-1").company == "USPM"

    books.take(COMPANY, arrived("cdm_company", "GBPM", 1, code="GBPM"))
    books.take(
        arrived("msdyn_organizationalunit", "Robotics", 2, name="Robotics", company=["cdm_company", guid("GBPM")])
    )
    assert books.row("msdyn_project", "PRJ-1").company == "GBPM"
    assert books.name(Part.PROJECTS, "PRJ-1").id is None


def test_a_row_without_company_unit_or_number_says_what_to_do(books: Books) -> None:
    books.take(
        COMPANY,
        arrived("msdyn_project", "PRJ-1", 2, number="PRJ-1", name="Bridge"),
        arrived("account", "C-1", 3, name="Adatum", company=USPM),
        arrived("salesorderdetail", "L-1", 4, contract=["salesorder", guid("CTR-1")]),
    )
    problems = [books.row(*key).problem for key in (("msdyn_project", "PRJ-1"), ("account", "C-1"))]
    assert problems == [
        "company_unknown: the row names no company and no unit; fill one in, or name the column in TABLE_MAP_OVERRIDES",
        "number_missing: the row has no number; fill it in",
    ]
    line = books.row("salesorderdetail", "L-1")
    assert line.problem == f"contract_unknown: contract {guid('CTR-1')} has not arrived"


def test_the_second_row_with_a_number_waits_until_the_first_leaves_it(books: Books) -> None:
    second = arrived("msdyn_project", "other", 3, number="PRJ-1", name="Tunnel", company=USPM)
    books.take(COMPANY, PROJECT, second)
    waiting = books.row("msdyn_project", "other")
    assert waiting.problem == (
        f"duplicate_number: PRJ-1 is the number of msdyn_project {guid('PRJ-1')} already; change one of the two"
    )
    assert books.name(Part.PROJECTS, "PRJ-1").id == guid("PRJ-1")
    assert books.take(second) == ["duplicate"]

    books.take(arrived("msdyn_project", "PRJ-1", 4, number="PRJ-7", name="Bridge", company=USPM))

    assert books.name(Part.PROJECTS, "PRJ-1").id == guid("other")
    assert books.name(Part.PROJECTS, "PRJ-7").id == guid("PRJ-1")
    assert books.row("msdyn_project", "other").problem is None


def test_a_deleted_row_keeps_its_name_until_another_asks_for_it_and_comes_back_if_it_is_restored(books: Books) -> None:
    books.take(COMPANY, PROJECT, deleted("msdyn_project", "PRJ-1", at="2026-09-01T09:00:00.000Z"))
    name = books.name(Part.PROJECTS, "PRJ-1")
    assert (name.deleted, name.columns["name"]) == (True, "Bridge")

    books.take(arrived("msdyn_project", "other", 9, number="PRJ-1", name="Tunnel", company=USPM))
    assert books.name(Part.PROJECTS, "PRJ-1").id == guid("other")
    gone = books.row("msdyn_project", "PRJ-1")
    assert (gone.deleted, gone.number, gone.problem) == (True, None, None)

    restored = ArrivedRow(
        "msdyn_project", guid("PRJ-1"), RowVersion(12, "2026-09-02T09:00:00.000Z", "h"), PROJECT.columns
    )
    books.take(restored)
    assert books.row("msdyn_project", "PRJ-1").problem.startswith("duplicate_number: ")


def test_a_row_that_comes_after_its_deletion_is_stored_as_deleted_with_its_columns(books: Books) -> None:
    books.take(COMPANY, deleted("msdyn_project", "PRJ-1", at="2026-09-01T09:00:00.000Z"))
    assert books.row("msdyn_project", "PRJ-1").columns == {}
    books.take(PROJECT)
    row = books.row("msdyn_project", "PRJ-1")
    assert (row.deleted, row.number, row.columns["name"]) == (True, "PRJ-1", "Bridge")


def test_lines_follow_their_contract_and_hang_on_it_and_on_their_project(books: Books) -> None:
    contract, project = ["salesorder", guid("CTR-1")], ["msdyn_project", guid("PRJ-1")]
    line = arrived("salesorderdetail", "L-1", 3, number="1", contract=contract, project=project)
    books.take(line, COMPANY, arrived("salesorder", "CTR-1", 2, number="CTR-1", name="Arms", company=USPM))
    assert books.row("salesorderdetail", "L-1").number == "CTR-1-1"

    books.take(arrived("salesorder", "CTR-1", 5, number="CTR-2", name="Arms", company=USPM))

    assert books.name(Part.CONTRACT_LINES, "CTR-2-1").id == guid("L-1")
    assert books.name(Part.CONTRACT_LINES, "CTR-1-1").id is None
    for parent in ("CTR-1", "PRJ-1"):
        children = books.one(ChildrenKey(guid(parent)))
        assert children.rows == {("salesorderdetail", guid("L-1")): {"contract": contract, "project": project}}
    books.take(deleted("salesorderdetail", "L-1", at="2026-09-01T09:00:00.000Z"))
    assert books.one(ChildrenKey(guid("PRJ-1"))).rows == {}


def test_a_line_follows_a_contract_that_is_in_the_document_alone_until_its_row_comes(books: Books) -> None:
    books.take(COMPANY, arrived("salesorderdetail", "line", 3, contract=["salesorder", guid("CTR-1")], number="2"))
    assert books.row("salesorderdetail", "line").problem.startswith("contract_unknown")
    books.written[guid("CTR-1")] = ("USPM", "CTR-OLD")
    books.settling.look_again([RowKey("salesorderdetail", guid("line"))])
    line = books.row("salesorderdetail", "line")
    assert (line.company, line.number, line.problem) == ("USPM", "CTR-OLD-2", None)
    books.take(arrived("salesorder", "CTR-1", 4, number="CTR-1", company=USPM))
    assert books.row("salesorderdetail", "line").number == "CTR-1-2"


def test_shares_that_do_not_make_a_hundred_are_listed_and_stop_nothing(books: Books) -> None:
    def rule(id: str, version: int, percent: str) -> ArrivedRow:
        contract, customer = ["salesorder", guid("CTR-1")], ["account", guid(f"C-{id}")]
        columns = {"contract": contract, "customer": customer, "percent": percent, "terms_of_payment": "1"}
        return arrived("msdyn_projectcontractsplitbillingrule", id, version, **columns)

    books.take(COMPANY, rule("1", 3, "60"), arrived("salesorder", "CTR-1", 2, number="CTR-1", name="x", company=USPM))
    row = books.row("salesorder", "CTR-1")
    assert (row.number, row.problem) == ("CTR-1", None)
    assert row.warning.startswith("split_not_whole: the shares of the contract's customers make 60 %, not 100")
    books.take(rule("2", 4, "40"))
    assert books.row("salesorder", "CTR-1").warning is None


def test_accounts_merged_in_a_circle_say_so_until_one_leaves_it(books: Books) -> None:
    def merged(id: str, version: int, into: str | None) -> ArrivedRow:
        columns = {"number": id, "name": id, "company": USPM} | (
            {"merged_into": ["account", guid(into)]} if into else {}
        )
        return arrived("account", id, version, **columns)

    books.take(COMPANY, merged("A", 2, "B"), merged("B", 3, "C"), merged("C", 4, "A"), merged("D", 5, "A"))
    problems = {id: books.row("account", id).problem for id in "ABCD"}
    assert [str(problem).split(":")[0] for problem in problems.values()] == [*["merge_cycle"] * 3, "None"]
    assert books.name(Part.CUSTOMERS, "A").id == guid("A")

    books.take(merged("C", 6, None))
    assert [books.row("account", id).problem for id in "ABCD"] == [None] * 4


def test_finances_own_columns_stay_when_the_row_comes_and_changes_and_go_with_it(books: Books) -> None:
    name = NameKey(Part.PROJECTS, "USPM", "PRJ-1")
    books.master.set_finance(name, {"group": "TM"}, before={}, at=AT)
    books.take(COMPANY, PROJECT)
    books.master.set_finance(name, {"group": "TM", "sales_tax_group": "EXP"}, before={"group": "TM"}, at=AT)
    with pytest.raises(Conflict, match="somebody else changed projects USPM PRJ-1"):
        books.master.set_finance(name, {}, before={"group": "TM"}, at=AT)
    books.take(arrived("msdyn_project", "PRJ-1", 4, number="PRJ-7", name="Bridge", company=USPM))

    found = books.one(name)
    assert (found.id, found.columns, found.finance) == (None, {}, {})
    assert books.name(Part.PROJECTS, "PRJ-7").finance == {"group": "TM", "sales_tax_group": "EXP"}
    told = [event for event in books.events() if event.get("changed") in (["group"], ["sales_tax_group"])]
    assert [(event["id"], event["blockers"]) for event in told] == [
        (None, ["policy", "name#projects#USPM#PRJ-1"]),
        (guid("PRJ-1"), [f"msdyn_project#{guid('PRJ-1')}", "name#projects#USPM#PRJ-1"]),
    ]


def test_an_event_is_raised_only_if_a_mapped_column_changed(books: Books) -> None:
    books.take(COMPANY, PROJECT)
    before = len(books.events())
    same = ["cdm_company", guid("USPM"), "USPM Inc."]
    newer = arrived("msdyn_project", "PRJ-1", 7, **{**BRIDGE, "company": same})
    assert books.take(newer) == ["changed"]
    assert len(books.events()) == before
    books.take(arrived("msdyn_project", "PRJ-1", 8, **{**BRIDGE, "open": False}))
    assert books.events()[-1]["changed"] == ["open"]


def test_a_version_that_is_older_changes_nothing(books: Books) -> None:
    newer = arrived("msdyn_project", "PRJ-1", 9, number="PRJ-9", name="Bridge", company=USPM)
    assert books.take(COMPANY, newer, PROJECT) == ["accepted", "accepted", "duplicate"]
    assert books.row("msdyn_project", "PRJ-1").number == "PRJ-9"


def test_what_time_does_not_allow_is_looked_at_when_the_delivery_is_repeated(books: Books) -> None:
    projects = [arrived("msdyn_project", f"P-{n}", n, number=f"P-{n}", name="x", company=USPM) for n in range(52)]
    assert books.settling.arrived_together(projects) == ["accepted"] * 52
    in_a_hurry = Settling(books.master, dict, lambda: False, AT)
    with pytest.raises(Unavailable, match="2 rows of master data are left to be looked at"):
        in_a_hurry.arrived(COMPANY)
    assert books.take(COMPANY) == ["duplicate"]
    assert list(books.master.all_blocked()) == []


def test_rows_that_come_together_miss_nothing_that_arrives_while_they_are_written(books: Books) -> None:
    save = books.master.save_together

    def late(changes: Any) -> list[bool]:
        with patch.object(books.master, "save_together", save):
            books.take(COMPANY)  # nobody waits for it yet
        return save(changes)

    rows = [PROJECT, arrived("msdyn_project", "PRJ-2", 3, **BRIDGE | {"number": "PRJ-2"})]
    with patch.object(books.master, "save_together", late):
        assert books.settling.arrived_together(rows) == ["accepted"] * 2
    assert [books.name(Part.PROJECTS, number).id for number in ("PRJ-1", "PRJ-2")] == [guid("PRJ-1"), guid("PRJ-2")]
    assert list(books.master.all_blocked()) == []


def test_what_waits_for_rows_that_come_together_is_placed_with_them(books: Books) -> None:
    contracts = [arrived("salesorder", f"CTR-{n}", n, number=f"CTR-{n}", company=USPM) for n in range(3)]
    lines = [
        arrived("salesorderdetail", f"L-{n}", n, number="1", contract=["salesorder", guid(f"CTR-{n}")])
        for n in range(3)
    ]
    books.take(COMPANY)
    assert books.settling.arrived_together(lines) == ["accepted"] * 3
    assert len(list(books.master.all_blocked())) == 3

    assert books.settling.arrived_together(contracts) == ["accepted"] * 3
    assert {books.row("salesorderdetail", f"L-{n}").number for n in range(3)} == {"CTR-0-1", "CTR-1-1", "CTR-2-1"}


def test_of_rows_that_come_together_those_that_do_more_than_take_a_name_are_left_to_go_alone(books: Books) -> None:
    other = arrived("msdyn_project", "PRJ-2", 3, **BRIDGE | {"number": "PRJ-2"})
    books.take(COMPANY, PROJECT, other)
    together = [
        arrived("msdyn_project", "PRJ-1", 7, **BRIDGE | {"number": "PRJ-9"}),
        arrived("msdyn_project", "PRJ-3", 8, **BRIDGE | {"number": "PRJ-1"}),  # which the first one leaves
        arrived("msdyn_project", "PRJ-4", 9, **BRIDGE | {"number": "PRJ-2"}),  # which another has
        arrived("msdyn_project", "PRJ-2", 10, **BRIDGE | {"number": "PRJ-2", "name": "Tunnel"}),
        other,
        arrived("cdm_company", "GBPM", 11, code="GBPM"),
        arrived("account", "C-1", 12, number="C-1", company=["cdm_company", guid("GBPM")]),
        arrived("account", "C-2", 13, number="C-2", company=USPM, merged_into=["account", guid("C-1")]),
        deleted("msdyn_project", "PRJ-5", 14),
        arrived("product", "A-1", 15, number="A-1"),
    ]
    outcomes = books.settling.arrived_together(together)
    assert outcomes == [None, None, None, None, None, None, None, None, None, "accepted"]


def test_rows_that_come_together_wait_while_the_table_is_throttled(books: Books) -> None:
    said: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}],
    }
    busy = ClientError(said, "TransactWriteItems")
    books.take(COMPANY)
    send = books.client.transact_write_items
    with patch.object(books.client, "transact_write_items", side_effect=[busy, busy, DEFAULT], wraps=send) as asked:
        rows = [PROJECT, arrived("msdyn_project", "PRJ-2", 3, **BRIDGE | {"number": "PRJ-2"})]
        assert books.settling.arrived_together(rows) == ["accepted"] * 2
    assert asked.call_count == 3
    assert books.name(Part.PROJECTS, "PRJ-2").id == guid("PRJ-2")


def test_finances_columns_go_with_a_row_that_is_renumbered_unless_its_new_number_has_some(books: Books) -> None:
    books.take(COMPANY, PROJECT, arrived("msdyn_project", "PRJ-5", 3, **BRIDGE | {"number": "PRJ-5"}))
    for number in ("PRJ-1", "PRJ-5", "PRJ-6"):
        name = NameKey(Part.PROJECTS, "USPM", number)
        books.master.set_finance(name, {"group": f"of {number}"}, before={}, at=AT)
    books.take(
        arrived("msdyn_project", "PRJ-1", 7, **BRIDGE | {"number": "PRJ-2"}),
        arrived("msdyn_project", "PRJ-5", 8, **BRIDGE | {"number": "PRJ-6"}),
    )

    found = {number: books.name(Part.PROJECTS, number).finance for number in ("PRJ-1", "PRJ-2", "PRJ-5", "PRJ-6")}
    assert found == {
        "PRJ-1": {},
        "PRJ-2": {"group": "of PRJ-1"},
        "PRJ-5": {"group": "of PRJ-5"},
        "PRJ-6": {"group": "of PRJ-6"},
    }
