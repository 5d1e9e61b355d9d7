"""Webhooks: what Dataverse's asynchronous service does with committed changes.

    webhooks = Webhooks(rows, post_over_http("http://127.0.0.1:8080/webhook"), [Step("invoice", "Update")], key)
    rows.update("invoice", ...)
    webhooks.deliver()          # posts what waits, and says what failed

Steps run after the commit, in system jobs without a promised order. The sender reads only the status: it tries once
more on 502, 503 and 504, and any other failure leaves a failed system job, which nobody repeats.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, Literal
from urllib.parse import urlencode, urlsplit

from dataverse_standin.contexts import LARGEST_MESSAGE, Context, Images, Organization, multiple, single, stripped
from dataverse_standin.messages import to_json
from dataverse_standin.metadata import TABLES, Table
from dataverse_standin.rows import Change, Rows

StepMessage = Literal["Create", "Update", "Delete", "CreateMultiple", "Merge"]

TRIED_AGAIN: Final = frozenset({502, 503, 504})
TIMEOUT_SECONDS: Final = 60
IMAGE: Final = "AsynchronousStepPrimaryName"


@dataclass(frozen=True, slots=True)
class Post:
    """One HTTP POST.

    ``query`` is what comes after the ``?`` of the registered URL, empty where it is a header
    that authenticates.
    """

    query: str
    headers: Mapping[str, str]
    body: bytes


Deliver = Callable[[Post], int]
"""Sends a post and gives the HTTP status. Raises ``OSError`` where nobody answers."""


@dataclass(frozen=True, slots=True)
class HttpHeader:
    """Authentication by headers of any name."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WebhookKey:
    """Authentication by ``?code=``."""

    key: str


@dataclass(frozen=True, slots=True)
class HttpQueryString:
    """Authentication by query parameters of any name."""

    parameters: Mapping[str, str]


Authentication = HttpHeader | WebhookKey | HttpQueryString


@dataclass(frozen=True, slots=True)
class Step:
    """What a webhook is registered for. An Update may be filtered by ``columns``, of which one must be written.

    ``pre_image`` and ``post_image`` are the names of the images; Dataverse gives no pre image of a Create and no post
    image of a Delete. ``image_columns`` are those of the images, all where none are named. What is not ``asynchronous``
    or not ``enabled`` is only registered so: it shows in the definitions, and is sent like the others.
    """

    entity: str
    message: StepMessage
    columns: frozenset[str] = frozenset()
    pre_image: str | None = IMAGE
    post_image: str | None = IMAGE
    image_columns: frozenset[str] = frozenset()
    asynchronous: bool = True
    enabled: bool = True

    def takes(self, change: Change) -> bool:
        if (change.entity, change.message) != (self.entity, self.message.removesuffix("Multiple")):
            return False
        return change.message != "Update" or not self.columns or not self.columns.isdisjoint(change.changed)


@dataclass(frozen=True, slots=True)
class Registration:
    """A webhook as an administrator has registered it."""

    name: str
    url: str
    steps: tuple[Step, ...]


class JobState(StrEnum):
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"


@dataclass(slots=True)
class SystemJob:
    """One message to one webhook: what became of it, and after how many tries."""

    step: Step
    ids: tuple[str, ...]
    context: Context
    state: JobState = JobState.WAITING
    tries: int = 0
    error: str = ""


@dataclass(slots=True)
class DeliveryFaults:
    """What goes wrong on the way, by chance: shares between 0 and 1 of messages ``lost`` and ``doubled``."""

    random: Random
    lost: float = 0.0
    doubled: float = 0.0
    reordered: bool = False


class Webhooks:
    """The steps of one webhook over ``rows``. Nothing is sent before ``deliver``, which tests call when they like."""

    def __init__(
        self,
        rows: Rows,
        deliver: Deliver,
        steps: Iterable[Step],
        authentication: Authentication,
        *,
        sender: Organization | None = None,
        tables: Mapping[str, Table] = TABLES,
        faults: DeliveryFaults | None = None,
    ) -> None:
        self._deliver = deliver
        self._steps = tuple(steps)
        for step in self._steps:
            if step.entity not in tables:
                raise ValueError(f"{step.entity}: a step is for one of {', '.join(tables)}")
        self._authentication = authentication
        self._sender = sender or Organization()
        self._tables = tables
        self._faults = faults
        self._lock = threading.Lock()
        self._collected: dict[str, list[Change]] = {}
        self._waiting: list[SystemJob] = []
        self.jobs: list[SystemJob] = []
        """All jobs so far, in the order of their changes."""
        rows.observers.append(self._observe)

    @property
    def failed(self) -> list[SystemJob]:
        """The system jobs that an administrator would find failed."""
        return [job for job in self.jobs if job.state is JobState.FAILED]

    def deliver(self) -> list[SystemJob]:
        """Sends what waits, with what that brings about, and gives the jobs that were done."""
        done: list[SystemJob] = []
        while waiting := self._taken():
            for job in waiting:
                self._run(job)
            done += waiting
        return done

    def _observe(self, change: Change) -> None:
        with self._lock:
            for step in self._steps:
                if step.message != "CreateMultiple" and step.takes(change):
                    images = Images(step.pre_image, step.post_image)
                    context = single(change, self._tables[change.entity], images, self._sender)
                    self._add(SystemJob(step, (change.id,), context))
            if change.message == "Create":
                self._collect(change)

    def _collect(self, change: Change) -> None:
        collected = self._collected.setdefault(change.operation, [])
        collected.append(change)
        if len(collected) < change.operation_size:
            return
        del self._collected[change.operation]
        for step in self._steps:
            if step.message == "CreateMultiple" and step.takes(change):
                images = Images(None, step.post_image)
                context = multiple(collected, self._tables[change.entity], images, self._sender)
                self._add(SystemJob(step, tuple(each.id for each in collected), context))

    def _add(self, job: SystemJob) -> None:
        self.jobs.append(job)
        self._waiting.append(job)

    def _taken(self) -> list[SystemJob]:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if self._faults is not None and self._faults.reordered:
            self._faults.random.shuffle(waiting)
        return waiting

    def _run(self, job: SystemJob) -> None:
        faults = self._faults
        if faults is not None and faults.random.random() < faults.lost:
            job.state = JobState.LOST
            return
        post = self._post(job)
        self._send(job, post)
        if faults is not None and faults.random.random() < faults.doubled:
            self._send(job, post)

    def _send(self, job: SystemJob, post: Post) -> None:
        for _ in range(2):
            job.tries += 1
            try:
                status = self._deliver(post)
            except OSError as error:
                job.state, job.error = JobState.FAILED, f"The webhook could not be reached: {error}"
                return
            if 200 <= status < 300:
                job.state, job.error = JobState.SUCCEEDED, ""
                return
            job.state, job.error = JobState.FAILED, f"The webhook answered {status}."
            if status not in TRIED_AGAIN:
                return

    def _post(self, job: SystemJob) -> Post:
        context = job.context
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "x-ms-dynamics-organization": self._sender.host,
            "x-ms-dynamics-entity-name": context["PrimaryEntityName"],
            "x-ms-dynamics-request-name": context["MessageName"],
            "x-ms-correlation-request-id": context["CorrelationId"],
        }
        body = to_json(context).encode()
        if len(body) > LARGEST_MESSAGE:
            headers["x-ms-dynamics-msg-size-exceeded"] = "true"
            body = to_json(stripped(context)).encode()
        match self._authentication:
            case HttpHeader(more):
                return Post("", {**headers, **more}, body)
            case WebhookKey(key):
                return Post(urlencode({"code": key}), headers, body)
            case HttpQueryString(parameters):
                return Post(urlencode(parameters), headers, body)


def post_over_http(url: str, timeout: float = TIMEOUT_SECONDS) -> Deliver:
    """Posts to ``url`` (http) and reads the status, as Dataverse does."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname is None:
        raise ValueError(f"{url!r}: the stand-in posts to an http:// address of this machine")
    host, path = parts.hostname, parts.path or "/"

    def deliver(post: Post) -> int:
        connection = http.client.HTTPConnection(host, parts.port, timeout=timeout)
        try:
            target = f"{path}?{post.query}" if post.query else path
            connection.request("POST", target, post.body, dict(post.headers))
            return connection.getresponse().status
        except http.client.HTTPException as error:
            raise ConnectionError(f"{url} gave no HTTP response: {error!r}") from error
        finally:
            connection.close()

    return deliver
