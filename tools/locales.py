"""Writes how numbers, dates and currencies look in the languages of the invoice document, from babel's locale data.

The documents themselves are made without babel, whose data is larger than the rest of the layer.
``python -m tools.locales`` writes the file; a test says when it is no longer what babel gives.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import get_currency_precision, list_currencies

from project_invoicing.domain.document_codes import LANGUAGES

FILE = (
    Path(__file__).resolve().parents[1]
    / "layers"
    / "documents"
    / "project_invoice_documents"
    / "locales"
    / "formats.json"
)


def _of(language: str) -> dict[str, Any]:
    locale = Locale.parse("en_GB" if language == "en" else language)
    symbols = locale.number_symbols["latn"]
    months = locale.months["format"]["abbreviated"]
    return {
        "decimal": symbols["decimal"],
        "group": symbols["group"],
        "percent": locale.percent_formats[None].pattern.replace("#,##0", "{0}"),
        "currency_first": locale.currency_formats["standard"].pattern.startswith("¤"),
        "date": locale.date_formats["medium"].pattern,
        "months": [months[number] for number in range(1, 13)],
        "countries": {
            code: name for code, name in sorted(locale.territories.items()) if re.fullmatch("[A-Z]{2}", code)
        },
    }


def written() -> str:
    """The file, as babel gives it today."""
    digits = {code: get_currency_precision(code) for code in sorted(list_currencies())}
    content = {
        "currency_digits": {code: places for code, places in digits.items() if places != 2},
        "languages": {language: _of(language) for language in sorted(LANGUAGES)},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
