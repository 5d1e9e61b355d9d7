"""Writing through the Web API: POST, PATCH as an upsert, DELETE, with their conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dataverse_standin.json_rows import URL, etag, read, shown
from dataverse_standin.messages import Request, Response, WebApiError, json_response
from dataverse_standin.metadata import Table
from dataverse_standin.resources import ROOT, absent, resource
from dataverse_standin.rows import DUPLICATE_KEY, Lookup, Refused, Row, Rows
from dataverse_standin.settings import Settings

VERSION_MISMATCH: Final = "0x80060882"


class Writes:
    """``sets`` are the tables by set name, ``url`` is the address of the organization, for the links in the answers.

    ``links`` are the rows that the same change set made, by ``$`` and Content-ID.
    """

    def __init__(self, rows: Rows, settings: Settings, sets: Mapping[str, Table], url: str) -> None:
        self._rows = rows
        self._settings = settings
        self._sets = sets
        self._url = url

    def create(self, table: Table, request: Request, links: Mapping[str, str]) -> Response:
        values = read(table, request.body, lambda link: self._linked(link, links))
        self._refuse_if_told(values.get(table.id))
        id = self._rows.create(table.entity, values)
        return self._written(table, id, request, created=True)

    def upsert(self, table: Table, id: str, request: Request, links: Mapping[str, str]) -> Response:
        with self._rows.transaction():
            exists = self._checked(table, id, request)
            values = read(table, request.body, lambda link: self._linked(link, links))
            self._refuse_if_told(id)
            if values.pop(table.id, id) != id:
                raise WebApiError(400, URL, f"{table.id} in the body is not the {id} of the URL")
            if exists:
                self._rows.update(table.entity, id, values)
            else:
                self._rows.create(table.entity, values, id=id)
            return self._written(table, id, request, created=not exists)

    def delete(self, table: Table, id: str, request: Request) -> Response:
        with self._rows.transaction():
            if not self._checked(table, id, request):
                self._existing(table, id)
            self._refuse_if_told(id)
            self._rows.delete(table.entity, id)
        return Response(204, {"OData-Version": "4.0"})

    def _checked(self, table: Table, id: str, request: Request) -> bool:
        """Whether the row exists, after the conditions of the request were found to hold."""
        match, none_match = request.headers.get("If-Match"), request.headers.get("If-None-Match")
        try:
            row = self._rows.get(table.entity, id)
        except KeyError:
            if match is not None:
                absent(table, id)
            return False
        if none_match == "*":
            raise WebApiError(412, DUPLICATE_KEY, "A record with matching key values already exists.")
        if match not in {None, "*", etag(row)}:
            text = "The version of the existing record doesn't match the RowVersion property provided."
            raise WebApiError(412, VERSION_MISMATCH, text)
        return True

    def _refuse_if_told(self, id: str | None) -> None:
        refused = self._settings.faults.refuse.get(id or "")
        if refused is not None:
            raise Refused(str(refused), status=refused.status, code=refused.code)

    def _written(self, table: Table, id: str, request: Request, *, created: bool) -> Response:
        link = f"{self._url}{ROOT}/{table.set_name}({id})"
        headers = {"OData-Version": "4.0", "OData-EntityId": link}
        if request.preferences().get("return") == "representation":
            content = {
                "@odata.context": f"{self._url}{ROOT}/$metadata#{table.set_name}/$entity",
                **shown(table, self._existing(table, id), None, request.preferences().get("odata.include-annotations")),
            }
            return json_response(201 if created else 200, content, headers={**headers, **request.applied()})
        return Response(204, {**headers, **({"Location": link} if request.method == "POST" else {})})

    def _linked(self, link: str, links: Mapping[str, str]) -> Lookup:
        target = resource(link, self._sets, links)
        if target.id is None:
            raise WebApiError(400, URL, f"{link!r} is not the link of a row")
        name = self._existing(target.table, target.id).get(target.table.name)
        return Lookup(target.table.entity, target.id, None if name is None else str(name))

    def _existing(self, table: Table, id: str) -> Row:
        try:
            return self._rows.get(table.entity, id)
        except KeyError:
            absent(table, id)
