"""The queues of an engine, and what lands in the dead-letter ones."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from operate.messages import MOST_MESSAGES, name_of
from project_invoicing.chunks import chunks
from project_invoicing.domain.calendar import utc_text

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that a function failed on for good: a defect of the stack."""

    function: str
    event: str
    error: str


def batches(sqs: SQSClient, url: str, size: int = MOST_MESSAGES, *, keep: bool = False) -> Iterator[list[Any]]:
    """Batches of up to ``size`` messages until the queue is empty, taken off it unless ``keep``.

    ``Body`` is the event, parsed.
    """
    empty = False
    while not empty:
        batch: list[Any] = []
        while len(batch) < size and not empty:
            wanted = min(MOST_MESSAGES, size - len(batch))
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=wanted, AttributeNames=["All"])
            got = answer.get("Messages", [])
            empty = len(got) < wanted
            batch += [{**message, "Body": _event(message["Body"])} for message in got]
        if batch:
            if not keep:
                delete(sqs, url, batch)
            yield batch


def delete(sqs: SQSClient, url: str, messages: Sequence[Mapping[str, Any]]) -> None:
    for some in chunks(messages, MOST_MESSAGES):
        entries: Any = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(some)]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def letter(function: str, event: Mapping[str, Any], error: str) -> str:
    """What Lambda sends to a function's on-failure destination."""
    return json.dumps(
        {
            "requestContext": {"functionArn": function, "condition": "RetriesExhausted"},
            "requestPayload": event,
            "responsePayload": {"errorMessage": error},
        }
    )


def dead_letters(sqs: SQSClient, urls: Iterable[str], known: Mapping[str, DeadLetter]) -> list[DeadLetter]:
    """Takes everything off dead-letter queues. ``known``: by message id, what is known of messages from queues."""
    return [_read(message, known) for url in urls for batch in batches(sqs, url) for message in batch]


def _read(message: Mapping[str, Any], known: Mapping[str, DeadLetter]) -> DeadLetter:
    body = message["Body"]
    if "requestPayload" in body:
        function = body["requestContext"]["functionArn"].rpartition(":")[2]
        error = body["responsePayload"].get("errorMessage", "")
        return DeadLetter(function, name_of(body["requestPayload"]), error)
    return known.get(message["MessageId"], DeadLetter("", name_of(body), "was received too often"))


def _event(body: str) -> Json:
    event: Json = json.loads(body)
    if isinstance(event.get("time"), (int, float)):  # moto delivers the number that the SDK sent
        event["time"] = utc_text(datetime.fromtimestamp(event["time"], UTC))
    return event
