"""Before a number is drawn: the business rules that the e-invoice of a proposal would break (D-191).

Loaded only for customers who get e-invoices.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.e_invoice.business_rules import BrokenRule, broken_rules
from project_invoicing.rules.invoice_document import document_of, named_lines, snapshot_of
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.invoice_voucher import computed_with
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.invoice_documents.corrected import corrected

_TOLD: Final = 4
"""How many broken rules a refusal names."""
_WHO: Final = frozenset({"name", "address", "tax_id", "electronic_address"})
"""Fields of a customer that say who it is."""


def refuse_broken_rules(
    proposals: Proposals, header: Proposal, invoice: Invoice, draft: InvoiceDraft, setup: FinanceSetup
) -> None:
    """Refuses an invoice whose e-invoice would break a rule, with the rules' ids and what to do."""
    made = named_lines(computed_with(draft, None, setup), setup)
    lines = made.totals.lines
    if not any(line.shown for line in lines):
        return  # then there is no invoice (99-24)
    snapshot = snapshot_of(header, made, setup, corrected(proposals.invoices, draft.terms.company, lines))
    found = broken_rules(document_of(invoice, snapshot, lines))
    broken = [_of_borrower(rule, header, snapshot.buyer.id, setup) for rule in found]
    if broken:
        told = " | ".join(map(str, broken[:_TOLD]))
        more = f" | and {len(broken) - _TOLD} more" if len(broken) > _TOLD else ""
        raise Refused(PostingFailure.E_INVOICE_RULE, f"{told}{more}")


def _of_borrower(rule: BrokenRule, header: Proposal, customer: str, setup: FinanceSetup) -> BrokenRule:
    """Between companies, a borrower that has documents of its own says there who it is: that is what lacks."""
    between = header.intercompany
    borrower = setup.company(between.borrower) if between else None
    at, of_customer = f"customers.{header.company}.{customer}.", rule.field
    name = of_customer.removeprefix(at)
    if between is None or borrower is None or borrower.document is None or name == of_customer:
        return rule
    if name.partition(".")[0] not in _WHO:
        return rule
    name = "legal_name" if name == "name" else name
    return replace(rule, field=f"companies.{between.borrower}.document.{name}")
