"""What an answer of the other ledger does to a batch. Pure; the states are in ``domain.states``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from project_invoicing.domain.ledger_answer import (
    Answer,
    Effect,
    Outcome,
    Standing,
    is_no_document,
    voucher_of,
)
from project_invoicing.domain.ledger_batch import BatchState, LedgerBatch
from project_invoicing.domain.states import OPEN_TO_ANSWERS, BatchVerb
from project_invoicing.domain.text import number_of

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer does, and in words. ``verb`` is what happens to the batch, where the answer is applied."""

    effect: Effect
    detail: str
    verb: BatchVerb | None = None


def judged(
    batch: LedgerBatch | None, answer: Answer, standing: Standing, unknown: Collection[str], *, by_person: bool
) -> Verdict:
    """What ``answer`` does to ``batch``, whose vouchers stand as ``standing``.

    ``unknown``: external ids that it names and the batch does not have.
    """
    if batch is None:
        return Verdict(Effect.UNKNOWN_BATCH, f"there is no batch {answer.batch}")
    for found in (_misplaced(batch, answer, unknown), _voided(batch, answer, by_person=by_person)):
        if found:
            return found
    if batch.state not in OPEN_TO_ANSWERS:
        return _too_late(batch, answer, standing)
    if contradicted := _contradicted(answer, standing):
        return Verdict(Effect.CONFLICT, contradicted)
    if overtaken := _overtaken(batch, answer):
        return Verdict(Effect.LATE, overtaken)
    return _applied(batch, answer, standing)


def repeated(batch: LedgerBatch | None, answer: Answer, effect: Effect, at: str) -> Verdict:
    """What an answer does whose content came before, ``at`` this time, and did ``effect`` then.

    A refusal or a time-out of a later delivery may say the very same. It is no repeat then, and nobody can tell.
    """
    says_no = answer.outcome in (Outcome.REFUSED, Outcome.PARTLY, Outcome.UNKNOWN) and answer.delivery is None
    counted = effect in (Effect.APPLIED, Effect.LATE)
    if batch and batch.state in OPEN_TO_ANSWERS and says_no and counted and (batch.delivered_at or "") > at:
        told = (
            f"the same answer came at {at}, before delivery {batch.deliveries}: say in `delivery` which one it is about"
        )
        return Verdict(Effect.UNCLEAR, told)
    return Verdict(Effect.REPEATED, f"the same answer came at {at}")


def _misplaced(batch: LedgerBatch, answer: Answer, unknown: Collection[str]) -> Verdict | None:
    if batch.state in (BatchState.CLAIMING, BatchState.SEALED):
        return Verdict(Effect.NOT_READY, f"batch {batch.id} is {batch.state}: nobody can have it yet")
    if answer.sha256 and answer.sha256 != batch.manifest_sha256:
        told = f"the manifest of batch {batch.id} has the sha256 {batch.manifest_sha256}, not {answer.sha256}"
        return Verdict(Effect.WRONG_SHA256, told)
    if unknown:
        return Verdict(Effect.UNKNOWN_VOUCHER, f"batch {batch.id} does not have {_some(unknown)}")
    if answer.delivery is not None and answer.delivery > batch.deliveries:
        deliveries = number_of(batch.deliveries, "delivery", "deliveries")
        told = f"batch {batch.id} has {deliveries}, and no delivery {answer.delivery}"
        return Verdict(Effect.NOT_READY, told)  # whoever has found its files is faster than the write that counts it
    if any(map(is_no_document, answer.numbers)):
        return Verdict(Effect.UNCLEAR, "some of its numbers have nothing but zeros: say which vouchers have none")
    return None


def _voided(batch: LedgerBatch, answer: Answer, *, by_person: bool) -> Verdict | None:
    if answer.outcome is not Outcome.VOIDED_THERE:
        return None
    if not by_person:
        return Verdict(Effect.UNCLEAR, "only a person says that an accepted batch was voided there")
    if batch.state is BatchState.VOIDED_THERE:
        return Verdict(Effect.REPEATED, f"batch {batch.id} is voided there already")
    if batch.state is not BatchState.ACCEPTED:
        return Verdict(Effect.NOT_READY, f"batch {batch.id} is {batch.state}: only an accepted one is voided there")
    return Verdict(Effect.APPLIED, f"batch {batch.id} is voided there", BatchVerb.VOIDED_THERE)


def _too_late(batch: LedgerBatch, answer: Answer, standing: Standing) -> Verdict:
    """Of a batch that is accepted, or voided there, nothing changes any more."""
    if batch.state is BatchState.ACCEPTED:
        if contradicted := _contradicted(answer, standing):
            return Verdict(Effect.CONFLICT, contradicted)
        others = _others(answer.numbers, {*batch.external_numbers, *standing.numbers})
        if answer.outcome in (Outcome.ACCEPTED, Outcome.PARTLY) and others:
            known = _some(batch.external_numbers) or "no number"
            return Verdict(Effect.CONFLICT, f"batch {batch.id} was accepted as {known}, not as {_some(others)}")
        if answer.outcome in (Outcome.ACCEPTED, Outcome.RECEIVED):
            return Verdict(Effect.REPEATED, f"batch {batch.id} is accepted already")
    return Verdict(Effect.LATE, f"batch {batch.id} is {batch.state}, and stays so")


def _contradicted(answer: Answer, standing: Standing) -> str | None:
    """What it says of a voucher that was accepted: that it was refused, or that it has another number."""
    for one in answer.vouchers:
        known = standing.of(voucher_of(one.external_id, answer.kind, answer))
        if not known.is_accepted:
            continue
        called = ", ".join(known.numbers)
        if not one.accepted:
            return f"{one.external_id} was accepted{f' as {called}' if called else ''}, and cannot be refused any more"
        if others := _others(one.numbers, known.numbers):
            return f"{one.external_id} was accepted as {called or 'no number'}, not as {_some(others)}"
    return None


def _overtaken(batch: LedgerBatch, answer: Answer) -> str | None:
    """Why it comes too late to say no, or that nobody knows: only what was accepted counts whenever it is said."""
    if answer.outcome is Outcome.UNKNOWN and batch.answered.delivery == batch.deliveries:
        return f"batch {batch.id} is answered since its last delivery: {batch.state}"
    says_no = answer.outcome in (Outcome.REFUSED, Outcome.UNKNOWN)
    if says_no and answer.delivery is not None and answer.delivery < batch.deliveries:
        return f"it is about delivery {answer.delivery} of batch {batch.id}, which has {batch.deliveries} by now"
    return None


def _others(said: Collection[str], known: Collection[str]) -> list[str]:
    return [number for number in said if number not in known]


def _applied(batch: LedgerBatch, answer: Answer, standing: Standing) -> Verdict:
    accepted = standing.taken(answer, batch.kind).accepted(batch.vouchers)
    if accepted >= batch.vouchers:
        return Verdict(Effect.APPLIED, f"batch {batch.id} is accepted", BatchVerb.ACCEPTED)
    if answer.outcome is Outcome.RECEIVED:
        return Verdict(Effect.APPLIED, f"batch {batch.id} was received", BatchVerb.RECEIVED)
    if answer.outcome is Outcome.UNKNOWN:
        told = f"batch {batch.id} is unknown: ask the other ledger whether it has it, and do not send it again before"
        return Verdict(Effect.APPLIED, told, BatchVerb.TIMED_OUT)
    if accepted:
        told = f"{accepted} of {batch.vouchers} vouchers of batch {batch.id} are accepted"
        return Verdict(Effect.APPLIED, told, BatchVerb.PARTLY_ACCEPTED)
    return Verdict(Effect.APPLIED, f"batch {batch.id} is refused", BatchVerb.REFUSED)


def elsewhere(answer: Answer, batch: LedgerBatch) -> date | None:
    """The first day on which something was posted there that is in no fiscal period of the batch."""
    accepted = [one for one in answer.vouchers if one.accepted]
    posted = bool(accepted) or answer.outcome in (Outcome.ACCEPTED, Outcome.PARTLY)
    days = [answer.posted_date if posted else None, *(one.posted_date for one in accepted)]
    outside = [day for day in days if day and not batch.holds(day)]
    return min(outside) if outside else None


def _some(names: Collection[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
