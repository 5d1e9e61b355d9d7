"""The financial tags of posted vouchers, as people have corrected them (TAG-09).

The ledger keeps what was posted. A correction is an entry of the history of the voucher's document, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import INVOICE, Voucher
from project_invoicing.store import finance_vouchers
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals

if TYPE_CHECKING:
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.ledger import Ledger


def corrected(vouchers: Iterable[Voucher], entries: Iterable[HistoryEntry]) -> Iterator[Voucher]:
    """The vouchers with the tags that were given to their lines last."""
    now = {
        (one.after["voucher"], one.after["line"]): one.after["tags"]
        for one in sorted(entries, key=lambda one: one.order)
        if one.what is Done.TAGS_CORRECTED
    }
    for voucher in vouchers:
        lines = (
            replace(line, tags=now[voucher.voucher, place]) if (voucher.voucher, place) in now else line
            for place, line in enumerate(voucher.lines, start=1)
        )
        yield replace(voucher, lines=tuple(lines)) if now else voucher


@dataclass(frozen=True, slots=True)
class VoucherTags:
    """The history of the document with posted vouchers: a journal, an invoice, or what a person has posted."""

    journals: Journals
    proposals: Proposals

    def vouchers(
        self, ledger: Ledger, setup: FinanceSetup, source: str, company: str, document: str
    ) -> Iterator[Voucher]:
        """The document's vouchers with the tags of now. Of a company without tags nothing more is read than these."""
        found = ledger.vouchers(source, company, document)
        return corrected(found, self.history(source, company, document)) if setup.tags_of(company) else found

    def history(self, source: str, company: str, document: str) -> list[HistoryEntry]:
        if source == INVOICE:
            return list(self.proposals.history(self._proforma(company, document)))
        return list(finance_vouchers.history(self.journals.client, self.journals.table, company, source, document))

    def note(self, source: str, company: str, document: str, made: HistoryEntry) -> None:
        """Writes an entry, on condition that it is new alone: of two at once, the one that was written last counts.

        Done before, by the same command: changes nothing.
        """
        if source == INVOICE:
            self.proposals.commit(self._proforma(company, document), made, [])
        else:  # of a journal, too: the history of either is beside its header
            finance_vouchers.note(self.journals.client, self.journals.table, company, source, document, made)

    def _proforma(self, company: str, number: str) -> str:
        invoice = self.proposals.invoices.get(company, number)
        if invoice is None:
            raise LookupError(f"{company} has no invoice {number}")
        return invoice.proforma_id
