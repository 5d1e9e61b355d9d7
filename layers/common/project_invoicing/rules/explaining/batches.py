"""Where a posted document stands on its way to the company's general ledger, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.ledger_answer import VoucherStanding, VoucherState
from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.domain.text import number_of
from project_invoicing.rules.explaining.explanation import Explanation

FACT: Final = "general ledger"
_SHOWN: Final = 12


def say_batches(made: Explanation, batches: Sequence[LedgerBatch], standing: VoucherStanding | None) -> None:
    """Adds which batches have a document or a voucher. ``standing``: of the one voucher that is asked about."""
    if not batches:
        made.facts[FACT] = "in no batch yet"
        return
    told = [_in_words(one, standing if len(batches) == 1 else None) for one in batches[:_SHOWN]]
    more = [f"and {len(batches) - _SHOWN} more"] if len(batches) > _SHOWN else []
    made.facts[FACT] = "; ".join([*told, *more])
    for batch in batches:
        if batch.state is BatchState.UNKNOWN:
            made.advise_on(BatchRefusal.UNANSWERED)
        elif batch.state in (BatchState.REFUSED, BatchState.PARTLY) and (standing is None or not standing.is_accepted):
            made.advise_on(BatchRefusal.REFUSED_THERE)


def _in_words(batch: LedgerBatch, standing: VoucherStanding | None) -> str:
    deliveries = number_of(batch.deliveries, "delivery", "deliveries")
    where = f"batch {batch.id} of {batch.period}, {deliveries}"
    if standing and standing.state is not VoucherState.OPEN and batch.state is not BatchState.VOIDED_THERE:
        called = f" as {', '.join(standing.numbers)}" if standing.numbers else ""
        posted = f" on {standing.posted_date}" if standing.posted_date else ""
        said = f": {standing.message}" if standing.message and not standing.is_accepted else ""
        return f"{where}: {standing.state}{called}{posted}{said}"
    called = f" as {', '.join(batch.external_numbers)}" if batch.external_numbers else ""
    said = f": {batch.answered.message}" if batch.answered.message else ""
    return f"{where}: {batch.state.replace('_', ' ')}{called}{said}"
