"""The code flow of OpenID Connect, with PKCE, state and nonce."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final, Self
from urllib.parse import quote, urlencode

from project_invoicing.workspace.secret import NotSetUp
from project_invoicing.workspace.sign_in.issuer import Issuer
from project_invoicing.workspace.sign_in.tokens import NotValid, claims_of, must_be_for

LONGEST: Final = timedelta(minutes=10)
"""How long somebody may take to sign in."""
SCOPE: Final = "openid profile email"
CODE: Final = re.compile(r"[a-z_]{1,40}")
_OF_SET_UP: Final = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: what only this browser knows until it comes back, and where it wanted to go."""

    state: str
    nonce: str
    verifier: str
    to: str

    @classmethod
    def anew(cls, to: str) -> Self:
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), to)

    def kept(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CodeFlow:
    """``client_secret`` gives the secret as it is now, an empty text for a public client."""

    issuer: Issuer
    client_id: str
    client_secret: Callable[[], str]

    def address(self, begun: Begun, redirect_uri: str) -> str:
        """Where the browser goes to sign in."""
        challenge = urlsafe_b64encode(sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = self.issuer.metadata().authorization_endpoint
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def finished(self, begun: Begun, answer: Mapping[str, str], redirect_uri: str) -> Mapping[str, Any]:
        """The claims of who has signed in, for the parameters with which the browser comes back.

        Raises ``NotValid`` for an answer to another sign-in, and for one without a token that holds; ``NotSetUp`` where
        the issuer does not take us; ``Unavailable``.
        """
        if not hmac.compare_digest(answer.get("state", "").encode("utf-8", "replace"), begun.state.encode()):
            raise NotValid("state", "the answer belongs to another sign-in")
        self._must_be_of_issuer(answer)
        if "error" in answer:
            raise NotValid(code_of(answer["error"]), "the sign-in was not completed")
        claims = claims_of(self._token(answer.get("code", ""), begun, redirect_uri), self.issuer)
        must_be_for(claims, self.client_id)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self.client_id if not several else None) != self.client_id:
            raise NotValid("audience", "the token was made for another application")
        nonce = str(claims.get("nonce") or "")
        if not hmac.compare_digest(nonce.encode("utf-8", "replace"), begun.nonce.encode()):
            raise NotValid("nonce", "the token belongs to another sign-in")
        return claims

    def _must_be_of_issuer(self, answer: Mapping[str, str]) -> None:
        """RFC 9207: an answer that names its issuer names ours, and one that should does."""
        if answer.get("iss", None if self.issuer.metadata().names_itself else self.issuer.url) != self.issuer.url:
            raise NotValid("issuer", f"the answer is not of {self.issuer.url}")

    def _token(self, code: str, begun: Begun, redirect_uri: str) -> str:
        metadata = self.issuer.metadata()
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client_id,
            "code_verifier": begun.verifier,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        secret = self.client_secret()
        if secret and metadata.in_body:
            fields["client_secret"] = secret
        elif secret:
            pair = f"{quote(self.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        status, found = self.issuer.post(metadata.token_endpoint, urlencode(fields), headers)
        token = found.get("id_token")
        if status == 200 and isinstance(token, str):
            return token
        error = code_of(found.get("error"))
        if error in _OF_SET_UP:
            raise NotSetUp(f"{self.issuer.url} does not take this application: {error}")
        raise NotValid(error, "the issuer does not accept the answer; it can be used once, and soon")


def code_of(error: object) -> str:
    """An error's code, if it is one: it may come from anywhere."""
    return error if isinstance(error, str) and CODE.fullmatch(error) else "other"
