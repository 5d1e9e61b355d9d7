"""The index ``listed``: documents in the order of their dates, for lists that never read a whole table.

Each of the tables of journals, proposals and the ledger has it, with keys and a few columns only:

* ``lp`` the list that an item is in, and ``ls`` its place there, which begins with a day
* ``lc`` who pays, of a proposal: the Dataverse id that its proforma names, or a customer between companies

An item is in one list. Proposals and journals of a company are in one, so that a page of it is one request: what is
open stands after what is posted, whose places begin with the day (D-160). Earlier versions had what is open in a list
of its own; it is read as long as something is there. A posted invoice is in the list of its customer; by date it is
found through its posted proposal. The pages of documents that say a voucher's number are in the list of vouchers by
number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

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
OPEN: Final = "open"
"""What is asked for where any status will do but posted."""
_POSTED: Final = "posted"
_OPENED: Final = "open#"
"""How the place of what is open begins: after every day."""
_ASKED_AGAIN: Final = 600.0
"""Seconds until an empty list of an earlier version is asked again: functions of it may be at work for a while."""
UNLISTED: Final[dict[str, None]] = {"lp": None, "ls": None}


Filter = Mapping[str, Sequence[str]]
"""Columns of the index that must have one of these values."""


class Part(NamedTuple):
    """A list, or of one with documents only what is ``open`` or only what is not; ``former``: of an earlier version."""

    list: str
    among: Filter = MappingProxyType({})
    open: bool | None = None
    former: bool = False

    def between(self, since: str) -> tuple[str, str]:
        """The first and the last place from a day on. Of both, all that is open is between them."""
        return (_OPENED + since if self.open and not self.former else since), (_OPENED if self.open is False else LAST)


def list_of(kind: str, company: str | None) -> str:
    """The list of a company's documents. It is called as the one that earlier versions kept what is posted in."""
    return f"{kind}#{company or '?'}#posted"


def former_list(kind: str, company: str | None) -> str:
    """Where earlier versions kept what is open."""
    return f"{kind}#{company or '?'}#open"


def parts_of(kind: str, company: str, status: str | None, **among: Sequence[str]) -> list[Part]:
    """The parts of lists with the documents of a status; without one, what is open, then what is posted."""
    whole, former = list_of(kind, company), former_list(kind, company)
    if status == _POSTED:
        return [Part(whole, among, open=False)]
    if status is None:
        return [Part(former, among, former=True), Part(whole, among)]
    if status != OPEN:
        among = {**among, "st": (status,)}
    return [Part(former, among, open=True, former=True), Part(whole, among, open=True)]


def customer_list(company: str, customer: str) -> str:
    return f"CUSTOMER#{company}#{customer}"


def voucher_list(company: str) -> str:
    return f"VOUCHER#{company}"


def entry(list_: str, place: str) -> dict[str, str]:
    """The attributes that put an item into a list."""
    return {"lp": list_, "ls": place}


def open_entry(kind: str, company: str | None, place: str) -> dict[str, str]:
    """The attributes that put what is not posted into the list of its company."""
    return entry(list_of(kind, company), _OPENED + place)


def day_of(item: Item) -> str:
    """The day that an entry is listed under."""
    return str(item["ls"]).removeprefix(_OPENED)[: len("2026-08-31")]


_OVER: WeakKeyDictionary[Any, dict[tuple[str, str], float]] = WeakKeyDictionary()
"""By client, table and list: until when a list of an earlier version counts as empty."""


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
    keys = ((key_of(item), day_of(item)) for item in found.entries)
    return Listing([(key, day) for key, day in keys if key], found.before)


class Listed:
    """The lists of one table. An index may lag behind its table: whoever shows an entry reads the document itself."""

    def __init__(self, client: DynamoDBClient, table: str, *, one_list: bool = False) -> None:
        """``one_list``: no earlier version has listed anything."""
        self._client, self._table, self._one_list = client, table, one_list

    def newest(
        self, parts: Sequence[Part], limit: int, *, since: str | None, before: str | None, until: str | None = None
    ) -> Found:
        """At most ``limit`` entries of the days ``since`` to ``until``, each part newest first, one after the other.

        One request, and where there may be a former list one for it every ten minutes. An answer may have fewer entries
        than ``limit``, even none, and still go on ``before`` a place.
        """
        return self._page(parts, limit, since or FIRST, before, until, newest=True)

    def oldest(self, parts: Sequence[Part], limit: int, *, since: str | None, after: str | None) -> Found:
        """As ``newest``, from the oldest entry on; ``before`` of the answer continues ``after`` a place."""
        return self._page(parts, limit, since or FIRST, after, None, newest=False)

    def _page(
        self, parts: Sequence[Part], limit: int, since: str, at: str | None, until: str | None, *, newest: bool
    ) -> Found:
        text, _, place = (at or "0|").partition("|")
        number = int(text) if text.isdigit() else len(parts)
        if number < len(parts) and not place and self._is_over(parts[number]):
            number += 1
        if number >= len(parts):
            return Found([], "")
        entries, reached = self._part(parts[number], limit, since, place, until, newest=newest)
        if len(entries) > limit:
            return Found(entries[:limit], f"{number}|{entries[limit - 1]['ls']}")
        if reached:
            return Found(entries, f"{number}|{reached}")
        return Found(entries, f"{number + 1}|" if number + 1 < len(parts) else "")

    def opened(self, kind: str, company: str, limit: int, *, since: str | None = None) -> Found:
        """The newest entries of what is open of a company. One request, and one more for a former list."""
        parts, entries, before = parts_of(kind, company, OPEN), list[Item](), "0|"
        while before and len(entries) < limit:
            found = self.newest(parts, limit - len(entries), since=since, before=before)
            entries, before = entries + found.entries, found.before
        return Found(entries, before)

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

    def _is_over(self, part: Part) -> bool:
        """Whether it is a list of an earlier version that has nothing any more. Asked now and then."""
        if not part.former or self._one_list:
            return part.former
        known = _OVER.setdefault(self._client, {})
        if monotonic() >= known.get((self._table, part.list), 0.0):
            if self.first_from(part.list, FIRST):
                return False
            known[self._table, part.list] = monotonic() + _ASKED_AGAIN
        return True

    def _part(
        self, part: Part, limit: int, since: str, place: str, until: str | None, *, newest: bool
    ) -> tuple[list[Item], str]:
        """Entries from a place on, and the place up to which the list was read, if there is more of it."""
        first, last = part.between(since)
        if until:
            if until < since:
                return [], ""
            last = min(last, f"{until}{LAST}")
        if place:
            first, last = (first, place) if newest else (place, last)
        expression = Expression()
        between = f"BETWEEN {expression.value(first)} AND {expression.value(last)}"
        condition = f"{expression.equal('lp', part.list)} AND {expression.name('ls')} {between}"
        filters = [_one_of(expression, name, values) for name, values in part.among.items()]
        options: dict[str, Any] = {"ScanIndexForward": not newest}
        options |= {"FilterExpression": " AND ".join(filters)} if filters else {"Limit": limit + 2}
        found, reached = self._ask(condition, expression, options)
        return [item for item in found if item["ls"] != place and day_of(item) >= since], reached

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
