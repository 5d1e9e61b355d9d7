"""Withdrawal of a proposal whose proforma was canceled in Dataverse before it was posted (REG-12, 99-27, D-069).

Its lines are deleted like any others, its rows wait, its number is free. The header stays with the version of the
proforma. Whichever run comes next, the event again or the import, finishes a withdrawal that died half-way.
"""

from __future__ import annotations

from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.unit_of_work import UnitOfWork, retried
from project_invoicing.use_cases.documents.delete_lines import finish_deletion

_ATTEMPTS = 6


def withdraw(proposals: Proposals, staging: Staging, proforma_id: str) -> None:
    """Removes what remains of a proposal that is being withdrawn; any other stays as it is.

    Raises ``Conflict`` when others kept changing it.
    """

    def step() -> None:
        header = proposals.get(proforma_id)
        if header is None or not header.withdrawing:
            return
        if header.pages or header.deleting:
            header = finish_deletion(proposals, staging, header)
        change = proposals.changing(header)
        change.withdrawn()
        unit = UnitOfWork(proposals.client, [change.write()])
        if header.company:
            unit.add(proposals.free_number(header.company, header))
        unit.commit()

    retried(f"proposal {proforma_id}", step, attempts=_ATTEMPTS)
