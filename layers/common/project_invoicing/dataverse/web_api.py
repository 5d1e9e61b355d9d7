"""The client of Dataverse's Web API (OData v4): what the integration asks and writes, over HTTP.

Service protection allows a user 6,000 requests in 300 s (and 1,200 s of execution, which only Dataverse can count). The
client stays below the first by itself. When Dataverse throttles nevertheless, a short Retry-After is waited for here;
a longer one is the caller's, who has better to do than to wait (``Throttled``).
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from project_invoicing.chunks import chunks
from project_invoicing.dataverse import batch, odata
from project_invoicing.dataverse.api import AccessDenied, Answer, Changes, FoundRow, Patch, Throttled, TokenExpired
from project_invoicing.dataverse.context import parse_json
from project_invoicing.dataverse.tokens import Tokens
from project_invoicing.domain.text import guid
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.set_aside import Defect, guarded

ROOT: Final = "/api/data/v9.2/"
PAGE_ROWS: Final = 5_000
IDS_AT_ONCE: Final = 100
"""So that an address stays below 8 KB."""

MOST_REQUESTS: Final = 5_500
WINDOW: Final = 300
PATIENCE: Final = 10
"""How many seconds of throttling one call waits for, in all."""
UNSAID: Final = 30
"""How long to wait where Dataverse throttles and does not say how long."""

TIMEOUT: Final = urllib3.Timeout(connect=5, read=100)
_RETRIES: Final = urllib3.Retry(
    total=3,
    connect=2,
    read=1,
    redirect=0,
    status=0,
    other=0,
    allowed_methods={"GET"},  # a connection that could not be opened is tried again whatever it was for
    backoff_factor=0.2,
    respect_retry_after_header=False,
)
_LITERAL: Final = "$,()'="
_EXPIRED: Final = "0x80044352"
_UNANSWERED: Final = frozenset({408, 502, 503, 504})


class WebApi:
    """The Dataverse at ``url`` (``https://contoso.crm.dynamics.com``). See ``DataverseApi`` for what it does."""

    def __init__(
        self,
        url: str,
        tokens: Tokens,
        *,
        pool: urllib3.PoolManager | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url.rstrip("/")
        self._tokens = tokens
        self._pool = pool or urllib3.PoolManager(timeout=TIMEOUT)
        self._sleep = sleep
        self._pace = _Pace(sleep, clock)
        self._lookups: dict[str, frozenset[str]] = {}
        self._absent: dict[str, frozenset[str]] = {}

    def readable(self, entity: str, columns: Sequence[str]) -> Sequence[str]:
        newer = odata.known(entity).newer
        if newer.isdisjoint(columns):
            return columns
        if entity not in self._absent:
            page = self._page(f"{ROOT}EntityDefinitions(LogicalName='{entity}')/Attributes?$select=LogicalName")
            self._absent[entity] = newer - {item["LogicalName"] for item in page["value"]}
        return [column for column in columns if column not in self._absent[entity]]

    def rows(self, entity: str, ids: Iterable[str], columns: Sequence[str]) -> list[FoundRow]:
        found: list[FoundRow] = []
        for chunk in chunks(dict.fromkeys(ids), IDS_AT_ONCE):
            values = ",".join(f"'{id}'" for id in chunk)
            wanted = f"Microsoft.Dynamics.CRM.In(PropertyName='{odata.key(entity)}',PropertyValues=[{values}])"
            found += self._found(entity, columns, wanted)
        return found

    def matching(self, entity: str, columns: Sequence[str], column: str, value: str | int) -> Iterator[FoundRow]:
        lookups = self._lookups_of(entity, [column])
        text = "'{}'".format(value.replace("'", "''")) if isinstance(value, str) and column not in lookups else value
        return self._found(entity, columns, f"{odata.property_of(column, lookups)} eq {text}")

    def every(self, entity: str, columns: Sequence[str]) -> Iterator[FoundRow]:
        return self._found(entity, columns, None)

    def changes(self, entity: str, columns: Sequence[str], link: str | None) -> Changes:
        target = self._target(link) if link else self._query(entity, columns, None)
        try:
            page = self._page(target, track=not link)
        except Rejected as rejected:
            if link and rejected.reason.lower() == _EXPIRED:
                raise TokenExpired(f"the changes of {entity} go back too far: {rejected.detail}") from rejected
            raise
        deleted = tuple(str(item["id"]).lower() for item in page["value"] if _gone(item))
        rows = tuple(_found_rows(entity, (item for item in page["value"] if not _gone(item))))
        onward = page.get("@odata.nextLink")
        following = onward or page.get("@odata.deltaLink")
        if not following:
            raise Rejected("untracked", "Dataverse gives no delta link; switch on change tracking", entity=entity)
        return Changes(rows, deleted, str(following), complete=onward is None)

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        if not patches:
            return []
        operations = [
            batch.Operation(
                "PATCH",
                f"{ROOT}{odata.row_path(one.entity, one.id)}",
                {"Content-Type": "application/json", "If-Match": one.etag},
                odata.body_of(one.columns),
            )
            for one in patches
        ]
        if len(operations) == 1:
            (only,) = operations
            status, headers, data = self._ask(only.method, only.path, only.headers, only.body)
            return [_answer(status, headers, data)]
        content = {"Content-Type": batch.CONTENT_TYPE, "Prefer": "odata.continue-on-error"}
        answered = self._ask("POST", f"{ROOT}$batch", content, batch.written(operations, atomic=atomic))
        self._accepted(*answered)
        _, headers, data = answered
        replies = batch.read(headers.get("Content-Type", ""), data)
        if atomic and len(replies) == 1:  # a change set that failed has one answer
            replies *= len(patches)
        if len(replies) != len(patches):
            raise Unavailable(f"Dataverse answered {len(replies)} of {len(patches)} operations of a batch")
        return [_answer(reply.status, reply.headers, reply.body) for reply in replies]

    def told(self, path: str) -> Mapping[str, Any] | None:
        """What stands at ``path`` below the root: a definition, or a function's answer. ``None`` where nothing does."""
        status, headers, data = self._ask("GET", f"{ROOT}{path}", {}, None)
        if status == 404:
            return None
        self._accepted(status, headers, data)
        return _object(data)

    def listed(self, path: str) -> Iterator[Mapping[str, Any]]:
        """The items of the collection at ``path`` below the root, page by page."""
        target: str | None = f"{ROOT}{path}"
        while target:
            page = self._page(target)
            yield from page["value"]
            onward = page.get("@odata.nextLink")
            target = self._target(onward) if onward else None

    # --- questions ---

    def _found(self, entity: str, columns: Sequence[str], wanted: str | None) -> Iterator[FoundRow]:
        target: str | None = self._query(entity, columns, wanted)
        while target:
            page = self._page(target)
            yield from _found_rows(entity, page["value"])
            onward = page.get("@odata.nextLink")
            target = self._target(onward) if onward else None

    def _query(self, entity: str, columns: Sequence[str], wanted: str | None) -> str:
        options = {"$select": odata.select(entity, self.readable(entity, columns), self._lookups_of(entity, columns))}
        if wanted is not None:
            options["$filter"] = wanted
        return f"{ROOT}{odata.ENTITY_SETS[entity]}?{urlencode(options, safe=_LITERAL, quote_via=quote)}"

    def _lookups_of(self, entity: str, columns: Iterable[str]) -> frozenset[str]:
        """The look-up columns of a table. Of custom ones only Dataverse knows; it is asked once."""
        known = odata.known(entity)
        if known.custom.isdisjoint(columns):
            return known.lookups
        if entity not in self._lookups:
            kind = "Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=LogicalName"
            page = self._page(f"{ROOT}EntityDefinitions(LogicalName='{entity}')/{kind}")
            self._lookups[entity] = known.lookups | {item["LogicalName"] for item in page["value"]}
        return self._lookups[entity]

    def _page(self, target: str, *, track: bool = False) -> Any:
        preferences = [f"odata.maxpagesize={PAGE_ROWS}", f'odata.include-annotations="{odata.ANNOTATIONS}"']
        if track:
            preferences.insert(0, "odata.track-changes")
        answered = self._ask("GET", target, {"Prefer": ",".join(preferences)}, None)
        self._accepted(*answered)
        page = _object(answered[2])
        if "value" not in page:
            raise Unavailable("Dataverse answered with something else than rows")
        return page

    @staticmethod
    def _target(link: str) -> str:
        """Path and query of a link that Dataverse gave. The token goes to our own Dataverse and to nobody else."""
        parts = urlsplit(link)
        if not parts.path.startswith("/api/data/"):
            raise Rejected("schema", f"{link!r} is no link of the Web API; start again without one")
        return f"{parts.path}?{parts.query}"

    # --- requests ---

    def _accepted(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        """Raises what a refusal of the question itself means."""
        if status < 300:
            return
        answer = _answer(status, headers, data)
        if status == 403:
            raise AccessDenied(
                f"Dataverse refuses the application user ({answer}); give it a security role that may read and write "
                "actuals, transaction connections and invoices, and read the tables of the other maps that run"
            )
        if status == 412:
            raise Conflict(f"Dataverse has another version of the row: {answer}")
        if status >= 500:
            raise Unavailable(f"Dataverse failed: {answer}")
        raise Rejected(answer.code or str(status), f"Dataverse refuses the request: {answer}")

    def _ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request, with a new token or after a short wait where Dataverse asks for that."""
        waited, renewed = 0, False
        token = self._tokens.token()
        while True:
            status, found, data = self._send(method, target, headers, body, token)
            if status == 401:
                if renewed:
                    raise AccessDenied(
                        f"Dataverse takes no token of the application user ({_answer(status, found, data)}); create "
                        "it there with the client_id of the secret that DATAVERSE_CREDENTIALS names"
                    )
                renewed, token = True, self._tokens.token(renewed=True)
            elif status == 429:
                wait = retry_after(found)
                if waited + wait > PATIENCE:
                    raise Throttled(wait)
                self._sleep(wait)
                waited += wait
            elif status in _UNANSWERED:
                raise Unavailable(f"Dataverse answered {_answer(status, found, data)}")
            else:
                return status, found, data

    def _send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        fields = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "OData-MaxVersion": "4.0",
            "OData-Version": "4.0",
            **headers,
        }
        self._pace.wait()
        try:
            answer = self._pool.request(
                method, self._url + target, headers=fields, body=body, retries=_RETRIES, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"Dataverse did not answer: {type(error).__name__}") from None
        return answer.status, answer.headers, answer.data


class _Pace:
    """Keeps a process below ``MOST_REQUESTS`` in ``WINDOW`` seconds, whenever these begin."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._sent: deque[float] = deque(maxlen=MOST_REQUESTS)

    def wait(self) -> None:
        if len(self._sent) == MOST_REQUESTS and (early := self._sent[0] + WINDOW - self._clock()) > 0:
            self._sleep(early)
        self._sent.append(self._clock())


def retry_after(headers: Mapping[str, str]) -> int:
    """The seconds of ``Retry-After``, at least one."""
    text = headers.get("Retry-After") or ""
    return max(1, int(text)) if text.isascii() and text.isdigit() else UNSAID


def _found_rows(entity: str, items: Iterable[Mapping[str, Any]]) -> Iterator[FoundRow]:
    """The rows of a page. One that cannot be read is set aside, and the rest of its page goes on."""
    for item in items:
        found = guarded(entity, str(guid(item.get(odata.key(entity)))), odata.found_row, entity, item)
        if not isinstance(found, Defect):
            yield found


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        found = parse_json(data)
    except Rejected as error:
        raise Unavailable("Dataverse answered with something else than JSON") from error
    if not isinstance(found, dict):
        raise Unavailable("Dataverse answered with something else than an object")
    return found


def _gone(item: Mapping[str, Any]) -> bool:
    return str(item.get("@odata.context")).endswith("$deletedEntity")


def _answer(status: int, headers: Any, data: bytes) -> Answer:
    if status < 300:
        return Answer(status)
    code = message = None
    try:
        error = json.loads(data)["error"]
        code, message = str(error["code"]), str(error["message"])
    except (ValueError, KeyError, TypeError):
        message = "without a reason"
    return Answer(status, code, message, retry_after(headers) if status == 429 else None)
