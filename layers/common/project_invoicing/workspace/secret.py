"""The secret of the workspace, and what is made with it once a process."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from project_invoicing.config import Settings
from project_invoicing.errors import IntegrationError
from project_invoicing.secrets import Secret
from project_invoicing.store import client
from project_invoicing.workspace.seals import Seals

SHORTEST: Final = 32
"""Characters of a session key."""


class NotSetUp(IntegrationError):
    """The set-up of the sign-in is incomplete or contradicts itself. The text names the setting, and no secret."""


class WorkspaceSecret:
    """JSON in Secrets Manager: ``session_key``, one text or several of which the first signs, and ``client_secret``.

    ``client_secret`` is empty for a public client. Every method raises ``NotSetUp`` for a secret that is not like this,
    and ``Unavailable`` where it cannot be read.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def client_secret(self) -> str:
        return str(_read(self._secret.text()).get("client_secret") or "")

    def session_keys(self) -> Sequence[bytes]:
        return _keys(self._secret.text())

    def newer_session_keys(self) -> Sequence[bytes] | None:
        text = self._secret.newer()
        return None if text is None else _keys(text)


@cache
def secret_named(id: str) -> WorkspaceSecret:
    return WorkspaceSecret(Secret(client.secrets_manager(), id))


@cache
def _keys_of_this_process() -> Sequence[bytes]:
    return [secrets.token_bytes(32)]


def seals(settings: Settings) -> Seals:
    """What signs cookies: with the keys of the secret, on a local stack with a key of the process."""
    if settings.workspace_local_user and not in_lambda():
        return Seals(_keys_of_this_process)
    if settings.workspace_secret:
        secret = secret_named(settings.workspace_secret)
        return Seals(secret.session_keys, secret.newer_session_keys)
    raise NotSetUp("WORKSPACE_SECRET names no secret, so nobody can sign in")


def in_lambda() -> bool:
    return bool(os.environ.get("AWS_LAMBDA_FUNCTION_NAME"))


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotSetUp("the secret that WORKSPACE_SECRET names is no JSON object")
    return found


def _keys(text: str) -> Sequence[bytes]:
    given = _read(text).get("session_key")
    keys = [given] if isinstance(given, str) else given
    if not isinstance(keys, list) or not keys or not all(isinstance(one, str) and len(one) >= SHORTEST for one in keys):
        raise NotSetUp(
            f"session_key in the secret that WORKSPACE_SECRET names is a text of at least {SHORTEST} characters, "
            "or a list of them"
        )
    return [str(key).encode() for key in keys]
