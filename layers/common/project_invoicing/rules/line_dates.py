"""Transaction date and accounting date of an actual (contract, section 5)."""

from __future__ import annotations

from datetime import date

from project_invoicing.domain.actual import Actual
from project_invoicing.rules.periods import open_date
from project_invoicing.setup.lookups import FinanceSetup


def written_dates(actual: Actual, company: str, setup: FinanceSetup) -> tuple[date, date]:
    """Transaction date and accounting date as the actual carries them (contract, section 5)."""
    written = actual.start or actual.document_date or actual.accounting_date or actual.version.occurred_at
    return setup.local_date(company, written), setup.local_date(company, actual.accounting_date or written)


def dates(actual: Actual, company: str, setup: FinanceSetup) -> tuple[date, date]:
    """Transaction date and accounting date (contract, section 5; JRN-07, JRN-08).

    An accounting date in a period that is not open moves to the first date of the next open one if the company wants
    that; the transaction date never moves.
    """
    transaction_date, accounting_date = written_dates(actual, company, setup)
    return transaction_date, open_date(company, accounting_date, setup) or accounting_date
