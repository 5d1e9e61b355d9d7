"""What a proposal's header itself waits for: a customer of its company, and a single accounting date (99-23)."""

from __future__ import annotations

from collections.abc import Sequence

from project_invoicing.domain.actual import Proforma, Reference
from project_invoicing.domain.codes import WaitReason
from project_invoicing.domain.master_data import NameKey, Part
from project_invoicing.domain.master_row import name_blocker
from project_invoicing.domain.proposal import Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.domain.refusals import Wait, row_blocker
from project_invoicing.rules.line_dates import written_dates
from project_invoicing.rules.proforma import proforma_customer
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.setup.effective import Found, Missing
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.companies import InvoiceAccountingDate

_SHOWN_DATES = 5


def judge_header(
    result: ProposalPlan, header: Proposal, existing: Sequence[ProposalLine], company: str, setup: FinanceSetup
) -> None:
    """Adds to a plan what the header itself waits for: a customer of its company, and a single accounting date.

    ``existing`` are lines that an interrupted run already wrote.
    """
    result.waits += _customer_missing(header.proforma, company, setup)
    _agree_on_date(result, header, existing, company, setup)


def _agree_on_date(
    result: ProposalPlan, header: Proposal, existing: Sequence[ProposalLine], company: str, setup: FinanceSetup
) -> None:
    """Finds the accounting date of the chargeable billed sales; where it decides and they differ, the header waits.

    99-23. The header has the date of the lines that are already written.
    """
    carried = {header.billed_on: existing[0].actual_id} if existing and header.billed_on else {}
    for row, line in result.lines:
        if line.chargeable:
            carried.setdefault(written_dates(row.actual, company, setup)[1], row.id)
    if len(carried) < 2:
        result.billed_on = next(iter(carried), None) if header.billed_on or not existing else None
        return
    decides = setup.parameters(company).invoice_accounting_date is InvoiceAccountingDate.BILLED_SALES
    if decides and not header.proforma.accounting_date:
        told = [f"{day} (actual {id})" for day, id in sorted(carried.items())]
        more = f" and {len(told) - _SHOWN_DATES} more" if len(told) > _SHOWN_DATES else ""
        detail = f"its billed sales carry the accounting dates {', '.join(told[:_SHOWN_DATES])}{more}"
        result.waits.append(Wait(WaitReason.ACCOUNTING_DATES_DIFFER, detail))


def _customer_missing(proforma: Proforma, company: str, setup: FinanceSetup) -> list[Wait]:
    """A proposal without a customer of its company could never be posted, so it waits rather than become ready."""
    found, reference = proforma_customer(proforma, setup), proforma.customer
    name = found.name if isinstance(found, Found) else None
    other = _namesake(found, company, setup)
    if setup.customer(company, name) and other is None:
        return []
    named = f"customer {reference.entity} {reference.id} of the proforma" if reference else f"customer {name}"
    blockers = _blockers(proforma, name, company, setup)
    if isinstance(found, Missing):
        detail = f"customer {found.what} of the proforma {found.why}"
        blockers = [blocker for blocker in (found.blocker, *blockers) if blocker]
    elif found is None:
        detail = f"{named} is not among the set-up's references"
    elif other:
        detail = (
            f"{named} is {name} of {found.company}, and {name} of {company} is {other}; correct the row that names it"
        )
    else:
        detail = f"{named} is {name}, which is not among the customers of {company}"
    return [Wait(WaitReason.REFERENCE_MISSING, detail, blocker=next(iter(blockers), None), also=tuple(blockers[1:]))]


def _blockers(proforma: Proforma, name: str | None, company: str, setup: FinanceSetup) -> list[str]:
    """What may end the wait for a customer: the row that names it, its own row, a row of its number in the company."""
    contract = (
        setup.find(proforma.contract.entity, proforma.contract.id, deleted_too=True) if proforma.contract else None
    )
    of_contract = setup.contract(contract.company, contract.name) if isinstance(contract, Found) else None
    customer = proforma.customer or (of_contract.customer if of_contract else None)
    rows = (customer,) if proforma.customer else (proforma.contract, customer)
    found = [row_blocker(row.entity, row.id) for row in rows if isinstance(row, Reference)]
    return [*found, name_blocker(NameKey(Part.CUSTOMERS, company, name))] if name else found


def _namesake(found: Found | Missing | None, company: str, setup: FinanceSetup) -> str | None:
    """Whom else an account of another company would be taken for: who has its number here and another name.

    An account belongs to one company. One of the same number and the same name is the same customer, kept in both.
    """
    if not isinstance(found, Found) or found.company in (None, company):
        return None
    there, here = setup.customer(found.company, found.name), setup.customer(company, found.name)
    if there is None or here is None or here.row is None:
        return None
    return here.name if here.name.casefold() != there.name.casefold() else None
