"""Reading through the Web API: rows, collections with their query options and pages, tracked changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from dataverse_standin import change_tracking
from dataverse_standin.filters import ordered, predicate
from dataverse_standin.json_rows import URL, column_name, etag, shown
from dataverse_standin.messages import Request, Response, WebApiError, json_response
from dataverse_standin.metadata import Table
from dataverse_standin.resources import ROOT, Resource, absent
from dataverse_standin.rows import Row, Rows
from dataverse_standin.settings import Settings

_OPTIONS: Final = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$skiptoken", "$deltatoken"})
_MOST_ROWS: Final = 5_000
"""Dataverse gives no more in a page, and counts no further."""


class Queries:
    """GET. ``url`` is the address of the organization, for the links in the answers."""

    def __init__(self, rows: Rows, settings: Settings, url: str) -> None:
        self._rows = rows
        self._settings = settings
        self._url = url

    def row(self, target: Resource, id: str, request: Request) -> Response:
        table = target.table
        _only(target.query, {"$select"})
        select = self._select(table, target.query)
        try:
            row = self._rows.get(table.entity, id)
        except KeyError:
            absent(table, id)
        annotations = request.preferences().get("odata.include-annotations")
        if not annotations and request.headers.get("If-None-Match") == etag(row):
            return Response(304, {"OData-Version": "4.0"})
        context = {"@odata.context": f"{self._context(table, target.query)}/$entity"}
        content = {**context, **shown(table, row, select, annotations)}
        return json_response(200, content, headers={"ETag": etag(row), **request.applied()})

    def collection(self, target: Resource, request: Request) -> Response:
        query, table = target.query, target.table
        if "odata.track-changes" in request.preferences() or "$deltatoken" in query:
            change_tracking.refuse_options(query)
            return self._changes(target, request)
        if change_tracking.is_position(query.get("$skiptoken", "")):
            return self._changes(target, request)
        _only(query, _OPTIONS)
        select = self._select(table, query)
        rows = self._found(table, query)
        if target.count:
            return _number(len(rows))
        content: dict[str, Any] = {"@odata.context": self._context(table, query)}
        if query.get("$count") == "true":
            content["@odata.count"] = min(len(rows), _MOST_ROWS)
        begin = _begin(table, rows, query.get("$skiptoken"))
        size = _top(query["$top"]) if "$top" in query else self._page_size(request)
        page = rows[begin : begin + size]
        annotations = request.preferences().get("odata.include-annotations")
        content["value"] = [shown(table, row, select, annotations) for row in page]
        if begin + size < len(rows) and "$top" not in query:
            token = f"rows!{begin + size}!{page[-1][table.id]}"
            content["@odata.nextLink"] = self._link(table, query, "$skiptoken", token)
        return json_response(200, content, headers=request.applied())

    def _found(self, table: Table, query: Mapping[str, str]) -> list[Row]:
        """The rows that a query means, in its order."""
        rows = self._rows.select(table.entity)

        def name_of(property: str) -> str:
            return self._column_name(table, property)

        if "$filter" in query:
            wanted = predicate(table, query["$filter"], name_of)
            rows = [row for row in rows if wanted(row)]
        return ordered(table, rows, query["$orderby"], name_of) if "$orderby" in query else rows

    def _changes(self, target: Resource, request: Request) -> Response:
        query, table = target.query, target.table
        _only(query, _OPTIONS)
        select = self._select(table, query)
        token = query.get("$deltatoken")
        since = change_tracking.ALL if token is None else self._version(token)
        if target.count:
            return _number(change_tracking.count(self._rows, table.entity, since))
        skip_token = query.get("$skiptoken")
        size = self._page_size(request)
        changes = change_tracking.page(self._rows, table.entity, since=since, skip_token=skip_token, size=size)
        annotations = request.preferences().get("odata.include-annotations")
        values = [shown(table, row, select, annotations) for row in changes.rows]
        deleted = f"{self._url}{ROOT}/$metadata#{table.set_name}/$deletedEntity"
        values += [{"@odata.context": deleted, "id": id, "reason": "deleted"} for id in changes.deleted]
        context = self._context(table, query) + ("" if token is None else "/$delta")
        content: dict[str, Any] = {"@odata.context": context}
        if changes.next is not None:
            content["@odata.nextLink"] = self._link(table, query, "$skiptoken", changes.next)
        if changes.delta is not None:
            content["@odata.deltaLink"] = self._link(table, query, "$deltatoken", changes.delta)
        return json_response(200, {**content, "value": values}, headers=request.applied())

    def _version(self, token: str) -> int:
        days = -1 if self._settings.faults.expire_delta_tokens else self._settings.change_tracking_days
        return change_tracking.version_of(token, self._rows.now(), days, self._settings.expired_token_status)

    def _select(self, table: Table, query: Mapping[str, str]) -> list[str] | None:
        if "$select" not in query:
            return None
        return [self._column_name(table, name.strip()) for name in query["$select"].split(",")]

    def _column_name(self, table: Table, property: str) -> str:
        return column_name(table, property, lambda name: any(name in row for row in self._rows.select(table.entity)))

    def _page_size(self, request: Request) -> int:
        text = request.preferences().get("odata.maxpagesize", "")
        size = int(text) if text.isascii() and text.isdigit() else 0
        return size if 0 < size <= self._settings.page_size else self._settings.page_size

    def _context(self, table: Table, query: Mapping[str, str]) -> str:
        columns = f"({query['$select']})" if "$select" in query else ""
        return f"{self._url}{ROOT}/$metadata#{table.set_name}{columns}"

    def _link(self, table: Table, query: Mapping[str, str], token_name: str, token: str) -> str:
        kept = {name: value for name, value in query.items() if name not in {"$skiptoken", "$deltatoken"}}
        options = "&".join(f"{name}={quote(value, safe=',')}" for name, value in {**kept, token_name: token}.items())
        return f"{self._url}{ROOT}/{table.set_name}?{options}"


def _only(query: Mapping[str, str], options: set[str] | frozenset[str]) -> None:
    for name in query:
        if name not in options:
            raise WebApiError(400, URL, f"The query parameter {name} is not supported.")


def _top(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise WebApiError(400, URL, f"Invalid value '{text}' for $top: it must be a whole number above 0")
    return min(int(text), _MOST_ROWS)


def _begin(table: Table, rows: list[Row], skip_token: str | None) -> int:
    """Where the next page begins: after the last row of the one before, if that is still there."""
    if skip_token is None:
        return 0
    kind, _, rest = skip_token.partition("!")
    at, _, last = rest.partition("!")
    if kind != "rows" or not at.isdigit():
        raise WebApiError(400, URL, f"{skip_token!r} is not a skip token")
    return next((number + 1 for number, row in enumerate(rows) if row[table.id] == last), int(at))


def _number(number: int) -> Response:
    return Response(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(number).encode())
