"""What the URLs of the Web API point to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

from dataverse_standin.json_rows import URL
from dataverse_standin.messages import WebApiError
from dataverse_standin.metadata import Table
from project_invoicing.dataverse.values import guid

ROOT: Final = "/api/data/v9.2"
NOT_FOUND: Final = "0x80040217"
NO_RESOURCE: Final = "0x8006088a"

_SERVICE = re.compile(r"/api/data/v9\.\d{1,2}/", re.ASCII)
_RESOURCE = re.compile(r"(?P<set>\w+)(?:\((?P<key>[^()]*)\))?(?P<count>/\$count)?", re.ASCII)
_CONTENT_ID = re.compile(r"/?(\$[\w.-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Resource:
    """A table, its count, or with an id one of its rows. ``query`` holds the query options."""

    table: Table
    id: str | None
    count: bool
    query: Mapping[str, str]


def resource(target: str, sets: Mapping[str, Table], links: Mapping[str, str]) -> Resource:
    """What ``target`` (a URL, a path, a path below the service's root, or ``$1``) points to.

    ``sets`` are the tables by set name, ``links`` the rows that a change set has made, by ``$`` and Content-ID. Raises
    ``WebApiError`` (400, 404) where that is nothing.
    """
    parts = urlsplit(_dereferenced(target, links))
    path = unquote(parts.path)
    if path.startswith("/"):
        service = _SERVICE.match(path)
        if service is None:
            raise WebApiError(404, NO_RESOURCE, f"There is nothing at {path}; the Web API is at {ROOT}/")
        path = path[service.end() :]
    found = _RESOURCE.fullmatch(path)
    if found is None:
        raise WebApiError(400, URL, f"Bad Request - Error in query syntax: {path!r}")
    table = sets.get(found["set"])
    if table is None:
        raise WebApiError(404, NO_RESOURCE, f"Resource not found for the segment '{found['set']}'.")
    id = None if found["key"] is None else guid(found["key"])
    if found["key"] is not None and (id is None or found["count"]):
        raise WebApiError(400, URL, f"Bad Request - Error in query syntax: {path!r} names no row by its GUID")
    return Resource(table, id, found["count"] is not None, dict(parse_qsl(parts.query, keep_blank_values=True)))


def absent(table: Table, id: str) -> NoReturn:
    raise WebApiError(404, NOT_FOUND, f"Entity '{table.entity}' With Id = {id} Does Not Exist")


def _dereferenced(target: str, links: Mapping[str, str]) -> str:
    reference = _CONTENT_ID.fullmatch(target)
    if reference is None:
        return target
    if reference[1] not in links:
        raise WebApiError(400, URL, f"Content-ID Reference: '{reference[1]}' does not exist in the batch context.")
    return links[reference[1]]
