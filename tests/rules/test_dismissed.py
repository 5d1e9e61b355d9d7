"""What was rejected and is dismissed by a person: it stays whole, can come back, and keeps nothing from being taken."""

from __future__ import annotations

from typing import Any

from project_invoicing.domain.actor import person
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.store import dismissals, unsealed
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import update, write_one
from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.use_cases.lists.asked import Asked, Kind
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import page
from tests.builders import actual, guid, references
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import cost

NAMED = {"entity": "msdyn_actual", "id": guid("a")}
WHY = "a test row"


def staging_of(books: Books) -> Staging:
    return Staging(books.world.client, books.world.names.staging_table)


def rejected(books: Books, **more: Any) -> dismissals.Kept:
    books.arrive(actual("a", amount=None, **more))
    return next(dismissals.kept_of(staging_of(books), *NAMED.values()))


def dismiss(books: Books, **request: Any) -> Any:
    return books.world.edit("dismiss", actor="ann", **{**NAMED, **request})


def place_of(books: Books) -> ListPlace:
    return ListPlace.read(books.world.client, books.world.names, books.world.at)


def listed(books: Books, **query: Any) -> list[tuple[str, str | None]]:
    return [(row.id, row.dismissed) for row in page(place_of(books), Asked(Kind.REJECTED, **query)).rows]


def test_it_leaves_the_list_and_is_kept_whole_with_who_did_it(books: Books) -> None:
    kept = rejected(books)
    assert listed(books) == [(guid("a"), None)]
    for reason in (WHY, "another reason, which comes too late"):
        assert dismiss(books, reason=reason) == {"outcome": "dismissed", "events": 1, "actor": "ann"}
    assert listed(books) == []
    assert listed(books, status="dismissed") == listed(books, number=guid("a")) == [(guid("a"), WHY)]
    assert listed(books, number=kept.message, status="rejected") == []
    again = next(dismissals.kept_of(staging_of(books), *NAMED.values()))
    assert (again.event, again.message) == (kept.event, kept.message)
    (entry,) = staging_of(books).history(*NAMED.values())
    assert (entry.who.id, entry.what, entry.after) == ("ann", "dismissed", {"message": kept.message, "reason": WHY})
    waiting = unsealed.waiting(books.world.client, books.world.names.staging_table)
    assert [pk for _, pk, _ in waiting] == [f"HISTORY#msdyn_actual#{guid('a')}"]
    (found,) = explain(place_of(books).stores, guid("a"))["found"]
    assert found["headline"] == "Actual that was rejected, and then dismissed"
    assert not any("correct" in text for text in found["next"])


def test_the_same_message_that_comes_again_stays_dismissed_and_a_new_one_does_not(books: Books) -> None:
    rejected(books, row_version=1)
    dismiss(books, reason=WHY)
    books.arrive(actual("a", amount=None, row_version=1))
    assert listed(books) == []
    books.arrive(actual("a", amount=None, row_version=2))
    assert listed(books) == [(guid("a"), None)]


def test_it_can_be_taken_back_and_replayed(books: Books) -> None:
    kept = rejected(books)
    dismiss(books, reason=WHY)
    message = {"entity": None, "id": None, "message": kept.message, "take_back": True}
    for _ in range(2):
        assert dismiss(books, **message)["outcome"] == "back among the rejected"
    assert listed(books) == [(guid("a"), None)]
    dismiss(books, reason="an hour later")
    assert books.edit("replay", **NAMED) == "rejected"
    assert listed(books) == []
    books.arrive(cost("a", row_version=2))
    staging_of(books).mended(NAMED["entity"], NAMED["id"], str(kept.sort_key), entry(books, Done.REPLAYED))
    answer = dismiss(books, take_back=True)
    assert "it was accepted meanwhile" in answer["outcome"]


def entry(books: Books, what: Done) -> HistoryEntry:
    return HistoryEntry(books.world.at, person("bob"), what)


def test_whoever_is_slower_than_a_replay_changes_nothing(books: Books) -> None:
    kept, staging = rejected(books), staging_of(books)
    staging.mended(NAMED["entity"], NAMED["id"], str(kept.sort_key), entry(books, Done.REPLAYED))
    assert not dismissals.dismiss(staging, kept, WHY, entry(books, Done.DISMISSED))
    assert not list(dismissals.kept_of(staging, *NAMED.values()))
    assert [one.what for one in staging.history(*NAMED.values())] == ["replayed"]
    assert "it was accepted meanwhile" in dismiss(books, reason=WHY)["outcome"]


def test_an_invalid_row_is_dismissed_until_a_newer_version_comes(books: Books) -> None:
    made = finance()
    made["references"]["transactioncurrency"] |= references(currency=["CHF"])["transactioncurrency"]
    books.use(made)
    books.arrive(cost("a", currency="CHF", row_version=1))
    books.import_staging()
    assert listed(books) == [(guid("a"), None)]
    dismiss(books, reason=WHY)
    assert listed(books) == []
    assert listed(books, status="dismissed") == [(guid("a"), WHY)]
    books.arrive(cost("a", row_version=2))
    books.import_staging()
    assert listed(books, status="dismissed") == listed(books) == []
    assert staging_of(books).readable([guid("a")])[guid("a")].journal_id


def test_what_an_earlier_version_kept_outside_the_lists_can_be_dismissed(books: Books) -> None:
    kept, staging = rejected(books), staging_of(books)
    pk = f"REJECTED#msdyn_actual#{guid('a')}"
    write_one(staging.client, update(staging.table, pk, kept.sort_key, {"q": None, "qs": None}, expected={"pk": pk}))
    assert dismiss(books, reason=WHY)["outcome"] == "dismissed"
    assert listed(books, status="dismissed") == [(guid("a"), WHY)]


def test_what_it_does_not_understand_it_says(books: Books) -> None:
    rejected(books)
    for request, told in (
        ({}, "the request needs reason"),
        ({"reason": "x" * 501}, "reason has 501 characters; the most is 500"),
        ({"reason": WHY, "take_back": True}, "needs no reason"),
        ({"reason": WHY, "message": "m"}, "dismiss names entity and id of a row, or message"),
        ({"reason": WHY, "id": None}, "dismiss names entity and id of a row, or message"),
        ({"reason": WHY, "id": guid("b")}, "nothing rejected is kept of"),
        ({"reason": WHY, "entity": None, "id": None, "message": "2026\ud800"}, "nothing rejected is kept of"),
    ):
        assert told in dismiss(books, **request)["outcome"]
