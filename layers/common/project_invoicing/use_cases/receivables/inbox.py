"""What reaches us about payments: events, files in the bucket of the batches, and requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.actor import BY_EVENT, Actor, person
from project_invoicing.domain.payment import Effect
from project_invoicing.domain.refusals import Refused, refused_answer
from project_invoicing.errors import Rejected
from project_invoicing.events.payments_told import TOLD
from project_invoicing.ledger_bucket import Refused as BucketRefused
from project_invoicing.rules.payment_form import payment_of, payments_in
from project_invoicing.use_cases.people import must_be_allowed
from project_invoicing.use_cases.receivables.take import Taking, shown
from project_invoicing.use_cases.requests.record_payment import RecordPayment

if TYPE_CHECKING:
    from project_invoicing.store.batch_answers import BatchAnswers
    from project_invoicing.use_cases.ledger_batches.read import BatchReader

MOST_BYTES: Final = 20_000_000
"""Of a file."""
METRIC: Final = "PaymentsNotTaken"
_WRONG: Final = (Effect.SET_ASIDE, Effect.REFUSED)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Payments:
    """Takes what a person says at a door that knows the person, or that the request names."""

    taking: Taking

    def record(self, asked: RecordPayment) -> Json:
        """What it did, as ``take.shown``. Raises ``Rejected``, and ``Refused`` without the role."""
        must_be_allowed(self.taking.actor, asked)
        return shown(self.taking.take(asked.payment))


@dataclass(slots=True)
class PaymentInbox:
    """``counts`` says what somebody has to see, by metric. ``unreadable`` keeps what is no payment."""

    taking: Callable[[str, Actor], Taking]
    reader: BatchReader
    unreadable: BatchAnswers
    counts: dict[str, int] = field(default_factory=dict)

    def message(self, event: Mapping[str, Any]) -> Json:
        """What a message of the queue does. Raises what is to be tried again."""
        at = str(event["time"])
        if event.get("detail-type") == TOLD:
            return self._one(self.taking(at, BY_EVENT), event["detail"], at)
        return self._file(str(event["detail"]["object"]["key"]), at)

    def request(self, given: object, at: str) -> Json:
        """What a call by hand does: ``{"payment": …}``."""
        try:
            asked = RecordPayment.of(given)
            return self._seen(Payments(self.taking(at, person(asked.actor))).record(asked)) | asked.signed
        except (Rejected, Refused) as refused:
            return refused_answer({"payment": given}, refused.reason, refused.detail)

    def _file(self, key: str, at: str) -> Json:
        """Each row by itself: one that cannot be read or counts nowhere holds up no other."""
        try:
            rows = list(payments_in(key, self.reader.text(key, MOST_BYTES)))
        except BucketRefused:
            raise  # nothing is wrong with the file
        except Rejected as rejected:
            return self._kept(key, rejected, at)
        taking, outcomes = self.taking(at, BY_EVENT), dict[str, int]()
        for line, row in rows:
            done = str(self._one(taking, row, at, f"{key} line {line}: ")["outcome"])
            outcomes[done] = outcomes.get(done, 0) + 1
        return {"outcome": "read", "rows": len(rows), "outcomes": outcomes}

    def _one(self, taking: Taking, said: object, at: str, where: str = "") -> Json:
        try:
            return self._seen(shown(taking.take(payment_of(said))))
        except Rejected as rejected:
            return self._kept(said, rejected, at, where)

    def _kept(self, said: object, rejected: Rejected, at: str, where: str = "") -> Json:
        self._count()
        self.unreadable.keep_unreadable(json.dumps(said, default=str), f"{where}{rejected.detail}", at)
        return {"outcome": "unreadable", "detail": f"{where}{rejected.detail}"}

    def _seen(self, report: Json) -> Json:
        if report["outcome"] in _WRONG:
            self._count()
        return report

    def _count(self) -> None:
        self.counts[METRIC] = self.counts.get(METRIC, 0) + 1
