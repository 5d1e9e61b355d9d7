"""Puts what earlier versions posted on the list of what is ready to leave for a general ledger, oldest first.

A document is listed if it is completely posted, has a voucher (or, as a vendor invoice, owes anything), is not on the
list, and is in no batch. Run it again whenever you like, beside everything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.invoice import owes
from project_invoicing.domain.ledger import INVOICE, JOURNAL, VENDOR_INVOICE
from project_invoicing.store.journals import Journals
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.ready import Ready, ReadyDocument, vendor_document
from project_invoicing.store.ready_progress import Progress, ReadyProgress
from project_invoicing.store.unit_of_work import UnitOfWork, retried

_DOCUMENTS: Final = 45
"""The most documents of a step: an invoice between companies is two on the list, and a transaction has 100 writes."""
_ATTEMPTS: Final = 6


@dataclass(slots=True)
class ReadyFill:
    """One run over the ``companies``, at ``at``. It reads the lists of posted documents, which must be complete."""

    journals: Journals
    proposals: Proposals
    ledger: Ledger
    batches: LedgerBatches
    ready: Ready
    progress: ReadyProgress
    companies: Sequence[str]
    at: str
    listed: int = 0

    def run(self, tell: Callable[[str, int], None], *, again: bool = False) -> int:
        """How many documents were put on the list. Once it is done, it does nothing unless it is asked ``again``.

        ``tell`` hears after each step which list it reads and how many documents it has put there so far. Raises
        ``Conflict`` if other runs were always faster.
        """
        if again:
            retried("the list of what is ready", self._forget, attempts=_ATTEMPTS)
        while name := retried("the list of what is ready", self._step, attempts=_ATTEMPTS):
            tell(name, self.listed)
        return self.listed

    def _forget(self) -> None:
        known = self.progress.read()
        if known.done:
            self._write(Progress(known.version), ())

    def _step(self) -> str | None:
        """One step of the first list that is not finished; its name, ``None`` when nothing is left."""
        known = self.progress.read()
        if known.done:
            return None
        following = next((one for one in self._lists() if known.left.get(_name(*one), "") is not None), None)
        if following is None:
            self._write(replace(known, done=self.at), ())
            return None
        company, source = following
        name = _name(company, source)
        read = self._journals if source == JOURNAL else self._invoices
        documents, reached = read(company, known.left.get(name) or "")
        found = list(self._missing(list(documents)))
        self._write(known.reached(name, reached or None), found)
        self.listed += len(found)
        return name

    def _write(self, progress: Progress, found: Iterable[ReadyDocument]) -> None:
        UnitOfWork(self.ready.client, [*map(self.ready.put, found), self.progress.write(progress)]).commit()

    def _lists(self) -> list[tuple[str, str]]:
        return [(company, source) for company in self.companies for source in (JOURNAL, INVOICE)]

    def _missing(self, documents: Sequence[ReadyDocument]) -> Iterator[ReadyDocument]:
        """Those that are neither on the list nor in a batch.

        In this order: a batch claims a document before the document leaves the list, so that whoever does not find it
        on the list finds it in the batch.
        """
        there = self.ready.having(documents)
        for one in documents:
            if (one.company, one.key) not in there and not self.batches.batches_with(
                one.company, one.source, one.document
            ):
                yield one

    def _journals(self, company: str, after: str) -> tuple[Iterator[ReadyDocument], str]:
        numbers, reached = self.journals.oldest_posted(company, _DOCUMENTS, after=after)
        known = self.journals.many(company, numbers)
        posted = [one for one in numbers if one in known and known[one].status is JournalStatus.POSTED]
        return self._of_journals(company, posted), reached

    def _of_journals(self, company: str, numbers: Iterable[str]) -> Iterator[ReadyDocument]:
        for number in numbers:
            pages = self.ledger.pages(JOURNAL, company, number)
            days = {entry.accounting_date for page in pages for entry in page}
            if days:
                yield ReadyDocument(company, JOURNAL, number, min(days), max(days))

    def _invoices(self, company: str, after: str) -> tuple[Iterator[ReadyDocument], str]:
        numbers, reached = self.proposals.invoices.oldest(company, _DOCUMENTS, after=after)
        return self._of_invoices(company, numbers), reached

    def _of_invoices(self, company: str, numbers: Sequence[str]) -> Iterator[ReadyDocument]:
        posted = self.proposals.invoices.many(company, numbers)
        with_voucher = self.ledger.having(INVOICE, company, posted)
        for number in numbers:
            if (invoice := posted.get(number)) is None:
                continue
            day = invoice.accounting_date
            if number in with_voucher:
                yield ReadyDocument(company, INVOICE, number, day, day)
            if invoice.borrower and owes(invoice):
                yield ReadyDocument(invoice.borrower, VENDOR_INVOICE, vendor_document(company, number), day, day)


def _name(company: str, source: str) -> str:
    return f"{source}s of {company}"
