"""What happens to the header of a journal in one transaction: one write, however many transitions it covers.

A small journal is claimed, posted and finished in a single transaction; each of these is a verb here, checked against
``JOURNALS``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from project_invoicing.domain.calendar import last_day
from project_invoicing.domain.codes import JournalStatus
from project_invoicing.domain.journal import Amount, Amounts, Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.states import JOURNALS, JournalVerb
from project_invoicing.store.listing import entry, list_of, open_entry
from project_invoicing.store.transactions import Write, update
from project_invoicing.store.unsealed import to_seal

HEADER: Final = "H"
PREFIX: Final = "JOURNAL#"
KIND: Final = "JOURNAL"
_OPEN: Final = frozenset({JournalStatus.DRAFT, JournalStatus.PROCESSING})
"""The statuses of journals in the index of open documents."""


class JournalChange:
    """Verbs that change a header. ``after`` is the journal once ``write`` has been written."""

    def __init__(self, table: str, journal: Journal) -> None:
        self._table = table
        self._read = journal
        self._values: dict[str, Any] = {}
        self._expects_change = False
        self._expects_tags = False
        self.after = journal

    def lines_added(self, count: int, at: str | None = None) -> None:
        """Adds a page of lines. At ``at`` the journal's review starts over (journals in error have none)."""
        self._happens(JournalVerb.CHANGED)
        self._counts(self.after.line_count + count)
        self._values["no"] = self.after.next_line + count
        self.after = replace(self.after, next_line=self.after.next_line + count)
        if at:
            self._touched(at)

    def lines_removed(self, count: int) -> None:
        self._happens(JournalVerb.CHANGED)
        self._counts(self.after.line_count - count)

    def lines_changed(self, at: str) -> None:
        """Lines have changed; the journal's review starts over."""
        self._happens(JournalVerb.CHANGED)
        self._touched(at)

    def tagged(self, tags: dict[str, str] | None) -> None:
        """The financial tags of lines that are added from now on."""
        self._happens(JournalVerb.CHANGED)
        self.with_tags_as_read()
        self._values["tg"] = tags_text(tags)
        self.after = replace(self.after, tags=tags)

    def with_tags_as_read(self) -> None:
        """Nobody has given the header other tags since: lines were made with them."""
        self._expects_tags = True

    def sums(self, added: Iterable[JournalLine] = (), removed: Iterable[JournalLine] = ()) -> None:
        """The header says what its lines come to, now that some are added, removed, or have another amount.

        One that does not say it stays so: only whoever reads all lines could tell. To be called after what counts them.
        """
        amounts = self._read.amounts_with(added, removed)
        if amounts is None:
            return
        self._expects_change = True
        self.after = replace(self.after, amounts=amounts)
        self._values["am"] = amounts_text(self.after)

    def reworded(self) -> None:
        """Only text has changed, which needs no review."""
        self._happens(JournalVerb.CHANGED)
        self._values["st"] = self.after.status

    def begun(self, setup_version: int, *, pinned: bool = False) -> None:
        """Claimed for posting: names the set-up it is computed with; ``pinned``: its master data is kept with it."""
        self._happens(JournalVerb.BEGUN)
        self._expects_change = True
        self._values |= {"sv": setup_version, "mp": pinned or None}
        self.after = replace(self.after, setup_version=setup_version, pinned=pinned)

    def errors_go_to(self, journal_id: str) -> None:
        """The journal that takes the lines that fail, from its next page to its last."""
        self._happens(JournalVerb.PAGE_POSTED)
        self._values["ej"] = journal_id
        self.after = replace(self.after, error_journal=journal_id)

    def page_posted(self, pages: int = 1, failed: int = 0) -> None:
        """``pages`` more are posted; ``failed`` of their lines moved to the error journal."""
        self._happens(JournalVerb.PAGE_POSTED)
        posted, errors = self.after.posted_pages + pages, self.after.error_lines + failed
        self._values["pg"] = posted
        if failed:
            self._values["ne"] = errors
        self.after = replace(self.after, posted_pages=posted, error_lines=errors)

    def posted(self, at: str) -> None:
        """Its vouchers are to be sealed from now on."""
        self._happens(JournalVerb.POSTED)
        self._values |= to_seal(at)

    def failed(self) -> None:
        """None of its lines can be posted: it waits to be reset (POST-10)."""
        self._happens(JournalVerb.FAILED)

    def reset(self, at: str) -> None:
        """A journal in error becomes a draft again, which can be posted (POST-04)."""
        self._happens(JournalVerb.RESET)
        self._touched(at)

    def write(self) -> Write:
        """The change, on condition that the header still has the status, line count and progress that were read."""
        read = self._read
        expected: dict[str, Any] = {"st": read.status, "n": read.line_count, "no": read.next_line}
        if read.posted_pages:
            expected["pg"] = read.posted_pages
        if self._expects_change:  # an edit, or another amount of a line, changes none of these
            expected["ca"] = read.changed_at
        if self._expects_tags:
            expected["tg"] = tags_text(read.tags)
        document = partition(read.company, read.journal_id)
        return update(self._table, document, HEADER, self._values, expected=expected)

    def _happens(self, verb: JournalVerb) -> None:
        before, status = self.after.status, JOURNALS.after(self.after.status, verb)
        self.after = replace(self.after, status=status)
        if status is before:
            return
        self._values["st"] = status
        if status is JournalStatus.POSTED:
            self._values |= listed(self.after)
        if status not in _OPEN:
            self._values |= {"oc": None, "od": None}
        elif before not in _OPEN:
            self._values |= opened(self.after)

    def _counts(self, lines: int) -> None:
        self._values["n"] = lines
        self.after = replace(self.after, line_count=lines)

    def _touched(self, at: str) -> None:
        self._values["ca"] = at
        self.after = replace(self.after, changed_at=at)


def tags_text(tags: dict[str, str] | None) -> str | None:
    return json.dumps(tags, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if tags else None


def tags_in(text: str | None) -> dict[str, str] | None:
    return dict(json.loads(text)) if text else None


def amounts_text(journal: Journal) -> str | None:
    """The amounts with the number of lines they are of: where an earlier version has added lines, the two differ."""
    if journal.amounts is None:
        return None
    sums = [[one.currency, str(one.cost), str(one.sales)] for one in journal.amounts]
    return json.dumps([journal.counted_lines, sums], separators=(",", ":"))


def amounts_in(text: str | None, lines: int) -> Amounts | None:
    """The amounts of so many lines."""
    if not lines:
        return ()
    counted, sums = json.loads(text) if text else (None, ())
    return (
        tuple(Amount(code, Decimal(cost), Decimal(sales)) for code, cost, sales in sums) if counted == lines else None
    )


def opened(journal: Journal) -> dict[str, str]:
    """The index attributes that make a journal an open document."""
    return {"oc": journal.company, "od": journal.journal_id}


def listed(journal: Journal) -> dict[str, str]:
    """The journal's place in the lists: under the last day of its period."""
    posted = journal.status is JournalStatus.POSTED
    place = f"{last_day(journal.period)}#{journal.journal_id}"
    return entry(list_of(KIND, journal.company), place) if posted else open_entry(KIND, journal.company, place)


def partition(company: str, journal_id: str) -> str:
    return f"{PREFIX}{company}#{journal_id}"
