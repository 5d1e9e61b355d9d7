"""What the pages of documents have in common: what was said to a person, lines page by page, dimensions, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.rules.figures import Figures
from project_invoicing.use_cases.result_rows import voucher_row
from project_invoicing.workspace.links import link

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import Response

    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.domain.ledger import Voucher
    from project_invoicing.domain.refusals import Refusal
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.workspace.desk import Desk

KEPT: Final = ("list", "at", "line", "page")
"""Parts of a document's query that stay from one request to the next: its list, and the lines that are shown."""
MOST_HISTORY: Final = 100
MOST_ENTRIES: Final = 200
"""Of vouchers on one page; their totals are those of all."""
CHANGED: Final = "It was changed after this page was opened, so nothing was done. Look at it again."
NOTHING: Final = "Nothing to change: it is like that already."
MOST_NAMED: Final = 5
"""Vouchers in what is said of a posting."""
LARGE: Final = 5
"""Pages of lines from which on a posting takes so long that its page shows how far it is."""


def kept(desk: Desk) -> dict[str, str]:
    """The parts of the query that lead back to where a person was."""
    return {name: desk.query[name] for name in KEPT if name in desk.query}


def why_not(reason: str | None, detail: str | None) -> str:
    """A refusal for a person: what is wrong, and what to do. A request that cannot be read says so itself."""
    text = (detail or reason or "not done").strip().rstrip(".")
    advice = "" if reason in (None, RejectReason.SCHEMA) else f" What to do: {what_to_do(str(reason))}."
    return f"{text}.{advice}"


def refusal_of(answer: Mapping[str, Any]) -> str | None:
    """Why a command was not carried out; ``None`` if it was."""
    refused = answer.get("refused") or []
    return why_not(refused[0]["reason"], refused[0]["detail"]) if refused else None


def with_vouchers(posted: Iterable[Mapping[str, Any]]) -> str:
    """The vouchers that were posted, for a sentence: the first few by their numbers."""
    numbers = [str(one["voucher"]) for one in posted if one["voucher"]]
    if not numbers:
        return ""
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f" with {'voucher' if len(numbers) == 1 else 'vouchers'} {', '.join(numbers[:MOST_NAMED])}{more}"


def refusals(refused: Iterable[Refusal]) -> str:
    return " ".join(why_not(one.reason, one.detail) for one in refused)


def edited(answer: Mapping[str, Any]) -> str:
    """What an edit of several lines has done."""
    changed = answer["changed"]
    return f"{changed} {'line' if changed == 1 else 'lines'} changed." if changed else NOTHING


def not_edited(answer: Mapping[str, Any]) -> str | None:
    """Why lines could not be edited, each reason once, and how many were; ``None`` if all were."""
    reasons = dict.fromkeys(why_not(one["reason"], one["detail"]) for one in answer.get("refused") or [])
    if not reasons:
        return None
    done = answer.get("changed")
    return " ".join([*reasons, *([f"{done} of {answer['lines']} lines were changed."] if done else [])])


def field_of(text: str, fields: Iterable[str]) -> str | None:
    """The field of a form that a refusal is about."""
    return next((name for name in fields if name in text or name.replace("_", " ") in text), None)


def reopened(desk: Desk, path: str, said: str, *, refused: bool = False, **query: str | None) -> Response[str]:
    """Back to the document. A request of htmx is told to load it, so that its message is not shown to nobody."""
    answer = desk.go(path, said, refused=refused, **query)
    if desk.event.headers.get("hx-request"):
        answer.status_code = 200
        answer.headers["HX-Redirect"] = answer.headers.pop("Location")
    return answer


# Lines


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of lines. ``numbers``: which of how many they are."""

    rows: Sequence[Any]
    total: int
    before: str | None
    after: str | None

    @property
    def numbers(self) -> str:
        if not self.rows:
            return "no lines"
        first, last = self.rows[0].line_number, self.rows[-1].line_number
        return f"lines {first} to {last} of {self.total}" if first != last else f"line {first} of {self.total}"

    @property
    def are_all(self) -> bool:
        return self.before is None and self.after is None


def lines_of(
    desk: Desk, path: str, name: str, found: tuple[Sequence[Any], int | None, int | None], total: int
) -> Lines:
    """A page of lines with links to those beside it.

    ``path`` is that of the document, also where a form of it is answered; ``name`` says in the query which page it is.
    """
    rows, before, after = found

    def to(place: int | None) -> str | None:
        return None if place is None else link(path, **{**desk.query, name: str(place)})

    return Lines(rows, total, to(before), to(after))


def place_in(desk: Desk, name: str) -> int:
    """Which page of lines the query asks for; the first one for what is no number."""
    text = desk.query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0


# Dimensions


_EXAMPLES: Final = {"dimensions": "CostCenter=007, Department=12", "tags": "IndustryEvent=2026 Event, Site=Rome"}


def dimensions_text(dimensions: Mapping[str, str] | None) -> str:
    return ", ".join(f"{name}={value}" for name, value in (dimensions or {}).items())


def dimensions_of(text: str, name_of: str = "dimensions") -> dict[str, str] | None:
    """Dimensions, or tags, as a person writes them: ``CostCenter=007, Department=12``; ``None`` for none.

    Raises ``Rejected`` for anything else.
    """
    found = {}
    for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            text = f"{name_of.capitalize()} are written as {_EXAMPLES[name_of]}; {part!r} is not."
            raise Rejected(RejectReason.SCHEMA, text, field=name_of)
        found[name] = value
    return found or None


# History


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was done. ``changes``: names with the values before and after, ``None`` where there is none."""

    at: str
    who: str
    how: str
    what: str
    changes: Sequence[tuple[str, str | None, str | None]]


def history_of(entries: Iterable[HistoryEntry]) -> list[Entry]:
    """The newest entries, the last one first."""
    return [
        Entry(
            one.at,
            one.who.called,
            one.who.how,
            one.what,
            [
                (name, _shown(one.before, name), _shown(one.after, name))
                for name in dict.fromkeys((*one.before, *one.after))
            ],
        )
        for one in list(entries)[-MOST_HISTORY:][::-1]
    ]


def _shown(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if isinstance(value, Mapping):
        return dimensions_text(value) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return ("none" if value is None else str(value)) if name in values else None


# Vouchers


@dataclass(frozen=True, slots=True)
class VoucherTable:
    """A voucher as a table: its ``lines``, how many were left out, and debit and credit of all by currency.

    ``totals``: currency, debit, credit; ``accounting_total`` is in the company's currency. ``taxes``: code, tax and its
    currency, tax and the accounting currency; what is owed is positive.
    """

    number: str | None
    date: str
    source: str
    document: str
    lines: Sequence[Mapping[str, Any]]
    left_out: int
    totals: Sequence[tuple[str, str, str]]
    accounting_total: tuple[str, str, str]
    taxes: Sequence[tuple[str, str, str, str, str]]


def voucher_table(row: Mapping[str, Any], setup: FinanceSetup, source: str, document: str) -> VoucherTable:
    """The table of a voucher as results print it (``use_cases.result_rows.voucher_row``)."""
    show = Figures(setup)
    zero = Decimal(0)
    taxes: dict[tuple[str, str], list[Decimal]] = {}
    sums: dict[str, list[Decimal]] = {}
    accounting = [zero, zero]
    for line in row["lines"]:
        amount, booked = Decimal(line["amount"]), Decimal(line["accounting_amount"])
        side = int((amount or booked) < 0)
        sums.setdefault(line["currency"], [zero, zero])[side] += abs(amount)
        accounting[side] += abs(booked)
        if line["sales_tax_code"]:
            tax = taxes.setdefault((line["sales_tax_code"], line["currency"]), [zero, zero])
            tax[0] -= amount
            tax[1] -= booked
    currency = setup.currency_of_company(row["company"]) or ""
    return VoucherTable(
        number=row["voucher"],
        date=row["accounting_date"],
        source=source,
        document=document,
        lines=row["lines"][:MOST_ENTRIES],
        left_out=max(0, len(row["lines"]) - MOST_ENTRIES),
        totals=[(of, show.amount(debit, of), show.amount(credit, of)) for of, (debit, credit) in sums.items()],
        accounting_total=(currency, show.amount(accounting[0], currency), show.amount(accounting[1], currency)),
        taxes=[
            (code, show.amount(tax, of), of, show.amount(booked, currency), currency)
            for (code, of), (tax, booked) in taxes.items()
        ],
    )


def vouchers_of(vouchers: Iterable[Voucher], setup: FinanceSetup) -> list[VoucherTable]:
    """Vouchers of the ledger as tables."""
    show = Figures(setup)
    return [voucher_table(voucher_row(one, show), setup, one.source, one.source_id) for one in vouchers]
