"""A browser without a screen: it keeps cookies, and asks the workspace's door as the HTTP API would."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import urlencode

import urllib3

from local.functions import Context
from project_invoicing.domain.actor import Role
from project_invoicing.workspace import app
from project_invoicing.workspace.routes import Route
from project_invoicing.workspace.sign_in.issuer import issuer_at
from tests.workspace.calling import deployed, variables
from tests.workspace.http import HOST, URL, request
from tests.workspace.oidc_issuer import OidcIssuer

ACT: Final = Route("POST", "/a-test", "pages.none:act", Role.POSTER)
"""A form of ours that is there in tests alone; what it does, a test says by ``app.page_of``."""
app._register(ACT)


@dataclass
class Browser:
    """``at`` is the time of the workspace, ``more`` are variables of the function besides the usual ones."""

    issuer: OidcIssuer
    at: str = "2026-08-31T13:00:00Z"
    more: dict[str, str] = field(default_factory=dict)
    host: str = HOST
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, address: str, **headers: str) -> dict[str, Any]:
        return self.ask("GET", address, **headers)

    def post(self, address: str, form: Mapping[str, str], **headers: str) -> dict[str, Any]:
        """A form of our own page, unless the headers say otherwise."""
        usual = {"origin": URL, "content_type": "application/x-www-form-urlencoded"}
        return self.ask("POST", address, urlencode(form), **{**usual, **headers})

    def ask(self, method: str, address: str, body: str = "", **headers: str) -> dict[str, Any]:
        cookies = [f"{name}={value}" for name, value in self.cookies.items()]
        path = address.removeprefix(URL).removeprefix(f"http://{self.host}")
        event = request(method, path, body=body, cookies=cookies, host=self.host, **headers)
        with deployed(variables(self.issuer, **self.more), self.at):
            answer = app.handle(event, Context("workspace"))
        for cookie in answer.get("cookies") or ():
            self._keep(cookie)
        assert "\n" not in str(answer["headers"])
        return answer

    def at_issuer(self, began: Mapping[str, Any]) -> str:
        """Signs in at the issuer: where it sends the browser back to."""
        address = began["headers"]["Location"]
        assert address.startswith(f"{self.issuer.url}/authorize?")
        answer = urllib3.request("GET", address, redirect=False)
        assert answer.status == 302
        return answer.headers["location"]

    def sign_in(self, to: str = "/") -> None:
        answer = self.get(self.at_issuer(self.get(f"/sign-in?{urlencode({'to': to})}")))
        assert answer["statusCode"] == 303, answer["body"]

    @property
    def token(self) -> str:
        """The token that the forms of this session carry."""
        body = self.cookies["__Host-session"].partition(".")[0]
        _, content = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(content["token"])

    @staticmethod
    def forget_issuer() -> None:
        issuer_at.cache_clear()

    def page_as_viewer(self) -> int:
        """The status of a page that needs a session, without any store."""
        with patch.object(app, "page_of", lambda route: lambda desk: desk.page("problem.html", 403, **_TEXTS)):
            return int(self.get("/")["statusCode"])

    def _keep(self, cookie: str) -> None:
        name, _, rest = cookie.partition("=")
        value, *attributes = rest.split("; ")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


_TEXTS = {"title": "A page", "text": "", "next": ""}
