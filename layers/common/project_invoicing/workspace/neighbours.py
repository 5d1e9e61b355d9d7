"""The way from a document back to the list that it was opened from, and to the documents beside it there.

A list opens its documents with ``list=`` its own query (``list_query``), so that the document knows what it is part of:

    prev, next, up = neighbours(desk, Kind.PROPOSALS, lambda row: row.invoice_id == id)

Each is a link or ``None``. A document that was opened from elsewhere has no neighbours, only its list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode

from project_invoicing.domain.master_data import Part
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.lists.asked import Kind
from project_invoicing.workspace.links import link

if TYPE_CHECKING:
    from project_invoicing.workspace.desk import Desk

Query = Mapping[str, str]
Neighbours = tuple[str | None, str | None, str]

EVERYTHING: Final = "all"
"""Stands for the list without a filter, whose query is empty."""
EARLIER, AT = "earlier", "at"
"""In a list's query: the cursor of the page before. In a document's: its place on the page, from 0."""
_FIRST: Final = "first"
"""Stands for the cursor of the first page."""


def _document(path: str, *names: tuple[str, str]) -> Callable[[Any], tuple[str, Query]]:
    return lambda row: (path, {name: str(getattr(row, of) or "") for name, of in names})


_ADDRESSES: Final[Mapping[Kind, Callable[[Any], tuple[str, Query]]]] = {
    Kind.PROPOSALS: lambda row: (f"/proposals/{row.invoice_id}", {}),
    Kind.APPROVALS: lambda row: (f"/proposals/{row.invoice_id}", {}),
    Kind.JOURNALS: _document("/journal", ("company", "company"), ("number", "journal_id")),
    Kind.INVOICES: _document("/invoice", ("company", "company"), ("number", "invoice_number")),
    Kind.VOUCHERS: _document("/voucher", ("company", "company"), ("number", "voucher")),
    Kind.WAITING: _document("/explain", ("id", "id"), ("company", "company")),
    Kind.UNEXPORTED: _document("/explain", ("id", "id"), ("company", "company")),
    Kind.ON_ACCOUNT: lambda row: (
        "/master-data/row",
        {"kind": Part.ON_ACCOUNT_TRANSACTIONS, "company": row.company, "number": row.id},
    ),
    Kind.REJECTED: _document("/explain", ("id", "id")),
    Kind.DIFFERENCES: _document("/explain", ("id", "id")),
}


def list_query(desk: Desk) -> str:
    """What the rows of the list on this page are opened with."""
    return desk.event.raw_query_string or EVERYTHING


def opened(kind: Kind, row: Any, listed: str, at: int) -> str:
    """The address of a row's document: ``listed`` is the list's query, ``at`` the row's place on its page."""
    path, query = _ADDRESSES[kind](row)
    return link(path, **{**query, "list": listed, AT: str(at)})


def neighbours(desk: Desk, kind: Kind, is_this: Callable[[Any], bool]) -> Neighbours:
    """Links to the previous and the next document of the list, and to the list. At most two pages of it are read.

    A document that is not in the list any more, because something was done to it, leaves its place to the one after it.
    """
    given = desk.query.get("list")
    if given is None:
        return None, None, link(f"/{kind}")
    query = {} if given == EVERYTHING else {name: texts[-1] for name, texts in parse_qs(given).items()}
    up = link(f"/{kind}", **query)
    try:
        page = desk.listed(kind, query)
    except Rejected:  # a filter that was written by hand, or a cursor of another day
        return None, None, up
    rows: Sequence[Any] = page.rows
    place = next((n for n, row in enumerate(rows) if is_this(row)), None)
    before, after = (place - 1, place + 1) if place is not None else _around(desk.query.get(AT))
    later = page.cursor if after >= len(rows) else None
    return (
        _at(desk, kind, query, rows, before),
        _next_page(desk, kind, query, later) if later else _at(desk, kind, query, rows, after),
        up,
    )


def _around(at: str | None) -> tuple[int, int]:
    """The places beside a document that has left the list."""
    place = int(at) if at and at.isdecimal() and len(at) < 4 else 0
    return place - 1, place


def _at(desk: Desk, kind: Kind, query: Query, rows: Sequence[Any], place: int) -> str | None:
    """The document in a place of the page; the last one of the page before for the place before the first."""
    if 0 <= place < len(rows):
        return opened(kind, rows[place], _text(query), place)
    if place >= 0 or EARLIER not in query:
        return None
    cursor = {} if query[EARLIER] == _FIRST else {"cursor": query[EARLIER]}
    earlier = {name: value for name, value in query.items() if name not in (EARLIER, "cursor")} | cursor
    found = desk.listed(kind, earlier).rows
    return opened(kind, found[-1], _text(earlier), len(found) - 1) if found else None


def _next_page(desk: Desk, kind: Kind, query: Query, cursor: str) -> str | None:
    """The first document of the next page."""
    later = {**query, **onward(query, cursor)}
    found = desk.listed(kind, later).rows
    return opened(kind, found[0], _text(later), 0) if found else None


def onward(query: Query, cursor: str) -> Query:
    """What the next page of a list has in its query beside the filters."""
    return {"cursor": cursor, EARLIER: query.get("cursor", _FIRST)}


def _text(query: Query) -> str:
    return urlencode(query) or EVERYTHING
