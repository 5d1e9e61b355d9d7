"""``invoicing serve``: the stack and the stand-in for Dataverse, up until somebody ends them.

The functions are called in this process, one at a time: by webhooks and commands that come over HTTP, by what is on
queues and in streams, and by the schedules of the template on the clock on the wall. One lock serves for all of it.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from botocore.exceptions import BotoCoreError
from rich.console import Console

from dataverse_standin import Change, Registration, Settings
from dataverse_standin.business import TransactionClass, TransactionType
from dataverse_standin.contexts import Images, Organization, single
from dataverse_standin.messages import to_json
from dataverse_standin.metadata import TABLES
from dataverse_standin.webhooks import IMAGE
from local import ROOT, demo, kept, sam_local, schedules
from local.cloudformation import STACK_NAME
from local.connected import PATH, STEPS, Site, connected
from local.engines import EngineError, free_port
from local.http_api import Answer, Request
from local.http_server import browsing, listening
from local.stack import WORKSPACE
from operate import local_stack
from operate.actor import local_user
from operate.documents import read_setup
from operate.invalid_input import InvalidInput
from project_invoicing.dataverse.webhook_keys import KEY_HEADER
from project_invoicing.errors import Unavailable
from project_invoicing.store import client, setups
from project_invoicing.store.setups import NotLoaded

_PORTS: Final = 4
"""Of the webhook, of Dataverse, of the engine, and of the workspace."""
_HIGHEST: Final = 65_535
_LOOK_SECONDS: Final = 2.0
"""How often the stack looks for what other processes have put on its bus, queues and tables."""
_SAVE_SECONDS: Final = 15.0
_SCENARIO: Final = ROOT / "events" / "scenarios" / "plain-month"
_ACTUAL: Final = "msdyn_actual"
_WRITTEN_BACK: Final = frozenset(
    {"msdyn_accountingamount", "msdyn_accountingexchangerate", "msdyn_vouchernumber", "msdyn_salestaxamount"}
)
_EXAMPLE: Final = "c0ffee00-0000-4000-8000-000000000001"
"""The id of an actual whose webhook is left to the person."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``port``: the first of four ports, free ones without it. ``keep``: the folder that keeps the state.

    ``env_vars``: the file for ``sam local invoke``.
    """

    empty: bool = False
    port: int | None = None
    keep: Path | None = None
    json: bool = False
    verbose: bool = False
    env_vars: Path | None = None


def serve(options: Options) -> None:
    """Serves until Ctrl-C or SIGTERM. Prints where everything is once it is ready.

    Raises ``InvalidInput`` where a port is taken, a folder cannot be used, or a local stack runs already; and
    ``EngineError``.
    """
    ports = _ports(options.port)
    with ExitStack() as until_end:
        ended = until_end.enter_context(_signals())
        folder = until_end.enter_context(kept.held(options.keep) if options.keep else nullcontext())
        state = folder.read() if folder else None
        announce = until_end.enter_context(local_stack.of_this_process())
        site = until_end.enter_context(_site(ports, verbose=options.verbose))
        if folder and state:
            _restore(site, folder, state)
        elif not options.empty:
            _say("Playing the demo month; this takes some seconds.")
            demo.play(site, read_setup(demo.POLICY), Console(file=io.StringIO()))
        site.go_live()
        served = _Served(site, folder)
        with (
            listening(served, ports[0]) as url,
            browsing(served, ports[3]) as workspace,
            _written(_example(site)) as example,
            sam_local.written(options.env_vars, site.stack.template),
        ):
            served.save()
            announce(_variables(site, ports))
            _tell(options, site, Addresses(workspace, f"{url}{PATH}"), example)
            served.until(ended)
        served.close()


class _Served:
    """A site at work. Everything that touches the stack holds the lock: its functions share one environment."""

    def __init__(self, site: Site, folder: kept.Folder | None) -> None:
        self._site = site
        self._folder = folder
        self._lock = threading.Lock()
        self._work: SimpleQueue[None] = SimpleQueue()
        self._schedules = schedules.Schedules(site.stack.template.functions)
        self._closed = False

    def post(self, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> tuple[int, str]:
        with self._lock:
            if self._closed:
                return 503, '{"message":"Service Unavailable"}'
            answer = self._site.stack.post(path, headers, query, body, self._site.at)
        self._work.put(None)
        return answer

    def http(self, request: Request) -> Answer:
        with self._lock:
            if self._closed:
                return Answer(503, [("Content-Type", "text/plain")], b"The local stack is ending.")
            answer = self._site.stack.http(WORKSPACE, request, self._site.at)
        if request.method == "POST":
            self._work.put(None)
        return answer

    def invoke(self, function: str, event: Any, *, wait: bool) -> Any:
        name = function.removeprefix(f"{STACK_NAME}-").replace("-", "_")
        if name not in {one.name for one in self._site.stack.template.functions}:
            raise KeyError(function)
        with self._lock:
            if self._closed:
                raise EngineError("the local stack is ending")
            call = self._site.stack.call if wait else self._site.stack.invoke
            answer = call(name, event)
        self._work.put(None)
        return answer

    def until(self, ended: _Ended) -> None:
        """Works until it is ``ended``. Raises ``EngineError`` if the engine is gone."""
        ended.wakes(self._work)
        looked = saved = time.monotonic()
        while not ended:
            self._wait()
            now = time.monotonic()
            try:
                with self._lock:
                    self._deliver(look=now - looked >= _LOOK_SECONDS)
                    if now - looked >= _LOOK_SECONDS:
                        looked = now
                if now - saved >= _SAVE_SECONDS:
                    self.save()
                    saved = now
            except (BotoCoreError, Unavailable) as error:
                raise EngineError(f"the engine does not answer any longer: {error}") from error

    def save(self) -> None:
        """Saves the state, if it is kept and has changed."""
        if self._folder:
            with self._lock:
                self._folder.save(self._site.stack, self._site.rows)

    def close(self) -> None:
        """Delivers what is on its way, saves, and takes nothing any longer."""
        with self._lock:
            self._closed = True
            self._site.stack.poll()
            self._site.settle()
        self.save()
        if self._folder:
            _say(f"The state is kept in {self._folder.path}.")

    def _wait(self) -> None:
        try:
            self._work.get(timeout=_LOOK_SECONDS)
            while True:
                self._work.get_nowait()
        except Empty:
            pass

    def _deliver(self, *, look: bool) -> None:
        stack = self._site.stack
        for name in self._schedules.due() if _has_setup(stack.settings.setup_table) else ():
            stack.invoke(name, schedules.event(self._site.at))
        if look:
            stack.poll()
        self._site.settle()
        for job in self._site.webhooks.failed:
            _say(f"Dataverse: the webhook of {job.step.entity} {', '.join(job.ids)} failed: {job.error}")
        self._site.webhooks.jobs.clear()


class _Ended:
    """Whether somebody has asked for the end. A second Ctrl-C does not wait."""

    def __init__(self) -> None:
        self._asked = False
        self._wake: SimpleQueue[None] | None = None

    def __bool__(self) -> bool:
        return self._asked

    def wakes(self, work: SimpleQueue[None]) -> None:
        """From here on the end comes between two pieces of work. ``SimpleQueue`` may be used in a signal handler."""
        self._wake = work

    def ask(self, *_: object) -> None:
        if self._wake is None or self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._wake.put(None)


@contextmanager
def _signals() -> Iterator[_Ended]:
    """Ctrl-C, SIGTERM, and the end of the terminal unless somebody (nohup) has switched that off."""
    ended = _Ended()
    kinds = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        kinds.append(signal.SIGHUP)
    before = {kind: signal.signal(kind, ended.ask) for kind in kinds}
    try:
        yield ended
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _ports(first: int | None) -> Sequence[int]:
    """The ports that it serves. Raises ``InvalidInput`` for one that is taken."""
    if first is None:
        found: dict[int, None] = {}
        while len(found) < _PORTS:
            found[free_port()] = None
        return tuple(found)
    if not 1 <= first <= _HIGHEST - _PORTS + 1:
        raise InvalidInput(
            [f"--port: {first} is no port that three others can follow; write 1 to {_HIGHEST - _PORTS + 1}"]
        )
    for port in range(first, first + _PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                why = f"port {port} cannot be used ({error.strerror})"
                raise InvalidInput([f"--port: {why}; the ports {first} to {first + _PORTS - 1} must be free"]) from None
    return range(first, first + _PORTS)


@contextmanager
def _site(ports: Sequence[int], *, verbose: bool) -> Iterator[Site]:
    registered = Registration("invoicing", f"http://127.0.0.1:{ports[0]}{PATH}", STEPS)
    settings = Settings(registrations=(registered,))
    with connected(
        demo.BEGINS, demo.ZONE, settings=settings, verbose=verbose, ports=(ports[1], ports[2]), variables=_person()
    ) as site:
        yield site


def _person() -> dict[str, str]:
    """Who works in the workspace: whoever uses this machine."""
    return {"WORKSPACE_LOCAL_USER": local_user()}


def _variables(site: Site, ports: Sequence[int]) -> dict[str, str]:
    """Those that lead a command to this stack: of the SDK, and of the functions but for what these log."""
    sdk = {name: value for name, value in os.environ.items() if name.startswith("AWS_") or name.lower() == "no_proxy"}
    functions = site.stack.template.environment()
    named = {name: value for name, value in functions.items() if not name.startswith("POWERTOOLS_")}
    return {**sdk, **named, "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{ports[0]}"}


def _restore(site: Site, folder: kept.Folder, state: Json) -> None:
    """What leads to the stand-in is of this process, and stays."""
    secret = site.stack.settings.dataverse_credentials
    state["secrets"].pop(secret, None)
    kept.restore(site.stack, state, folder.file)
    if state["dataverse"]:
        site.rows.restore(state["dataverse"])
    site.register()


def _has_setup(table: str) -> bool:
    """Whether a set-up is loaded: until then there is nothing that a schedule could do."""
    try:
        setups.current(client.dynamodb(), table)
    except NotLoaded:
        return False
    return True


def _example(site: Site) -> str:
    """The message of a webhook that the person may send.

    After the demo month it is one that was held back. Its row, eight more hours of work, is in Dataverse, so that
    everything that follows from it can happen; were it never sent, the next sweep would find the row. Where there is no
    work that could be like it, it is one from a scenario.
    """
    hours = site.rows.select(
        _ACTUAL,
        msdyn_transactiontypecode=TransactionType.COST,
        msdyn_transactionclassification=TransactionClass.TIME,
        msdyn_quantity=8,
    )
    if not hours:
        with (_SCENARIO / "events.jsonl").open(encoding="utf-8") as lines:
            return json.dumps(json.loads(next(lines))["dataverse"])
    if not site.rows.select(_ACTUAL, msdyn_actualid=_EXAMPLE):
        observers, site.rows.observers[:] = list(site.rows.observers), []
        values = {name: value for name, value in hours[0].items() if name not in _WRITTEN_BACK}
        site.rows.create_many(_ACTUAL, [{**values, "msdyn_actualid": _EXAMPLE}])
        site.rows.observers[:] = observers
    row = site.rows.get(_ACTUAL, _EXAMPLE)
    version = row["versionnumber"]
    change = Change(_ACTUAL, _EXAMPLE, "Create", tuple(row), None, row, row["createdon"], version, _EXAMPLE, _EXAMPLE)
    return to_json(single(change, TABLES[_ACTUAL], Images(None, IMAGE), Organization()))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the workspace and the webhook are."""

    workspace: str
    webhook: str


def _tell(options: Options, site: Site, at: Addresses, example: Path) -> None:
    """Where everything is."""
    key, webhook = site.stack.webhook_key, at.webhook
    if options.json:
        api = f"{at.workspace}/api/v1"
        where = {"workspace": at.workspace, "webhook": webhook, "webhook_key": key, "dataverse": site.url, "api": api}
        print(json.dumps(where), flush=True)
        return
    settings = Settings()
    lines = [
        "The local stack is up.",
        "",
        f"Workspace  {at.workspace}/",
        f"Webhook    {webhook}",
        f"           {KEY_HEADER}: {key}",
        f"Dataverse  {site.url}/api/data/v9.2/",
        f"           sign-in {site.url}/{settings.tenant}/oauth2/v2.0/token",
        f"           client {settings.client_id}, secret {settings.client_secret}",
        "",
    ]
    send = f"  curl -sSi -H 'Content-Type: application/json' -H '{KEY_HEADER}: {key}' --data @{example} {webhook}"
    if site.rows.select(_ACTUAL, msdyn_actualid=_EXAMPLE):
        lines += [
            "A day of work has been approved, and its webhook was held back. Send it:",
            send,
            "It is imported within five minutes, or now:",
            f"  {_now(webhook, 'staging-import')}",
            "Then look at it, from another terminal:",
            f"  .venv/bin/invoicing explain {_EXAMPLE}",
        ]
    else:
        if not _has_setup(site.stack.settings.setup_table):
            lines += [
                "It has no set-up yet. Load one from another terminal:",
                f"  .venv/bin/invoicing setup load {_SCENARIO.relative_to(ROOT) / 'setup.yaml'}",
            ]
        lines += [f"Send a row, the first one of {_SCENARIO.relative_to(ROOT)}:", send]
    if options.keep:
        lines += ["", f"The state is kept in {options.keep}: tables, queues, secrets and the rows of Dataverse."]
    print(*lines, "", "Ctrl-C ends it.", sep="\n", flush=True)


def _now(webhook: str, function: str) -> str:
    """A line for the shell that calls a function as its schedule does."""
    address = f"{webhook.removesuffix(PATH)}/2015-03-31/functions/{STACK_NAME}-{function}/invocations"
    return f"""curl -sS --data '{{"time": "'$(date -u +%FT%TZ)'"}}' {address}"""


@contextmanager
def _written(message: str) -> Iterator[Path]:
    """A file with the message, for as long as it can be sent."""
    path = local_stack.own_file("-actual.json")
    path.write_text(message + "\n", encoding="utf-8")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
