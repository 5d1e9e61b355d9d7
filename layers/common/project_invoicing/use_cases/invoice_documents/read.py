"""The document of a posted invoice, and that of a proposal as posting it now would make it. Both are read only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_document import InvoiceDocument, Snapshot
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.invoice_document import document_of, earlier_snapshot, named_lines, snapshot_of
from project_invoicing.rules.invoice_voucher import computed_with
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.invoice_documents.corrected import corrected
from project_invoicing.use_cases.invoices.draft import drafted, invoice_lines, invoice_of
from project_invoicing.use_cases.master_data.facts import Fact, ProformaFacts, ProposalLineFacts
from project_invoicing.use_cases.setups import SetupVersions


class DocumentStores(NamedTuple):
    proposals: Proposals
    staging: Staging
    setups: SetupVersions


def posted_document(stores: DocumentStores, company: str, number: str) -> InvoiceDocument | None:
    """The document of a posted invoice; ``None`` if there is none of this number."""
    invoices = stores.proposals.invoices
    invoice = invoices.get(company, number)
    if invoice is None or not invoice.posted:
        return None
    snapshot = invoices.snapshot(company, number)
    if snapshot:
        return document_of(invoice, snapshot, invoices.lines(company, number))
    lines = invoices.lines(company, number)
    if not all(line.charges for line in lines):
        lines = _computed(stores, invoice, lines)
    return document_of(invoice, _earlier(stores, invoice, lines), lines)


def draft_document(
    stores: DocumentStores, header: Proposal, now: str, invoice_date: str | None = None
) -> InvoiceDocument:
    """The document that posting this proposal ``now`` would make, without a number. Refuses as the posting would."""
    made = drafted(stores.proposals, stores.staging, stores.setups, header, invoice_date, now)
    draft = named_lines(computed_with(made.draft, None, made.setup), made.setup)
    lines, invoices = draft.totals.lines, stores.proposals.invoices
    snapshot = snapshot_of(header, draft, made.setup, corrected(invoices, draft.terms.company, lines))
    number = header.invoice_number or ""
    return document_of(invoice_of(stores.proposals, header, draft, number, header.voucher), snapshot, lines)


def _computed(stores: DocumentStores, invoice: Invoice, lines: Sequence[ProposalLine]) -> list[ProposalLine]:
    """The lines with what they were charged, where the set-up of that time still says it; else as they are."""
    computed = invoice_lines(stores.proposals, stores.setups, invoice.company, invoice.invoice_number)
    return [line for line in computed if line.shown] or list(lines)


def _earlier(stores: DocumentStores, invoice: Invoice, lines: Sequence[ProposalLine]) -> Snapshot:
    """What is known without a snapshot, with the set-up and the master data that the invoice was posted with."""
    header = stores.proposals.get(invoice.proforma_id)
    version = header.posting_setup_version if header else None
    setup = stores.setups.of(version or stores.setups.current.version)
    if header and version:
        facts: list[Fact] = [ProformaFacts.of(header), *(ProposalLineFacts.of(header, line) for line in lines)]
        setup = stores.setups.continued(version, stores.proposals.master_data(header), facts)
    return earlier_snapshot(invoice, lines, setup, corrected(stores.proposals.invoices, invoice.company, lines))
