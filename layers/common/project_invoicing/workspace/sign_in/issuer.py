"""An issuer of tokens, as its discovery document describes it, and its keys.

Both are kept for the life of the process. The keys are read again when a token names one that is not known, at most
once a minute: tokens of strangers must not become requests to the issuer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3

from project_invoicing.errors import Unavailable
from project_invoicing.workspace.secret import NotSetUp

AGAIN_SECONDS: Final = 60.0
TIMEOUT: Final = urllib3.Timeout(connect=3, read=8)
MOST_BYTES: Final = 1024 * 1024
_RETRIES: Final = urllib3.Retry(
    total=2,
    connect=2,
    read=1,
    redirect=0,
    status=0,
    other=0,
    allowed_methods={"GET"},  # a code is good for one try
    backoff_factor=0.2,
    respect_retry_after_header=False,
    raise_on_redirect=False,
)
_THIS_MACHINE: Final = ("127.0.0.1", "localhost")
_KINDS: Final = frozenset({"RSA", "EC"})


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the discovery document says.

    ``in_body``: it takes the client's secret in the body only. ``names_itself``: its answers to browsers have ``iss``.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str | None
    in_body: bool
    names_itself: bool


class Issuer:
    """The issuer at ``url``, without a slash at its end unless its tokens have one. ``clock`` is monotonic seconds."""

    def __init__(
        self, url: str, pool: urllib3.PoolManager | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url
        self._pool = pool or urllib3.PoolManager(timeout=TIMEOUT)
        self._clock = clock
        self._metadata: Metadata | None = None
        self._keys: Mapping[str, Mapping[str, Any]] = {}
        self._keys_read_at: float | None = None

    def metadata(self) -> Metadata:
        """Raises ``Unavailable`` where the issuer does not answer, ``NotSetUp`` where this is not its address."""
        if self._metadata is None:
            self._metadata = self._discovered()
        return self._metadata

    def key(self, kid: str) -> Mapping[str, Any] | None:
        """The public key (a JWK) of that name; ``None`` where the issuer has none. Raises as ``metadata``."""
        if kid not in self._keys and self._may_read_keys():
            if self._keys:  # without any, the next token asks again
                self._keys_read_at = self._clock()
            self._keys = self._published_keys()
            self._keys_read_at = self._clock()
        return self._keys.get(kid)

    def post(self, url: str, form: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON of the answer to a form. Raises ``Unavailable``."""
        return self._sent("POST", url, body=form, headers={"accept": "application/json", **headers})

    def _may_read_keys(self) -> bool:
        return self._keys_read_at is None or self._clock() - self._keys_read_at >= AGAIN_SECONDS

    def _discovered(self) -> Metadata:
        _must_be_safe("OIDC_ISSUER", self.url)
        address = f"{self.url.rstrip('/')}/.well-known/openid-configuration"
        status, found = self._sent("GET", address)
        if status != 200:
            raise NotSetUp(f"{address} answers {status}: OIDC_ISSUER is not the address of an issuer")
        if found.get("issuer") != self.url:
            raise NotSetUp(f"OIDC_ISSUER is {self.url}, and the issuer there calls itself {found.get('issuer')}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            _must_be_safe(name, found.get(name))
        if found.get("end_session_endpoint"):
            _must_be_safe("end_session_endpoint", found["end_session_endpoint"])
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            found["authorization_endpoint"],
            found["token_endpoint"],
            found["jwks_uri"],
            found.get("end_session_endpoint"),
            in_body="client_secret_basic" not in ways,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _published_keys(self) -> Mapping[str, Mapping[str, Any]]:
        status, found = self._sent("GET", self.metadata().jwks_uri)
        keys = found.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise Unavailable(f"the keys of {self.url} cannot be read: {status}")
        return {
            str(key["kid"]): key
            for key in keys
            if isinstance(key, dict) and key.get("kid") and key.get("kty") in _KINDS and key.get("use") in (None, "sig")
        }

    def _sent(self, method: str, url: str, **sent: Any) -> tuple[int, Mapping[str, Any]]:
        try:
            answer = self._pool.request(method, url, retries=_RETRIES, preload_content=False, **sent)
            try:
                body = answer.read(MOST_BYTES)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{self.url} did not answer: {type(error).__name__}") from None
        if answer.status == 429 or answer.status >= 500:
            raise Unavailable(f"{self.url} answered {answer.status}")
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        return answer.status, found if isinstance(found, dict) else {}


def _must_be_safe(name: str, url: object) -> None:
    """Raises ``NotSetUp`` for an address that is not of https; on this machine http will do."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or parts.hostname not in _THIS_MACHINE:
        raise NotSetUp(f"{name} is {url!r}, not an address of https")


@cache
def issuer_at(url: str) -> Issuer:
    """The issuer of this process, with what is known of it."""
    return Issuer(url)
