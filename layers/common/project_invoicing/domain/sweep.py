"""A sweep of Dataverse's change tracking: where it stands, and what each page makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Sweep:
    """Where a table's sweep stands.

    ``link`` asks for what comes next, all rows without one; ``columns`` names the columns that it was made with.
    ``loading``: all rows are being read, not only changes. ``rows`` and ``started_at`` are of the sweep under way, or
    of the last one, which ended at ``finished_at``.
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
        """In the middle where it stood, at a new beginning, or where all rows have to be read.

        A link brings the columns that it was made with: a new one would stay empty in rows that do not change.
        """
        named = blake2b(columns.encode(), digest_size=8).hexdigest()
        if self.columns != named:
            return replace(self.anew(at), columns=named)
        if self.finished_at is not None:
            return replace(self, rows=0, started_at=at, finished_at=None)
        return self

    def anew(self, at: str) -> Sweep:
        """From the first row on, without a link."""
        return replace(self, link=None, loading=True, rows=0, started_at=at, finished_at=None)

    def after(self, link: str, rows: int, at: str, *, complete: bool) -> Sweep:
        """Once a page of that many rows is on the bus; ``link`` asks for the next one."""
        finished_at = at if complete else None
        loading = self.loading and not complete
        return replace(self, link=link, rows=self.rows + rows, loading=loading, finished_at=finished_at)
