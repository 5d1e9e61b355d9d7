"""Formats by name: the ready-made ones, and those of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from project_invoicing.domain.ledger_batch import BatchId
from project_invoicing.errors import Rejected
from project_invoicing.setup.models.ledger_formats import LedgerFormat, with_ready_made
from project_invoicing.setup.ready_formats import READY_FORMATS


@cache
def ready_made(name: str) -> LedgerFormat:
    return LedgerFormat.read(READY_FORMATS[name])


def named(own: Mapping[str, Mapping[str, Any]], name: str) -> LedgerFormat:
    """The policy's format of this name (``SetupDocument.ledger_formats``), or the ready-made one.

    Raises ``Rejected`` where there is neither.
    """
    if name in own:
        return LedgerFormat.read(with_ready_made(own[name]))
    if name in READY_FORMATS:
        return ready_made(name)
    there = ", ".join([*own, *READY_FORMATS])
    raise Rejected("unknown_code", f"there is no format {name!r}; there is {there}", entity="format", id=name)


def check_kind(name: str, format: LedgerFormat, batch: BatchId) -> None:
    """Raises ``Rejected`` where the format is for batches of another kind."""
    if format.kind is not batch.kind:
        text = f"is for batches of {format.kind}, and {batch} is one of {batch.kind}"
        raise Rejected("format", text, entity="format", id=name, field="kind")
