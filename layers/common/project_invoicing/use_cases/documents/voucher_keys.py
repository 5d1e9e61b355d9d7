"""From the number of a voucher to its document, by key."""

from __future__ import annotations

from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.number_sequence import possible_counters
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals


def document_with(
    journals: Journals, proposals: Proposals, setup: FinanceSetup, company: str, voucher: str
) -> tuple[str, str] | None:
    """Source and number of the document that has this voucher, by key; it may be a journal that is not posted yet.

    Vouchers are drawn a page of lines at a time, so a page says which it has. Those that were drawn before the format
    of their numbers changed are found, too.
    """
    if invoice := proposals.invoices.with_voucher(company, voucher):
        return INVOICE, invoice
    for drawn in possible_counters(voucher, setup.number_sequences(company).voucher, company):
        if journal := journals.with_voucher_drawn(company, drawn, voucher):
            return JOURNAL, journal
    # Imported late: most vouchers are of journals and invoices.
    from project_invoicing.store import finance_vouchers  # noqa: PLC0415

    posted = finance_vouchers.numbered(journals.client, journals.table, company, voucher)
    return (posted.source, posted.number) if posted else None
