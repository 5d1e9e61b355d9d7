"""What a step has seen of master data comes back from its pins exactly as it was."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import (
    Children,
    ChildrenKey,
    Key,
    NameKey,
    Part,
    RateKey,
    Rates,
    RowKey,
    Seen,
    SeenName,
    SeenRow,
)
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.setup.master_view import DOCUMENT_ONLY, MasterView, NotRead

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=6,
)
COLUMNS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(TEXTS, VALUES, max_size=4)
MAYBE = st.none() | TEXTS
RATES = st.decimals("0.0000000001", "9999999999", places=10)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Key, Seen | None]:
    key = RowKey(draw(TEXTS), draw(TEXTS))
    version = RowVersion(draw(st.none() | st.integers(0)), draw(TEXTS), draw(TEXTS))
    columns, deleted = draw(COLUMNS), draw(st.booleans())
    row = SeenRow(key.entity, key.id, version, columns, deleted, draw(MAYBE), draw(MAYBE), draw(MAYBE))
    return key, draw(st.sampled_from([row, None]))


@st.composite
def names(draw: st.DrawFn) -> tuple[Key, Seen | None]:
    key = NameKey(draw(st.sampled_from(Part)), draw(TEXTS), draw(TEXTS))
    former = tuple(draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=2)))
    found = SeenName(draw(MAYBE), draw(MAYBE), draw(COLUMNS), draw(COLUMNS), draw(st.booleans()), former)
    return key, draw(st.sampled_from([found, None]))


@st.composite
def children(draw: st.DrawFn) -> tuple[Key, Seen | None]:
    found = Children(draw(st.dictionaries(st.tuples(TEXTS, TEXTS), COLUMNS, max_size=3)))
    return ChildrenKey(draw(TEXTS)), draw(st.sampled_from([found, None]))


@st.composite
def rates(draw: st.DrawFn) -> tuple[Key, Seen | None]:
    days = draw(st.lists(st.tuples(st.dates(), st.builds(ExchangeRate, RATES, RATES)), max_size=3))
    return RateKey(draw(TEXTS), draw(TEXTS), draw(TEXTS)), draw(st.sampled_from([Rates(tuple(days)), None]))


@given(st.lists(st.one_of(rows(), names(), children(), rates()), max_size=8), st.randoms())
def test_a_view_comes_back_as_it_was_and_its_text_does_not_depend_on_the_order(
    seen: list[tuple[Key, Seen | None]], chance: Any
) -> None:
    answers = dict(seen)
    text = MasterView(answers).pinned()
    again = MasterView.of(text)
    assert again.pinned() == text
    assert all(again.has(key) for key in answers)
    assert again._seen == answers
    shuffled = list(answers.items())
    chance.shuffle(shuffled)
    assert MasterView(dict(shuffled)).pinned() == text


def test_rates_keep_their_digits() -> None:
    rate = ExchangeRate(Decimal("1.250"), Decimal("1E+2"))
    key = RateKey("default", "GBP", "USD")
    found = MasterView.of(MasterView({key: Rates(((date(2026, 1, 5), rate),))}).pinned()).rates("default", "GBP", "USD")
    assert found
    assert [(str(one.rate), str(one.factor)) for _, one in found.days] == [("1.250", "1E+2")]


def test_only_what_was_read_is_pinned_and_what_was_not_read_still_raises(unread: list[Key]) -> None:
    view = MasterView({RowKey("msdyn_project", "a"): None})
    back = MasterView.of(view.pinned())
    assert back.row("msdyn_project", "a") is None
    with pytest.raises(NotRead) as raised:
        back.row("msdyn_project", "b")
    assert raised.value.key == RowKey("msdyn_project", "b")
    unread.clear()


def test_nothing_can_be_laid_over_the_document_alone() -> None:
    key = RateKey("default", "GBP", "USD")
    DOCUMENT_ONLY.add({key: Rates(((date(2026, 1, 1), ExchangeRate(Decimal(1), Decimal(1))),))})
    assert (DOCUMENT_ONLY.rates("default", "GBP", "USD"), DOCUMENT_ONLY.has(key)) == (None, True)


def test_what_was_seen_first_stays() -> None:
    key = ChildrenKey("a")
    view = MasterView({key: None})
    view.add({key: Children({})})
    assert view.children("a") is None
