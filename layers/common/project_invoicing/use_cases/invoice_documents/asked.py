"""Whether a company asks for documents of its invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from project_invoicing.setup.lookups import FinanceSetup


def asks_for_documents(setup: FinanceSetup, company: str) -> bool:
    written = setup.document.companies.get(company)
    return bool(written and written.document is not None)
