"""Whether a token is what it says: its signature by a key of the issuer, who it is for, and until when.

PyJWT is imported at the first token: with ``cryptography`` it costs a cold start a tenth of a second, and most requests
have a session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.workspace.sign_in.issuer import Issuer

ALGORITHMS: Final = {"RS256": "RSA", "ES256": "EC"}
"""Signatures with a private key, and the kind of key of each. Nothing that a public key could be used to forge."""
LEEWAY: Final = 60
"""Seconds by which clocks may differ."""
_LONGEST: Final = 32_768


class NotValid(Exception):
    """A token that is not accepted. ``code`` for the log, the text for whoever shows the token."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


def claims_of(token: str, issuer: Issuer) -> Mapping[str, Any]:
    """The claims of a token that ``issuer`` has signed and that is valid now. For whom it is, the caller has to ask.

    Raises ``NotValid``; ``Unavailable`` and ``NotSetUp`` as ``Issuer``.
    """
    import jwt  # noqa: PLC0415 - see the module

    kid, algorithm = _header(token)
    key = issuer.key(kid)
    if key is None or key["kty"] != ALGORITHMS[algorithm]:
        raise NotValid("key", "the token is signed with a key that the issuer does not have")
    try:
        made = jwt.PyJWK(dict(key), algorithm)
        return jwt.decode(
            token,
            made,
            [algorithm],
            issuer=issuer.url,
            leeway=LEEWAY,
            options={
                "require": ["exp", "iss", "sub"],
                "verify_aud": False,  # by ``must_be_for``
                "enforce_minimum_key_length": True,
            },
        )
    except jwt.ExpiredSignatureError:
        raise NotValid("expired", "the token has expired") from None
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
        raise NotValid("too_early", "the token is not valid yet; compare the clocks") from None
    except jwt.InvalidIssuerError:
        raise NotValid("issuer", f"the token is not of the issuer {issuer.url}") from None
    except jwt.MissingRequiredClaimError as missing:
        raise NotValid("claim", f"the token has no {missing.claim}") from None
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, jwt.PyJWKError):
        raise NotValid("signature", "the token is not signed by the issuer") from None


def must_be_for(claims: Mapping[str, Any], audience: str, *, client: bool = False) -> None:
    """Raises ``NotValid`` for a token that was made for somebody else than ``audience``.

    ``client``: a token without an audience is for the client that it names, as access tokens of Cognito are.
    """
    found = claims.get("aud")
    if found is None and client:
        found = claims.get("client_id")
    if not audience or audience not in (found if isinstance(found, list) else [found]):
        raise NotValid("audience", f"the token is not for {audience}")


def _header(token: str) -> tuple[str, str]:
    """Name of the key and algorithm. Raises ``NotValid``."""
    import jwt  # noqa: PLC0415 - see the module

    if len(token) > _LONGEST:
        raise NotValid("form", "the token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise NotValid("form", "this is no signed token") from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise NotValid("algorithm", f"the token is not signed with {' or '.join(ALGORITHMS)}")
    if not isinstance(kid, str):
        raise NotValid("key", "the token does not name its key")
    return kid, algorithm
