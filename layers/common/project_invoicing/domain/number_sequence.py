"""Formats of number sequences: ``FTI-########`` and ``{company}-EXPENSE-####``.

Numbers drawn by Dataverse may contain parts that finance cannot know, so the format of a proposal number allows ``?``
for one character and ``*`` for any number of characters: ``INV-#####-??????`` (D-071).
"""

from __future__ import annotations

import re

COMPANY_SEGMENT = "{company}"

_COUNTER = re.compile("#+")
_PART = re.compile(r"#+|\?|\*|\{company\}|.", re.DOTALL)
_OF_DATAVERSE = re.compile(r"[^\W\d_]+-(\d+)-(\w{4,6})", re.ASCII)
"""How Dataverse numbers by default: a prefix, the counter, and a suffix of random letters and digits."""


def is_number_format(text: str) -> bool:
    """Whether ``text`` has exactly one counter (a run of ``#``) and no segment in braces other than ``{company}``."""
    constant = text.replace(COMPANY_SEGMENT, "")
    return len(_COUNTER.findall(text)) == 1 and not set(constant) & set("{}")


def format_number(number_format: str, number: int, company: str) -> str:
    """``number`` in its format: ``#####_2017`` and 1 give ``00001_2017`` (NUM-04, NUM-05).

    A number longer than its counter is written in full: it stays unique, and posting does not stop for it.
    """
    counted = _COUNTER.sub(lambda counter: f"{number:0{len(counter[0])}d}", number_format)
    return counted.replace(COMPANY_SEGMENT, company)


def counter_in(number: str, number_format: str, company: str) -> int | None:
    """The counter of ``number``, which may be longer or shorter than in the format; ``None`` if it does not fit."""
    patterns = {"?": ".", "*": ".*?", COMPANY_SEGMENT: re.escape(company)}
    parts = _PART.findall(number_format)
    pattern = "".join(r"([0-9]+)" if part[0] == "#" else patterns.get(part, re.escape(part)) for part in parts)
    found = re.fullmatch(pattern, number, re.DOTALL)
    return int(found[1]) if found else None


def possible_counters(number: str, number_format: str, company: str) -> list[int]:
    """What ``number`` may have been counted as: by the format, else as each of its runs of digits, the last first.

    A number that was drawn before the format changed does not fit it.
    """
    found = counter_in(number, number_format, company)
    return [int(run) for run in reversed(re.findall("[0-9]{1,12}", number))] if found is None else [found]


def counter_beside(number: str, other: str) -> int | None:
    """The counter of ``number`` in a sequence whose format is not set up; ``None`` without digits.

    It is the last run of digits, apart from a suffix as Dataverse draws it. The prefix shared with the ``other`` number
    of the sequence does not count.
    """
    form, others = _OF_DATAVERSE.fullmatch(number), _OF_DATAVERSE.fullmatch(other)
    if form and not (others and others[1] == form[1]):
        suffixes = form[2] + (others[2] if others else "")
        if not suffixes.isdigit():
            return int(form[1])
    runs = re.findall("[0-9]+", number)
    return int(runs[-1]) if runs else None
