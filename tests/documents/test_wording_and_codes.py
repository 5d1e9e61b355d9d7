"""Numbers, dates and words by language, and what the QR codes say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import segno
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from project_invoice_documents import qr
from project_invoice_documents.e_invoice.cii import cii
from project_invoice_documents.e_invoice.ubl import ubl
from project_invoice_documents.payment_codes import CodeKind, PaymentCode, code_of, plain_iban
from project_invoice_documents.view import view_of
from project_invoice_documents.wording import Wording, clean, digits_of, language_of
from project_invoicing.domain.document_codes import LANGUAGES
from project_invoicing.domain.invoice_document import Address, InvoiceDocument
from project_invoicing.domain.payment_reference import payment_reference, qr_reference
from tests.documents.kinds import kinds
from tests.invoice_documents import SELLER, document, line
from tools import locales

FOLDER = locales.FILE.parent
KINDS = kinds()
WITHOUT_ADDRESS = document(line(), seller=replace(SELLER, address=Address()))


def test_the_formats_are_what_babel_gives() -> None:
    assert locales.FILE.read_text("utf-8") == locales.written(), "run python -m tools.locales"


def test_every_language_has_the_same_words_and_puts_the_same_into_them() -> None:
    files = {name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in LANGUAGES}
    for name, words in files.items():
        for key, english in files["en"].items():
            if isinstance(english, dict):
                assert words[key].keys() == english.keys(), (name, key)
            else:
                assert _places(words[key]) == _places(english), (name, key)
        assert words.keys() == files["en"].keys()


def _places(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_and_dates_are_written_as_babel_writes_them(language: str) -> None:
    locale = "en_GB" if language == "en" else language
    words = Wording.of(language)
    for text in ("12345678.90", "-12345.50", "0.05", "999", "123456"):
        value = Decimal(text)
        assert words.number(value) == format_decimal(value, locale=locale, decimal_quantization=False)
    assert words.percent(Decimal("7.5")) == format_percent(Decimal("0.075"), "#,##0.0" + _percent_end(language), locale)
    for day in (date(2026, 1, 5), date(2026, 9, 30)):
        assert words.day(day) == format_date(day, locale=locale)


def _percent_end(language: str) -> str:
    return str(Wording.of(language).formats["percent"]).replace("{0}", "")


@pytest.mark.parametrize(
    ("currency", "step", "digits"),
    [("JPY", "1", 0), ("BHD", "0.001", 3), ("CHF", "0.05", 2), ("EUR", "0.01", 2), ("EUR", "1", 2), ("HUF", "0.01", 2)],
)
def test_digits_are_those_of_the_currency_or_more(currency: str, step: str, digits: int) -> None:
    assert digits_of(currency, Decimal(step)) == digits


def test_a_language_without_words_is_english_and_braces_in_values_mean_nothing() -> None:
    assert [language_of(one) for one in ("de-AT", "ar", "", "he_IL")] == ["de", "en", "en", "en"]
    assert Wording.of("en").say("corrects_undated", number="{date}") == "Corrects invoice {date}"
    assert clean(" a\u202e\x00b\u2028c\t d ") == "ab c d"


def test_a_payment_in_euro_has_the_european_code() -> None:
    code = code_of(document(line()))
    assert code is not None
    assert code.payload.split("\n") == [
        *("BCD", "002", "1", "SCT", "COBADEFFXXX", "Contoso Consulting GmbH", "DE89370400440532013000", "EUR1142.40"),
        *("", "", "FTI-00000042"),
    ]


def test_a_swiss_account_has_the_swiss_code_with_all_its_lines() -> None:
    of = KINDS["swiss"]
    code = code_of(of)
    assert code is not None
    lines = code.payload.split("\n")
    assert lines == [
        *("SPC", "0200", "1", "CH9300762011623852957"),
        *("S", "Contoso Suisse SA", "Bahnhofstrasse 1", "", "8001", "Zürich", "CH"),
        *[""] * 7,
        *("1142.40", "CHF"),
        *("S", "Fabrikam AG", "Marienplatz 8", "", "80331", "München", "DE"),
        *("NON", "", "FTI-00000042", "EPD"),
    ]


def paid_to(of: InvoiceDocument, iban: str) -> InvoiceDocument:
    return replace(of, bank_accounts=(replace(of.bank_accounts[0], iban=iban), *of.bank_accounts[1:]))


@pytest.mark.parametrize(
    ("of", "reference"),
    [
        (document(line()), "FTI-00000042"),
        (document(line(), invoice_number="СЧ/7 ﷽"), "../7 ."),
        (KINDS["swiss"], "FTI-00000042"),
        (paid_to(KINDS["swiss"], "CH44 3199 9123 0008 8901 2"), "000000000000000000000000420"),
        # without an address there is no code to scan, and the bank wants the reference nevertheless
        (paid_to(WITHOUT_ADDRESS, "CH4431999123000889012"), "000000000000000000000000420"),
    ],
)
def test_page_code_and_both_e_invoices_give_the_payer_the_same_reference(of: InvoiceDocument, reference: str) -> None:
    assert payment_reference(of) == reference
    assert dict(view_of(of).payment[0])[Wording.of(of.presentation.language).say("reference")] == reference
    assert f"<cbc:PaymentID>{reference}</cbc:PaymentID>" in ubl(of).decode()
    assert f"<ram:PaymentReference>{reference}</ram:PaymentReference>" in cii(of).decode()
    if code := code_of(of):
        assert reference in code.payload.split("\n")


def test_a_qr_iban_gets_a_reference_with_its_check_digit() -> None:
    of = paid_to(KINDS["swiss"], "CH4431999123000889012")
    code = code_of(of)
    assert code is not None
    assert code.payload.split("\n")[-4:] == ["QRR", qr_reference(of.number), of.number, "EPD"]
    assert qr_reference("21000000000313947143000901") == "210000000003139471430009017"


@pytest.mark.parametrize(
    "changed",
    [
        {"invoice_number": None},
        {"currency": "USD"},
        {"total": Decimal(0)},
        {"total": Decimal("-1.00")},
        {"total": Decimal("1000000000.00")},
    ],
)
def test_what_cannot_be_paid_so_has_no_code(changed: dict[str, object]) -> None:
    of: InvoiceDocument = replace(document(line()), **changed)  # type: ignore[arg-type]
    assert code_of(of) is None
    assert code_of(paid_to(document(line()), "DE00370400440532013000")) is None
    assert plain_iban("DE89 3704 0044 0532 0130 00") == "DE89370400440532013000"


@pytest.mark.parametrize("kind", CodeKind)
def test_what_is_drawn_is_the_code_of_level_m(kind: CodeKind) -> None:
    payload = "SPC\n0200\nZürich" * 9
    size, dark = qr.runs(PaymentCode(kind, payload))
    wanted = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8")
    drawn = [[False] * size for _ in range(size)]
    for x, y, length in dark:
        drawn[y][x : x + length] = [True] * length
    assert drawn == [[bool(module & 1) for module in row] for row in wanted.matrix]
    assert wanted.error == "M"
    assert ("<rect" in qr.svg(PaymentCode(kind, payload)).partition("<path")[2]) is (kind is CodeKind.SWISS)
