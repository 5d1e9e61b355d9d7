"""``$batch``: many operations in one multipart request, and change sets, whose operations all happen or none.

The whole batch is read before its first operation is done. Lines end in CRLF, as Dataverse demands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from itertools import pairwise
from typing import Final, NoReturn
from uuid import uuid4

from dataverse_standin.json_rows import PAYLOAD
from dataverse_standin.messages import Headers, Request, Response, WebApiError

MOST_OPERATIONS: Final = 1_000
LONGEST_URL: Final = 65_536
NO_CONTENT_ID: Final = "0x80060888"

_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/1\.1")
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})"?', re.IGNORECASE)

Answer = Callable[[Request, Mapping[str, str]], Response]
"""One operation, with the links that a change set has so far."""


@dataclass(frozen=True, slots=True)
class Operation:
    request: Request
    content_id: str | None


ChangeSet = tuple[Operation, ...]


class _Failed(Exception):
    """An operation of a change set that failed: undoes what the others wrote."""

    def __init__(self, operation: Operation, response: Response) -> None:
        super().__init__(response.status)
        self.operation = operation
        self.response = response


def answered(request: Request, answer: Answer, transaction: Callable[[], AbstractContextManager[None]]) -> Response:
    """The response to a whole batch; raises ``WebApiError`` (400), with nothing done, when it cannot be read.

    The first failure ends the batch, which then has its status, unless the caller prefers to continue on errors: then
    the status is 200 and each part has its own. A failed change set has one part: its error.
    """
    parts = _read(request)
    goes_on = "odata.continue-on-error" in request.preferences()
    boundary = f"batchresponse_{uuid4()}"
    written, status = [], HTTPStatus.OK.value
    for part in parts:
        if isinstance(part, Operation):
            response = answer(part.request, {})
            written.append(_http_part(response, part.content_id))
        else:
            content, response = _change_set(part, answer, transaction)
            written.append(content)
        if response.status >= 400 and not goes_on:
            status = response.status
            break
    headers = {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0", **request.applied()}
    return Response(status, headers, _multipart(written, boundary))


def _change_set(
    operations: ChangeSet, answer: Answer, transaction: Callable[[], AbstractContextManager[None]]
) -> tuple[bytes, Response]:
    """The part of a change set, and the response that decides whether the batch goes on."""
    links: dict[str, str] = {}
    written = []
    try:
        with transaction():
            for operation in operations:
                response = _succeeded(operation, answer(operation.request, links))
                if "OData-EntityId" in response.headers:
                    links[f"${operation.content_id}"] = response.headers["OData-EntityId"]
                written.append(_http_part(response, operation.content_id))
    except _Failed as failed:
        return _http_part(failed.response, failed.operation.content_id), failed.response
    boundary = f"changesetresponse_{uuid4()}"
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + _multipart(written, boundary), Response(HTTPStatus.OK)


def _succeeded(operation: Operation, response: Response) -> Response:
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise _Failed(operation, response)
    return response


def _read(request: Request) -> list[Operation | ChangeSet]:
    parts: list[Operation | ChangeSet] = []
    for headers, content in _parts(request.headers, request.body):
        if headers.get("Content-Type", "").startswith("multipart/mixed"):
            parts.append(tuple(_changing(*part) for part in _parts(headers, content)))
        else:
            parts.append(_operation(headers, content))
    count = sum(1 if isinstance(part, Operation) else len(part) for part in parts)
    if count > MOST_OPERATIONS:
        _refuse(f"The batch holds {count} operations; at most {MOST_OPERATIONS} are allowed.")
    return parts


def _changing(headers: Headers, content: bytes) -> Operation:
    operation = _operation(headers, content)
    if operation.request.method == "GET":
        _refuse("A change set holds no GET.")
    if operation.content_id is None:
        raise WebApiError(400, NO_CONTENT_ID, "Content-ID header is not present in an operation of a change set.")
    return operation


def _operation(headers: Headers, content: bytes) -> Operation:
    if not headers.get("Content-Type", "").startswith("application/http"):
        _refuse("Each part is application/http or, for a change set, multipart/mixed.")
    head, _, body = content.partition(b"\r\n\r\n")
    line, _, fields = head.decode("latin-1").partition("\r\n")
    found = _REQUEST_LINE.fullmatch(line.strip())
    if found is None:
        _refuse(f"{line[:80]!r} is no request line; lines end in CRLF.")
    method, target = found.groups()
    if len(target) > LONGEST_URL:
        _refuse(f"The URL of an operation is longer than {LONGEST_URL} characters.")
    if target.endswith("/$batch"):
        _refuse("A batch holds no other batch.")
    return Operation(Request(method, target, _headers(fields), body), headers.get("Content-ID"))


def _parts(headers: Headers, body: bytes) -> list[tuple[Headers, bytes]]:
    """Headers and content of each part of a multipart body."""
    boundary = _BOUNDARY.search(headers.get("Content-Type", ""))
    if boundary is None:
        _refuse("The Content-Type is multipart/mixed with a boundary.")
    delimiter = re.compile(rb"\r\n--" + re.escape(boundary[1].encode()) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    text = b"\r\n" + body
    lines = list(delimiter.finditer(text))
    end = next((number for number, line in enumerate(lines) if line[1]), None)
    if end is None:
        _refuse(f"The end --{boundary[1]}-- is missing; lines end in CRLF.")
    found = []
    for line, following in pairwise(lines[: end + 1]):
        head, blank, content = text[line.end() + 2 : following.start()].partition(b"\r\n\r\n")
        if not blank:
            _refuse("A part has no blank line after its headers; lines end in CRLF.")
        found.append((_headers(head.decode("latin-1")), content))
    return found


def _headers(text: str) -> Headers:
    fields = (line.partition(":") for line in text.split("\r\n") if line)
    return Headers({name.strip(): value.strip() for name, _, value in fields})


def _http_part(response: Response, content_id: str | None) -> bytes:
    phrase = HTTPStatus(response.status).phrase
    lines = [
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        *([] if content_id is None else [f"Content-ID: {content_id}"]),
        "",
        f"HTTP/1.1 {response.status} {phrase}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + response.body


def _multipart(parts: list[bytes], boundary: str) -> bytes:
    separator = f"--{boundary}\r\n".encode()
    return b"".join(separator + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _refuse(text: str) -> NoReturn:
    raise WebApiError(400, PAYLOAD, text)
