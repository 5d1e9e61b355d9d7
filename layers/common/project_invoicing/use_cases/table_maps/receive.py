"""What Dataverse's webhook sends: who may send it, what it contains, one bus event per row.

An answer of 200 means that every row of the message is on the bus, kept as rejected, or of no interest to any consumer.
Dataverse retries only on 502, 503 and 504, so anything that may succeed later is answered with 503 (D-040).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.bus import Bus, fitting
from project_invoicing.dataverse.context import parse_json, row_events, stripped_event
from project_invoicing.dataverse.found_rows import inbound_maps
from project_invoicing.dataverse.maps import MASTER_TABLES
from project_invoicing.dataverse.row_events import DELETE
from project_invoicing.dataverse.webhook_keys import (
    UnauthorizedError,
    WebhookKeys,
    read_keys,
    shows_key,
    signature_of,
)
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.events import BusEvent
from project_invoicing.secrets import Secret

if TYPE_CHECKING:
    from project_invoicing.store.signatures import Signatures
    from project_invoicing.store.staging import Staging

MAX_BODY_BYTES: Final = 1024 * 1024
"""Above 256 KB, Dataverse itself leaves the rows out."""
STRIPPED_HEADER: Final = "x-ms-dynamics-msg-size-exceeded"


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP request: header names in lower case, the body as received, and when, in seconds since 1970."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    at: float

    @property
    def time(self) -> str:
        return utc_text(datetime.fromtimestamp(self.at, UTC))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the body for the sender. ``counts``: how many rows were published, kept as rejected or ignored."""

    status: int
    body: dict[str, Any]
    counts: dict[str, int] = field(default_factory=dict)


class UnreadableSecretError(Exception):
    """The secret with the webhook's keys is malformed: a defect of the deployment."""


class Webhook:
    """Receives messages, each by itself. Few need a table: ``signatures`` and ``staging`` are built on demand."""

    def __init__(
        self, secret: Secret, signatures: Callable[[], Signatures], staging: Callable[[], Staging], bus: Bus
    ) -> None:
        self.secret = secret
        self.signatures = signatures
        self.staging = staging
        self.bus = bus

    def receive(self, message: Message) -> Answer:
        """Handles one message. A fault in it or in this service is in the answer: 401, 413, 422 or 503.

        Everything publishable is published before rejected rows are kept: one oversized row cannot hold back the rest.
        """
        signature = None
        try:
            keys = self._keys(message)
            if len(message.body) > MAX_BODY_BYTES:
                return _too_large(f"the body has {len(message.body)} bytes, and {MAX_BODY_BYTES} is the most")
            signature = self._claimed_signature(keys, message)
            return self._taken(message)
        except UnauthorizedError as refused:
            return Answer(401, {"error": "unauthorized", "detail": str(refused)})
        except Rejected as too_large:
            return _too_large(too_large.detail)
        except (Conflict, Unavailable):
            if signature is not None:
                self._release(signature)
            return Answer(503, {"error": "unavailable", "detail": "not all rows were taken; send the message again"})

    def _keys(self, message: Message) -> WebhookKeys:
        """The keys, if the message shows one of them. Checks once more for keys that were exchanged just now."""
        for read in (self.secret.text, self.secret.newer):
            text = read()
            if text is None:
                break
            try:
                keys = read_keys(text)
            except ValueError as error:
                raise UnreadableSecretError(str(error)) from None
            if shows_key(keys, message.headers, message.query):
                return keys
        raise UnauthorizedError("the key of the webhook is missing or wrong")

    def _claimed_signature(self, keys: WebhookKeys, message: Message) -> str | None:
        signature = signature_of(keys, message.headers, message.body, message.at)
        if signature is not None and not self.signatures().claim(signature, message.at):
            raise UnauthorizedError("this signed message was received before; sign it again to send it again")
        return signature

    def _release(self, signature: str) -> None:
        """Best effort: where it fails, the sender signs again."""
        with suppress(Unavailable):
            self.signatures().release(signature)

    def _taken(self, message: Message) -> Answer:
        try:
            context = parse_json(message.body)
        except Rejected as rejected:
            return self._refused(rejected, _unreadable(message.body), message)
        entity = context.get("PrimaryEntityName") if isinstance(context, dict) else None
        if isinstance(entity, str) and entity and entity not in inbound_maps():
            return Answer(200, {"published": 0, "rejected": 0, "ignored": 1}, {"ignored": 1})
        kept = context if isinstance(context, dict) else {"body": context}
        refused: list[Rejected] = []
        try:
            events = _events(context, message, refused)
        except Rejected as rejected:
            return self._refused(rejected, kept, message)
        if refused and not events:
            return self._refused(refused[0], kept, message)
        large = self._published(events)
        if refused:
            self._keep(refused[0], kept, message)
        for refusal, detail in large:
            self.staging().reject(refusal, detail, message.time)
        rejected_rows = len(refused) + len(large)
        counts = {"published": len(events) - len(large), "rejected": rejected_rows, "ignored": 0}
        return Answer(200, counts, counts)

    def _published(self, events: list[BusEvent]) -> list[tuple[Rejected, dict[str, Any]]]:
        """Puts events on the bus; returns the rows that are too large for it, each with its refusal."""
        fit, large = fitting(events)
        if self.bus.publish(fit):
            raise Unavailable("the bus did not take every row of a message")
        return large

    def _refused(self, rejected: Rejected, kept: Mapping[str, Any], message: Message) -> Answer:
        """422, once the message is kept."""
        self._keep(rejected, kept, message)
        body = {"error": str(rejected.reason), "detail": rejected.detail, "field": rejected.field}
        return Answer(422, body, {"rejected": 1})

    def _keep(self, rejected: Rejected, kept: Mapping[str, Any], message: Message) -> None:
        """Keeps the whole message, under a version that tells one body from another.

        Raises ``Rejected`` for a message that no item can hold.
        """
        self.staging().reject(rejected, kept, message.time, version=sha256(message.body).hexdigest()[:32])


def _events(context: Any, message: Message, refused: list[Rejected]) -> list[BusEvent]:
    """The events of a message's rows, or the event that asks for rows it does not contain."""
    try:
        events = row_events(context, message.time, refused)
    except Rejected as rejected:
        if rejected.reason == RejectReason.TOO_LARGE or STRIPPED_HEADER in message.headers:
            return [stripped_event(context, message.time)]
        raise
    # A deleted row without its image has only an id, whether Dataverse or the registration left the image out.
    whole = (event.detail["row"] or _is_enough(event) for event in events)
    return [
        event if is_whole else stripped_event(context, message.time)
        for event, is_whole in zip(events, whole, strict=True)
    ]


def _is_enough(event: BusEvent) -> bool:
    """Whether an id says all: that a row of master data is deleted."""
    return event.detail["message"] == DELETE and event.detail["entity"] in MASTER_TABLES


def _unreadable(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def _too_large(detail: str) -> Answer:
    return Answer(413, {"error": "too_large", "detail": detail}, {"rejected": 1})


def message_of(event: Mapping[str, Any]) -> Message:
    """The request in an event of an HTTP API (payload 2.0)."""
    body = event.get("body") or ""
    return Message(
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=event.get("queryStringParameters") or {},
        body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass"),
        at=event["requestContext"]["timeEpoch"] / 1000,
    )


def response_of(answer: Answer) -> dict[str, Any]:
    """The answer as an HTTP API wants it from a function."""
    return {
        "statusCode": answer.status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(answer.body),
    }
