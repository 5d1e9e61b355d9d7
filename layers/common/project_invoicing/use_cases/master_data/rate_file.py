"""Files of exchange rates: ours, and the two shapes in which the European Central Bank publishes its own.

Ours is CSV in UTF-8 with a comma between columns and a first line that names them, in any order:

    type,from,to,valid_from,rate,factor
    default,GBP,USD,2026-01-05,1.25,1

``rate`` units of ``to`` are worth ``factor`` units of ``from`` from that day on. ``type`` may be left out or empty
(``default``), and so may ``factor`` (1). Amounts have a point and no separators, days are written 2026-01-05.

The bank's XML has a ``Cube`` with a ``time`` around those with ``currency`` and ``rate``; its CSV has a line a day:
``Date, USD, JPY, …``. Both give for one euro the units of each currency. What its zip holds is read, too.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from pydantic import ValidationError

from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.master_data import EXCHANGE_RATE, RateKey
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.errors import Rejected
from project_invoicing.setup.indexes.currencies import RATE_TYPE
from project_invoicing.setup.models.companies import DatedRate

Rates = dict[RateKey, dict[date, ExchangeRate]]
"""By pair, what is valid from which day on."""
Quotes = dict[date, dict[str, Decimal]]
"""By day, how many units of each currency are worth one euro."""

EURO: Final = "EUR"
_NEEDED: Final = ("from", "to", "valid_from", "rate")
_COLUMNS: Final = (*_NEEDED, "type", "factor")
_CODE: Final = re.compile(r"[A-Z0-9]{3,5}", re.ASCII)
_TOLD_AT_ONCE: Final = 100
_MOST_BYTES: Final = 20_000_000
_DAY: Final = re.compile(r"""<Cube\s+time=["'](\d{4}-\d{2}-\d{2})["']\s*>(.*?)</Cube>""", re.DOTALL)
_QUOTE: Final = re.compile(r"""<Cube\s+currency=["']([A-Z]{3})["']\s+rate=["']([0-9.]+)["']\s*/>""")


def rates_in(text: str) -> Rates:
    """The rates in a file of ours. Raises ``Rejected`` (``schema``) with everything that is wrong, by line."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), restkey="…", strict=True)
    found: Rates = defaultdict(dict)
    lines: dict[tuple[RateKey, date], int] = {}
    wrong: list[str] = []
    try:
        wrong += _header(reader.fieldnames or ())
        for row in reader if not wrong else ():
            line = reader.line_num
            try:
                pair, day, rate = _rate(row)
            except ValueError as problem:
                wrong.append(f"line {line}: {problem}")
                continue
            if first := lines.get((pair, day)):
                wrong.append(
                    f"line {line}: the rate from {pair.from_} to {pair.to} of {day} is in line {first} already"
                )
            lines.setdefault((pair, day), line)
            found[pair][day] = rate
    except csv.Error as error:
        wrong.append(f"line {reader.reader.line_num}: {error}")
    if not found and not wrong:
        wrong.append("the file has no rates")
    if wrong:
        more = [f"and {len(wrong) - _TOLD_AT_ONCE} more"] if len(wrong) > _TOLD_AT_ONCE else []
        raise _unreadable("\n".join([*wrong[:_TOLD_AT_ONCE], *more]))
    return dict(found)


def reference_rates_in(data: bytes, pairs: Iterable[tuple[str, str]]) -> Rates:
    """The rates in a file of ours or of the bank; of the bank's those of ``pairs``, each crossed by way of the euro.

    Raises ``Rejected`` (``schema``).
    """
    text = _text(_unzipped(data))
    head = text.lstrip()[:200]
    if head.startswith("<"):
        quotes = _of_xml(text)
    elif re.match(r"Date\s*,", head):
        quotes = _of_csv(text)
    else:
        return rates_in(text)
    return crossed(quotes, pairs)


def crossed(quotes: Quotes, pairs: Iterable[tuple[str, str]]) -> Rates:
    """The rates of ``pairs`` of which a day quotes both currencies: exact, because a rate has a factor."""
    found: Rates = defaultdict(dict)
    wanted = sorted(set(pairs))
    for day, of_day in quotes.items():
        units = {EURO: Decimal(1), **of_day}
        for from_, to in wanted:
            if from_ != to and from_ in units and to in units:
                found[RateKey(RATE_TYPE, from_, to)][day] = ExchangeRate(units[to], units[from_])
    return dict(found)


def _header(names: Iterable[str]) -> Iterator[str]:
    given = [name.strip() for name in names]
    if missing := [name for name in _NEEDED if name not in given]:
        yield f"line 1: names no column {', '.join(missing)}; the columns are {', '.join(_COLUMNS)}"
    if unknown := [name for name in given if name not in _COLUMNS]:
        yield f"line 1: column {', '.join(unknown)} is unknown; the columns are {', '.join(_COLUMNS)}"


def _rate(row: Mapping[str, str | None]) -> tuple[RateKey, date, ExchangeRate]:
    given = {str(name).strip(): value.strip() for name, value in row.items() if isinstance(value, str)}
    if "…" in row:
        raise ValueError("has more values than there are columns")
    values = {name: given.get(name) or None for name in _COLUMNS}
    type = values.pop("type") or RATE_TYPE
    if not re.fullmatch(r"[^#]{1,100}", type):
        raise ValueError(f"type: {type!r} is no name of a type; it has a # or more than 100 characters")
    values["factor"] = values["factor"] or "1"
    try:
        read = DatedRate.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise ValueError("; ".join(_told(error))) from None
    for code in (read.from_, read.to):
        if not _CODE.fullmatch(code):
            raise ValueError(f"{code!r} is no currency code, such as EUR")
    if read.from_ == read.to:
        raise ValueError(f"{read.from_} to itself needs no rate")
    return RateKey(type, read.from_, read.to), read.valid_from, ExchangeRate(read.rate, read.factor)


def _told(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        where = ".".join(map(str, detail["loc"]))
        yield f"{where} is missing" if detail["type"] == "missing" else f"{where}: {detail['msg']}"


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(b"PK"):
        return data
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            (only,) = packed.infolist()
            if only.file_size > _MOST_BYTES:
                raise _unreadable(f"{only.filename} has {only.file_size} bytes, and {_MOST_BYTES} is the most")
            return packed.read(only)
    # What zipfile raises for what is no zip, for several files, for a compression it lacks, and for a password.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise _unreadable(f"it is no zip with one file: {error}") from error


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"it is not UTF-8 at byte {error.start}") from error


def _of_xml(text: str) -> Quotes:
    """As the bank suggests, by its two patterns: no parser of XML, which would follow what else a document may say."""
    found = {
        date.fromisoformat(day): {code: _units(number, day) for code, number in _QUOTE.findall(inside)}
        for day, inside in _DAY.findall(text)
    }
    if not any(found.values()):
        raise _unreadable("it is XML without a Cube that has a time, and in it currencies with their rates")
    return found


def _of_csv(text: str) -> Quotes:
    lines = [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text, newline=""))]
    codes, found = lines[0][1:], Quotes()
    for number, cells in enumerate(lines[1:], start=2):
        if any(cells):
            quoted = zip(codes, cells[1:], strict=False)
            units = {code: _units(n, f"line {number}") for code, n in quoted if code and n not in ("", "N/A")}
            found[_day(cells[0], number)] = units
    if not any(found.values()):
        raise _unreadable("it has no line with rates")
    return found


def _day(text: str, line: int) -> date:
    for written in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, written).date()  # noqa: DTZ007  a day, no instant
        except ValueError:
            continue
    raise _unreadable(f"line {line}: {text!r} is no day, such as 2026-01-05 or 05 January 2026")


def _units(text: str, where: str) -> Decimal:
    try:
        units = Decimal(text)
    except InvalidOperation:
        raise _unreadable(f"{where}: {text!r} is no rate") from None
    if not units.is_finite() or units <= 0 or len(text) > 20:
        raise _unreadable(f"{where}: {text!r} is no rate")
    return units


def newest(rates: Mapping[RateKey, Mapping[date, ExchangeRate]]) -> date | None:
    """The last day that has rates."""
    days: Set[date] = {day for of_pair in rates.values() for day in of_pair}
    return max(days, default=None)


def _unreadable(problem: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, problem, entity=EXCHANGE_RATE)
