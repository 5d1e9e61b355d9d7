"""What somebody might try, at the door of every page: nothing is done, nothing is told, and the answer is clear.

The tests that go through ``ROUTES`` hold for a page as soon as it is in the table.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from aws_lambda_powertools.event_handler import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.workspace import app
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.links import link
from project_invoicing.workspace.render import STATIC
from project_invoicing.workspace.routes import ROUTES, Route
from tests.builders import actual, guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import approval, billed
from tests.thorough import thorough
from tests.workspace.browser import ACT, Browser
from tests.workspace.calling import Api
from tests.workspace.http import URL, header_of, request
from tests.workspace.oidc_issuer import OidcIssuer

SCRIPT = "<script>alert(1)</script>"
IMAGE = "\"'><img src=x onerror=alert(1)>"
GUARDED = [route for route in (*ROUTES, ACT) if route.role is not None]
FORMS = [route for route in (*ROUTES, ACT) if route.method == "POST"]


@pytest.fixture
def browser(issuer: OidcIssuer) -> Browser:
    made = Browser(issuer)
    made.sign_in()
    return made


@contextmanager
def acting() -> Iterator[list[str]]:
    """Notes which pages were reached. None is run."""
    reached: list[str] = []

    def page(route: Route) -> Callable[..., Response[Any]]:
        reached.append(route.path)
        return lambda desk, **_: Response(200, "text/plain", "reached")

    with patch.object(app, "page_of", page):
        yield reached


def address(route: Route) -> str:
    return re.sub("<[^>]*>", "x", route.path)


def test_without_a_session_no_page_is_reached(issuer: OidcIssuer) -> None:
    nobody = Browser(issuer)
    forged = Browser(issuer, cookies={"__Host-session": "eyJ.x", "session": "eyJ.x"})
    with acting() as reached:
        for route in GUARDED:
            for browser in (nobody, forged):
                answer = browser.ask(route.method, address(route), origin=URL)
                if route.method == "GET":
                    assert (answer["statusCode"], answer["headers"]["Location"].partition("?")[0]) == (303, "/sign-in")
                else:
                    assert answer["statusCode"] == 401
    assert reached == []


def test_each_page_wants_its_role(issuer: OidcIssuer) -> None:
    for role in Role:
        issuer.user = {"sub": "eve", "name": "Eve", "roles": [role]}
        browser = Browser(issuer)
        browser.sign_in()
        with acting() as reached:
            eve = Actor("eve", "Eve", How.WORKSPACE, frozenset({role}))
            for route in GUARDED:
                reached.clear()
                answer = browser.ask(route.method, address(route), f"token={browser.token}", origin=URL)
                allowed = eve.may(route.role or Role.VIEWER)
                assert (answer["statusCode"], reached) == ((200, [route.path]) if allowed else (403, []))
                assert allowed or f"needs the role {route.role}" in answer["body"]


def test_no_form_is_taken_from_another_site_or_another_session(browser: Browser, issuer: OidcIssuer) -> None:
    other = Browser(issuer)
    other.sign_in()
    own = {"token": browser.token}
    attacks: list[tuple[Mapping[str, str], dict[str, str]]] = [
        (own, {"origin": ""}),
        (own, {"origin": "null"}),
        (own, {"origin": "https://evil.example"}),
        (own, {"origin": URL, "sec_fetch_site": "cross-site"}),
        (own, {"origin": URL, "sec_fetch_site": "same-site"}),
        ({}, {"origin": URL}),
        ({"token": other.token}, {"origin": URL}),
        ({"Token": browser.token}, {"origin": URL}),
    ]
    with acting() as reached:
        for route in FORMS:
            for form, headers in attacks:
                answer = browser.post(address(route), form, **headers)
                assert (answer["statusCode"], reached) == (403, []), (route, form, headers)
            browser.post(address(route), own, sec_fetch_site="same-origin")
            assert reached == [route.path]
            reached.clear()


def test_a_session_that_is_signed_with_another_key_is_nobodys(browser: Browser) -> None:
    good = browser.cookies["__Host-session"]
    with acting() as reached:
        for changed in (good[:-2], f"{good}AA", good.replace(".", ".A"), f"A{good}", good.partition(".")[0], ""):
            browser.cookies["__Host-session"] = changed
            assert browser.get("/")["statusCode"] == 303
        browser.cookies = {"session": good}  # the name that another host could set
        assert browser.get("/")["statusCode"] == 303
    assert reached == []


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "x"])
def test_nobody_is_led_to_another_site(browser: Browser, to: str) -> None:
    back = browser.at_issuer(browser.get(f"/sign-in?to={quote(to, safe='')}"))
    assert browser.get(back)["headers"]["Location"] == "/"


def test_the_address_to_come_back_to_is_not_taken_from_a_header(browser: Browser) -> None:
    browser.host = "evil.example"
    began = browser.get("/sign-in", x_forwarded_host="evil.example")
    query = parse_qs(urlsplit(began["headers"]["Location"]).query)
    assert query["redirect_uri"] == [f"{URL}/signed-in"]


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../app.py", "/static/..%2Fapp.py", "/static/%2e%2e/app.py", "/static/..\\app.py"),
        *("/static//etc/passwd", "/static/%2Fetc%2Fpasswd", "/static/style.css%00.py", "/static/.", "/static/"),
        *("/static/style.css/..", "/static/STYLE.CSS", "/static/templates/base.html", "/static/style.css\x00"),
    ],
)
def test_nothing_but_our_files_is_served(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer["statusCode"] == 404
    assert not any(sign in answer["body"] for sign in ("import annotations", "root:", "StrictUndefined"))


def test_our_files_are_served_as_what_they_are(issuer: OidcIssuer) -> None:
    for file in STATIC.iterdir():
        answer = Browser(issuer).get(f"/static/{file.name}")
        assert answer["statusCode"] == 200
        assert header_of(answer, "x-content-type-options") == "nosniff"


def test_every_answer_has_the_headers_that_keep_others_out(browser: Browser) -> None:
    answers = [browser.get(one) for one in ("/static/keys.js", "/signed-out", "/nowhere", "/signed-in", "/sign-in")]
    with acting():
        answers.append(browser.get("/"))
    for answer in answers:
        policy = header_of(answer, "content-security-policy")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert header_of(answer, "strict-transport-security")
        assert header_of(answer, "referrer-policy") == "same-origin"
    assert [header_of(answer, "cache-control") for answer in answers[1:]] == ["no-store"] * 5


def test_unknown_addresses_and_methods_are_a_clear_4xx(browser: Browser) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"):
        assert browser.ask(method, "/", origin=URL)["statusCode"] == 404
    for path in ("/nowhere", "/%00", "/%", "/a%ff", "/static", "/proposals/" + "x" * 5_000, "/.env", "//", "/sign-in/"):
        answer = browser.get(path)
        assert answer["statusCode"] == 404, path
        assert "There is no such page or document" in answer["body"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("token=" + "x" * 2_000_000, 400),
        ("&".join(f"a{n}=1" for n in range(6_000)), 400),
        ("%", 403),
        ("token=%ff%fe", 403),
        ("token=%ED%A0%80", 403),
        ("=&=&;;", 403),
        ("\x00", 403),
        ("", 403),
        ('{"token": "x"}', 403),
    ],
)
def test_a_form_that_is_none_is_a_clear_4xx(browser: Browser, body: str, status: int) -> None:
    with acting() as reached:
        answer = browser.ask("POST", address(ACT), body, origin=URL)
    assert (answer["statusCode"], reached) == (status, [])
    assert "Reference: " in answer["body"]


def test_a_body_that_is_no_base64_or_no_text_is_a_clear_4xx(browser: Browser) -> None:
    for body in ("%%%", "//79/A=="):
        with patch(
            "tests.workspace.browser.request", lambda *args, **more: request(*args, **more) | {"isBase64Encoded": True}
        ):
            assert browser.ask("POST", address(ACT), body, origin=URL)["statusCode"] in (400, 403)


def test_what_the_sender_got_wrong_is_never_a_defect(browser: Browser, issuer: OidcIssuer) -> None:
    def asking(desk: Desk) -> Response[Any]:
        return desk.page("problem.html", title="A page", text=str(len(desk.query)), next="")

    many = "&".join(f"a{n}=1" for n in range(101))
    with patch.object(app, "page_of", lambda _: asking):
        answer = browser.get(f"/?{many}")
    assert (answer["statusCode"], "more than 100 fields" in answer["body"]) == (400, True)
    lost = Browser(issuer).get("/", hx_request="true", hx_current_url="http://[")
    assert (lost["statusCode"], header_of(lost, "hx-redirect")) == (401, "/sign-in")
    assert link("/proposals", path="x") == "/proposals?path=x"


def test_a_defect_is_a_page_that_tells_nothing_but_its_reference(browser: Browser) -> None:
    secret = "arn:aws:secretsmanager:of-nobodys-business"
    for error, status in [
        (RuntimeError(secret), 500),
        (KeyError(secret), 500),
        (ValueError(secret), 500),
        (Unavailable(secret), 503),
    ]:

        def failing(desk: Desk, error: Exception = error) -> Response[Any]:
            raise error

        with patch.object(app, "page_of", lambda _, failing=failing: failing):
            answer = browser.get("/")
        assert (answer["statusCode"], secret in answer["body"], "Reference: " in answer["body"]) == (
            status,
            False,
            True,
        )


def test_texts_of_others_are_escaped_on_every_page_of_the_door(browser: Browser, issuer: OidcIssuer) -> None:
    for text in (SCRIPT, IMAGE):
        issuer.user = {"sub": "eve", "name": text, "roles": ["viewer"]}
        eve = Browser(issuer)
        eve.sign_in()
        pages = [eve.post(address(ACT), {"token": eve.token}), eve.get(f"/nowhere?x={quote(text)}")]

        def refusing(desk: Desk, text: str = text) -> Response[Any]:
            raise Rejected("schema", text)

        def saying(desk: Desk, text: str = text) -> Response[Any]:
            return desk.go("/", said=text, refused=True)

        with patch.object(app, "page_of", lambda _, refusing=refusing: refusing):
            pages.append(eve.get("/"))
        with patch.object(app, "page_of", lambda _, saying=saying: saying):
            eve.get("/")
        pages.append(eve.get("/nowhere"))
        assert [page["statusCode"] for page in pages] == [403, 404, 400, 404]
        for page in pages:
            assert "<script>alert" not in page["body"]
            assert "<img" not in page["body"]
        assert "alert(1)" in pages[-1]["body"]


def test_only_what_we_have_said_is_shown_and_once_and_not_much_later(browser: Browser) -> None:
    def saying(desk: Desk) -> Response[Any]:
        return desk.go("/", said="Grüße \U0001f600 " * 400)

    with patch.object(app, "page_of", lambda _: saying):
        (cookie,) = browser.get("/")["cookies"]
    assert cookie.startswith("__Host-said=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert len(cookie) < 4_096
    name, _, ours = cookie.partition(";")[0].partition("=")
    unsigned = b64encode(json.dumps(["You are locked out", True]).encode()).decode()
    forged = {"said": ours, name: unsigned}, {name: ours.partition(".")[0]}, {name: f"{ours}x"}
    for cookies in forged:
        assert 'class="said' not in Browser(browser.issuer, cookies=cookies).get("/nowhere")["body"]
    late = Browser(browser.issuer, at="2026-08-31T13:01:01Z", cookies={name: ours})
    assert 'class="said' not in late.get("/nowhere")["body"]
    browser.cookies[name] = ours
    assert "Grüße" in browser.get("/nowhere")["body"]
    assert 'class="said' not in browser.get("/nowhere")["body"]


def test_no_header_is_made_of_what_somebody_sent(browser: Browser) -> None:
    text = "x\r\nSet-Cookie: a=b\r\n\r\n<script>"

    def going(desk: Desk) -> Response[Any]:
        return desk.go("/proposals", said=text, company=text)

    with patch.object(app, "page_of", lambda _: going):
        answer = browser.get("/")
    assert answer["statusCode"] == 303
    assert not [value for value in (*answer["headers"].values(), *answer["cookies"]) if "\r" in value or "\n" in value]
    assert browser.get("/sign-in?to=/x%0d%0aSet-Cookie:%20a=b")["statusCode"] == 303


@settings(
    max_examples=thorough(20, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.text(max_size=40),
    query=st.text(max_size=60),
    body=st.text(max_size=60),
    method=st.sampled_from(["GET", "POST"]),
    cookie=st.text(st.characters(codec="utf-8"), max_size=40),
)
def test_whatever_comes_is_answered_below_500(
    browser: Browser, path: str, query: str, body: str, method: str, cookie: str
) -> None:
    kept = dict(browser.cookies)
    browser.cookies |= {"__Host-said": cookie, "sign-in-": cookie}
    for start in ("/", "/static/", "/signed-in?state=", "/sign-in?to=", "/a-test?", "/api/v1/"):
        with acting():
            answer = browser.ask(method, f"{start}{path}?{query}", body, origin=URL, content_type="application/json")
        assert 200 <= answer["statusCode"] < 500
    browser.cookies = kept


# Tokens and documents, by the API


def test_no_token_that_is_not_ours_reaches_an_operation(issuer: OidcIssuer) -> None:
    api = Api.of(issuer)
    from tests.workspace.test_tokens import ATTACKS  # noqa: PLC0415 - needs its keys only here

    tokens = {name: make(issuer) for name, (_, make) in ATTACKS.items()}
    tokens["for somebody else"] = api.token_of("poster", aud="api://other")
    tokens["for nobody"] = api.token_of("poster", aud=None)
    tokens["of a sign-in"] = api.token_of("poster", nonce="x")
    tokens["an ID token of Cognito"] = api.token_of("poster", token_use="id")
    for name, token in tokens.items():
        status, problem = api.post("/api/v1/postings/invoices", {}, token)
        assert (status, problem["reason"]) in [(401, "token_invalid"), (401, "token_missing")], (name, problem)
    browser = Browser(issuer)
    browser.sign_in()
    cookie = f"__Host-session={browser.cookies['__Host-session']}"
    answer = api.ask(request("GET", "/api/v1/lists/proposals", cookies=[cookie]))
    assert answer["statusCode"] == 401
    assert header_of(answer, "www-authenticate") == "Bearer"
    for authorization in ("", "Basic abc", "Bearer", "Bearer ", "bearer\tx", api.token):
        assert api.ask(request("GET", "/api/v1/lists/proposals", authorization=authorization))["statusCode"] == 401


def test_an_access_token_of_cognito_has_no_audience_but_its_client(issuer: OidcIssuer) -> None:
    api = Api.of(issuer)
    token = api.token_of("viewer", aud=None, client_id="api://project-invoicing", token_use="access")
    assert api.get("/api/v1/lists/nothing", token)[0] == 404


def test_calls_that_are_none_are_a_clear_4xx(issuer: OidcIssuer) -> None:
    api = Api.of(issuer)
    signed = {"authorization": f"Bearer {api.token}", "content_type": "application/json"}
    deep = "[" * 100_000
    for body, status in [
        ("", 400),
        ("no JSON", 400),
        ("[]", 400),
        ("null", 400),
        ('{"a": NaN}', 400),
        (deep, 400),
        ('{"edit": ' + "[" * 300 + "]" * 300 + "}", 422),
        ('{"edit": {"proposal_id": "' + "x" * 300_000 + '"}}', 413),
    ]:
        assert api.ask(request("POST", "/api/v1/commands", body=body, **signed))["statusCode"] == status, body[:20]
    typed = {**signed, "content_type": "application/x-www-form-urlencoded"}
    assert api.ask(request("POST", "/api/v1/commands", body="{}", **typed))["statusCode"] == 415
    binary = request("POST", "/api/v1/commands", body="%%%", **signed) | {"isBase64Encoded": True}
    assert api.ask(binary)["statusCode"] == 400
    for method, path, status in [
        ("GET", "/api/v1/commands", 405),
        ("PUT", "/api/v1/commands", 405),
        ("OPTIONS", "/api/v1/lists/proposals", 405),
        ("GET", "/api/v1/lists", 404),
        ("GET", "/api/v1/lists/", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/v2/lists/proposals", 404),
        ("GET", "/api/v1/../v1/commands", 404),
    ]:
        answer = api.ask(request(method, path, **signed))
        assert answer["statusCode"] == status, path
        assert header_of(answer, "content-type") == "application/problem+json"
        assert "access-control-allow-origin" not in {name.lower() for name in answer["headers"]}


def test_a_local_stack_answers_programs_of_this_machine_and_no_page_from_elsewhere(issuer: OidcIssuer) -> None:
    api = Api.of(issuer, WORKSPACE_LOCAL_USER="ann", WORKSPACE_URL="", WORKSPACE_SECRET="")
    host = {"host": "127.0.0.1:8080"}
    assert api.ask(request("GET", "/api/v1/lists/none", **host))["statusCode"] == 404
    own = {"origin": "http://127.0.0.1:8080", "sec_fetch_site": "same-origin"}
    assert api.ask(request("GET", "/api/v1/lists/none", **host, **own))["statusCode"] == 404
    for headers in [
        {"host": "evil.example"},
        {**host, "origin": "https://evil.example"},
        {**host, "sec_fetch_site": "cross-site"},
        {**host, "sec_fetch_site": "same-site", "origin": "http://127.0.0.1:9999"},
    ]:
        assert api.ask(request("GET", "/api/v1/lists/none", **headers))["statusCode"] == 403


def test_texts_from_dataverse_are_data_in_every_answer(books: Books, issuer: OidcIssuer) -> None:
    books.use(finance(("customers.USPM.C-001.name", SCRIPT), ("companies.USPM.name", IMAGE)))
    work = [*approval(description=SCRIPT), *billed(description=IMAGE)]
    books.arrive(*work, actual("odd", transaction_type="project_contract", description=SCRIPT))
    books.journalise()
    books.import_staging()
    api = Api.of(issuer, books)
    signed = {"authorization": f"Bearer {api.token}"}
    seen = ""
    for path in (
        *("explain/INV-0001", f"explain/{guid('odd')}", f"explain/{guid('work/billed')}", "explain/C-001"),
        *("lists/proposals", "lists/rejected", "lists/journals"),
        *(
            f"explain/{quote(SCRIPT, safe='')}",
            f"lists/{quote(IMAGE, safe='')}",
            f"lists/proposals?company={quote(SCRIPT)}",
        ),
    ):
        answer = api.ask(request("GET", f"/api/v1/{path}", **signed))
        assert answer["statusCode"] in (200, 404, 422)
        assert "<" not in answer["body"]
        json.loads(answer["body"])
        seen += answer["body"]
    assert "\\u003cscript" in seen
