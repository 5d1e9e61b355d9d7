"""The user of a local stack at the workspace's pages, over the books of a test."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from project_invoicing import bootstrap
from project_invoicing.store import client
from tests.harness import TEMPLATE
from tests.rules.books import Books
from tests.workspace.http import request

HERE = "127.0.0.1:8080"
FORM = "application/x-www-form-urlencoded"
_TAG = re.compile(r"<[^>]*>")
_TOKEN = re.compile(r'name="token" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer. ``text`` is what a person reads, on one line, ``data`` its bytes.

    ``requests`` is what DynamoDB was asked for it.
    """

    status: int
    html: str
    location: str
    requests: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def text(self) -> str:
        return " ".join(unescape(_TAG.sub(" ", self.html)).split())


@dataclass
class Person:
    """``roles`` without any are all roles, ``companies`` all companies."""

    books: Books
    roles: tuple[str, ...] = ()
    cookies: list[str] = field(default_factory=list)
    companies: tuple[str, ...] = ()

    def get(self, path: str, **query: str) -> Seen:
        return self._ask("GET", f"{path}?{urlencode(query)}" if query else path)

    def send(self, path: str, *fields: tuple[str, str], **form: str) -> Seen:
        """What the page after the form says; the form has the token of this session."""
        answer = self.post(path, *fields, **form)
        assert answer.status == 303, answer.text
        return self.get(answer.location)

    def post(self, path: str, *fields: tuple[str, str], **form: str) -> Seen:
        body: Sequence[tuple[str, str]] = [("token", self.token), *fields, *form.items()]
        return self._ask("POST", path, urlencode(body))

    def attach(self, path: str, name: str, data: bytes, **form: str) -> Seen:
        """The answer to a form with a file."""
        fields = "".join(
            f'--edge\r\nContent-Disposition: form-data; name="{one}"\r\n\r\n{value}\r\n'
            for one, value in {"token": self.token, **form}.items()
        )
        head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: x/y\r\n\r\n'
        body = b"".join((fields.encode(), head.encode(), data, b"\r\n--edge--\r\n"))
        return self._ask("POST", path, b64encode(body).decode(), "multipart/form-data; boundary=edge")

    @property
    def token(self) -> str:
        found = _TOKEN.search(self.get("/waiting").html)  # of the form that signs out
        assert found
        return found.group(1)

    def _ask(self, method: str, address: str, body: str = "", content_type: str = FORM) -> Seen:
        event = request(
            method,
            address,
            body=body,
            cookies=self.cookies,
            host=HERE,
            origin=f"http://{HERE}",
            content_type=content_type,
        )
        event["isBase64Encoded"] = content_type != FORM
        world = self.books.world
        person = {
            "WORKSPACE_LOCAL_USER": "ann",
            "WORKSPACE_LOCAL_ROLES": ",".join(self.roles),
            "WORKSPACE_LOCAL_COMPANIES": ",".join(self.companies),
        }
        function = TEMPLATE.function("workspace")
        function = replace(function, environment={**function.environment, **person})
        now = datetime.fromisoformat(world.at)
        with patch.object(bootstrap, "now", lambda: now), _asked() as asked:
            answer = world.handlers.call(function, event)
        kept = [one.partition(";")[0] for one in answer.get("cookies") or () if "Max-Age=0" not in one]
        self.cookies = kept or ([] if answer.get("cookies") else self.cookies)
        body, headers = answer["body"], answer["headers"]
        data = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Seen(answer["statusCode"], body, headers.get("Location", ""), asked.total(), headers, data)


@contextmanager
def _asked() -> Iterator[Counter[str]]:
    """Counts the requests to DynamoDB."""
    asked: Counter[str] = Counter()

    def note(model: Any, **_: Any) -> None:
        asked[model.name] += 1

    events: Any = client.dynamodb().meta.events
    events.register("before-call.dynamodb", note)
    try:
        yield asked
    finally:
        events.unregister("before-call.dynamodb", note)
