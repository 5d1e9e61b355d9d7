"""Lines of a batch as the entries of another ledger: vouchers whole, split by currency, or summed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Final

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger_batch import BatchLine, LedgerLine, ReceivablesWay
from project_invoicing.domain.money import ZERO
from project_invoicing.rules.ledger_formats.refusals import Problems, Unwritable
from project_invoicing.setup.models.ledger_formats import (
    CustomerLines,
    FormatCurrency,
    LedgerFormat,
    LineKind,
    MixedCurrencies,
)

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the other ledger takes or refuses as one: ``document`` is our id for it, ``id`` its id there."""

    document: str
    id: str
    lines: Sequence[BatchLine]


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry in its part, and its place among the part's rows, both from 1."""

    entry: Entry
    part: int
    first_row: int


def entries(format: LedgerFormat, lines: Iterable[BatchLine], problems: Problems) -> Iterator[Entry]:
    """Entries in the order of the batch. Lines of one voucher follow each other; sums are made a date at a time."""
    made = _documents(format, lines, problems)
    return _summed(made) if format.summed else made


def placed(format: LedgerFormat, made: Iterable[Entry]) -> Iterator[Placed]:
    """Parts end between entries. An entry that is too large is refused before (``_sized``)."""
    part, rows, count = 1, 0, 0
    lines_limit, entries_limit = format.limits.lines_per_part, format.limits.entries_per_part
    for entry in made:
        full = (lines_limit and rows + len(entry.lines) > lines_limit) or (entries_limit and count >= entries_limit)
        if full and count:
            part, rows, count = part + 1, 0, 0
        yield Placed(entry, part, rows + 1)
        rows += len(entry.lines)
        count += 1


def kind_of(format: LedgerFormat, way: ReceivablesWay, line: BatchLine) -> LineKind:
    """Whether the line stands for its account or for its customer."""
    if not isinstance(line, LedgerLine) or line.posting_type != PostingType.CUSTOMER_BALANCE:
        return LineKind.LEDGER
    if format.customer_lines is CustomerLines.NEVER:
        return LineKind.LEDGER
    if format.customer_lines is CustomerLines.AS_COMPANY and way is not ReceivablesWay.CUSTOMER_LINES:
        return LineKind.LEDGER
    return LineKind.CUSTOMER


def _documents(format: LedgerFormat, lines: Iterable[BatchLine], problems: Problems) -> Iterator[Entry]:
    for document, group in groupby(lines, key=_document):
        try:
            yield from _checked(format, document, list(group))
        except Unwritable as error:
            problems.add(document, error)


def _document(line: BatchLine) -> str:
    return f"{line.company}:{line.voucher}" if isinstance(line, LedgerLine) else line.external_id


def _checked(format: LedgerFormat, document: str, lines: list[BatchLine]) -> list[Entry]:
    ledger_lines = [line for line in lines if isinstance(line, LedgerLine)]
    made = _of_voucher(format, document, ledger_lines) if ledger_lines else [_of_document(format, document, lines)]
    for entry in made:
        _sized(format, entry)
    return made


def _of_document(format: LedgerFormat, document: str, lines: list[BatchLine]) -> Entry:
    line = lines[0]
    if len(lines) > 1 or isinstance(line, LedgerLine):
        raise Unwritable("lines", len(lines), "are there for one document: it is in the batch more than once")
    names = {"company": line.company, "invoice_number": line.invoice_number, "lender": getattr(line, "lender", "")}
    return Entry(document, format.entry.format_map(names), lines)


def _of_voucher(format: LedgerFormat, document: str, lines: list[LedgerLine]) -> list[Entry]:
    _in_order(lines)
    _balanced(format, lines)
    lines = _carried(format, lines)
    first = lines[0]
    id = format.entry.format_map({"company": first.company, "voucher": first.voucher})
    if format.mixed_currencies is MixedCurrencies.KEEP or format.currency is FormatCurrency.ACCOUNTING:
        return [Entry(document, id, lines)]
    currencies = list(dict.fromkeys(line.currency for line in lines))
    if format.mixed_currencies is MixedCurrencies.REFUSE and len(currencies) > 1:
        raise Unwritable("currency", ", ".join(currencies), "are in one voucher, and an entry there has one currency")
    if format.mixed_currencies is MixedCurrencies.SPLIT and ":" in first.voucher:
        raise Unwritable("voucher", first.voucher, "has a colon, which sets the currency of a split voucher apart")
    if len(currencies) == 1:
        return [Entry(document, id, lines)]
    return [Entry(document, f"{id}:{one}", [line for line in lines if line.currency == one]) for one in currencies]


def _in_order(lines: list[LedgerLine]) -> None:
    for place, line in enumerate(lines, 1):
        if line.line != place:
            raise Unwritable("line", line.line, f"stands where line {place} of its voucher should be")
        if line.accounting_date != lines[0].accounting_date:
            raise Unwritable("accounting_date", line.accounting_date, "is not the date of its voucher's other lines")


def _balanced(format: LedgerFormat, lines: list[LedgerLine]) -> None:
    ours: dict[str, Decimal] = {}
    theirs: dict[str, Decimal] = {}
    for line in lines:
        if not (line.amount.is_finite() and line.accounting_amount.is_finite()):
            raise Unwritable("amount", line.amount, "is no amount")
        theirs[line.currency] = theirs.get(line.currency, ZERO) + line.amount
        ours[line.accounting_currency] = ours.get(line.accounting_currency, ZERO) + line.accounting_amount
    if len(ours) > 1:
        raise Unwritable("accounting_currency", ", ".join(ours), "are in one voucher, and a company has one")
    written = [*ours.items(), *(() if format.currency is FormatCurrency.ACCOUNTING else theirs.items())]
    for currency, total in written:
        if total:
            raise Unwritable("amount", total, f"is what debit and credit of the voucher differ by in {currency}")


def _carried(format: LedgerFormat, lines: list[LedgerLine]) -> list[LedgerLine]:
    """Lines without an amount in their currency, in accounting currency, where the target translates (ARR-09).

    It would make nothing of them. An entry of one currency has to balance by itself: they have to do so, too, there.
    """
    bare = [line for line in lines if line.accounting_amount and not line.amount] if format.translated else []
    off = sum((line.accounting_amount for line in bare), ZERO)
    if off and format.mixed_currencies is not MixedCurrencies.KEEP:
        told = "is what lines without an amount in their currency differ by; deliver it with currency: accounting"
        raise Unwritable("accounting_amount", off, told)
    return [_in_accounting_currency(line) if line in bare else line for line in lines] if bare else lines


def _in_accounting_currency(line: LedgerLine) -> LedgerLine:
    return replace(line, currency=line.accounting_currency, amount=line.accounting_amount, exchange_rate=_ONE)


def _sized(format: LedgerFormat, entry: Entry) -> None:
    limits = format.limits
    for name, limit in (("lines_per_entry", limits.lines_per_entry), ("lines_per_part", limits.lines_per_part)):
        if limit and len(entry.lines) > limit:
            raise Unwritable("lines", len(entry.lines), f"are more than the {limit} of {name}, and it cannot be cut")


def _summed(made: Iterator[Entry]) -> Iterator[Entry]:
    """The lines of a date that agree in everything that is posted by, as one line with their sum; sides stay apart."""
    for (company, day), group in groupby(made, key=_company_and_day):
        sums: dict[tuple[object, ...], LedgerLine] = {}
        for entry in group:
            for line in entry.lines:
                if isinstance(line, LedgerLine):
                    _add(sums, line)
        yield Entry(f"{company}:{day}", f"{company}:{day}", list(sums.values()))


def _company_and_day(entry: Entry) -> tuple[str, str]:
    line = entry.lines[0]
    return line.company, line.accounting_date.isoformat()


def _add(sums: dict[tuple[object, ...], LedgerLine], line: LedgerLine) -> None:
    codes = (line.account, tuple(sorted(line.dimensions.items())), line.project, line.sales_tax_code)
    rate = (line.currency, line.accounting_currency, line.exchange_rate)
    key = (*codes, *rate, line.amount < ZERO, line.accounting_amount < ZERO)
    if (before := sums.get(key)) is None:
        sums[key] = replace(line, voucher="", line=len(sums) + 1, source="", source_id="", customer=None, text="")
        return
    amount, accounting_amount = before.amount + line.amount, before.accounting_amount + line.accounting_amount
    sums[key] = replace(before, amount=amount, accounting_amount=accounting_amount)
