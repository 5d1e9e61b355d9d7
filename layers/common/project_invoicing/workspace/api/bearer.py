"""Who calls: by the access token in ``Authorization``, and by nothing else.

The API's JWT authorizer has checked the token already. It is checked here again, so that a route that somebody attaches
without the authorizer is not open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.config import Settings
from project_invoicing.domain.actor import Actor, How
from project_invoicing.domain.codes import PostingFailure
from project_invoicing.workspace.api.problem import Problem
from project_invoicing.workspace.guard import Forbidden, header, local_user, must_be_own_origin
from project_invoicing.workspace.secret import NotSetUp
from project_invoicing.workspace.sign_in.issuer import issuer_at
from project_invoicing.workspace.sign_in.roles import NoRole, person_of
from project_invoicing.workspace.sign_in.tokens import NotValid, claims_of, must_be_for

_SCHEME: Final = "bearer"
_CHALLENGE: Final = "WWW-Authenticate"


def caller_of(event: Mapping[str, Any], named: Settings) -> Actor:
    """The person or program that calls. Raises ``Problem`` (401, 403), ``NotSetUp`` and ``Unavailable``."""
    if named.workspace_local_user:
        return _local(event, named)
    audience = named.api_audience or named.oidc_client_id
    if not named.oidc_issuer or not audience:
        raise NotSetUp("OIDC_ISSUER and API_AUDIENCE say whose tokens are taken here; one of them is not set")
    try:
        claims = claims_of(_token(event), issuer_at(named.oidc_issuer))
        must_be_for(claims, audience, client=True)
        _must_be_access(claims)
        return person_of(claims, named, How.API)
    except NotValid as refused:
        challenge = {_CHALLENGE: f'Bearer error="invalid_token", error_description="{refused.code}"'}
        raise Problem(401, "token_invalid", f"{refused} ({refused.code})", headers=challenge) from None
    except NoRole as missing:
        raise Problem(403, PostingFailure.ROLE_MISSING, str(missing)) from None


def _token(event: Mapping[str, Any]) -> str:
    scheme, _, token = header(event, "authorization").partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        detail = "send an access token: Authorization: Bearer …"
        raise Problem(401, "token_missing", detail, headers={_CHALLENGE: "Bearer"})
    return token.strip()


def _must_be_access(claims: Mapping[str, Any]) -> None:
    """Refuses the token of a sign-in: it tells an application who somebody is, and opens nothing."""
    if "nonce" in claims or claims.get("token_use", "access") != "access":
        raise NotValid("kind", "this is the token of a sign-in; send an access token")


def _local(event: Mapping[str, Any], named: Settings) -> Actor:
    """The user of a local stack, for programs on this machine and our own pages, not for pages from elsewhere."""
    try:
        actor = local_user(event, named, How.API)
        if header(event, "origin") or header(event, "sec-fetch-site") not in ("", "none"):
            must_be_own_origin(event)
        return actor
    except Forbidden as forbidden:
        raise Problem(403, "other_site", str(forbidden)) from None
