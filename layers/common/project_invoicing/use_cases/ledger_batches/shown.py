"""What a page or a program shows of a batch beside its header: its files, and the formats that it may go out in."""

from __future__ import annotations

from typing import Final

from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.ledger_bucket import folder_of
from project_invoicing.rules.ledger_files import CSV, JSONL, MANIFEST
from project_invoicing.rules.ledger_formats.formats import named
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.ready_formats import READY_FORMATS

DELIVERABLE: Final = (BatchState.READY, BatchState.REFUSED, BatchState.PARTLY)


def files_of(batch: LedgerBatch) -> list[tuple[str, str]]:
    """The files of a batch, by name, with their keys; none before it is ready."""
    if batch.state in (BatchState.CLAIMING, BatchState.SEALED):
        return []
    folder = folder_of(batch.company, batch.period, batch.kind, batch.number)
    return [(name, f"{folder}{name}") for name in (MANIFEST, CSV, JSONL)]


def formats_for(setup: FinanceSetup, batch: LedgerBatch) -> list[str]:
    """The names of the formats for batches of its kind, those of the set-up first."""
    own = setup.document.ledger_formats
    names = dict.fromkeys([*own, *READY_FORMATS])
    return [name for name in names if named(own, name).kind is batch.kind]
