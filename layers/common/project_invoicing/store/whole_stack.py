"""Everything that a stack's tables hold, each read once and told apart by kind: for the result of a run.

A table is read into memory whole, and an item is decoded when it is asked for, so that one which cannot be read hides
no other. For a local run, a test, or a small stack; a reconciliation uses ``whole_tables``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.journal import Journal, JournalPage
from project_invoicing.domain.ledger import Voucher
from project_invoicing.domain.payment import Receivable
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_item import RejectedItem, UnreadableRow
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.domain.told_document import ToldDocument
from project_invoicing.domain.vendor_invoice import VendorInvoice
from project_invoicing.store import (
    invoices,
    journal_change,
    proposal_items,
    receivables,
    rows,
    vendor_invoices,
    write_backs,
)
from project_invoicing.store.items import Item, readable
from project_invoicing.store.journals import Journals, journal_of, page_of
from project_invoicing.store.ledger import PAGE, Ledger, assemble, entries_of
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.rejections import PREFIX as REJECTED
from project_invoicing.store.staged_rows import ROW, readable_row
from project_invoicing.store.staging import Staging
from project_invoicing.store.told_documents import told_of
from project_invoicing.store.transactions import scan
from project_invoicing.store.write_backs import Progress, document_of, progress_of


class WholeStaging:
    """The staging table."""

    def __init__(self, staging: Staging) -> None:
        self._items = list(scan(staging.client, staging.table))

    def rows(self) -> Iterator[StagedRow | UnreadableRow]:
        """The actuals that have arrived, in no order."""
        for item in self._items:
            if "a" in item and item["sk"] == ROW:
                yield readable_row(item) or _unreadable(item)

    def rejections(self) -> Iterator[RejectedItem]:
        """The events that are kept, and the actuals that turned out to be invalid later, by key."""
        for item in sorted(self._items, key=itemgetter("pk", "sk")):
            if item["pk"].startswith(REJECTED):
                _, entity, id = item["pk"].split("#", 2)
                yield RejectedItem(entity, id, item["re"], item["rd"])
            elif item.get("st") == StagingState.INVALID and "re" in item:  # what was rolled back was not rejected
                yield RejectedItem(ACTUAL, item["pk"], item["re"], item["rd"])

    def states_of_write_back(self) -> dict[str, str]:
        """By actual, for those whose write-back was tried."""
        return {item["pk"]: item["wb"] for item in self._items if "wb" in item}

    def write_backs(self) -> Iterator[Progress]:
        """The posted documents that were noted, by key."""
        for item in sorted(self._items, key=itemgetter("pk")):
            if (
                item["pk"].startswith(write_backs.PREFIX)
                and item["sk"] == write_backs.HEADER
                and document_of(item).source != write_backs.INVOICE_DOCUMENT
            ):
                yield progress_of(item)

    def told_documents(self) -> Iterator[ToldDocument]:
        """What Dataverse was told of the documents of invoices, by key."""
        for item in sorted(self._items, key=itemgetter("pk")):
            if item["pk"].startswith(f"{write_backs.PREFIX}{write_backs.INVOICE_DOCUMENT}#"):
                yield told_of(item)


class WholeJournals:
    """The journals table."""

    def __init__(self, journals: Journals) -> None:
        self._items = list(scan(journals.client, journals.table))
        self._pages = _by_partition(item for item in self._items if "l" in item)

    def headers(self) -> list[Journal]:
        """By company and number."""
        headers = sorted(_headers(self._items, journal_change.PREFIX), key=itemgetter("pk"))
        return [journal for item in headers if (journal := readable(journal_of, item))]

    def pages(self, company: str, journal_id: str) -> list[JournalPage]:
        return [page_of(item) for item in self._pages.get(journal_change.partition(company, journal_id), ())]


class WholeProposals:
    """The proposals table, where posted invoices and pending vendor invoices stand too."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._items = list(scan(proposals.client, proposals.table))
        self._receivables: dict[tuple[str, str], Receivable] | None = None
        self._pages = _by_partition(item for item in self._items if "l" in item)

    def headers(self) -> list[Proposal]:
        """In no order."""
        found = (readable(self._proposals.document, item) for item in _headers(self._items, proposal_items.PREFIX))
        return [header for header in found if header]

    def invoices(self) -> list[Invoice]:
        """The posted invoices, in no order."""
        found = (invoices.invoice_of(item) for item in _headers(self._items, invoices.PREFIX))
        return [invoice for invoice in found if invoice.posted]

    def receivable(self, company: str, number: str) -> Receivable | None:
        """What was settled of an invoice."""
        if self._receivables is None:
            found = (receivables.receivable_of(item) for item in self._items if item["sk"] == receivables.KEY)
            self._receivables = {(one.company, one.invoice_number): one for one in found}
        return self._receivables.get((company, number))

    def taxes(self) -> dict[str, dict[str, TaxOfInvoice]]:
        """By company and number what an invoice has charged and what was given back, for those that say so."""
        found: dict[str, dict[str, TaxOfInvoice]] = {}
        for item in _headers(self._items, invoices.PREFIX):
            if tax := invoices.tax_of_invoice(item):
                found.setdefault(item["co"], {})[item["in"]] = tax
        return found

    def vendor_invoices(self) -> list[VendorInvoice]:
        """By borrower, lender and number."""
        found = sorted(_headers(self._items, vendor_invoices.PREFIX), key=itemgetter("pk"))
        return [vendor_invoices.vendor_invoice_of(item) for item in found]

    def proposal_lines(self, proforma_id: str) -> list[ProposalLine]:
        return self._lines(proposal_items.partition(proforma_id))

    def invoice_lines(self, company: str, number: str) -> list[ProposalLine]:
        return self._lines(invoices.partition(company, number))

    def _lines(self, partition: str) -> list[ProposalLine]:
        pages = self._pages.get(partition, ())
        return [line for page in pages for line in rows.decode(ProposalLine, page["l"])]


def vouchers(ledger: Ledger) -> list[Voucher]:
    """All that is in the ledger, by company and number."""
    pages = _by_partition(item for item in scan(ledger.client, ledger.table) if item["sk"].startswith(PAGE))
    found: list[Voucher] = []
    for document in pages.values():
        entries = map(entries_of, document)
        first = document[0]
        found += assemble(entries, first["co"], first["so"], first["id"])
    return sorted(found, key=lambda voucher: (voucher.company, voucher.voucher))


def _headers(items: Iterable[Item], prefix: str) -> Iterator[Item]:
    return (item for item in items if item["sk"] == journal_change.HEADER and item["pk"].startswith(prefix))


def _by_partition(pages: Iterable[Item]) -> dict[str, list[Item]]:
    """The pages of each document, in their order."""
    found: dict[str, list[Item]] = {}
    for page in sorted(pages, key=itemgetter("sk")):
        found.setdefault(page["pk"], []).append(page)
    return found


def _unreadable(item: Item) -> UnreadableRow:
    return UnreadableRow(
        id=item["pk"],
        company=item.get("co"),
        state=item.get("st"),
        journal_id=item.get("jn"),
        proposal_id=item.get("pn"),
        voucher=item.get("vo"),
        deliveries=item.get("dl", 0),
    )
