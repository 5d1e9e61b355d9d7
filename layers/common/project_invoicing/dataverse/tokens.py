"""Access tokens for Dataverse: the client credentials of an application user, through msal.

msal keeps a token for the process and gets another one some minutes before it ends. It is imported at the first token,
so that functions which do not reach Dataverse do not pay for it (D-037). It uses our pool of connections instead
of a second library. Nothing here logs, and nothing that it raises has more of a secret in it than its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

import urllib3

from project_invoicing.dataverse.api import AccessDenied
from project_invoicing.errors import Unavailable

LOGIN: Final = "https://login.microsoftonline.com"
_THIS_MACHINE: Final = ("127.0.0.1", "localhost")
_PASSING: Final = frozenset({"server_error", "temporarily_unavailable"})


class Tokens(Protocol):
    """Where access tokens come from."""

    def token(self, *, renewed: bool = False) -> str:
        """A token that is valid now; ``renewed``: another one than before, which Dataverse did not take."""


class ClientCredentials:
    """Tokens for ``resource`` (the address of Dataverse).

    ``read`` gives the secret as it is now: JSON with ``tenant_id``, ``client_id`` and ``client_secret``, and
    ``authority`` where it is another cloud than the public one.
    """

    def __init__(self, resource: str, read: Callable[[], str], pool: urllib3.PoolManager) -> None:
        self._scopes = [f"{resource.rstrip('/')}/.default"]
        self._read = read
        self._pool = pool
        self._application: Any = None

    def token(self, *, renewed: bool = False) -> str:
        """Raises ``AccessDenied`` where the credentials are refused, ``Unavailable`` where nobody answers."""
        if renewed:
            self._application = None  # with credentials that may have been exchanged meanwhile
        try:
            if self._application is None:
                self._application = self._opened()
            answer: Mapping[str, Any] = self._application.acquire_token_for_client(scopes=self._scopes)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"Entra ID did not answer: {type(error).__name__}") from None
        if "access_token" not in answer:
            self._application = None
            if answer.get("error") in _PASSING:
                raise Unavailable(f"Entra ID gave no token: {answer['error']}")
            raise AccessDenied(
                f"Entra ID refuses the application user ({answer.get('error')}, {answer.get('error_codes')}); correct "
                "the secret that DATAVERSE_CREDENTIALS names"
            )
        return str(answer["access_token"])

    def _opened(self) -> Any:
        from msal import ConfidentialClientApplication  # noqa: PLC0415 - see the module

        given = _credentials(self._read())
        if missing := [name for name in ("tenant_id", "client_id", "client_secret") if not given.get(name)]:
            raise AccessDenied(
                f"the secret that DATAVERSE_CREDENTIALS names has no {', '.join(missing)}; fill it in with the "
                "application user that Dataverse knows"
            )
        http = _Http(self._pool, given.get("authority") or LOGIN)
        try:
            return ConfidentialClientApplication(
                given["client_id"],
                authority=f"{http.shown}/{given['tenant_id']}",
                client_credential=given["client_secret"],
                instance_discovery=False,  # the authority is ours to know; asking costs a request at each start
                http_client=http,
            )
        except ValueError as error:
            raise AccessDenied(
                f"Entra ID knows no tenant {given['tenant_id']}; correct tenant_id in the secret that "
                "DATAVERSE_CREDENTIALS names"
            ) from error


def _credentials(text: str) -> Mapping[str, str]:
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        told = "the secret that DATAVERSE_CREDENTIALS names is no JSON object; see docs/connect-dataverse.md"
        raise AccessDenied(told)
    return given


@dataclass(frozen=True, slots=True)
class _Answer:
    """What msal reads of an answer."""

    status_code: int
    headers: Mapping[str, str]
    text: str


class _Http:
    """msal's HTTP client, over ours.

    msal takes no address but of https. A login on this machine has no certificate, so msal is ``shown`` another address
    for it than the one that is called.
    """

    def __init__(self, pool: urllib3.PoolManager, authority: str) -> None:
        self._pool = pool
        self._called = self.shown = authority.rstrip("/")
        host = urlsplit(authority).hostname
        if authority.startswith("http:") and host in _THIS_MACHINE:
            self.shown = f"https://{host}"

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> _Answer:
        return self._sent("GET", f"{url}?{urlencode(params)}" if params else url, headers, None)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> _Answer:
        return self._sent("POST", f"{url}?{urlencode(params)}" if params else url, headers, urlencode(data or {}))

    def close(self) -> None:
        """The pool is the process's."""

    def _sent(self, method: str, url: str, headers: Any, body: str | None) -> _Answer:
        fields = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})} if body else headers
        called = url.replace(self.shown, self._called, 1)
        answer = self._pool.request(method, called, headers=fields, body=body, retries=2, timeout=10)
        if answer.status == 429 or answer.status >= 500:
            raise Unavailable(f"Entra ID answered {answer.status}")
        return _Answer(answer.status, answer.headers, answer.data.decode().replace(self._called, self.shown))
