"""Withdrawal of a proposal whose proforma was canceled in Dataverse before it was posted (REG-12, 99-27, D-069).

Its lines go as any deleted lines do, its rows wait, its number is free. The header stays with the version of the
proforma. A withdrawal that died half-way is finished by whoever comes next: the event again, or the import.
"""

from __future__ import annotations

from dataclasses import replace

from project_invoicing.domain.proposal import Proposal
from project_invoicing.errors import Conflict
from project_invoicing.store.errors import TransactionCancelled
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import pause, transact
from project_invoicing.use_cases.documents.delete_lines import finish_deletion

_ATTEMPTS = 6


def withdraw(proposals: Proposals, staging: Staging, proforma_id: str) -> None:
    """Takes away what there is of a proposal that is being withdrawn; any other stays as it is.

    Raises ``Conflict`` when others kept changing it.
    """
    for attempt in range(_ATTEMPTS):
        header = proposals.get(proforma_id)
        if header is None or not header.withdrawing:
            return
        try:
            _take_away(proposals, staging, header)
            return
        except TransactionCancelled:
            pause(attempt)
    raise Conflict(f"proposal {proforma_id} kept changing while it was withdrawn")


def _take_away(proposals: Proposals, staging: Staging, header: Proposal) -> None:
    if header.pages or header.deleting:
        finish_deletion(proposals, staging, header)
        header = replace(header, pages=0, deleting=False)
    writes = [proposals.withdrawn(header)]
    if header.company:
        writes.append(proposals.free_number(header.company, header))
    transact(proposals.client, writes)
