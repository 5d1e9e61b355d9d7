"""Who comes in and from where: the local user, other sites, addresses to go on to, headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.config import Settings, settings_in
from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.store import client
from project_invoicing.workspace import guard, secret
from project_invoicing.workspace.guard import (
    HOME,
    Forbidden,
    headers_of,
    must_be_same_site,
    origin_of,
    session_of,
    sessions,
    within,
)
from project_invoicing.workspace.seals import Seals
from project_invoicing.workspace.secret import NotSetUp, WorkspaceSecret
from project_invoicing.workspace.session import IDLE, Session

NOW = datetime(2026, 8, 31, 9, tzinfo=UTC)
ANN = Actor("ann", "Ann", How.WORKSPACE, frozenset({Role.VIEWER}))
KEY = "a session key of 32 characters, or so"
URL = "https://workspace.contoso.example"


class Told:
    """A secret that is what it was told to be."""

    def __init__(self, text: str) -> None:
        self.now = text

    def text(self) -> str:
        return self.now

    def newer(self) -> None:
        return None


def named(**variables: str) -> Settings:
    return settings_in(variables)


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(secret, "secret_named", lambda _: WorkspaceSecret(Told(json.dumps({"session_key": KEY}))))  # type: ignore[arg-type]
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "workspace")
    return named(WORKSPACE_URL=URL, WORKSPACE_SECRET="name")


def request(host: str = "workspace.contoso.example", **headers: str) -> dict[str, Any]:
    given = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"headers": given, "requestContext": {"domainName": host}, "cookies": []}


def posted(session: Session | None, form: Mapping[str, str], to: Settings, **headers: str) -> str:
    """Why a POST is not carried out; nothing where it is."""
    try:
        with patch.object(guard, "settings", lambda: to):
            must_be_same_site(request(**headers), form, session)
    except Forbidden as forbidden:
        return str(forbidden)
    return ""


def test_who_is_signed_in_is_read_from_the_cookie_and_nobody_without_one(deployed: Settings) -> None:
    event = request()
    assert session_of(event, deployed, NOW) is None
    begun = Session.begun(ANN, NOW)
    event["cookies"] = [str(sessions(event, deployed).cookie(begun)).partition(";")[0]]
    assert event["cookies"][0].startswith("__Host-session=")
    assert session_of(event, deployed, NOW) == begun


def test_a_post_is_carried_out_from_our_own_page_in_the_same_session_alone(deployed: Settings) -> None:
    ours, other = Session.begun(ANN, NOW), Session.begun(ANN, NOW)
    form = {"token": ours.token}
    own = {"origin": URL, "sec_fetch_site": "same-origin"}
    assert posted(ours, form, deployed, **own) == ""
    assert posted(ours, form, deployed, origin=URL) == ""
    attacks: list[tuple[Mapping[str, str], dict[str, str]]] = [
        (form, {}),
        (form, {"origin": "null"}),
        (form, {"origin": "https://evil.example"}),
        (form, {"origin": f"{URL}.evil.example"}),
        (form, {"origin": URL.replace("https", "http")}),
        (form, {"origin": URL, "sec_fetch_site": "cross-site"}),
        (form, {"origin": URL, "sec_fetch_site": "same-site"}),
        (form, {"origin": URL, "sec_fetch_site": "none"}),
        ({}, own),
        ({"token": ""}, own),
        ({"token": other.token}, own),
        ({"token": "\ud800"}, own),
    ]
    assert [attack for attack in attacks if not posted(ours, attack[0], deployed, **attack[1])] == []


def test_where_no_address_is_set_up_the_api_says_its_own_and_a_header_does_not(
    deployed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = request("abc.execute-api.eu-west-1.amazonaws.com") | {"headers": {"Host": "evil.example"}}
    assert origin_of(event, named()) == "https://abc.execute-api.eu-west-1.amazonaws.com"
    assert origin_of(event, named(WORKSPACE_URL=f"{URL}/")) == URL
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME")
    assert origin_of(request("localhost:8080"), named()) == "http://localhost:8080"


LOCAL = named(WORKSPACE_LOCAL_USER="ann@contoso.example")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "localhost", "LOCALHOST:1"])
def test_a_local_stack_has_a_fixed_user_with_all_roles_and_a_token_for_its_forms(host: str) -> None:
    session = session_of(request(host), LOCAL, NOW)
    assert session
    assert (session.actor.id, session.actor.roles) == ("ann@contoso.example", frozenset(Role))
    again = session_of(request(host), LOCAL, NOW)
    assert again
    assert again.token == session.token
    assert posted(session, {"token": session.token}, LOCAL, host=host, origin=f"http://{host}") == ""
    assert "older" in posted(session, {"token": "x"}, LOCAL, host=host, origin=f"http://{host}")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8080", "", "localhost@evil.example", "[::1]"]
)
def test_the_local_user_is_not_there_under_another_name_of_this_machine(host: str) -> None:
    with pytest.raises(Forbidden, match=r"127\.0\.0\.1"):
        session_of(request(host), LOCAL, NOW)


def test_the_local_user_may_have_fewer_roles_and_is_refused_in_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    some = named(WORKSPACE_LOCAL_USER="ann", WORKSPACE_LOCAL_ROLES="viewer, poster")
    session = session_of(request("localhost"), some, NOW)
    assert session
    assert session.actor.roles == frozenset({Role.VIEWER, Role.POSTER})
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "workspace")
    with pytest.raises(NotSetUp, match="WORKSPACE_LOCAL_USER"):
        session_of(request("localhost"), some, NOW)


def test_nobody_is_signed_in_where_no_key_is_set_up() -> None:
    with pytest.raises(NotSetUp, match="WORKSPACE_SECRET"):
        session_of(request(), named(), NOW)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"session_key": "short"}', '{"session_key": []}'])
def test_a_secret_that_is_not_one_is_said_without_showing_it(text: str) -> None:
    with pytest.raises(NotSetUp, match="WORKSPACE_SECRET") as told:
        WorkspaceSecret(Told(text)).session_keys()  # type: ignore[arg-type]
    assert not text or text not in str(told.value).replace("JSON object", "")


class Manager:
    """Secrets Manager with one secret; ``reads`` counts."""

    def __init__(self, *keys: str) -> None:
        self.keys = [*keys]
        self.reads = 0

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - as botocore names it
        assert SecretId == "stack/workspace"
        self.reads += 1
        return {"SecretString": json.dumps({"session_key": self.keys})}


def test_the_keys_are_read_once_a_process_and_again_where_none_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager(KEY)
    monkeypatch.setattr(client, "secrets_manager", lambda: manager)
    secret.secret_named.cache_clear()
    monkeypatch.setattr("project_invoicing.secrets.AGAIN_SECONDS", 0.0)
    there = named(WORKSPACE_SECRET="stack/workspace")
    before = [secret.seals(there).seal("x", {"a": 1}, NOW + IDLE) for _ in range(3)]
    assert [secret.seals(there).opened("x", one, NOW) for one in before] == [{"a": 1}] * 3
    assert manager.reads == 1
    elsewhere = Seals(lambda: [KEY[::-1].encode()]).seal("x", {"a": 2}, NOW + IDLE)
    assert secret.seals(there).opened("x", elsewhere, NOW) is None
    manager.keys.insert(0, KEY[::-1])
    assert secret.seals(there).opened("x", elsewhere, NOW) == {"a": 2}
    assert secret.seals(there).opened("x", before[0], NOW) == {"a": 1}
    secret.secret_named.cache_clear()


def test_several_keys_may_be_in_the_secret() -> None:
    text = json.dumps({"session_key": [KEY, KEY[::-1]], "client_secret": "s"})
    made = WorkspaceSecret(Told(text))  # type: ignore[arg-type]
    assert [*made.session_keys()] == [KEY.encode(), KEY[::-1].encode()]
    assert made.client_secret() == "s"


@pytest.mark.parametrize(
    ("to", "goes"),
    [
        ("/proposals?reason=reference_missing&company=USPM", "/proposals?reason=reference_missing&company=USPM"),
        ("/explain/INV%2F1?q=a//b", "/explain/INV%2F1?q=a//b"),
        ("/proposals?customer=Müller", "/proposals?customer=M%C3%BCller"),
        ("/proposals#part", "/proposals"),
        ("/", "/"),
    ],
)
def test_after_signing_in_one_goes_on_to_where_one_was(to: str, goes: str) -> None:
    assert within(to) == goes


@pytest.mark.parametrize(
    "to",
    [
        *("//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example"),
        *("javascript:alert(1)", "evil.example", "", None, "///evil.example", "/x//evil.example", " /x", "/ /evil"),
        *("/\t/evil.example", "/x\r\nset-cookie: a=b", "/x?y=\r\nset-cookie: a=b", "/\n/evil.example", "/x\x00"),
        *("/x?to=\\evil", f"/{'x' * 3_000}", "/sign-in?to=/sign-in", "/signed-in", "/sign-out", "/api/v1/lists/x"),
    ],
)
def test_one_never_goes_to_another_site_nor_round_in_circles(to: str | None) -> None:
    assert within(to) == HOME


def test_the_headers_of_pages_allow_nothing_from_elsewhere() -> None:
    made = headers_of(URL)
    policy = dict(part.split(" ", 1) for part in made["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert made["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" in made
    assert "Strict-Transport-Security" not in headers_of("http://localhost:8080")
