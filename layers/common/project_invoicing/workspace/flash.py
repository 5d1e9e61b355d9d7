"""What was done, carried in a cookie from the answer to a form to the page after it.

No page of another site can set the cookie, and its text is escaped where it is shown, so it is not signed.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aws_lambda_powertools.shared.cookies import Cookie, SameSite

_NAME: Final = "said"
_LONGEST: Final = 1_000
"""Characters. A cookie can have 4 KB."""
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Said:
    """``refused``: it was not done."""

    text: str
    refused: bool


def cookie(text: str, *, refused: bool) -> Cookie:
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    value = urlsafe_b64encode(json.dumps([short, refused]).encode()).decode().rstrip("=")
    return Cookie(_NAME, value, "/", http_only=True, secure=False, same_site=SameSite.STRICT_MODE, max_age=_SECONDS)


def ended() -> Cookie:
    return Cookie(_NAME, "", "/", http_only=True, secure=False, same_site=SameSite.STRICT_MODE, max_age=0)


def read(cookies: Sequence[str]) -> Said | None:
    """What the request's cookies say; ``None`` for nothing, or for something that we did not write."""
    for one in cookies:
        name, _, value = one.strip().partition("=")
        if name == _NAME and value:
            try:
                text, refused = json.loads(urlsafe_b64decode(value + "=" * (-len(value) % 4)))
            except (ValueError, TypeError):
                return None
            return Said(str(text)[:_LONGEST], bool(refused))
    return None
