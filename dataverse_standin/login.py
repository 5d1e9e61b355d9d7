"""Signing in: access tokens for client credentials, and the documents by which a client finds where to get them.

msal accepts only https addresses, and there is no TLS here. So a transport that turns them into http says so, as a
proxy would, with ``X-Forwarded-Proto: https``, and the documents then name https addresses.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from dataverse_standin.messages import Request, Response, json_response
from dataverse_standin.settings import Settings

_NOT_CACHED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Login:
    """The tokens of one server. ``url`` is its address: authority and, unless the settings say otherwise, resource."""

    def __init__(self, settings: Settings, url: str) -> None:
        self._settings = settings
        self._url = url
        self._resource = settings.resource or url
        self._expiry: dict[str, float] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response | None:
        """The response to a request that is about signing in; ``None`` for any other."""
        tenant = self._settings.tenant
        match request.method, urlsplit(request.target).path:
            case "POST", path if path == f"/{tenant}/oauth2/v2.0/token":
                return self._token(request)
            case "GET", path if path == f"/{tenant}/v2.0/.well-known/openid-configuration":
                return json_response(200, self._configuration(self._address(request)))
            case "GET", "/common/discovery/instance":
                return json_response(200, self._instances(self._address(request)))
        return None

    def refusal(self, request: Request) -> Response | None:
        """401 for a request without a valid access token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            expiry = self._expiry.get(token, 0.0)
        if scheme.lower() == "bearer" and self._settings.seconds() < expiry:
            return None
        authority = f"{self._url}/{self._settings.tenant}/oauth2/authorize"
        challenge = f"Bearer authorization_uri={authority}, resource_id={self._resource}/"
        return Response(401, {"WWW-Authenticate": challenge})

    def _token(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
        settings = self._settings
        if form.get("grant_type") != "client_credentials":
            text = "AADSTS70003: The app requested an unsupported grant type."
            return _error(400, "unsupported_grant_type", text)
        if form.get("client_id") != settings.client_id:
            text = f"AADSTS700016: Application {form.get('client_id')!r} was not found in the directory."
            return _error(400, "unauthorized_client", text)
        if not hmac.compare_digest(form.get("client_secret", "").encode(), settings.client_secret.encode()):
            return _error(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        scope = form.get("scope", "")
        if scope.removesuffix("/.default").rstrip("/") != self._resource or not scope.endswith("/.default"):
            text = f"AADSTS70011: The scope {scope!r} is not valid; it is {self._resource}/.default."
            return _error(400, "invalid_scope", text)
        token = secrets.token_urlsafe(32)
        lifetime = settings.token_lifetime
        with self._lock:
            self._expiry[token] = settings.seconds() + lifetime
        content = {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token,
        }
        return json_response(200, content, headers=_NOT_CACHED)

    def _address(self, request: Request) -> str:
        return urlsplit(self._url)._replace(scheme=request.headers.get("X-Forwarded-Proto", "http")).geturl()

    def _configuration(self, address: str) -> dict[str, Any]:
        base = f"{address}/{self._settings.tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "issuer": f"{base}/v2.0",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token", "token"],
        }

    def _instances(self, address: str) -> dict[str, Any]:
        host = urlsplit(address).netloc
        endpoint = f"{address}/{self._settings.tenant}/v2.0/.well-known/openid-configuration"
        names = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [names]}


def _error(status: int, error: str, text: str) -> Response:
    code = int(text.partition(":")[0].removeprefix("AADSTS"))
    content = {"error": error, "error_description": text, "error_codes": [code]}
    return json_response(status, content, headers=_NOT_CACHED)
