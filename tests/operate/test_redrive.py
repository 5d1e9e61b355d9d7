"""``invoicing redrive``: what was given up comes again, to the function or to the queue that feeds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local import engines
from local.cli import main
from local.queues import letter
from operate import redrive

EVENT = {"detail-type": "IntegrationJournalPosted", "detail": {"company": "USPM", "journal_id": "USPM-000001"}}


class Lambda:
    def __init__(self) -> None:
        self.called: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> None:
        self.called.append(request)


class Stack:
    """The queues of a stack called ``trial``, and its functions as far as anybody calls them."""

    def __init__(self) -> None:
        self.sqs = boto3.client("sqs")
        self.functions = Lambda()

    def has(self, queue: str, *bodies: str) -> str:
        url = self.sqs.create_queue(QueueName=f"trial-{queue}")["QueueUrl"]
        for body in bodies:
            self.sqs.send_message(QueueUrl=url, MessageBody=body)
        return url

    def bodies(self, url: str) -> list[Any]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    with engines.running("moto"):
        made = Stack()
        client = boto3.client
        monkeypatch.setattr(boto3, "client", lambda name, **_: made.functions if name == "lambda" else client(name))
        yield made


def test_a_failed_invocation_is_called_again(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    letters = stack.has("staging-import-dead-letters", letter("staging_import", EVENT, "Unavailable: busy"))

    assert main(["redrive", "staging_import", "--stack-prefix", "trial"]) == 0

    (call,) = stack.functions.called
    assert (call["FunctionName"], call["InvocationType"]) == ("trial-staging-import", "Event")
    assert json.loads(call["Payload"]) == EVENT
    assert stack.bodies(letters) == []
    assert "called again: IntegrationJournalPosted USPM USPM-000001 (Unavailable: busy)" in capsys.readouterr().out


def test_what_was_never_delivered_goes_to_the_queue_that_feeds_the_function_else_to_the_function(stack: Stack) -> None:
    queue = stack.has("actuals-sync")
    stack.has("actuals-sync-dead-letters", json.dumps(EVENT))
    stack.has("staging-import-dead-letters", json.dumps(EVENT))

    assert main(["redrive", "actuals_sync", "--stack-prefix", "trial"]) == 0
    assert main(["redrive", "staging_import", "--stack-prefix", "trial"]) == 0

    assert stack.bodies(queue) == [EVENT]
    assert [json.loads(call["Payload"]) for call in stack.functions.called] == [EVENT]


def test_records_of_a_stream_are_left_to_the_sweep(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    lost = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {"shardId": "s"}}
    letters = stack.has("outbox-relay-dead-letters", json.dumps(lost))

    assert main(["redrive", "outbox_relay", "--stack-prefix", "trial"]) == 0

    assert not stack.functions.called
    assert stack.bodies(letters) == []
    assert "left to the sweep" in capsys.readouterr().out


def test_showing_leaves_everything_where_it_is(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    letters = stack.has("staging-import-dead-letters", json.dumps(EVENT))

    assert main(["redrive", "staging_import", "--stack-prefix", "trial", "--show"]) == 0

    assert stack.bodies(letters) == [EVENT]
    assert capsys.readouterr().out == "IntegrationJournalPosted USPM USPM-000001\n"


def test_a_letter_that_cannot_be_sent_stays_on_the_queue(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = stack.has("staging-import-dead-letters", json.dumps(EVENT))
    monkeypatch.setattr(stack.functions, "invoke", lambda **_: pytest.fail("no answer"))

    with pytest.raises(pytest.fail.Exception):
        main(["redrive", "staging_import", "--stack-prefix", "trial"])

    assert stack.bodies(letters) == [EVENT], "and is seen by others at once"


def test_no_letters_and_no_such_function_are_told_apart(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.has("explain-dead-letters")

    assert main(["redrive", "explain", "--stack-prefix", "trial"]) == 0
    assert main(["redrive", "explian", "--stack-prefix", "trial"]) == 2

    printed = capsys.readouterr()
    assert printed.out == "explain has no dead letters\n"
    assert "there is no queue trial-explian-dead-letters" in printed.err


def test_letters_that_an_interrupted_redrive_has_not_reached_can_be_read_at_once(stack: Stack) -> None:
    letters = stack.has("staging-import-dead-letters", *(letter("staging_import", EVENT, str(n)) for n in range(3)))
    running = redrive.run(redrive.Options("staging_import", "trial"))
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert len(stack.bodies(letters)) == 2
    assert len(stack.functions.called) == 1
