"""Customers that are contacts."""

from __future__ import annotations

import json
from pathlib import Path

from local import run
from tests.cases.cases import FILES, Result, one, played

JANE = "f5e01672-cee2-5e22-8654-1b74af3f0c47"


def test_contact_customer() -> None:
    result = played("contact-customer")
    invoice = one(result, "invoices", proposal_id="INV-0001")
    assert (invoice["sales_tax"], invoice["total"], invoice["due_date"]) == ("0.00", "1600.00", "2026-09-30")
    proposal = one(result, "proposals", proposal_id="INV-0001")
    assert proposal["customer"] == "C-002"
    assert {line["sales_tax_group"] for line in proposal["lines"]} == {"EXP"}
    (journal,) = result["journals"]
    assert {line["sales_tax_group"] for line in journal["lines"] if line["kind"] == "unbilled_sales"} == {"EXP"}


def unknown_jane(folder: Path, *, also_on_actuals: bool) -> Result:
    """The result of contact-customer where the set-up does not know the contact."""
    source = FILES / "contact-customer"
    text = (source / "setup.yaml").read_text("utf-8")
    setup, events = folder / "setup.yaml", folder / "events.jsonl"
    setup.write_text(text.replace(f"  contact:\n    {JANE}: C-002\n", ""), "utf-8")
    assert JANE not in setup.read_text("utf-8")
    lines = (source / "events.jsonl").read_text("utf-8")
    if not also_on_actuals:
        lines = lines.replace('"msdyn_contactcustomer"', '"msdyn_another"')
    events.write_text(lines, "utf-8")
    result = run.run(run.Options(setup=setup, events=events, engine="moto")).result
    found: Result = json.loads(json.dumps(result))
    return found


def test_contact_customer_that_is_unknown_waits_before_it_is_ready(tmp_path: Path) -> None:
    result = unknown_jane(tmp_path, also_on_actuals=False)
    proposal = one(result, "proposals", proposal_id="INV-0001")
    assert (proposal["status"], proposal["lines"], result["invoices"]) == ("waiting", [], [])
    (wait,) = [wait for wait in proposal["waiting_for"] if wait["reason"] == "reference_missing"]
    assert f"contact {JANE}" in wait["detail"]


def test_contact_customer_that_is_unknown_keeps_its_actuals_off_the_journal(tmp_path: Path) -> None:
    result = unknown_jane(tmp_path, also_on_actuals=True)
    assert result["journals"] == []
    assert {row["reason"] for row in result["staging"]} == {"reference_missing"}
