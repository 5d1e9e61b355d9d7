"""The form in which every check reports its differences."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from project_invoicing.domain.codes import ConnectionRole, StagingState
from project_invoicing.domain.reconciliation import Difference, Repair
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import ACTUAL
from project_invoicing.setup.lookups import FinanceSetup

PROPOSAL = "proposal"
ON_DOCUMENTS = (StagingState.IMPORTED, StagingState.POSTED)


class Finding(NamedTuple):
    """A difference and the check (one of ``domain.reconciliation.CHECKS``) it belongs to."""

    check: str
    difference: Difference


def of_row(
    check: str,
    row: StagedRow,
    setup: FinanceSetup,
    detail: str,
    amount: Decimal | None = None,
    *,
    repair: Repair | None = None,
) -> Finding:
    """A difference about an actual; ``amount`` is in the accounting currency of its company."""
    currency = setup.currency_of_company(row.company)
    return Finding(check, Difference(ACTUAL, row.id, detail, row.company, amount, currency, repair))


def id_bytes(id: str) -> bytes:
    """An id as 16 bytes, because a million of them are held."""
    return UUID(id).bytes


def id_text(id: bytes) -> str:
    return str(UUID(bytes=id))


def link_key(carrier: str, role: ConnectionRole, linked: str) -> bytes:
    """A connection as 33 bytes."""
    return id_bytes(carrier) + id_bytes(linked) + role[0].encode()
