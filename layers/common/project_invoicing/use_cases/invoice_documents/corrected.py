"""The invoices that a document takes something back of, with their dates."""

from __future__ import annotations

from collections.abc import Iterable

from project_invoicing.domain.invoice_document import Corrected
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.invoice_document import corrected_by
from project_invoicing.store.invoices import Invoices


def corrected(invoices: Invoices, company: str, lines: Iterable[ProposalLine]) -> list[Corrected]:
    """In the order of the lines. Reads nothing where none takes anything back."""
    numbers = corrected_by(lines)
    found = invoices.many(company, numbers) if numbers else {}
    return [Corrected(number, found[number].invoice_date if number in found else None) for number in numbers]
