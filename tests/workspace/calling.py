"""The workspace over the books of a test, asked as the HTTP API would ask it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from project_invoicing import bootstrap
from project_invoicing.workspace import secret
from project_invoicing.workspace.api.app import handle
from project_invoicing.workspace.secret import WorkspaceSecret
from project_invoicing.workspace.sign_in.issuer import issuer_at
from tests.harness import TEMPLATE
from tests.rules.books import Books
from tests.workspace.http import URL, request
from tests.workspace.oidc_issuer import CLIENT_ID, CLIENT_SECRET, OidcIssuer

AUDIENCE = "api://project-invoicing"
KEY = "a session key of 32 characters, or so"


class Told:
    """The secret of the workspace as a test has it."""

    def text(self) -> str:
        return json.dumps({"session_key": KEY, "client_secret": CLIENT_SECRET})

    def newer(self) -> None:
        return None


def signing(issuer: OidcIssuer, **more: str) -> dict[str, str]:
    """The variables of the sign-in, by ``issuer``."""
    return {
        "WORKSPACE_URL": URL,
        "WORKSPACE_SECRET": "workspace",
        "OIDC_ISSUER": issuer.url,
        "OIDC_CLIENT_ID": CLIENT_ID,
        "API_AUDIENCE": AUDIENCE,
        **more,
    }


def variables(issuer: OidcIssuer, **more: str) -> dict[str, str]:
    """The environment of the function."""
    return {**TEMPLATE.function("workspace").environment, **signing(issuer, **more)}


@contextmanager
def deployed(environment: Mapping[str, str], at: str) -> Iterator[None]:
    """The settings of the function and its clock, for one request; nothing of them is left to other functions."""
    told = WorkspaceSecret(Told())  # type: ignore[arg-type]
    issuer_at.cache_clear()
    with (
        patch.dict(os.environ, environment),
        patch.object(secret, "secret_named", lambda _: told),
        patch.object(bootstrap, "now", lambda: datetime.fromisoformat(at)),
    ):
        _forget_names()
        try:
            yield
        finally:
            _forget_names()


def _forget_names() -> None:
    for built in bootstrap.NAMED:
        built.cache_clear()


@dataclass
class Api:
    """The API, called with ``token`` unless a call says otherwise."""

    issuer: OidcIssuer
    books: Books | None = None
    more: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @classmethod
    def of(cls, issuer: OidcIssuer, books: Books | None = None, **more: str) -> Api:
        """Over ``books``, the function is called with the environment that the template gives it."""
        made = cls(issuer, books, more)
        made.token = made.token_of("administrator", "accountant", "poster", "cost_poster", "adjuster")
        return made

    def token_of(self, *roles: str, sub: str = "ann", **claims: Any) -> str:
        return self.issuer.token(**{"aud": AUDIENCE, "sub": sub, "name": sub.title(), "roles": [*roles], **claims})

    def ask(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The whole answer to an event."""
        if self.books is None:
            with deployed(variables(self.issuer, **self.more), "2026-08-31T13:00:00Z"):
                return handle(event, lambda: 30_000)
        world = self.books.world
        world.handlers._extra.update(signing(self.issuer, **self.more))
        issuer_at.cache_clear()
        with patch.object(bootstrap, "now", lambda: datetime.fromisoformat(world.at)):
            answer: dict[str, Any] = world.call("workspace", event)
        return answer

    def get(self, address: str, token: str | None = None) -> tuple[int, dict[str, Any]]:
        return self._said(request("GET", address, **self._signed(token)))

    def post(self, address: str, body: object, token: str | None = None) -> tuple[int, dict[str, Any]]:
        signed = self._signed(token)
        return self._said(request("POST", address, body=json.dumps(body), content_type="application/json", **signed))

    def _signed(self, token: str | None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token if token is None else token}"}

    def _said(self, event: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = self.ask(event)
        return answer["statusCode"], json.loads(answer["body"])
