"""Words, numbers, dates and amounts in the language of a document. The words are data in ``locales``.

Right-to-left languages are not supported: there is no file for one, and a document in it is written in English.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final

from project_invoicing.domain.document_codes import LANGUAGES

FALLBACK: Final = "en"
NBSP: Final = "\N{NO-BREAK SPACE}"
_DATE_PART = re.compile("d+|M+|y+")
_BAD = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(text: object) -> str:
    """A text from outside on one line, without control characters, bidi overrides and what else shows nothing."""
    shown = str(text)
    if shown.isascii() and shown.isprintable():
        return shown.strip()
    kept = "".join(
        " " if character.isspace() else character
        for character in shown
        if character.isspace() or unicodedata.category(character) not in _BAD
    )
    return re.sub(" {2,}", " ", kept).strip()


def paragraphs(text: str | None) -> list[str]:
    """The lines of a text, each one clean."""
    return [line for raw in re.split("[\r\n\u2028\u2029]+", text or "") if (line := clean(raw))]


@cache
def _read(name: str) -> Mapping[str, Any]:
    text = files(__package__).joinpath("locales", f"{name}.json").read_text("utf-8")
    data: Mapping[str, Any] = json.loads(text)
    return data


def language_of(wanted: str) -> str:
    """The language that a document is written in: ``de`` for ``de-AT``, English where we have no words."""
    short = re.split("[-_]", wanted.strip().lower())[0]
    return short if short in LANGUAGES else FALLBACK


@dataclass(frozen=True, slots=True)
class Wording:
    language: str
    words: Mapping[str, Any]
    formats: Mapping[str, Any]

    @classmethod
    def of(cls, language: str) -> Wording:
        known = language_of(language)
        return cls(known, _read(known), _read("formats")["languages"][known])

    def say(self, key: str, **values: str) -> str:
        """Words with what belongs into them. Values are put in once: braces in them mean nothing."""
        pattern: str = self.words[key]
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], pattern) if values else pattern

    def of_kind(self, key: str) -> str:
        return str(self.words["kinds"][key])

    def group(self, key: str) -> str:
        return str(self.words["groups"][key])

    def missing(self, name: str) -> str:
        return str(self.words["missing"].get(name, clean(name)))

    def country(self, code: str) -> str:
        return str(self.formats["countries"].get(code.upper(), clean(code)))

    def number(self, value: Decimal, least: int = 0, most: int | None = None) -> str:
        """With at least so many digits after the point, and no more than it has."""
        exponent = value.normalize().as_tuple().exponent
        own = max(0, -exponent) if isinstance(exponent, int) else 0
        places = max(least, own if most is None else min(own, most))
        fixed = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP) if places < own else value
        whole, _, fraction = f"{abs(fixed):.{places}f}".partition(".")
        mark = self.formats["group"]
        whole = f"{int(whole):,}".replace(",", mark)
        sign = "-" if fixed < 0 else ""
        return sign + whole + (self.formats["decimal"] + fraction if places else "")

    def percent(self, value: Decimal) -> str:
        return str(self.formats["percent"]).replace("{0}", self.number(value))

    def with_currency(self, amount: str, currency: str) -> str:
        shown = clean(currency)
        return f"{shown}{NBSP}{amount}" if self.formats["currency_first"] else f"{amount}{NBSP}{shown}"

    def day(self, day: date) -> str:
        def part(found: re.Match[str]) -> str:
            letters = found[0]
            if letters[0] == "y":
                return str(day.year)
            if letters[0] == "d":
                return f"{day.day:0{len(letters)}d}"
            return self.formats["months"][day.month - 1] if len(letters) > 2 else f"{day.month:0{len(letters)}d}"

        return _DATE_PART.sub(part, self.formats["date"])


def digits_of(currency: str, step: Decimal) -> int:
    """Digits after the point: those of the currency, or more if the step of its amounts has more."""
    exponent = step.normalize().as_tuple().exponent
    own = max(0, -exponent) if isinstance(exponent, int) else 0
    usual: int = _read("formats")["currency_digits"].get(currency.upper(), 2)
    return max(own, usual)
