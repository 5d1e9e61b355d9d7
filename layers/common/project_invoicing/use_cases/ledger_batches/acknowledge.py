"""Takes what the other ledger says of a batch: by event, by a file beside the batch, or by a person's word.

An answer is kept once, by its content, in the transaction of what it does: repeated, shuffled, or after any crash the
end is the same. What contradicts, comes too late or names what is not there is kept too, and changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from project_invoicing.domain.actor import BY_EVENT, Actor
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger_answer import Answer, Effect, Outcome, Standing, voucher_of, voucher_of_line
from project_invoicing.domain.ledger_batch import Answered, BatchKind, BatchLine, BatchState, LedgerBatch, LedgerLine
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.states import BatchVerb
from project_invoicing.errors import Unavailable
from project_invoicing.rules.ledger_answers import elsewhere, judged, repeated
from project_invoicing.store.batch_answers import BatchAnswers, KeptAnswer
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.unit_of_work import UnitOfWork, retried

_TRIES = 8
_SHOWN_NUMBERS = 20
"""What a batch is called there stands on its header; what more vouchers are called, in the answers."""
_MOST_NUMBERS = 200
"""An answer may have a number for each voucher in place of one: a header has room for 400 KB."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an answer did, and how the batch stands after it; ``None`` where there is no such batch."""

    effect: Effect
    detail: str
    batch: LedgerBatch | None


@dataclass(slots=True)
class _Named:
    """The vouchers that answers name: the debit of each in accounting currency, and external ids that do not exist."""

    debits: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Step:
    """An answer that is applied: ``verb`` happens to the batch, whose vouchers stood as ``standing`` before."""

    batch: LedgerBatch
    answer: Answer
    standing: Standing
    named: _Named
    verb: BatchVerb


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """Answers that come at ``at``. ``lines`` reads what is in a batch."""

    batches: LedgerBatches
    answers: BatchAnswers
    lines: Callable[[LedgerBatch], Iterator[BatchLine]]
    at: str
    actor: Actor = BY_EVENT

    def take(self, answer: Answer) -> Taken:
        """Takes an answer and keeps it. Raises ``Conflict`` where other runs are always faster, ``Unavailable``."""
        if not self.actor.is_system:
            answer = replace(answer, sent_by=answer.sent_by or self.actor.id or None, said_at=self.at)
        return retried(f"batch {answer.batch}", lambda: self._take(answer), attempts=_TRIES)

    def _take(self, answer: Answer) -> Taken:
        batch = self.batches.get(answer.batch)
        if batch and batch.state is BatchState.SEALED:  # whoever has found its manifest is faster than the last write
            raise Unavailable(f"batch {batch.id} is being completed")
        seen = self.answers.get(answer.batch, answer.hash)
        if seen and not seen.effect.may_change:
            again = repeated(batch, answer, seen.effect, seen.at)
            return Taken(again.effect, f"{again.detail}: {seen.detail}", batch)
        standing, named = Standing(), _Named()
        if batch:
            standing = Standing.after(self.answers.applied(batch.id), batch.kind)
            named = self._named(batch, answer, standing)
        verdict = judged(batch, answer, standing, named.unknown, by_person=not self.actor.is_system)
        applied = batch if verdict.effect is Effect.APPLIED else None
        place = applied.answered.answers + 1 if applied else None
        kept = KeptAnswer(answer.hash, self.at, self.actor, answer.outcome, verdict.effect, verdict.detail, place)
        self.answers.keep_pages(answer)
        keep = self.answers.keep_again(answer, kept, seen) if seen else self.answers.keep(answer, kept)
        unit_of_work = UnitOfWork(self.batches.client, [keep])
        if applied and verdict.verb:
            batch = self._apply(unit_of_work, _Step(applied, answer, standing, named, verdict.verb))
        unit_of_work.commit_patiently()
        return Taken(verdict.effect, verdict.detail, batch)

    def _apply(self, unit_of_work: UnitOfWork, step: _Step) -> LedgerBatch:
        batch, answer, verb = step.batch, step.answer, step.verb
        after = step.standing.taken(answer, batch.kind)
        answered = _answered(batch, answer, after, step.named, self.at)
        numbers = _numbers(batch, answer, after)
        write, changed = self.batches.changed(batch, verb, answered=answered, external_numbers=numbers)
        unit_of_work.add(write)
        if verb is BatchVerb.ACCEPTED:
            unit_of_work.add(self.batches.closed(batch.id))
        if not self.actor.is_system:
            told = {"state": changed.state, "outcome": answer.outcome, "numbers": list(answer.numbers[:_MOST_NUMBERS])}
            told |= {"reason": answer.message} if answer.message else {}
            done = HistoryEntry(self.at, self.actor, Done.ACKNOWLEDGED, {"state": batch.state}, told)
            unit_of_work.add(self.batches.noted(batch.id, done))
        return changed

    def _named(self, batch: LedgerBatch, answer: Answer, standing: Standing) -> _Named:
        """Reads the lines of the batch, if the answer names any of its vouchers."""
        if not answer.vouchers or batch.manifest_sha256 is None:
            return _Named()
        asked = {one.external_id for one in answer.vouchers}
        known = {voucher_of(id, batch.kind, answer) for id in asked} | standing.named.keys()
        made, seen = _Named(), set()
        for line in self.lines(batch):
            voucher = voucher_of_line(line)
            if voucher in known:
                made.debits[voucher] += _debit(line)
                seen |= {voucher, line.external_id} & asked
        made.unknown = frozenset(asked - seen)
        return made


def _debit(line: BatchLine) -> Decimal:
    return max(line.accounting_amount, ZERO) if isinstance(line, LedgerLine) else ZERO


def _answered(batch: LedgerBatch, answer: Answer, after: Standing, named: _Named, at: str) -> Answered:
    before = batch.answered
    says = answer.outcome in (Outcome.ACCEPTED, Outcome.PARTLY, Outcome.REFUSED)
    accepted = after.accepted(batch.vouchers)
    return Answered(
        answers=before.answers + 1,
        at=at,
        delivery=batch.deliveries if says else before.delivery,
        accepted=accepted,
        open_debit=_open_debit(batch, answer, after, named) if 0 < accepted < batch.vouchers else None,
        message=_message(answer, after) if answer.outcome is not Outcome.RECEIVED else before.message,
        elsewhere=before.elsewhere or elsewhere(answer, batch),
    )


def _open_debit(batch: LedgerBatch, answer: Answer, after: Standing, named: _Named) -> Decimal | None:
    """The debit of what is not accepted. Vouchers that were not named stand alike, so they need not be read."""
    if batch.kind is not BatchKind.LEDGER:
        return None
    if not answer.vouchers:
        return batch.answered.open_debit
    if after.rest.is_accepted:
        return sum((named.debits[one] for one, known in after.named.items() if not known.is_accepted), ZERO)
    accepted = sum((named.debits[one] for one, known in after.named.items() if known.is_accepted), ZERO)
    return batch.accounting_totals.debit - accepted


def _message(answer: Answer, after: Standing) -> str | None:
    """Why the whole of it, or the first of its vouchers, was not taken."""
    if answer.outcome is Outcome.ACCEPTED and not answer.vouchers:
        return None
    refused = ((voucher, one.message) for voucher, one in after.named.items() if not one.is_accepted)
    first = next((f"{voucher}: {message}" for voucher, message in refused if message), None)
    return answer.message or first


def _numbers(batch: LedgerBatch, answer: Answer, after: Standing) -> tuple[str, ...]:
    """What the other side calls the batch: of the numbers of single vouchers only the first ones."""
    if answer.outcome not in (Outcome.ACCEPTED, Outcome.PARTLY):
        own: tuple[str, ...] = ()
    else:
        own = answer.numbers
    of_vouchers = (number for one in after.named.values() if one.is_accepted for number in one.numbers)
    known = dict.fromkeys((*batch.external_numbers, *own))
    for number in of_vouchers:
        if len(known) >= max(_SHOWN_NUMBERS, len(batch.external_numbers) + len(own)):
            break
        known[number] = None
    return tuple(known)[:_MOST_NUMBERS]


def shown(taken: Taken, answer: Answer) -> dict[str, Any]:
    """The answer to whoever sent it: ``outcome`` is what it did; ``refused`` has what somebody must look at."""
    batch = taken.batch
    report: dict[str, Any] = {
        "outcome": taken.effect,
        "detail": taken.detail,
        "company": answer.company,
        "kind": answer.kind,
        "number": answer.number,
        "state": batch.state if batch else None,
        "external_numbers": list(batch.external_numbers) if batch else [],
    }
    if taken.effect.is_wrong:
        refusal = {
            "company": answer.company,
            "document": str(answer.batch),
            "reason": taken.effect,
            "detail": taken.detail,
        }
        report["refused"] = [refusal]
    return report
