"""Takes the number of a proposal in its company together with the header (INV-20)."""

from __future__ import annotations

from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.rules.proposal_numbers import needs_order, out_of_order
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.transactions import Write


def number_writes(
    proposals: Proposals,
    setup: FinanceSetup,
    company: str,
    proforma: Proforma,
    had: tuple[str, str] | None = None,
) -> list[Write]:
    """The writes that take the proforma's number in its company. Raises ``Rejected`` when it may not be taken.

    NUM-10: a number belongs to one proforma. NUM-01: a sequence that does not allow lower or higher numbers takes only
    the next one; a number that the proforma ``had`` before it was canceled was in order then.
    """
    owner, free = proposals.holder_of_number(company, proforma.number) or (None, False)
    if owner is not None and owner != proforma.id and not free:
        detail = (
            f"number {proforma.number} belongs to proforma {owner} in {company} already; number this one differently"
        )
        raise _rejected(RejectReason.DUPLICATE_PROPOSAL_NUMBER, detail, proforma)
    writes = [proposals.take_number(company, proforma, owner)] if owner is None or free else []
    rule = setup.proposal_sequence(company)
    if not needs_order(rule) or had == (company, proforma.number):
        return writes
    last = proposals.last_number(company)
    if problem := out_of_order(proforma.number, last, rule, company):
        raise _rejected(RejectReason.PROPOSAL_NUMBER_NOT_ALLOWED, problem, proforma)
    return [*writes, proposals.number_used(company, proforma.number, last)]


def _rejected(reason: RejectReason, detail: str, proforma: Proforma) -> Rejected:
    return Rejected(reason, detail, entity=PROFORMA, id=proforma.id, field="invoicenumber")
