"""A browser without a window: the pages of the workspace over the books of a test, for a person with these roles."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from local.http_api import Request, request_event
from project_invoicing import bootstrap
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace import flash, guard
from project_invoicing.workspace.seals import Seals
from tests.counting import Usage, counted
from tests.rules.books import Books

TOKEN = "token-of-the-session"
HOST = "127.0.0.1"
SEALS = Seals(lambda: [b"the key of the tests' session" * 2])


@dataclass
class Page:
    """An answer. ``usage`` is what was asked of DynamoDB."""

    status: int
    body: str
    headers: dict[str, str]
    cookies: list[str]
    usage: Usage

    @property
    def main(self) -> str:
        """The text of the page itself, without markup, with single blanks."""
        body = self.body[self.body.find("<main") : self.body.find("</main>")]
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    @property
    def links(self) -> list[str]:
        return [html.unescape(found) for found in re.findall(r'href="([^"]+)"', self.body)]

    def link(self, part: str) -> str:
        """The first link to an address with ``part``."""
        return next(one for one in self.links if part in one)

    def rel(self, name: str) -> str | None:
        found = re.search(rf'href="([^"]+)" rel="{name}"', self.body)
        return html.unescape(found.group(1)) if found else None

    def fields(self, action: str) -> tuple[str, dict[str, str]]:
        """Address and fields, as they are filled in, of the form whose action has ``action``."""
        form = re.search(
            rf'<form method="post" action="([^"]*{re.escape(action)}[^"]*)".*?</form>', self.body, re.DOTALL
        )
        assert form, f"no form {action}"
        named = re.findall(r"<input\b([^>]*)>", form.group(0))
        values = {}
        for attributes in named:
            name, value = (re.search(rf'\b{of}="([^"]*)"', attributes) for of in ("name", "value"))
            if name and 'type="checkbox"' not in attributes:
                values[name.group(1)] = html.unescape(value.group(1)) if value else ""
        return html.unescape(form.group(1)), values


class Browser:
    """Asks as one person."""

    def __init__(self, books: Books, *roles: Role, id: str = "ann", name: str = "Ann") -> None:
        self.books = books
        self.actor = Actor(id, name, How.WORKSPACE, frozenset(roles or Role))

    def get(self, address: str) -> Page:
        return self._ask("GET", address, "", [])

    def send(self, page: Page, action: str, changed: Any = (), **fields: str) -> Page:
        """Fills in a form of a page and sends it. Returns the page that the browser shows then."""
        address, values = page.fields(action)
        return self.post(address, [*values.items(), *changed, *fields.items()])

    def post(self, address: str, fields: Any, **headers: str) -> Page:
        """``headers`` with underscores in their names."""
        answer = self._ask("POST", address, urlencode(list(fields)), [], **headers)
        if answer.status != 303:
            return answer
        return self._ask("GET", answer.headers["Location"], "", [one.partition(";")[0] for one in answer.cookies])

    def _ask(self, method: str, address: str, body: str, cookies: list[str], **headers: str) -> Page:
        path, _, query = address.partition("?")
        sent = {"host": HOST, "origin": f"http://{HOST}", "cookie": "; ".join(cookies)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        event = request_event(Request(method, path, sent, query, body.encode()), self.books.world.at)
        with signed_in(self.books, self.actor), counted(self.books.world.client) as usage:
            answer = self.books.world.call("workspace", event)
        return Page(answer["statusCode"], answer["body"], answer["headers"], answer.get("cookies", []), usage)


@contextmanager
def signed_in(books: Books, actor: Actor) -> Iterator[None]:
    """This person is signed in, and the function's clock is that of the books."""
    now = datetime.fromisoformat(books.world.at)
    session = SimpleNamespace(actor=actor, token=TOKEN, until=now)
    with (
        patch.object(bootstrap, "now", lambda: now),
        patch.object(guard, "session_of", lambda *_: session),
        patch.object(guard, "renewed", lambda *_: []),
        patch.object(flash, "seals", lambda _: SEALS),
    ):
        yield
