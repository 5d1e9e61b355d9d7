"""Batches as answers to people and programs: rows of a result, lists, and one of them with its documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from project_invoicing.domain.ledger_batch import BatchKind, LedgerBatch, ListedDocument
from project_invoicing.ledger_bucket import folder_of
from project_invoicing.rules.ledger_files import amount_text, sides_shown

if TYPE_CHECKING:
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.store.ready import Ready

Json = dict[str, Any]


def batch_row(batch: LedgerBatch) -> Json:
    """A batch as the result of a run has it (contract, section 7); debit and credit in accounting currency."""
    digits = batch.digits[batch.accounting_currency]
    return {
        "company": batch.company,
        "period": batch.period,
        "kind": batch.kind,
        "number": batch.number,
        "documents": batch.documents,
        "lines": batch.lines,
        **sides_shown(batch.accounting_totals, digits),
        "state": batch.state,
        "external_number": ", ".join(batch.external_numbers) or None,
        "deliveries": batch.deliveries,
    }


def listed(batches: LedgerBatches, company: str, kind: BatchKind, limit: int, before: int | None) -> Json:
    """A company's batches of a kind, newest first, and ``before`` which it goes on."""
    found, after = batches.newest(company, kind, limit, before)
    return {"batches": [batch_row(one) | {"trouble": one.trouble} for one in found], "before": after}


def shown(batches: LedgerBatches, batch: LedgerBatch) -> Json:
    """One batch with everything that its header says, its documents, and what was done to it."""
    currency = batch.accounting_currency
    left = batch.left_out
    return batch_row(batch) | {
        "period_number": batch.period_number,
        "setup_version": batch.setup_version,
        "receivables": batch.receivables,
        "opened_at": batch.opened_at,
        "sealed_at": batch.sealed_at,
        "ready_at": batch.ready_at,
        "vouchers": batch.vouchers,
        "first_date": batch.first_date.isoformat() if batch.first_date else None,
        "last_date": batch.last_date.isoformat() if batch.last_date else None,
        "totals": {name: sides_shown(one, batch.digits[name]) for name, one in batch.totals.items()},
        "accounting_totals": {"currency": currency, **sides_shown(batch.accounting_totals, batch.digits[currency])},
        "left_out": {
            "documents": left.documents,
            "totals": {name: f"{total:f}" for name, total in left.totals.items()},
        }
        if left
        else None,
        "folder": folder_of(batch.company, batch.period, batch.kind, batch.number),
        "previous_sha256": batch.previous_sha256,
        "manifest_sha256": batch.manifest_sha256,
        "external_numbers": list(batch.external_numbers),
        "trouble": batch.trouble,
        "listed": [_document(one, batch) for one in batches.listed(batch.id)],
        "history": [
            {"at": made.at, "who": made.who.name or made.who.id, "how": made.who.how, "what": made.what}
            for made in batches.history(batch.id)
        ],
    }


def held(ready: Ready, company: str) -> Iterator[Json]:
    """The documents on the list that could not be taken, and why."""
    for one in ready.of(company):
        if one.why:
            yield {"company": company, "source": one.source, "document": one.document, "reason": one.why}


def _document(one: ListedDocument, batch: LedgerBatch) -> Json:
    digits = batch.digits[batch.accounting_currency]
    return {
        "source": one.source,
        "document": one.document,
        "first_date": one.first_date.isoformat(),
        "last_date": one.last_date.isoformat(),
        "vouchers": one.vouchers,
        "lines": one.lines,
        "debit": amount_text(one.debit, digits),
        "credit": amount_text(one.credit, digits),
    }
