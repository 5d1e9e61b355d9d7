"""A sweep of Dataverse's change tracking: its position, and how each page advances it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Sweep:
    """The position of a table's sweep.

    ``link`` fetches what comes next; without one, all rows are read. ``columns`` names the columns it was made with.
    ``loading``: all rows are being read, not only changes. ``rows`` and ``started_at`` belong to the sweep in progress,
    or to the last one, which ended at ``finished_at``.
    """

    entity: str
    link: str | None = None
    columns: str | None = None
    loading: bool = True
    rows: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    version: int = 0

    def begun(self, columns: str, at: str) -> Sweep:
        """Resumes in the middle, starts over, or restarts where all rows have to be read again.

        A link only returns the columns it was made with: a new column would stay empty in rows that do not change.
        """
        named = blake2b(columns.encode(), digest_size=8).hexdigest()
        if self.columns != named:
            return replace(self.anew(at), columns=named)
        if self.finished_at is not None:
            return replace(self, rows=0, started_at=at, finished_at=None)
        return self

    def anew(self, at: str) -> Sweep:
        """The sweep from the first row on, without a link."""
        return replace(self, link=None, loading=True, rows=0, started_at=at, finished_at=None)

    def after(self, link: str, rows: int, at: str, *, complete: bool) -> Sweep:
        """The sweep once a page of ``rows`` rows is on the bus; ``link`` fetches the next page."""
        finished_at = at if complete else None
        loading = self.loading and not complete
        return replace(self, link=link, rows=self.rows + rows, loading=loading, finished_at=finished_at)
