"""The result of a run (contract, section 4), read from the tables.

Reads whole tables: for a local run, a test, or a small stack; not for a production account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from local.result_documents import journal_rows, proposal_rows, receivable_rows, vendor_invoice_rows
from project_invoicing.config import Settings
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.codes import StagingState, WaitReason, WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.ledger_batch import BatchKind
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_item import UnreadableRow
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL, PROFORMA
from project_invoicing.rules.explaining.explanation import NOTE, has_replaced
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.rules.waiting import waits_as
from project_invoicing.rules.write_back import (
    Values,
    actual_of_invoice,
    actual_of_journal,
    other_half,
    row_of_invoice,
    row_of_payments,
    with_fee,
)
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.whole_stack import WholeJournals, WholeProposals, WholeStaging, vouchers
from project_invoicing.store.write_backs import PAYMENT
from project_invoicing.use_cases.ledger_batches.lists import batch_row
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.receivables import ageing as ages
from project_invoicing.use_cases.result_rows import invoice_row, voucher_row
from project_invoicing.use_cases.setups import SetupVersions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_STAGING: Final = (
    "actual_id",
    "company",
    "transaction_type",
    "transaction_class",
    "state",
    "reason",
    "journal_id",
    "proposal_id",
    "voucher",
    "accounting_amount",
    "exchange_rate",
    "sales_tax_amount",
)
Result = dict[str, list[dict[str, Any]]]


def build(client: DynamoDBClient, names: Settings, now: str, refused: Sequence[dict[str, Any]] = ()) -> Result:
    """Everything that the stack holds, as JSON-ready lists. ``now`` dates proposals that have no invoice date yet.

    ``refused`` are the refusals that manual steps were answered with (``refusals_in``); no table keeps them.
    """
    setup = SetupVersions.read(client, names.setup_table, names.master_data_table, on_demand=True).current
    show = Figures(setup)
    staging = WholeStaging(Staging(client, names.staging_table))
    journals = WholeJournals(Journals(client, names.journals_table))
    proposals = WholeProposals(Proposals(client, names.proposals_table, calendar_dates("invoices")))
    headers = proposals.headers()
    invoices = sorted(proposals.invoices(), key=lambda invoice: (invoice.company, invoice.invoice_number))
    made: Result = {
        "staging": list(_staging(staging, headers, setup, show)),
        "journals": list(journal_rows(journals, show)),
        "proposals": list(proposal_rows(proposals, headers, setup, show, now)),
        "invoices": [invoice_row(invoice, show) for invoice in invoices],
        "vouchers": [voucher_row(voucher, show) for voucher in vouchers(Ledger(client, names.ledger_table))],
        "write_back": [
            *_write_backs(staging, journals, proposals, invoices, show),
            *_told_documents(staging, invoices),
        ],
        "batches": list(_batches(LedgerBatches(client, names.ledger_batches_table), setup)),
        "rejected": [one._asdict() for one in staging.rejections()],
        "refused": list(refused),
    }
    vendor_invoices = list(vendor_invoice_rows(proposals, show))
    receivables = list(receivable_rows(proposals, invoices, show))
    return (
        made
        | ({"vendor_invoices": vendor_invoices} if vendor_invoices else {})
        | (
            {"receivables": receivables, "ageing": list(_ageing(client, names, receivables, now))}
            if receivables
            else {}
        )
    )


def _ageing(
    client: DynamoDBClient, names: Settings, receivables: Sequence[dict[str, Any]], now: str
) -> Iterator[dict[str, Any]]:
    """What customers owe at the end, of each company that was told of a payment."""
    place = ListPlace.read(client, names, now)
    for company in sorted({row["company"] for row in receivables}):
        yield ages.shown(ages.ageing(place, ages.asked(place, company, None, None)), place)


def _batches(batches: LedgerBatches, setup: FinanceSetup) -> Iterator[dict[str, Any]]:
    """Batches by company, kind and number, with sums in accounting currency."""
    for company in sorted(setup.document.companies):
        for kind in BatchKind:
            last = batches.last(company, kind)
            for batch in batches.between(company, kind, 1, last.number if last else 0):
                yield batch_row(batch)


def refusals_in(answer: Any, at: str, action: str) -> list[dict[str, Any]]:
    """The refusals that a function answered a manual step with, in the order of companies and documents.

    With payments that are kept and count nowhere yet.
    """
    refused = [*answer.get("refused", ()), *answer.get("aside", ())] if isinstance(answer, dict) else []
    rows = [{"at": at, "action": action, **one} for one in refused]
    return sorted(rows, key=lambda row: (row["company"] or "", row["document"] or ""))


def _staging(
    staging: WholeStaging, headers: list[Proposal], setup: FinanceSetup, show: Figures
) -> Iterator[dict[str, Any]]:
    proformas = {header.id: header for header in headers}
    for row in staging.rows():
        if isinstance(row, UnreadableRow):
            yield _unreadable(row)
        else:
            invoice = row.actual.invoice
            yield _staged(row, waits_as(row, proformas.get(invoice.id) if invoice else None), setup, show)


def _staged(row: StagedRow, wait: Wait | None, setup: FinanceSetup, show: Figures) -> dict[str, Any]:
    company = row.company or _owner(row, setup)
    named = row.actual.currency
    currency = setup.resolve(named.entity, named.id) if named else None
    return {
        "actual_id": row.id,
        "company": company,
        "transaction_type": row.actual.transaction_type,
        "transaction_class": row.actual.transaction_class,
        "state": row.state,
        "reason": wait.reason if wait else _flag(row),
        "journal_id": row.journal_id,
        "proposal_id": row.proposal_id,
        "voucher": row.voucher,
        "accounting_amount": show.accounting(row.accounting_amount, company),
        "exchange_rate": show.figure(row.exchange_rate),
        "sales_tax_amount": show.amount(row.sales_tax_amount, currency),
        "deliveries": row.deliveries,
        "duplicates": row.deliveries - row.changes,
        **({"note": NOTE} if has_replaced(row.actual) else {}),
    }


def _flag(row: StagedRow) -> WaitReason | None:
    """That a row on a document was deactivated since (99-27)."""
    on_document = row.state in (StagingState.IMPORTED, StagingState.POSTED)
    return WaitReason.INACTIVE if on_document and row.actual.inactive else None


def _unreadable(row: UnreadableRow) -> dict[str, Any]:
    known = row._asdict()
    known |= {"actual_id": known.pop("id"), "reason": WaitReason.DEFECT, "duplicates": 0}
    return dict.fromkeys(_STAGING) | known


def _owner(row: StagedRow, setup: FinanceSetup) -> str | None:
    owner = owner_of(row.actual, setup)
    return owner.company if isinstance(owner, Owner) else None


def _write_backs(
    staging: WholeStaging, journals: WholeJournals, proposals: WholeProposals, invoices: list[Invoice], show: Figures
) -> Iterator[dict[str, Any]]:
    """What each document that was noted tells Dataverse, in the order of its lines, and its own row last."""
    states = staging.states_of_write_back()
    halves = {row.id: row for row in staging.rows() if isinstance(row, StagedRow) and other_half(row)}
    posted = {(invoice.company, invoice.invoice_number): invoice for invoice in invoices}
    for progress in staging.write_backs():
        document = progress.document
        company, number = document.company, document.number
        if document.source == PAYMENT:
            paid, receivable = posted[company, number], proposals.receivable(company, number)
            if receivable:
                own = row_of_payments(paid, receivable)
                yield _update(PROFORMA, paid.proforma_id, own, progress.own, company, paid.currency, show)
            continue
        invoice = posted[company, number] if document.source == INVOICE else None
        told = _of_invoice(proposals, invoice) if invoice else _of_journal(journals, company, number)
        for actual_id, currency, values in told:
            state = states.get(actual_id, WriteBackState.PENDING)
            whole = with_fee(halves, actual_id) if actual_id in halves else None
            if whole and (whole.id != actual_id or whole.values is None):
                continue  # the sale says it, once both are posted
            yield _update(ACTUAL, actual_id, (whole and whole.values) or values, state, company, currency, show)
        if invoice:
            own = row_of_invoice(invoice)
            yield _update(PROFORMA, invoice.proforma_id, own, progress.own, company, invoice.currency, show)


def _told_documents(staging: WholeStaging, invoices: list[Invoice]) -> Iterator[dict[str, Any]]:
    """What Dataverse was told of the document of each invoice; nothing where it is still to be told."""
    posted = {(invoice.company, invoice.invoice_number): invoice for invoice in invoices}
    for told in staging.told_documents():
        values = {"document_link": told.link, "document_state": told.standing}
        known = {name: value for name, value in values.items() if value is not None}
        proforma = posted[told.company, told.invoice_number].proforma_id
        yield {"entity": PROFORMA, "id": proforma, "values": known, "state": told.state}


def _of_invoice(proposals: WholeProposals, invoice: Invoice) -> Iterator[tuple[str, str, Values]]:
    """Id, currency and values of each row."""
    for line in proposals.invoice_lines(invoice.company, invoice.invoice_number):
        yield line.actual_id, invoice.currency, actual_of_invoice(line, invoice)


def _of_journal(journals: WholeJournals, company: str, number: str) -> Iterator[tuple[str, str, Values]]:
    for page in journals.pages(company, number):
        for line in page.lines:
            yield line.actual_id, line.currency, actual_of_journal(line)


def _update(
    entity: str, id: str, told: Values, state: str, company: str, currency: str, show: Figures
) -> dict[str, Any]:
    """``currency`` is that of the document, and so of its tax and its cost; what was accounted is in the company's."""
    shown: dict[str, Callable[[Decimal], str | None]] = {
        "exchange_rate": show.figure,
        "accounting_amount": lambda value: show.accounting(value, company),
        "sales_tax_amount": lambda value: show.amount(value, currency),
        "adjustment_value": lambda value: show.amount(value, currency),
        "extended_amount": lambda value: show.amount(value, currency),
        "amount_due": lambda value: show.amount(value, currency),
    }
    values = {
        name: shown[name](value) if isinstance(value, Decimal) else value
        for name, value in told.items()
        if value is not None
    }
    return {"entity": entity, "id": id, "values": values, "state": state}
