"""The header of a confirmed proforma invoice becomes the header of an invoice proposal (PROP-01 to PROP-05)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from project_invoicing.dataverse.mapping import to_proforma
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.domain.actual import Proforma
from project_invoicing.domain.codes import ProposalStatus, RejectReason
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events import PROPOSAL_CREATED, own_event
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import outbox
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.items import Item
from project_invoicing.store.proposals import Proposals, proforma_columns, proposal_of, version_of
from project_invoicing.store.staging import Staging, is_newer
from project_invoicing.store.transactions import transact

_ATTEMPTS = 5


def sync_header(proposals: Proposals, staging: Staging, setup: FinanceSetup, detail: dict[str, Any], at: str) -> str:
    """Stores the header and says what became of it: ``accepted``, ``changed``, ``duplicate`` or ``rejected``.

    A header is created once (PROP-03), in any order of numbers unless the company's sequence forbids it (PROP-05,
    NUM-01). Raises ``Conflict`` when others kept changing the same header.
    """
    try:
        proforma = to_proforma(detail)
        for _ in range(_ATTEMPTS):
            try:
                return _store(proposals, setup, proforma, detail, at)
            except TransactionCancelled:
                continue
    except Rejected as rejected:
        staging.reject(rejected, detail, at)
        return "rejected"
    raise Conflict(f"proforma {proforma.number} kept changing while it was stored")


def _store(proposals: Proposals, setup: FinanceSetup, proforma: Proforma, detail: dict[str, Any], at: str) -> str:
    item = proposals.item(proforma.id)
    kept = json.dumps(detail, separators=(",", ":"), default=str)
    if item is not None:
        return _store_again(proposals, item, proforma, kept)
    company = company_of(proforma, setup)
    if company:
        writes = [proposals.create(proforma, company), *number_writes(proposals, setup, company, proforma)]
    else:
        writes = [proposals.create(proforma, None, event=kept)]
    event = own_event(
        PROPOSAL_CREATED, at, proforma.id, company=company, proposal_id=proforma.number, invoice_id=proforma.id
    )
    transact(proposals.client, [*writes, outbox.record(proposals.table, event)])
    return "accepted"


def _store_again(proposals: Proposals, item: Item, proforma: Proforma, kept: str) -> str:
    changed = is_newer(proforma.version, version_of(item))
    values: dict[str, Any] = {}
    if changed:
        if item["st"] != ProposalStatus.WAITING:
            # Its lines are built from the header that stands there: only name and address may still change.
            stored = proposal_of(item).proforma
            proforma = replace(stored, version=proforma.version, name=proforma.name, bill_to=proforma.bill_to)
        values = proforma_columns(proforma)
        if "co" in item:
            del values["nr"]  # it is taken in the company, and the proposal keeps it (INV-20)
        else:
            values["dt"] = kept
    transact(proposals.client, [proposals.receive_again(item, values, changed=changed)])
    return "changed" if changed else "duplicate"


def company_of(proforma: Proforma, setup: FinanceSetup) -> str | None:
    """The company of the proforma's contract, ``None`` while the set-up does not know it."""
    contract = setup.resolve(proforma.contract.entity, proforma.contract.id) if proforma.contract else None
    known = setup.document.contracts.get(contract) if contract else None
    return known.company if known else None


def number_writes(proposals: Proposals, setup: FinanceSetup, company: str, proforma: Proforma) -> list[Any]:
    """The writes that take the proforma's number in its company. Raises ``Rejected`` when it may not be taken.

    NUM-10: a number belongs to one proforma. NUM-01: a sequence that does not allow lower or higher numbers takes
    the next one only.
    """
    owner = proposals.by_number([company], proforma.number).get(company)
    if owner is not None and owner != proforma.id:
        raise Rejected(
            RejectReason.DUPLICATE_PROPOSAL_NUMBER,
            f"number {proforma.number} belongs to proforma {owner} in {company} already; number this one differently",
            entity=PROFORMA,
            id=proforma.id,
            field="invoicenumber",
        )
    writes = [proposals.take_number(company, proforma)] if owner is None else []
    rule = setup.proposal_sequence(company)
    if rule.allow_lower and rule.allow_higher:
        return writes
    last = proposals.last_number(company)
    if last is not None:
        step = _counter(proforma.number) - _counter(last)
        if (step < 1 and not rule.allow_lower) or (step > 1 and not rule.allow_higher):
            raise Rejected(
                RejectReason.PROPOSAL_NUMBER_NOT_ALLOWED,
                f"number {proforma.number} comes after {last}, which number_sequences.{company}.proposal "
                f"does not allow; set allow_{'lower' if step < 1 else 'higher'}",
                entity=PROFORMA,
                id=proforma.id,
                field="invoicenumber",
            )
    return [*writes, proposals.number_used(company, proforma.number, last)]


def _counter(number: str) -> int:
    """The last run of digits of a number: what a sequence counts."""
    runs = re.findall(r"\d+", number)
    return int(runs[-1]) if runs else 0
