"""Histories: each entry once, and in the order in which it was written."""

from __future__ import annotations

from project_invoicing.domain.actor import person
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.seals import item_hash
from project_invoicing.rules.explaining.explanation import Explanation
from project_invoicing.rules.explaining.history import woven
from project_invoicing.store import history
from project_invoicing.store.items import Item
from project_invoicing.store.journals import Journals
from project_invoicing.store.transactions import query

AT, LATER = "2026-08-31T09:00:00Z", "2026-08-31T09:00:01Z"


def did(number: int, at: str = AT) -> HistoryEntry:
    return HistoryEntry(at, person("ann@contoso.example"), Done.EDITED, {}, {"number": number})


def keep(journals: Journals, document: str, *entries: HistoryEntry) -> None:
    for one in entries:
        history.commit(journals.client, journals.table, document, one, [])


def numbers(journals: Journals, document: str = "J") -> list[int]:
    return [one.after["number"] for one in history.of(journals.client, journals.table, document)]


def stored(journals: Journals) -> list[Item]:
    return list(query(journals.client, journals.table, f"{history.PREFIX}J"))


def test_what_is_done_within_a_second_is_in_its_order_and_once(journals: Journals) -> None:
    keep(journals, "J", did(99, LATER), *map(did, range(9)), *map(did, range(9)))
    assert numbers(journals) == [*range(9), 99]


def test_entries_of_earlier_versions_come_first_in_their_second_and_keep_their_bytes(journals: Journals) -> None:
    keep(journals, "J", did(1), did(2))
    for item in stored(journals):
        key = {name: {"S": item[name]} for name in ("pk", "sk")}
        journals.client.update_item(TableName=journals.table, Key=key, UpdateExpression="REMOVE wc")
    former = stored(journals)
    keep(journals, "J", did(3), did(4), did(5), did(1))
    assert [set(numbers(journals)[:2]), numbers(journals)[2:]] == [{1, 2}, [3, 4, 5]]
    sealed = {item_hash(item) for item in stored(journals)}
    assert {item_hash(item) for item in former} <= sealed


def test_entries_of_several_documents_are_told_in_one_order(journals: Journals) -> None:
    for number in range(6):
        keep(journals, "JK"[number % 2], did(number))
    every = [one for name in "JK" for one in history.of(journals.client, journals.table, name)]
    told = woven(Explanation("journal", "J-1", "USPM", "is posted"), every)
    assert [step["what"][-1] for step in told.history] == [str(number) for number in range(6)]
