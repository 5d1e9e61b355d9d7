"""How a company's vouchers leave for its general ledger."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from project_invoicing.domain.codes import TEXT_FIELDS
from project_invoicing.setup.models.row import After, Limited, SetupRow, Written, told
from project_invoicing.setup.models.values import Name


class ExportSchedule(StrEnum):
    """When batches are made without being asked for. A batch is a promise, so nobody makes one unless asked."""

    OFF = "off"
    DAILY = "daily"
    ON_CLOSE = "on_close"


def _schedule(value: object) -> object:
    """YAML reads a bare ``off`` or ``on`` as a truth value; on is once a day."""
    if isinstance(value, bool) or value == "on":
        return ExportSchedule.DAILY if value else ExportSchedule.OFF
    return value


def _pattern(text: str) -> str:
    unknown = sorted({name for name in re.findall(r"\{([^{}]*)\}", text) if name not in TEXT_FIELDS})
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in TEXT_FIELDS)
        raise told(f"{{{unknown[0]}}} is not known here; use {known}")
    return text


class LedgerExport(SetupRow):
    """``schedule``: on is ``daily``. ``on_close`` makes batches of what is left of a period once that is closed.

    ``formats``: what each batch is delivered in by itself, by name, ready-made or of ``ledger_formats``.
    ``batch_lines``: no further document is taken into a batch that has so many lines. A document is never cut.
    ``text``: the pattern of a line's text, from ``{document}``, ``{voucher}``, ``{project}``, ``{contract}``,
    ``{customer}`` and ``{posting_type}``. ``answer_hours``: after so long without an answer somebody is told.
    """

    schedule: Annotated[ExportSchedule, Written(_schedule)] = ExportSchedule.OFF
    formats: list[Name] = []
    batch_lines: Annotated[int, Limited(ge=1, le=1_000_000)] = 100_000
    text: Annotated[str, Limited(max_length=200), After(_pattern)] = "{document} {project}"
    answer_hours: Annotated[int, Limited(ge=1, le=8784)] = 24
