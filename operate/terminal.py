"""The terminal: its width, and texts that others wrote, which must not control it."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from rich.console import Console

from project_invoicing.domain.text import REPLACED

_WIDTH: Final = 110
_BLANK: Final = re.compile(r"[\t\n\v\f\r\u0085\u2028\u2029]+")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1, whose escapes a terminal obeys, marks that turn the order of what is read, and halves of characters."""


def printable(text: object) -> str:
    """``text`` on one line, with a replacement for each control character."""
    return _CONTROL.sub(REPLACED, _BLANK.sub(" ", str(text)))


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError  # Rich would end the program itself


def console() -> Console:
    """As wide as the terminal, and always wide enough for the figures: a cut amount is worse than a broken line."""
    return _Console(width=max(_WIDTH, Console().width))
