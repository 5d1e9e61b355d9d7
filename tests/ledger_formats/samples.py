"""Ledger lines for the tests of formats: the three vouchers of one hour's work, and those of the scenarios."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

import yaml

from local import ROOT
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchLine, LedgerLine, ReceivablesWay
from project_invoicing.rules.ledger_formats.formats import ready_made
from project_invoicing.rules.ledger_formats.render import Checked, checked, parts
from project_invoicing.setup.models.ledger_formats import LedgerFormat
from project_invoicing.setup.ready_formats import READY_FORMATS

BATCH: Final = BatchId("USPM", BatchKind.LEDGER, 1)
LEDGER_FORMATS: Final = [name for name in READY_FORMATS if ready_made(name).kind is BatchKind.LEDGER]
SCENARIOS: Final = sorted(file.parent.name for file in (ROOT / "events" / "scenarios").glob("*/expected.json"))


def line(voucher: str, number: int, account: str, amount: str, **more: Any) -> LedgerLine:
    """A line at rate 1 in GBP, unless ``more`` says otherwise."""
    made = LedgerLine(
        company="USPM",
        voucher=voucher,
        line=number,
        source="journal",
        source_id="USPM-000001",
        accounting_date=date(2026, 5, 31),
        document_date=date(2026, 5, 30),
        posting_type="cost",
        account=account,
        dimensions={},
        currency="GBP",
        amount=Decimal(amount),
        accounting_currency="GBP",
        accounting_amount=Decimal(amount),
        exchange_rate=Decimal(1),
        project="PRJ-1",
        text="PRJ-1",
    )
    return replace(made, **more)


def voucher(number: str, *accounts: tuple[str, str], **more: Any) -> list[LedgerLine]:
    return [line(number, place, *posted, **more) for place, posted in enumerate(accounts, 1)]


V1: Final = voucher("PV-00000001", ("540100", "800.00"), ("540900", "-800.00"))
V2: Final = voucher("PV-00000002", ("115000", "1200.00"), ("405000", "-1200.00"), posting_type="wip_sales_value")
_POSTED: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("130100", "1440.00", {"posting_type": "customer_balance", "customer": "C-001"}),
    ("401000", "-1200.00", {"posting_type": "invoiced_revenue", "dimensions": {"Department": "D10"}}),
    ("222100", "-240.00", {"posting_type": "sales_tax_payable", "sales_tax_code": "VAT20"}),
    ("405000", "1200.00", {"posting_type": "accrued_revenue_sales_value"}),
    ("115000", "-1200.00", {"posting_type": "wip_sales_value"}),
)
V3: Final = [
    line("PV-00000003", place, account, amount, source="invoice", source_id="FTI-00000001", **more)
    for place, (account, amount, more) in enumerate(_POSTED, 1)
]


def in_euro(number: str = "PV-00000004") -> list[LedgerLine]:
    """EUR 3.33 + 3.33 + 3.34 of revenue at 1.5: 15.01 with us, 15.00 where the customer's line is translated again."""
    posted = (("130100", "10.00", "15.01"), ("401000", "-3.33", "-5.00"), ("401000", "-3.33", "-5.00"))
    return [
        line(
            number,
            place,
            account,
            amount,
            currency="EUR",
            accounting_amount=Decimal(ours),
            exchange_rate=Decimal("1.5"),
        )
        for place, (account, amount, ours) in enumerate((*posted, ("401000", "-3.34", "-5.01")), 1)
    ]


def format_like(name: str, **own: Any) -> LedgerFormat:
    """A ready-made format with what a company adds to it."""
    return LedgerFormat.model_validate({"like": name, **own})


def with_department(name: str) -> LedgerFormat:
    """A ready-made format that has a place for the dimension of ``V3``."""
    return format_like(name, **_PLACES.get(name, {}))


_PLACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "d365_general_journal": {"dimensions": ["Department", "CostCenter", "Purpose"]},
    "quickbooks": {"dimensions": ["Department"]},
    "sap_s4hana": {"dimension_columns": {"Department": "AccountAssignment.CostCenter"}},
}


def written(
    format: LedgerFormat,
    lines: Iterable[BatchLine],
    *,
    batch: BatchId = BATCH,
    way: ReceivablesWay = ReceivablesWay.CUSTOMER_LINES,
) -> dict[str, str]:
    """The parts of a delivery by name, which was checked before."""
    kept = list(lines)
    checked(format, batch, lambda: iter(kept), way=way)
    made = parts(format, batch, lambda: iter(kept), way=way)
    return {part.name: b"".join(part.chunks).decode() for part in made}


def check(format: LedgerFormat, lines: Iterable[BatchLine], *, batch: BatchId = BATCH) -> Checked:
    kept = list(lines)
    return checked(format, batch, lambda: iter(kept))


def posted_in(scenario: str) -> Iterator[LedgerLine]:
    """The lines of a scenario's expected vouchers, in the order of a batch; one company's after the other's."""
    expected = json.loads((ROOT / "events" / "scenarios" / scenario / "expected.json").read_text("utf-8"))
    yield from posted(expected["vouchers"], _accounting_currencies(scenario))


def posted(vouchers: Iterable[Mapping[str, Any]], currencies: Mapping[str, str]) -> Iterator[LedgerLine]:
    """The lines of the vouchers of a result, in the order of ``posted_in``. ``currencies``: by company."""
    ordered = sorted(
        vouchers, key=lambda one: (one["company"], one["accounting_date"], one["source"], one["source_id"])
    )
    for one in ordered:
        for place, posted in enumerate(one["lines"], 1):
            yield _ledger_line(one, place, posted, currencies[one["company"]])


def _accounting_currencies(scenario: str) -> dict[str, str]:
    folder = ROOT / "events" / "scenarios" / scenario
    steps = map(json.loads, (folder / "events.jsonl").read_text("utf-8").splitlines())
    setups = [yaml.safe_load((folder / "setup.yaml").read_text("utf-8")), *(step.get("setup", {}) for step in steps)]
    return {
        company: row["accounting_currency"] for setup in setups for company, row in setup.get("companies", {}).items()
    }


def _ledger_line(one: Mapping[str, Any], place: int, posted: Mapping[str, Any], currency: str) -> LedgerLine:
    return LedgerLine(
        company=one["company"],
        voucher=one["voucher"],
        line=place,
        source=one["source"],
        source_id=one["source_id"],
        accounting_date=date.fromisoformat(one["accounting_date"]),
        document_date=date.fromisoformat(one["accounting_date"]),
        posting_type=posted["posting_type"],
        account=posted["account"],
        dimensions=posted["dimensions"],
        currency=posted["currency"],
        amount=Decimal(posted["amount"]),
        accounting_currency=currency,
        accounting_amount=Decimal(posted["accounting_amount"]),
        exchange_rate=Decimal(posted["exchange_rate"]),
        sales_tax_code=posted["sales_tax_code"],
        project=posted["project"],
        text=f"{one['source_id']} {posted['project'] or ''}".strip(),
    )
