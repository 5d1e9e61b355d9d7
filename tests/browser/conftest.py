"""A real browser before a whole stack: the workspace, the stand-in for Dataverse, and an issuer to sign in with."""

from __future__ import annotations

import io
import json
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from rich.console import Console

from dataverse_standin.messages import to_json
from local import ROOT, demo
from local.connected import PATH, Site, connected
from local.engines import free_port
from local.http_api import Answer, Request
from local.http_server import browsing
from local.stack import WORKSPACE
from operate.documents import read_setup
from project_invoicing.dataverse.webhook_keys import KEY_HEADER
from project_invoicing.domain.actor import Role
from project_invoicing.store import client
from tests import sockets
from tests.builders import actual
from tests.workspace.oidc_issuer import CLIENT_ID, CLIENT_SECRET, OidcIssuer, oidc_issuer

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS: Final = ROOT / "build" / "screenshots"
AXE: Final = ROOT / ".tools" / "web" / "node_modules" / "axe-core" / "axe.min.js"
_SHOWN: Final = "2026-08-31T15:00:00Z"
_SESSION_KEY: Final = "a session key of 32 characters, or so"


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    """These tests are about sockets."""
    with sockets.loopback():
        yield


@dataclass
class Served:
    """The door of a browser. One request at a time: the functions share one environment."""

    site: Site
    lock: threading.Lock = field(default_factory=threading.Lock)

    def http(self, request: Request) -> Answer:
        with self.lock:
            answer = self.site.stack.http(WORKSPACE, request, self.site.at)
            if request.method == "POST":
                self.site.settle()
            return answer

    def post(self, *_: Any) -> tuple[int, str]:
        raise AssertionError("webhooks come in this process")

    def invoke(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nobody calls a function")


@dataclass
class Desk:
    """``url`` of the workspace, and the issuer at which somebody signs in."""

    url: str
    site: Site
    issuer: OidcIssuer
    browser: Browser
    _noted: list[str] = field(default_factory=list)

    def errors(self) -> list[str]:
        """Errors of the consoles since it was asked before. A browser notes each page that is not there
        or not understood."""
        noted, self._noted = self._noted, []
        return [text for text in noted if "status of 404" not in text and "status of 400" not in text]

    @contextmanager
    def signed_in(self, name: str, *roles: str) -> Iterator[Page]:
        """A person of this name at the first page; with all roles, if none is named."""
        self.issuer.user = {"sub": name.lower(), "name": name, "roles": [*(roles or Role)]}
        context = self.browser.new_context(
            viewport={"width": 1_024, "height": 900}, locale="en-US", reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._noted.append(str(error)))
        page.goto(self.url)
        try:
            yield page
        finally:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._noted.append(f"{message.text} {message.location.get('url')}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"there is no browser: install one of {', '.join(NAMES)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def desk(chromium: Browser) -> Iterator[Desk]:
    """The demo month up to its proforma: a proposal waits for a journal, a row is rejected, a map is paused."""
    port = free_port()
    with sockets.loopback(), oidc_issuer() as issuer:
        signing = {
            "WORKSPACE_URL": f"http://127.0.0.1:{port}",
            "WORKSPACE_SECRET": "browser/workspace",
            "OIDC_ISSUER": issuer.url,
            "OIDC_CLIENT_ID": CLIENT_ID,
        }
        with connected(demo.BEGINS, demo.ZONE, variables=signing) as site:
            held = json.dumps({"client_secret": CLIENT_SECRET, "session_key": _SESSION_KEY})
            client.secrets_manager().create_secret(Name="browser/workspace", SecretString=held)
            _play(site)
            with browsing(Served(site), port) as url:
                yield Desk(url, site, issuer, chromium)


def _play(site: Site) -> None:
    document = read_setup(demo.POLICY)
    document["parameters"]["USPM"] |= {"four_eyes": True, "ledger": {"schedule": "daily", "formats": ["beancount"]}}
    story = demo.Story(site, Console(file=io.StringIO()))
    story.prepare(document)
    story.work()
    business, contract = story.business, story.project.contract
    site.go_to("2026-08-31T14:00:00Z")
    business.approve(business.submit_time(story.project, "4", date(2026, 8, 28)))
    business.ready_to_invoice(contract, business.add_milestone(story.milestones, 5000, "Signing"))
    draft = business.create_proforma(contract)
    business.confirm(draft)
    site.settle()
    headers = {KEY_HEADER: site.stack.webhook_key}
    bad = to_json(actual("bad", amount=None, description="<b>a row without an amount</b>")).encode()
    site.stack.post(PATH, headers, {}, bad, site.at)
    site.settle()
    site.go_to(_SHOWN)
    site.run("staging_import")
    site.run("reconciliation")
    site.run("ledger_export")
    site.settle()
    ledger = {"company": "USPM", "kind": "ledger", "number": 1}
    errors = [{"external_id": "USPM:PV-00000001", "message": "the period is closed"}]
    site.run("ledger_answers", acknowledge=ledger | {"outcome": "partly", "external_number": "GJ-1", "errors": errors})
    site.run("dataverse_catchup", map={"action": "pause", "name": "products", "reason": "prices are being changed"})


def screenshot(page: Page, name: str) -> Path:
    """Kept as an output of the tests, for people to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def overlaps(page: Page) -> list[list[str]]:
    """Fields, hints and buttons of the page that lie on one another, with whatever can be unfolded unfolded."""
    found: list[list[str]] = page.evaluate(
        """() => {
            const folded = [...document.querySelectorAll("main details:not([open])")];
            folded.forEach(one => one.open = true);
            const parts = [...document.querySelectorAll("main :is(input, select, textarea, button, small)")]
                .map(one => [one.name || one.textContent.trim(), one.closest(".wide"), one.getBoundingClientRect()])
                .filter(([, , box]) => box.width && box.height);
            folded.forEach(one => one.open = false);
            return parts.flatMap(([name, place, a], n) => parts.slice(n + 1)
                .filter(([, other, b]) => place === other
                    && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
                    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)
                .map(([other]) => [name, other]));
        }"""
    )
    return found


def violations(page: Page, *rules: str) -> list[Mapping[str, Any]]:
    """What axe finds wrong with a page, by all its rules or by these. The inspector runs it, so the CSP stays."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **only})
    return [
        {"rule": one["id"], "nodes": [node["html"][:200] for node in one["nodes"]][:5]} for one in found["violations"]
    ]
