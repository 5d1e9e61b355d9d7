"""The batches that the other ledger has not answered in the time that their company gives it."""

from __future__ import annotations

from project_invoicing.domain.ledger_batch import LedgerBatch
from project_invoicing.rules.ledger_unanswered import is_overdue
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.ledger_batches import LedgerBatches


def overdue(batches: LedgerBatches, setup: FinanceSetup, at: str) -> list[LedgerBatch]:
    """Reads what is not accepted yet: two requests a company."""
    return [
        batch
        for company in setup.document.companies
        for batch in batches.open(company)
        if is_overdue(batch, setup.parameters(company).ledger.answer_hours, at)
    ]
