"""Texts of others on a terminal: what is printed of them is text and nothing else."""

from __future__ import annotations

import re
from typing import Final

from project_invoicing.dataverse.values import REPLACED

_BLANK: Final = re.compile(r"[\t\n\v\f\r\u0085\u2028\u2029]+")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1, whose escapes a terminal obeys, marks that turn the order of what is read, and halves of characters."""


def printable(text: object) -> str:
    """``text`` on one line, with a sign in place of each control character."""
    return _CONTROL.sub(REPLACED, _BLANK.sub(" ", str(text)))
