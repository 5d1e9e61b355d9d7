"""Tells of a ready proposal which rules its e-invoice would break, before anybody posts it.

What is told is a refusal like that of a posting: it is shown wherever those are, and nothing depends on it. A posting
asks again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from project_invoicing.domain.codes import PostingFailure, ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.proforma import customer_of
from project_invoicing.set_aside import guarded
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.proposals.import_run import ImportRun


def gets_e_invoices(header: Proposal, setup: FinanceSetup) -> bool:
    """Whether its company asks for documents and its customer gets e-invoices."""
    company = setup.company(str(header.company))
    number = customer_of(header, setup) if company and company.document else None
    customer = setup.customer(str(header.company), number) if number else None
    return bool(customer and customer.document.e_invoice)


def with_e_invoices(run: ImportRun, headers: Iterable[Proposal]) -> list[str]:
    """The ready proposals whose customers get e-invoices. Reads master data where a company asks for documents."""
    document = run.setup.document
    asking = {company for company, known in document.companies.items() if known.document}
    ready = [one for one in headers if one.status is ProposalStatus.READY and one.company in asking]
    run.setups.reader.proformas(ready)
    return [one.id for one in ready if is_told(one) or gets_e_invoices(one, run.setup)]


def is_told(header: Proposal) -> bool:
    """Whether a ready proposal is refused for such a rule: the set-up or master data may have ended that."""
    refusal = header.refusal or {}
    return header.status is ProposalStatus.READY and refusal.get("reason") == PostingFailure.E_INVOICE_RULE


def tell_broken_rules(run: ImportRun, id: str) -> None:
    """Writes down on a proposal that is ready what its e-invoice would break now; or that it is nothing any more."""
    header = run.proposals.get(id)
    if header is None or header.status is not ProposalStatus.READY:
        return
    guarded("proposal", id, _tell, run, header)  # it is ready, whatever comes of this


def _tell(run: ImportRun, header: Proposal) -> None:
    broken = _broken(run, header)
    before = header.refusal or {}
    change = run.proposals.changing(header)
    if broken and (before.get("reason"), before.get("detail")) != (broken.reason, broken.detail):
        change.refused(broken, run.at)
    elif not broken and is_told(header):
        change.refused_no_longer()
    else:
        return
    with suppress(TransactionCancelled):  # it has moved on; this was about an older state of it
        UnitOfWork(run.proposals.client, [change.write()]).commit()


def _broken(run: ImportRun, header: Proposal) -> Refused | None:
    """What else would refuse its posting is not told: it may be over by then, such as a period that is not open."""
    # Imported late: few customers get e-invoices.
    from project_invoicing.use_cases.invoices.draft import drafted  # noqa: PLC0415

    try:
        drafted(run.proposals, run.staging, run.setups, header, None, run.at)
    except Refused as refused:
        return refused if refused.reason == PostingFailure.E_INVOICE_RULE else None
    return None
