"""What one run of the proposal import works with, and what it counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.store.unit_of_work import UnitOfWork
from project_invoicing.use_cases.setups import SetupVersions
from project_invoicing.use_cases.staging.left_waiting import LeftWaiting
from project_invoicing.use_cases.staging.posted_lines import PostedLines
from project_invoicing.use_cases.staging.prevalidate import ActualsRegister
from project_invoicing.use_cases.staging.verdicts import Verdicts


@dataclass(slots=True)
class ImportRun:
    """One run at time ``at``, of one ``company`` or all.

    ``ready`` counts the proposals it completed, ``waiting`` the proposals and rows it left waiting.
    """

    staging: Staging
    journals: Journals
    proposals: Proposals
    setups: SetupVersions
    at: str
    register: ActualsRegister
    company: str | None = None
    ready: int = 0
    waiting: int = 0
    left: LeftWaiting = field(default_factory=LeftWaiting)

    @property
    def setup(self) -> FinanceSetup:
        return self.setups.current

    @property
    def posted_lines(self) -> PostedLines:
        return PostedLines(self.staging, self.journals, self.proposals, self.setups)

    def unit(self) -> UnitOfWork:
        return UnitOfWork(self.proposals.client)

    def write(self, verdicts: Verdicts) -> None:
        """Writes the decisions about rows, and counts those that wait."""
        verdicts.write(self.staging, self.at)
        self.waiting += verdicts.waiting
        self.left.add_rows(verdicts.blocked)
