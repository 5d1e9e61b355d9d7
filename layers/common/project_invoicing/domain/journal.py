"""An integration journal: its header and its pages of lines."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal_line import JournalLine


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal's header as it was read."""

    company: str
    journal_id: str
    status: JournalStatus
    period: str
    line_count: int = 0
    next_line: int = 1
    original_journal: str | None = None
    setup_version: int | None = None
    posted_pages: int = 0
    error_journal: str | None = None
    error_lines: int = 0
    changed_at: str | None = None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """One page of lines. ``key`` is its sort key, which sorts pages by their first line."""

    key: str
    lines: list[JournalLine]
    posted: bool
    version: int
