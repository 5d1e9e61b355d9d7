"""Batches are made of what is ready: which documents, under which numbers, with which files (reference tests by number)."""

from __future__ import annotations

import pytest

from project_invoicing.domain.ledger_batch import BatchState
from tests.books import Books


@pytest.fixture
def books(moto: None) -> Books:
    return Books()


def test_01_a_month_is_one_batch_with_three_vouchers_and_nine_lines_that_balance(books: Books) -> None:
    books.month()
    report = books.build()

    [batch] = books.batches
    assert (batch.number, batch.period, batch.period_number, batch.state) == (1, "2026-05", 1, BatchState.READY)
    assert report["batches"][0]["number"] == 1
    assert books.waiting() == []
