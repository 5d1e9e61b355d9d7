"""Formats of number sequences (NUM)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.number_sequence import format_number, is_number_format


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
