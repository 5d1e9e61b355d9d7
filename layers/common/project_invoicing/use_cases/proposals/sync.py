"""The header of a confirmed proforma invoice becomes the header of an invoice proposal (PROP-01 to PROP-05)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from project_invoicing.dataverse.mapping import to_proforma
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Proforma, is_newer
from project_invoicing.domain.codes import ProposalStatus, RejectReason
from project_invoicing.domain.number_sequence import counter_beside, counter_in
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events.own import ProposalCreated
from project_invoicing.setup.document import ProposalNumbers
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item
from project_invoicing.store.proposals import Proposals, proforma_columns, proposal_of, version_of
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.proposals.withdraw import withdraw

_ATTEMPTS = 5


def sync_header(proposals: Proposals, staging: Staging, setup: FinanceSetup, detail: dict[str, Any], at: str) -> str:
    """Stores the header and says what became of it: ``accepted``, ``changed``, ``duplicate`` or ``rejected``.

    A header is created once (PROP-03), in any order of numbers unless the company's sequence forbids it (PROP-05,
    NUM-01). One that is canceled withdraws its proposal (99-27). Raises ``Conflict`` when others kept changing the same
    header.
    """
    try:
        proforma = to_proforma(RowEvent.read(detail))
        outcome = _stored(proposals, setup, proforma, detail, at)
    except Rejected as rejected:
        staging.reject(rejected, detail, at)
        return "rejected"
    if proforma.canceled:  # repeated, for it may have died half-way
        withdraw(proposals, staging, proforma.id)
    return outcome


def _stored(proposals: Proposals, setup: FinanceSetup, proforma: Proforma, detail: dict[str, Any], at: str) -> str:
    for _ in range(_ATTEMPTS):
        try:
            return _store(proposals, setup, proforma, detail, at)
        except TransactionCancelled:
            continue
    raise Conflict(f"proforma {proforma.number} kept changing while it was stored")


def _store(proposals: Proposals, setup: FinanceSetup, proforma: Proforma, detail: dict[str, Any], at: str) -> str:
    item = proposals.item(proforma.id)
    kept = json.dumps(detail, separators=(",", ":"), default=str)
    if item is not None and (proforma.canceled or not _was_canceled(item, proforma)):
        return _store_again(proposals, item, proforma, kept, at)
    if proforma.canceled:
        transact(proposals.client, [proposals.create_canceled(proforma)])
        return "accepted"
    company = company_of(proforma, setup)
    event = None if company else kept
    header = (
        proposals.revive(item, proforma, company, event, at)
        if item
        else proposals.create(proforma, company, event=event, at=at)
    )
    writes = [header, *(number_writes(proposals, setup, company, proforma, had=_had(item)) if company else ())]
    created = ProposalCreated(company=company, proposal_id=proforma.number, invoice_id=proforma.id)
    event_of = created.on_bus(at, f"{proforma.id}#{item['ch']}" if item else proforma.id)
    transact(proposals.client, [*writes, outbox.record(proposals.table, event_of)])
    return "changed" if item else "accepted"


def _was_canceled(item: Item, proforma: Proforma) -> bool:
    """The proposal was withdrawn, and this is a newer version of its proforma."""
    return item["st"] == ProposalStatus.CANCELED and is_newer(proforma.version, version_of(item))


def _had(item: Item | None) -> tuple[str, str] | None:
    """Company and number that a withdrawn proposal had."""
    return (item["co"], item["nr"]) if item and "co" in item else None


def _store_again(proposals: Proposals, item: Item, proforma: Proforma, kept: str, at: str) -> str:
    changed = is_newer(proforma.version, version_of(item))
    values: dict[str, Any] = {}
    header = proposal_of(item)
    withdraws = changed and proforma.canceled and header.status in (ProposalStatus.WAITING, ProposalStatus.READY)
    if changed:
        if header.status is not ProposalStatus.WAITING and not withdraws:
            # Its lines are built from the header that stands there: only name, address and state may still change.
            proforma = replace(
                header.proforma,
                version=proforma.version,
                name=proforma.name,
                bill_to=proforma.bill_to,
                canceled=proforma.canceled,
            )
        values = proforma_columns(proforma)
        if "co" in item:
            del values["nr"]  # it is taken in the company, and the proposal keeps it (INV-20)
        elif header.status is ProposalStatus.WAITING:
            values["dt"] = kept
    transact(
        proposals.client,
        [
            proposals.begin_withdrawal(header, values)
            if withdraws
            else proposals.receive_again(item, values, at, changed=changed)
        ],
    )
    return "changed" if changed else "duplicate"


def company_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The company of the proforma's contract, ``None`` while the set-up does not know it."""
    contract = setup.resolve(proforma.contract.entity, proforma.contract.id) if proforma.contract else None
    known = setup.document.contracts.get(contract) if contract else None
    return known.company if known else None


def number_writes(
    proposals: Proposals,
    setup: FinanceSetup,
    company: str,
    proforma: Proforma,
    had: tuple[str, str] | None = None,
) -> list[Any]:
    """The writes that take the proforma's number in its company. Raises ``Rejected`` when it may not be taken.

    NUM-10: a number belongs to one proforma. NUM-01: a sequence that does not allow lower or higher numbers takes
    the next one only; one that the proforma ``had`` before it was canceled was in order then.
    """
    owner, free = proposals.holder_of_number(company, proforma.number) or (None, False)
    if owner is not None and owner != proforma.id and not free:
        raise Rejected(
            RejectReason.DUPLICATE_PROPOSAL_NUMBER,
            f"number {proforma.number} belongs to proforma {owner} in {company} already; number this one differently",
            entity=PROFORMA,
            id=proforma.id,
            field="invoicenumber",
        )
    writes = [proposals.take_number(company, proforma, owner)] if owner is None or free else []
    rule = setup.proposal_sequence(company)
    if (rule.allow_lower and rule.allow_higher) or had == (company, proforma.number):
        return writes
    last = proposals.last_number(company)
    if problem := _out_of_order(proforma.number, last, rule, company):
        raise Rejected(
            RejectReason.PROPOSAL_NUMBER_NOT_ALLOWED, problem, entity=PROFORMA, id=proforma.id, field="invoicenumber"
        )
    return [*writes, proposals.number_used(company, proforma.number, last)]


def _out_of_order(number: str, last: str | None, rule: ProposalNumbers, company: str) -> str | None:
    """Why a number may not come after the ``last`` one (NUM-01, 99-28), ``None`` if it may."""
    if rule.format:
        counter = counter_in(number, rule.format, company)
        before = counter_in(last, rule.format, company) if last else None
    else:
        counter = counter_beside(number, last or "")
        before = counter_beside(last, number) if last else None
    setting = f"number_sequences.{company}.proposal"
    if counter is None:
        form = f"is not of the form {rule.format}" if rule.format else "has no digits"
        return f"number {number} {form}, which {setting} needs; correct its format, or set allow_lower and allow_higher"
    step = 1 if before is None else counter - before
    if (step < 1 and not rule.allow_lower) or (step > 1 and not rule.allow_higher):
        needed = "allow_lower" if step < 1 else "allow_higher"
        return f"number {number} comes after {last}, which {setting} does not allow; set {needed}"
    return None
