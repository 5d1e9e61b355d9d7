"""What came of a command, one row a document: printed as a table or as JSON, and as an exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from operate import answers
from operate.found import Document, NotFound
from operate.terminal import console
from project_invoicing.domain.advice import what_to_do
from project_invoicing.domain.codes import RejectReason

Json = dict[str, Any]

DONE, REFUSED, UNKNOWN = "done", "refused", "unknown"
REFUSED_CODE, NOT_VALID = 1, 2
_LONGEST_NAME: Final = 24
_TELL_EVERY: Final = 10
_INPUT: Final = str(RejectReason.SCHEMA)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``outcome`` is done, refused or unknown; ``what`` says what was done, ``detail`` why not, ``next`` what to do."""

    kind: str
    company: str | None
    document: str
    outcome: str
    what: str = ""
    customer: str | None = None
    customer_name: str | None = None
    reason: str | None = None
    detail: str | None = None
    next: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


def done(of: Document, what: str, **result: Any) -> Outcome:
    return Outcome(of.kind, of.company, of.number, DONE, what, of.customer, of.customer_name, result=result)


def refused(of: Document, reason: str, detail: str, what: str = "", **result: Any) -> Outcome:
    """A refusal, with what to do about it unless the detail says that already."""
    advice = None if reason == _INPUT else what_to_do(reason)
    names = (of.customer, of.customer_name)
    return Outcome(of.kind, of.company, of.number, REFUSED, what, *names, reason, detail, advice, result)


def unknown(kind: str, number: str, company: str | None, detail: str) -> Outcome:
    return Outcome(kind, company, number, UNKNOWN, reason=_INPUT, detail=detail)


def answered(of: Document, answer: Mapping[str, Any], what: str) -> Outcome:
    """The outcome that a function's answer means: its first refusal, else that it was done."""
    result = {name: value for name, value in answer.items() if name not in ("outcome", "actor", "refused")}
    if refusals := answer.get("refused") or []:
        first = refusals[0]
        more = f", and {len(refusals) - 1} more" if len(refusals) > 1 else ""
        return refused(of, str(first["reason"]), f"{first['detail']}{more}", refused=refusals, **result)
    outcome = str(answer.get("outcome", ""))
    if outcome.startswith("refused: "):
        return refused(of, _INPUT, outcome.removeprefix("refused: "))
    return done(of, what, **result)


def of_each(wanted: Iterable[Callable[[], Outcome]], total: int) -> list[Outcome]:
    """Carries out one after the other; what one refuses does not stop the others. Long work says how far it is."""
    made: list[Outcome] = []
    for one in wanted:
        made.append(one())
        if total > _TELL_EVERY and len(made) % _TELL_EVERY == 0:
            print(f"{len(made)} of {total}", file=sys.stderr)
    return made


def looked_up(kind: str, number: str, company: str | None, look: Callable[[], Document]) -> Document | Outcome:
    """The document, or the row that says why there is none."""
    try:
        return look()
    except NotFound as problem:
        return unknown(kind, number, company, str(problem))


def show(made: Sequence[Outcome], title: str, *, as_json: bool, nothing: str) -> int:
    """Prints the rows, and gives the exit code: 1 if anything was refused, 2 if only the input was wrong, else 0."""
    if as_json:
        rows = [asdict(one) for one in made]
        counts = {name: sum(one.outcome == name for one in made) for name in (DONE, REFUSED, UNKNOWN)}
        print(json.dumps({"rows": rows, **counts}, indent=2, default=str))
        return code(made)
    if not made:
        print(nothing)
        return 0
    answers.show_rows(console(), title, map(_cells, made), most=len(made))
    advice = {one.reason: one.next for one in made if one.reason and one.next}
    answers.show_list(console(), "What to do", (f"{reason}: {what}" for reason, what in sorted(advice.items())))
    return code(made)


def code(made: Iterable[Outcome]) -> int:
    """``NOT_VALID`` for what is not valid or not known, ``REFUSED_CODE`` for what was refused or failed."""
    reasons = [one.reason for one in made if one.outcome != DONE]
    if any(reason != _INPUT for reason in reasons):
        return REFUSED_CODE
    return NOT_VALID if reasons else 0


def customer(id: str | None, name: str | None) -> str:
    """A customer's number with its name, cut to fit."""
    short = name or ""
    short = short if len(short) <= _LONGEST_NAME else f"{short[: _LONGEST_NAME - 1]}…"
    return f"{id or ''} {short}".strip()


def _cells(one: Outcome) -> Json:
    why = f"{one.reason}: {one.detail}" if one.outcome != DONE else ""
    return {
        "company": one.company,
        "document": one.document,
        "kind": one.kind,
        "customer": customer(one.customer, one.customer_name),
        "outcome": " ".join(text for text in (one.what or one.outcome, why) if text),
    }
