"""Texts that come back from a browser and that only we can have written: signed, for one purpose, until a time.

What is in them can be read by whoever has them. Nothing is kept on our side.
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

Keys = Sequence[bytes]


class Seals:
    """``keys``: the first one signs, all of them are accepted, so that keys can be exchanged (D-146).

    ``newer`` gives the keys where they have changed since, else ``None``; it is asked where no key fits.
    """

    def __init__(self, keys: Callable[[], Keys], newer: Callable[[], Keys | None] = lambda: None) -> None:
        self._keys = keys
        self._newer = newer

    def seal(self, purpose: str, content: Mapping[str, Any], until: datetime) -> str:
        """``content`` (JSON) as text of letters, digits, ``-``, ``_`` and a dot."""
        text = json.dumps([int(until.timestamp()), content], separators=(",", ":"))
        body = urlsafe_b64encode(text.encode()).rstrip(b"=")
        return b".".join([body, _signature(self._keys()[0], purpose, body)]).decode()

    def opened(self, purpose: str, text: str, now: datetime) -> Mapping[str, Any] | None:
        """What was sealed for ``purpose``; ``None`` where we did not seal it, or its time is over."""
        body, _, signature = text.encode("utf-8", "replace").partition(b".")
        if not self._signed(purpose, body, signature):
            return None
        until, content = json.loads(urlsafe_b64decode(body + b"=" * (-len(body) % 4)))
        return content if now.timestamp() < until and isinstance(content, Mapping) else None

    def _signed(self, purpose: str, body: bytes, signature: bytes) -> bool:
        for keys in (self._keys, self._newer):
            known = keys()
            if known and any(hmac.compare_digest(_signature(key, purpose, body), signature) for key in known):
                return True
        return False


def _signature(key: bytes, purpose: str, body: bytes) -> bytes:
    digest = hmac.new(key, b"\0".join([purpose.encode(), body]), sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=")
