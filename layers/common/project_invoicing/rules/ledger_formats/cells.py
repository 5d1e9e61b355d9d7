"""What stands in a column: fields of a line in the other ledger's codes, dates and signs, each one checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from string import Formatter
from typing import Final, NamedTuple

from project_invoicing.domain.ledger_batch import BatchId, BatchLine, LedgerLine
from project_invoicing.domain.money import ZERO
from project_invoicing.rules.ledger_formats.refusals import Unwritable
from project_invoicing.setup.models.ledger_formats import (
    FormatColumn,
    FormatCurrency,
    FormatFile,
    FormatLimits,
    LedgerFormat,
    LineKind,
    Unmapped,
)

_EXACT: Final = Context(prec=60)
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_FORMULA: Final = ("=", "+", "-", "@")
_NO_FORMULA: Final = re.compile(r"[^=+@|!(\"']*")


class Figure(str):
    """A number: bare in JSON, and no formula in a file of cells."""

    __slots__ = ()


class Amount(Figure):
    __slots__ = ()


class Rate(Figure):
    __slots__ = ()


class Display(str):
    """Dimension values in order of which the first is empty, so that it begins with the delimiter."""

    __slots__ = ()


Pairs = list[tuple[str, str]]
Cell = str | Pairs


@dataclass(frozen=True, slots=True)
class Look:
    """A line where it stands: what a column looks at."""

    format: LedgerFormat
    batch: BatchId
    line: BatchLine
    kind: LineKind
    entry: str
    entry_row: int
    part: int
    row: int


class Reader(NamedTuple):
    """A column made ready: ``read`` gives what stands in it for a line, and raises ``Unwritable``."""

    name: str
    on: LineKind | None
    read: Callable[[Look], Cell]


def readers(format: LedgerFormat, columns: Iterable[FormatColumn]) -> list[Reader]:
    """The columns with all that is the same for every line worked out once."""
    return [Reader(column.name, column.on, _reader(format, column)) for column in columns]


def cells(look: Look, columns: Iterable[Reader]) -> list[tuple[str, Cell]]:
    """The columns that lines of this kind have, with what stands in them. Raises ``Unwritable``."""
    kind = look.kind
    return [(name, read(look)) for name, on, read in columns if on is None or on is kind]


def dimension_cells(look: Look) -> Iterator[tuple[str, str]]:
    """The columns that dimensions have of their own. Raises ``Unwritable`` for a dimension that has no place."""
    format, line = look.format, look.line
    if not isinstance(line, LedgerLine):
        return
    for name, value in line.dimensions.items():
        if value and not format.any_dimension and name not in format.known_dimensions:
            raise Unwritable("dimensions", name, "has no place in the format; add it to dimensions")
    for name, column in format.dimension_columns.items():
        yield column, _checked(format, column, _dimension(look, line, name))


def _reader(format: LedgerFormat, column: FormatColumn) -> Callable[[Look], Cell]:
    name, most = column.name, column.max_length
    constant = format.constants.get(name)
    value = _value(column, constant)

    def read(look: Look) -> Cell:
        cell = value(look)
        if isinstance(cell, list):
            if column.pair:
                return [(key, _checked(format, key, each)) for key, each in cell]
            cell = _joined(cell)
        if column.required and not cell:
            raise Unwritable(name, cell, "is empty and must not be")
        if most and 2 * len(cell) > most and len(cell.encode("utf-16-le", "surrogatepass")) > 2 * most:
            raise Unwritable(name, cell, f"is longer than {most} characters")
        return _checked(format, name, cell) if constant is None else cell

    return read


def _value(column: FormatColumn, constant: str | None) -> Callable[[Look], Cell]:
    if constant is not None:
        return lambda look: constant  # noqa: ARG005  a constant needs no line
    if not column.pattern:
        return FIELD[column.field or ""]
    pieces = [(text, FIELD[field] if field else None) for text, field, _, _ in Formatter().parse(column.pattern)]

    def patterned(look: Look) -> str:
        text = "".join(f"{before}{_joined(of(look)) if of else ''}" for before, of in pieces)
        return text.strip(" ")

    return patterned


def _joined(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    for name, value in cell:
        if ";" in value:
            raise Unwritable(f"dimensions.{name}", value, "has a semicolon, which sets dimensions apart")
    return ";".join(f"{name}={value}" for name, value in cell)


def _checked(format: LedgerFormat, name: str, cell: str) -> str:
    if isinstance(cell, Figure):
        return _figure(format, name, cell)
    if not (cell.isascii() and cell.isprintable()) and _UNPRINTABLE.search(cell):
        raise Unwritable(name, ascii(cell), "has a character that no file may have")
    if format.file is FormatFile.CSV and cell.startswith(_FORMULA) and not _is_harmless(cell):
        raise Unwritable(name, cell, "begins as a formula does, and would be one in a spreadsheet")
    return cell


def _is_harmless(cell: str) -> bool:
    return isinstance(cell, Display) and _NO_FORMULA.fullmatch(cell) is not None


def _figure(format: LedgerFormat, name: str, cell: Figure) -> str:
    limits = format.limits
    if isinstance(cell, Amount):
        return _amount(limits, name, cell)
    most = limits.rate_decimals if isinstance(cell, Rate) else None
    if most is not None and len(cell.partition(".")[2]) > most:
        raise Unwritable(name, cell, f"has more than {most} decimals")
    return cell


def _amount(limits: FormatLimits, name: str, cell: Amount) -> Amount:
    """Zeros at its end may go; nothing else may."""
    digits, most = limits.amount_digits, limits.amount_decimals
    if digits is None and most is None:
        return cell
    whole, _, fraction = cell.partition(".")
    if digits is not None and len(whole.lstrip("-")) > digits:
        raise Unwritable(name, cell, f"has more than {digits} digits before the decimals")
    if most is None or len(fraction) <= most:
        return cell
    if fraction[most:].strip("0"):
        raise Unwritable(name, cell, f"has more than {most} decimals")
    return Amount(f"{whole}.{fraction[:most]}" if most else whole)


def plain(amount: Decimal) -> Amount:
    """With the digits it has: ``1200.00``, ``1234``, never an exponent or a minus before zero."""
    return Amount(format(amount or abs(amount), "f"))


def _day(look: Look, day: date) -> str:
    iso = day.isoformat()
    if (form := look.format.dates) == "YYYY-MM-DD":
        return iso
    return form.replace("YYYY", iso[:4]).replace("MM", iso[5:7]).replace("DD", iso[8:])


def _coded(look: Look, table: Mapping[str, str], name: str, code: str) -> str:
    if code in table or not code:
        return table.get(code, "")
    if look.format.tables.unmapped is Unmapped.REFUSE:
        raise Unwritable(name, code, f"is not in the format's table of {name}")
    return code


def _ledger(look: Look) -> LedgerLine:
    if not isinstance(look.line, LedgerLine):
        raise TypeError(f"{look.batch} has a line of another kind")
    return look.line


def _account(look: Look) -> str:
    account = _ledger(look).account
    if not account:
        raise Unwritable("account", account, "is empty and must not be")
    return _coded(look, look.format.tables.accounts, "accounts", account)


def _customer(look: Look) -> str:
    line = look.line
    return _coded(look, look.format.tables.customers, "customers", getattr(line, "customer", None) or "")


def _tax_code(look: Look) -> str:
    return _coded(look, look.format.tables.sales_tax_codes, "sales_tax_codes", _ledger(look).sales_tax_code or "")


def _dimension(look: Look, line: LedgerLine, name: str) -> str:
    value = line.dimensions.get(name, "")
    table = look.format.tables.dimensions.get(name)
    return value if table is None else _coded(look, table, f"dimensions.{name}", value)


def _pairs(look: Look) -> Pairs:
    line, format = _ledger(look), look.format
    names = sorted(line.dimensions) if format.any_dimension else format.dimensions
    made = [(name, value) for name in names if (value := _dimension(look, line, name))]
    most = format.limits.dimensions
    if most is not None and len(made) > most:
        raise Unwritable("dimensions", ", ".join(name for name, _ in made), f"are more than {most}")
    return made


def _display(look: Look, *before: str) -> str:
    """``401000-D10--``: values in the format's order, empty ones kept."""
    line, format = _ledger(look), look.format
    values = [*before, *(_dimension(look, line, name) for name in format.dimensions)]
    if len(values) > 1:
        for value in values:
            if format.dimension_delimiter in value:
                raise Unwritable("dimensions", value, f"has {format.dimension_delimiter!r}, which sets values apart")
    if not any(values):
        return ""
    text = format.dimension_delimiter.join(values)
    return text if values[0] else Display(text)


def _given(look: Look) -> tuple[str, Decimal]:
    """Currency and amount that the other ledger is given."""
    line = _ledger(look)
    if look.format.currency is FormatCurrency.ACCOUNTING:
        return line.accounting_currency, line.accounting_amount
    return line.currency, line.amount


def _is_debit(amount: Decimal, other: Decimal) -> bool:
    return (amount or other) >= ZERO


def _given_is_debit(look: Look) -> bool:
    line = _ledger(look)
    return _is_debit(_given(look)[1], line.accounting_amount or line.amount)


def _rate(look: Look) -> Rate:
    line, per = _ledger(look), look.format.rate_per
    one = look.format.currency is FormatCurrency.ACCOUNTING
    rate = Decimal(per) if one else _EXACT.multiply(line.exchange_rate, Decimal(per))
    return _plain_rate(rate)


def _plain_rate(rate: Decimal) -> Rate:
    text = format(rate, "f")
    return Rate(text.rstrip("0").rstrip(".") if "." in text else text)


def _original(look: Look) -> str:
    """The amount of the document, where what is given is another: ``10.00 EUR``."""
    line = _ledger(look)
    return "" if line.currency == _given(look)[0] else f"{plain(line.amount)} {line.currency}"


def _one_side(amount: Decimal, wanted: bool) -> str:
    return plain(abs(amount)) if wanted else ""


def _attribute(name: str) -> Callable[[Look], Cell]:
    """A column of the line as it is."""

    def read(look: Look) -> Cell:
        value = getattr(look.line, name)
        match value:
            case Decimal():
                return plain(value)
            case date():
                return _day(look, value)
            case int():
                return Figure(value)
            case _:
                return value or ""

    return read


def _invoice(look: Look) -> str:
    line = _ledger(look)
    return line.source_id if line.source == "invoice" else ""


def _part_id(look: Look) -> str:
    return str(look.batch) if look.part == 1 else f"{look.batch}-{look.part}"


def _transaction_side(look: Look, debit: bool) -> str:
    line = _ledger(look)
    return _one_side(line.amount, _is_debit(line.amount, line.accounting_amount) is debit)


def _accounting_side(look: Look, debit: bool) -> str:
    line = _ledger(look)
    return _one_side(line.accounting_amount, _is_debit(line.accounting_amount, line.amount) is debit)


FIELD: Final[Mapping[str, Callable[[Look], Cell]]] = {
    **{
        name: _attribute(name)
        for name in (
            *("external_id", "company", "voucher", "line", "source", "source_id", "accounting_date", "document_date"),
            *("posting_type", "project", "contract", "actual_id", "text", "sales_tax_base"),
            *("accounting_currency", "invoice_number", "document_type", "corrects", "invoice_date", "due_date"),
            *("terms_of_payment", "subtotal", "sales_tax", "total", "vendor", "lender"),
        )
    },
    "batch": lambda look: str(look.batch),
    "number": lambda look: Figure(look.batch.number),
    "part": lambda look: Figure(look.part),
    "part_id": _part_id,
    "row": lambda look: Figure(look.row),
    "entry": lambda look: look.entry,
    "entry_row": lambda look: Figure(look.entry_row),
    "invoice": _invoice,
    "account": _account,
    "customer": _customer,
    "sales_tax_code": _tax_code,
    "dimensions": _pairs,
    "account_display": lambda look: _display(look, _account(look)),
    "dimension_display": _display,
    "line_kind": lambda look: str(getattr(look.format.words, look.kind)),
    "side": lambda look: look.format.words.debit if _given_is_debit(look) else look.format.words.credit,
    "currency": lambda look: _given(look)[0] if isinstance(look.line, LedgerLine) else look.line.currency,
    "amount": lambda look: plain(_given(look)[1]),
    "size": lambda look: plain(abs(_given(look)[1])),
    "debit": lambda look: _one_side(_given(look)[1], _given_is_debit(look)),
    "credit": lambda look: _one_side(_given(look)[1], not _given_is_debit(look)),
    "rate": _rate,
    "exchange_rate": lambda look: _plain_rate(_ledger(look).exchange_rate),
    "original": _original,
    "transaction_currency": lambda look: _ledger(look).currency,
    "transaction_amount": lambda look: plain(_ledger(look).amount),
    "transaction_debit": lambda look: _transaction_side(look, debit=True),
    "transaction_credit": lambda look: _transaction_side(look, debit=False),
    "accounting_amount": lambda look: plain(_ledger(look).accounting_amount),
    "accounting_debit": lambda look: _accounting_side(look, debit=True),
    "accounting_credit": lambda look: _accounting_side(look, debit=False),
}
"""The fields that a column may name, and how each is worked out. ``setup.models.ledger_formats`` has their names."""
