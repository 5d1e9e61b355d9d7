"""A trial balance made of a batch's files by a reader that knows only the page is ours."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

from project_invoicing.domain.ledger_batch import (
    BatchKind,
    BatchState,
    LedgerBatch,
    LedgerLine,
    ReceivablesWay,
)
from project_invoicing.rules.ledger_files import CSV, JSONL, MANIFEST, FileOf, Writer, digits_in, manifest, parsed
from project_invoicing.rules.ledger_formats.formats import ready_made
from tests.ledger_formats import trial_balance
from tests.ledger_formats.samples import SCENARIOS, V1, V2, V3, in_euro, posted_in, voucher, written


def leave(folder: Path, lines: Sequence[LedgerLine]) -> list[LedgerLine]:
    """Writes the files of a batch, and gives its lines as they are read from them again."""
    batch = LedgerBatch(
        company=lines[0].company,
        kind=BatchKind.LEDGER,
        number=1,
        period="2026-05",
        period_number=1,
        state=BatchState.SEALED,
        setup_version=1,
        receivables=ReceivablesWay.JOURNAL,
        opened_at="2026-06-01T00:00:00Z",
        sealed_at="2026-06-01T00:00:00Z",
        accounting_currency=lines[0].accounting_currency,
        spans=((date(2026, 1, 1), date(2026, 12, 31)),),
        text="{project}",
        digits=digits_of(lines),
        dimensions=tuple(sorted({name for line in lines for name in line.dimensions})),
    )
    writer = Writer(batch)
    rows = [writer.row(line) for line in lines]
    texts = {JSONL: b"".join(row.jsonl for row in rows), CSV: writer.header + b"".join(row.csv for row in rows)}
    files = {name: FileOf(hashlib.sha256(text).hexdigest(), len(text)) for name, text in texts.items()}
    texts[MANIFEST] = manifest(batch, files, sum(row.escaped for row in rows))
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    return [line for row in rows if isinstance(line := parsed(row.jsonl), LedgerLine)]


def in_yen() -> list[LedgerLine]:
    posted = voucher("PV-9", ("540100", "1234"), ("540900", "-1234"), currency="JPY")
    return [replace(line, accounting_amount=line.amount.quantize(Decimal("0.01"))) for line in posted]


def digits_of(lines: Sequence[LedgerLine]) -> dict[str, int]:
    made: dict[str, int] = {}
    for line in lines:
        pairs = ((line.currency, line.amount), (line.accounting_currency, line.accounting_amount))
        made |= {currency: max(made.get(currency, 0), digits_in(amount)) for currency, amount in pairs}
    return made


def ours(lines: Sequence[LedgerLine]) -> dict[tuple[str, str], Decimal]:
    made: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        shown = ";".join(f"{name}={value}" for name, value in sorted(line.dimensions.items()) if value)
        made[line.account, shown] += line.accounting_amount
    return dict(made)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_trial_balance_of_the_files_is_that_of_the_ledger(scenario: str, tmp_path: Path) -> None:
    for _, group in groupby(posted_in(scenario), key=lambda line: line.company):
        lines = list(group)
        leave(tmp_path, lines)
        trial_balance.checked(tmp_path)
        for found in (trial_balance.from_jsonl(tmp_path), trial_balance.from_csv(tmp_path)):
            assert found.balance == ours(lines)
            assert found.vouchers.keys() == {line.voucher for line in lines}
            assert found.debit == found.credit == sum(max(line.accounting_amount, Decimal(0)) for line in lines)


def test_1_one_hours_work_has_a_debit_and_credit_of_4640(tmp_path: Path) -> None:
    leave(tmp_path, [*V1, *V2, *V3])
    found = trial_balance.from_csv(tmp_path)

    assert (found.debit, found.credit) == (Decimal("4640.00"), Decimal("4640.00"))
    assert found.vouchers["PV-00000003"] == (Decimal("2640.00"), Decimal("2640.00"))


def test_codes_that_would_be_formulas_are_read_as_they_are(tmp_path: Path) -> None:
    lines = voucher("PV-1", ("=1+1", "1.00"), ("-5", "-1.00"), dimensions={"Purpose": "@x", "Region": ""})
    leave(tmp_path, lines)

    assert trial_balance.from_csv(tmp_path).balance == trial_balance.from_jsonl(tmp_path).balance == ours(lines)


def test_a_file_that_was_altered_is_not_that_of_the_manifest(tmp_path: Path) -> None:
    leave(tmp_path, V1)
    (tmp_path / "lines.csv").write_text("x", "utf-8")

    with pytest.raises(trial_balance.Wrong, match=r"lines\.csv"):
        trial_balance.checked(tmp_path)


@pytest.mark.parametrize("name", ["d365_general_journal", "sap_s4hana", "beancount"])
def test_lines_that_are_read_from_the_file_make_the_same_delivery(name: str, tmp_path: Path) -> None:
    lines = [*V1, *in_euro(), *in_yen()]

    assert written(ready_made(name), leave(tmp_path, lines)) == written(ready_made(name), lines)
