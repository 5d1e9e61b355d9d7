"""The files of a ledger batch: what a line is in ``lines.jsonl`` and ``lines.csv``, and the manifest (contract, 7).

Bytes are UTF-8 with LF, JSON without spaces and with sorted keys. They depend on the batch's header and its lines only,
so that the same list gives the same bytes in any later release. What may not leave is refused before it is on a list:
``why_not``.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from decimal import Context, Decimal
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

from project_invoicing.domain.codes import TEXT_FIELDS
from project_invoicing.domain.ledger_batch import (
    BatchKind,
    BatchLine,
    LedgerBatch,
    LedgerLine,
    PayableLine,
    ReceivableLine,
    Sides,
    TaxOfDocument,
)
from project_invoicing.domain.money import ZERO

JSONL: Final = "lines.jsonl"
CSV: Final = "lines.csv"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
"""The version of the files. Another way of writing them takes another one, and batches keep theirs."""
DIMENSION: Final = "dim_"
_EXACT: Final = Context(prec=60)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, what some readers take for the end of a line, and halves of surrogate pairs."""
_NAMED: Final = re.compile(rf"\{{({'|'.join(TEXT_FIELDS)})\}}")
_FORMULA: Final = ("=", "+", "-", "@")
"""With these a spreadsheet takes a cell for a formula."""
_MOST_DIGITS: Final = 6

_FIRST: Final = ("external_id", "company", "batch")
_LEDGER_AFTER: Final = (
    *("currency", "debit", "credit"),
    *("accounting_currency", "accounting_debit", "accounting_credit", "exchange_rate"),
    *("sales_tax_code", "sales_tax_base", "project", "contract", "customer", "actual_id", "text"),
)
_LEDGER_BEFORE: Final = (
    *_FIRST,
    *("voucher", "line", "source", "source_id", "accounting_date", "document_date", "posting_type", "account"),
)
_COLUMNS: Final[Mapping[BatchKind, tuple[str, ...]]] = {
    BatchKind.RECEIVABLES: (
        *_FIRST,
        *("invoice_number", "document_type", "corrects", "customer", "invoice_date", "accounting_date", "due_date"),
        *("terms_of_payment", "currency", "subtotal", "sales_tax", "total", "voucher", "taxes"),
    ),
    BatchKind.PAYABLES: (
        *_FIRST,
        *("invoice_number", "document_type", "vendor", "lender", "invoice_date", "accounting_date", "due_date"),
        *("currency", "subtotal", "sales_tax", "total"),
    ),
}
_FIGURES: Final = frozenset(
    {"batch", "line", "debit", "credit", "accounting_debit", "accounting_credit", "exchange_rate", "sales_tax_base"}
    | {"subtotal", "sales_tax", "total"}
)
"""Columns of figures: a minus is no formula there."""
_RATE: Final = "exchange_rate"
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

Json = dict[str, Any]


class _Fields:
    """The fields of a kind of lines by what they hold, and what takes them out of a line: lines come by millions."""

    def __init__(self, kind: type[BatchLine]) -> None:
        self.names = tuple(one.name for one in fields(kind))
        self.figures = tuple(name for name in self.names if name in _DECIMALS)
        self.dates = tuple(name for name in self.names if name.endswith("_date"))
        self.plain = tuple(name for name in self.names if name not in {*self.figures, *self.dates, *_INNER})
        self.texts = tuple(name for name in self.plain if name not in ("line", "text"))
        self.figures_in: Callable[[BatchLine], tuple[Any, ...]] = attrgetter(*self.figures)
        self.dates_in: Callable[[BatchLine], tuple[Any, ...]] = attrgetter(*self.dates)
        self.plain_in: Callable[[BatchLine], tuple[Any, ...]] = attrgetter(*self.plain)
        self.texts_in: Callable[[BatchLine], tuple[Any, ...]] = attrgetter(*self.texts)


_INNER: Final = ("dimensions", "tags", "taxes")
_DECIMALS: Final = _FIGURES - {"batch", "line"} | {"amount", "accounting_amount"}
_FIELDS: Final[Mapping[type[BatchLine], _Fields]] = {
    kind: _Fields(kind) for kind in (LedgerLine, ReceivableLine, PayableLine)
}


class Row(NamedTuple):
    """A line in both files, and how many of its cells have a leading ``'`` in the csv."""

    jsonl: bytes
    csv: bytes
    escaped: int


class FileOf(NamedTuple):
    sha256: str
    bytes: int


# --- what may leave ---------------------------------------------------------------------------------------------------


def why_not(line: BatchLine, digits: Mapping[str, int]) -> str | None:
    """Why a line cannot leave: the field, and what is wrong with it. ``None`` where nothing is."""
    return _bad_text(line) or _bad_amount(line, digits) or _missing(line)


def _bad_text(line: BatchLine) -> str | None:
    of = _FIELDS[type(line)]
    texts, inner = of.texts_in(line), list(_inner(line))
    if _CONTROL.search("".join([*filter(None, texts), *(text for _, text in inner)])):
        for name, text in chain(zip(of.texts, texts, strict=True), inner):
            if text and _CONTROL.search(text):
                return f"{name} has a control character: {text!r}"
    return None


def _bad_amount(line: BatchLine, digits: Mapping[str, int]) -> str | None:
    of = _FIELDS[type(line)]
    for name, value in zip(of.figures, of.figures_in(line), strict=True):
        if value is not None and (problem := _bad_figure(name, value, line, digits)):
            return problem
    if isinstance(line, ReceivableLine):
        figures = ((tax.code, value) for tax in line.taxes for value in (tax.base, tax.amount))
        return next(filter(None, (_bad_figure(f"tax {code}", value, line, digits) for code, value in figures)), None)
    return None


def _missing(line: BatchLine) -> str | None:
    if not isinstance(line, LedgerLine) or (line.account and line.voucher):
        return None
    return f"voucher {line.voucher or '(none)'}, line {line.line} has no {'voucher' if line.account else 'account'}"


def _inner(line: BatchLine) -> Iterator[tuple[str, str]]:
    """The texts inside of lists and objects."""
    if isinstance(line, LedgerLine):
        for name, value in line.dimensions.items():
            yield from (("the name of a dimension", name), (f"dimension {name}", value))
        for label, value in (line.tags or {}).items():
            yield f"tag {label}", value
    elif isinstance(line, ReceivableLine):
        for tax in line.taxes:
            yield "taxes", tax.code


def _bad_figure(name: str, value: Decimal, line: BatchLine, digits: Mapping[str, int]) -> str | None:
    if not value.is_finite():
        return f"{name} is no number: {value}"
    if name == _RATE:
        return None
    currency = _currency(name, line)
    places = digits.get(currency)
    if places is None:
        return f"the decimals of currency {currency} are not known"
    if int(value.as_tuple().exponent) < -places and value != value.quantize(_step(places), context=_EXACT):
        return f"{name} {value:f} has more decimals than currency {currency}"
    return None


def _currency(name: str, line: BatchLine) -> str:
    """The currency of a line's amount with this name."""
    if name == "accounting_amount" and isinstance(line, LedgerLine):
        return line.accounting_currency
    return line.currency


def digits_of(precision: Decimal) -> int:
    """The decimal places of amounts that are multiples of ``precision``: 2 of 0.01 and of 0.05, 0 of 1."""
    return max(0, -int(precision.normalize().as_tuple().exponent))


def digits_in(amount: Decimal) -> int:
    """The decimal places that an amount is written with."""
    return min(_MOST_DIGITS, max(0, -int(amount.as_tuple().exponent))) if amount.is_finite() else 0


@cache
def _step(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


# --- a line -----------------------------------------------------------------------------------------------------------


def cleaned(text: str) -> str:
    """A text with a space for each run of control characters and spaces, and none at its ends."""
    return " ".join(_CONTROL.sub(" ", text).split())


class Writer:
    """Writes the lines of one batch. The text of a line is made of codes and numbers by the batch's pattern."""

    def __init__(self, batch: LedgerBatch) -> None:
        self._batch = batch
        self._digits = batch.digits
        self.columns = columns(batch)
        self._texts = tuple(name not in _FIGURES for name in self.columns)
        self._line: list[str] = []
        # Minimal quoting quotes the delimiter, quotes and ends of lines, in every version of Python.
        self._csv = csv.writer(_Lines(self._line.append), lineterminator="\n")

    @property
    def header(self) -> bytes:
        """The first line of the csv."""
        return self._row(self.columns)

    def row(self, line: BatchLine) -> Row:
        known = self._known(line)
        jsonl = _JSON.encode(known)
        cells = self._cells(line, known)
        escaped = 0
        for place, is_text in enumerate(self._texts):
            if is_text and cells[place].startswith(_FORMULA):
                cells[place] = f"'{cells[place]}"
                escaped += 1
        return Row(f"{jsonl}\n".encode(), self._row(cells), escaped)

    def _row(self, cells: tuple[str, ...] | list[str]) -> bytes:
        self._line.clear()
        self._csv.writerow(cells)
        return "".join(self._line).encode()

    def _known(self, line: BatchLine) -> Json:
        """A line as an object of the contract."""
        of = _FIELDS[type(line)]
        known: Json = dict(zip(of.plain, of.plain_in(line), strict=True))
        known["external_id"], known["batch"] = line.external_id, self._batch.number
        for name, day in zip(of.dates, of.dates_in(line), strict=True):
            known[name] = day.isoformat()
        for name, value in zip(of.figures, of.figures_in(line), strict=True):
            known[name] = None if value is None else self._figure(name, value, line)
        if isinstance(line, LedgerLine):
            known["dimensions"] = dict(line.dimensions)
            if line.tags:
                known["tags"] = dict(line.tags)
            known["accounting_currency"] = self._batch.accounting_currency
            known["text"] = cleaned(_NAMED.sub(lambda found: known[TEXT_FIELDS[found[1]]] or "", self._batch.text))
        elif isinstance(line, ReceivableLine):
            known["taxes"] = [self._tax(tax, line.currency) for tax in line.taxes]
        return known

    def _figure(self, name: str, value: Decimal, line: BatchLine) -> str:
        if name == _RATE:
            return plain(value)
        own = self._batch.accounting_currency  # what it was when the batch was opened, as in every file of it
        return self._amount(value, own if name == "accounting_amount" else line.currency)

    def _amount(self, value: Decimal, currency: str) -> str:
        return amount_text(value, self._digits[currency])

    def _tax(self, tax: TaxOfDocument, currency: str) -> Json:
        base, amount = self._amount(tax.base, currency), self._amount(tax.amount, currency)
        return {"code": tax.code, "base": base, "amount": amount}

    def _cells(self, line: BatchLine, known: Json) -> list[str]:
        if isinstance(line, LedgerLine):
            known = known | _in_columns(line, known)
        elif isinstance(line, ReceivableLine):
            known = known | {"taxes": _JSON.encode(known["taxes"])}
        return ["" if (value := known.get(name)) is None else str(value) for name in self.columns]


class _Lines:
    """What a csv writer writes to."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write


def _in_columns(line: LedgerLine, known: Json) -> Json:
    """The sides of a line, and a column a dimension. A zero stands on the side of the other amount."""
    of_amount = line.amount or line.accounting_amount
    of_accounting = line.accounting_amount or line.amount
    sides = {"debit" if of_amount >= ZERO else "credit": known["amount"].removeprefix("-")}
    side = "accounting_debit" if of_accounting >= ZERO else "accounting_credit"
    dimensions = {f"{DIMENSION}{name}": value for name, value in line.dimensions.items()}
    return {**dimensions, **sides, side: known["accounting_amount"].removeprefix("-")}


def columns(batch: LedgerBatch) -> tuple[str, ...]:
    """The columns of the csv, in their order."""
    if batch.kind is BatchKind.LEDGER:
        return (*_LEDGER_BEFORE, *(f"{DIMENSION}{name}" for name in batch.dimensions), *_LEDGER_AFTER)
    return _COLUMNS[batch.kind]


def amount_text(value: Decimal, digits: int) -> str:
    """An amount with its currency's digits, without an exponent and without a negative zero."""
    exact = value.quantize(_step(digits), context=_EXACT)
    return f"{exact or abs(exact):f}"


def plain(value: Decimal) -> str:
    """A rate without an exponent and without zeros at its end."""
    return f"{value.normalize(_EXACT):f}"


def parsed(line: bytes) -> BatchLine:
    """A line of ``lines.jsonl`` as it was before it was written."""
    known = json.loads(line)
    if "lender" in known:
        kind: type[BatchLine] = PayableLine
    else:
        kind = ReceivableLine if "invoice_number" in known else LedgerLine
    return kind(**{name: _read(name, known[name]) for name in _FIELDS[kind].names if name != "tags" or name in known})


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "taxes":
        return tuple(TaxOfDocument(one["code"], Decimal(one["base"]), Decimal(one["amount"])) for one in value)
    if name in _DECIMALS:
        return Decimal(value)
    return date.fromisoformat(value) if name.endswith("_date") else value


# --- totals -----------------------------------------------------------------------------------------------------------


def sides(line: BatchLine) -> Sides:
    """What a line adds to the totals of its currency. What a customer owes is debit, what a vendor gets is credit."""
    amount = line.amount if isinstance(line, LedgerLine) else line.total
    return of_sign(-amount if isinstance(line, PayableLine) else amount)


def of_sign(amount: Decimal) -> Sides:
    return Sides(amount, ZERO) if amount >= ZERO else Sides(ZERO, -amount)


def added(one: Sides, other: Sides) -> Sides:
    return Sides(one.debit + other.debit, one.credit + other.credit)


# --- the manifest -----------------------------------------------------------------------------------------------------


def manifest(batch: LedgerBatch, files: Mapping[str, FileOf], escaped: int) -> bytes:
    """``manifest.json`` of a sealed batch, whose ``previous_sha256`` is set."""
    accounting = batch.accounting_currency
    left = batch.left_out
    known: Json = {
        "format": batch.layout,
        "company": batch.company,
        "period": batch.period,
        "kind": batch.kind,
        "number": batch.number,
        "period_number": batch.period_number,
        "previous_sha256": batch.previous_sha256,
        "setup_version": batch.setup_version,
        "sealed_at": batch.sealed_at,
        "documents": batch.documents,
        "vouchers": batch.vouchers,
        "lines": batch.lines,
        "first_date": batch.first_date.isoformat() if batch.first_date else None,
        "last_date": batch.last_date.isoformat() if batch.last_date else None,
        "totals": {currency: sides_shown(one, batch.digits[currency]) for currency, one in batch.totals.items()},
        "accounting_totals": {
            "currency": accounting,
            **sides_shown(batch.accounting_totals, batch.digits[accounting]),
        },
        "receivables": batch.receivables,
        "left_out": {
            "documents": left.documents,
            "totals": {currency: f"{total:f}" for currency, total in left.totals.items()},
        }
        if left
        else None,
        "escaped": escaped,
        "files": {name: one._asdict() for name, one in files.items()},
    }
    return f"{_JSON.encode(known)}\n".encode()


def sides_shown(one: Sides, digits: int) -> dict[str, str]:
    return {"debit": amount_text(one.debit, digits), "credit": amount_text(one.credit, digits)}
