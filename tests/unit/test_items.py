"""Items and expressions of DynamoDB."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.store.items import Expression, plain, plain_item, typed, typed_item

VALUES = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers(-(10**30), 10**30) | st.decimals(-(10**9), 10**9, places=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert plain(typed(value)) == value


@pytest.mark.parametrize(
    ("value", "attribute"),
    [
        ("text", {"S": "text"}),
        (True, {"BOOL": True}),
        (7, {"N": "7"}),
        (Decimal("1.50"), {"N": "1.50"}),
        (b"bytes", {"B": b"bytes"}),
        (("a", 1), {"L": [{"S": "a"}, {"N": "1"}]}),
        ({"a": "b", "absent": None}, {"M": {"a": {"S": "b"}}}),
    ],
)
def test_a_value_has_its_type(value: Any, attribute: dict[str, Any]) -> None:
    assert typed(value) == attribute


@pytest.mark.parametrize("value", [1.5, None, {1, 2}, object()])
def test_floats_and_what_dynamodb_cannot_hold_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        typed(value)


def test_whole_numbers_come_back_as_integers() -> None:
    found = plain_item({"n": {"N": "7"}, "d": {"N": "1.50"}, "whole": {"N": "2.00"}})
    assert found == {"n": 7, "d": Decimal("1.50"), "whole": 2}
    assert [type(value) for value in found.values()] == [int, Decimal, int]


def test_what_is_none_is_left_out_of_an_item() -> None:
    assert typed_item({"pk": "a", "gone": None}) == {"pk": {"S": "a"}}


def test_an_update_sets_fills_adds_and_removes() -> None:
    expression = Expression()
    text = expression.update({"st": "posted", "q": None}, first={"a": "x", "no": None}, add={"dl": 1}, remove=["qs"])
    assert text == "SET #0 = :0, #1 = if_not_exists(#1, :1) ADD #2 :2 REMOVE #3, #4"
    assert expression.aliases() == {
        "ExpressionAttributeNames": {"#0": "st", "#1": "a", "#2": "dl", "#3": "qs", "#4": "q"},
        "ExpressionAttributeValues": {":0": {"S": "posted"}, ":1": {"S": "x"}, ":2": {"N": "1"}},
    }


def test_a_condition_compares_or_asks_for_absence_and_each_name_has_one_alias() -> None:
    expression = Expression()
    assert expression.all_equal({"st": "pending", "po": None}) == "#0 = :0 AND attribute_not_exists(#1)"
    assert expression.equal("st", "posted") == "#0 = :1"
    assert expression.present("st") == "attribute_exists(#0)"


def test_a_request_without_aliases_has_none() -> None:
    assert Expression().aliases() == {}
