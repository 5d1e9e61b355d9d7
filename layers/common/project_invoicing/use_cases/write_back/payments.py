"""Tells Dataverse what is open of an invoice: state, status reason, project invoice status, amount due.

Dataverse is asked first, and told only what differs, so that a repetition changes nothing (PAY-08). Paid locks a row:
one that is paid is made active before it is changed, and the state comes last (PAY-02).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from project_invoicing.dataverse.api import Answer, DataverseApi, Patch, Throttled
from project_invoicing.dataverse.mapping import invoice_state_columns, payment_write_back
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.domain.codes import WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.ledger import INVOICE
from project_invoicing.domain.payment import Receivable
from project_invoicing.domain.text import decimal
from project_invoicing.errors import Conflict
from project_invoicing.rules.write_back import row_of_payments
from project_invoicing.store.invoices import Invoices
from project_invoicing.store.receivables import Receivables
from project_invoicing.store.write_backs import Document, WriteBacks

BUSY_FOR: Final = timedelta(minutes=20)
"""How long the schedule leaves it to whoever has taken it up, which is longer than an invocation lasts."""
TRIED_AGAIN_AFTER: Final = timedelta(days=1)
"""What Dataverse refuses is tried again by itself (PAY-10)."""
RETRY_SECONDS: Final = 60
_GONE: Final = Answer(404, None, "Dataverse does not have the row")
_SAME: Final = Answer(204)
_NOT_SENT: Final = 400
_DETAIL: Final = 200
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class PaymentsWriteBack:
    """``dataverse`` is ``None`` where none is connected, or the map does not run: it is noted, and told once it does.

    ``from_now``: the time so much later.
    """

    invoices: Invoices
    documents: WriteBacks
    dataverse: DataverseApi | None
    from_now: Callable[[timedelta], str]

    def tell(self, document: Document, at: str) -> Iterator[WriteBackState]:
        """Tells what is open now of the invoice, and again while that changes. Gives what came of each telling.

        Nothing is told before the invoice's own row is written (PAY-08): the schedule asks again. Raises ``Throttled``,
        ``Unavailable`` and ``AccessDenied``.
        """
        company, number = document.company, document.number
        receivables = Receivables(self.invoices.client, self.invoices.table)
        for _ in range(_ROUNDS):
            receivable, invoice = receivables.get(company, number), self.invoices.get(company, number)
            if receivable is None or invoice is None or invoice.borrower:
                return  # between companies there is no proforma
            change, until = receivable.changes, self.from_now(BUSY_FOR) if self.dataverse else at
            if not self.documents.note_payments(document, change, until):
                continue
            if self.dataverse is None or not self._is_written(company, number):
                return
            answer = self._told(self.dataverse, invoice, receivable)
            if answer.unanswered:
                raise Throttled(answer.retry_after or RETRY_SECONDS)
            state = WriteBackState.DONE if answer.ok else WriteBackState.FAILED
            again = None if answer.ok else (self.from_now(timedelta(0)), self.from_now(TRIED_AGAIN_AFTER))
            detail = None if answer.ok else str(answer)[:_DETAIL]
            yield state
            if self.documents.told_payments(document, change, state, detail, again):
                return
        raise Conflict(f"what is open of invoice {number} of {company} kept changing")

    def _is_written(self, company: str, number: str) -> bool:
        progress = self.documents.get(Document(INVOICE, company, number))
        return progress is not None and progress.own is WriteBackState.DONE

    def _told(self, dataverse: DataverseApi, invoice: Invoice, receivable: Receivable) -> Answer:
        """What Dataverse says to what differs there; the first refusal ends it."""
        ours = payment_write_back(**row_of_payments(invoice, receivable))
        found = dataverse.rows(PROFORMA, [invoice.proforma_id], list(ours))
        if not found:
            return _GONE
        there, names = found[0].row, invoice_state_columns()
        if all(is_same(value, there.get(name)) for name, value in ours.items()):
            return _SAME
        if there.get(names.state, names.active) not in (names.active, names.paid):
            return Answer(_NOT_SENT, None, f"its state is {there[names.state]}, neither active nor paid")
        of_state = {name: ours[name] for name in (names.state, names.reason) if name in ours}
        others = {name: value for name, value in ours.items() if name not in of_state}
        steps = [others] if ours[names.state] == names.active else [others, of_state]
        if there.get(names.state) == names.paid:
            steps.insert(0, {names.state: names.active})
        answer = _SAME
        for columns in steps:
            (answer,) = dataverse.patch([Patch(PROFORMA, invoice.proforma_id, columns)])
            if not answer.ok:
                break
        return answer


def is_same(ours: Any, theirs: Any) -> bool:
    """Whether Dataverse has a value, an amount in whatever digits."""
    if isinstance(ours, Decimal):
        return theirs is not None and decimal(str(theirs)) == ours
    return bool(ours == theirs)
