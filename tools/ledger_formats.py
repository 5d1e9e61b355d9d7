"""The ready-made formats of ledger batches in ``docs/ledger.md``: their columns, and what a voucher becomes in each.

python -m tools.ledger_formats      # writes the part between the marks
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from local import ROOT
from project_invoicing.domain.ledger_batch import (
    BatchId,
    BatchKind,
    BatchLine,
    LedgerLine,
    PayableLine,
    ReceivableLine,
    ReceivablesWay,
)
from project_invoicing.rules.ledger_formats.formats import ready_made
from project_invoicing.rules.ledger_formats.render import parts
from project_invoicing.setup.models.ledger_formats import CustomerLines, FormatColumn, LedgerFormat, MixedCurrencies
from project_invoicing.setup.ready_formats import READY_FORMATS

DOCUMENT: Final = ROOT / "docs" / "ledger.md"
_BEGIN: Final = "<!-- generated from setup/ready_formats.py: python -m tools.ledger_formats -->"
_END: Final = "<!-- end of what is generated -->"

_LINE: Final = LedgerLine(
    company="USPM",
    voucher="PV-00000003",
    line=1,
    source="invoice",
    source_id="FTI-00000001",
    accounting_date=date(2026, 5, 31),
    document_date=date(2026, 5, 31),
    posting_type="customer_balance",
    account="130100",
    dimensions={},
    currency="EUR",
    amount=Decimal("1440.00"),
    accounting_currency="USD",
    accounting_amount=Decimal("1584.00"),
    exchange_rate=Decimal("1.1"),
    customer="C-001",
    text="FTI-00000001 PRJ-1",
)
_LEDGER: Final = (
    _LINE,
    replace(
        _LINE,
        line=2,
        posting_type="invoiced_revenue",
        account="401000",
        dimensions={"CostCenter": "D10"},
        amount=Decimal("-1200.00"),
        accounting_amount=Decimal("-1320.00"),
        customer=None,
        project="PRJ-1",
    ),
    replace(
        _LINE,
        line=3,
        posting_type="sales_tax_payable",
        account="222100",
        amount=Decimal("-240.00"),
        accounting_amount=Decimal("-264.00"),
        customer=None,
        sales_tax_code="VAT20",
    ),
)
_RECEIVABLE: Final = ReceivableLine(
    company="USPM",
    invoice_number="FTI-00000001",
    document_type="invoice",
    corrects=None,
    customer="C-001",
    invoice_date=date(2026, 5, 31),
    accounting_date=date(2026, 5, 31),
    due_date=date(2026, 6, 30),
    terms_of_payment="N30",
    currency="EUR",
    subtotal=Decimal("1200.00"),
    sales_tax=Decimal("240.00"),
    total=Decimal("1440.00"),
    voucher="PV-00000003",
)
_PAYABLE: Final = PayableLine(
    company="GBPM",
    invoice_number="IC-000001",
    document_type="invoice",
    vendor="V-USPM",
    lender="USPM",
    invoice_date=date(2026, 5, 31),
    accounting_date=date(2026, 5, 31),
    due_date=date(2026, 6, 30),
    currency="USD",
    subtotal=Decimal("1200.00"),
    sales_tax=Decimal("0.00"),
    total=Decimal("1200.00"),
)
_EXAMPLE: Final[Mapping[BatchKind, tuple[BatchLine, ...]]] = {
    BatchKind.LEDGER: _LEDGER,
    BatchKind.RECEIVABLES: (_RECEIVABLE,),
    BatchKind.PAYABLES: (_PAYABLE,),
}
_OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "d365_general_journal": {"dimensions": ["CostCenter", "Department"]},
    "netsuite": {"dimension_columns": {"CostCenter": "Department"}},
    "quickbooks": {"dimensions": ["CostCenter"]},
}
"""What a company would add to a ready-made format, so that it has a place for the example's dimension."""


def section() -> Iterator[str]:
    """What stands between the marks."""
    for name in READY_FORMATS:
        yield from _of(name, ready_made(name))


def with_section(document: str) -> str:
    before, _, rest = document.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{DOCUMENT.name} has no place for the formats: {_BEGIN} … {_END}")
    return f"{before}{_BEGIN}\n\n" + "\n".join(section()) + f"\n{_END}{after}"


def _of(name: str, format: LedgerFormat) -> Iterator[str]:
    yield f"### `{name}`"
    yield ""
    yield f"For batches of {format.kind}, as {format.file}. {' '.join(_settings(format))}".rstrip()
    yield ""
    yield "| column | holds | only if, or at most |"
    yield "| --- | --- | --- |"
    for where, columns in (
        ("message: ", format.head_columns),
        ("header: " if format.file == "csv" else "entry: ", format.entry_columns),
        ("", format.line_columns),
    ):
        for column in columns:
            yield f"| {where}`{column.name}` | {_holds(format, column)} | {', '.join(_limits(column))} |"
    for dimension, column_name in format.dimension_columns.items():
        yield f"| `{column_name}` | dimension `{dimension}` | |"
    yield ""
    own = _OWN.get(name)
    shown = LedgerFormat.model_validate({"like": name, **own}) if own else format
    added = ", ".join(f"`{key}: {value}`".replace("'", "") for key, value in (own or {}).items())
    yield f"An example{f' with {added}' if added else ''}:"
    yield ""
    lines = _EXAMPLE[format.kind]
    batch = BatchId(lines[0].company, format.kind, 3)
    for part in parts(shown, batch, lambda: lines, way=ReceivablesWay.CUSTOMER_LINES):
        yield f"    # {part.name}"
        yield from (f"    {row}".rstrip() for row in b"".join(part.chunks).decode().splitlines())
    yield ""


def _settings(format: LedgerFormat) -> Iterator[str]:
    said = [f"Entry id `{format.entry}`"]
    if format.kind is BatchKind.LEDGER:
        said.append(f"amounts in {format.currency} currency")
    if format.rate_per != 1:
        said.append(f"rates for {format.rate_per} units")
    if format.mixed_currencies is not MixedCurrencies.KEEP:
        said.append(f"a voucher of several currencies: {format.mixed_currencies}")
    if format.customer_lines is not CustomerLines.AS_COMPANY:
        said.append(f"customer lines: {format.customer_lines}")
    yield f"{', '.join(said)}."
    limits = [f"`{name}` {value}" for name, value in format.limits.model_dump(exclude_none=True).items()]
    if limits:
        yield f"Limits: {', '.join(limits)}."


def _holds(format: LedgerFormat, column: FormatColumn) -> str:
    if column.name in format.constants:
        return f"constant `{format.constants[column.name]}`"
    return f"`{column.field or column.pattern}`"


def _limits(column: FormatColumn) -> Iterator[str]:
    if column.on:
        yield f"lines of the {column.on}"
    if column.required:
        yield "not empty"
    if column.max_length:
        yield f"{column.max_length} characters"


def main() -> None:
    DOCUMENT.write_text(with_section(DOCUMENT.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
