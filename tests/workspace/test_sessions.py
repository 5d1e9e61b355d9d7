"""A session is a signed cookie: who is signed in, until when, and what happens to one that is not ours."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.shared.cookies import Cookie

from project_invoicing.domain.actor import Actor, How, Role
from project_invoicing.workspace.seals import Seals
from project_invoicing.workspace.session import IDLE, LONGEST, Session, Sessions

NOW = datetime(2026, 8, 31, 9, 0, 0, 123456, tzinfo=UTC)
OLD, NEW, OTHER = b"an old key of 32 characters, or so", b"a new key of 32 characters, or so.", b"somebody else's"
ANN = Actor("ann", "Ann Müller; Ä=1", How.WORKSPACE, frozenset({Role.VIEWER, Role.POSTER}))
MINUTE = timedelta(minutes=1)


def sessions(*keys: bytes, secure: bool = True) -> Sessions:
    return Sessions(Seals(lambda: keys), secure=secure)


OURS = sessions(NEW)


def sent(cookie: Cookie) -> str:
    """A cookie as the browser sends it."""
    return str(cookie).partition(";")[0]


def test_who_is_in_a_cookie_is_read_again_and_nothing_needs_quoting() -> None:
    session = Session.begun(ANN, NOW)
    cookie = OURS.cookie(session)
    name, _, attributes = str(cookie).partition("=")
    assert name == "__Host-session"
    assert set(attributes.split("; ")[1:]) == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
    assert sent(cookie).isascii()
    assert len(str(cookie)) < 1_000
    assert OURS.read(["theme=dark", sent(cookie)], NOW) == session


def test_companies_are_in_a_cookie_and_one_from_before_they_were_asked_for_is_nobodys() -> None:
    by_company = Sessions(Seals(lambda: (NEW,)), by_company=True)
    for companies in (frozenset({"USPM", "GBPM"}), frozenset[str](), None):
        session = Session.begun(replace(ANN, companies=companies), NOW)
        assert by_company.read([sent(by_company.cookie(session))], NOW) == session
    assert by_company.read([sent(OURS.cookie(Session.begun(ANN, NOW)))], NOW) is None


def test_on_this_machine_without_https_the_cookie_has_a_name_that_browsers_take() -> None:
    local = sessions(NEW, secure=False)
    cookie = local.cookie(Session.begun(ANN, NOW))
    assert str(cookie).startswith("session=")
    assert "Secure" not in str(cookie)
    assert local.read([sent(cookie)], NOW)
    assert OURS.read([sent(cookie)], NOW) is None


def test_a_session_ends_an_hour_after_its_last_request_and_eight_hours_after_the_sign_in() -> None:
    session = Session.begun(ANN, NOW)
    cookie = [sent(OURS.cookie(session))]
    assert OURS.read(cookie, NOW + IDLE - MINUTE)
    assert OURS.read(cookie, NOW + IDLE) is None
    now = NOW
    while OURS.read([sent(OURS.cookie(session))], now):
        session = OURS.renewed(session, now) or session
        now += 10 * MINUTE
    assert now - NOW.replace(microsecond=0) == LONGEST + timedelta(microseconds=123456)


def test_a_session_is_written_anew_only_after_some_minutes_and_keeps_its_token() -> None:
    session = Session.begun(ANN, NOW)
    assert OURS.renewed(session, NOW + 4 * MINUTE) is None
    renewed = OURS.renewed(session, NOW + 6 * MINUTE)
    assert renewed
    assert (renewed.token, renewed.ends, renewed.until - session.until) == (session.token, session.ends, 6 * MINUTE)


def test_keys_are_exchanged_without_anybody_signing_in_again() -> None:
    before = sent(sessions(OLD).cookie(Session.begun(ANN, NOW)))
    both = sessions(NEW, OLD)
    assert both.read([before], NOW)
    after = sent(both.cookie(Session.begun(ANN, NOW)))
    assert OURS.read([after], NOW)
    assert OURS.read([before], NOW) is None


def test_a_key_that_another_process_has_already_is_read_when_it_is_needed() -> None:
    later = sent(sessions(NEW).cookie(Session.begun(ANN, NOW)))
    assert Sessions(Seals(lambda: [OLD], lambda: [NEW, OLD])).read([later], NOW)
    assert Sessions(Seals(lambda: [OLD], lambda: None)).read([later], NOW) is None


def forged() -> dict[str, str]:
    name, _, value = sent(OURS.cookie(Session.begun(ANN, NOW))).partition("=")
    body, _, signature = value.partition(".")
    text = json.loads(base64.urlsafe_b64decode(body + "=="))
    text[1]["roles"] = [*Role]
    more = base64.urlsafe_b64encode(json.dumps(text).encode()).rstrip(b"=").decode()
    flash = Seals(lambda: [NEW]).seal("flash", text[1], NOW + IDLE)
    return {
        "empty": f"{name}=",
        "of nothing": f"{name}=.",
        "unsigned": f"{name}={body}",
        "signed with nothing": f"{name}={body}.",
        "more roles": f"{name}={more}.{signature}",
        "of another key": sent(sessions(OTHER).cookie(Session.begun(ANN, NOW))),
        "cut": f"{name}={value[:-1]}",
        "longer": f"{name}={value}A",
        "other letters": f"{name}=ü{value}",
        "half a pair": f"{name}=\ud800.{signature}",
        "of another purpose": f"{name}={flash}",
        "of no role": sent(OURS.cookie(Session.begun(Actor("ann", "Ann", How.WORKSPACE, frozenset()), NOW))),
    }


@pytest.mark.parametrize("how", forged())
def test_a_cookie_that_is_not_ours_is_nobodys(how: str) -> None:
    assert OURS.read([forged()[how]], NOW) is None


def test_a_cookie_that_is_not_ours_does_not_hide_the_one_that_is() -> None:
    good = sent(OURS.cookie(Session.begun(ANN, NOW)))
    assert OURS.read([forged()["more roles"], good], NOW)


def test_a_role_that_there_is_no_more_is_left_out() -> None:
    seals = Seals(lambda: [NEW])
    content = {"id": "a", "name": "A", "roles": ["viewer", "king"], "token": "t", "until": 2**31, "ends": 2**31}
    found = OURS.read([f"__Host-session={seals.seal('session', content, NOW + IDLE)}"], NOW)
    assert found
    assert found.actor.roles == frozenset({Role.VIEWER})


def test_sign_out_makes_the_browser_forget() -> None:
    assert str(OURS.ended()) == "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
