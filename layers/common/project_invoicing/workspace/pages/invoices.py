"""Posted customer invoices: the list, and one with its lines, tax, vouchers, and what Dataverse was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.attachments import BEGINS, KINDS
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.document_codes import Channel
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.invoice_totals import net_by_code
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.figures import Figures
from project_invoicing.store.write_backs import Document
from project_invoicing.use_cases.invoice_documents.kept import asked_for, kept_document
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.use_cases.lists.facts import CustomerFacts
from project_invoicing.use_cases.lists.invoices import state_of
from project_invoicing.use_cases.receivables.shown import receivable_row
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import Lines, history_of, kept, lines_of, place_in, vouchers_of
from project_invoicing.workspace.neighbours import neighbours
from project_invoicing.workspace.papers import framing


def listed(desk: Desk) -> Response[Any]:
    """The invoices that the filters in the address let through."""
    kind = Kind.INVOICES
    choices = {"company": desk.lists.companies}
    # A clerk looks for months. A day is for those who have it in an address.
    fields = [name for name in FILTERS[kind] if name != "since" or name in desk.query]
    return desk.page("invoices.html", title="Invoices", page=desk.listed(kind), fields=fields, choices=choices)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that Dataverse refused."""

    line_number: int
    actual_id: str
    detail: str


def invoice_of(desk: Desk, given: Mapping[str, str]) -> Invoice:
    """The invoice that a query or a form names, of a company that the person may see."""
    company, number = (given.get(name, "") for name in ("company", "number"))
    invoice = desk.stores.proposals.invoices.get(company, number) if company in desk.lists.companies else None
    if invoice is None:
        raise NotFoundError
    return invoice


def show(desk: Desk) -> Response[Any]:
    """A posted invoice; the number of requests does not depend on its size."""
    stores, invoice = desk.stores, invoice_of(desk, desk.query)
    company, number = invoice.company, invoice.invoice_number
    rows, before, after = stores.proposals.invoices.page_at(company, number, place_in(desk, "page"))
    lines = lines_of(desk, "/invoice", "page", (rows, before, after), invoice.line_count)
    place = desk.lists.seeing([CustomerFacts(company, invoice.customer)])
    setup = place.setup
    vouchers = vouchers_of(stores.vouchers(INVOICE, company, number), setup)
    staged = stores.staging.readable(line.actual_id for line in rows)
    progress = None if invoice.borrower else stores.write_backs.get(Document(INVOICE, company, number))
    made = bootstrap.made_documents()
    document, mail = kept_document(made, invoice), bootstrap.mailed_documents().get(company, number)
    sends = bool(settings().invoice_sending_function)
    asks_snapshot = document.made is None or (sends and mail is None)
    snapshot = stores.proposals.invoices.snapshot(company, number) if asks_snapshot else None
    delivery = snapshot.presentation.delivery if snapshot else None
    receivable = bootstrap.receivables().get(company, number)
    page = desk.page(
        "invoice.html",
        title=f"Invoice {number}",
        invoice=invoice,
        kind=invoice.document_type.replace("_", " "),
        customer_name=place.customer_name(company, invoice.customer),
        lines=lines,
        show=Figures(setup),
        vouchers=vouchers,
        taxes=[tax for one in vouchers for tax in one.taxes],
        nets=_nets(invoice, lines, Figures(setup)),
        document=document,
        asked=bool(document.made) or asked_for(snapshot, stores.setups, company),
        mail=mail,
        sends=sends,
        sends_itself=sends and delivery is not None and delivery.channel is Channel.MAIL,
        address=mail.address if mail else (delivery.address if delivery else None),
        kinds=KINDS,
        accepted=",".join(f".{one}" for one in BEGINS),
        proforma=_in_dataverse(invoice),
        history=history_of(made.history(company, number)),
        receivable=receivable_row(invoice, receivable, Figures(setup)) if receivable else None,
        progress=progress,
        write_back=None if invoice.borrower else state_of(progress),
        refused=_refused(rows, staged),
        told=None if invoice.borrower else bootstrap.told_documents().get(company, number),
        corrects=sorted({charge.invoice for line in rows for charge in line.continues if charge.invoice}),
        credited_by=_credited_by(desk, invoice, staged),
        beside=neighbours(desk, Kind.INVOICES, lambda row: _key(row) == (company, number)),
        kept={"company": company, "number": number, **kept(desk)},
    )
    return framing(page) if document.ready else page


def _in_dataverse(invoice: Invoice) -> str | None:
    """The address of the invoice's proforma in Dataverse, where a browser can open it."""
    url = settings().dataverse_url.rstrip("/")
    if invoice.borrower or not url.startswith("https://"):
        return None
    record = {"pagetype": "entityrecord", "etn": "invoice", "id": invoice.proforma_id}
    return f"{url}/main.aspx?{urlencode(record)}"


def _nets(invoice: Invoice, lines: Lines, show: Figures) -> dict[str, str]:
    """What each sales tax code is charged on: as the header says it, else where all lines are on this page."""
    known = net_by_code(lines.rows) if lines.are_all else {}
    nets = known if invoice.net_by_code is None else dict(invoice.net_by_code)
    return {code: show.amount(net, invoice.currency) for code, net in nets.items()}


def _key(row: Any) -> tuple[str, str]:
    return row.company, row.invoice_number


def _refused(lines: Sequence[ProposalLine], staged: dict[str, StagedRow]) -> list[Refusal]:
    """The rows of these lines that Dataverse refused, with its answers."""
    found = ((line, staged.get(line.actual_id)) for line in lines)
    return [
        Refusal(line.line_number, line.actual_id, row.write_back_detail or "")
        for line, row in found
        if row and row.write_back is WriteBackState.FAILED
    ]


def _credited_by(desk: Desk, invoice: Invoice, staged: dict[str, StagedRow]) -> list[tuple[str, str]]:
    """The proposals that credit some of these lines, each with an actual on it: one request, if there are any."""
    takers = {row.taken_by for row in staged.values() if row.taken_by}
    rows = desk.stores.staging.readable(takers) if takers else {}
    found = {row.proposal_id: row.id for row in rows.values() if row.proposal_id and row.company == invoice.company}
    return sorted(found.items())
