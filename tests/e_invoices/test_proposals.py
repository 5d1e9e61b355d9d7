"""Proposals that break a rule by their set-up: refused with the id that the official rules give their files."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_document import InvoiceDocument
from project_invoicing.domain.named import Named
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.document_needs import incomplete_document
from project_invoicing.rules.e_invoice.business_rules import broken_rules
from project_invoicing.rules.invoice_document import document_of, snapshot_of
from tests.e_invoices.official import broken_in
from tests.rules.finance import TAXED, finance
from tests.store_free.invoicing import a_line, a_proposal, invoiced, setup_of
from tests.store_free.test_document_setup import ADDRESS, DOCUMENT

CUSTOMER = {"address": ADDRESS, "tax_id": "DE811569869", "e_invoice": {"syntax": "ubl"}}
DATED: dict[str, Any] = {"sales_tax_group": "DOM", "unit": Named("Hour")}
REASON = {"exemption_text": "No tax, by law"}


def proposal(
    code: dict[str, Any],
    *lines: ProposalLine,
    seller: dict[str, Any] | None = None,
    buyer: dict[str, Any] | None = None,
) -> InvoiceDocument:
    """The document of a proposal whose sales tax code, company and customer say this. It lacks nothing else."""
    made = finance(TAXED)
    made["companies"]["USPM"]["document"] = {**deepcopy(DOCUMENT), "bank_accounts": [], **(seller or {})}
    made["customers"]["USPM"]["C-001"] |= {**CUSTOMER, **(buyer or {})}
    rates = [{"valid_from": "2020-01-01", "percent": code.get("percent", "0")}]
    made["sales_tax"]["codes"]["VAT20"] |= {name: value for name, value in code.items() if name != "percent"}
    made["sales_tax"]["codes"]["VAT20"]["rates"] = rates
    made["sales_tax"]["rounding"] = {"calculation": "total", "by": "code"}
    setup, header = setup_of(made), a_proposal()
    shown = lines or (a_line(**DATED),)
    assert incomplete_document(header, shown, setup) is None
    done = invoiced(shown, setup, header=header)
    draft = replace(done.draft, totals=replace(done.draft.totals, lines=done.lines))
    terms, totals = draft.terms, draft.totals
    invoice = Invoice(
        invoice_number="FTI-1",
        proposal_id="INV-0001",
        proforma_id="proforma",
        company="USPM",
        customer=terms.customer,
        document_type=totals.document_type,
        invoice_date=terms.invoice_date,
        due_date=terms.due_date,
        accounting_date=terms.accounting_date,
        currency=terms.currency,
        subtotal=totals.subtotal,
        sales_tax=totals.sales_tax,
        total=totals.total,
        voucher=None,
        exchange_rate=terms.exchange_rate.multiplier,
        line_count=len(shown),
    )
    return document_of(invoice, snapshot_of(header, draft, setup), done.lines)


NO_IDS = {"tax_id": None, "registration": None, "tax_number": "30/123/45678"}
SOLD = {"category": "S", "percent": "20"}
PROPOSALS: dict[str, Callable[[], InvoiceDocument]] = {
    "BR-Z-05": lambda: proposal({"category": "Z", "percent": "7"}),
    "BR-Z-10": lambda: proposal({"category": "Z", **REASON}),
    "BR-E-05": lambda: proposal({"category": "E", "percent": "7", **REASON}),
    "BR-E-10": lambda: proposal({"category": "E"}),
    "BR-AE-02": lambda: proposal({"category": "AE", **REASON}, buyer={"tax_id": None}),
    "BR-AE-05": lambda: proposal({"category": "AE", "percent": "19", **REASON}),
    "BR-AE-10": lambda: proposal({"category": "AE"}),
    "BR-IC-02": lambda: proposal({"category": "K", **REASON}, buyer={"tax_id": None}),
    "BR-IC-05": lambda: proposal({"category": "K", "percent": "19", **REASON}),
    "BR-IC-10": lambda: proposal({"category": "K"}),
    "BR-IC-11": lambda: proposal({"category": "K", **REASON}),
    "BR-G-02": lambda: proposal({"category": "G", **REASON}, seller=NO_IDS),
    "BR-G-05": lambda: proposal({"category": "G", "percent": "19", **REASON}),
    "BR-G-10": lambda: proposal({"category": "G"}),
    "BR-O-10": lambda: proposal({"category": "O"}),
    "BR-CL-22": lambda: proposal({"category": "AE", "exemption_code": "VATEX-EU-NO"}),
    "BR-CL-23": lambda: proposal(SOLD, seller={"unit_codes": {"Hour": "ZZZ"}}),
    "BR-CL-25": lambda: proposal(SOLD, buyer={"electronic_address": {"scheme": "1234", "id": "1"}}),
    "BR-CO-09": lambda: proposal(SOLD, buyer={"tax_id": "811569869"}),
    "BR-CO-18": lambda: proposal(SOLD, a_line()),
    "BR-CO-26": lambda: proposal(SOLD, seller=NO_IDS),
}
"""By the rule that it breaks. What a company or customer needs for any document is asked before (D-183)."""


@pytest.mark.parametrize("id", PROPOSALS)
def test_a_proposal_is_refused_with_the_id_that_the_official_rules_give(id: str) -> None:
    document = PROPOSALS[id]()
    assert id in {rule.id for rule in broken_rules(replace(document, invoice_number=None))}
    assert id in {rule for rules in broken_in(document).values() for rule in rules}


def test_one_that_lacks_nothing_breaks_none() -> None:
    whole = proposal(SOLD, a_line("100", **DATED), a_line("-40", number=2, **DATED))
    assert broken_rules(whole) == []
    assert broken_in(whole) == {}
    assert whole.total == Decimal(72)
