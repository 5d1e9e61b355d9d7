"""What reaches us about ledger batches: events that they are ready, requests for deliveries, and answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from project_invoicing.domain.actor import BY_EVENT, Actor, Role, person
from project_invoicing.domain.codes import PostingFailure, RejectReason
from project_invoicing.domain.ledger_answer import Outcome
from project_invoicing.domain.ledger_batch import BatchId, BatchKind, BatchState
from project_invoicing.domain.refusals import Refused, refused_answer, unknown_company
from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.events.ledger_batches import (
    LedgerBatchesRequested,
    LedgerBatchReady,
    LedgerDeliveryRequested,
    who_asks,
)
from project_invoicing.ledger_bucket import FOLDER
from project_invoicing.ledger_bucket import Refused as BucketRefused
from project_invoicing.rules.ledger_answer_form import answer_of
from project_invoicing.use_cases.ledger_batches.acknowledge import Taken, shown
from project_invoicing.use_cases.ledger_batches.deliver import delivery_row, must_be_deliverable
from project_invoicing.use_cases.people import must_be_allowed, must_be_of_own
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from project_invoicing.use_cases.requests.deliver_batch import DeliverBatch

if TYPE_CHECKING:
    from project_invoicing.bus import Bus
    from project_invoicing.domain.ledger_answer import Answer
    from project_invoicing.setup.lookups import FinanceSetup
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.store.ledger_batches import LedgerBatches
    from project_invoicing.use_cases.ledger_batches.acknowledge import Acknowledging
    from project_invoicing.use_cases.ledger_batches.deliver import Delivering
    from project_invoicing.use_cases.ledger_batches.read import BatchReader
    from project_invoicing.use_cases.requests.build_batches import BuildBatches

ACKNOWLEDGED: Final = "LedgerBatchAcknowledged"
"""The detail-type of an answer on the bus."""
OBJECT_CREATED: Final = "Object Created"
MOST_BYTES: Final = 20_000_000
"""Of a file with an answer."""
_OPEN: Final = (BatchState.REFUSED, BatchState.PARTLY)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledgements:
    """Takes what a person says at a door that knows the person, or that the request names."""

    taking: Acknowledging

    def answer(self, asked: AcknowledgeBatch) -> Json:
        """Takes the answer in a request; what it did, as ``acknowledge.shown``. Raises ``Rejected`` and ``Refused``."""
        actor = self.taking.actor
        answer = asked.answer
        if answer.outcome is not Outcome.VOIDED_THERE:
            must_be_allowed(actor, asked)
        elif not actor.may(Role.ADMINISTRATOR):
            told = (
                f"{actor.name or 'who asks'} needs the role {Role.ADMINISTRATOR} to say that a batch was voided there"
            )
            raise Refused(PostingFailure.ROLE_MISSING, told)
        must_be_of_own(actor, asked)
        return shown(self.taking.take(answer), answer)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Has batches delivered by the function that does it: a large one takes longer than a person waits."""

    batches: LedgerBatches
    bus: Bus
    at: str
    actor: Actor

    def ask(self, asked: DeliverBatch) -> Json:
        """Asks for a delivery.

        Raises ``Refused`` without the role or where the batch cannot be delivered as it is, ``Unavailable``.
        """
        must_be_allowed(self.actor, asked)
        must_be_deliverable(asked.batch, self.batches.get(asked.batch))
        requested = LedgerDeliveryRequested(
            company=asked.company,
            kind=asked.kind,
            number=asked.number,
            format=asked.format,
            actor=self.actor.id or None,
            actor_name=self.actor.name or None,
            how=self.actor.how,
        )
        if self.bus.publish([requested.on_bus(self.at, f"{asked.batch}#{asked.format}")]):
            raise Unavailable("the bus did not take the request")
        return {"outcome": "asked"}


@dataclass(frozen=True, slots=True)
class Builds:
    """Has batches made by the function that does it: it takes minutes, and it alone writes their files."""

    setup: FinanceSetup
    bus: Bus
    at: str
    actor: Actor

    def ask(self, asked: BuildBatches) -> Json:
        """Asks for batches. Raises ``Refused`` without the role, ``Rejected`` for no such company, ``Unavailable``."""
        must_be_allowed(self.actor, asked)
        if asked.company is not None and asked.company not in self.setup.document.companies:
            raise Rejected(RejectReason.SCHEMA, unknown_company(asked.company).detail)
        who = self.actor
        requested = LedgerBatchesRequested(
            company=asked.company, kind=asked.kind, actor=who.id or None, actor_name=who.name or None, how=who.how
        )
        if self.bus.publish([requested.on_bus(self.at, f"{asked.company}#{asked.kind}")]):
            raise Unavailable("the bus did not take the request")
        return {"outcome": "asked"}


@dataclass(slots=True)
class Inbox:
    """What a message or a request about batches does. ``counts`` says what somebody has to see, by metric."""

    batches: LedgerBatches
    answers: BatchAnswers
    reader: BatchReader
    acknowledging: Callable[[str, Actor], Acknowledging]
    delivering: Callable[[str, Actor], Delivering]
    counts: dict[str, int] = field(default_factory=dict)

    def message(self, event: Mapping[str, Any]) -> Json:
        """What a message of the queue does. Raises what is to be tried again."""
        kind, at = event.get("detail-type"), str(event["time"])
        try:
            if kind == LedgerBatchReady.TYPE:
                ready = LedgerBatchReady.of(event)
                return self._deliver_all(BatchId(ready.company, BatchKind(ready.kind), ready.number), at)
            if kind == LedgerDeliveryRequested.TYPE:
                asked = LedgerDeliveryRequested.of(event)
                request = DeliverBatch.of(asked.as_detail())
                return self._deliver(request, at, who_asks(asked))
            said = self._file(event["detail"]) if kind == OBJECT_CREATED else event["detail"]
            answer = answer_of(said)
        except BucketRefused:
            raise  # nothing is wrong with the message
        except Rejected as rejected:
            return self._unreadable(event, rejected, at)
        return self._told(self.acknowledging(at, BY_EVENT).take(answer), answer)

    def request(self, detail: Mapping[str, Any], at: str, id: str | None = None) -> Json:
        """What a call by hand does: ``{"deliver": …}`` or ``{"acknowledge": …}``. ``id``: of the call."""
        try:
            if "deliver" in detail:
                request = DeliverBatch.of(detail["deliver"])
                return self._deliver(request, at, person(request.actor), id)
            asked = AcknowledgeBatch.of(detail.get("acknowledge"))
            taking = self.acknowledging(at, person(asked.actor))
            return self._seen(Acknowledgements(taking).answer(asked), asked.answer) | asked.signed
        except Rejected as rejected:
            return refused_answer(detail, rejected.reason, rejected.detail)
        except Refused as refused:
            return refused_answer(detail, refused.reason, refused.detail)

    def _deliver_all(self, id: BatchId, at: str) -> Json:
        try:
            made = self.delivering(at, BY_EVENT).automatically(id)
        except Refused as refused:
            self._count("LedgerDeliveriesRefused")
            return {"outcome": f"refused: {refused.detail}"}
        return {"outcome": "delivered", "deliveries": len(made)}

    def _deliver(self, asked: DeliverBatch, at: str, who: Actor, id: str | None = None) -> Json:
        try:
            delivering = replace(self.delivering(at, who), request=id)
            made = delivering.deliver(asked.batch, asked.format)
        except Refused as refused:
            self._count("LedgerDeliveriesRefused")
            return refused_answer({"deliver": asked.as_detail()}, refused.reason, refused.detail) | asked.signed
        batch = self.batches.get(asked.batch)
        shown_as = delivery_row(batch, made) if batch else {}
        return {"outcome": "delivered", **shown_as} | asked.signed

    def _told(self, taken: Taken, answer: Answer) -> Json:
        return self._seen(shown(taken, answer), answer)

    def _seen(self, report: Json, answer: Answer) -> Json:
        if "refused" in report:
            self._count("LedgerAnswersNotTaken")
        elif report["outcome"] == "applied" and report["state"] in _OPEN and answer.outcome is not Outcome.RECEIVED:
            self._count("LedgerBatchesRefused")
        return report

    def _file(self, detail: Mapping[str, Any]) -> Json:
        """The answer in a file beside a batch: the folder says which batch it is about."""
        key = str(detail["object"]["key"])
        return answer_in_file(key, self.reader.text(key, MOST_BYTES))

    def _unreadable(self, event: Mapping[str, Any], rejected: Rejected, at: str) -> Json:
        self._count("LedgerAnswersNotTaken")
        text = json.dumps(event.get("detail"), default=str)
        self.answers.keep_unreadable(text, rejected.detail, at)
        return {"outcome": f"refused: {rejected.detail}"}

    def _count(self, metric: str) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + 1


def answer_in_file(key: str, text: bytes) -> Json:
    """What the file with this ``key`` says, with the batch that its folder names. Raises ``Rejected``."""
    parts = key.removeprefix(FOLDER).split("/")
    if not key.startswith(FOLDER) or len(parts) != 5:
        told = f"{key} is beside no batch: ledger/COMPANY/PERIOD/KIND/NUMBER/answer-….json"
        raise Rejected("schema", told, field="key")
    company, _, kind, number, _ = parts
    try:
        said = json.loads(text)
    except ValueError as error:
        raise Rejected("schema", f"{key} is no JSON: {error}", field="key") from None
    if not isinstance(said, dict):
        raise Rejected("schema", f"{key} has no JSON object", field="key")
    named: Json = {"company": unquote(company), "kind": kind, "number": number}
    for name, value in named.items():
        given = said.get(name)
        if given is not None and str(given).lstrip("0") != value.lstrip("0"):
            raise Rejected("schema", f"{key} is about {name} {given}, and lies beside {value}", field=name)
    return {**said, **named}
