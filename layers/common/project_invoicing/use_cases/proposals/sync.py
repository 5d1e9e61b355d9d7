"""Turns the header of a confirmed proforma invoice into the header of an invoice proposal (PROP-01 to PROP-05)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from project_invoicing.dataverse.mapping import to_proforma
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.domain.actual import Proforma, is_newer
from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.proposal import Proposal
from project_invoicing.errors import Rejected
from project_invoicing.events.own import ProposalCreated
from project_invoicing.rules.proforma import company_of
from project_invoicing.store import outbox
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.proposals.numbers import number_writes
from project_invoicing.use_cases.proposals.withdraw import withdraw
from project_invoicing.use_cases.setups import SetupVersions

_ATTEMPTS = 5


def sync_header(proposals: Proposals, staging: Staging, setups: SetupVersions, detail: dict[str, Any], at: str) -> str:
    """Stores the header and returns the outcome: ``accepted``, ``changed``, ``duplicate`` or ``rejected``.

    A header is created once (PROP-03), in any order of numbers unless the company's sequence forbids it (PROP-05,
    NUM-01). A canceled proforma withdraws its proposal (99-27). Raises ``Conflict`` when others kept changing the same
    header.
    """
    try:
        proforma = to_proforma(RowEvent.read(detail))
        delivery = _Delivery(proposals, setups, proforma, json.dumps(detail, separators=(",", ":"), default=str), at)
        outcome = retried(f"proforma {proforma.number}", delivery.store, attempts=_ATTEMPTS)
    except Rejected as rejected:
        staging.reject(rejected, detail, at)
        return "rejected"
    if proforma.canceled:  # repeated, because it may have died half-way
        withdraw(proposals, staging, proforma.id)
    return outcome


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A proforma as it arrived at time ``at``. ``event`` is the complete event as text."""

    proposals: Proposals
    setups: SetupVersions
    proforma: Proforma
    event: str
    at: str

    def store(self) -> str:
        header = self.proposals.get(self.proforma.id)
        if header is None:
            return self._canceled() if self.proforma.canceled else self._new()
        newer = is_newer(self.proforma.version, header.proforma.version)
        if not newer:
            return self._again(header)
        if header.status is ProposalStatus.CANCELED and not self.proforma.canceled:
            return self._revived(header)
        return self._changed(header)

    def _company(self) -> str | None:
        self.setups.reader.headers([self.proforma])
        return company_of(self.proforma, self.setups.current)

    def _new(self) -> str:
        company = self._company()
        unit = UnitOfWork(self.proposals.client)
        unit.add(self.proposals.create(self.proforma, company, event=self._kept(company), at=self.at))
        return self._created(unit, company, None)

    def _canceled(self) -> str:
        UnitOfWork(self.proposals.client, [self.proposals.create_canceled(self.proforma)]).commit()
        return "accepted"

    def _revived(self, header: Proposal) -> str:
        """Revives a withdrawn proposal for a newer version of its proforma that is not canceled."""
        company = self._company()
        change = self.proposals.changing(header)
        change.revived(self.proforma, company, self._kept(company), self.at)
        return self._created(UnitOfWork(self.proposals.client, [change.write()]), company, header)

    def _kept(self, company: str | None) -> str | None:
        return None if company else self.event

    def _created(self, unit: UnitOfWork, company: str | None, before: Proposal | None) -> str:
        """The header takes its number and the event is recorded. ``before``: the withdrawn header being revived."""
        proforma = self.proforma
        if company:
            had = (before.company, before.number) if before and before.company else None
            unit.add(*number_writes(self.proposals, self.setups.current, company, proforma, had))
        key = f"{proforma.id}#{before.changes}" if before else proforma.id
        created = ProposalCreated(company=company, proposal_id=proforma.number, invoice_id=proforma.id)
        unit.add(outbox.record(self.proposals.table, created.on_bus(self.at, key)))
        unit.commit()
        return "changed" if before else "accepted"

    def _again(self, header: Proposal) -> str:
        change = self.proposals.changing(header)
        change.received(self.at)
        UnitOfWork(self.proposals.client, [change.write()]).commit()
        return "duplicate"

    def _changed(self, header: Proposal) -> str:
        proforma, event = self.proforma, None
        withdraws = proforma.canceled and header.status in (ProposalStatus.WAITING, ProposalStatus.READY)
        if header.status is ProposalStatus.WAITING:
            event = self.event
        elif not withdraws:
            # Its lines are built from the stored header: only name, address and state may still change.
            proforma = replace(
                header.proforma,
                version=proforma.version,
                name=proforma.name,
                bill_to=proforma.bill_to,
                canceled=proforma.canceled,
            )
        change = self.proposals.changing(header)
        if withdraws:
            change.withdrawing(proforma, event)
        else:
            change.changed(proforma, self.at, event)
        why = "the proforma was canceled in Dataverse" if withdraws else "the proforma has changed in Dataverse"
        taken_back = self.proposals.taken_back(change, self.at, why)
        UnitOfWork(self.proposals.client, [change.write(), *taken_back]).commit()
        return "changed"
