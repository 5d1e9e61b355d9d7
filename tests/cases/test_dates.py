"""Dates: which day a column means, and which one an invoice is accounted on (REG-13, 99-23, 99-26)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from local import run
from tests.cases.cases import FILES, Result, one, played

WIRE_FORMS = {
    "as it came": "/Date(1788220800000)/",
    "with the offset of UTC": "/Date(1788220800000+0000)/",
    "with an offset of the sender": "/Date(1788220800000-0400)/",
    "the sender's own midnight": "/Date(1788184800000+1000)/",
    "in UTC": "2026-09-01T00:00:00Z",
    "a timestamp with an offset": "2026-09-01T00:00:00+10:00",
    "a bare date": "2026-09-01",
}


def sent_as(form: str, folder: Path) -> Result:
    """The result of invoice-date-shifts with its invoice date in another wire form."""
    source = FILES / "invoice-date-shifts"
    text = (source / "events.jsonl").read_text("utf-8")
    events = folder / "events.jsonl"
    events.write_text(re.sub(r'("msdyn_invoicedate", "value": )"[^"]*"', rf'\1"{form}"', text), "utf-8")
    result = run.run(run.Options(setup=source / "setup.yaml", events=events, engine="moto")).result
    found: Result = json.loads(json.dumps(result))
    return found


@pytest.mark.parametrize("form", WIRE_FORMS.values(), ids=list(WIRE_FORMS))
def test_invoice_date_shifts(form: str, tmp_path: Path) -> None:
    result = sent_as(form, tmp_path)
    invoice = one(result, "invoices", proposal_id="INV-0001")
    dates = {name: invoice[name] for name in ("invoice_date", "due_date", "accounting_date")}
    assert dates == {"invoice_date": "2026-09-01", "due_date": "2026-09-15", "accounting_date": "2026-09-01"}
    assert one(result, "vouchers", source="invoice")["accounting_date"] == "2026-09-01"


def test_invoice_date_shifts_into_closed_period() -> None:
    result = played("invoice-date-shifts-into-closed-period")
    invoice = one(result, "invoices", proposal_id="INV-0001")
    assert (invoice["invoice_date"], invoice["due_date"]) == ("2026-09-01", "2026-09-15")
    assert one(result, "vouchers", source="invoice")["accounting_date"] == "2026-09-01"


def test_invoice_accounting_date_ignored() -> None:
    result = played("invoice-accounting-date-ignored")
    invoice = one(result, "invoices", proposal_id="INV-0001")
    assert (invoice["invoice_date"], invoice["due_date"]) == ("2026-08-31", "2026-09-14")
    assert invoice["accounting_date"] == "2026-09-05"
    assert one(result, "vouchers", source="invoice")["accounting_date"] == "2026-09-05"
