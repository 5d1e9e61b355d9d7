"""Tokens: which are taken, and for which reason each of the others is not."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from project_invoicing.domain.actor import How, Role
from project_invoicing.errors import Unavailable
from project_invoicing.workspace.secret import NotSetUp
from project_invoicing.workspace.sign_in.issuer import AGAIN_SECONDS, Issuer
from project_invoicing.workspace.sign_in.roles import Companies, NoRole, Roles, actor_of
from project_invoicing.workspace.sign_in.tokens import NotValid, claims_of, must_be_for
from tests.workspace.oidc_issuer import KID, OidcIssuer, rsa_key


def now() -> int:
    return int(time.time())


PUBLIC = (
    rsa_key(KID).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
)


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def by_hand(issuer: OidcIssuer, header: dict[str, Any], signature: Callable[[bytes], bytes] = lambda _: b"") -> str:
    """A token that no library would make."""
    claims = {"iss": issuer.url, "sub": "ann", "exp": now() + 300}
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(signature(text.encode())).rstrip(b'=').decode()}"


def with_public_key(text: bytes) -> bytes:
    return jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(text, PUBLIC)


ATTACKS: dict[str, tuple[str, Callable[[OidcIssuer], str]]] = {
    "nothing": ("form", lambda _: ""),
    "words": ("form", lambda _: "a token"),
    "dots": ("form", lambda _: ".."),
    "too long": ("form", lambda issuer: issuer.token(more="x" * 40_000)),
    "alg none": ("algorithm", lambda issuer: by_hand(issuer, {"alg": "none", "kid": KID})),
    "alg None": ("algorithm", lambda issuer: by_hand(issuer, {"alg": "None", "kid": KID})),
    "no alg": ("algorithm", lambda issuer: by_hand(issuer, {"kid": KID})),
    "alg is a list": ("algorithm", lambda issuer: by_hand(issuer, {"alg": ["RS256"], "kid": KID})),
    "HS256 with the public key": (
        "algorithm",
        lambda issuer: by_hand(issuer, {"alg": "HS256", "kid": KID}, with_public_key),
    ),
    "RS256 that is HS256": ("signature", lambda issuer: by_hand(issuer, {"alg": "RS256", "kid": KID}, with_public_key)),
    "RS512": ("algorithm", lambda issuer: issuer.token(algorithm="RS512")),
    "ES256 with the name of an RSA key": (
        "key",
        lambda issuer: issuer.token(key=generate_private_key(SECP256R1()), algorithm="ES256"),
    ),
    "a key of its own": ("signature", lambda issuer: issuer.token(key=rsa_key("evil"))),
    "a key of its own in the header": (
        "signature",
        lambda issuer: by_hand(issuer, {"alg": "RS256", "kid": KID, "jwk": issuer.keys()["keys"][0]}),
    ),
    "unknown key": ("key", lambda issuer: issuer.token(kid="other")),
    "no key": ("key", lambda issuer: by_hand(issuer, {"alg": "RS256"})),
    "key is a list": ("form", lambda issuer: by_hand(issuer, {"alg": "RS256", "kid": [KID]})),
    "unsigned": ("signature", lambda issuer: issuer.token().rpartition(".")[0] + "."),
    "changed": ("signature", lambda issuer: changed(issuer.token(), issuer)),
    "expired": ("expired", lambda issuer: issuer.token(exp=now() - 120)),
    "never ends": ("claim", lambda issuer: issuer.token(exp=None)),
    "ends in words": ("signature", lambda issuer: issuer.token(exp="tomorrow")),
    "not yet": ("too_early", lambda issuer: issuer.token(nbf=now() + 3_600)),
    "made tomorrow": ("too_early", lambda issuer: issuer.token(iat=now() + 86_400)),
    "other issuer": ("issuer", lambda issuer: issuer.token(iss="https://evil.example")),
    "issuer with a slash": ("issuer", lambda issuer: issuer.token(iss=f"{issuer.url}/")),
    "no issuer": ("claim", lambda issuer: issuer.token(iss=None)),
    "about nobody": ("claim", lambda issuer: issuer.token(sub=None)),
}


def changed(token: str, issuer: OidcIssuer) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{encoded({'iss': issuer.url, 'sub': 'eve', 'exp': now() + 300})}.{signature}"


def refused(token: str, known: Issuer) -> str:
    """The code of the refusal; empty for a token that is taken."""
    try:
        claims_of(token, known)
    except NotValid as not_valid:
        return not_valid.code
    return ""


def test_a_token_of_the_issuer_is_taken_and_each_forged_one_is_refused_for_its_reason(issuer: OidcIssuer) -> None:
    known = Issuer(issuer.url)
    assert claims_of(issuer.token(aud="api"), known)["sub"] == "ann"
    assert refused(issuer.token(exp=now() - 5), known) == ""  # clocks may differ
    found = {name: refused(make(issuer), known) for name, (_, make) in ATTACKS.items()}
    assert found == {name: code for name, (code, _) in ATTACKS.items()}


def test_a_key_on_a_curve_is_taken(issuer: OidcIssuer) -> None:
    key = generate_private_key(SECP256R1())
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    issuer.keys = lambda: {"keys": [{**public, "kid": "ec"}, {"kty": "oct", "kid": KID, "k": "AAAA"}, "no key"]}  # type: ignore[method-assign]
    known = Issuer(issuer.url)
    assert refused(issuer.token(key=key, algorithm="ES256", kid="ec"), known) == ""
    assert refused(issuer.token(), known) == "key"  # a key that everybody would share is none


def test_keys_are_read_once_and_again_for_an_unknown_one_but_not_more_often_than_once_a_minute(
    issuer: OidcIssuer,
) -> None:
    now = [0.0]
    known = Issuer(issuer.url, clock=lambda: now[0])
    for _ in range(3):
        assert refused(issuer.token(), known) == ""
    for _ in range(3):
        assert refused(issuer.token(kid="a guess"), known) == "key"
    assert issuer.asked.count("/keys") == 1
    issuer.kid = "key-2"
    new = issuer.token(key=rsa_key("key-2"))
    assert refused(new, known) == "key"
    now[0] += AGAIN_SECONDS
    assert refused(new, known) == ""
    assert (issuer.asked.count("/keys"), issuer.asked.count("/.well-known/openid-configuration")) == (2, 1)


def test_an_issuer_that_does_not_answer_is_asked_again_by_the_next_request(issuer: OidcIssuer) -> None:
    known = Issuer(issuer.url)
    issuer.down = True
    with pytest.raises(Unavailable, match="503"):
        claims_of(issuer.token(), known)
    issuer.down = False
    assert refused(issuer.token(), known) == ""


def test_an_issuer_that_is_something_else_is_a_fault_of_the_set_up(issuer: OidcIssuer) -> None:
    faults: list[tuple[str, dict[str, Any], str]] = [
        (f"{issuer.url}/tenant", {}, "answers 404"),
        (issuer.url, {"issuer": "https://other.example"}, "calls itself https://other"),
        (issuer.url, {"token_endpoint": "http://evil.example/token"}, "not an address of https"),
        (issuer.url, {"jwks_uri": "file:///etc/passwd"}, "not an address of https"),
        (issuer.url, {"authorization_endpoint": None}, "not an address of https"),
        ("http://login.contoso.example", {}, "not an address of https"),
    ]
    for url, metadata, says in faults:
        issuer.metadata = metadata
        with pytest.raises(NotSetUp, match=says):
            Issuer(url).metadata()


@pytest.mark.parametrize(
    ("claims", "client", "taken"),
    [
        ({"aud": "api"}, False, True),
        ({"aud": ["other", "api"]}, False, True),
        ({"aud": "api2"}, False, False),
        ({"aud": ["other"]}, False, False),
        ({}, False, False),
        ({"client_id": "api"}, False, False),
        ({"client_id": "api"}, True, True),
        ({"aud": "other", "client_id": "api"}, True, False),
    ],
)
def test_a_token_is_for_whom_it_names(claims: dict[str, Any], client: bool, taken: bool) -> None:
    with nullcontext() if taken else pytest.raises(NotValid, match="not for api"):
        must_be_for(claims, "api", client=client)


def test_no_audience_is_not_that_of_a_token_without_one() -> None:
    with pytest.raises(NotValid):
        must_be_for({"aud": ""}, "")


GROUPS = json.dumps({"0f1f-viewers": "viewer", "0f1f-finance": ["accountant", "poster"]})


@pytest.mark.parametrize(
    ("claim", "mapping", "claims", "roles"),
    [
        ("", "", {"roles": ["poster", "unknown"]}, {Role.POSTER}),
        ("", "", {"roles": "viewer"}, {Role.VIEWER}),
        ("cognito:groups", "", {"cognito:groups": ["accountant"], "roles": ["poster"]}, {Role.ACCOUNTANT}),
        ("groups", GROUPS, {"groups": ["0f1f-finance"]}, {Role.ACCOUNTANT, Role.POSTER}),
        ("groups", GROUPS, {"groups": ["0f1f-viewers", "administrator"]}, {Role.VIEWER}),
        ("realm_access.roles", "", {"realm_access": {"roles": ["viewer"]}}, {Role.VIEWER}),
        ("https://contoso.example/roles", "", {"https://contoso.example/roles": ["viewer"]}, {Role.VIEWER}),
    ],
)
def test_roles_come_from_the_claim_that_is_named(
    claim: str, mapping: str, claims: dict[str, Any], roles: set[Role]
) -> None:
    assert Roles(claim, mapping).of(claims) == roles


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({}, "has no groups"),
        ({"groups": []}, "has no groups"),
        ({"groups": ["administrator"]}, "none of the values"),
        ({"groups": ["0f1f-viewers:USPM"]}, "none of the values"),
        ({"groups": [7, None, {"a": 1}]}, "has no groups"),
        ({"_claim_names": {"groups": "src1"}}, "too many"),
        ({"hasgroups": True}, "too many"),
    ],
)
def test_nobody_without_a_role_gets_in(claims: dict[str, Any], says: str) -> None:
    with pytest.raises(NoRole, match=says):
        Roles("groups", GROUPS).of(claims)


@pytest.mark.parametrize("mapping", ["no JSON", "[]", "{}", '{"a": "king"}', '{"a": []}', '{"a": [["viewer"]]}'])
def test_a_mapping_that_is_none_is_a_fault_of_the_set_up(mapping: str) -> None:
    with pytest.raises(NotSetUp, match="OIDC_ROLES"):
        Roles("groups", mapping)


OF_GROUPS = '{"0f1f-us": "USPM", "0f1f-both": ["USPM", "GBPM"], "0f1f-all": "*"}'


@pytest.mark.parametrize(
    ("claim", "mapping", "claims", "companies"),
    [
        ("", "", {"companies": ["USPM"]}, None),
        ("companies", "", {"companies": ["USPM", "GBPM"]}, {"USPM", "GBPM"}),
        ("companies", "", {"companies": "USPM"}, {"USPM"}),
        ("companies", "", {"companies": ["USPM", "*"]}, None),
        ("groups", OF_GROUPS, {"groups": ["0f1f-us", "GBPM"]}, {"USPM"}),
        ("groups", OF_GROUPS, {"groups": ["0f1f-us", "0f1f-both"]}, {"USPM", "GBPM"}),
        ("groups", OF_GROUPS, {"groups": ["0f1f-all"]}, None),
    ],
)
def test_companies_come_from_a_claim_where_one_is_named(
    claim: str, mapping: str, claims: dict[str, Any], companies: set[str] | None
) -> None:
    assert Companies(claim, mapping).of(claims) == companies


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": ["USPM"]}, {"groups": [7, None]}])
def test_nobody_without_a_company_gets_in_where_companies_are_asked_for(claims: dict[str, Any]) -> None:
    with pytest.raises(NoRole, match="names no company in groups"):
        Companies("groups", OF_GROUPS).of(claims)
    for wrong in ("no JSON", "[]", "{}", '{"a": []}', '{"a": [7]}', '{"a": ""}'):
        with pytest.raises(NotSetUp, match="OIDC_COMPANIES"):
            Companies("groups", wrong)


def test_a_person_is_known_by_what_is_the_same_in_all_tokens_and_shown_by_name() -> None:
    roles = frozenset({Role.VIEWER})
    of_entra = {"sub": "differs", "oid": "0f1f", "name": "Ann\n\x1b[31m Müller", "preferred_username": "ann@c.example"}
    ann = actor_of(of_entra, roles, How.WORKSPACE)
    assert (ann.id, ann.name, ann.how, ann.roles) == ("0f1f", "Ann[31m Müller", How.WORKSPACE, roles)
    assert actor_of({"sub": "s", "name": "", "email": "ann@c.example"}, roles, How.API).name == "ann@c.example"
    assert actor_of({"sub": "s", "client_id": "nightly"}, roles, How.API).name == "nightly"
    assert actor_of({"sub": "s"}, roles, How.API).name == "s"
    assert len(actor_of({"sub": "s", "name": "x" * 999}, roles, How.API).name) == 100


@pytest.mark.parametrize("sub", ["", "a b", "a\n", "x" * 256, 7])
def test_a_subject_that_is_none_is_refused(sub: object) -> None:
    with pytest.raises(NotValid, match="who it is about"):
        actor_of({"sub": sub}, frozenset({Role.VIEWER}), How.API)
