"""The client of the Web API against answers that a test writes: what is sent, what is made of what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unittest.mock import patch as patched
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from project_invoicing.dataverse import batch, maps, web_api
from project_invoicing.dataverse.api import AccessDenied, Answer, FoundRow, Patch, Throttled, TokenExpired
from project_invoicing.dataverse.web_api import WebApi
from project_invoicing.errors import Conflict, Rejected, Unavailable
from tests.builders import guid
from tests.replies import Reply

URL = "https://contoso.crm.dynamics.com"
ACTUAL = "msdyn_actual"
ONE, TWO = guid("one"), guid("two")


@dataclass
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def query(self) -> dict[str, str]:
        return {name: value for name, (value,) in parse_qs(urlsplit(self.url).query).items()}


class Pool:
    """Gives the replies one after the other; one that is an exception is raised."""

    def __init__(self, replies: Iterable[Reply | Exception]) -> None:
        self.replies = iter(replies)
        self.requests: list[Request] = []

    def request(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, **_: Any) -> Reply:
        self.requests.append(Request(method, url, headers, body))
        reply = next(self.replies)
        if isinstance(reply, Exception):
            raise reply
        return reply


class Tokens:
    def __init__(self) -> None:
        self.number = 1

    def token(self, *, renewed: bool = False) -> str:
        self.number += renewed
        return f"token-{self.number}"


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def connected(*replies: Reply | Exception, time: Time | None = None) -> tuple[WebApi, Pool]:
    pool, clock = Pool(replies), time or Time()
    api = WebApi(f"{URL}/", Tokens(), pool=pool, sleep=clock.sleep, clock=lambda: clock.now)  # type: ignore[arg-type]
    return api, pool


def page(*items: Mapping[str, Any], **annotations: str) -> Reply:
    links = {f"@odata.{name}": value for name, value in annotations.items()}
    return Reply(200, json.dumps({"value": items, **links}).encode())


def item(id: str, version: int = 7, **columns: Any) -> dict[str, Any]:
    return {"@odata.etag": f'W/"{version}"', "msdyn_actualid": id, **columns}


def refusal(status: int, code: str = "0x0", **headers: str) -> Reply:
    text = json.dumps({"error": {"code": code, "message": "as it says"}})
    return Reply(status, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


# --- rows ---


def test_a_row_has_the_plain_values_of_a_bus_event() -> None:
    text = (
        '{"value": [{"@odata.etag": "W/\\"5032101\\"", "msdyn_actualid": "ONE", "modifiedon": "2026-08-27T16:05:00Z",'
        '"msdyn_amount": 1600.0000000000, "msdyn_quantity": 8, "msdyn_transactiontypecode": 192350005,'
        '"msdyn_transactiontypecode@OData.Community.Display.V1.FormattedValue": "Unbilled Sales",'
        '"msdyn_skipsync": false, "msdyn_documentdate": "2026-08-27", "msdyn_description": null,'
        '"_msdyn_project_value": "TWO",'
        '"_msdyn_project_value@Microsoft.Dynamics.CRM.lookuplogicalname": "msdyn_project",'
        '"_msdyn_project_value@OData.Community.Display.V1.FormattedValue": "Arm installation",'
        '"_msdyn_invoice_value": null}]}'
    )
    text = text.replace("ONE", ONE.upper()).replace("TWO", TWO)
    api, _ = connected(Reply(200, text.encode()))
    assert list(api.every(ACTUAL, [])) == [
        FoundRow(
            ACTUAL,
            ONE,
            5032101,
            "2026-08-27T16:05:00Z",
            {
                "msdyn_actualid": ONE.upper(),
                "modifiedon": "2026-08-27T16:05:00Z",
                "msdyn_amount": "1600.0000000000",
                "msdyn_quantity": "8",
                "msdyn_transactiontypecode": 192350005,
                "msdyn_skipsync": False,
                "msdyn_documentdate": "2026-08-27",
                "msdyn_project": {"id": TWO, "entity": "msdyn_project", "name": "Arm installation"},
            },
        )
    ]


def test_look_ups_are_selected_by_the_name_of_their_property_and_version_and_id_come_along() -> None:
    api, pool = connected(page())
    list(api.every(ACTUAL, ["msdyn_amount", "msdyn_project", "msdyn_unit", "versionnumber"]))
    assert pool.requests[0].query == {
        "$select": "msdyn_actualid,versionnumber,modifiedon,msdyn_amount,_msdyn_project_value,_msdyn_unit_value"
    }
    assert 'include-annotations="Microsoft.Dynamics.CRM.lookuplogicalname' in pool.requests[0].headers["Prefer"]
    assert urlsplit(pool.requests[0].url).path == "/api/data/v9.2/msdyn_actuals"


def test_whether_a_custom_column_is_a_look_up_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    custom = {"new_costcentre": "cost_centre", "new_note": "note"}
    monkeypatch.setenv("TABLE_MAP_OVERRIDES", json.dumps({"actuals": {"custom": custom}}))
    maps.table_maps.cache_clear()
    try:
        kinds = Reply(200, b'{"value": [{"LogicalName": "new_costcentre"}, {"LogicalName": "ownerid"}]}')
        api, pool = connected(kinds, page(), page())
        for _ in range(2):
            list(api.every(ACTUAL, ["new_costcentre", "new_note"]))
    finally:
        maps.table_maps.cache_clear()
    assert "EntityDefinitions(LogicalName='msdyn_actual')" in pool.requests[0].url
    assert [request.query["$select"].split(",")[3:] for request in pool.requests[1:]] == [
        ["_new_costcentre_value", "new_note"]
    ] * 2


def test_rows_are_asked_for_a_hundred_ids_at_a_time_and_those_that_do_not_exist_are_missing() -> None:
    ids = [guid(f"row-{n}") for n in range(250)]
    api, pool = connected(page(item(ids[0])), page(), page(item(ids[-1])))
    found = api.rows(ACTUAL, [*ids, ids[0]], [])
    assert [row.id for row in found] == [ids[0], ids[-1]]
    asked = [request.query["$filter"].count("-") // 4 for request in pool.requests]
    assert asked == [100, 100, 50]
    assert all(len(request.url) < 8_000 for request in pool.requests)


@pytest.mark.parametrize(
    ("column", "value", "filter"),
    [
        ("msdyn_invoice", ONE, f"_msdyn_invoice_value eq {ONE}"),
        ("msdyn_vouchernumber", "O'Hara", "msdyn_vouchernumber eq 'O''Hara'"),
        ("msdyn_billingstatus", 192350002, "msdyn_billingstatus eq 192350002"),
    ],
    ids=["look-up", "text", "code"],
)
def test_rows_are_compared_by_id_text_or_number(column: str, value: str | int, filter: str) -> None:
    api, pool = connected(page())
    assert list(api.matching(ACTUAL, [], column, value)) == []
    assert pool.requests[0].query["$filter"] == filter


def test_pages_are_followed_as_they_are_read_and_the_token_stays_with_our_dataverse() -> None:
    link = "https://elsewhere.example/api/data/v9.2/msdyn_actuals?$select=x&$skiptoken=%3Ccookie%3E"
    api, pool = connected(page(item(ONE), nextLink=link), page(item(TWO)))
    found = api.every(ACTUAL, [])
    assert (next(found).id, len(pool.requests)) == (ONE, 1)
    assert [row.id for row in found] == [TWO]
    assert pool.requests[1].url == f"{URL}/api/data/v9.2/msdyn_actuals?$select=x&$skiptoken=%3Ccookie%3E"


def test_a_link_that_is_none_of_the_web_api_is_refused() -> None:
    api, pool = connected()
    with pytest.raises(Rejected, match="no link of the Web API"):
        api.changes(ACTUAL, [], "https://contoso.crm.dynamics.com/elsewhere")
    assert pool.requests == []


# --- changes ---


def test_a_first_sweep_reads_everything_page_by_page_and_ends_with_a_link_for_the_next() -> None:
    api, pool = connected(page(item(ONE), nextLink=f"{URL}/api/data/v9.2/a?$skiptoken=2"), page(deltaLink="later"))
    first = api.changes(ACTUAL, ["msdyn_amount"], None)
    assert ([row.id for row in first.rows], first.complete) == ([ONE], False)
    last = api.changes(ACTUAL, ["msdyn_amount"], first.link)
    assert (last.rows, last.link, last.complete) == ((), "later", True)
    preferences = [request.headers["Prefer"] for request in pool.requests]
    assert [preference.startswith("odata.track-changes,odata.maxpagesize=5000,") for preference in preferences] == [
        True,
        False,
    ]
    assert set(pool.requests[0].query) == {"$select"}  # filters and orders are refused there


def test_changes_have_what_was_deleted_too() -> None:
    gone = {"@odata.context": f"{URL}/api/data/v9.2/$metadata#msdyn_actuals/$deletedEntity", "id": TWO.upper()}
    api, _ = connected(page(item(ONE), gone | {"reason": "deleted"}, deltaLink="later"))
    changes = api.changes(ACTUAL, [], f"{URL}/api/data/v9.2/msdyn_actuals?$deltatoken=1")
    assert ([row.id for row in changes.rows], changes.deleted) == ([ONE], (TWO,))


@pytest.mark.parametrize("status", [400, 410])
def test_a_link_that_is_too_old_says_so_whatever_its_status(status: int) -> None:
    api, _ = connected(refusal(status, "0x80044352"))
    with pytest.raises(TokenExpired):
        api.changes(ACTUAL, [], f"{URL}/api/data/v9.2/msdyn_actuals?$deltatoken=1")


def test_a_table_without_change_tracking_is_refused_with_what_to_do() -> None:
    api, _ = connected(page(item(ONE)))
    with pytest.raises(Rejected, match="switch on change tracking"):
        api.changes(ACTUAL, [], None)


# --- patches ---


def answered(*parts: str, boundary: str = "batchresponse_1") -> Reply:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    body = "".join(f"--{boundary}\r\n{head}{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    return Reply(200, body.encode(), {"Content-Type": f"multipart/mixed; boundary={boundary}"})


NO_CONTENT = "HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n\r\n\r\n"
NOT_FOUND = (
    "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n"
    '{"error":{"code":"0x80040217","message":"does not exist"}}'
)
BUSY = 'HTTP/1.1 429 Unknown Status Code\r\nRetry-After: 9\r\n\r\n{"error":{"code":"0x80072322","message":"too many"}}'


def patches(*ids: str) -> list[Patch]:
    return [Patch(ACTUAL, id, {"msdyn_accountingamount": Decimal("1250.10"), "msdyn_name": "Ö"}) for id in ids]


def test_a_batch_holds_each_patch_with_if_match_and_its_decimals_digit_for_digit() -> None:
    api, pool = connected(answered(NO_CONTENT, NOT_FOUND))
    two = [*patches(ONE), Patch("invoice", TWO, {"a": True, "b": 192350010, "c": Decimal("1E+2")}, etag='W/"12"')]
    assert api.patch(two) == [Answer(204), Answer(404, "0x80040217", "does not exist")]
    (request,) = pool.requests
    assert (request.method, urlsplit(request.url).path) == ("POST", "/api/data/v9.2/$batch")
    assert request.headers["Prefer"] == "odata.continue-on-error"
    assert request.body is not None
    assert request.body.decode().split("\r\n") == [
        "--batch_of_rows",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"PATCH /api/data/v9.2/msdyn_actuals({ONE}) HTTP/1.1",
        "Content-Type: application/json",
        "If-Match: *",
        "",
        '{"msdyn_accountingamount":1250.10,"msdyn_name":"Ö"}',
        "--batch_of_rows",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        f"PATCH /api/data/v9.2/invoices({TWO}) HTTP/1.1",
        "Content-Type: application/json",
        'If-Match: W/"12"',
        "",
        '{"a":true,"b":192350010,"c":100}',
        "--batch_of_rows--",
        "",
    ]


def test_an_operation_that_was_throttled_in_a_batch_says_when_to_come_again() -> None:
    api, _ = connected(answered(NO_CONTENT, BUSY))
    first, second = api.patch(patches(ONE, TWO))
    assert (first.ok, first.unanswered) == (True, False)
    assert (second.ok, second.unanswered, second.retry_after) == (False, True, 9)


def test_one_patch_is_a_request_of_its_own() -> None:
    api, pool = connected(Reply(204), refusal(412, "0x80060882"), refusal(403, "0x80040220"))
    assert [api.patch(patches(ONE)) for _ in range(3)] == [
        [Answer(204)],
        [Answer(412, "0x80060882", "as it says")],
        [Answer(403, "0x80040220", "as it says")],
    ]
    assert [(r.method, r.headers["If-Match"]) for r in pool.requests] == [("PATCH", "*")] * 3


def test_a_change_set_is_one_part_and_its_refusal_the_answer_to_all() -> None:
    inner = answered(NO_CONTENT, NO_CONTENT, boundary="changesetresponse_1").data
    head = b"Content-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
    done = Reply(200, b"--x\r\n" + head + inner + b"\r\n--x--\r\n", {"Content-Type": 'multipart/mixed; boundary="x"'})
    api, pool = connected(done, answered(NOT_FOUND))
    assert api.patch(patches(ONE, TWO), atomic=True) == [Answer(204)] * 2
    assert [answer.status for answer in api.patch(patches(ONE, TWO), atomic=True)] == [404, 404]
    body = (pool.requests[0].body or b"").decode()
    assert body.count("--change_set_of_rows\r\n") == 2
    assert [f"Content-ID: {n}\r\n" in body for n in (1, 2)] == [True, True]


def test_answers_that_are_missing_are_no_answers() -> None:
    api, _ = connected(answered(NO_CONTENT))
    with pytest.raises(Unavailable, match="1 of 2"):
        api.patch(patches(ONE, TWO))


def test_a_batch_is_bounded_and_an_empty_one_is_not_sent() -> None:
    api, pool = connected()
    with pytest.raises(ValueError, match="1000 operations"):
        api.patch(patches(*[ONE] * (batch.MOST_OPERATIONS + 1)))
    assert api.patch([]) == []
    assert pool.requests == []


# --- who may, and when ---


def test_a_token_that_is_not_taken_is_renewed_once() -> None:
    api, pool = connected(Reply(401), page())
    assert list(api.every(ACTUAL, [])) == []
    assert [request.headers["Authorization"] for request in pool.requests] == ["Bearer token-1", "Bearer token-2"]
    api, pool = connected(Reply(401), Reply(401))
    with pytest.raises(AccessDenied, match="takes no token"):
        list(api.every(ACTUAL, []))


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (400, Rejected, "400 0x0 as it says"),
        (403, AccessDenied, "security role"),
        (404, Rejected, "404"),
        (412, Conflict, "another version"),
        (500, Unavailable, "500"),
        (503, Unavailable, "503"),
    ],
)
def test_each_refusal_of_a_question_has_its_error(status: int, error: type[Exception], text: str) -> None:
    api, pool = connected(refusal(status))
    with pytest.raises(error, match=text):
        list(api.every(ACTUAL, []))
    assert len(pool.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        urllib3.exceptions.ReadTimeoutError(None, "/", "slow"),  # type: ignore[arg-type]
        urllib3.exceptions.ProtocolError("dropped"),
    ],
)
def test_a_dataverse_that_does_not_answer_is_unavailable(failure: Exception) -> None:
    api, _ = connected(failure)
    with pytest.raises(Unavailable, match=type(failure).__name__):
        list(api.every(ACTUAL, []))


@pytest.mark.parametrize("text", [b"<html>", b"[]", b"{}"])
def test_something_else_than_rows_is_no_answer(text: bytes) -> None:
    api, _ = connected(Reply(200, text))
    with pytest.raises(Unavailable, match="something else"):
        list(api.every(ACTUAL, []))


def test_a_short_throttling_is_waited_for_and_a_long_one_is_the_callers() -> None:
    time = Time()
    api, _ = connected(refusal(429, Retry_After="4"), refusal(429, Retry_After="6"), page(), time=time)
    assert list(api.every(ACTUAL, [])) == []
    assert time.slept == [4, 6]
    for replies, wait in (
        ([refusal(429, Retry_After="11")], 11),
        ([refusal(429, Retry_After="6"), refusal(429, Retry_After="5")], 5),
        ([refusal(429)], 30),
        ([refusal(429, Retry_After="Fri, 31 Aug 2026 13:00:00 GMT")], 30),
    ):
        api, _ = connected(*replies)
        with pytest.raises(Throttled) as caught:
            list(api.every(ACTUAL, []))
        assert caught.value.retry_after == wait


def test_a_process_stays_below_the_limit_of_requests_in_any_five_minutes() -> None:
    time = Time()
    with patched.object(web_api, "MOST_REQUESTS", 3):
        api, _ = connected(*[page()] * 8, time=time)
        sent = []
        for _ in range(8):
            list(api.every(ACTUAL, []))
            sent.append(time.now - 1_000)
            time.now += 10
    assert sent == [0, 10, 20, 300, 310, 320, 600, 610]
    assert web_api.MOST_REQUESTS < 6_000
