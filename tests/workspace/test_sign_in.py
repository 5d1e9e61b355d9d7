"""Signing in and out through the door, with an issuer that answers over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from project_invoicing.observe import logger
from tests.workspace.browser import Browser
from tests.workspace.http import REFERENCE, URL, header_of
from tests.workspace.oidc_issuer import CLIENT_ID, CLIENT_SECRET, OidcIssuer

LATER = "2026-08-31T13:11:00Z"


@pytest.fixture
def browser(issuer: OidcIssuer) -> Browser:
    return Browser(issuer)


def said(answer: Mapping[str, Any]) -> str:
    assert f"Reference: {REFERENCE}" in answer["body"]
    return str(answer["body"])


def test_one_signs_in_and_comes_back_to_the_page_one_wanted_with_a_session(browser: Browser) -> None:
    asked = browser.get("/proposals?company=USPM&reason=reference_missing")
    assert asked["statusCode"] == 303
    assert urlsplit(asked["headers"]["Location"]).path == "/sign-in"
    to_issuer = browser.get(asked["headers"]["Location"])
    query = parse_qs(urlsplit(to_issuer["headers"]["Location"]).query)
    assert query["redirect_uri"] == [f"{URL}/signed-in"]
    assert query["code_challenge_method"] == ["S256"]
    back = browser.at_issuer(to_issuer)
    signed_in = browser.get(back)
    assert signed_in["headers"]["Location"] == "/proposals?company=USPM&reason=reference_missing"
    assert [*browser.cookies] == ["__Host-session"]
    cookie = next(one for one in signed_in["cookies"] if one.startswith("__Host-session"))
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} < set(cookie.split("; "))
    page = browser.get("/static/keys.js")
    assert page["statusCode"] == 200


def test_a_session_lasts_while_it_is_used_and_a_form_after_it_does_nothing(browser: Browser) -> None:
    browser.sign_in()
    browser.at = "2026-08-31T13:50:00Z"
    before = browser.cookies["__Host-session"]
    assert browser.get("/nothing")["statusCode"] == 404
    assert browser.page_as_viewer() == 403
    assert browser.cookies["__Host-session"] != before
    browser.at = "2026-08-31T14:40:00Z"
    assert browser.page_as_viewer() == 403
    browser.at = "2026-08-31T15:41:00Z"
    assert browser.get("/")["headers"]["Location"].startswith("/sign-in")
    answer = browser.post("/a-test", {"token": browser.token})
    assert answer["statusCode"] == 401
    assert "nothing was done" in said(answer)


def test_a_part_of_a_page_that_a_script_asks_for_sends_the_browser_to_the_sign_in(browser: Browser) -> None:
    here = f"{URL}/proposals?company=USPM"
    answer = browser.get("/", hx_request="true", hx_current_url=here)
    assert (answer["statusCode"], header_of(answer, "location")) == (401, "")
    assert answer["headers"]["HX-Redirect"] == "/sign-in?to=%2Fproposals%3Fcompany%3DUSPM"
    elsewhere = browser.get("/", hx_request="true", hx_current_url="https://evil.example//evil.example/x")
    began = browser.get(elsewhere["headers"]["HX-Redirect"])
    assert browser.get(browser.at_issuer(began))["headers"]["Location"] == "/"


def test_signing_out_makes_the_browser_forget_and_leads_to_the_issuer(browser: Browser, issuer: OidcIssuer) -> None:
    browser.sign_in()
    browser.at = "2026-08-31T13:30:00Z"  # when another request would renew the session
    out = browser.post("/sign-out", {"token": browser.token})
    assert (out["statusCode"], out["headers"]["Location"]) == (303, "/signed-out")
    assert browser.cookies == {}
    page = said(browser.get("/signed-out"))
    assert f"{issuer.url}/sign-out?client_id={CLIENT_ID}" in page
    assert browser.get("/")["headers"]["Location"].startswith("/sign-in")


def test_another_site_cannot_sign_one_out(browser: Browser) -> None:
    browser.sign_in()
    assert browser.post("/sign-out", {"token": browser.token}, origin="https://evil.example")["statusCode"] == 403
    assert browser.post("/sign-out", {})["statusCode"] == 403
    assert "__Host-session" in browser.cookies


def test_two_windows_may_sign_in_at_once(browser: Browser) -> None:
    first = browser.get("/sign-in?to=/journals")
    second = browser.get("/sign-in?to=/invoices")
    assert browser.get(browser.at_issuer(second))["headers"]["Location"] == "/invoices"
    assert browser.get(browser.at_issuer(first))["headers"]["Location"] == "/journals"
    assert [*browser.cookies] == ["__Host-session"]


def test_an_answer_is_good_once_and_in_the_browser_that_asked(browser: Browser, issuer: OidcIssuer) -> None:
    began = browser.get("/sign-in")
    kept = dict(browser.cookies)
    back = browser.at_issuer(began)
    other = Browser(issuer)
    assert "not of this browser" in said(other.get(back))
    assert browser.get(back)["statusCode"] == 303
    again = browser.get(back)
    assert again["statusCode"] == 400
    assert "used before" in said(again)
    thief = Browser(issuer)
    thief.cookies = kept
    stolen = thief.get(back)
    assert stolen["statusCode"] == 400
    assert "invalid_grant" in said(stolen)
    assert "__Host-session" not in {**thief.cookies, **other.cookies}


def test_an_answer_to_another_sign_in_is_not_taken(browser: Browser, issuer: OidcIssuer) -> None:
    mine, theirs = browser.get("/sign-in"), Browser(issuer).get("/sign-in")
    state = parse_qs(urlsplit(mine["headers"]["Location"]).query)["state"][0]
    injected = browser.at_issuer(theirs).replace(_state(theirs), state)
    answer = browser.get(injected)  # somebody else's code: its proof and its nonce are not ours
    assert (answer["statusCode"], "invalid_grant" in said(answer)) == (400, True)
    longer = browser.get(f"/signed-in?code=x&state={_state(browser.get('/sign-in'))}x")
    assert "(state)" in said(longer)
    for query in ("", "?state=", "?code=x", f"?code=x&state={'x' * 43}", "?state=%0d%0aset-cookie:a=b&code=x"):
        assert browser.get(f"/signed-in{query}")["statusCode"] == 400
    assert "__Host-session" not in browser.cookies


def _state(began: Mapping[str, Any]) -> str:
    return str(parse_qs(urlsplit(began["headers"]["Location"]).query)["state"][0])


def test_a_sign_in_takes_ten_minutes_at_most(browser: Browser) -> None:
    back = browser.at_issuer(browser.get("/sign-in"))
    browser.at = LATER
    assert "longer than 10 minutes" in said(browser.get(back))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "another application"}, "audience"),
        ({"aud": [CLIENT_ID, "another"]}, "audience"),
        ({"azp": "another application"}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"exp": 1}, "expired"),
        ({"nbf": 4102444800}, "too_early"),
        ({"sub": None}, "claim"),
        ({"sub": "a b"}, "subject"),
    ],
)
def test_a_token_that_does_not_hold_signs_nobody_in(
    browser: Browser, issuer: OidcIssuer, changes: dict[str, Any], code: str
) -> None:
    issuer.changes = changes
    answer = browser.get(browser.at_issuer(browser.get("/sign-in?to=/journals")))
    assert answer["statusCode"] == 400
    assert f"({code})" in said(answer)
    assert 'href="/sign-in?to=%2Fjournals"' in answer["body"]
    assert browser.cookies == {}


def test_several_audiences_are_fine_where_the_token_was_made_for_us(browser: Browser, issuer: OidcIssuer) -> None:
    issuer.changes = {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}
    browser.sign_in()
    assert "__Host-session" in browser.cookies


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ({"sub": "eve", "roles": []}, "The token has no roles"),
        ({"sub": "eve", "roles": ["king"]}, "None of the values of roles in the token stands for a role"),
        ({"sub": "eve", "_claim_names": {"roles": "src1"}}, "there are too many"),
    ],
)
def test_nobody_without_a_role_gets_in_and_is_told_what_to_do(
    browser: Browser, issuer: OidcIssuer, user: dict[str, Any], says: str
) -> None:
    issuer.user = user
    answer = browser.get(browser.at_issuer(browser.get("/sign-in")))
    assert answer["statusCode"] == 403
    assert says in said(answer)
    assert browser.cookies == {}


def test_what_the_issuer_refuses_is_told_without_its_words(browser: Browser) -> None:
    for given, shown in [("access_denied", "access_denied"), ("<b>x</b>", "other")]:
        state = _state(browser.get("/sign-in"))
        text = "%3Cscript%3Ealert(1)%3C/script%3E"
        answer = browser.get(f"/signed-in?state={state}&error={given}&error_description={text}")
        assert answer["statusCode"] == 400
        assert f"({shown})" in said(answer)
        assert "alert(1)" not in answer["body"]


def test_an_answer_that_names_another_issuer_is_not_taken(browser: Browser, issuer: OidcIssuer) -> None:
    back = browser.at_issuer(browser.get("/sign-in"))
    assert "(issuer)" in said(browser.get(f"{back}&iss=https%3A%2F%2Fevil.example"))
    issuer.metadata = {"authorization_response_iss_parameter_supported": True}
    browser.forget_issuer()
    back = browser.at_issuer(browser.get("/sign-in"))
    assert "(issuer)" in said(browser.get(back))


def test_an_issuer_that_is_down_or_does_not_know_us_is_said_so(browser: Browser, issuer: OidcIssuer) -> None:
    back = browser.at_issuer(browser.get("/sign-in"))
    issuer.down = True
    assert browser.get(back)["statusCode"] == 503
    browser.forget_issuer()
    assert browser.get("/sign-in")["statusCode"] == 503
    issuer.down = False
    browser.more = {"OIDC_CLIENT_ID": "somebody"}
    state = _state(browser.get("/sign-in"))
    answer = browser.get(f"/signed-in?code=x&state={state}")
    assert (answer["statusCode"], "invalid_client" in said(answer)) == (503, True)


@pytest.mark.parametrize("missing", ["OIDC_ISSUER", "OIDC_CLIENT_ID", "WORKSPACE_SECRET"])
def test_a_sign_in_that_is_not_set_up_names_what_is_missing(browser: Browser, missing: str) -> None:
    browser.more = {missing: ""}
    answer = browser.get("/sign-in")
    assert answer["statusCode"] == 503
    assert missing in said(answer)


def test_no_secret_no_code_and_no_token_is_logged(
    browser: Browser, issuer: OidcIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    for level in ("info", "error", "exception", "warning"):
        monkeypatch.setattr(logger, level, lambda *args, **more: logged.append(repr((args, more))))
    back = browser.at_issuer(browser.get("/sign-in"))
    browser.get(back)
    browser.get(back)
    issuer.changes = {"aud": "x"}
    browser.get(browser.at_issuer(browser.get("/sign-in")))
    text = "".join(logged)
    code, state = (parse_qs(urlsplit(back).query)[name][0] for name in ("code", "state"))
    assert "signed in" in text
    assert not [one for one in (code, state, CLIENT_SECRET, "Ann", "eyJ", browser.token) if one in text]


def test_on_this_machine_one_signs_in_over_http_with_a_cookie_that_browsers_take(browser: Browser) -> None:
    browser.more = {"WORKSPACE_URL": ""}
    browser.host = "127.0.0.1:8080"
    began = browser.get("/sign-in?to=/journals")
    back = browser.at_issuer(began)
    assert back.startswith("http://127.0.0.1:8080/signed-in?")
    signed_in = browser.get(back)
    assert (signed_in["headers"]["Location"], [*browser.cookies]) == ("/journals", ["session"])
    assert "Strict-Transport-Security" not in signed_in["headers"]
    assert not any("Secure" in cookie for cookie in signed_in["cookies"])
    assert browser.page_as_viewer() == 403


def test_a_local_stack_signs_nobody_in(browser: Browser) -> None:
    browser.more = {"WORKSPACE_LOCAL_USER": "ann", "WORKSPACE_URL": "", "WORKSPACE_SECRET": ""}
    browser.host = "127.0.0.1:8080"
    assert browser.get("/sign-in?to=/journals")["headers"]["Location"] == "/journals"
    assert browser.get("/sign-in?to=//evil.example")["headers"]["Location"] == "/"
    browser.host = "evil.example"
    assert browser.get("/")["statusCode"] == 403
