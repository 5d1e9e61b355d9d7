"""Posted invoices of companies that asked for documents when they were posted, and that have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from project_invoicing.chunks import chunks
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.reconciliation import Difference
from project_invoicing.store.made_documents import MadeDocuments
from project_invoicing.use_cases.invoice_documents.asked import asks_for_documents

if TYPE_CHECKING:
    from project_invoicing.domain.invoice import Invoice
    from project_invoicing.use_cases.explain.stores import Stores

_TOGETHER = 100


def missing_documents(stores: Stores, invoices: Iterable[Invoice]) -> Iterator[Difference | None]:
    """One entry an invoice of a company that asks now: ``None`` where nothing is missing."""
    proposals = stores.proposals
    made = MadeDocuments(proposals.client, proposals.table)
    asking = (one for one in invoices if one.posted and asks_for_documents(stores.setup, one.company))
    for some in chunks(asking, _TOGETHER):
        ready = made.ready_among((one.company, one.invoice_number) for one in some)
        for one in some:
            there = (one.company, one.invoice_number) in ready
            yield None if there or not _asked(stores, one) else _missing(one)


def _asked(stores: Stores, invoice: Invoice) -> bool:
    """Whether its company asked when it was posted: an earlier invoice gets no document by itself."""
    kept = stores.proposals.invoices.snapshot(invoice.company, invoice.invoice_number)
    if kept is None or kept.setup_version is None:
        return False
    return asks_for_documents(stores.setups.of(kept.setup_version), invoice.company)


def _missing(invoice: Invoice) -> Difference:
    month = invoice.invoice_date.isoformat()[:7]
    detail = f"has no document; make what is missing: invoicing document all --month {month}"
    return Difference(INVOICE, invoice.invoice_number, detail, invoice.company)
