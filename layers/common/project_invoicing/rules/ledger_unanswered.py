"""Since when a batch waits for an answer of the other ledger. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch


def unanswered_since(batch: LedgerBatch) -> str | None:
    """When a batch without an answer went out last; ``None`` for one that has its answer, or has no files yet.

    That it was received, or timed out, is no answer.
    """
    sent = batch.delivered_at or batch.ready_at
    if batch.state in (BatchState.READY, BatchState.UNKNOWN):
        return sent
    if batch.state in (BatchState.REFUSED, BatchState.PARTLY) and batch.answered.delivery != batch.deliveries:
        return sent
    return None


def is_overdue(batch: LedgerBatch, hours: int, at: str) -> bool:
    """Whether it has waited for more than so many ``hours``."""
    since = unanswered_since(batch)
    return since is not None and datetime.fromisoformat(at) - datetime.fromisoformat(since) > timedelta(hours=hours)
