"""The rows of the stand-in for Dataverse."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dataverse_standin.rows import Change, Lookup, Refused, Rows
from tests.builders import guid

START = datetime(2026, 8, 27, 16, 5, 0, 250_000, tzinfo=UTC)


def ticking() -> Callable[[], datetime]:
    """A clock that is a minute later each time."""
    now = START - timedelta(minutes=1)

    def tick() -> datetime:
        nonlocal now
        now += timedelta(minutes=1)
        return now

    return tick


@pytest.fixture
def rows() -> Rows:
    return Rows(ticking(), seed="test")


@pytest.fixture
def told(rows: Rows) -> list[Change]:
    changes: list[Change] = []
    rows.observers.append(changes.append)
    return changes


def test_a_new_row_has_its_id_and_what_the_platform_fills(rows: Rows) -> None:
    id = rows.create("msdyn_actual", {"msdyn_amount": Decimal("1600.00")})

    assert rows.get("msdyn_actual", id) == {
        "msdyn_actualid": id,
        "msdyn_amount": Decimal("1600.00"),
        "statecode": 0,
        "statuscode": 1,
        "createdon": datetime(2026, 8, 27, 16, 5, tzinfo=UTC),
        "modifiedon": datetime(2026, 8, 27, 16, 5, tzinfo=UTC),
        "versionnumber": 1,
    }


def test_the_caller_may_choose_id_and_status_but_not_the_version(rows: Rows) -> None:
    values = {"statecode": 1, "statuscode": 100003, "versionnumber": 99}

    id = rows.create("invoice", values, id=f"{{{guid('a').upper()}}}")

    assert id == guid("a")
    row = rows.get("invoice", guid("a"))
    assert (row["statecode"], row["statuscode"], row["versionnumber"]) == (1, 100003, 1)


def test_the_version_rises_through_all_tables_and_also_when_nothing_changes(rows: Rows) -> None:
    first = rows.create("invoice", {"name": "a"})
    other = rows.create("account", {"name": "a"})
    rows.update("invoice", first, {"name": "a"})

    assert rows.get("account", other)["versionnumber"] == 2
    assert rows.get("invoice", first)["versionnumber"] == 3
    assert rows.version == 3


def test_an_update_keeps_the_other_columns_and_the_time_of_creation(rows: Rows) -> None:
    id = rows.create("invoice", {"name": "a", "duedate": date(2026, 9, 1)})

    rows.update("invoice", id, {"name": "b"})

    row = rows.get("invoice", id)
    assert (row["name"], row["duedate"]) == ("b", date(2026, 9, 1))
    assert row["createdon"] < row["modifiedon"]


def test_an_id_is_taken_once(rows: Rows) -> None:
    rows.create("invoice", {}, id=guid("a"))

    with pytest.raises(Refused, match="already exists") as refused:
        rows.create("invoice", {}, id=guid("a"))

    assert (refused.value.status, refused.value.code) == (412, "0x80040237")


def test_an_id_cannot_be_changed(rows: Rows) -> None:
    id = rows.create("invoice", {})

    rows.update("invoice", id, {"invoiceid": id, "name": "a"})
    with pytest.raises(ValueError, match="cannot be changed"):
        rows.update("invoice", id, {"invoiceid": guid("b")})


def test_what_is_absent_is_a_key_error(rows: Rows) -> None:
    for act in (
        lambda: rows.get("invoice", guid("a")),
        lambda: rows.get("invoice", "no id"),
        lambda: rows.update("invoice", guid("a"), {}),
        lambda: rows.delete("invoice", guid("a")),
    ):
        with pytest.raises(KeyError, match="invoice"):
            act()
    assert rows.version == 0


@pytest.mark.parametrize(
    ("value", "error"),
    [(0.1, TypeError), ([1], TypeError), (Decimal("NaN"), ValueError), (datetime(2026, 8, 27), ValueError)],  # noqa: DTZ001
)
def test_what_is_no_plain_value_is_refused_by_name(rows: Rows, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"invoice\.totalamount"):
        rows.create("invoice", {"totalamount": value})
    assert rows.select("invoice") == []


def test_a_look_up_needs_a_guid_and_is_the_row_it_points_to() -> None:
    assert Lookup("account", guid("a").upper(), "A") == Lookup("account", guid("a"))
    assert len({Lookup("account", guid("a"), "A"), Lookup("account", guid("a"))}) == 1
    assert Lookup("account", guid("a")) != Lookup("contact", guid("a"))
    with pytest.raises(ValueError, match="PRJ-1"):
        Lookup("msdyn_project", "PRJ-1")


def test_select_is_by_equality_in_order_of_creation(rows: Rows) -> None:
    account = Lookup("account", guid("contoso"), "Contoso")
    first = rows.create("invoice", {"customerid": account, "totalamount": Decimal("1.50")})
    rows.create("invoice", {"customerid": Lookup("account", guid("fabrikam"))})
    last = rows.create("invoice", {"customerid": account})
    rows.update("invoice", first, {"name": "later"})

    def ids(**equal: object) -> list[str]:
        return [row["invoiceid"] for row in rows.select("invoice", **equal)]

    assert ids(customerid=account) == ids(customerid=guid("contoso").upper()) == [first, last]
    assert ids(customerid=account, totalamount=Decimal("1.5")) == [first]
    assert ids(customerid=account, totalamount=None) == [last]
    assert ids(customerid=None) == []
    assert rows.select("msdyn_actual") == []


def test_rows_that_are_handed_out_are_copies(rows: Rows) -> None:
    id = rows.create("invoice", {"name": "a"})

    rows.get("invoice", id)["name"] = "b"
    rows.select("invoice")[0]["name"] = "c"

    assert rows.get("invoice", id)["name"] == "a"


def test_a_transaction_that_fails_leaves_nothing(rows: Rows, told: list[Change]) -> None:
    kept = [rows.create("invoice", {"name": name}) for name in "abc"]
    told.clear()

    def fail() -> None:
        with rows.transaction():
            rows.update("invoice", kept[0], {"name": "x"})
            rows.update("invoice", kept[0], {"name": "y"})
            rows.delete("invoice", kept[1])
            rows.create("invoice", {"name": "again"}, id=kept[1])
            rows.create("account", {"name": "new"})
            raise Refused("no")

    with pytest.raises(Refused, match="no"):
        fail()

    assert [(row["invoiceid"], row["name"]) for row in rows.select("invoice")] == list(zip(kept, "abc", strict=True))
    assert rows.select("account") == []
    assert rows.changed_since("invoice", 3)[:2] == ([], [])
    assert told == []


def test_a_transaction_inside_another_is_committed_with_it(rows: Rows, told: list[Change]) -> None:
    with rows.transaction():
        rows.create("invoice", {"name": "a"})
        with rows.transaction():
            rows.create("invoice", {"name": "b"})
        assert told == []

    assert [change.after["name"] for change in told if change.after] == ["a", "b"]
    assert len({change.transaction for change in told}) == 1


def test_a_transaction_inside_another_that_fails_alone_is_undone_alone(rows: Rows, told: list[Change]) -> None:
    def fail() -> None:
        with rows.transaction():
            rows.create("invoice", {"name": "b"})
            raise Refused("no")

    with rows.transaction():
        rows.create("invoice", {"name": "a"})
        with pytest.raises(Refused):
            fail()

    assert [row["name"] for row in rows.select("invoice")] == ["a"]
    assert len(told) == 1


def test_each_change_is_announced_with_what_was_written_before_and_after(rows: Rows, told: list[Change]) -> None:
    id = rows.create("invoice", {"name": "a"})
    rows.update("invoice", id, {"name": "b"})
    rows.delete("invoice", id)

    create, update, delete = told
    assert (create.message, create.before, create.after and create.after["name"]) == ("Create", None, "a")
    assert {"invoiceid", "name", "statecode", "createdon"} <= set(create.changed)
    assert (update.message, update.changed) == ("Update", ("name", "modifiedon"))
    assert update.before == create.after
    assert update.after == delete.before
    assert (delete.message, delete.changed, delete.after) == ("Delete", (), None)
    assert [change.version for change in told] == [1, 2, 3]
    assert [change.at for change in told] == [START, START + timedelta(minutes=1), START + timedelta(minutes=2)]
    assert len({change.transaction for change in told}) == 3


def test_an_observer_may_write_and_read(rows: Rows) -> None:
    def mirror(change: Change) -> None:
        if change.entity == "invoice":
            rows.create("account", {"name": rows.get("invoice", change.id)["name"]})

    rows.observers.append(mirror)
    rows.create("invoice", {"name": "a"})

    assert [row["name"] for row in rows.select("account")] == ["a"]


def test_rows_made_together_are_one_operation(rows: Rows, told: list[Change]) -> None:
    ids = rows.create_many("invoice", [{"name": "a"}, {"name": "b", "invoiceid": guid("b")}])

    assert ids[1] == guid("b")
    assert {(change.operation, change.operation_size) for change in told} == {(told[0].operation, 2)}
    with pytest.raises(Refused):
        rows.create_many("invoice", [{"name": "c"}, {"name": "d", "invoiceid": guid("b")}])
    assert len(rows.select("invoice")) == 2


def test_changes_since_a_version_are_the_last_state_of_each_row(rows: Rows) -> None:
    first, second, third = [rows.create("invoice", {"name": name}) for name in "abc"]
    since = rows.version
    rows.update("invoice", second, {"name": "B"})
    rows.update("invoice", first, {"name": "A"})
    rows.delete("invoice", third)
    rows.delete("invoice", second)
    short_lived = rows.create("invoice", {})
    rows.delete("invoice", short_lived)

    written, deleted, version = rows.changed_since("invoice", since)

    assert [row["name"] for row in written] == ["A"]
    assert [id for _, id in deleted] == [third, second, short_lived]
    assert version == rows.version
    assert rows.changed_since("invoice", version) == ([], [], version)


def test_a_row_that_is_there_again_is_not_among_the_deleted(rows: Rows) -> None:
    id = rows.create("invoice", {"name": "a"})
    since = rows.version
    rows.delete("invoice", id)
    rows.create("invoice", {"name": "b"}, id=id)

    written, deleted, _ = rows.changed_since("invoice", since)

    assert [row["name"] for row in written] == ["b"]
    assert deleted == []


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids(seed: str | None) -> list[str]:
        rows = Rows(ticking(), seed=seed)
        return [rows.create("invoice", {}), rows.create("account", {})]

    assert ids("a") == ids("a")
    assert ids("a") != ids("b")
    assert ids(None) != ids(None)


def test_threads_do_not_lose_each_others_writes(rows: Rows) -> None:
    id = rows.create("invoice", {"totalamount": Decimal(0)})

    def add() -> None:
        for _ in range(50):
            with rows.transaction():
                rows.update("invoice", id, {"totalamount": rows.get("invoice", id)["totalamount"] + 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rows.get("invoice", id)["totalamount"] == 400
    assert rows.version == 401
