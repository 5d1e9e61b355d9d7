"""Messages on the queues of a stack: how many are read at once, and what a person calls the event in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MOST_MESSAGES: Final = 10
"""The most that ReceiveMessage and DeleteMessageBatch take."""


def name_of(event: Mapping[str, Any]) -> str:
    """What a person calls the event: its type and the document or row that it is about."""
    if "dynamodb" in event:
        return f"{event['eventName']} {event['dynamodb']['Keys']}"
    detail = event.get("detail", {})
    ids = [str(detail[name]) for name in ("company", "id", "journal_id", "proposal_id") if detail.get(name)]
    return " ".join([str(event.get("detail-type", "")), *ids])
