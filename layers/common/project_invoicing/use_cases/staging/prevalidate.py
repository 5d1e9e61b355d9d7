"""Prevalidation of actuals: a row waits some minutes, and is then looked up in Dataverse (STG-12, STG-13).

A synchronous step can send a row whose transaction is then rolled back. If a company sets ``prevalidation_minutes``, a
row younger than that waits, and an older one that Dataverse does not have is invalid and never becomes a line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from project_invoicing.dataverse.maps import ACTUAL
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.prevalidation import too_young
from project_invoicing.rules.waiting import defect_wait
from project_invoicing.set_aside import Defect, guarded

if TYPE_CHECKING:
    from project_invoicing.dataverse.api import DataverseApi
    from project_invoicing.setup.lookups import FinanceSetup


class ActualsRegister(Protocol):
    """The port to Dataverse: tells which of some actuals it has."""

    def missing(self, actual_ids: Collection[str]) -> set[str]:
        """Those that do not exist. Raises ``Unavailable`` when that cannot be determined."""


class DataverseRegister:
    """The actuals of the connected Dataverse."""

    def __init__(self, dataverse: DataverseApi) -> None:
        self._dataverse = dataverse

    def missing(self, actual_ids: Collection[str]) -> set[str]:
        found = self._dataverse.rows(ACTUAL, actual_ids, ())
        return set(actual_ids) - {row.id for row in found}


class NoRegister:
    """Stands in where no Dataverse is connected: rows wait their minutes, and then count as existing."""

    def missing(self, actual_ids: Collection[str]) -> set[str]:
        del actual_ids
        return set()


def prevalidate(
    rows: Iterable[tuple[StagedRow, str]], setup: FinanceSetup, register: ActualsRegister, at: str
) -> tuple[dict[str, Wait], set[str]]:
    """Why the young rows wait, and which of the others Dataverse does not have, from rows with their companies.

    A row with a malformed time is among those that wait.
    """
    now = datetime.fromisoformat(at)
    young: dict[str, Wait] = {}
    asked: list[str] = []
    for row, company in rows:
        minutes = setup.parameters(company).prevalidation_minutes
        if not minutes:
            continue
        wait = guarded("actual", row.id, too_young, row, minutes, now)
        if isinstance(wait, Defect):
            wait = defect_wait(wait, row.id)
        if wait:
            young[row.id] = wait
        else:
            asked.append(row.id)
    return young, register.missing(asked) if asked else set()
