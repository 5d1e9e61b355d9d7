"""Who may send: the webhook's keys, and a signature for senders that can sign. Pure.

Dataverse sends a static secret, as a header of the administrator's choice (``x-webhook-key`` here) or as ``?code=``,
and does not sign (D-041). Two keys are valid at once, so one can be exchanged while the other is in use. A sender that
can sign adds ``x-webhook-timestamp`` (seconds since 1970) and ``x-webhook-signature``, the hexadecimal HMAC-SHA256 of
the timestamp, a full stop and the body as it is sent.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

KEY_HEADER: Final = "x-webhook-key"
KEY_PARAMETER: Final = "code"
TIMESTAMP_HEADER: Final = "x-webhook-timestamp"
SIGNATURE_HEADER: Final = "x-webhook-signature"
WINDOW_SECONDS: Final = 300
SHORTEST_KEY: Final = 16

_SECONDS = re.compile(r"\d{1,12}", re.ASCII)


class UnauthorizedError(Exception):
    """The sender has not shown that it may send. The text says what is wrong and shows nothing of any secret."""


@dataclass(frozen=True, slots=True, repr=False)
class WebhookKeys:
    """What the secret holds. It has no readable form, so that none can reach a log."""

    keys: tuple[str, ...]
    signing_secret: str | None = None
    signature_required: bool = False


def read_keys(text: str) -> WebhookKeys:
    """The secret's JSON: ``key``; if wanted ``other_key``, ``signing_secret``, ``signature_required``.

    Raises ``ValueError`` that names the entry and not its value.
    """
    try:
        given = json.loads(text)
    except ValueError:
        raise ValueError("the secret of the webhook is not JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the secret of the webhook is not a JSON object")  # noqa: TRY004 (a setting is wrong)
    key = _text(given, "key")
    if key is None:
        raise ValueError("the secret of the webhook has no key")
    # Whoever takes a key out in a console may leave it empty: none, and no reason to turn everybody away.
    other = None if given.get("other_key") == "" else _text(given, "other_key")
    signing_secret = _text(given, "signing_secret")
    required = given.get("signature_required", False)
    if not isinstance(required, bool) or (required and signing_secret is None):
        raise ValueError("signature_required is true or false, and true only with a signing_secret")
    return WebhookKeys(tuple(one for one in (key, other) if one is not None), signing_secret, required)


def shows_key(keys: WebhookKeys, headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the header or the query has a valid key. Each is compared with each in constant time."""
    shown = [given for given in (headers.get(KEY_HEADER), query.get(KEY_PARAMETER)) if given is not None]
    matches = [hmac.compare_digest(_bytes(given), _bytes(key)) for given in shown for key in keys.keys]
    return any(matches)


def signature_of(keys: WebhookKeys, headers: Mapping[str, str], body: bytes, now: float) -> str | None:
    """The message's signature once it is found right, ``None`` for an unsigned message where none is needed.

    ``now`` in seconds since 1970. Raises ``UnauthorizedError``. A signature is only good for 300 s in either
    direction; that it is used once is for the caller to see to.
    """
    if keys.signing_secret is None:
        return None
    timestamp, given = headers.get(TIMESTAMP_HEADER), headers.get(SIGNATURE_HEADER)
    if timestamp is None and given is None:
        if keys.signature_required:
            raise UnauthorizedError(f"the message is not signed: send {TIMESTAMP_HEADER} and {SIGNATURE_HEADER}")
        return None
    if timestamp is None or given is None:
        raise UnauthorizedError(f"a signed message has both {TIMESTAMP_HEADER} and {SIGNATURE_HEADER}")
    right = sign(keys.signing_secret, timestamp, body)
    if not hmac.compare_digest(_bytes(given.strip().lower()), right.encode()):
        raise UnauthorizedError(f"{SIGNATURE_HEADER} is not that of this body and timestamp")
    if not _SECONDS.fullmatch(timestamp) or abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise UnauthorizedError(f"{TIMESTAMP_HEADER} is not within {WINDOW_SECONDS} s of now; sign the message again")
    return right


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The hexadecimal HMAC-SHA256 of ``timestamp``, a full stop and ``body``."""
    return hmac.new(_bytes(secret), _bytes(timestamp) + b"." + body, sha256).hexdigest()


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) < SHORTEST_KEY:
        raise ValueError(f"{name} of the webhook's secret is null or a text of at least {SHORTEST_KEY} characters")
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
