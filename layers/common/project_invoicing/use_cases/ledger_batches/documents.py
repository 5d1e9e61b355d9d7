"""The documents of batches, each as the lines that it brings into a batch of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from project_invoicing.chunks import chunks
from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.ledger_batch import BatchKind, BatchLine, LedgerLine, PayableLine
from project_invoicing.domain.money import ZERO
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store.ledger_ahead import DOCUMENTS, LedgerAhead
from project_invoicing.store.ready import lender_and_number
from project_invoicing.use_cases.ledger_batches.lines import BatchLines


@dataclass(frozen=True, slots=True)
class Documents:
    """Reads documents in the order given; ``ahead`` is the ledger that ``read`` reads."""

    read: BatchLines
    ahead: LedgerAhead

    def each(
        self, company: str, kind: BatchKind, documents: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[tuple[str, str], Iterator[BatchLine]]]:
        """Each document, by source and number, with its lines in the order of the ledger. Read as it is consumed."""
        for some in chunks(documents, DOCUMENTS):
            if kind is BatchKind.LEDGER:
                self.ahead.look_ahead(company, some)
            for source, document in some:
                yield (source, document), self.lines(company, kind, source, document)

    def lines(self, company: str, kind: BatchKind, source: str, document: str) -> Iterator[BatchLine]:
        """The lines of a document. Raises ``DocumentMissing`` as they are consumed."""
        if kind is BatchKind.LEDGER:
            yield from self.read.ledger_lines(source, company, document)
        elif kind is BatchKind.RECEIVABLES:
            yield self.read.receivable(company, document)
        else:
            yield self.read.payable(company, *lender_and_number(document))

    def accounted(self, line: BatchLine, setup: FinanceSetup) -> Decimal | None:
        """What a line is in accounting currency, debit positive; ``None`` where no exchange rate says it.

        What a customer owes is what the ledger says. A pending vendor invoice has no voucher: the rate of its date.
        """
        if isinstance(line, LedgerLine):
            return line.accounting_amount
        if isinstance(line, PayableLine):
            accounting = setup.accounting_currency(line.company)
            rate = setup.exchange_rate(line.currency, accounting, line.accounting_date)
            return -rate.convert(line.total, setup.accounting_precision(line.company)) if rate else None
        vouchers = self.read.ledger.vouchers(INVOICE, line.company, line.invoice_number)
        balances = (
            one.accounting_amount
            for voucher in vouchers
            for one in voucher.lines
            if one.posting_type is PostingType.CUSTOMER_BALANCE
        )
        return sum(balances, ZERO)
