"""What is known about one document or actual, in words and figures: the form in which ``explain`` answers.

Times are stored times; a step whose time was not stored has ``at`` null and stands where it belongs in the order of the
steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Final

from project_invoicing.domain.actual import Actual, Proforma, Reference
from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import TransactionType
from project_invoicing.domain.text import REPLACED

Entry = dict[str, Any]

NOTE: Final = "a character that could not be read was replaced by U+FFFD"
"""The note about a row or a proforma whose text has such a replacement character."""

SHOWN: Final = 50
"""The most lines in one list; ``left_out`` counts the others."""

TYPES: Final = {
    TransactionType.COST: "cost",
    TransactionType.UNBILLED_SALES: "unbilled sale",
    TransactionType.BILLED_SALES: "billed sale",
    TransactionType.RESOURCING_UNIT_COST: "resourcing unit cost",
    TransactionType.INTER_ORGANIZATIONAL_SALES: "inter-organizational sale",
}


def has_replaced(received: Actual | Proforma) -> bool:
    """Whether a received text has a replacement character where one could not be read."""
    values = (getattr(received, one.name) for one in fields(received))
    return any(REPLACED in text for value in values for text in _texts(value))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Reference):
        yield value.name or ""
    elif isinstance(value, dict):
        yield from value.values()


@dataclass(slots=True)
class Explanation:
    """One answer.

    ``kind`` is actual, connection, proposal, invoice, vendor invoice, journal, correction journal or voucher. ``facts``
    are label and text, ``history`` the steps in order, ``waits_for`` what blocks, ``linked`` the actuals that belong to
    it, each with its own state, ``voucher_lines`` the ledger entries (debit positive), ``next`` what a person can do.
    ``unread``: how many more actuals belong to it than were read.
    """

    kind: str
    id: str
    company: str | None
    headline: str
    facts: dict[str, str] = field(default_factory=dict)
    history: list[Entry] = field(default_factory=list)
    waits_for: list[Entry] = field(default_factory=list)
    linked: list[Entry] = field(default_factory=list)
    voucher_lines: list[Entry] = field(default_factory=list)
    next: list[str] = field(default_factory=list)
    unread: int = 0

    def happened(self, what: str, at: str | None = None) -> None:
        self.history.append({"at": at, "what": what})

    def advise(self, text: str) -> None:
        """Adds to what to do next, unless it is already there."""
        if text not in self.next:
            self.next.append(text)

    def advise_on(self, reason: str) -> None:
        self.advise(f"{reason}: {what_to_do(reason)}")

    def row(self) -> Entry:
        """As JSON: decimal strings, ISO dates; at most ``SHOWN`` entries per list, ``left_out`` counts the others."""
        made = {one.name: getattr(self, one.name) for one in fields(self)}
        beside = {"linked": made.pop("unread")}
        lists = [name for name, value in made.items() if isinstance(value, list)]
        left_out = {name: max(len(made[name]) - SHOWN, 0) + beside.get(name, 0) for name in lists}
        shown = {name: made[name][:SHOWN] for name in lists}
        return made | shown | {"left_out": {name: count for name, count in left_out.items() if count}}
