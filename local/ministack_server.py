"""Ministack with one repair; runs in ministack's own environment and imports nothing of ours.

Ministack 1.5.33 drops the ``Time`` of a PutEvents entry and stamps the event with its own clock. EventBridge delivers
the time it was given, and our functions read no other clock.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.app import main  # type: ignore[import-not-found]
from ministack.services import eventbridge  # type: ignore[import-not-found]

_put_events = eventbridge._put_events  # noqa: SLF001
_given: float | None = None


def put_events(request: dict[str, Any], **options: Any) -> Any:
    """One entry at a time, each under its own clock. Ministack serves requests in one thread."""
    global _given  # noqa: PLW0603
    entries = request.get("Entries", [])
    if len(entries) > 10:
        return _put_events(request, **options)
    answers = []
    for entry in entries:
        _given = entry.get("Time")
        answers.append(json.loads(_put_events({"Entries": [entry]}, **options)[2]))
    _given = None
    return eventbridge.json_response(
        {
            "FailedEntryCount": sum(answer["FailedEntryCount"] for answer in answers),
            "Entries": [one for answer in answers for one in answer["Entries"]],
        }
    )


eventbridge._put_events = put_events  # noqa: SLF001
eventbridge._now_ts = lambda: time.time() if _given is None else _given  # noqa: SLF001

if __name__ == "__main__":
    main()
