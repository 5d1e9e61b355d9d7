"""The Web API, one operation at a time: a request in, a response out, no sockets.

GET     accounts(<guid>), accounts, accounts/$count, with query options, paging and change tracking
POST    accounts
PATCH   accounts(<guid>), an upsert unless If-Match or If-None-Match says otherwise
DELETE  accounts(<guid>)

and what ``definitions`` and ``registrations`` tell: tables and columns, webhooks and privileges.
"""

from __future__ import annotations

from collections.abc import Mapping

from dataverse_standin.definitions import definition
from dataverse_standin.json_rows import URL
from dataverse_standin.messages import Request, Response, WebApiError
from dataverse_standin.metadata import by_set_name
from dataverse_standin.queries import Queries
from dataverse_standin.registrations import registered
from dataverse_standin.resources import resource
from dataverse_standin.rows import Refused, Rows
from dataverse_standin.settings import Settings
from dataverse_standin.writes import Writes


class WebApi:
    """Answers for ``rows``. ``url`` is the address of the organization, without a slash at its end."""

    def __init__(self, rows: Rows, settings: Settings, url: str) -> None:
        self._url = url
        self._settings = settings
        self._tables = settings.tables()
        self._sets = by_set_name(self._tables.values())
        self._queries = Queries(rows, settings, url)
        self._writes = Writes(rows, settings, self._sets, url)

    def answer(self, request: Request, links: Mapping[str, str] | None = None) -> Response:
        """The response to one operation; an error is a response too, and leaves nothing written.

        ``links`` are the rows that operations before it in the same change set made, by ``$`` and Content-ID.
        """
        try:
            return self._answer(request, links or {})
        except Refused as refused:
            return WebApiError(refused.status, refused.code, str(refused)).response()
        except WebApiError as error:
            return error.response()

    def _answer(self, request: Request, links: Mapping[str, str]) -> Response:
        told = definition(request, self._tables, self._settings, self._url)
        told = told or registered(request, self._tables, self._settings, self._url)
        if told is not None:
            return told
        target = resource(request.target, self._sets, links)
        table, id = target.table, target.id
        match request.method:
            case "GET" if id is not None:
                return self._queries.row(target, id, request)
            case "GET":
                return self._queries.collection(target, request)
            case "POST" if id is None:
                return self._writes.create(table, request, links)
            case "PATCH" if id is not None:
                return self._writes.upsert(table, id, request, links)
            case "DELETE" if id is not None:
                return self._writes.delete(table, id, request)
        raise WebApiError(405, URL, f"{request.method} is not allowed for {request.target}")
