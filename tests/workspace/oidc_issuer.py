"""An issuer of OpenID Connect on this machine: discovery, keys, the code flow with PKCE, and tokens of every kind.

    with oidc_issuer() as issuer:
        issuer.user = {"sub": "ann", "name": "Ann", "roles": ["poster"]}     # who signs in next, without being asked
        issuer.token(aud="api", roles=["viewer"])                            # an access token

Real HTTP on loopback, so that a browser can use it, too.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from project_invoicing.domain.actor import Role

CLIENT_ID = "workspace"
CLIENT_SECRET = "a secret: of/the client"
KID = "key-1"
ANN = {"sub": "ann", "name": "Ann", "roles": [str(role) for role in Role]}


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """The same key for all tests of a process."""
    return generate_private_key(65537, 2048)


@dataclass
class OidcIssuer:
    """``changes`` replace claims of the next ID tokens; ``asked`` are the paths that were asked for, in order."""

    url: str
    user: Mapping[str, Any] = field(default_factory=lambda: dict(ANN))
    changes: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    kid: str = KID
    asked: list[str] = field(default_factory=list)
    down: bool = False
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def token(self, *, key: Any = None, algorithm: str = "RS256", kid: str | None = None, **claims: Any) -> str:
        """A token of this issuer with these claims, valid for five minutes; a claim that is ``None`` is left out."""
        now = int(time.time())
        usual = {"iss": self.url, "sub": "ann", "iat": now, "nbf": now, "exp": now + 300}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(said, rsa_key(self.kid) if key is None else key, algorithm, headers={"kid": kid or self.kid})

    def discovery(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {
            "issuer": self.url,
            **{name: f"{self.url}/{path}" for name, path in ends.items()},
            "end_session_endpoint": f"{self.url}/sign-out",
            **self.metadata,
        }

    def keys(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(rsa_key(self.kid).public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "use": "sig"}]}

    def authorize(self, query: Mapping[str, str]) -> str:
        """Where the browser is sent, once the user has agreed, as this one always does."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = dict(query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The tokens for a code, once."""
        id, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(id), unquote(secret)) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client", "error_description": "of no interest"}
        begun = self._codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if (
            begun is None
            or form["grant_type"] != "authorization_code"
            or proof != begun["code_challenge"]
            or form["redirect_uri"] != begun["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        claims = {"aud": CLIENT_ID, "nonce": begun["nonce"], **self.user, **self.changes}
        token = self.token(**claims)
        return 200, {"id_token": token, "access_token": "opaque", "token_type": "Bearer"}


@contextmanager
def oidc_issuer(port: int = 0) -> Iterator[OidcIssuer]:
    """An issuer that answers until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    made = OidcIssuer(f"http://127.0.0.1:{server.server_address[1]}")
    server.issuer = made  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    @property
    def issuer(self) -> OidcIssuer:
        issuer: OidcIssuer = self.server.issuer  # type: ignore[attr-defined]
        return issuer

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.issuer.asked.append(address.path)
        match address.path:
            case _ if self.issuer.down:
                self._answer(503, {})
            case "/.well-known/openid-configuration":
                self._answer(200, self.issuer.discovery())
            case "/keys":
                self._answer(200, self.issuer.keys())
            case "/authorize":
                self.send_response(302)
                self.send_header("location", self.issuer.authorize(_only(address.query)))
                self.send_header("content-length", "0")
                self.end_headers()
            case _:
                self._answer(404, {})

    def do_POST(self) -> None:
        self.issuer.asked.append(self.path)
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.issuer.down:
            self._answer(503, {})
        else:
            self._answer(*self.issuer.exchange(_only(form), self.headers.get("authorization", "")))

    def _answer(self, status: int, found: Mapping[str, Any]) -> None:
        body = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: pytest shows what matters."""


def _only(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
