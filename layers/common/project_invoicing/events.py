"""Events on the bus: those that Dataverse's rows become, and our own.

Ours are in the past tense, name a document and carry totals, never lines, so that an event stays small at any size
(contract, section 6). Amounts are decimal strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

SOURCE: Final = "project-invoicing"
DATAVERSE_SOURCE: Final = "dataverse"
SCHEDULE_SOURCE: Final = "aws.events"
VERSION: Final = 1

PROPOSAL_CREATED: Final = "InvoiceProposalCreated"
PROPOSAL_READY: Final = "InvoiceProposalReady"
JOURNAL_POSTED: Final = "IntegrationJournalPosted"
JOURNAL_FAILED: Final = "IntegrationJournalFailed"
INVOICE_POSTED: Final = "CustomerInvoicePosted"
ACTUAL_REJECTED: Final = "ActualRejected"
SETUP_CHANGED: Final = "FinanceSetupChanged"
"""There is another set-up: what waits for it is looked at (D-026)."""
WRITE_BACK_REQUESTED: Final = "WriteBackRequested"
"""A person, or a repair, wants a posted document told to Dataverse again: ``retry`` names it."""
IMPORT_REQUESTED: Final = "StagingImportRequested"
"""A person, or a repair, wants one actual or one proposal imported: ``actual_id``, or ``proposal_id`` and company."""
SWEEP_CONTINUED: Final = "DataverseSweepContinued"


@dataclass(frozen=True, slots=True)
class BusEvent:
    """An event to be published. ``key`` names it uniquely, so that publishing it twice is recognisably one event."""

    source: str
    detail_type: str
    time: str
    detail: dict[str, Any]
    key: str


def own_event(detail_type: str, time: str, key: str, **detail: Any) -> BusEvent:
    """One of our events about the document named by ``key``, at ``time`` (ISO 8601, UTC)."""
    return BusEvent(SOURCE, detail_type, time, {"version": VERSION, **detail}, f"{detail_type}#{key}")
