"""Sends a function its dead letters again, once their cause is fixed (D-054): ``invoicing redrive``.

Every function is safe to repeat, so a letter is sent first and taken off the queue after: whoever dies in between sends
it twice. A letter that fails again comes back to the queue, and its alarm with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import ClientError

from operate.invalid_input import InvalidInput
from operate.messages import MOST_MESSAGES, name_of
from project_invoicing.set_aside import Defect, guarded

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_WHILE_READ: Final = 300
"""Seconds for which a letter is hidden from other readers while it is sent."""
_ABSENT: Final = "QueueDoesNotExist"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``show``: only show what is there; all of it stays on the queue."""

    function: str
    stack_prefix: str
    show: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter: the ``event`` in it, ``error`` that it ended with, and what was done, nothing where it was shown."""

    event: str
    error: str = ""
    done: str = ""

    def __str__(self) -> str:
        what = " ".join(part for part in (self.event, self.error and f"({self.error})") if part)
        return f"{self.done}: {what}" if self.done else what


def run(options: Options) -> Iterator[Letter]:
    """Gives each letter once it is dealt with. Raises ``InvalidInput``."""
    sqs = boto3.client("sqs")
    name = f"{options.stack_prefix}-{options.function.replace('_', '-')}"
    letters = _url(sqs, f"{name}-dead-letters")
    if letters is None:
        where = f"in {sqs.meta.region_name} there is no queue {name}-dead-letters"
        raise InvalidInput([f"{where}; check the function's name, --stack, AWS_REGION and AWS_PROFILE"])
    with _released(sqs, letters) as held:
        held += list(_messages(sqs, letters))
        yield from _dealt_with(sqs, letters, name, held, show=options.show)


def _dealt_with(sqs: SQSClient, letters: str, name: str, held: list[Any], *, show: bool) -> Iterator[Letter]:
    """Each letter, which is held no longer once it is off its queue."""
    own = _url(sqs, name)
    for message in list(held):
        body: Json | Defect = guarded("dead letter", message["MessageId"], json.loads, message["Body"])
        if isinstance(body, Defect):
            yield Letter(f"dead letter {message['MessageId']} is not JSON", done="left where it is")
            continue
        if show:
            yield _letter(body)
            continue
        done = _sent(sqs, name, own, body)
        sqs.delete_message(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"])
        held.remove(message)
        yield _letter(body, done)


@contextmanager
def _released(sqs: SQSClient, letters: str) -> Iterator[list[Any]]:
    """Letters that are still there at the end, whatever ended it, are seen by others at once."""
    held: list[Any] = []
    try:
        yield held
    finally:
        for message in held:
            sqs.change_message_visibility(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def _sent(sqs: SQSClient, function: str, own_queue: str | None, body: Json) -> str:
    """Calls the function again, or puts the message back on the function's queue. Says which."""
    if "DDBStreamBatchInfo" in body:
        return "left to the sweep of outbox_relay"  # it has no payload, and the outbox is swept every five minutes
    event = body.get("requestPayload")
    if event is None and own_queue:
        sqs.send_message(QueueUrl=own_queue, MessageBody=json.dumps(body))
        return "queued again"
    payload = json.dumps(body if event is None else event)
    boto3.client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    return "called again"


def _letter(body: Json, done: str = "") -> Letter:
    event: Mapping[str, Any] = body.get("requestPayload", body)
    error = (body.get("responsePayload") or {}).get("errorMessage", "")
    return Letter(name_of(event) or "records of a stream", str(error), done)


def _messages(sqs: SQSClient, url: str) -> Iterator[Any]:
    """Everything that is on the queue now. What fails again meanwhile is left for the next run."""
    while got := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES, VisibilityTimeout=_WHILE_READ, WaitTimeSeconds=1
    ).get("Messages"):
        yield from got


def _url(sqs: SQSClient, name: str) -> str | None:
    try:
        return sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except ClientError as error:
        if _ABSENT in error.response["Error"]["Code"] or "NonExistentQueue" in error.response["Error"]["Code"]:
            return None
        raise
