"""Formats of number sequences (NUM)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.number_sequence import counter_beside, counter_in, format_number, is_number_format


@pytest.mark.parametrize(
    ("number_format", "number", "written"),
    [
        pytest.param("#####_2017", 1, "00001_2017", id="NUM-04 first"),
        pytest.param("#####_2017", 2, "00002_2017", id="NUM-04 second"),
        pytest.param("CS-EXPENSE-####", 39, "CS-EXPENSE-0039", id="NUM-05"),
        pytest.param("{company}-######", 41, "USPM-000041", id="company segment"),
        pytest.param("##", 123, "123", id="longer than its counter"),
    ],
)
def test_a_number_is_written_in_its_format(number_format: str, number: int, written: str) -> None:
    assert is_number_format(number_format)
    assert format_number(number_format, number, "USPM") == written


@pytest.mark.parametrize("text", ["", "FTI", "##-##", "{Company}-##", "{}##", "{company-##"])
def test_a_format_has_one_counter_and_only_the_company_in_braces(text: str) -> None:
    assert not is_number_format(text)


@given(st.sampled_from(["FTI-####", "#####_2017", "{company}-#"]), st.integers(1), st.integers(1))
def test_two_numbers_are_never_written_alike(number_format: str, one: int, other: int) -> None:
    alike = format_number(number_format, one, "USPM") == format_number(number_format, other, "USPM")
    assert alike == (one == other)


@pytest.mark.parametrize(
    ("number", "number_format", "counter"),
    [
        ("INV-01000-K7R9T4", "INV-#####-??????", 1000),
        ("INV-01000-K7R9T4", "INV-#####-*", 1000),
        ("INV-123456-K7R9T4", "INV-#####-??????", 123456),
        ("INV-7-K7R9T4", "INV-#####-??????", 7),
        ("00012_2017", "#####_2017", 12),
        ("2026-INV-0008", "2026-INV-####", 8),
        ("INV20260009", "INV2026####", 9),
        ("USPM-000041", "{company}-######", 41),
        ("GBPM-000041", "{company}-######", None),
        ("A12-0034", "*-####", 34),
        ("12340034", "*####", 12340034),
        ("INV-01000-K7R9T", "INV-#####-??????", None),
        ("PF-9", "INV-#####", None),
        ("INV-x", "INV-#####", None),
        ("INV-\u0661", "INV-#", None),
        ("INV.5", "INV.#", 5),
        ("INVx5", "INV.#", None),
    ],
)
def test_99_28_the_counter_of_a_number_is_where_its_format_has_it(
    number: str, number_format: str, counter: int | None
) -> None:
    assert is_number_format(number_format)
    assert counter_in(number, number_format, "USPM") == counter


@pytest.mark.parametrize(
    ("last", "number", "counters"),
    [
        pytest.param("INV-01000-K7R9T4", "INV-01001-B2M5Q1", (1000, 1001), id="as Dataverse numbers"),
        pytest.param("INV-01000-K7R9T4", "INV-01001-123456", (1000, 1001), id="a suffix of digits by chance"),
        pytest.param("INV-01000", "INV-01001-B2M5Q1", (1000, 1001), id="suffixes since then"),
        pytest.param("INV-2026-0012", "INV-2026-0013", (12, 13), id="no suffix"),
        pytest.param("INV-2026-A012", "INV-2026-A013", (12, 13), id="what both have in common"),
        pytest.param("2026-INV1", "2026-INV2", (1, 2), id="digits in front"),
        pytest.param("PF-9", "PF-10", (9, 10), id="short"),
        pytest.param("PF-9", "draft", (9, None), id="no digits"),
    ],
)
def test_99_28_without_a_format_the_counter_is_what_dataverse_counts_or_the_last_digits(
    last: str, number: str, counters: tuple[int, int | None]
) -> None:
    assert (counter_beside(last, number), counter_beside(number, last)) == counters


@given(st.sampled_from(["FTI-####", "#####_2017", "{company}-#", "INV2026##-X"]), st.integers(0, 10**12))
def test_the_counter_of_what_was_written_in_a_format_is_the_number(number_format: str, number: int) -> None:
    assert counter_in(format_number(number_format, number, "USPM"), number_format, "USPM") == number
