"""Events of ours as tests publish them: what a test does not say has a plain value."""

from __future__ import annotations

from typing import Any

from project_invoicing.events import BusEvent
from project_invoicing.events.own import InvoicePosted, JournalPosted
from tests.builders import guid


def journal_posted(at: str, key: str = "posted", **said: Any) -> BusEvent:
    values: dict[str, Any] = {"company": "USPM", "journal_id": "USPM-000001", "line_count": 1}
    return JournalPosted(**values | said).on_bus(at, key)


def invoice_posted(at: str, key: str = "posted", **said: Any) -> BusEvent:
    values: dict[str, Any] = {
        "company": "USPM",
        "proposal_id": "INV-0001",
        "invoice_id": guid("proforma"),
        "invoice_number": "FTI-00000001",
        "voucher": "PV-00000001",
        "document_type": "invoice",
        "invoice_date": "2026-08-31",
        "due_date": "2026-09-30",
        "accounting_date": "2026-08-31",
        "currency": "USD",
        "subtotal": "1600.00",
        "sales_tax": "0.00",
        "total": "1600.00",
        "line_count": 1,
    }
    return InvoicePosted(**values | said).on_bus(at, key)
