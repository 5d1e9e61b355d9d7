"""Describes what something waits for: each reason with the blocking actual, its document, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from project_invoicing.domain.codes import SECOND_REASONS, JournalStatus
from project_invoicing.domain.journal import Journal
from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.rules.explaining.explanation import Entry, Explanation
from project_invoicing.rules.explaining.words import Words
from project_invoicing.rules.proposal_lines import day_of
from project_invoicing.rules.review import who_posts
from project_invoicing.setup.lookups import FinanceSetup


class Block(NamedTuple):
    """A reason to wait or to refuse, with the actual it is about."""

    reason: str
    detail: str
    actual_id: str | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A wait, with the row of the blocking actual, its journal, and its line there."""

    wait: Wait | Block
    row: StagedRow | None = None
    journal: Journal | None = None
    line: JournalLine | None = None


def say_blockers(
    explanation: Explanation, blockers: Iterable[Blocker], since: str | None, company: str | None, setup: FinanceSetup
) -> None:
    """Adds one entry for each thing it waits for, and what to do about it.

        {"reason", "detail", "since", "actual_id", "amount", "currency", "date", "document", "status", "error",
         "posting"}

    ``document`` is the journal or proposal of the blocking actual, ``status`` that document's status, ``error`` why its
    line was not posted, ``posting`` who posts a draft.
    """
    explanation.waits_for = [_entry(blocker, since, company, setup) for blocker in blockers]
    for entry in explanation.waits_for:
        _advise(explanation, entry)


def _entry(blocker: Blocker, since: str | None, company: str | None, setup: FinanceSetup) -> Entry:
    wait, row, journal = blocker.wait, blocker.row, blocker.journal
    entry: Entry = {"reason": wait.reason, "detail": wait.detail, "since": since, "actual_id": wait.actual_id}
    entry |= dict.fromkeys(("amount", "currency", "date", "document", "status", "error", "posting"))
    if row is None:
        return entry
    words = Words(setup)
    currency = words.currency(row.actual)
    entry |= {"amount": words.show.amount(row.actual.amount, currency), "currency": currency}
    entry |= {"date": day_of(row, setup, company), "status": row.state}
    if journal:
        entry |= {"document": journal.journal_id, "status": journal.status}
        entry["error"] = blocker.line.error if blocker.line else None
        if journal.status is JournalStatus.DRAFT:
            entry["posting"] = who_posts(journal, setup)
    elif row.proposal_id:
        entry["document"] = row.proposal_id
    return entry


def _advise(explanation: Explanation, entry: Entry) -> None:
    """What to do about an entry: for a journal in error, fix that first."""
    if entry["reason"] in SECOND_REASONS:
        explanation.advise_on(str(entry["reason"]))
    elif entry["error"]:
        explanation.advise_on(str(entry["error"]).partition(":")[0])
        explanation.advise(f"then reset journal {entry['document']} with document_editing, and it posts")
    elif entry["posting"]:
        explanation.advise(f"post journal {entry['document']}: {entry['posting']}")
    else:
        explanation.advise_on(str(entry["reason"]))
