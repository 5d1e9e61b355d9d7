"""A reader of a batch's files, written from ``docs/ledger.md`` alone: it imports nothing of ours."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

Balance = dict[tuple[str, str], Decimal]
"""Accounting amount by account and dimensions (``CostCenter=D10``)."""


class Wrong(Exception):
    """The files are not what their page says."""


@dataclass(frozen=True)
class Found:
    """A batch: its balance, its debit and credit in accounting currency, and those of each voucher."""

    balance: Balance
    debit: Decimal
    credit: Decimal
    vouchers: Mapping[str, tuple[Decimal, Decimal]]


def checked(folder: Path) -> None:
    """The files are whole: their hashes and sizes are those of the manifest."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, said in manifest["files"].items():
        data = (folder / name).read_bytes()
        if (hashlib.sha256(data).hexdigest(), len(data)) != (said["sha256"], said["bytes"]):
            raise Wrong(f"{name} is not the file of the manifest")


def from_jsonl(folder: Path) -> Found:
    rows = [json.loads(row) for row in (folder / "lines.jsonl").read_text("utf-8").split("\n") if row]
    return _found(
        (
            row["voucher"],
            row["account"],
            tuple(sorted((name, value) for name, value in row["dimensions"].items() if value)),
            Decimal(row["accounting_amount"]),
        )
        for row in rows
    )


def from_csv(folder: Path) -> Found:
    with (folder / "lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return _found(
        (
            _text(row["voucher"]),
            _text(row["account"]),
            tuple(
                sorted(
                    (name.removeprefix("dim_"), _text(value))
                    for name, value in row.items()
                    if name.startswith("dim_") and value
                )
            ),
            Decimal(row["accounting_debit"] or 0) - Decimal(row["accounting_credit"] or 0),
        )
        for row in rows
    )


def _text(cell: str) -> str:
    """Without the quote that keeps a spreadsheet from calculating."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _found(lines: Iterator[tuple[str, str, tuple[tuple[str, str], ...], Decimal]]) -> Found:
    balance: Balance = defaultdict(Decimal)
    sides: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for voucher, account, dimensions, amount in lines:
        balance[account, ";".join(f"{name}={value}" for name, value in dimensions)] += amount
        sides[voucher][amount < 0] += abs(amount)
    for voucher, (debit, credit) in sides.items():
        if debit != credit:
            raise Wrong(f"{voucher} does not balance")
    debits, credits = (sum((side[nth] for side in sides.values()), Decimal(0)) for nth in (0, 1))
    return Found(dict(balance), debits, credits, {voucher: (side[0], side[1]) for voucher, side in sides.items()})
