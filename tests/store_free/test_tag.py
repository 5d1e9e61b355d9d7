"""Financial tags: what a set-up may say of them, and where they are carried (TAG-01, TAG-05, TAG-08)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import VoucherLine, summed
from project_invoicing.domain.lineage import Lineage
from project_invoicing.setup.problems import check
from project_invoicing.store.lineage_columns import lineage_in, lineage_text

EVENT = {"IndustryEvent": "2026 Event"}
LINE = VoucherLine("4010", PostingType.INVOICED_REVENUE, "USD", Decimal(-400), Decimal(-400), Decimal(1))


@pytest.mark.parametrize(
    "labels", [["1st"], ["Industry Event"], ["A-1"], [""], ["A", "A"], [f"T{n}" for n in range(21)]]
)
def test_tag_01_a_label_is_a_word_and_there_are_up_to_twenty(labels: list[str]) -> None:
    assert check(_set_up(labels))


def test_tag_01_twenty_tags_are_allowed_and_a_label_may_start_with_an_underscore() -> None:
    assert not check(_set_up(["_Event1", *(f"T{n}" for n in range(19))]))


def test_tag_05_lines_that_differ_only_in_tags_are_not_added_up() -> None:
    tagged = replace(LINE, tags=EVENT)
    assert [(one.amount, one.tags) for one in summed([LINE, tagged, tagged])] == [
        (Decimal(-400), None),
        (Decimal(-800), EVENT),
    ]


def test_tag_04_both_lines_of_an_accrual_have_the_tags() -> None:
    accrual = Accrual("USD", Decimal(1600), Decimal(1600), Decimal(1), "1550", "4015")
    assert [(one.amount, one.tags) for one in accrual.lines(-1, tags=EVENT)] == [
        (Decimal(-1600), EVENT),
        (Decimal(1600), EVENT),
    ]


def test_tag_08_what_a_posted_line_hands_on_is_stored_with_its_tags_and_is_no_longer_without_them() -> None:
    assert lineage_in(lineage_text(Lineage("FULL", tags=EVENT), None, None), None, None).tags == EVENT
    assert lineage_text(Lineage("FULL"), None, None) == '["FULL"]'


def _set_up(labels: list[str]) -> dict[str, object]:
    return {
        "companies": {"USPM": {"accounting_currency": "USD"}},
        "currencies": {"USD": {"precision": "0.01"}},
        "financial_tags": {"USPM": {"tags": [{"label": label} for label in labels]}},
    }
