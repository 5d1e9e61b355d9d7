"""The stack with the stand-in for Dataverse beside it, each configured with the other as in a deployment.

Dataverse's webhooks reach the stack's HTTP API; the stack's functions sign in to Dataverse's Web API over HTTP, sweep
what the webhooks missed and write back what was posted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from dataverse_standin import DeliveryFaults, HttpHeader, Post, Rows, Settings, Step, Webhooks, running
from dataverse_standin.business import Business
from dataverse_standin.webhooks import StepMessage
from local import ROOT, engines, result, template
from local.functions import Handlers
from local.stack import Stack
from project_invoicing.dataverse.master_maps import MASTER_TABLES
from project_invoicing.dataverse.webhook_keys import KEY_HEADER
from project_invoicing.domain.calendar import utc_text
from project_invoicing.store import client, setups

PATH: Final = "/dataverse"
_MESSAGES: Final[tuple[StepMessage, ...]] = ("Create", "Update", "Delete")
STEPS: Final = (
    Step("msdyn_actual", "Create"),
    Step("msdyn_actual", "Update"),
    Step("msdyn_transactionconnection", "Create"),
    Step("msdyn_transactionconnection", "Update"),
    Step("msdyn_transactionconnection", "Delete"),
    Step("invoice", "Create"),
    Step("invoice", "Update"),
    *(Step(entity, message) for entity in MASTER_TABLES for message in _MESSAGES),
    Step("account", "Merge"),
    Step("contact", "Merge"),
)
"""The steps that an administrator registers, see docs/connect-dataverse.md."""
NAMES: Final[Mapping[str, str]] = {
    "account": "accountnumber",
    "bookableresource": "name",
    "msdyn_project": "msdyn_subject",
    "msdyn_transactioncategory": "msdyn_name",
    "product": "productnumber",
    "salesorder": "ordernumber",
    "salesorderdetail": "salesorderdetailname",
    "transactioncurrency": "isocurrencycode",
}
"""The column by which finance knows a row of each table."""

Json = dict[str, Any]


class Site:
    """Both sides. ``at`` is the clock of everything that happens next."""

    def __init__(
        self, rows: Rows, business: Business, stack: Stack, clock: _Clock, faults: DeliveryFaults | None, url: str
    ) -> None:
        self.url = url
        """Where Dataverse's Web API is."""
        self.rows = rows
        self.business = business
        self.stack = stack
        self._clock = clock
        self._refused: list[Json] = []
        self._faults = faults
        self.register()

    def register(self) -> None:
        """Registers the webhook with the key that the stack has now."""
        self.rows.observers.clear()
        key = HttpHeader({KEY_HEADER: self.stack.webhook_key})
        self.webhooks = Webhooks(self.rows, self._post, STEPS, key, faults=self._faults)

    @property
    def at(self) -> str:
        return utc_text(self._clock.now)

    def go_to(self, at: str) -> None:
        """Sets the clock to ``at`` (ISO 8601, UTC)."""
        self._clock.go_to(datetime.fromisoformat(at))

    def go_live(self) -> None:
        """From here on the clock is that on the wall."""
        self._clock.go_live()

    def load_policy(self, document: Mapping[str, Any]) -> None:
        """Loads a set-up as it is: everything that Dataverse knows of comes from there."""
        setups.load(client.dynamodb(), self.stack.settings.setup_table, document, self.at)
        self.settle()

    def load(self, document: Mapping[str, Any]) -> None:
        """Loads a set-up whose ``references`` are those of Dataverse's rows."""
        references = {
            entity: {row[f"{entity}id"]: row[name] for row in self.rows.select(entity)}
            for entity, name in NAMES.items()
        }
        setups.load(client.dynamodb(), self.stack.settings.setup_table, {**document, "references": references}, self.at)
        self.settle()

    def settle(self) -> None:
        """Delivers webhooks and everything that follows from them, on both sides, until nothing is left."""
        self.stack.drain()
        while self.webhooks.deliver():
            self.stack.drain()

    def run(self, function: str, **detail: Any) -> Any:
        """Calls a function as a person does, delivers what follows from it, and gives its answer."""
        event = {"source": "project-invoicing.manual", "detail-type": "Manual Run", "time": self.at, "detail": detail}
        answer = self.stack.invoke(function, event)
        self._refused += result.refusals_in(answer, self.at, function)
        self.settle()
        return answer

    def result(self) -> result.Result:
        return result.build(client.dynamodb(), self.stack.settings, self.at, self._refused)

    def _post(self, post: Post) -> int:
        status, _ = self.stack.post(PATH, post.headers, dict(parse_qsl(post.query)), post.body, self.at)
        return status


class _Clock:
    """Advances by a millisecond each time it is read, so that what it dates has an order; or is that on the wall."""

    def __init__(self, begins: str) -> None:
        self._set = datetime.fromisoformat(begins)
        self._live = False

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) if self._live else self._set

    def go_to(self, at: datetime) -> None:
        self._set = at

    def go_live(self) -> None:
        self._live = True

    def __call__(self) -> datetime:
        self._set += timedelta(milliseconds=1)
        return self.now.astimezone(UTC)


@contextmanager
def connected(
    begins: str,
    zone: str,
    *,
    engine: str = "ministack",
    faults: DeliveryFaults | None = None,
    settings: Settings | None = None,
    overrides: str = "",
    verbose: bool = False,
    ports: tuple[int, int] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """A stack and an organization that begin at ``begins`` (ISO 8601), with people at work in ``zone``.

    ``faults`` are those of the webhooks, ``settings`` those of the Web API, ``overrides`` those of the table maps.
    ``ports`` are those of the Web API and of the engine, free ones unless they are given. ``variables`` are those
    of the functions' environment that the template does not have.
    """
    clock = _Clock(begins)
    rows = Rows(clock, seed="organization")
    settings = settings or Settings()
    with ExitStack() as until_end:
        at_dataverse, at_engine = ports or (0, None)
        server = until_end.enter_context(running(rows, settings, port=at_dataverse))
        until_end.enter_context(engines.running(engine, at_engine))
        until_end.callback(client.forget)
        client.forget()
        given = template.read(ROOT / "template.yaml", DataverseUrl=server.url, TableMapOverrides=overrides)
        stack = Stack(given, Handlers(verbose=verbose, **(variables or {})))
        credentials = {
            "tenant_id": settings.tenant,
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "authority": server.url,
        }
        secret = stack.settings.dataverse_credentials
        client.secrets_manager().put_secret_value(SecretId=secret, SecretString=json.dumps(credentials))
        yield Site(rows, Business(rows, clock, ZoneInfo(zone)), stack, clock, faults, server.url)
