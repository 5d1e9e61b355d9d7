"""The whole stack over moto with a Dataverse of its own: what the webhook, the catch-up and the maps are tested on.

site.send(actual("a"))         # through the webhook, as Dataverse would, delivered to the end
site.dataverse.apply(…)        # something happens in Dataverse, and no webhook comes
site.sweep()                   # as the schedule does
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from local import engines
from local import result as results
from local.functions import Handlers
from local.queues import DeadLetter
from local.stack import Stack
from project_invoicing import bootstrap
from project_invoicing.store import client, setups
from tests.builders import Context, to_json
from tests.dataverse import FakeDataverse, connected
from tests.harness import TEMPLATE
from tests.rules.finance import finance
from tests.store.tables import contents

NOW = "2026-08-31T09:00:00Z"
PATH = "/dataverse"


class Site:
    """``at`` is the time of whatever happens next."""

    def __init__(self, dataverse: FakeDataverse | None = None) -> None:
        self.at = NOW
        bootstrap.forget()
        self.dataverse = dataverse
        self.stack = Stack(TEMPLATE, Handlers(verbose=False))
        self.names = self.stack.settings
        self.key = self.stack.webhook_key
        setups.load(client.dynamodb(), self.names.setup_table, finance(), self.at)

    def post(
        self, body: bytes | str, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and parsed body of the webhook's answer; nothing is delivered yet. With the key unless told else."""
        given = {"x-webhook-key": self.key} if headers is None else headers
        body = body.encode() if isinstance(body, str) else body
        status, text = self.stack.post(PATH, given, query or {}, body, self.at)
        return status, json.loads(text)

    def send(self, *contexts: Context) -> list[int]:
        """Each context through the webhook; then everything is delivered. Gives the statuses."""
        statuses = [self.post(to_json(context))[0] for context in contexts]
        self.stack.drain()
        return statuses

    def sweep(self, **scope: str) -> Any:
        return self.catch_up("Manual Run", "project-invoicing.manual", scope)

    def map(self, action: str, name: str = "actuals", reason: str | None = None) -> Any:
        command = {"name": name, "action": action, "reason": reason}
        return self.catch_up("Manual Run", "project-invoicing.manual", {"map": command})

    def catch_up(self, detail_type: str, source: str, detail: Mapping[str, Any]) -> Any:
        event = {"source": source, "detail-type": detail_type, "time": self.at, "detail": detail}
        with self.connected():
            answer = self.stack.invoke("dataverse_catchup", event)
            self.stack.drain()
        return answer

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Whatever the functions ask of Dataverse inside the block, ours answers, where there is one."""
        with connected(self.dataverse) if self.dataverse else nullcontext():
            yield

    def change_secret(self, **entries: Any) -> None:
        secrets = client.secrets_manager()
        held = json.loads(secrets.get_secret_value(SecretId=self.names.webhook_keys)["SecretString"])
        secrets.put_secret_value(SecretId=self.names.webhook_keys, SecretString=json.dumps(held | entries))
        bootstrap.webhook.cache_clear()  # another environment of the function

    def result(self) -> results.Result:
        return results.build(client.dynamodb(), self.names, self.at)

    def staged(self) -> dict[str, dict[str, Any]]:
        """The rows in staging by their id, without how often they were delivered."""
        counts = ("deliveries", "duplicates")
        rows = {row["actual_id"]: row for row in self.result()["staging"]}
        return {id: {name: value for name, value in row.items() if name not in counts} for id, row in rows.items()}

    def dead_letters(self) -> list[DeadLetter]:
        return self.stack.dead_letters()

    def items(self, table: str, prefix: str) -> list[dict[str, Any]]:
        """The items of a table whose partition begins with ``prefix``."""
        return [item for item in contents(client.dynamodb(), table) if str(item["pk"]).startswith(prefix)]


@contextmanager
def running(dataverse: FakeDataverse | None = None) -> Iterator[Site]:
    with engines.running("moto"):
        yield Site(dataverse)
        bootstrap.forget()
