"""How a company's vouchers leave for its general ledger."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from project_invoicing.setup.models.row import Limited, SetupRow
from project_invoicing.setup.models.values import Name


class ExportSchedule(StrEnum):
    """When batches are made without being asked for. A batch is a promise, so nobody makes one unless asked."""

    OFF = "off"
    DAILY = "daily"
    ON_CLOSE = "on_close"


class LedgerExport(SetupRow):
    """``formats``: what each batch is delivered in by itself, by name, ready-made or of ``ledger_formats``.

    ``batch_lines``: no further document is taken into a batch that has so many lines. A document is never cut.
    ``text``: the pattern of a line's text, from ``{document}``, ``{voucher}``, ``{project}``, ``{contract}``,
    ``{customer}`` and ``{posting_type}``. ``answer_hours``: after so long without an answer somebody is told.
    """

    schedule: ExportSchedule = ExportSchedule.OFF
    formats: list[Name] = []
    batch_lines: Annotated[int, Limited(ge=1, le=1_000_000)] = 100_000
    text: Annotated[str, Limited(max_length=200)] = "{document} {project}"
    answer_hours: Annotated[int, Limited(ge=1, le=8784)] = 24
