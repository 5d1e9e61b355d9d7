"""The stores that an explanation and a reconciliation read. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from project_invoicing.config import Settings
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.codes import ConnectionRole, StagingState
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.states import MapState
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.list_progress import ListProgress
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.write_backs import WriteBacks
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.ledger import Voucher
    from project_invoicing.rules.late_changes import PostedAs
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.made_documents import MadeDocuments
    from project_invoicing.store.mailed_documents import MailedDocuments
    from project_invoicing.store.sealable import Sealable
    from project_invoicing.store.seals import Seals
    from project_invoicing.store.written_invoices import Told
    from project_invoicing.use_cases.write_back.records import DocumentRecords


class DocumentsOfInvoices(NamedTuple):
    made: MadeDocuments
    mailed: MailedDocuments


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores that answer a question."""

    staging: Staging
    journals: Journals
    proposals: Proposals
    ledger: Ledger
    write_backs: WriteBacks
    master: MasterData
    setups: SetupVersions
    maps: MapStates
    lists: ListProgress
    named: Settings

    @classmethod
    def read(cls, client: DynamoDBClient, named: Settings) -> Stores:
        """The stores of the ``named`` tables."""
        versions = SetupVersions.read(client, named.setup_table, named.master_data_table, on_demand=True)
        return cls(
            Staging(client, named.staging_table),
            Journals(client, named.journals_table, one_list=versions.one_list),
            Proposals(client, named.proposals_table, calendar_dates("invoices"), one_list=versions.one_list),
            Ledger(client, named.ledger_table),
            WriteBacks(client, named.staging_table),
            MasterData(client, named.master_data_table),
            versions,
            MapStates(client, named.dataverse_table, named.master_data_maps or MapState.RUNNING),
            ListProgress(client, named.setup_table),
            named,
        )

    @property
    def batches(self) -> LedgerBatches | None:
        """The batches for general ledgers; ``None`` where their table is not named."""
        from project_invoicing.store.ledger_batches import LedgerBatches  # noqa: PLC0415 - as below

        table = self.named.ledger_batches_table
        return LedgerBatches(self.ledger.client, table) if table else None

    @property
    def answers(self) -> BatchAnswers | None:
        """What was answered about them."""
        from project_invoicing.store.batch_answers import BatchAnswers  # noqa: PLC0415 - as below

        table = self.named.ledger_batches_table
        return BatchAnswers(self.ledger.client, table) if table else None

    def documents(self) -> DocumentsOfInvoices:
        """What was made and mailed of posted invoices."""
        from project_invoicing.store.made_documents import MadeDocuments  # noqa: PLC0415 - as below
        from project_invoicing.store.mailed_documents import MailedDocuments  # noqa: PLC0415

        client, table = self.proposals.client, self.named.proposals_table
        return DocumentsOfInvoices(MadeDocuments(client, table), MailedDocuments(client, table))

    def audit_chain(self) -> tuple[Seals, Sealable]:
        """The seals, and what they hold."""
        # Imported late: an explanation starts without them.
        from project_invoicing.store.seals import Seals  # noqa: PLC0415
        from project_invoicing.use_cases.audit.tables import sealable  # noqa: PLC0415

        return Seals(self.ledger.client, self.named.audit_table), sealable(self.ledger.client, self.named)

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    def vouchers(self, source: str, company: str, document: str) -> Iterable[Voucher]:
        """The vouchers of a posted document, with the financial tags that their lines have now (TAG-09)."""
        if self.setup.tags_of(company) is None:
            return self.ledger.vouchers(source, company, document)
        from project_invoicing.use_cases.documents.voucher_tags import VoucherTags  # noqa: PLC0415 - as above

        tags = VoucherTags(self.journals, self.proposals)
        return tags.vouchers(self.ledger, self.setup, source, company, document)

    def told_of(self, company: str, invoice_number: str) -> Told:
        """How an invoice and what is open of it were written back. One request."""
        from project_invoicing.store.written_invoices import told  # noqa: PLC0415 - as above

        return told(self.proposals.invoices, self.write_backs, company, invoice_number)

    def document_records(self) -> DocumentRecords:
        """What is known of the documents of invoices, and what Dataverse was told of them."""
        # Imported late: most stacks tell Dataverse nothing of documents.
        from project_invoicing.store.made_documents import MadeDocuments  # noqa: PLC0415
        from project_invoicing.store.mailed_documents import MailedDocuments  # noqa: PLC0415
        from project_invoicing.store.told_documents import ToldDocuments  # noqa: PLC0415
        from project_invoicing.use_cases.write_back.records import DocumentRecords  # noqa: PLC0415

        tables, of = self.proposals.client, self.proposals.table
        told = ToldDocuments(tables, self.staging.table)
        return DocumentRecords(MadeDocuments(tables, of), MailedDocuments(tables, of), told)

    def proposal_numbered(self, company: str | None, number: str) -> Proposal | None:
        found = self.proposals.by_number([company], number).get(company) if company else None
        return self.proposals.get(found) if found else None

    def posted_as(self, row: StagedRow) -> PostedAs:
        """What ``amount_now`` needs of the document a row was posted with; empty if the document is missing."""
        from project_invoicing.rules.late_changes import PostedAs  # noqa: PLC0415 - a list needs no rules of posting

        if row.journal_id:
            return PostedAs(gross=row.actual.discount is not None and self._accrued_gross(row))
        header = self.proposal_numbered(row.company, row.proposal_id or "")
        invoice = (
            header and header.invoice_number and self.proposals.invoices.get(str(row.company), header.invoice_number)
        )
        if not invoice:
            return PostedAs()
        included = self.setup.document.sales_tax.amounts_include_tax
        lines = self.proposals.invoices.lines(invoice.company, invoice.invoice_number) if included else []
        return PostedAs(invoice=invoice, lines=lines)

    def off(self, row: StagedRow) -> tuple[Decimal | None, str]:
        """``rules.explaining.words.off`` with what it needs of the document, read only if it is needed."""
        from project_invoicing.rules.explaining.words import off  # noqa: PLC0415 - as above
        from project_invoicing.rules.late_changes import PostedAs  # noqa: PLC0415

        is_compared = row.state is StagingState.POSTED and not row.actual.inactive
        return off(row, self.posted_as(row) if is_compared else PostedAs(), self.setup)

    def _accrued_gross(self, row: StagedRow) -> bool:
        """Whether a posted sale was accrued without its discount: as its company was set up, or as its original.

        FEE-06, FEE-10.
        """
        original = row.links.get(ConnectionRole.ORIGINAL)
        found = self.staging.readable([original]).get(original) if original else None
        accrued = found if found and found.journal_id else row
        journal = self.journals.get(str(accrued.company), str(accrued.journal_id))
        setup = self.setups.of(journal.setup_version) if journal and journal.setup_version else self.setup
        return setup.parameters(str(accrued.company)).line_discount_category is not None
