"""Tokens for Dataverse, by the real msal over a pool that a test answers for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
import urllib3

from project_invoicing.dataverse.api import AccessDenied
from project_invoicing.dataverse.tokens import ClientCredentials
from project_invoicing.errors import Unavailable
from tests.replies import Reply

TENANT = "8a3f5a5e-3d0c-4c0b-8a57-0f9a1f6f2b11"
GIVEN = {"tenant_id": TENANT, "client_id": "app", "client_secret": "the-secret"}
RESOURCE = "https://contoso.crm.dynamics.com"


class Login:
    """Entra ID with one application. ``lifetime`` is that of its tokens, in seconds."""

    def __init__(self, lifetime: int = 3_600) -> None:
        self.base = f"https://login.microsoftonline.com/{TENANT}"
        self.lifetime = lifetime
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.failure: Reply | Exception | None = None

    def request(self, method: str, url: str, *, body: str | None, **_: Any) -> Reply:
        self.asked.append(f"{method} {url}")
        if isinstance(self.failure, Exception):
            raise self.failure
        if method == "GET":
            found = {"issuer": self.base, "authorization_endpoint": f"{self.base}/oauth2/v2.0/authorize"}
            return Reply(200, json.dumps(found | {"token_endpoint": f"{self.base}/oauth2/v2.0/token"}).encode())
        self.forms.append(parse_qs(body or ""))
        if self.failure:
            return self.failure
        token = {"token_type": "Bearer", "expires_in": self.lifetime, "access_token": f"token-{len(self.forms)}"}
        return Reply(200, json.dumps(token).encode())


def tokens(login: Login, given: Mapping[str, str] = GIVEN) -> ClientCredentials:
    return ClientCredentials(f"{RESOURCE}/", lambda: json.dumps(given), login)  # type: ignore[arg-type]


def refused(error: str, *codes: int) -> Reply:
    text = {"error": error, "error_codes": codes, "error_description": "the-secret is wrong"}
    return Reply(401, json.dumps(text).encode())


def test_a_token_is_got_once_for_the_process() -> None:
    login = Login()
    source = tokens(login)
    assert [source.token() for _ in range(3)] == ["token-1"] * 3
    assert login.asked == [
        f"GET {login.base}/v2.0/.well-known/openid-configuration",
        f"POST {login.base}/oauth2/v2.0/token",
    ]
    (form,) = login.forms
    assert (form["grant_type"], form["scope"]) == (["client_credentials"], [f"{RESOURCE}/.default"])
    assert (form["client_id"], form["client_secret"]) == (["app"], ["the-secret"])


def test_a_token_is_renewed_some_minutes_before_it_ends() -> None:
    source = tokens(Login(lifetime=299))
    assert [source.token() for _ in range(2)] == ["token-1", "token-2"]


def test_a_token_that_was_not_taken_is_replaced_with_the_credentials_as_they_are_now() -> None:
    given = dict(GIVEN)
    login = Login()
    source = tokens(login, given)
    source.token()
    given["client_secret"] = "another"
    assert source.token(renewed=True) == "token-2"
    assert [form["client_secret"] for form in login.forms] == [["the-secret"], ["another"]]


def test_another_cloud_has_another_authority() -> None:
    login = Login()
    login.base = f"https://login.microsoftonline.us/{TENANT}"
    assert tokens(login, GIVEN | {"authority": "https://login.microsoftonline.us"}).token() == "token-1"


def test_a_login_on_this_machine_is_called_without_a_certificate() -> None:
    login = Login()
    login.base = f"http://127.0.0.1:8080/{TENANT}"
    assert tokens(login, GIVEN | {"authority": "http://127.0.0.1:8080"}).token() == "token-1"
    assert all(" http://127.0.0.1:8080/" in asked for asked in login.asked)


def test_credentials_that_are_not_filled_in_say_what_to_do() -> None:
    with pytest.raises(AccessDenied, match="has no client_id, client_secret; fill it in"):
        tokens(Login(), {"tenant_id": TENANT, "client_id": ""}).token()


def test_credentials_that_are_refused_say_so_without_the_words_of_the_login() -> None:
    login = Login()
    login.failure = refused("invalid_client", 7000215)
    with pytest.raises(AccessDenied, match=r"invalid_client, \[7000215\]") as caught:
        tokens(login).token()
    assert "the-secret" not in str(caught.value)


def test_once_they_are_mended_the_next_token_is_got() -> None:
    login = Login()
    login.failure = refused("invalid_client", 7000215)
    source = tokens(login)
    with pytest.raises(AccessDenied):
        source.token()
    login.failure = None
    assert source.token() == "token-2"


def test_a_tenant_that_nobody_knows_says_what_to_correct() -> None:
    class Nowhere(Login):
        def request(self, method: str, url: str, **_: Any) -> Reply:
            return Reply(400, b'{"error": "invalid_tenant"}')

    with pytest.raises(AccessDenied, match="knows no tenant"):
        tokens(Nowhere()).token()


@pytest.mark.parametrize(
    "failure",
    [urllib3.exceptions.ProtocolError("dropped"), Reply(503), Reply(429), refused("temporarily_unavailable")],
    ids=["dropped", "503", "429", "temporarily"],
)
def test_a_login_that_does_not_answer_is_unavailable(failure: Reply | Exception) -> None:
    login = Login()
    login.failure = failure
    with pytest.raises(Unavailable):
        tokens(login).token()
