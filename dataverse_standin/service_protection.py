"""Service protection: 429 with ``Retry-After`` for a user who asks for too much, by the real limits or on purpose."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from dataverse_standin.messages import WebApiError
from dataverse_standin.settings import Limits, Settings

REQUESTS: Final = "0x80072322"
EXECUTION: Final = "0x80072321"
CONCURRENT: Final = "0x80072326"

_TEXTS: Final = {
    REQUESTS: "Number of requests exceeded the limit of {requests} over time window of {window:.0f} seconds.",
    EXECUTION: (
        "Combined execution time of incoming requests exceeded limit of {milliseconds:,.0f} milliseconds over time "
        "window of {window:.0f} seconds. Decrease number of concurrent requests or reduce the duration of requests and "
        "try again later."
    ),
    CONCURRENT: "Number of concurrent requests exceeded the limit of {concurrent}.",
}


class ServiceProtection:
    """Counts the requests of the one user that the stand-in knows. A batch is one request, as in Dataverse."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._requests = 0
        self._batches = 0
        self._running = 0
        self._began: deque[float] = deque()
        self._took: deque[tuple[float, float]] = deque()

    @contextmanager
    def request(self, *, is_batch: bool) -> Iterator[None]:
        """Around the work of one request. Raises ``WebApiError`` (429) instead of letting it begin."""
        began = self._settings.seconds()
        limits = self._settings.limits
        with self._lock:
            self._refuse_on_purpose(is_batch=is_batch)
            if limits is not None:
                self._refuse_too_much(limits, began)
                self._began.append(began)
            self._running += 1
        try:
            yield
        finally:
            ended = self._settings.seconds()
            with self._lock:
                self._running -= 1
                if limits is not None:
                    self._took.append((ended, ended - began))

    def _refuse_on_purpose(self, *, is_batch: bool) -> None:
        faults = self._settings.faults
        self._requests += 1
        self._batches += is_batch
        requests, batches = faults.throttle_every_request, faults.throttle_every_batch
        if (requests and self._requests % requests == 0) or (is_batch and batches and self._batches % batches == 0):
            raise _too_many(faults.throttle_code, self._settings.limits or Limits(), faults.retry_after)

    def _refuse_too_much(self, limits: Limits, now: float) -> None:
        while self._began and self._began[0] <= now - limits.window:
            self._began.popleft()
        while self._took and self._took[0][0] <= now - limits.window:
            self._took.popleft()
        if len(self._began) >= limits.requests:
            raise _too_many(REQUESTS, limits, self._began[0] + limits.window - now)
        if sum(seconds for _, seconds in self._took) >= limits.execution_seconds:
            raise _too_many(EXECUTION, limits, self._took[0][0] + limits.window - now)
        if self._running >= limits.concurrent:
            raise _too_many(CONCURRENT, limits, 1)


def _too_many(code: str, limits: Limits, seconds: float) -> WebApiError:
    text = _TEXTS.get(code, "Too many requests.").format(
        requests=limits.requests,
        window=limits.window,
        milliseconds=limits.execution_seconds * 1_000,
        concurrent=limits.concurrent,
    )
    return WebApiError(429, code, text, headers={"Retry-After": str(max(1, math.ceil(seconds)))})
