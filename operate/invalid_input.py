"""What is wrong with what a person wrote, in sentences: the field, its value, what was probably meant."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any, Final

_LONGEST: Final = 100


class InvalidInput(Exception):
    """Input that cannot be used. Each of ``problems`` is a line that names the option, or file, line and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def unknown(name: str, value: str, what: str, there_are: Collection[str]) -> str:
    """The sentence for a field that names something unknown, with similar names, else some that exist."""
    names = sorted(there_are)
    if near := get_close_matches(value, names, n=3):
        known = f"did you mean {' or '.join(near)}?"
    elif names:
        known = f"known: {', '.join(names[:5])}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    else:
        known = "there is none at all"
    return f"{name}: there is no {what} {shown(value)}; {known}"


def shown(value: Any) -> str:
    """A value as a sentence quotes it, cut if it is long."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
