"""What is wrong with what a person wrote, as sentences: the field, what is there, what may be meant."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, Final

_LONGEST: Final = 100


class InvalidInput(Exception):
    """A file that cannot be used. ``problems`` has one line each, naming file, line and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def unknown(name: str, value: str, what: str, there_are: Collection[str]) -> str:
    """The problem of a field that names what is not there, with the names that are near, else some that are there."""
    names = sorted(there_are)
    if near := get_close_matches(value, names, n=3):
        known = f"did you mean {' or '.join(near)}?"
    elif names:
        known = f"known: {', '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    else:
        known = "there is none at all"
    return f"{name}: there is no {what} {shown(value)}; {known}"


def shown(value: Any) -> str:
    """A value as it is quoted in a sentence: not all of a long one."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
