"""Any line that may leave is read back from both files as it was, and a file's bytes depend on nothing else."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_invoicing.domain.codes import BatchKind, BatchState, ReceivablesWay
from project_invoicing.domain.ledger_batch import (
    BatchLine,
    LedgerBatch,
    LedgerLine,
    PayableLine,
    ReceivableLine,
    TaxOfDocument,
)
from project_invoicing.ledger_bucket import in_key
from project_invoicing.rules.ledger_files import Writer, parsed, sides, why_not
from tests.batches import V3
from tests.thorough import thorough

# On a busy machine input is made slowly, which says nothing about the code.
TRIED = settings(
    max_examples=thorough(30, 500),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}
DAYS = st.dates(date(2026, 8, 1), date(2026, 8, 31))
PRINTED = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
CODES = st.text(PRINTED, min_size=1, max_size=12)
TEXTS = st.text(max_size=12)
OPTIONAL = st.none() | CODES
DIMENSIONS = ("CostCenter", "Ställe", "=x")


def amounts(currency: str) -> st.SearchStrategy[Decimal]:
    whole = st.integers(-(10**14), 10**14)
    return whole.map(lambda units: Decimal(units).scaleb(-DIGITS[currency]) + 0)


@st.composite
def ledger_lines(draw: st.DrawFn) -> LedgerLine:
    currency = draw(st.sampled_from(sorted(DIGITS)))
    return LedgerLine(
        company=draw(CODES),
        voucher=draw(CODES),
        line=draw(st.integers(1, 10**6)),
        source=draw(st.sampled_from(["journal", "invoice"])),
        source_id=draw(CODES),
        accounting_date=draw(DAYS),
        document_date=draw(DAYS),
        posting_type="cost",
        account=draw(CODES),
        dimensions=draw(st.dictionaries(st.sampled_from(DIMENSIONS), CODES)),
        currency=currency,
        amount=draw(amounts(currency)),
        accounting_currency="USD",
        accounting_amount=draw(amounts("USD")),
        exchange_rate=draw(st.decimals("0.000001", 10**6, allow_nan=False, places=6)),
        sales_tax_code=draw(OPTIONAL),
        sales_tax_base=draw(st.none() | amounts(currency)),
        project=draw(OPTIONAL),
        contract=draw(OPTIONAL),
        customer=draw(OPTIONAL),
        actual_id=draw(OPTIONAL),
    )


@st.composite
def documents(draw: st.DrawFn) -> ReceivableLine | PayableLine:
    currency = draw(st.sampled_from(sorted(DIGITS)))
    money, dates = amounts(currency), {name: draw(DAYS) for name in ("invoice_date", "accounting_date", "due_date")}
    known: dict[str, Any] = {
        "company": draw(CODES),
        "invoice_number": draw(CODES),
        "document_type": draw(st.sampled_from(["invoice", "credit_note"])),
        "currency": currency,
        **{name: draw(money) for name in ("subtotal", "sales_tax", "total")},
        **dates,
    }
    if draw(st.booleans()):
        return PayableLine(vendor=draw(CODES), lender=draw(CODES), **known)
    taxes = draw(st.lists(st.builds(TaxOfDocument, CODES, money, money), max_size=3))
    texts: dict[str, Any] = {name: draw(OPTIONAL) for name in ("corrects", "terms_of_payment", "voucher")}
    return ReceivableLine(customer=draw(CODES), taxes=tuple(taxes), **texts, **known)


def batch_of(line: BatchLine, text: str = "") -> LedgerBatch:
    kinds = {LedgerLine: BatchKind.LEDGER, ReceivableLine: BatchKind.RECEIVABLES, PayableLine: BatchKind.PAYABLES}
    return LedgerBatch(
        company=line.company,
        kind=kinds[type(line)],
        number=7,
        period="2026-08",
        period_number=1,
        state=BatchState.SEALED,
        setup_version=1,
        receivables=ReceivablesWay.JOURNAL,
        opened_at="2026-09-01T04:00:00Z",
        accounting_currency="USD",
        spans=((date(2026, 8, 1), date(2026, 8, 31)),),
        text=text,
        digits=DIGITS,
        dimensions=tuple(sorted(DIMENSIONS)),
    )


@TRIED
@given(ledger_lines() | documents())
def test_a_line_is_read_back_as_it_was(line: BatchLine) -> None:
    writer = Writer(batch_of(line))
    row = writer.row(line)

    assert why_not(line, DIGITS) is None
    assert parsed(row.jsonl) == line
    known = json.loads(row.jsonl)
    assert row.jsonl == (json.dumps(known, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
    assert row == Writer(batch_of(line)).row(line)
    assert (row.jsonl.count(b"\n"), row.csv.count(b"\n"), row.csv.count(b"\r")) == (1, 1, 0)


@TRIED
@given(ledger_lines() | documents())
def test_the_csv_says_the_same_with_sides_for_signs_and_no_formula(line: BatchLine) -> None:
    writer = Writer(batch_of(line))
    row = writer.row(line)
    header, cells = csv.reader(io.StringIO((writer.header + row.csv).decode(), newline=""))
    told, known = dict(zip(header, cells, strict=True)), json.loads(row.jsonl)

    assert len(header) == len(set(header))
    plain = {name: value for name, value in known.items() if name in told and name != "taxes"}
    for name, value in plain.items():
        text = "" if value is None else str(value)
        assert told[name] in (text, f"'{text}")
    assert sum(cell.startswith("'") and cell[1:2] in set("=+-@") for cell in cells) >= row.escaped
    figures = {"debit", "credit", "accounting_debit", "accounting_credit", "sales_tax_base", "exchange_rate"}
    figures |= {"subtotal", "sales_tax", "total"}
    assert not any(cell[:1] in ("=", "+", "-", "@") for name, cell in told.items() if cell and name not in figures)
    if isinstance(line, LedgerLine):
        assert Decimal(told["debit"] or 0) - Decimal(told["credit"] or 0) == line.amount
        assert (told["debit"] == "") != (told["credit"] == "")
        accounted = Decimal(told["accounting_debit"] or 0) - Decimal(told["accounting_credit"] or 0)
        assert accounted == line.accounting_amount
        assert sides(line).debit - sides(line).credit == line.amount


@TRIED
@given(ledger_lines(), TEXTS)
def test_no_text_has_a_control_character_and_a_code_with_one_is_refused(line: LedgerLine, text: str) -> None:
    written = json.loads(Writer(batch_of(line, text="{document} {customer}\t{voucher}")).row(line).jsonl)["text"]
    assert written == " ".join(f"{line.source_id} {line.customer or ''} {line.voucher}".split())
    spoiled = LedgerLine(**{name: getattr(line, name) for name in line.__slots__} | {"account": f"{text}\n"})
    assert "account has a control character" in str(why_not(spoiled, DIGITS))


@TRIED
@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_a_name_is_one_part_of_a_key_and_no_other_name_has_it(one: str, other: str) -> None:
    if any("\ud800" <= sign <= "\udfff" for sign in one + other):
        return
    assert "/" not in in_key(one)
    assert in_key(one).strip(".") != ""
    assert (in_key(one) == in_key(other)) == (one == other)


def test_files_made_again_have_the_accounting_currency_of_the_batch_whatever_the_setup_says_now() -> None:
    line = V3[0]
    batch = batch_of(line)
    now = replace(line, accounting_currency="KWD")
    assert Writer(batch).row(now) == Writer(batch).row(line)
