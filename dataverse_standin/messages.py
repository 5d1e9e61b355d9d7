"""Requests and responses as values, so that everything but the sockets can be tested without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.values import decimal_text

JSON: Final = "application/json; odata.metadata=minimal"
_FOLLOWED: Final = frozenset(
    {"odata.track-changes", "odata.maxpagesize", "odata.include-annotations", "odata.continue-on-error", "return"}
)
_EXACT_NUMBER = re.compile(r'"\\u0000(-?[0-9.E+-]+)\\u0000"')


class Headers(Mapping[str, str]):
    """Header fields; the case of their names does not matter."""

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {name.lower(): (name, value) for name, value in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class Request:
    """``target`` is the path with its query, or a whole URL, as it was sent."""

    method: str
    target: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def preferences(self) -> Mapping[str, str]:
        """The ``Prefer`` header: name -> value without quotation marks, empty when there is none."""
        found = {}
        for part in re.findall(r'(?:[^,"]|"[^"]*")+', self.headers.get("Prefer", "")):
            name, _, value = part.strip().partition("=")
            found[name.strip().lower()] = value.strip().strip('"')
        return found

    def applied(self) -> dict[str, str]:
        """The header that says which preferences were followed; empty when there were none."""
        applied = [
            f'{name}="{value}"' if name == "odata.include-annotations" else f"{name}={value}" if value else name
            for name, value in self.preferences().items()
            if name in _FOLLOWED
        ]
        return {"Preference-Applied": ",".join(applied)} if applied else {}


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class WebApiError(Exception):
    """The answer of the Web API to what it refuses: a status, Dataverse's code and a text."""

    def __init__(self, status: int, code: str, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.headers = headers or {}

    def response(self) -> Response:
        content = {"error": {"code": self.code, "message": str(self)}}
        return json_response(self.status, content, headers=self.headers)


def json_response(status: int, content: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status,
        {"Content-Type": JSON, "OData-Version": "4.0", **(headers or {})},
        to_json(content).encode(),
    )


def to_json(content: Any) -> str:
    """``content`` as JSON; each ``Decimal`` is the number it is, digit for digit, never by way of a float."""
    marked = json.dumps(content, default=_marked, ensure_ascii=False, separators=(",", ":"))
    return _EXACT_NUMBER.sub(r"\1", marked)


def _marked(value: object) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise TypeError(f"{value!r} has no form in JSON")
    return f"\0{decimal_text(value)}\0"
