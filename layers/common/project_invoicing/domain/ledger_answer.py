"""What the other ledger says of a batch, and what that makes of each of its vouchers. Pure.

A *voucher* here is what the other side takes or refuses whole: a voucher of a ledger batch, an invoice of receivables
or payables. Its external id is that of its lines without their number: ``USPM:PV-00000003``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from project_invoicing.domain.codes import BatchRefusal
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchLine, LedgerLine


class Outcome(StrEnum):
    """What an answer says. ``received`` promises nothing. ``unknown``: it timed out, so ask, do not repeat.

    ``voided_there``: what was accepted was taken back there. Only a person says so, with a reason.
    """

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"
    RECEIVED = "received"
    UNKNOWN = "unknown"
    VOIDED_THERE = "voided_there"


class Effect(StrEnum):
    """What an answer did. Only ``applied`` changes anything; each answer is kept."""

    APPLIED = "applied"
    REPEATED = "repeated"
    LATE = BatchRefusal.LATE
    CONFLICT = BatchRefusal.CONFLICT
    UNCLEAR = BatchRefusal.UNCLEAR
    NOT_READY = BatchRefusal.NOT_READY
    UNKNOWN_BATCH = BatchRefusal.UNKNOWN_BATCH
    UNKNOWN_VOUCHER = BatchRefusal.UNKNOWN_VOUCHER
    WRONG_SHA256 = BatchRefusal.WRONG_SHA256

    @property
    def may_change(self) -> bool:
        """Whether the same answer can do something later: what it is about was not there yet."""
        return self in (Effect.NOT_READY, Effect.UNKNOWN_BATCH)

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to look at it."""
        return self not in (Effect.APPLIED, Effect.REPEATED)


@dataclass(frozen=True, slots=True)
class VoucherAnswer:
    """What is said of one voucher, or of the line that was refused: ``external_id`` is that of either."""

    external_id: str
    accepted: bool
    numbers: tuple[str, ...] = ()
    posted_date: date | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer about one batch.

    ``numbers``: what the other side calls what it made of it; SAP's have company and fiscal year before and after them.
    ``posted_date``: the date there, if it says one. ``sha256``: of the manifest that was read, if it says so.
    ``delivery``: which delivery it is about, if it says so. ``said_at``: when a person said it, who may say the same
    once more.
    """

    company: str
    kind: BatchKind
    number: int
    outcome: Outcome
    numbers: tuple[str, ...] = ()
    posted_date: date | None = None
    message: str | None = None
    sha256: str | None = None
    delivery: int | None = None
    sent_by: str | None = None
    said_at: str | None = None
    vouchers: tuple[VoucherAnswer, ...] = ()

    @property
    def batch(self) -> BatchId:
        return BatchId(self.company, self.kind, self.number)

    @property
    def text(self) -> str:
        """As JSON, the same for every way to say the same."""
        return json.dumps(_said(self), sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def answer_in(text: str) -> Answer:
    """Reads ``Answer.text``."""
    said: dict[str, Any] = json.loads(text)
    vouchers = tuple(
        VoucherAnswer(one["external_id"], one["accepted"], tuple(one.get("numbers", ())), _day(one), one.get("message"))
        for one in said.pop("vouchers", ())
    )
    return Answer(
        company=said["company"],
        kind=BatchKind(said["kind"]),
        number=said["number"],
        outcome=Outcome(said["outcome"]),
        numbers=tuple(said.get("numbers", ())),
        posted_date=_day(said),
        message=said.get("message"),
        sha256=said.get("sha256"),
        delivery=said.get("delivery"),
        sent_by=said.get("sent_by"),
        said_at=said.get("said_at"),
        vouchers=vouchers,
    )


def _day(said: Mapping[str, Any]) -> date | None:
    return date.fromisoformat(said["posted_date"]) if "posted_date" in said else None


def _said(one: Answer | VoucherAnswer) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in one.__dataclass_fields__:
        value = getattr(one, name)
        if value is None or value == ():
            continue
        if isinstance(value, tuple):
            found[name] = [_said(member) if isinstance(member, VoucherAnswer) else member for member in value]
        else:
            found[name] = value.isoformat() if isinstance(value, date) else value
    return found


class VoucherState(StrEnum):
    """``open``: nobody has said anything of it yet."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class VoucherStanding:
    """How one voucher stands: what the other side calls it and when it was posted there, or why it was refused."""

    state: VoucherState = VoucherState.OPEN
    numbers: tuple[str, ...] = ()
    posted_date: date | None = None
    message: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.state is VoucherState.ACCEPTED


@dataclass(slots=True)
class Standing:
    """How the vouchers of a batch stand: those that were ``named``, by external id, and all the ``rest``.

    What is accepted stays so, whatever is said of it later.
    """

    rest: VoucherStanding = field(default_factory=VoucherStanding)
    named: dict[str, VoucherStanding] = field(default_factory=dict)

    @classmethod
    def after(cls, answers: Iterable[Answer], kind: BatchKind) -> Standing:
        """After ``answers``, in the order in which they were applied."""
        made = cls()
        for answer in answers:
            made.take(answer, kind)
        return made

    def of(self, voucher: str) -> VoucherStanding:
        return self.named.get(voucher, self.rest)

    def taken(self, answer: Answer, kind: BatchKind) -> Standing:
        """A standing with one more answer."""
        made = Standing(self.rest, dict(self.named))
        made.take(answer, kind)
        return made

    def take(self, answer: Answer, kind: BatchKind) -> None:
        """Takes an answer in. ``partly`` that names only what was refused says that the rest was accepted."""
        said = {voucher_of(one.external_id, kind, answer): one for one in _worst_last(answer.vouchers)}
        for voucher, one in said.items():
            if not self.of(voucher).is_accepted:
                self.named[voucher] = _standing(one, answer)
        rest = _of_the_rest(answer)
        if rest is None:
            return
        for voucher, known in self.named.items():
            if voucher not in said and not known.is_accepted:
                self.named[voucher] = rest
        if not self.rest.is_accepted:
            self.rest = rest

    @property
    def numbers(self) -> set[str]:
        """What the other side calls what it has accepted."""
        return {number for one in (self.rest, *self.named.values()) if one.is_accepted for number in one.numbers}

    def accepted(self, vouchers: int) -> int:
        """How many of its ``vouchers`` are accepted."""
        of_named = sum(one.is_accepted for one in self.named.values())
        return of_named + (vouchers - len(self.named) if self.rest.is_accepted else 0)


def voucher_of(external_id: str, kind: BatchKind, answer: Answer) -> str:
    """The voucher that an external id is about: a line of a ledger batch may be named in its place."""
    if kind is not BatchKind.LEDGER:
        return external_id
    voucher, _, line = external_id.rpartition(":")
    inside = len(voucher) > len(answer.company) and line.isascii() and line.isdecimal()
    return voucher if inside else external_id


def voucher_of_line(line: BatchLine) -> str:
    """The voucher that a line is of, by its external id."""
    return f"{line.company}:{line.voucher}" if isinstance(line, LedgerLine) else line.external_id


def _worst_last(vouchers: Iterable[VoucherAnswer]) -> list[VoucherAnswer]:
    """A voucher of which one line was refused is refused, whatever is said of the others."""
    return sorted(vouchers, key=lambda one: not one.accepted)


def _standing(one: VoucherAnswer, answer: Answer) -> VoucherStanding:
    if one.accepted:
        numbers = one.numbers or answer.numbers
        return VoucherStanding(VoucherState.ACCEPTED, numbers, one.posted_date or answer.posted_date, one.message)
    return VoucherStanding(VoucherState.REFUSED, message=one.message or answer.message)


def _of_the_rest(answer: Answer) -> VoucherStanding | None:
    accepted = VoucherStanding(VoucherState.ACCEPTED, answer.numbers, answer.posted_date, answer.message)
    match answer.outcome:
        case Outcome.ACCEPTED:
            return accepted
        case Outcome.PARTLY if not any(one.accepted for one in answer.vouchers):
            return replace(accepted, message=None)
        case Outcome.REFUSED:
            return VoucherStanding(VoucherState.REFUSED, message=answer.message)
    return None


NO_DOCUMENT: Final = "0"
"""SAP answers with a number of nothing but zeros where it has made no document."""


def is_no_document(number: str) -> bool:
    """Whether a number says that nothing was made: ``0000000000``."""
    plain = number.split("/")[1] if number.count("/") == 2 else number
    return bool(plain) and set(plain) == {NO_DOCUMENT}
