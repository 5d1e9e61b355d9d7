"""Whatever is posted: a format refuses it by name, or what it writes has the same debit and credit per voucher."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.ledger_batch import LedgerLine
from project_invoicing.rules.ledger_formats.formats import ready_made
from project_invoicing.rules.ledger_formats.refusals import FormatProblem, FormatRefused
from project_invoicing.setup.models.ledger_formats import FormatCurrency
from tests.ledger_formats.readers import NOT_SAID, READERS, Sums, sums
from tests.ledger_formats.samples import LEDGER_FORMATS, format_like, line, posted_in, with_department, written
from tests.thorough import thorough

CODES = st.one_of(
    st.sampled_from(["540100", "130100", "4-1", "=1", "A;B", 'a"b', "<&>", "é1", "X\u2028", "7" * 21]),
    st.text(alphabet="019AZaz-=+@,;\"'<&> é\t", min_size=1, max_size=8),
)
TEXTS = st.one_of(st.just("FTI-1 PRJ-1"), st.text(max_size=70))
DIMENSIONS = st.dictionaries(st.sampled_from(["Department", "CostCenter"]), st.sampled_from(["", "D10", "D-1", "=2"]))
TYPES = st.sampled_from([("cost", None), ("customer_balance", "C-001"), ("customer_balance", None)])
PLAIN = st.sampled_from(["540100", "130100", "401000", "222100"])


@st.composite
def vouchers(draw: st.DrawFn) -> list[LedgerLine]:
    """Up to four vouchers that balance in each currency; half of the time all their codes are harmless."""
    odd = draw(st.booleans())
    made: list[LedgerLine] = []
    for number in range(draw(st.integers(1, 4))):
        made += _voucher(draw, f"PV-{number:08d}", date(2026, 5, 30 + number // 2), odd)
    return made


def _voucher(draw: st.DrawFn, number: str, day: date, odd: bool) -> list[LedgerLine]:
    made: list[LedgerLine] = []
    for currency, rate in draw(st.sampled_from([[("GBP", "1")], [("EUR", "1.5")], [("GBP", "1"), ("EUR", "1.5")]])):
        digits = draw(st.sampled_from([2, 2, 2, 3])) if odd else 2
        steps = draw(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=4))
        for step in [*steps, -sum(steps)]:
            amount = Decimal(step).scaleb(-digits)
            posting_type, customer = draw(TYPES)
            posted = line(
                number,
                len(made) + 1,
                draw(CODES if odd else PLAIN),
                str(amount),
                accounting_date=day,
                currency=currency,
                accounting_amount=amount * (2 if currency == "EUR" else 1),
                exchange_rate=Decimal(rate),
                posting_type=posting_type,
                customer=customer if odd else "C-001",
                dimensions=draw(DIMENSIONS) if odd else {},
                text=draw(TEXTS) if odd else "FTI-1",
            )
            made.append(posted)
    return made


def expected(name: str, lines: list[LedgerLine]) -> Sums:
    if name == "summary":
        amounts = [("", one.currency, one.amount) for one in lines]
        return sums([*amounts, *(("", "accounting", one.accounting_amount) for one in lines)])
    if ready_made(name).currency is FormatCurrency.TRANSACTION:
        return sums((one.voucher, one.currency, one.amount) for one in lines)
    without = name in ("business_central", "xero")
    return sums((one.voucher, NOT_SAID if without else one.accounting_currency, one.accounting_amount) for one in lines)


@pytest.mark.parametrize("name", LEDGER_FORMATS)
@settings(max_examples=thorough(25, 600), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=vouchers())
def test_what_is_read_again_is_what_was_posted_or_a_field_is_named(name: str, lines: list[LedgerLine]) -> None:
    files, problems = delivered(name, lines)
    event("refused" if problems else "written")

    assert all(one.document and one.field and one.limit for one in problems)
    found = sums(found for text in files.values() for found in READERS[name](text))
    assert found == ({} if problems else expected(name, lines))


OF_PERSONS = {"vendor_invoice": "VIV", "post_costs": "PCV", "adjust_accounting": "AAV", "accrual_reconciliation": "ARV"}
"""Sources of what persons post beside journals and invoices, and how their numbers begin."""
QUARTER = [one for one in posted_in("quarter") if one.source in OF_PERSONS]
COMPANIES = sorted({one.company for one in QUARTER})
PLACES: dict[str, dict[str, Any]] = {
    "d365_general_journal": {"dimensions": ["CostCenter"]},
    "netsuite": {"dimension_columns": {"CostCenter": "Class"}},
    "quickbooks": {"dimensions": ["CostCenter"]},
    "sap_s4hana": {"dimension_columns": {"CostCenter": "AccountAssignment.CostCenter"}},
}


@pytest.mark.parametrize("name", LEDGER_FORMATS)
def test_vendor_invoices_moved_costs_adjustments_and_corrections_are_in_every_format(name: str) -> None:
    """Those of a whole quarter, among them an adjustment whose lines differ only in a cost center."""
    assert {(one.source, one.voucher.split("-")[0]) for one in QUARTER} == set(OF_PERSONS.items())
    for company in COMPANIES:
        lines = [one for one in QUARTER if one.company == company]
        [text] = written(format_like(name, **PLACES.get(name, {})), lines).values()
        assert sums(READERS[name](text)) == expected(name, lines)
        centers = {one.dimensions["CostCenter"] for one in lines if one.dimensions}
        assert all(center in text for center in centers)


def delivered(name: str, lines: list[LedgerLine]) -> tuple[dict[str, str], tuple[FormatProblem, ...]]:
    try:
        return written(with_department(name), lines), ()
    except FormatRefused as refused:
        return {}, refused.problems
