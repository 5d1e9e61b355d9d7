"""The customer invoice of a stored proposal, as posting it would build it, and the lines of posted invoices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from project_invoicing.domain.codes import PostingFailure, ProposalStatus, WaitReason
from project_invoicing.domain.credited_tax import (
    TaxOfInvoice,
    charged,
    counting_invoices,
)
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Refused
from project_invoicing.domain.staged_row import OnProposal
from project_invoicing.rules.invoice_draft import InvoiceDraft, draft
from project_invoicing.rules.invoice_terms import invoice_date_of
from project_invoicing.rules.invoice_voucher import computed_with
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.pins import packed
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.documents.renumbering import Numbering, look_again
from project_invoicing.use_cases.invoice_documents.lacking import lacking_of
from project_invoicing.use_cases.master_data.facts import Fact, ProformaFacts, ProposalLineFacts
from project_invoicing.use_cases.setups import Seen, SetupVersions

_MOST_CREDITED = 50
"""The most invoices that one credit note keeps count of: each is a write in its first transaction. Beyond that, it
only rounds."""


class Drafted(NamedTuple):
    """An invoice, the set-up it is computed with, and the master data that a new claim of it keeps, packed.

    ``renumbered``: its lines, by actual, that are stored under numbers which are valid no longer (D-123).
    """

    draft: InvoiceDraft
    setup: FinanceSetup
    view: bytes | None
    renumbered: dict[str, ProposalLine]


def drafted(
    proposals: Proposals,
    staging: Staging,
    setups: SetupVersions,
    header: Proposal,
    given: str | None,
    now: str,
    *,
    marks: bool = False,
) -> Drafted:
    """The invoice of a proposal as posting it ``now`` would build it, and what it is computed with.

    ``given`` is the invoice date given to the posting. A posting that has begun keeps its dates, its set-up and its
    master data. Refuses a proposal that cannot be posted. ``marks``: the next import is to look at lines whose numbers
    nobody has any more.
    """
    if header.status is ProposalStatus.POSTED:
        number = header.invoice_number
        detail = f"proposal {header.number} was posted " + (f"as invoice {number}" if number else "without an invoice")
        raise Refused(PostingFailure.ALREADY_POSTED, detail)
    if header.proforma.canceled and header.status in (ProposalStatus.CANCELED, ProposalStatus.WAITING):
        raise Refused(WaitReason.INACTIVE, f"the proforma of proposal {header.number} is canceled in Dataverse")
    if header.status is ProposalStatus.WAITING:
        raise Refused(PostingFailure.LINES_MISSING, f"proposal {header.number} still waits for its lines")
    lines = proposals.lines(header.id)
    renumbered: dict[str, ProposalLine] = {}
    view = None
    if header.status is ProposalStatus.POSTING and header.posting_setup_version and header.invoice_date:
        pins = proposals.master_data(header)
        setup = setups.continued(header.posting_setup_version, pins, _facts(header, lines))
        day, originals = header.invoice_date, header.credited
    else:
        (setup, pins), renumbered = _numbered(staging, setups, header, lines, marks=marks)
        lines = [renumbered.get(line.actual_id, line) for line in lines]
        day = invoice_date_of(header, setup, given, now)
        originals = _originals(proposals, setups, str(header.company), lines)
        view = packed(pins, f"proposal {header.number}") if pins else None
        for lacking in lacking_of(header, lines, setup):
            raise Refused(lacking.reason, lacking.detail)
    made = draft(header, lines, setup, day, given=bool(given), originals=originals)
    if header.status is not ProposalStatus.POSTING and _gets_e_invoices(made, setup):
        from project_invoicing.use_cases.invoices.e_invoice_gate import refuse_broken_rules  # noqa: PLC0415 - seldom

        refuse_broken_rules(proposals, header, invoice_of(proposals, header, made, "", None), made, setup)
    return Drafted(made, setup, view, renumbered)


def _gets_e_invoices(made: InvoiceDraft, setup: FinanceSetup) -> bool:
    """Whether the customer gets e-invoices, from a company that asks for documents."""
    company = setup.company(made.terms.company)
    if company is None or company.document is None:
        return False
    customer = setup.customer(made.terms.company, made.terms.customer)
    return bool(customer and customer.document.e_invoice)


def _numbered(
    staging: Staging, setups: SetupVersions, header: Proposal, lines: Sequence[ProposalLine], *, marks: bool
) -> tuple[Seen, dict[str, ProposalLine]]:
    """What the lines are posted with, and those that have other numbers now (D-123).

    Refuses if a line cannot have one; the next import then builds the proposal anew. Sales between companies are billed
    as they were posted.
    """

    def facts(some: Iterable[ProposalLine]) -> list[Fact]:
        return _facts(header, some)

    seen, found = Numbering(staging, setups.seeing, facts, lambda *_: header.works_for).now(lines)
    refused = next((now for now in found.values() if isinstance(now, Refused)), None)
    if refused and not header.intercompany:
        if marks:
            look_again(staging, OnProposal(header.number, header.id), found)
        raise refused
    return seen, {id: now for id, now in found.items() if not isinstance(now, Refused)}


def _facts(header: Proposal, lines: Iterable[ProposalLine]) -> list[Fact]:
    """What an invoice asks of master data."""
    return [ProformaFacts.of(header), *(ProposalLineFacts.of(header, line) for line in lines)]


def _originals(
    proposals: Proposals, setups: SetupVersions, company: str, lines: Iterable[ProposalLine]
) -> dict[str, TaxOfInvoice]:
    """What the invoices that these lines credit have charged, and what was given back of it (REG-19)."""
    numbers = counting_invoices(lines)[:_MOST_CREDITED]
    found = proposals.invoices.taxes_of(company, numbers) if numbers else {}
    return {
        number: tax or TaxOfInvoice(charged(posted_before(proposals, setups, company, number)))
        for number, tax in found.items()
    }


def invoice_lines(proposals: Proposals, setups: SetupVersions, company: str, number: str) -> Sequence[ProposalLine]:
    """The lines of a posted invoice with what they were computed with."""
    lines = proposals.invoices.lines(company, number)
    return lines if all(line.charges for line in lines) else posted_before(proposals, setups, company, number)


def posted_before(proposals: Proposals, setups: SetupVersions, company: str, number: str) -> tuple[ProposalLine, ...]:
    """The lines of an invoice posted before lines had ``charges``, recomputed with the set-up of that time.

    Empty where that is no longer possible: then nothing is handed on, and the current set-up decides.
    """
    invoice = proposals.invoices.get(company, number)
    header = proposals.get(invoice.proforma_id) if invoice else None
    if header is None or header.posting_setup_version is None or header.invoice_date is None:
        return ()
    lines = proposals.lines(header.id)
    pins = proposals.master_data(header)
    setup = setups.continued(header.posting_setup_version, pins, _facts(header, lines))
    try:
        invoice_draft = draft(header, lines, setup, header.invoice_date)
        return computed_with(invoice_draft, number, setup).totals.lines
    except Refused:
        return ()


def invoice_of(
    proposals: Proposals, header: Proposal, invoice_draft: InvoiceDraft, number: str, voucher_number: str | None
) -> Invoice:
    """The header of the invoice with these numbers.

    Once the posting has begun it is the stored one, because the input of that posting is not given again.
    """
    begun = (
        proposals.invoices.get(invoice_draft.terms.company, number) if header.status is ProposalStatus.POSTING else None
    )
    return begun or Invoice(
        invoice_number=number,
        proposal_id=header.number,
        proforma_id=header.id,
        company=invoice_draft.terms.company,
        customer=invoice_draft.terms.customer,
        document_type=invoice_draft.totals.document_type,
        invoice_date=invoice_draft.terms.invoice_date,
        due_date=invoice_draft.terms.due_date,
        accounting_date=invoice_draft.terms.accounting_date,
        currency=invoice_draft.terms.currency,
        subtotal=invoice_draft.totals.subtotal,
        sales_tax=invoice_draft.totals.sales_tax,
        total=invoice_draft.totals.total,
        voucher=voucher_number,
        exchange_rate=invoice_draft.terms.exchange_rate.multiplier,
        line_count=sum(line.shown for line in invoice_draft.totals.lines),
        cash_discount_date=invoice_draft.terms.cash_discount.until if invoice_draft.terms.cash_discount else None,
        cash_discount_percent=invoice_draft.terms.cash_discount.percent if invoice_draft.terms.cash_discount else None,
        borrower=header.intercompany.borrower if header.intercompany else None,
        vendor=header.intercompany.vendor if header.intercompany else None,
    )
