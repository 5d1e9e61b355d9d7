"""What the company's general ledger does not have yet: batches that are not accepted, and documents in no batch.

Company by company: its batches by number, then its documents, the oldest accounting date first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.domain.text import number_of
from project_invoicing.rules.ledger_files import amount_text
from project_invoicing.rules.ledger_unanswered import unanswered_since
from project_invoicing.store.ready import Ready, ReadyDocument
from project_invoicing.use_cases.lists.asked import Asked, Page, companies_from
from project_invoicing.use_cases.lists.place import ListPlace

BATCH: Final = "batch"


@dataclass(frozen=True, slots=True)
class UnexportedRow:
    """``kind`` is batch, journal, invoice or vendor_invoice, ``id`` its number. ``since``: an accounting date or time.

    ``vouchers`` and ``amount``, which is its debit in accounting currency, are of a batch. ``next``: what to do.
    """

    kind: str
    id: str
    company: str
    since: str
    days: int
    vouchers: int | None
    amount: str | None
    currency: str | None
    reason: str
    detail: str | None
    next: str


def page(place: ListPlace, asked: Asked) -> Page[UnexportedRow]:
    """At most three requests: two for the batches of a company, one for its documents."""
    left = list(companies_from(asked, place.companies))
    rows, after = of_company(place, left[0], asked.limit, asked.place.get("after"))
    if asked.number:
        rows = [row for row in rows if row.id == asked.number]
    if after:
        return Page(rows, asked.cursor_at({"company": left[0], "after": after}))
    return Page(rows, asked.cursor_at({"company": left[1]}) if len(left) > 1 else None)


def of_company(place: ListPlace, company: str, limit: int, after: str | None) -> tuple[list[UnexportedRow], str | None]:
    """Rows of one company, and the document ``after`` which it goes on; its batches stand on its first page."""
    store = place.stores.batches
    if store is None:
        return [], None
    rows = [] if after else [_of_batch(one, place.at) for one in store.open(company)]
    documents, onward = Ready(store.client, store.table).page(company, limit, after)
    return [*rows, *(_of_document(one, place.at) for one in documents)], onward


def _of_batch(batch: LedgerBatch, at: str) -> UnexportedRow:
    since = unanswered_since(batch) or batch.answered.at or batch.opened_at
    reason = reason_of(batch)
    return UnexportedRow(
        kind=BATCH,
        id=str(batch.id),
        company=batch.company,
        since=since,
        days=max((datetime.fromisoformat(at) - datetime.fromisoformat(since)).days, 0),
        vouchers=batch.vouchers - batch.answered.accepted,
        amount=_open_debit(batch),
        currency=batch.accounting_currency,
        reason=reason,
        detail=batch.trouble
        or batch.answered.message
        or f"{batch.state}, {number_of(batch.deliveries, 'delivery', 'deliveries')}",
        next=what_to_do(reason),
    )


def reason_of(batch: LedgerBatch) -> BatchRefusal:
    """Why a batch is not accepted."""
    if batch.state in (BatchState.CLAIMING, BatchState.SEALED):
        return BatchRefusal.NOT_READY
    if batch.state in (BatchState.REFUSED, BatchState.PARTLY):
        return BatchRefusal.REFUSED_THERE
    return BatchRefusal.UNANSWERED


def _open_debit(batch: LedgerBatch) -> str:
    left = batch.answered.open_debit
    debit = batch.accounting_totals.debit if left is None else left
    return amount_text(debit, batch.digits[batch.accounting_currency])


def _of_document(one: ReadyDocument, at: str) -> UnexportedRow:
    return UnexportedRow(
        kind=one.source,
        id=one.document,
        company=one.company,
        since=one.first.isoformat(),
        days=max((date.fromisoformat(at[:10]) - one.first).days, 0),
        vouchers=None,
        amount=None,
        currency=None,
        reason=BatchRefusal.IN_NO_BATCH,
        detail=one.why,
        next=what_to_do(BatchRefusal.IN_NO_BATCH),
    )
