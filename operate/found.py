"""Documents by the numbers that people type: which there are, of which company, and for which customer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from project_invoicing.domain.codes import JournalStatus, ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.lists.facts import ProposalFacts
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.proposals import proposal_row

PROPOSAL, JOURNAL, INVOICE = "proposal", "journal", "invoice"
_DUE_PROPOSALS: Final = (ProposalStatus.READY, ProposalStatus.POSTING)
_DUE_JOURNALS: Final = (JournalStatus.DRAFT, JournalStatus.PROCESSING)


@dataclass(frozen=True, slots=True)
class Document:
    """A document, with its customer where it has one."""

    kind: str
    company: str
    number: str
    status: str = ""
    customer: str | None = None
    customer_name: str | None = None


class NotFound(Exception):
    """No document has the number, or several have it. The text says which, and what to do."""


def named(place: ListPlace, number: str, company: str | None, kinds: Collection[str]) -> Document:
    """The one document of these ``kinds`` with this number; a proposal also by the id of its proforma."""
    companies = [company] if company else place.companies
    found = [one for kind in kinds for one in _OF[kind](place, number.strip(), companies)]
    if len(found) == 1:
        return found[0]
    if not found:
        where = f" in {company}" if company else ""
        raise NotFound(f"there is no {' and no '.join(kinds)} {number}{where}")
    owners = ", ".join(f"{one.kind} of {one.company}" for one in found)
    raise NotFound(f"{number} is {owners}; say which with --company")


def due(place: ListPlace, company: str | None, kinds: Collection[str]) -> Iterator[Document]:
    """What can be posted now: journals first, because proposals wait for them."""
    companies = [company] if company else place.companies
    for code in companies if JOURNAL in kinds else ():
        for journal in place.stores.journals.open(code):
            if journal.status in _DUE_JOURNALS and journal.line_count:
                yield Document(JOURNAL, code, journal.journal_id, journal.status)
    for code in companies if PROPOSAL in kinds else ():
        ready = [one for one in place.stores.proposals.open(code) if one.status in _DUE_PROPOSALS]
        yield from _proposals(place, ready)


def _proposals_named(place: ListPlace, number: str, companies: list[str]) -> Iterator[Document]:
    yield from _proposals(place, proposals_named(place.stores.proposals, companies, number))


def _proposals(place: ListPlace, headers: list[Proposal]) -> Iterator[Document]:
    place = place.seeing(map(ProposalFacts.of, headers)) if headers else place
    for row in (proposal_row(place, header, None) for header in headers):
        yield Document(PROPOSAL, str(row.company), row.proposal_id, row.status, row.customer, row.customer_name)


def _journals_named(place: ListPlace, number: str, companies: list[str]) -> Iterator[Document]:
    for company in companies:
        if journal := place.stores.journals.get(company, number):
            yield Document(JOURNAL, company, journal.journal_id, journal.status)


def _invoices_named(place: ListPlace, number: str, companies: list[str]) -> Iterator[Document]:
    for company in companies:
        if invoice := place.stores.proposals.invoices.get(company, number):
            name = place.customer_name(company, invoice.customer)
            status = "posted" if invoice.posted else "posting"
            yield Document(INVOICE, company, invoice.invoice_number, status, invoice.customer, name)


_OF: Final[dict[str, Callable[[ListPlace, str, list[str]], Iterator[Document]]]] = {
    PROPOSAL: _proposals_named,
    JOURNAL: _journals_named,
    INVOICE: _invoices_named,
}
