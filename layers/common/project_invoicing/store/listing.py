"""The index ``listed``: documents in the order of their dates, for lists that never read a whole table.

Each of the tables of journals, proposals and the ledger has it, with keys and a few columns only:

* ``lp`` the list that an item is in, and ``ls`` its place there, which begins with a day
* ``lc`` who pays, of a proposal: the Dataverse id that its proforma names, or a customer between companies

An item is in one list. A proposal or a journal moves from ``open`` to ``posted`` once it is posted, so that what is
open is never searched for among what is posted. A posted invoice is in the list of its customer; by date it is found
through its posted proposal. The pages of documents that say a voucher's number are in the list of vouchers by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from project_invoicing.store.errors import translated
from project_invoicing.store.items import Expression, Item, is_possible, plain_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX: Final = "listed"
FIRST: Final = "0"
LAST: Final = "~"
"""Places before and after every other: a place begins with a digit."""
PROPOSAL: Final = "PROPOSAL"
"""What the lists of proposals are called."""
_POSTED: Final = "posted"
UNLISTED: Final[dict[str, None]] = {"lp": None, "ls": None}


def open_list(kind: str, company: str | None) -> str:
    return f"{kind}#{company or '?'}#open"


def posted_list(kind: str, company: str | None) -> str:
    return f"{kind}#{company or '?'}#posted"


def lists_of(kind: str, company: str, status: str | None) -> dict[str, Filter]:
    """The lists with the documents of a status, and their filters; without one, what is open, then what is posted."""
    opened, posted = open_list(kind, company), posted_list(kind, company)
    if status is None:
        return {opened: {}, posted: {}}
    return {posted: {}} if status == _POSTED else {opened: {"st": (status,)}}


def customer_list(company: str, customer: str) -> str:
    return f"CUSTOMER#{company}#{customer}"


def voucher_list(company: str) -> str:
    return f"VOUCHER#{company}"


def entry(list_: str, place: str) -> dict[str, str]:
    """The attributes that put an item into a list."""
    return {"lp": list_, "ls": place}


Filter = Mapping[str, Sequence[str]]
"""Columns of the index that must have one of these values."""


class Found(NamedTuple):
    """Some entries of lists. ``before`` continues after them; empty at the end."""

    entries: list[Item]
    before: str


class Listing(NamedTuple):
    """Some documents of lists: the key of each and the day it is listed under. As ``Found``."""

    documents: list[tuple[str, str]]
    before: str


def listing(found: Found, key_of: Callable[[Item], str | None]) -> Listing:
    """The documents of entries; an entry without one is left out."""
    keys = ((key_of(item), item["ls"][: len("2026-08-31")]) for item in found.entries)
    return Listing([(key, day) for key, day in keys if key], found.before)


class Listed:
    """The lists of one table. An index may lag behind its table: whoever shows an entry reads the document itself."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def newest(self, lists: Mapping[str, Filter], limit: int, *, since: str | None, before: str | None) -> Found:
        """At most ``limit`` entries, each list newest first and one list after the other, from the day ``since``.

        One request. An answer may have fewer entries than ``limit``, even none, and still go on ``before`` a place.
        """
        number, _, place = (before or "0|").partition("|")
        ordered = list(lists.items())
        if not number.isdigit() or int(number) >= len(ordered):
            return Found([], "")
        list_, among = ordered[int(number)]
        entries, reached = self._part(list_, limit, since or FIRST, place or LAST, among)
        if len(entries) > limit:
            return Found(entries[:limit], f"{number}|{entries[limit - 1]['ls']}")
        if reached:
            return Found(entries, f"{number}|{reached}")
        return Found(entries, f"{int(number) + 1}|" if int(number) + 1 < len(ordered) else "")

    def behind(self, list_: str, limit: int, *, after: str) -> tuple[list[Item], str]:
        """At most ``limit`` entries behind a place, oldest first, and the place to go on behind; empty at the end."""
        expression = Expression()
        place = f"{expression.name('ls')} > {expression.value(after or FIRST)}"
        return self._ask(f"{expression.equal('lp', list_)} AND {place}", expression, {"Limit": limit})

    def oldest(self, list_: str, limit: int, among: Filter, *, since: str | None, after: str | None) -> Found:
        """As ``newest``, of one list from its oldest entry on; ``before`` of the answer continues ``after`` a place."""
        entries, reached = self._part(list_, limit, after or since or FIRST, LAST, among, newest=False)
        entries = [item for item in entries if item["ls"] > (after or "")]
        if len(entries) > limit:
            return Found(entries[:limit], str(entries[limit - 1]["ls"]))
        return Found(entries, reached)

    def first_from(self, list_: str, place: str) -> Item | None:
        """The first entry at or after a place."""
        expression = Expression()
        condition = f"{expression.equal('lp', list_)} AND {expression.name('ls')} >= {expression.value(place)}"
        found, _ = self._ask(condition, expression, {"Limit": 1})
        return found[0] if found else None

    def at(self, list_: str, place: str) -> Iterator[Item]:
        """The entries of a place."""
        if is_possible(list_, place):
            expression = Expression()
            yield from self._ask(expression.all_equal({"lp": list_, "ls": place}), expression, {})[0]

    def _part(
        self, list_: str, limit: int, since: str, before: str, among: Filter, *, newest: bool = True
    ) -> tuple[list[Item], str]:
        """Entries before a place, and the place up to which the list was read, if there is more of it."""
        expression = Expression()
        between = f"BETWEEN {expression.value(since)} AND {expression.value(before)}"
        condition = f"{expression.equal('lp', list_)} AND {expression.name('ls')} {between}"
        filters = [_one_of(expression, name, values) for name, values in among.items()]
        options: dict[str, Any] = {"ScanIndexForward": not newest}
        options |= {"FilterExpression": " AND ".join(filters)} if filters else {"Limit": limit + 2}
        found, reached = self._ask(condition, expression, options)
        return [item for item in found if item["ls"] < before], reached

    def _ask(self, condition: str, expression: Expression, options: Mapping[str, Any]) -> tuple[list[Item], str]:
        """Entries, and the place that was read last if there are more."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            **options,
            **expression.aliases(),
        }
        with translated():
            answer = self._client.query(**request)
        last = answer.get("LastEvaluatedKey")
        return [plain_item(item) for item in answer["Items"]], str(last["ls"]["S"]) if last else ""


def _one_of(expression: Expression, name: str, values: Sequence[str]) -> str:
    return f"{expression.name(name)} IN ({', '.join(expression.value(one) for one in values)})"
