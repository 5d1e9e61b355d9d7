"""Files of exchange rates are read whole or not at all, and what is wrong with them is said by line."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from project_invoicing.domain.master_data import RateKey
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.master_data.rate_file import newest, rates_in, reference_rates_in

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
POUNDS = RateKey("default", "GBP", "USD")
XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01">
  <gesmes:subject>Reference rates</gesmes:subject>
  <Cube>
    <Cube time='2026-01-05'>
      <Cube currency='USD' rate='1.25'/>
      <Cube currency='GBP' rate='0.8'/>
    </Cube>
    <Cube time="2026-01-02">
      <Cube currency="USD" rate="1.2"/>
    </Cube>
  </Cube>
</gesmes:Envelope>"""


def rate(rate: str, factor: str = "1") -> ExchangeRate:
    return ExchangeRate(Decimal(rate), Decimal(factor))


def refused(text: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        rates_in(text)
    assert caught.value.reason == "schema"
    return caught.value.detail.split("\n")


def test_a_file_says_rates_by_type_pair_and_day() -> None:
    text = "type,from,to,valid_from,rate,factor\ndefault,GBP,USD,2026-01-05,125,100\nbudget,GBP,USD,2026-01-05,1.3,\n"
    assert rates_in(text) == {
        POUNDS: {MONDAY: rate("125", "100")},
        RateKey("budget", "GBP", "USD"): {MONDAY: rate("1.3")},
    }


def test_type_and_factor_may_be_left_out_and_columns_come_in_any_order() -> None:
    text = "\ufeffrate, valid_from,from,to\r\n1.25,2026-01-05,GBP,USD\r\n1.26,2026-01-06, GBP ,USD\r\n"
    assert rates_in(text) == {POUNDS: {MONDAY: rate("1.25"), TUESDAY: rate("1.26")}}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("GBP,USD,5.1.2026,1.25", "line 2: valid_from: '5.1.2026' is no date; write it as 2026-08-31"),
        ("GBP,USD,2026-01-05,1,25", "line 2: has more values than there are columns"),
        ("GBP,USD,2026-01-05,1e3", "line 2: rate: '1e3' is no exact decimal; write it in quotes, such as \"1.25\""),
        ("GBP,USD,2026-01-05,0", "line 2: rate: Input should be greater than 0"),
        ("GBP,USD,2026-01-05,", "line 2: rate is missing"),
        ("gbp,USD,2026-01-05,1.25", "line 2: 'gbp' is no currency code, such as EUR"),
        ("USD,USD,2026-01-05,1.25", "line 2: USD to itself needs no rate"),
        ('"GBP,USD,2026-01-05,1.25', "line 2: unexpected end of data"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_read(line: str, told: str) -> None:
    assert refused(f"from,to,valid_from,rate\n{line}") == [told]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = "from,to,valid_from,rate\nGBP,USD,2026-01-05,1.25\nGBP,USD,2026-01-05,1.26\n\nEUR,USD,soon,1.1\n"
    assert refused(text) == [
        "line 3: the rate from GBP to USD of 2026-01-05 is in line 2 already",
        "line 5: valid_from: 'soon' is no date; write it as 2026-08-31",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: names no column from, to, valid_from, rate"),
        ("from,to,rate\n", "line 1: names no column valid_from"),
        ("from,to,valid_from,rate,bid\n", "line 1: column bid is unknown"),
        ("from,to,valid_from,rate\n", "the file has no rates"),
        ("type,from,to,valid_from,rate\na#b,GBP,USD,2026-01-05,1\n", "line 2: type: 'a#b' is no name of a type"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, told: str) -> None:
    (only,) = refused(text)
    assert only.startswith(told)


@pytest.mark.parametrize(
    "text",
    [
        XML,
        "Date, USD, GBP, TRY, \n05 January 2026, 1.25, 0.8, N/A, \n2026-01-02,1.2,,,\n",
    ],
)
def test_the_bank_quotes_units_of_a_euro_and_its_rates_are_crossed_exactly(text: str) -> None:
    pairs = [("GBP", "USD"), ("EUR", "USD"), ("USD", "EUR"), ("USD", "USD"), ("CHF", "USD")]
    found = reference_rates_in(text.encode(), pairs)
    friday = date(2026, 1, 2)
    assert found == {
        POUNDS: {MONDAY: rate("1.25", "0.8")},
        RateKey("default", "EUR", "USD"): {MONDAY: rate("1.25"), friday: rate("1.2")},
        RateKey("default", "USD", "EUR"): {MONDAY: rate("1", "1.25"), friday: rate("1", "1.2")},
    }
    assert found[POUNDS][MONDAY].convert(Decimal(80), Decimal("0.01")) == Decimal("125.00")
    assert newest(found) == MONDAY


def test_a_zip_with_one_file_is_unpacked_and_a_file_of_ours_is_read_as_such() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("eurofxref.csv", "Date, USD, \n05 January 2026, 1.25, \n")
    assert reference_rates_in(packed.getvalue(), [("EUR", "USD")])
    ours = b"from,to,valid_from,rate\nCHF,SEK,2026-01-05,11\n"
    assert reference_rates_in(ours, [("EUR", "USD")]) == {RateKey("default", "CHF", "SEK"): {MONDAY: rate("11")}}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"<html>Service unavailable</html>", "it is XML without a Cube"),
        (b"Date, USD\n", "it has no line with rates"),
        (b"Date, USD\nyesterday, 1.2\n", "line 2: 'yesterday' is no day"),
        (b"Date, USD\n2026-01-05, -1\n", "line 2: '-1' is no rate"),
        (b"Date, USD\n2026-01-05, NaN\n", "line 2: 'NaN' is no rate"),
        (b"Date, USD\n2026-01-05, 1.2x\n", "line 2: '1.2x' is no rate"),
        (b"PK\x03\x04", "it is no zip with one file"),
        (b"\xff\xfe", "it is not UTF-8 at byte 0"),
        (XML.replace("1.25", "1.2.5").encode(), "2026-01-05: '1.2.5' is no rate"),
    ],
)
def test_what_is_no_file_of_rates_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(Rejected) as caught:
        reference_rates_in(data, [("EUR", "USD")])
    assert caught.value.detail.startswith(told)
