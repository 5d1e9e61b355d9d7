"""The result of a run (contract, section 4), read from the tables.

Reads whole tables: for a local run, a test, or a small stack; not for a production account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.config import Settings
from project_invoicing.dataverse.maps import ACTUAL, PROFORMA
from project_invoicing.domain.codes import JournalStatus, ProposalStatus, StagingState, WaitReason, WriteBackState
from project_invoicing.domain.credited_tax import TaxOfInvoice
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import Totals
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.ledger import INVOICE, Voucher
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused, Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining.explanation import NOTE, has_replaced
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_tax import totals_of
from project_invoicing.rules.invoice_terms import due_date_of, invoice_date_of
from project_invoicing.rules.owner import Owner, owner_of
from project_invoicing.rules.proforma import currency_of, customer_of
from project_invoicing.rules.waiting import waits_as
from project_invoicing.rules.write_back import Values, actual_of_invoice, actual_of_journal, row_of_invoice
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import rows, setups
from project_invoicing.store.invoices import invoice_of, tax_of_invoice
from project_invoicing.store.items import Item, plain_item, readable
from project_invoicing.store.journals import journal_of
from project_invoicing.store.ledger import Entry, assemble
from project_invoicing.store.proposal_items import proposal_of
from project_invoicing.store.staged_rows import ROW, readable_row
from project_invoicing.store.write_backs import HEADER, PREFIX, document_of, progress_of
from project_invoicing.use_cases.result_rows import invoice_row, proposal_line_row, voucher_row

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
    setup = setups.current(client, names.setup_table)
    show = Figures(setup)
    staging = list(_scan(client, names.staging_table))
    journals = list(_scan(client, names.journals_table))
    proposals = list(_scan(client, names.proposals_table))
    invoices = [invoice for item in proposals if _kind(item, "INVOICE") and (invoice := invoice_of(item)).posted]
    made: Result = {
        "staging": list(_staging(staging, proposals, setup, show)),
        "journals": list(_journals(journals, show)),
        "proposals": list(_proposals(proposals, invoices, setup, show, now)),
        "invoices": [
            invoice_row(invoice, show) for invoice in sorted(invoices, key=lambda i: (i.company, i.invoice_number))
        ],
        "vouchers": list(_vouchers(_scan(client, names.ledger_table), show)),
        "write_back": list(_write_backs(staging, [*journals, *proposals], invoices, show)),
        "rejected": list(_rejected(staging)),
        "refused": list(refused),
    }
    vendor_invoices = list(_vendor_invoices(proposals, show))
    return made | ({"vendor_invoices": vendor_invoices} if vendor_invoices else {})


def refusals_in(answer: Any, at: str, action: str) -> list[dict[str, Any]]:
    """The refusals that a function answered a manual step with, in the order of companies and documents."""
    refused = answer.get("refused") or () if isinstance(answer, dict) else ()
    rows = [{"at": at, "action": action, **one} for one in refused]
    return sorted(rows, key=lambda row: (row["company"] or "", row["document"] or ""))


def _scan(client: DynamoDBClient, table: str) -> Iterator[Item]:
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        found = [plain_item(item) for item in page["Items"]]
        yield from found


def _staging(
    items: Iterable[Item], proposals: Iterable[Item], setup: FinanceSetup, show: Figures
) -> Iterator[dict[str, Any]]:
    headers = {header.id: header for header in _headers(proposals)}
    for item in items:
        if "a" not in item or item["sk"] != ROW:
            continue
        if row := readable_row(item):
            invoice = row.actual.invoice
            yield _staged(row, waits_as(row, headers.get(invoice.id) if invoice else None), setup, show)
        else:
            yield _unreadable(item)


def _headers(items: Iterable[Item]) -> Iterator[Proposal]:
    return (header for item in items if _kind(item, "PROPOSAL") and (header := readable(proposal_of, item)))


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


def _unreadable(item: Item) -> dict[str, Any]:
    """A row that this code cannot read: what is there without reading it."""
    known = {"actual_id": item["pk"], "company": item.get("co"), "state": item.get("st"), "reason": WaitReason.DEFECT}
    known |= {"journal_id": item.get("jn"), "proposal_id": item.get("pn"), "voucher": item.get("vo")}
    return dict.fromkeys(_STAGING) | known | {"deliveries": item.get("dl", 0), "duplicates": 0}


def _owner(row: StagedRow, setup: FinanceSetup) -> str | None:
    owner = owner_of(row.actual, setup)
    return owner.company if isinstance(owner, Owner) else None


def _journals(items: Iterable[Item], show: Figures) -> Iterator[dict[str, Any]]:
    headers: dict[str, Journal] = {}
    pages: dict[str, list[Item]] = {}
    for item in items:
        if _kind(item, "JOURNAL"):
            if journal := readable(journal_of, item):
                headers[item["pk"]] = journal
        elif item["pk"].startswith("JOURNAL#"):
            pages.setdefault(item["pk"], []).append(item)
    for pk, journal in sorted(headers.items()):
        lines = [
            _journal_line(line, journal, "po" in page, show)
            for page in sorted(pages.get(pk, []), key=lambda page: str(page["sk"]))
            for line in rows.decode(JournalLine, page["l"])
        ]
        yield {
            "journal_id": journal.journal_id,
            "company": journal.company,
            "status": journal.status,
            "original_journal": journal.original_journal,
            "period": journal.period,
            "lines": lines,
        }


def _journal_line(line: JournalLine, journal: Journal, posted: bool, show: Figures) -> dict[str, Any]:
    status = JournalStatus.POSTED if posted else journal.status
    return {
        "line_number": line.line_number,
        "actual_id": line.actual_id,
        "voucher": line.voucher,
        "kind": line.kind,
        "class": line.transaction_class,
        "category": line.category,
        "line_property": line.line_property,
        "transaction_date": line.transaction_date.isoformat(),
        "accounting_date": line.accounting_date.isoformat(),
        "quantity": show.figure(line.quantity),
        "unit_cost": show.amount(line.unit_cost, line.currency),
        "cost_amount": show.amount(line.cost_amount, line.currency),
        "unit_price": show.amount(line.unit_price, line.currency),
        "sales_amount": show.amount(line.sales_amount, line.currency),
        "currency": line.currency,
        "price_exchange_rate": show.figure(line.price_exchange_rate),
        "sales_tax_group": line.sales_tax_group,
        "item_sales_tax_group": line.item_sales_tax_group,
        "resource": line.resource,
        "status": status,
        "error": line.error if status is JournalStatus.ERROR else None,
    }


def _proposals(
    items: list[Item], invoices: list[Invoice], setup: FinanceSetup, show: Figures, now: str
) -> Iterator[dict[str, Any]]:
    pages: dict[str, list[Item]] = {}
    for item in items:
        if item["sk"].startswith("L#"):
            pages.setdefault(item["pk"], []).append(item)
    posted = {invoice.proforma_id: invoice for invoice in invoices}
    credited: dict[str, dict[str, TaxOfInvoice]] = {}
    for item in items:
        if _kind(item, "INVOICE") and (tax := tax_of_invoice(item)):
            credited.setdefault(item["co"], {})[item["in"]] = tax
    headers = [header for header in _headers(items) if header.status is not ProposalStatus.CANCELED]
    for header in sorted(headers, key=lambda header: (header.company or "", header.number)):
        invoice = posted.get(header.id)
        source = f"INVOICE#{invoice.company}#{invoice.invoice_number}" if invoice else f"PROPOSAL#{header.id}"
        lines: list[ProposalLine] = []
        if header.status is not ProposalStatus.WAITING:
            lines = [
                line
                for page in sorted(pages.get(source, []), key=lambda page: str(page["sk"]))
                for line in rows.decode(ProposalLine, page["l"])
            ]
        yield _proposal(header, invoice, lines, credited.get(header.company or "", {}), setup, show, now)


def _proposal(
    header: Proposal,
    invoice: Invoice | None,
    lines: list[ProposalLine],
    credited: Mapping[str, TaxOfInvoice],
    setup: FinanceSetup,
    show: Figures,
    now: str,
) -> dict[str, Any]:
    currency = invoice.currency if invoice else currency_of(header, setup)
    day = None
    figures: Totals | None = None
    problem: Refused | None = None
    if invoice is None and header.company:
        day = header.invoice_date or invoice_date_of(header, setup, None, now)
        try:
            figures = totals_of(lines, setup, day, currency, header.credited or credited)
            lines = list(figures.lines)
        except Refused as refused:
            problem = refused
    subtotal = invoice.subtotal if invoice else figures.subtotal if figures and lines else header.subtotal
    sales_tax = invoice.sales_tax if invoice else figures.sales_tax if figures and lines else None
    due = invoice.due_date if invoice else due_date_of(header, setup, day) if day else None
    waiting_for = [{"reason": w.reason, "actual_id": w.actual_id, "detail": w.detail} for w in header.waiting_for]
    if header.refusal:
        refusal = header.refusal
        waiting_for.append({"reason": refusal["reason"], "actual_id": None, "detail": refusal["detail"]})
    elif problem:
        waiting_for.append({"reason": problem.reason, "actual_id": None, "detail": problem.detail})
    if header.proforma.canceled:  # too late: one that is not posted is withdrawn (99-27)
        detail = f"the proforma was canceled in Dataverse when its proposal was {header.status}"
        waiting_for.append({"reason": WaitReason.INACTIVE, "actual_id": None, "detail": detail})
    zero = Decimal(0)
    return {
        "proposal_id": header.number,
        "company": header.company,
        "status": header.status,
        "expected": show.amount(header.proforma.total, currency),
        "waiting_since": header.waiting_since if header.status is ProposalStatus.WAITING else None,
        "customer": invoice.customer if invoice else customer_of(header, setup),
        "currency": currency,
        "subtotal": show.amount(subtotal if subtotal is not None else zero, currency),
        "sales_tax": show.amount(sales_tax if sales_tax is not None else zero, currency),
        "total": show.amount((subtotal or zero) + (sales_tax or zero), currency),
        "due_date": due.isoformat() if due else None,
        "lines": [proposal_line_row(line, currency, show) for line in lines if line.shown],
        "waiting_for": waiting_for,
    }


def _vouchers(items: Iterable[Item], show: Figures) -> Iterator[dict[str, Any]]:
    documents: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        if item["sk"].startswith("V#"):
            documents.setdefault((item["co"], item["so"], item["id"]), []).append(item)
    vouchers: list[Voucher] = []
    for (company, source, document), pages in documents.items():
        ordered = sorted(pages, key=lambda page: str(page["sk"]))
        vouchers += assemble((rows.decode(Entry, page["e"]) for page in ordered), company, source, document)
    for voucher in sorted(vouchers, key=lambda voucher: (voucher.company, voucher.voucher)):
        yield voucher_row(voucher, show)


def _vendor_invoices(items: list[Item], show: Figures) -> Iterator[dict[str, Any]]:
    """What borrowers are billed by their lenders; nothing of it is in the borrowers' ledgers (IC-09, INV-28)."""
    for item in sorted((item for item in items if _kind(item, "VENDOR")), key=lambda item: str(item["pk"])):
        currency = item["cu"]
        yield {
            "invoice_number": item["in"],
            "company": item["co"],
            "vendor": item["ve"],
            "lender": item["le"],
            "status": item["st"],
            "invoice_date": item["di"],
            "due_date": item["du"],
            "accounting_date": item.get("da", item["di"]),
            "currency": currency,
            "subtotal": show.amount(Decimal(item["su"]), currency),
            "sales_tax": show.amount(Decimal(item["tx"]), currency),
            "total": show.amount(Decimal(item["to"]), currency),
        }


def _write_backs(
    staging: list[Item], documents: list[Item], invoices: list[Invoice], show: Figures
) -> Iterator[dict[str, Any]]:
    """What each document that was taken note of tells Dataverse, in the order of its pages, and its own row last."""
    states = {item["pk"]: item["wb"] for item in staging if "wb" in item}
    posted = {(invoice.company, invoice.invoice_number): invoice for invoice in invoices}
    pages: dict[str, list[Item]] = {}
    for item in sorted(documents, key=lambda item: str(item["sk"])):
        pages.setdefault(item["pk"], []).append(item)
    noted = [item for item in staging if item["pk"].startswith(PREFIX) and item["sk"] == HEADER]
    for item in sorted(noted, key=lambda item: str(item["pk"])):
        document = document_of(item)
        invoice = posted[document.company, document.number] if document.source == INVOICE else None
        own_pages = pages[f"{document.source.upper()}#{document.company}#{document.number}"]
        texts = [page["l"] for page in own_pages if "l" in page]
        for actual_id, currency, values in _told(texts, invoice):
            state = states.get(actual_id, WriteBackState.PENDING)
            yield _update(ACTUAL, actual_id, values, state, document.company, currency, show)
        if invoice:
            own = progress_of(item).own
            told = row_of_invoice(invoice)
            yield _update(PROFORMA, invoice.proforma_id, told, own, document.company, invoice.currency, show)


def _told(pages: Iterable[str], invoice: Invoice | None) -> Iterator[tuple[str, str, Values]]:
    """Id, currency and values of each row."""
    for text in pages:
        if invoice:
            for line in rows.decode(ProposalLine, text):
                yield line.actual_id, invoice.currency, actual_of_invoice(line, invoice)
        else:
            for posted in rows.decode(JournalLine, text):
                yield posted.actual_id, posted.currency, actual_of_journal(posted)


def _update(
    entity: str, id: str, told: Values, state: str, company: str, currency: str, show: Figures
) -> dict[str, Any]:
    """``currency`` is that of the document, and so of its tax; what was accounted is in the company's."""
    shown: dict[str, Callable[[Decimal], str | None]] = {
        "exchange_rate": show.figure,
        "accounting_amount": lambda value: show.accounting(value, company),
        "sales_tax_amount": lambda value: show.amount(value, currency),
    }
    values = {
        name: shown[name](value) if isinstance(value, Decimal) else value
        for name, value in told.items()
        if value is not None
    }
    return {"entity": entity, "id": id, "values": values, "state": state}


def _rejected(items: list[Item]) -> Iterator[dict[str, Any]]:
    for item in sorted(items, key=lambda item: (str(item["pk"]), str(item["sk"]))):
        if item["pk"].startswith("REJECTED#"):
            _, entity, id = str(item["pk"]).split("#", 2)
            yield {"entity": entity, "id": id, "reason": item["re"], "detail": item["rd"]}
        elif item.get("st") == StagingState.INVALID and "re" in item:  # what was rolled back was not rejected
            yield {"entity": ACTUAL, "id": item["pk"], "reason": item["re"], "detail": item["rd"]}


def _kind(item: Item, kind: str) -> bool:
    return bool(item["sk"] == "H" and item["pk"].startswith(f"{kind}#"))
