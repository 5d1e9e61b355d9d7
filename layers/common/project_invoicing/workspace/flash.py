"""What was done, carried in a signed cookie from the answer to a form to the page after it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aws_lambda_powertools.shared.cookies import Cookie

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.errors import IntegrationError
from project_invoicing.workspace.guard import origin_of
from project_invoicing.workspace.secret import seals
from project_invoicing.workspace.session import cookie_name, cookie_values, set_cookie

_NAME: Final = "said"
_LONGEST: Final = 2_600
"""Bytes of the text in JSON: a browser keeps cookies of 4 KB, and base64 makes it a third longer."""
_LASTS: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Said:
    """``refused``: it was not done."""

    text: str
    refused: bool


def cookie(event: Mapping[str, Any], text: str, *, refused: bool) -> Cookie:
    content = {"text": _short(text), "refused": refused}
    sealed = seals(settings()).seal(_NAME, content, bootstrap.now() + _LASTS)
    return _cookie(event, sealed, int(_LASTS.total_seconds()))


def ended(event: Mapping[str, Any]) -> Cookie:
    return _cookie(event, "", 0)


def read(event: Mapping[str, Any]) -> Said | None:
    """What the request's cookies say; ``None`` for nothing, for something that we did not write, and for a minute ago.

    A page is shown without it where the key cannot be read.
    """
    for sealed in cookie_values(event.get("cookies") or (), _cookie(event, "", 0).name):
        try:
            content = seals(settings()).opened(_NAME, sealed, bootstrap.now())
        except IntegrationError:
            return None
        if content:
            return Said(content["text"], content["refused"])
    return None


def _cookie(event: Mapping[str, Any], value: str, seconds: int) -> Cookie:
    secure = origin_of(event, settings()).startswith("https:")
    return set_cookie(cookie_name(_NAME, secure=secure), value, secure=secure, seconds=seconds)


def _short(text: str) -> str:
    """The text, or so much of it as a cookie can hold."""
    while len(json.dumps(text)) > _LONGEST:
        text = f"{text[: len(text) * 3 // 4]}…"
    return text
