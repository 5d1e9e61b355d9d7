"""Says which batch a posted document is in, how it was delivered, and what the other ledger calls it. By keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from project_invoicing.setup.models.ledger import ExportSchedule

if TYPE_CHECKING:
    from project_invoicing.domain.ledger_answer import VoucherStanding
    from project_invoicing.domain.ledger_batch import LedgerBatch
    from project_invoicing.rules.explaining.explanation import Explanation
    from project_invoicing.use_cases.explain.stores import Stores


def say_where(
    stores: Stores, made: Explanation, source: str, company: str, document: str, voucher: str | None = None
) -> None:
    """One request, and two for a document that is in a batch. Says nothing where the company makes no batches."""
    store = stores.batches
    if store is None:
        return
    ids = list(store.batches_with(company, source, document).values())
    if not ids and not _exports(stores, company):
        return
    from project_invoicing.rules.explaining.batches import say_batches  # noqa: PLC0415 - only where there are batches

    found = sorted(store.many(ids), key=lambda batch: (batch.period, batch.number))
    standing = _standing(stores, found[0], voucher, document) if voucher and len(found) == 1 else None
    say_batches(made, found, standing)


def _exports(stores: Stores, company: str) -> bool:
    known = company in stores.setup.document.companies
    return known and stores.setup.parameters(company).ledger.schedule is not ExportSchedule.OFF


def _standing(stores: Stores, batch: LedgerBatch, voucher: str, document: str) -> VoucherStanding | None:
    if not batch.answered.answers or stores.answers is None:
        return None
    from project_invoicing.domain.ledger_answer import Standing  # noqa: PLC0415 - as above
    from project_invoicing.domain.ledger_batch import BatchKind  # noqa: PLC0415 - as above

    named = voucher if batch.kind is BatchKind.LEDGER else document
    return Standing.after(stores.answers.applied(batch.id), batch.kind).of(f"{batch.company}:{named}")
