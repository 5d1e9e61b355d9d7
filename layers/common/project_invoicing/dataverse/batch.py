"""``$batch``: many operations in one request, as ``multipart/mixed`` text (D-038)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

MOST_OPERATIONS: Final = 1_000
_BOUNDARY: Final = "batch_of_rows"
_CHANGE_SET: Final = "change_set_of_rows"
"""No body has them in it: bodies are JSON on one line, and boundaries begin one with dashes."""
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})")

CONTENT_TYPE: Final = f"multipart/mixed; boundary={_BOUNDARY}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One request of a batch. ``path`` begins at the root of the server."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one operation."""

    status: int
    headers: Message
    body: bytes


def written(operations: Sequence[Operation], *, atomic: bool = False) -> bytes:
    """The body of a batch. ``atomic``: in one change set, so that all happen or none."""
    if len(operations) > MOST_OPERATIONS:
        raise ValueError(f"a batch takes {MOST_OPERATIONS} operations, not {len(operations)}")
    if not atomic:
        return _multipart(_BOUNDARY, [_part(operation) for operation in operations])
    parts = [_part(operation, number) for number, operation in enumerate(operations, start=1)]
    inner = f"Content-Type: multipart/mixed; boundary={_CHANGE_SET}\r\n\r\n".encode() + _multipart(_CHANGE_SET, parts)
    return _multipart(_BOUNDARY, [inner])


def read(content_type: str, body: bytes) -> list[Reply]:
    """The replies in a batch's answer, in the order of the operations; those of a change set among them."""
    return list(_replies(content_type, body))


def _part(operation: Operation, content_id: int | None = None) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{operation.method} {operation.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in operation.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + operation.body


def _multipart(boundary: str, parts: Sequence[bytes]) -> bytes:
    opened = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    return opened + b"--%s--\r\n" % boundary.encode()


def _replies(content_type: str, body: bytes) -> Iterator[Reply]:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if boundary is None:
        return
    for part in re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()), body)[1:-1]:
        headers, content = _divided(part.lstrip(b"\r\n"))
        if headers.get_content_maintype() == "multipart":
            yield from _replies(headers["Content-Type"], content)
            continue
        status = _STATUS.match(content)
        if status:
            inner, text = _divided(content.partition(b"\n")[2])
            yield Reply(int(status[1]), inner, text)


def _divided(text: bytes) -> tuple[Message, bytes]:
    """Header fields, and what follows the empty line after them."""
    head, _, rest = re.sub(rb"\A\r?\n", b"\n\n", text).replace(b"\r\n", b"\n").partition(b"\n\n")
    return BytesHeaderParser().parsebytes(head), rest.strip()
