"""Vouchers that a person's document makes: numbers without gap, once under a token, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest

from project_invoicing.config import Settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import POST_COSTS, VENDOR_INVOICE, Origin, Unbalanced, VoucherLine
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.ready import Ready
from project_invoicing.store.transactions import Write, update
from project_invoicing.store.whole_tables import journal_headers, journals_posted
from tests.store import tables

USPM, FORMAT = "USPM", "PCV-######"
DAY = date(2026, 8, 31)
DONE = HistoryEntry("2026-08-31T13:00:00Z", person("ann@contoso.example"), Done.MOVED, {}, {"to": "balance"})


@pytest.fixture
def vouchers(journals: Journals, ledger: Ledger, names: Settings) -> FinanceVouchers:
    ready = Ready(journals.client, names.ledger_batches_table)
    return FinanceVouchers(journals.client, journals.table, ledger, ready)


def line(account: str, amount: str) -> VoucherLine:
    money = Decimal(amount)
    origin = Origin(actual_id="a", document_date=DAY)
    return VoucherLine(account, PostingType.COST, "USD", money, money, Decimal(1), origin=origin)


def moved(amount: str = "800", *, source: str = POST_COSTS, of: str | None = None) -> NewVoucher:
    lines = (line("540100", amount), line("160000", f"-{amount}"))
    return NewVoucher(USPM, source, DAY, lines, actual_id="a", belongs_to=of, reason="month end")


def test_a_voucher_is_in_the_ledger_is_ready_to_leave_and_says_who_posted_it(
    vouchers: FinanceVouchers, names: Settings
) -> None:
    assert vouchers.post([moved()], FORMAT, DONE) == ("PCV-000001",)
    assert vouchers.post([moved("5"), moved("6")], FORMAT, DONE) == ("PCV-000002", "PCV-000003")
    header = vouchers.numbered(USPM, "PCV-000001")
    assert header
    assert (header.source, header.accounting_date, header.reason) == (POST_COSTS, DAY, "month end")
    assert header == vouchers.get(USPM, POST_COSTS, "PCV-000001")
    (posted,) = vouchers.ledger.vouchers(POST_COSTS, USPM, "PCV-000001")
    assert (posted.voucher, posted.source_id, posted.lines) == ("PCV-000001", "PCV-000001", moved().lines)
    ready = [(one.source, one.document, one.first, one.is_payable) for one in vouchers.ready.of(USPM)]
    assert ready == [(POST_COSTS, f"PCV-00000{number}", DAY, False) for number in (1, 2, 3)]
    assert list(vouchers.history(USPM, POST_COSTS, "PCV-000002")) == [DONE]
    listed, _ = vouchers.ledger.listed(USPM, 10, since=None, before=None)
    assert next((page.source, page.document) for page in listed) == (POST_COSTS, "PCV-000003")


def test_the_same_token_posts_once_and_draws_no_number_again(vouchers: FinanceVouchers, names: Settings) -> None:
    first = vouchers.post([moved(), moved("5")], FORMAT, DONE, token="t-1")
    before = sum(1 for _ in tables.contents(vouchers.client, names.journals_table))
    assert vouchers.post([moved(), moved("5")], FORMAT, DONE, token="t-1") == first
    assert sum(1 for _ in tables.contents(vouchers.client, names.journals_table)) == before
    assert vouchers.post([moved()], FORMAT, DONE, token="t-2") == ("PCV-000003",)
    assert (vouchers.posted_under(USPM, "t-1"), vouchers.posted_under(USPM, "t-9")) == (first, None)


def test_runs_at_once_draw_different_numbers_without_a_gap(vouchers: FinanceVouchers) -> None:
    other = FinanceVouchers(vouchers.client, vouchers.table, vouchers.ledger, vouchers.ready)
    numbers = [run.post([moved()], FORMAT, DONE)[0] for run in (vouchers, other, vouchers, other)]
    assert numbers == [f"PCV-00000{number}" for number in (1, 2, 3, 4)]


def test_each_source_has_a_sequence_of_its_own(vouchers: FinanceVouchers) -> None:
    vouchers.post([moved()], FORMAT, DONE)
    assert vouchers.post([moved(source=VENDOR_INVOICE, of="IC-1")], "VIV-###", DONE) == ("VIV-001",)
    found = vouchers.numbered(USPM, "VIV-001")
    assert found
    assert (found.source, found.belongs_to) == (VENDOR_INVOICE, "IC-1")


def test_where_what_else_is_written_has_changed_nothing_is_posted(
    vouchers: FinanceVouchers, journals: Journals
) -> None:
    told: list[Sequence[str]] = []

    def others(numbers: Sequence[str]) -> list[Write]:
        told.append(numbers)
        return [update(journals.table, "row", "A", {"x": 1}, expected={"st": "posted"})]

    with pytest.raises(TransactionCancelled):
        vouchers.post([moved()], FORMAT, DONE, others=others)
    assert told == [("PCV-000001",)]
    assert not list(vouchers.ready.of(USPM))
    assert vouchers.post([moved()], FORMAT, DONE) == ("PCV-000001",)


def test_what_does_not_balance_is_not_written(vouchers: FinanceVouchers) -> None:
    wrong = NewVoucher(USPM, POST_COSTS, DAY, (line("540100", "800"), line("160000", "-799")))
    with pytest.raises(Unbalanced):
        vouchers.post([wrong], FORMAT, DONE)


def test_headers_of_vouchers_are_not_taken_for_journals(vouchers: FinanceVouchers, journals: Journals) -> None:
    vouchers.post([moved()], FORMAT, DONE)
    assert list(journals_posted(journals)) == [(USPM, 1)]
    assert not list(journal_headers(journals))
