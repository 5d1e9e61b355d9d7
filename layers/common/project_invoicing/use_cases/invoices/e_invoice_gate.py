"""Before a number is drawn: the business rules that the e-invoice of a proposal would break (D-191).

Loaded only for customers who get e-invoices.
"""

from __future__ import annotations

from typing import Final

from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.e_invoice.business_rules import broken_rules
from project_invoicing.rules.invoice_document import document_of, named_lines, snapshot_of
from project_invoicing.rules.invoice_draft import InvoiceDraft
from project_invoicing.rules.invoice_voucher import computed_with
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.invoice_documents.corrected import corrected

_TOLD: Final = 4
"""How many broken rules a refusal names."""


def refuse_broken_rules(
    proposals: Proposals, header: Proposal, invoice: Invoice, draft: InvoiceDraft, setup: FinanceSetup
) -> None:
    """Refuses an invoice whose e-invoice would break a rule, with the rules' ids and what to do."""
    made = named_lines(computed_with(draft, None, setup), setup)
    lines = made.totals.lines
    if not any(line.shown for line in lines):
        return  # then there is no invoice (99-24)
    snapshot = snapshot_of(header, made, setup, corrected(proposals.invoices, draft.terms.company, lines))
    broken = broken_rules(document_of(invoice, snapshot, lines))
    if broken:
        told = " | ".join(map(str, broken[:_TOLD]))
        more = f" | and {len(broken) - _TOLD} more" if len(broken) > _TOLD else ""
        raise Refused(PostingFailure.E_INVOICE_RULE, f"{told}{more}")
