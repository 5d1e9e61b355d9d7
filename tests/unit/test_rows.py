"""Records as the text of one attribute: everything comes back as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.codes import LineKind, PostingType, TransactionClass, TransactionType
from project_invoicing.domain.journal_line import Accrual, JournalLine
from project_invoicing.domain.lineage import Charge, ChargedTax
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.sales_tax import TaxOrigin
from project_invoicing.store.ledger import Entry
from project_invoicing.store.rows import decode, encode

TEXTS = st.text(max_size=20)
AMOUNTS = st.decimals(-1_000_000_000, 1_000_000_000, places=4)
DIMENSIONS = st.none() | st.dictionaries(TEXTS, TEXTS, max_size=2)


def record(kind: type[Any], **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Records of a kind, whose amounts are numbers that money can have."""
    hints = get_type_hints(kind)
    amounts = {name: AMOUNTS for name, hint in hints.items() if hint is Decimal}
    optional = {name: st.none() | AMOUNTS for name, hint in hints.items() if hint == Decimal | None}
    return st.builds(kind, **{**amounts, **optional, **columns})


ACCRUALS = record(Accrual, dimensions=DIMENSIONS)
RECORDS = {
    JournalLine: record(JournalLine, dimensions=DIMENSIONS),
    ProposalLine: record(ProposalLine, dimensions=DIMENSIONS, accruals=st.lists(ACCRUALS, max_size=2).map(tuple)),
    Entry: record(Entry, dimensions=DIMENSIONS),
}


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
# On a busy machine input is made slowly, which says nothing about the code.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_come_back_as_they_were(kind: type[Any], data: st.DataObject) -> None:
    records = data.draw(st.lists(RECORDS[kind], max_size=3))
    assert decode(kind, encode(records)) == records


def test_values_keep_their_types_and_their_digits() -> None:
    line = Entry(
        voucher="PV-1",
        accounting_date=date(2026, 8, 27),
        account="130100",
        posting_type=PostingType.CUSTOMER_BALANCE,
        currency="USD",
        amount=Decimal("1250.00"),
        accounting_amount=Decimal("1E+2"),
        exchange_rate=Decimal("1.25"),
    )
    (found,) = decode(Entry, encode([line]))
    assert found == line
    assert (str(found.amount), str(found.accounting_amount)) == ("1250.00", "1E+2")
    assert found.posting_type is PostingType.CUSTOMER_BALANCE
    assert (found.project, found.dimensions) == (None, None)


@dataclass(frozen=True)
class Older:
    line_number: int
    gone: str


@dataclass(frozen=True)
class Newer:
    line_number: int
    kind: LineKind | None = None
    amount: Decimal = Decimal(0)
    chargeable: bool = True


def test_a_page_of_an_older_version_is_readable() -> None:
    """Columns that it does not have take the record's default; those that are gone are ignored."""
    assert decode(Newer, encode([Older(1, "x")])) == [Newer(1)]


def test_no_records_are_no_records() -> None:
    assert decode(Newer, encode([])) == []


def test_column_names_are_written_once() -> None:
    line = Newer(1, LineKind.HOUR, Decimal("1.50"))
    assert encode([line, replace(line, line_number=2)]) == (
        '{"c":["line_number","kind","amount","chargeable"],"r":[[1,"hour","1.50",true],[2,"hour","1.50",true]]}'
    )


def test_a_page_of_ninety_lines_is_small() -> None:
    line = JournalLine(
        line_number=1,
        actual_id="f94965fe-01e5-5fe6-969b-812823f5ff1e",
        voucher="PV-00000001",
        kind=TransactionType.UNBILLED_SALES,
        transaction_class=TransactionClass.TIME,
        category="Labor",
        line_property="CHARGE",
        transaction_date=date(2026, 8, 27),
        accounting_date=date(2026, 8, 27),
        quantity=Decimal(8),
        unit_cost=Decimal(0),
        cost_amount=Decimal(0),
        unit_price=Decimal(200),
        sales_amount=Decimal(1600),
        currency="USD",
        price_exchange_rate=Decimal(100),
        price_factor=Decimal(100),
    )
    assert len(encode([line] * 90)) < 32 * 1024


def test_a_line_with_what_it_was_charged_and_what_it_continues_is_read_as_it_was_written() -> None:
    box = ChargedTax("BOX", Decimal("1.5"), "222100", Decimal("12.00"), TaxOrigin.AMOUNT_PER_UNIT)
    charge = Charge("FTI-1", PostingType.INVOICED_REVENUE, "411100", "", (box,), tax_included=True, counted=False)
    made = ProposalLine(
        line_number=1,
        actual_id="a",
        kind=LineKind.HOUR,
        transaction_class=TransactionClass.TIME,
        quantity=Decimal(1),
        unit_price=Decimal("10.03"),
        amount=Decimal("10.03"),
        charges=(charge,),
    )
    lines = [made, replace(made, actual_id="b", charges=(), continues=(charge,))]
    assert decode(ProposalLine, encode(lines)) == lines
