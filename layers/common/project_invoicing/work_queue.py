"""Hands work to other workers through a queue (D-016, D-035)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.chunks import chunks
from project_invoicing.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

MAX_ENTRIES = 10
MAX_DELAY = 900


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """An SQS queue of tasks."""

    client: SQSClient
    url: str

    def send(self, tasks: Iterable[Mapping[str, Any]], delay: int = 0) -> int:
        """Sends one message per task, ten a request, delivered after ``delay`` seconds (900 at most). Returns how many.

        Raises ``Unavailable`` where the queue did not take them all; sending them again may duplicate some.
        """
        sent, seconds = 0, min(delay, MAX_DELAY)
        for chunk in chunks(tasks, MAX_ENTRIES):
            entries: Any = [
                {"Id": str(n), "MessageBody": json.dumps(task, separators=(",", ":")), "DelaySeconds": seconds}
                for n, task in enumerate(chunk)
            ]
            try:
                answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            except (ClientError, BotoCoreError) as error:
                raise Unavailable(f"the queue {self.url} did not take {len(chunk)} messages: {error}") from error
            if failed := answer.get("Failed"):
                raise Unavailable(f"the queue {self.url} did not take {len(failed)} of {len(chunk)} messages")
            sent += len(chunk)
        return sent
