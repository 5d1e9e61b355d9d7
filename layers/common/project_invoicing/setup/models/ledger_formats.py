"""Formats in which a ledger batch is delivered, as data: what each column of the other ledger's file or message holds.

A format is complete before anything is delivered in it: what it cannot say is refused when the set-up is loaded, and
what a line cannot be written as is refused before the first byte (``rules.ledger_formats``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Final

from project_invoicing.domain.ledger_batch import BatchKind
from project_invoicing.setup.models.row import After, Limited, SetupRow, told
from project_invoicing.setup.models.values import Name
from project_invoicing.setup.ready_formats import READY_FORMATS

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

_BATCH: Final = frozenset({"batch", "number", "company", "part", "part_id"})
_PLACE: Final = frozenset({"row", "entry", "entry_row"})
_LINE: Final = frozenset(
    {
        *("external_id", "voucher", "line", "source", "source_id", "invoice", "accounting_date", "document_date"),
        *("posting_type", "account", "project", "contract", "customer", "actual_id", "text", "sales_tax_code"),
        *("sales_tax_base", "dimensions", "account_display", "dimension_display", "line_kind", "side"),
        *("currency", "amount", "size", "debit", "credit", "rate", "original"),
        *("transaction_currency", "transaction_amount", "transaction_debit", "transaction_credit"),
        *("accounting_currency", "accounting_amount", "accounting_debit", "accounting_credit", "exchange_rate"),
    }
)
_DOCUMENT: Final = frozenset(
    {
        *("external_id", "invoice_number", "document_type", "invoice_date", "accounting_date", "due_date", "currency"),
        *("subtotal", "sales_tax", "total"),
    }
)
FIELDS: Final[Mapping[BatchKind, frozenset[str]]] = {
    BatchKind.LEDGER: _BATCH | _PLACE | _LINE,
    BatchKind.RECEIVABLES: _BATCH | _PLACE | _DOCUMENT | {"customer", "corrects", "terms_of_payment", "voucher"},
    BatchKind.PAYABLES: _BATCH | _PLACE | _DOCUMENT | {"vendor", "lender"},
}
"""What a column may hold, by the kind of the batch."""

_ENTRY: Final[Mapping[BatchKind, frozenset[str]]] = {
    BatchKind.LEDGER: frozenset({"voucher"}),
    BatchKind.RECEIVABLES: frozenset({"invoice_number"}),
    BatchKind.PAYABLES: frozenset({"invoice_number", "lender"}),
}
"""What the id of an entry needs, so that no two of a company have the same."""
_XML: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*(?:@[A-Za-z_][A-Za-z0-9_-]*)?")
_ROOT: Final = re.compile(r"(?:Assets|Liabilities|Equity|Income|Expenses)(?::[A-Z0-9][A-Za-z0-9-]*)*")
_METADATA: Final = re.compile(r"[a-z][a-z0-9_-]+")
_DATE_PARTS: Final = re.compile("YYYY|MM|DD")


class FormatFile(StrEnum):
    """``csv``: a line a row. ``jsonl``: a line or an entry a row. ``json`` and ``xml``: entries in one message a part.

    ``beancount``: a book for the program of this name, an entry a transaction.
    """

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    XML = "xml"
    BEANCOUNT = "beancount"


class FormatCurrency(StrEnum):
    """The amounts that the other ledger is given: those of the document, which it translates again, or ours."""

    TRANSACTION = "transaction"
    ACCOUNTING = "accounting"


class MixedCurrencies(StrEnum):
    """A voucher of several currencies stays whole, becomes an entry a currency, or is refused."""

    KEEP = "keep"
    SPLIT = "split"
    REFUSE = "refuse"


class CustomerLines(StrEnum):
    """Whether the control account's line is a line of the customer: as the company's ``receivables`` says, or fixed."""

    AS_COMPANY = "as_company"
    ALWAYS = "always"
    NEVER = "never"


class LineKind(StrEnum):
    LEDGER = "ledger"
    CUSTOMER = "customer"


class Unmapped(StrEnum):
    """A code that its table does not have stays as it is, or is refused."""

    KEEP = "keep"
    REFUSE = "refuse"


def fields_in(pattern: str) -> list[str]:
    """The fields of a pattern: text with names in braces, and nothing else in them."""
    return [field for _, field, _, _ in Formatter().parse(pattern) if field is not None]


def _pattern(text: str) -> str:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        parts = [("", None, "?", None)]
    if any(form or conversion or not (field is None or field.isidentifier()) for _, field, form, conversion in parts):
        raise told(f"{text!r} is no pattern; put names of fields in braces, such as {{voucher}}, and nothing else")
    return text


Pattern = Annotated[str, Limited(min_length=1, max_length=200), After(_pattern)]


class FormatColumn(SetupRow):
    """A column: a ``field``, a ``pattern`` of fields in braces, or else the constant of this name in ``constants``.

    In JSON and XML dots in the name lead into objects (``AccountRef.value``), and ``@`` to an attribute in XML.
    ``on`` keeps it to lines of one kind. ``max_length``: in UTF-16 units, as most targets count. ``pair``: in JSON, the
    names under which each dimension and its value are listed.
    """

    name: Name
    field: Name | None = None
    pattern: Pattern | None = None
    on: LineKind | None = None
    required: bool = False
    max_length: Annotated[int, Limited(ge=1, le=10_000)] | None = None
    pair: Annotated[list[Name], Limited(min_length=2, max_length=2)] | None = None

    @property
    def fields(self) -> Iterator[str]:
        """The fields that it holds."""
        if self.field:
            yield self.field
        yield from fields_in(self.pattern or "")


class CodeTables(SetupRow):
    """The other ledger's codes for ours. ``dimensions``: dimension → our value → theirs."""

    accounts: dict[Name, Name] = {}
    dimensions: dict[Name, dict[Name, Name]] = {}
    sales_tax_codes: dict[Name, Name] = {}
    customers: dict[Name, Name] = {}
    unmapped: Unmapped = Unmapped.KEEP


class FormatLimits(SetupRow):
    """What the other side takes. Nothing is cut or rounded to fit: what does not fit is refused."""

    lines_per_part: Annotated[int, Limited(ge=1)] | None = None
    entries_per_part: Annotated[int, Limited(ge=1)] | None = None
    lines_per_entry: Annotated[int, Limited(ge=1)] | None = None
    amount_digits: Annotated[int, Limited(ge=1, le=30)] | None = None
    amount_decimals: Annotated[int, Limited(ge=0, le=10)] | None = None
    rate_decimals: Annotated[int, Limited(ge=0, le=28)] | None = None
    dimensions: Annotated[int, Limited(ge=0)] | None = None


class FormatWords(SetupRow):
    """The other side's words for the two sides and for the two kinds of line."""

    debit: Name = "debit"
    credit: Name = "credit"
    ledger: Name = "ledger"
    customer: Name = "customer"


class FormatNesting(SetupRow):
    """Where entries and lines stand in JSON and XML.

    ``envelope``: in XML, the elements around everything, from outside, with the prefixes of ``namespaces``; in JSON one
    name, that of the list of entries. ``entry``: in XML, the element of an entry. ``lines``: in JSON the list of an
    entry's lines, in XML the element below that of the entry that they stand in. ``line``: in XML, the element of a
    line by its kind, in this order.
    """

    envelope: list[Name] = []
    namespaces: dict[Name, Name] = {}
    entry: Name | None = None
    lines: Name | None = None
    line: dict[LineKind, Name] = {}


def with_ready_made(given: Any) -> Any:
    """What a format gives, and what it does not from the ready-made one that it is ``like``. Raises ``told``."""
    if not isinstance(given, dict) or given.get("like") is None:
        return given
    name = given["like"]
    if not isinstance(name, str) or name not in READY_FORMATS:
        raise told(f"like: {name!r} is no ready-made format; there is {', '.join(READY_FORMATS)}")
    made = {**READY_FORMATS[name], **given}
    made["constants"] = {**READY_FORMATS[name].get("constants", {}), **given.get("constants", {})}
    return made


def _complete(format: LedgerFormat) -> None:
    for problem in format.problems():
        raise told(problem)


class LedgerFormat(SetupRow):
    """``like``: a ready-made format that this one takes everything from that it does not give itself.

    ``columns`` are those of a line, ``entry_columns`` those of a voucher (or document) where the file has them apart,
    ``head_columns`` those of a whole message, ``more_columns`` come behind the columns of ``like``. ``constants`` fill
    the columns of their names, whatever those held. ``entry``: the entry's id at the other side, from ``{company}``,
    ``{voucher}`` or, for documents, ``{invoice_number}``, for payables with ``{lender}`` too.

    ``dimensions``: those that the displays show, in order, empty ones kept; ``any_dimension``: all of a line, by name.
    ``dimension_columns``: columns of their own, by dimension. A line with another dimension is refused, unless
    ``dimensions_left_out`` has it.

    ``rate_per``: how many units of currency a rate is for. ``dates``: such as ``DD.MM.YYYY``. ``summed``: lines of one
    date, account, dimensions, project, tax code, currency, rate and side are one row; sides are never netted.
    ``roots`` and ``opens``: for beancount, the root account of accounts that begin so, and whether accounts are opened.
    """

    CHECKS = (_complete,)

    like: Name | None = None
    kind: BatchKind = BatchKind.LEDGER
    file: FormatFile
    columns_: list[FormatColumn] = []
    more_columns: list[FormatColumn] = []
    entry_columns: list[FormatColumn] = []
    head_columns: list[FormatColumn] = []
    constants: dict[Name, Annotated[str, Limited(max_length=200)]] = {}
    entry: Pattern = "{company}:{voucher}"
    nesting: FormatNesting = FormatNesting()
    words: FormatWords = FormatWords()
    delimiter: Annotated[str, Limited(pattern=r"^[,;|\t]$")] = ","
    dates: Annotated[str, Limited(max_length=20)] = "YYYY-MM-DD"
    currency: FormatCurrency = FormatCurrency.TRANSACTION
    rate_per: Annotated[int, Limited(ge=1, le=1000)] = 1
    mixed_currencies: MixedCurrencies = MixedCurrencies.KEEP
    customer_lines: CustomerLines = CustomerLines.AS_COMPANY
    dimensions: list[Name] = []
    any_dimension: bool = False
    dimension_delimiter: Annotated[str, Limited(min_length=1, max_length=3)] = "-"
    dimension_columns: dict[Name, Name] = {}
    dimensions_left_out: list[Name] = []
    tables: CodeTables = CodeTables()
    limits: FormatLimits = FormatLimits()
    summed: bool = False
    roots: dict[Name, Name] = {}
    opens: bool = True

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415 - not for who only reads

        as_given = super().__get_pydantic_core_schema__(source, handler)
        return core_schema.no_info_before_validator_function(with_ready_made, as_given)

    @property
    def line_columns(self) -> list[FormatColumn]:
        return [*self.columns_, *self.more_columns]

    @cached_property
    def known_dimensions(self) -> frozenset[str]:
        """The dimensions that have a place, or are left out on purpose."""
        return frozenset({*self.dimensions, *self.dimension_columns, *self.dimensions_left_out})

    @cached_property
    def translated(self) -> bool:
        """Whether the other side works the accounting amounts out of ours again, and may find other cents."""
        ours = {"accounting_amount", "accounting_debit", "accounting_credit"}
        transaction = self.currency is FormatCurrency.TRANSACTION
        return self.kind is BatchKind.LEDGER and transaction and not self._fields() & ours

    def _fields(self) -> set[str]:
        return {field for column in self.line_columns for field in column.fields}

    def problems(self) -> Iterator[str]:
        yield from self._columns_wrong()
        yield from self._nesting_wrong()
        if sorted(_DATE_PARTS.findall(self.dates)) != ["DD", "MM", "YYYY"]:
            yield f"dates: {self.dates!r} needs YYYY, MM and DD once each, such as DD.MM.YYYY"
        fields = set(fields_in(self.entry))
        known = {"company"} | _ENTRY[self.kind]
        needed = _ENTRY[self.kind]
        if not needed <= fields <= known or "}{" in self.entry:
            must = " and ".join(f"{{{name}}}" for name in sorted(needed))
            yield f"entry: {self.entry!r} must have {must}, may have {', '.join(sorted(known))}, and text between them"
        if self.any_dimension and any("display" in field for field in self._fields()):
            yield "any_dimension: a display has its dimensions in one order; list them in dimensions"
        if self.summed and (self.entry_columns or self.customer_lines is not CustomerLines.NEVER):
            yield "summed: sums have no vouchers; leave entry_columns empty and write customer_lines: never"

    def _columns_wrong(self) -> Iterator[str]:
        if not self.line_columns:
            yield "columns: a format needs at least one"
        groups = (("columns", self.line_columns), ("entry_columns", self.entry_columns))
        for group, columns in (*groups, ("head_columns", self.head_columns)):
            seen: dict[str, set[LineKind | None]] = {}
            for column in columns:
                others = seen.setdefault(column.name, set())
                if column.on in others or None in others or (column.on is None and others):
                    yield f"{group}: {column.name} is there twice for the same lines; keep one of them"
                others.add(column.on)
                yield from (f"{group}.{column.name}: {problem}" for problem in self._column_wrong(column))
        names = {column.name for _, columns in groups for column in columns} | {c.name for c in self.head_columns}
        for name, below in ((one, two) for one in names for two in names):
            if below.startswith(f"{name}.") and self.file is not FormatFile.CSV:
                yield f"columns: {name} holds {below} and cannot hold a value as well"
        for name in self.constants.keys() - names:
            yield f"constants: {name} is no column; there is {', '.join(sorted(names))}"
        for name in names & set(self.dimension_columns.values()):
            yield f"dimension_columns: {name} is a column already; give the dimension another"

    def _column_wrong(self, column: FormatColumn) -> Iterator[str]:
        if column.field and column.pattern:
            yield "field and pattern exclude each other; keep one of them"
        if not column.field and not column.pattern and column.name not in self.constants:
            yield f"give it a field, a pattern, or a value in constants.{column.name}"
        known = FIELDS[self.kind]
        for field in column.fields:
            if field not in known:
                yield f"{field!r} is no field of {self.kind}; there is {', '.join(sorted(known))}"
        if column.pair and (column.field != "dimensions" or self.file not in (FormatFile.JSON, FormatFile.JSONL)):
            yield "pair is for the field dimensions, in JSON"

    def _nesting_wrong(self) -> Iterator[str]:
        nesting = self.nesting
        missing = {
            FormatFile.JSON: len(nesting.envelope) != 1 and "envelope (one name)",
            FormatFile.XML: not (nesting.envelope and nesting.entry and nesting.line) and "envelope, entry and line",
        }.get(self.file, False)
        if missing:
            yield f"nesting: a {self.file} file needs {missing}"
        if self.file is FormatFile.BEANCOUNT:
            yield from self._beancount_wrong()
        if self.file is FormatFile.XML:
            columns = (*self.line_columns, *self.entry_columns, *self.head_columns)
            for name in (*(column.name for column in columns), *self.dimension_columns.values()):
                if not _XML.fullmatch(name):
                    yield f"columns: {name!r} is no path of elements; write it as in Tax.TaxCode or Amount@currencyCode"
        if self.head_columns and self.file not in (FormatFile.JSON, FormatFile.XML):
            yield f"head_columns: a {self.file} file has no head"

    def _beancount_wrong(self) -> Iterator[str]:
        if self.kind is not BatchKind.LEDGER or self.currency is not FormatCurrency.ACCOUNTING or self.summed:
            yield "file: a beancount file is for vouchers in currency: accounting"
        if not self.roots:
            yield "roots: a beancount file needs the root account of each account, by what it begins with"
        for root in self.roots.values():
            if not _ROOT.fullmatch(root):
                yield f"roots: {root!r} is none of Assets, Liabilities, Equity, Income and Expenses, nor below one"
        for column in (*self.line_columns, *self.entry_columns):
            if not _METADATA.fullmatch(column.name):
                yield f"columns: {column.name!r} is no name of metadata; write it as in cost_center"
