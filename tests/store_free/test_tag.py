"""Financial tags: what a set-up may say of them, and where they are carried (TAG-01 to TAG-08)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Actual
from project_invoicing.domain.codes import CostSide, PostingType
from project_invoicing.domain.journal_line import Accrual
from project_invoicing.domain.ledger import VoucherLine, summed
from project_invoicing.domain.lineage import Lineage
from project_invoicing.domain.proposal import HeaderEdits
from project_invoicing.rules.defaults import ruled_tags, tags_in_columns
from project_invoicing.rules.lineage import handed_on_by
from project_invoicing.rules.owner import Invalid
from project_invoicing.rules.resolution import resolve
from project_invoicing.setup.problems import check
from project_invoicing.store.lineage_columns import lineage_in, lineage_text
from tests.rules.finance import finance
from tests.store_free import test_ada as adjusting
from tests.store_free import test_icv as lending
from tests.store_free import test_pco as moving
from tests.store_free.invoicing import a_line, a_proposal, contoso, invoiced
from tests.store_free.journalising import candidate, cost, looked_up, posted, sale
from tests.store_free.proposing import MILESTONE, a_row, planned

TAGGED = looked_up(
    finance(financial_tags={"USPM": {"tags": [{"label": "IndustryEvent"}, {"label": "Old", "active": False}]}})
)
EVENT = {"IndustryEvent": "2026 Event"}
COLUMNS = {"tags.IndustryEvent": "2026 Event"}
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


@pytest.mark.parametrize("actual", [cost(custom=COLUMNS), sale(custom=COLUMNS)])
def test_tag_03_dim_13_all_lines_of_a_voucher_have_the_tags_of_the_journal_line(actual: Actual) -> None:
    made = posted(actual, TAGGED)
    assert made.voucher
    assert [line.tags for line in made.voucher.lines] == [EVENT, EVENT]
    assert handed_on_by(made.line).tags == EVENT


RULED = looked_up(
    finance(
        financial_tags={
            "USPM": {
                "tags": [{"label": "IndustryEvent"}, {"label": "Old", "active": False}, {"label": "Site"}],
                "rules": [
                    {"label": "Site", "project": "PRJ-ASSET", "value": "Rome"},
                    {"label": "Site", "customer": "C-001", "value": "Oslo", "overwrite": True},
                    {"label": "Site", "value": "nowhere"},
                    {"label": "Old", "value": "x"},
                ],
            }
        }
    )
)


@pytest.mark.parametrize(
    ("custom", "tags"),
    [
        ({"tags": "2026 Event||Rome"}, {"IndustryEvent": "2026 Event", "Site": "Rome"}),
        ({"tags": "|old"}, {}),
        ({"tags": "a|b|c", "tags.Site": "Oslo"}, {"IndustryEvent": "a", "Site": "Oslo"}),
        ({"tags": None}, {}),
    ],
)
def test_tag_06_a_column_may_have_all_tags_with_the_delimiter_between_them(
    custom: dict[str, Any], tags: dict[str, str]
) -> None:
    assert tags_in_columns(sale(custom=custom), "USPM", RULED) == (tags, None)


@pytest.mark.parametrize("custom", [{"tags": "a|b|c|d"}, {"tags.Site": "a|b"}])
def test_tag_01_a_value_with_the_delimiter_makes_the_row_invalid(custom: dict[str, Any]) -> None:
    outcome = resolve(sale(custom=custom), RULED)
    assert isinstance(outcome, Invalid)
    assert outcome.field == next(iter(custom))
    assert outcome.detail.endswith("too many tags, or the delimiter in a value; correct the row")


def test_tag_07_of_the_rules_for_a_tag_the_first_that_matches_counts() -> None:
    resolved = candidate(cost()).resolved
    for names, tags, found in (
        ({"customer": None}, None, {"Site": "nowhere"}),
        ({"customer": None}, {"Site": "mine"}, {"Site": "mine"}),
        ({}, {"Site": "mine"}, {"Site": "Oslo"}),
        ({"project": "PRJ-ASSET"}, EVENT, EVENT | {"Site": "Rome"}),
    ):
        assert ruled_tags(replace(resolved, **names), tags, "USPM", RULED) == found


def test_tag_06_tag_07_the_tags_of_a_milestone_are_on_its_proposal_line_and_on_the_invoice() -> None:
    """One is a column of its actual, the other by a rule for its customer."""
    ((_, line),) = planned(a_row(**MILESTONE, links={}, custom=COLUMNS), setup=RULED).lines
    assert line.tags == EVENT | {"Site": "Oslo"}
    made = {one.posting_type.value: one.tags for one in invoiced([line], RULED).voucher.lines}
    assert made == {"invoiced_revenue_on_account": line.tags, "customer_balance": None}


def test_tag_03_what_is_moved_or_adjusted_keeps_its_tags_and_a_borrower_has_none_of_its_lenders() -> None:
    made = moving.post(moving.posted_cost(cost(custom=COLUMNS), TAGGED), CostSide.BALANCE, TAGGED)
    adjusted = adjusting.adjust(adjusting.on_journal(sale(custom=COLUMNS), TAGGED), setup=TAGGED)
    assert adjusted.voucher
    assert [line.tags for line in (*made.voucher.lines, *adjusted.voucher.lines)] == [EVENT] * 6
    assert [line.tags for line in lending.booked(replace(lending.LINE, tags=EVENT)).lines] == [None, None]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"label": "Nothing", "value": "x"}, "which is no tag here"),
        ({"label": "Site", "value": "a|b"}, "has the delimiter"),
        ({"label": "Site", "value": "x", "category": "Nothing"}, "is not in categories.USPM"),
    ],
)
def test_tag_07_a_rule_is_for_a_tag_of_the_company(rule: dict[str, Any], told: str) -> None:
    (problem,) = check(finance(financial_tags={"USPM": {"tags": [{"label": "Site"}], "rules": [rule]}}))
    assert told in problem.text


def test_tag_01_tag_06_a_line_takes_the_tags_that_its_company_uses() -> None:
    assert posted(sale(custom=COLUMNS | {"tags.Old": "x", "tags.Unknown": "y"}), TAGGED).line.tags == EVENT
    assert posted(sale(custom={"tags.IndustryEvent": ""}), TAGGED).line.tags is None
    assert posted(sale(custom=COLUMNS), looked_up(finance())).line.tags is None


def test_tag_04_dim_13_revenue_accrual_and_tax_have_the_tags_of_their_lines_and_the_customer_balance_none() -> None:
    accrual = Accrual("USD", Decimal(1600), Decimal(1600), Decimal(1), "1550", "4015")
    group: dict[str, Any] = {"sales_tax_group": "DOM"}
    lines = [a_line("1600", tags=EVENT, accruals=(accrual,), **group), a_line("400", 2, **group)]
    setup = contoso()
    made = [
        (one.posting_type.value, f"{one.accounting_amount:.0f}", one.tags)
        for one in invoiced(lines, setup).voucher.lines
    ]
    assert made == [
        ("invoiced_revenue", "-1600", EVENT),
        ("wip_sales_value", "-1600", EVENT),
        ("accrued_revenue_sales_value", "1600", EVENT),
        ("invoiced_revenue", "-400", None),
        ("sales_tax_payable", "-320", EVENT),
        ("sales_tax_payable", "-80", None),
        ("customer_balance", "2400", None),
    ]


def test_tag_04_the_customer_balance_has_the_tags_of_the_header() -> None:
    header = a_proposal(edits=HeaderEdits(tags={"Site": "Rome"}))
    made = invoiced([a_line("1600", tags=EVENT)], contoso(), header=header)
    assert [(one.posting_type.value, one.tags) for one in made.voucher.lines] == [
        ("invoiced_revenue", EVENT),
        ("customer_balance", {"Site": "Rome"}),
    ]


def test_tag_05_shares_of_a_tax_come_to_the_tax_in_both_currencies() -> None:
    lines = [a_line("0.33", n, sales_tax_group="DOM", tags={"IndustryEvent": str(n)}) for n in (1, 2, 3)]
    made, whole = (
        [
            one
            for one in invoiced(some, contoso(), header=a_proposal(currency="GBP")).voucher.lines
            if one.posting_type is PostingType.SALES_TAX_PAYABLE
        ]
        for some in (lines, [replace(line, tags=None) for line in lines])
    )
    assert len(made) == 3
    assert len(whole) == 1
    for name in ("amount", "accounting_amount", "sales_tax_base"):
        assert sum(getattr(one, name) for one in made) == getattr(whole[0], name)


def test_tag_08_what_a_posted_line_hands_on_is_stored_with_its_tags_and_is_no_longer_without_them() -> None:
    assert lineage_in(lineage_text(Lineage("FULL", tags=EVENT), None, None), None, None).tags == EVENT
    assert lineage_text(Lineage("FULL"), None, None) == '["FULL"]'


def _set_up(labels: list[str]) -> dict[str, object]:
    return {
        "companies": {"USPM": {"accounting_currency": "USD"}},
        "currencies": {"USD": {"precision": "0.01"}},
        "financial_tags": {"USPM": {"tags": [{"label": label} for label in labels]}},
    }
