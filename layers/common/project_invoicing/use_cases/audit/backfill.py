"""Has what earlier versions stored sealed, once. Goes on where a run that died had come to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from project_invoicing.store.audit_backfill import AuditBackfill

if TYPE_CHECKING:
    from project_invoicing.store.sealable import Sealable
    from project_invoicing.store.seals import Seals


def backfill(
    seals: Seals, sealable: Sealable, at: str, tell: Callable[[str, int], None], *, again: bool = False
) -> int:
    """How many items are to be sealed now that were not before.

    Once it is done it does nothing unless ``again`` is asked for: what is in no seal then was not written by an earlier
    version. ``tell`` hears after each page of a table how many it were so far.
    """
    if seals.backfilled() and not again:
        return 0
    run = AuditBackfill(sealable, at)
    reached = {} if seals.backfilled() else seals.reached()
    for kind in run.tables:
        start = reached.get(kind)
        if kind in reached and start is None:
            continue
        for after in run.table(kind, start):
            reached[kind] = after
            seals.keep_progress(reached)
            tell(kind, run.marked)
    seals.keep_progress(reached, done=at)
    return run.marked
