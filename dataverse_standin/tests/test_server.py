"""The server of the stand-in for Dataverse, on loopback: signing in, service protection, and faults on purpose."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from dataverse_standin import Faults, Limits, Refused, Rows, Server, Settings, running
from dataverse_standin.messages import WebApiError
from dataverse_standin.service_protection import ServiceProtection
from tests.builders import guid
from tests.sockets import loopback

NOW = datetime(2026, 8, 27, 16, 5, tzinfo=UTC)


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Caller:
    """One connection to a server, kept open, with the token that it was given."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        self.headers: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        target = path if path.startswith(("/", "http:")) else f"/api/data/v9.2/{path}"
        self.connection.request(method, target, body, {**self.headers, **named})
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def token(self, **changes: str | None) -> tuple[int, dict[str, Any]]:
        settings = self.server.settings
        form = {
            "grant_type": "client_credentials",
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "scope": f"{self.server.url}/.default",
            **changes,
        }
        body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
        status, headers, content = self.ask("POST", f"/{settings.tenant}/oauth2/v2.0/token", body)
        assert headers["Cache-Control"] == "no-store"
        return status, json.loads(content)

    def sign_in(self) -> Caller:
        status, content = self.token()
        assert status == 200
        self.headers = {"Authorization": f"Bearer {content['access_token']}"}
        return self


@pytest.fixture
def rows() -> Rows:
    return Rows(lambda: NOW, seed="test")


@pytest.fixture
def settings() -> Settings:
    return Settings(seconds=Seconds())


@pytest.fixture
def server(rows: Rows, settings: Settings) -> Iterator[Server]:
    with loopback(), running(rows, settings) as made:
        yield made


@contextmanager
def calling(server: Server) -> Iterator[Caller]:
    caller = Caller(server)
    with closing(caller.connection):
        yield caller


@pytest.fixture
def caller(server: Server) -> Iterator[Caller]:
    with calling(server) as made:
        yield made.sign_in()


pytestmark = pytest.mark.engine


def test_rows_are_written_and_read_over_one_connection(caller: Caller, rows: Rows) -> None:
    link = f"accounts({guid('Contoso')})"

    status, headers, body = caller.ask("PATCH", link, b'{"name": "Contoso"}', If_None_Match="*")
    assert (status, body) == (204, b"")
    assert headers["OData-EntityId"] == f"{caller.server.url}/api/data/v9.2/{link}"
    status, headers, body = caller.ask("GET", f"{link}?$select=name")
    assert (status, json.loads(body)["name"]) == (200, "Contoso")
    assert headers["OData-Version"] == "4.0"
    assert headers["Content-Type"].startswith("application/json")
    assert caller.ask("DELETE", link)[0] == 204
    assert caller.ask("PUT", link, b"{}")[0] == 405
    assert rows.select("account") == []


def test_links_of_pages_and_changes_can_be_followed(caller: Caller, rows: Rows) -> None:
    for name in "abc":
        rows.create("account", {"name": name})
    prefer = "odata.track-changes,odata.maxpagesize=2"

    first = json.loads(caller.ask("GET", "accounts?$select=name", Prefer=prefer)[2])
    second = json.loads(caller.ask("GET", first["@odata.nextLink"], Prefer=prefer)[2])
    third = json.loads(caller.ask("GET", second["@odata.deltaLink"])[2])

    assert [len(page["value"]) for page in (first, second, third)] == [2, 1, 0]


def test_a_batch_is_answered_in_parts(caller: Caller, rows: Rows) -> None:
    body = (
        "--batch_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"PATCH /api/data/v9.2/accounts({guid('a')}) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        '{"name": "a"}\r\n--batch_1--\r\n'
    )

    status, headers, answer = caller.ask(
        "POST", "$batch", body.encode(), Content_Type="multipart/mixed; boundary=batch_1"
    )

    assert status == 200
    assert headers.get_content_type() == "multipart/mixed"
    assert b"HTTP/1.1 204 No Content" in answer
    assert caller.ask("POST", "$batch", b"", Content_Type="multipart/mixed; boundary=batch_1")[0] == 400
    assert len(rows.select("account")) == 1


def test_several_callers_are_served_at_once(server: Server, rows: Rows) -> None:
    def write(number: int) -> int:
        with calling(server) as caller:
            return caller.sign_in().ask("PATCH", f"accounts({guid(str(number))})", b"{}")[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write, range(40))) == {204}
    assert rows.version == 40


# Signing in


def test_a_token_is_for_the_client_and_lasts_as_long_as_it_says(server: Server) -> None:
    seconds = server.settings.seconds
    assert isinstance(seconds, Seconds)
    with calling(server) as caller:
        status, content = caller.token()
        assert (status, content["token_type"], content["expires_in"]) == (200, "Bearer", 3_599)
        caller.headers = {"Authorization": f"Bearer {content['access_token']}"}
        seconds.now += 3_598
        assert caller.ask("GET", "accounts")[0] == 200
        seconds.now += 1
        assert caller.ask("GET", "accounts")[0] == 401


@pytest.mark.parametrize(
    ("changes", "status", "error", "code"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_secret": None}, 401, "invalid_client", 7000215),
        ({"client_id": "wrong"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"scope": "https://elsewhere.crm.dynamics.com/.default"}, 400, "invalid_scope", 70011),
        ({"scope": None}, 400, "invalid_scope", 70011),
    ],
)
def test_a_wrong_sign_in_is_refused(
    server: Server, changes: dict[str, str | None], status: int, error: str, code: int
) -> None:
    with calling(server) as caller:
        found, content = caller.token(**changes)

    assert (found, content["error"], content["error_codes"]) == (status, error, [code])
    assert "access_token" not in content


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer wrong", "Basic abc"])
def test_without_a_token_nothing_is_answered(server: Server, header: str | None) -> None:
    with calling(server) as caller:
        caller.headers = {} if header is None else {"Authorization": header}
        status, headers, _ = caller.ask("GET", "accounts")

    assert status == 401
    tenant = server.settings.tenant
    assert headers["WWW-Authenticate"].startswith(f"Bearer authorization_uri={server.url}/{tenant}/oauth2/authorize")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_finds_the_token_endpoint_at_addresses_as_it_calls_them(server: Server, scheme: str) -> None:
    address = server.url.replace("http:", f"{scheme}:")
    tenant = server.settings.tenant
    with calling(server) as caller:
        caller.headers = {"X-Forwarded-Proto": scheme}
        _, _, instances = caller.ask("GET", "/common/discovery/instance?api-version=1.1")
        where = json.loads(instances)["tenant_discovery_endpoint"]
        _, _, configuration = caller.ask("GET", urlsplit(where).path)

    assert where == f"{address}/{tenant}/v2.0/.well-known/openid-configuration"
    assert json.loads(configuration)["token_endpoint"] == f"{address}/{tenant}/oauth2/v2.0/token"


# Service protection


def test_each_nth_batch_is_throttled_on_purpose(caller: Caller) -> None:
    caller.server.settings.faults = Faults(throttle_every_batch=3, throttle_code="0x80072321", retry_after=7)
    multipart = {"Content_Type": "multipart/mixed; boundary=b"}

    found = [caller.ask("POST", "$batch", b"--b--\r\n", **multipart) for _ in range(6)]

    assert [status for status, _, _ in found] == [200, 200, 429, 200, 200, 429]
    assert found[2][1]["Retry-After"] == "7"
    assert json.loads(found[2][2])["error"]["code"] == "0x80072321"
    assert [caller.ask("GET", "accounts")[0] for _ in range(3)] == [200, 200, 200]


def test_each_nth_request_is_throttled_on_purpose(caller: Caller) -> None:
    caller.server.settings.faults.throttle_every_request = 2

    assert [caller.ask("GET", "accounts")[0] for _ in range(4)] == [200, 429, 200, 429]


def test_too_many_requests_are_throttled_until_the_window_has_passed(caller: Caller) -> None:
    settings = caller.server.settings
    assert isinstance(settings.seconds, Seconds)
    settings.limits = Limits(requests=3)
    for _ in range(3):
        assert caller.ask("GET", "accounts")[0] == 200
        settings.seconds.now += 10

    status, headers, body = caller.ask("GET", "accounts")

    assert (status, headers["Retry-After"]) == (429, "270")
    error = json.loads(body)["error"]
    assert error["code"] == "0x80072322"
    assert error["message"] == "Number of requests exceeded the limit of 3 over time window of 300 seconds."
    settings.seconds.now += 269
    assert caller.ask("GET", "accounts")[0] == 429
    settings.seconds.now += 1
    assert caller.ask("GET", "accounts")[0] == 200


def test_too_long_work_and_too_much_at_once_are_throttled() -> None:
    seconds = Seconds()
    protection = ServiceProtection(Settings(limits=Limits(execution_seconds=60, concurrent=2), seconds=seconds))

    with protection.request(is_batch=False), protection.request(is_batch=True):
        with pytest.raises(WebApiError) as refused, protection.request(is_batch=False):
            pass
        assert (refused.value.status, refused.value.code) == (429, "0x80072326")
        seconds.now += 30
    with pytest.raises(WebApiError, match="60,000 milliseconds") as refused, protection.request(is_batch=False):
        pass
    assert (refused.value.code, refused.value.headers["Retry-After"]) == ("0x80072321", "300")


# Faults


def test_the_next_requests_find_no_service(caller: Caller) -> None:
    caller.server.settings.faults.unavailable_next = 2

    assert [caller.ask("GET", "accounts")[0] for _ in range(3)] == [503, 503, 200]


@pytest.mark.parametrize(("fault", "written"), [("drop_next_before", 0), ("drop_next_after", 1)])
def test_a_connection_is_dropped_before_or_after_the_work(caller: Caller, rows: Rows, fault: str, written: int) -> None:
    setattr(caller.server.settings.faults, fault, 1)

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.ask("PATCH", f"accounts({guid('a')})", b"{}")

    assert len(rows.select("account")) == written
    assert caller.ask("PATCH", f"accounts({guid('a')})", b"{}")[0] == 204


def test_a_refused_row_does_not_stop_its_neighbours(caller: Caller) -> None:
    caller.server.settings.faults.refuse[guid("a")] = Refused("The period is closed.")

    status, _, body = caller.ask("PATCH", f"accounts({guid('a')})", b"{}")

    assert (status, json.loads(body)["error"]) == (400, {"code": "0x80040265", "message": "The period is closed."})
    assert caller.ask("PATCH", f"accounts({guid('b')})", b"{}")[0] == 204


# The server itself


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("accounts", "Content-Length: x", 413),
        ("accounts", "Content-Length: -1", 413),
        ("accounts", "Content-Length: 999999999999", 413),
        ("accounts", "Transfer-Encoding: chunked", 411),
        ("accounts?$select=" + "x" * 32_768, "Content-Length: 0", 414),
    ],
)
def test_a_request_that_cannot_be_taken_is_refused_before_its_body(
    server: Server, path: str, header: str, status: int
) -> None:
    request = f"POST /api/data/v9.2/{path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n"
    address = ("127.0.0.1", urlsplit(server.url).port or 0)
    with socket.create_connection(address, timeout=5) as connection:
        connection.sendall(request.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, set(json.loads(answer.read()))) == (status, {"error"})
        assert connection.recv(1) == b""


def test_a_batch_is_only_where_the_web_api_is(caller: Caller) -> None:
    assert caller.ask("POST", "/elsewhere/$batch", b"")[0] == 404


def test_nothing_is_left_of_a_server_whose_clients_stay_connected(rows: Rows) -> None:
    before = set(threading.enumerate())
    with loopback():
        with running(rows) as server:
            caller = Caller(server)
            caller.sign_in()
            assert set(threading.enumerate()) > before
        assert set(threading.enumerate()) == before
        with pytest.raises(OSError), closing(caller.connection):  # noqa: PT011 (reset or refused, as it comes)
            caller.ask("GET", "accounts")
        with suppress(OSError), closing(Caller(server).connection) as fresh:
            fresh.connect()
            pytest.fail("the port is still open")


def test_a_defect_is_shown_and_drops_the_connection(
    caller: Caller, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("an observer that does not work")

    rows.observers.append(broken)

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        caller.ask("PATCH", f"accounts({guid('a')})", b"{}")

    assert "an observer that does not work" in capsys.readouterr().err
