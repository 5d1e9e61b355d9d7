"""Invoice proposals: the list, and one of them with what it waits for, its lines, and what posting it would create."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.proposal import Proposal, ProposalPage
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused, Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.text import guid
from project_invoicing.rules.approval import approval_in_words
from project_invoicing.rules.explaining.blockers import Blocker, say_blockers
from project_invoicing.rules.explaining.explanation import Entry, Explanation
from project_invoicing.rules.explaining.words import Words
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.invoice_draft import InvoiceDraft, draft
from project_invoicing.rules.invoice_terms import (
    accounting_date_of,
    due_date_of,
    invoice_date_of,
    written_invoice_date,
)
from project_invoicing.rules.proforma import company_unknown, contract_of, currency_of, customer_name_of, customer_of
from project_invoicing.rules.review import approves, lacks_approval
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.write_backs import Document
from project_invoicing.use_cases.lists.asked import FILTERS, REASONS, STATUSES, Kind
from project_invoicing.use_cases.lists.facts import ProposalFacts
from project_invoicing.use_cases.lists.invoices import state_of
from project_invoicing.use_cases.master_data.facts import ActualFacts, Fact, ProformaFacts, ProposalLineFacts
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import (
    LARGE,
    Lines,
    VoucherTable,
    dimensions_text,
    history_of,
    kept,
    lines_of,
    place_in,
    voucher_table,
    why_not,
)
from project_invoicing.workspace.links import link
from project_invoicing.workspace.neighbours import neighbours

DATES: Final = ("invoice_date", "due_date", "accounting_date")
PAGE_LINES: Final = 90
"""Of a posting; how many there are is known only roughly before it is done."""


def listed(desk: Desk) -> Response[Any]:
    """The proposals that the filters in the address let through."""
    kind = Kind.PROPOSALS
    choices = {"company": desk.lists.companies, "status": STATUSES[kind], "reason": REASONS[kind]}
    return desk.page("proposals.html", title="Proposals", page=desk.listed(kind), fields=FILTERS[kind], choices=choices)


def header_of(desk: Desk, id: str) -> Proposal:
    """The proposal of a proforma. Anything else is not found."""
    canonical = guid(id)
    header = desk.stores.proposals.get(canonical) if canonical else None
    if header is None or not desk.actor.sees(header.company):
        raise NotFoundError
    return header


def show(desk: Desk, id: str) -> Response[Any]:
    """A proposal."""
    return shown(desk, header_of(desk, id))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a proposal beside its lines. ``due``, ``booked`` and ``sales_tax`` as if it were posted now.

    ``cannot``: why it could not be posted as it is. ``sales_tax`` and ``total`` are ``None`` where the preview, which
    reads all lines, has to compute them. ``may_have_dimensions``: the set-up lets people set those of its header.
    """

    customer: str | None
    customer_name: str | None
    contract: str | None
    currency: str | None
    terms: str | None
    invoice_date: str | None
    due: str | None
    booked: str | None
    expected: str | None
    subtotal: str | None
    sales_tax: str | None
    total: str | None
    cannot: str | None
    may_have_dimensions: bool


@dataclass(frozen=True, slots=True)
class InApproval:
    """Where the approval of a ready proposal stands, of a company that approves. ``own``: the person submitted it."""

    words: str
    own: bool


def shown(
    desk: Desk,
    header: Proposal,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    """The page of a proposal; ``typed`` are the fields of a form that was not accepted, ``errors`` why, by field.

    A fixed number of requests and one page of lines, however many there are.
    """
    stores = desk.stores
    page, before, after = stores.proposals.page_at(header.id, place_in(desk, "line"))
    rows = page.lines if page else []
    blocking = _blocking(desk, header)
    setup = desk.lists.seeing(_asked(header, rows, blocking)).setup
    lines = lines_of(desk, f"/proposals/{header.id}", "line", (rows, before, after), header.line_count)
    invoice = _invoice(desk, header)
    known = _facts(desk, header, lines, setup)
    history = list(stores.proposals.history(header.id))
    progress = stores.write_backs.get(Document(INVOICE, invoice.company, invoice.invoice_number)) if invoice else None
    return desk.page(
        "proposal.html",
        status,
        title=f"Proposal {header.number}",
        header=header,
        facts=known,
        approval=_approval(desk, header, setup),
        waits=_waits(desk, header, blocking, setup),
        lines=lines,
        show=Figures(setup),
        tag_labels=setup.active_tags(header.company) if header.company else (),
        groups=sorted(setup.document.sales_tax.groups),
        item_groups=sorted(setup.document.sales_tax.item_groups),
        edits=_edited(header, typed),
        typed=typed or {},
        chosen=desk.forms.get("actual_id", []) if typed else [],
        errors=errors or {},
        written=written_invoice_date(header, setup) if header.company else None,
        invoice=invoice,
        write_back=None if invoice is None or invoice.borrower else state_of(progress),
        steps=_steps(header),
        large=header.pages > LARGE,
        history=history_of(history),
        seen=seen_of(header, len(history)),
        beside=neighbours(desk, Kind.PROPOSALS, lambda row: row.invoice_id == header.id),
        kept=kept(desk),
        own=f"/proposals/{header.id}",
    )


def _approval(desk: Desk, header: Proposal, setup: FinanceSetup) -> InApproval | None:
    if not approves(header, setup):
        return None
    submitter = header.approval.submitter if header.approval else None
    return InApproval(approval_in_words(header, setup), submitter == desk.actor.id.casefold())


def seen_of(header: Proposal, entries: int) -> str:
    """The state of a proposal that a form is shown with; ``entries``: how many its history has."""
    return f"{header.changes}.{header.line_count}.{header.pages}.{entries}"


def seen_now(desk: Desk, header: Proposal) -> str:
    return seen_of(header, sum(1 for _ in desk.stores.proposals.history(header.id)))


def _invoice(desk: Desk, header: Proposal) -> Any:
    if header.status not in (ProposalStatus.POSTED, ProposalStatus.POSTING) or not header.invoice_number:
        return None
    return desk.stores.proposals.invoices.get(str(header.company), header.invoice_number)


def _edited(header: Proposal, typed: Mapping[str, str] | None) -> dict[str, str]:
    """What the form of the header holds: what was typed, else what a person has set before."""
    now = {name: day.isoformat() if (day := getattr(header.edits, name)) else "" for name in DATES}
    now |= {"dimensions": dimensions_text(header.edits.dimensions), "tags": dimensions_text(header.edits.tags)}
    return {name: (typed or {}).get(name, text) for name, text in now.items()}


def _facts(desk: Desk, header: Proposal, lines: Lines, setup: FinanceSetup) -> Facts:
    figures, currency, customer = Figures(setup), currency_of(header, setup), customer_of(header, setup)
    contract = contract_of(header.proforma, setup)
    known = setup.customer(header.company, customer)
    terms = setup.terms_for(contract, customer, header.company) if header.company else None
    made, cannot = _as_posted(desk, header, lines, setup)
    day = header.invoice_date or (invoice_date_of(header, setup, None, desk.at) if header.company else None)
    return Facts(
        customer=customer,
        customer_name=known.name if known else None,
        contract=contract,
        currency=currency,
        terms=_terms(terms) if terms else None,
        invoice_date=day.isoformat() if day else None,
        due=due_date_of(header, setup, day).isoformat() if day and header.company else None,
        booked=_booked(header, setup, day),
        expected=figures.amount(header.proforma.total, currency),
        subtotal=figures.amount(header.subtotal, currency),
        sales_tax=figures.amount(made.totals.sales_tax, currency) if made else None,
        total=figures.amount(made.totals.total, currency) if made else None,
        cannot=cannot,
        may_have_dimensions=bool(header.company) and setup.parameters(str(header.company)).allow_header_dimensions,
    )


def _terms(terms: Any) -> str:
    """Terms of payment in words."""
    parts = [str(terms.method).replace("_", " ")]
    parts += [f"{number} {name}" for name, number in (("months", terms.months), ("days", terms.days)) if number]
    return ", ".join(parts)


def _booked(header: Proposal, setup: FinanceSetup, day: Any) -> str | None:
    """The accounting date; ``None`` where no period is open for it."""
    if header.accounting_date or day is None or not header.company:
        return header.accounting_date.isoformat() if header.accounting_date else None
    try:
        return accounting_date_of(header, setup, day).isoformat()
    except Refused:
        return None


def _as_posted(
    desk: Desk, header: Proposal, lines: Lines, setup: FinanceSetup
) -> tuple[InvoiceDraft | None, str | None]:
    """The invoice as posting would compute it, and why it would not. Only of what is ready and on one page.

    A credit note's tax depends on the invoices that it credits: the preview reads those, too.
    """
    if header.status is not ProposalStatus.READY or not lines.rows or not lines.are_all:
        return None, None
    try:
        made = draft(header, list(lines.rows), setup, invoice_date_of(header, setup, None, desk.at))
    except Refused as refused:
        return None, why_not(refused.reason, refused.detail)
    return (None, None) if any(line.takes_back for line in lines.rows) else (made, None)


Rows = Mapping[str, StagedRow]


def _asked(header: Proposal, lines: Sequence[ProposalLine], blocking: Rows) -> Iterator[Fact]:
    """What the page asks of master data."""
    yield from (ProposalFacts.of(header), ProformaFacts.of(header))
    yield from (ProposalLineFacts.of(header, line) for line in lines)
    yield from (ActualFacts.of(row.actual) for row in blocking.values())


def _blocking(desk: Desk, header: Proposal) -> Rows:
    """The actuals that what it waits for is about."""
    if header.status is not ProposalStatus.WAITING:
        return {}
    return desk.stores.staging.readable(wait.actual_id for wait in header.waiting_for if wait.actual_id)


def _waits(desk: Desk, header: Proposal, rows: Rows, setup: FinanceSetup) -> Sequence[Entry]:
    """Everything that its header says it waits for, with what blocks it: one request for each company concerned."""
    if header.status is not ProposalStatus.WAITING:
        return []
    waits = header.waiting_for if header.company else (company_unknown(header.proforma, setup),)
    explanation = Explanation("proposal", header.number, header.company, "")
    say_blockers(explanation, _blockers(desk, waits, rows, setup), header.waiting_since, header.company, setup)
    for entry, wait in zip(explanation.waits_for, waits, strict=True):
        row = rows.get(wait.actual_id or "")
        entry["blocked_by"] = (wait.blocked_by or "").partition("#")
        entry["on_journal"], entry["line"] = (row.journal_id, row.line_number) if row else (None, None)
        entry["of_company"] = (Words(setup).company(row) if row else None) or header.company
    return explanation.waits_for


def _blockers(desk: Desk, waits: Sequence[Wait], rows: Rows, setup: FinanceSetup) -> list[Blocker]:
    """Each wait with the row and the journal that it is about; what is wrong with a line, its journal says."""
    words = Words(setup)
    on = {(words.company(row), row.journal_id) for row in rows.values() if row.journal_id}
    journals = {
        owner: desk.stores.journals.many(owner, sorted(str(number) for company, number in on if company == owner))
        for owner in {company for company, _ in on if company}
    }
    found = []
    for wait in waits:
        row = rows.get(wait.actual_id or "")
        journal = journals.get(words.company(row) or "", {}).get(row.journal_id or "") if row else None
        found.append(Blocker(wait, row, journal))
    return found


def _steps(header: Proposal) -> tuple[int, int]:
    """How many pages of a posting are done, of about how many."""
    return header.posted_pages, max(-(-header.line_count // PAGE_LINES), header.posted_pages, 1)


def progress(desk: Desk, id: str) -> Response[Any]:
    """How far the posting is, for a page that asks again; once it is done, the page is loaded anew."""
    header = header_of(desk, id)
    answer = desk.page("parts/progress.html", own=f"/proposals/{header.id}", steps=_steps(header), query=kept(desk))
    if header.status is ProposalStatus.POSTED:
        answer.headers["HX-Redirect"] = link(f"/proposals/{header.id}", **kept(desk))
    return answer


def preview(desk: Desk, id: str) -> Response[Any]:
    """The invoice and the voucher that posting would create. Nothing is written."""
    header = header_of(desk, id)
    asked = {"company": header.company, "proposal_id": header.id, "invoice_date": desk.query.get("invoice_date")}
    answer = desk.do("preview", **{name: value for name, value in asked.items() if value})
    refused = answer.get("refused") or []
    found: Any = answer.get("previews") or [{"refused": refused[0] if refused else {}}]
    made: dict[str, Any] = found[0]
    refusal = made["refused"]
    place = desk.lists.seeing([ProposalFacts.of(header)])
    customer = customer_of(header, place.setup)
    table: VoucherTable | None = None
    if made.get("voucher"):
        table = voucher_table(made["voucher"], place.setup, INVOICE, "")
    return desk.page(
        "preview.html",
        title=f"Preview of {header.number}",
        header=header,
        customer=customer,
        customer_name=customer_name_of(header, place.setup),
        made=made,
        taxed=_by_groups(made.get("lines") or []),
        voucher=table,
        lines=(made.get("lines") or [])[:PAGE_LINES],
        refusal=why_not(refusal.get("reason"), refusal.get("detail")) if refusal is not None else None,
        own=f"/proposals/{header.id}",
        kept=kept(desk),
        large=header.pages > LARGE,
        seen=seen_now(desk, header),
        may_release=not lacks_approval(header, place.setup),
    )


def _by_groups(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Sales tax by the groups of the lines: both groups, net or gross amount as the lines have it, and tax."""
    sums: dict[tuple[str, str], list[Decimal]] = {}
    for line in lines:
        found = sums.setdefault(
            (line["sales_tax_group"] or "", line["item_sales_tax_group"] or ""), [Decimal(0), Decimal(0)]
        )
        found[0] += Decimal(line["amount"] or 0)
        found[1] += Decimal(line["sales_tax_amount"] or 0)
    return [(group, item, f"{amount:f}", f"{tax:f}") for (group, item), (amount, tax) in sorted(sums.items())]


def page_of(desk: Desk, header: Proposal) -> ProposalPage | None:
    """The page of lines that is shown."""
    return desk.stores.proposals.page_at(header.id, place_in(desk, "line"))[0]
