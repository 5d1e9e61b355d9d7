"""Formats of number sequences: ``FTI-########`` and ``{company}-EXPENSE-####``."""

from __future__ import annotations

import re

COMPANY_SEGMENT = "{company}"

_COUNTER = re.compile("#+")


def is_number_format(text: str) -> bool:
    """Whether ``text`` has exactly one counter (a run of ``#``) and no segment in braces but ``{company}``."""
    constant = text.replace(COMPANY_SEGMENT, "")
    return len(_COUNTER.findall(text)) == 1 and not set(constant) & set("{}")


def format_number(number_format: str, number: int, company: str) -> str:
    """``number`` in its format: ``#####_2017`` and 1 give ``00001_2017`` (NUM-04, NUM-05).

    A number longer than its counter is written whole: it stays unique, and posting does not stop for it.
    """
    counted = _COUNTER.sub(lambda counter: f"{number:0{len(counter[0])}d}", number_format)
    return counted.replace(COMPANY_SEGMENT, company)
