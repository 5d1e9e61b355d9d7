"""The Web API of the stand-in for Dataverse, without sockets: what it shows, takes and refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from dataverse_standin import batch
from dataverse_standin.messages import Headers, Request, Response, WebApiError
from dataverse_standin.metadata import Column, Kind, lookup
from dataverse_standin.rows import Lookup, Refused, Rows
from dataverse_standin.settings import Settings
from dataverse_standin.web_api import WebApi
from dataverse_standin.webhooks import Registration, Step
from tests.builders import guid

URL = "https://contoso.crm.dynamics.com"
ROOT = f"{URL}/api/data/v9.2"
FORMATTED = "OData.Community.Display.V1.FormattedValue"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 8, 27, 16, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Client:
    """Asks a Web API over rows of its own, and reads what it says with exact numbers."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.clock = Clock()
        self.settings = settings or Settings()
        self.rows = Rows(self.clock, seed="test")
        self.api = WebApi(self.rows, self.settings, URL)

    def ask(
        self, method: str, target: str, content: Any = None, *, body: bytes | None = None, **headers: str
    ) -> Response:
        text = body if body is not None else b"" if content is None else json.dumps(content).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        path = target if target.startswith(("/", "https:")) else f"/api/data/v9.2/{target}"
        return self.api.answer(Request(method, path, Headers(named), text))

    def get(self, target: str, **headers: str) -> dict[str, Any]:
        response = self.ask("GET", target, body=b"", **headers)
        assert response.status == 200, response.body
        found = json.loads(response.body, parse_float=Decimal)
        assert isinstance(found, dict)
        return found

    def ids(self, set_name: str, **options: str) -> list[str]:
        """Names (the column ``name``) of the rows that a query gives."""
        query = urlencode({f"${name}": value for name, value in options.items()}, quote_via=quote)
        return [row["name"] for row in self.get(f"{set_name}?{query}")["value"]]


@pytest.fixture
def client() -> Client:
    return Client()


def error(response: Response) -> tuple[int, str, str]:
    content = json.loads(response.body)
    assert set(content) == {"error"}
    assert set(content["error"]) == {"code", "message"}
    return response.status, content["error"]["code"], content["error"]["message"]


def account(client: Client, name: str, **values: Any) -> str:
    return client.rows.create("account", {"name": name, **values}, id=guid(name))


# Reading one row


def test_a_row_is_shown_with_its_etag_and_all_its_columns(client: Client) -> None:
    account(client, "Contoso")

    shown = client.get(f"accounts({guid('Contoso')})")

    assert shown.keys() >= {"accountnumber", "_msdyn_company_value", "address1_city"}
    assert {name: value for name, value in shown.items() if value is not None} == {
        "@odata.context": f"{ROOT}/$metadata#accounts/$entity",
        "@odata.etag": 'W/"1"',
        "accountid": guid("Contoso"),
        "name": "Contoso",
        "statecode": 0,
        "statuscode": 1,
        "versionnumber": 1,
        "createdon": "2026-08-27T16:05:00Z",
        "modifiedon": "2026-08-27T16:05:00Z",
    }


def test_select_leaves_the_named_columns_and_the_id(client: Client) -> None:
    account(client, "Contoso")

    shown = client.get(f"accounts({guid('Contoso')})?$select=name,statecode")

    assert shown["@odata.context"] == f"{ROOT}/$metadata#accounts(name,statecode)/$entity"
    assert set(shown) == {"@odata.context", "@odata.etag", "accountid", "name", "statecode"}


def test_numbers_are_written_digit_for_digit(client: Client) -> None:
    id = client.rows.create(
        "msdyn_actual",
        {
            "msdyn_amount": Decimal("1600.00"),
            "exchangerate": Decimal("1.2500000000"),
            "msdyn_quantity": Decimal("1E+2"),
        },
    )

    body = client.ask("GET", f"msdyn_actuals({id})?$select=msdyn_amount,exchangerate,msdyn_quantity").body

    assert b'"msdyn_amount":1600.00,"exchangerate":1.2500000000,"msdyn_quantity":100' in body


def test_dates_have_the_form_of_their_column(client: Client) -> None:
    values = {
        "msdyn_invoicedate": date(2026, 8, 31),
        "msdyn_accountingdate": "2026-09-30",
        "duedate": date(2026, 9, 30),
        "datedelivered": datetime(2026, 8, 31, 2, tzinfo=UTC),
        "msdyn_customerinvoicedate": date(2026, 8, 31),
    }
    id = client.rows.create("invoice", values)

    shown = client.get(f"invoices({id})")

    assert [shown[name] for name in values] == [
        "2026-08-31T00:00:00Z",
        "2026-09-30T00:00:00Z",
        "2026-09-30",
        "2026-08-31T02:00:00Z",
        "2026-08-31",
    ]


def test_a_look_up_is_an_id_and_its_annotations_come_when_asked_for(client: Client) -> None:
    values = {
        "customerid": Lookup("account", guid("Contoso"), "Contoso"),
        "msdyn_projectinvoicestatus": 192350002,
        "totalamount": Decimal(1600),
    }
    id = client.rows.create("invoice", values)
    select = "$select=_customerid_value,msdyn_projectinvoicestatus,totalamount,_salesorderid_value"

    plain = client.get(f"invoices({id})?{select}")
    annotated = client.get(f"invoices({id})?{select}", Prefer='odata.include-annotations="*"')
    formatted = client.get(f"invoices({id})?{select}", Prefer=f'odata.include-annotations="{FORMATTED}"')

    assert plain["_customerid_value"] == guid("Contoso")
    assert plain["_salesorderid_value"] is None
    assert not [name for name in plain if "@" in name and not name.startswith("@")]
    assert annotated["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert annotated[f"_customerid_value@{FORMATTED}"] == "Contoso"
    assert annotated[f"msdyn_projectinvoicestatus@{FORMATTED}"] == "Confirmed"
    assert annotated[f"totalamount@{FORMATTED}"] == "1,600.00"
    assert f"_customerid_value@{FORMATTED}" in formatted
    assert "_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname" not in formatted


def test_several_preferences_come_in_one_header(client: Client) -> None:
    values = {"customerid": Lookup("account", guid("Contoso"), "Contoso"), "msdyn_hascorrections": True}
    for _ in range(2):
        client.rows.create("invoice", values)
    names = f"Microsoft.Dynamics.CRM.lookuplogicalname,{FORMATTED}"
    prefer = f'odata.maxpagesize=1, odata.include-annotations="{names}"'

    response = client.ask("GET", "invoices", Prefer=prefer)

    (row,) = json.loads(response.body)["value"]
    assert row["_customerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert row[f"msdyn_hascorrections@{FORMATTED}"] == "Yes"
    assert response.headers["Preference-Applied"] == prefer.replace(", ", ",")


def test_a_row_that_is_known_already_is_not_sent_again(client: Client) -> None:
    account(client, "Contoso")

    assert client.ask("GET", f"accounts({guid('Contoso')})", If_None_Match='W/"1"').status == 304
    assert client.ask("GET", f"accounts({guid('Contoso')})", If_None_Match='W/"0"').status == 200


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (f"accounts({guid('nobody')})", (404, "0x80040217")),
        ("Account", (404, "0x8006088a")),
        ("/api/data/v8.2/accounts", (404, "0x8006088a")),
        ("/elsewhere", (404, "0x8006088a")),
        ("accounts(not-a-guid)", (400, "0x0")),
        (f"accounts({guid('nobody')})/name", (400, "0x0")),
        (f"accounts({guid('Contoso')})?$select=Name", (400, "0x0")),
        (f"accounts({guid('Contoso')})?$expand=contacts", (400, "0x0")),
        ("accounts?$select=name,", (400, "0x0")),
        ("invoices?$select=customerid", (400, "0x0")),
        ("invoices?$select=_name_value", (400, "0x0")),
        ("accounts?$skip=10", (400, "0x0")),
    ],
)
def test_what_is_not_there_is_refused_in_the_shape_of_dataverse(
    client: Client, target: str, expected: tuple[int, str]
) -> None:
    account(client, "Contoso")

    assert error(client.ask("GET", target))[:2] == expected


def test_other_methods_are_not_allowed(client: Client) -> None:
    for method, target in (
        ("PUT", f"accounts({guid('a')})"),
        ("POST", f"accounts({guid('a')})"),
        ("PATCH", "accounts"),
    ):
        assert client.ask(method, target, {}).status == 405


def test_a_column_that_only_the_business_writes_can_be_read(client: Client) -> None:
    account(client, "Contoso", cr123_score=7)

    assert client.get("accounts?$select=cr123_score&$filter=cr123_score eq 7")["value"][0]["cr123_score"] == 7
    assert client.ask("PATCH", f"accounts({guid('Contoso')})", {"cr123_score": 8}).status == 400


def test_columns_of_an_environment_are_declared_in_the_settings() -> None:
    client = Client(Settings(columns={"account": {"cr123_score": Column(Kind.NUMBER)}}))
    account(client, "Contoso")

    assert client.ask("PATCH", f"accounts({guid('Contoso')})", {"cr123_score": 8}).status == 204
    assert client.get("accounts")["value"][0]["cr123_score"] == 8


# Queries


@pytest.fixture
def invoices(client: Client) -> Client:
    for number, (name, amount, status) in enumerate(
        [("Ab", "100.5", 192350000), ("b", "100.50", 192350002), ("c", "99", 192350002), ("d", None, None)]
    ):
        values = {
            "name": name,
            "totalamount": None if amount is None else Decimal(amount),
            "msdyn_projectinvoicestatus": status,
            "msdyn_hascorrections": number == 1,
            "datedelivered": date(2026, 9, 1) + timedelta(days=number),
            "customerid": Lookup("account", guid("Contoso" if number < 2 else "Fabrikam")),
        }
        client.rows.create("invoice", values, id=guid(name))
    return client


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name eq 'ab'", ["Ab"]),
        ("name ne 'b'", ["Ab", "c", "d"]),
        ("totalamount eq 100.50", ["Ab", "b"]),
        ("totalamount gt 99", ["Ab", "b"]),
        ("totalamount ge 99.00 and totalamount lt 100.5", ["c"]),
        ("totalamount le 1000", ["Ab", "b", "c"]),
        ("totalamount eq null", ["d"]),
        ("totalamount ne null", ["Ab", "b", "c"]),
        ("msdyn_projectinvoicestatus eq 192350002", ["b", "c"]),
        ("msdyn_hascorrections eq true or name eq 'd'", ["b", "d"]),
        ("name eq 'd' or name eq 'c' and totalamount gt 1000", ["d"]),
        ("(name eq 'd' or name eq 'c') and totalamount gt 1", ["c"]),
        (f"_customerid_value eq {guid('Contoso')}", ["Ab", "b"]),
        (f"invoiceid eq {guid('c').upper()}", ["c"]),
        ("datedelivered ge 2026-09-03", ["c", "d"]),
        ("datedelivered lt 2026-09-02T02:00:00+02:00", ["Ab"]),
        ("createdon le 2026-08-27T16:05:00Z", ["Ab", "b", "c", "d"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['b','c','x'])", ["b", "c"]),
        (f"Microsoft.Dynamics.CRM.In(PropertyName='invoiceid',PropertyValues=['{guid('b')}'])", ["b"]),
        (
            (
                "totalamount eq null or Microsoft.Dynamics.CRM.In("
                "PropertyName='msdyn_projectinvoicestatus',PropertyValues=['192350000'])"
            ),
            ["Ab", "d"],
        ),
    ],
)
def test_filter(invoices: Client, text: str, names: list[str]) -> None:
    assert invoices.ids("invoices", filter=text) == names


def test_a_quotation_mark_in_a_text_is_doubled(client: Client) -> None:
    account(client, "O'Neil, (and) sons")

    assert client.ids("accounts", filter="name eq 'O''Neil, (and) sons'") == ["O'Neil, (and) sons"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name eq",
        "name eq 'a",
        "name like 'a'",
        "name eq 'a' and",
        "(name eq 'a'",
        "name eq 'a')",
        "nobody eq 'a'",
        "name eq 5",
        "totalamount gt '5'",
        "customerid eq null",
        f"name eq {guid('Contoso')}",
        f"_customerid_value eq '{guid('Contoso')}'",
        "datedelivered gt 2026-13-45",
        "contains(name,'a')",
        "Microsoft.Dynamics.CRM.In(PropertyName='name')",
        "Microsoft.Dynamics.CRM.In(PropertyName='nobody',PropertyValues=['a'])",
        "(" * 500 + "name eq 'a'" + ")" * 500,
        "name eq 'a' ; drop",
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(invoices: Client, text: str) -> None:
    response = invoices.ask("GET", f"invoices?$filter={quote(text)}")

    assert error(response)[:2] == (400, "0x0")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("totalamount", ["d", "c", "Ab", "b"]),
        ("totalamount desc", ["Ab", "b", "c", "d"]),
        ("msdyn_projectinvoicestatus desc,name desc", ["c", "b", "Ab", "d"]),
        ("name asc", ["Ab", "b", "c", "d"]),
    ],
)
def test_order(invoices: Client, text: str, names: list[str]) -> None:
    assert invoices.ids("invoices", orderby=text) == names


@pytest.mark.parametrize("option", ["$orderby=name up", "$orderby=", "$orderby=nobody", "$top=0", "$top=x", "$top=-1"])
def test_an_option_that_cannot_be_read_is_refused(invoices: Client, option: str) -> None:
    assert error(invoices.ask("GET", f"invoices?{option.replace(' ', '%20')}"))[:2] == (400, "0x0")


def test_top_gives_so_many_and_no_further_page(invoices: Client) -> None:
    found = invoices.get("invoices?$top=2&$orderby=name", Prefer="odata.maxpagesize=1")

    assert [row["name"] for row in found["value"]] == ["Ab", "b"]
    assert "@odata.nextLink" not in found


def test_count_comes_with_the_rows_or_alone(invoices: Client) -> None:
    assert invoices.get("invoices?$count=true&$top=1")["@odata.count"] == 4
    alone = invoices.ask("GET", "invoices/$count?$filter=totalamount%20ne%20null")
    assert (alone.headers["Content-Type"], alone.body) == ("text/plain", b"3")


def test_pages_are_as_large_as_the_caller_prefers(invoices: Client) -> None:
    prefer = "odata.maxpagesize=3"
    response = invoices.ask("GET", "invoices?$select=name&$orderby=name%20desc", Prefer=prefer)
    first = json.loads(response.body)
    second = invoices.get(first["@odata.nextLink"], Prefer=prefer)

    assert response.headers["Preference-Applied"] == prefer
    assert [row["name"] for row in first["value"] + second["value"]] == ["d", "c", "b", "Ab"]
    assert set(second["value"][0]) == {"@odata.etag", "name", "invoiceid"}
    assert "@odata.nextLink" not in second


def test_a_row_that_goes_between_two_pages_makes_no_other_one_disappear(invoices: Client) -> None:
    first = invoices.get("invoices?$orderby=name", Prefer="odata.maxpagesize=2")
    invoices.rows.delete("invoice", guid("Ab"))

    second = invoices.get(first["@odata.nextLink"])

    assert [row["name"] for row in second["value"]] == ["c", "d"]


def test_a_page_is_never_larger_than_the_settings_say() -> None:
    client = Client(Settings(page_size=2))
    for name in "abc":
        account(client, name)

    found = client.get("accounts", Prefer="odata.maxpagesize=9999")

    assert len(found["value"]) == 2
    assert client.ask("GET", "accounts?$skiptoken=nonsense").status == 400


# Change tracking


def tracked(client: Client, link: str | None = None, size: int = 5_000) -> tuple[list[str], list[str], str]:
    """All pages from ``link``: names written, ids deleted, and the next delta link."""
    prefer = f"odata.track-changes,odata.maxpagesize={size}"
    names, deleted = [], []
    page = client.get(link or "accounts?$select=name", Prefer=prefer)
    while True:
        assert len(page["value"]) <= size
        for row in page["value"]:
            if row.get("@odata.context", "").endswith("#accounts/$deletedEntity"):
                assert row["reason"] == "deleted"
                deleted.append(row["id"])
            else:
                assert set(row) == {"@odata.etag", "name", "accountid"}
                names.append(row["name"])
        if "@odata.deltaLink" in page:
            return names, deleted, page["@odata.deltaLink"]
        page = client.get(page["@odata.nextLink"], Prefer=prefer)


def test_the_first_request_gives_all_rows_and_the_next_ones_what_changed(client: Client) -> None:
    for name in "abc":
        account(client, name)
    client.rows.delete("account", guid("c"))

    names, deleted, link = tracked(client)
    assert (names, deleted) == (["a", "b"], [])
    assert "$select=name&$deltatoken=4%21" in link

    client.rows.update("account", guid("a"), {"name": "A"})
    client.rows.delete("account", guid("b"))
    account(client, "d")
    client.rows.delete("account", guid("d"))

    names, deleted, link = tracked(client, link)
    assert (names, deleted) == (["A"], [guid("b"), guid("d")])
    assert tracked(client, link)[:2] == ([], [])


def test_the_context_tells_the_first_answer_from_a_delta(client: Client) -> None:
    account(client, "a")
    response = client.ask("GET", "accounts?$select=name", Prefer="odata.track-changes")
    first = json.loads(response.body)

    assert response.headers["Preference-Applied"] == "odata.track-changes"
    assert first["@odata.context"] == f"{ROOT}/$metadata#accounts(name)"
    assert client.get(first["@odata.deltaLink"])["@odata.context"] == f"{ROOT}/$metadata#accounts(name)/$delta"


def test_a_delta_of_a_table_that_was_empty_shows_what_was_deleted_since(client: Client) -> None:
    _, _, link = tracked(client)
    account(client, "a")
    client.rows.delete("account", guid("a"))

    assert tracked(client, link)[:2] == ([], [guid("a")])


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_pages_of_changes_lose_and_double_nothing(client: Client, size: int) -> None:
    for name in "abcdefg":
        account(client, name)
    names, _, link = tracked(client, size=size)
    assert names == list("abcdefg")

    for name in "ace":
        client.rows.update("account", guid(name), {"name": name.upper()})
    for name in "bdf":
        client.rows.delete("account", guid(name))

    assert tracked(client, link, size)[:2] == (["A", "C", "E"], [guid(name) for name in "bdf"])


def test_a_row_that_changes_between_two_pages_comes_with_the_next_token(client: Client) -> None:
    for name in "abc":
        account(client, name)
    prefer = "odata.track-changes,odata.maxpagesize=1"
    first = client.get("accounts?$select=name", Prefer=prefer)
    client.rows.update("account", guid("b"), {"name": "B"})
    client.rows.delete("account", guid("a"))

    names, deleted, link = tracked(client, first["@odata.nextLink"], 1)

    assert (names, deleted) == (["c"], [])
    assert tracked(client, link)[:2] == (["B"], [guid("a")])


def test_the_changes_can_be_counted(client: Client) -> None:
    account(client, "a")
    _, _, link = tracked(client)
    token = link.partition("$deltatoken=")[2]
    account(client, "b")
    client.rows.delete("account", guid("a"))

    assert client.ask("GET", f"accounts/$count?$deltatoken={token}").body == b"2"


@pytest.mark.parametrize("option", ["$filter=name%20eq%20'a'", "$orderby=name", "$expand=contacts", "$top=1"])
def test_options_that_do_not_go_with_change_tracking_are_refused(client: Client, option: str) -> None:
    _, _, link = tracked(client)

    for target, prefer in ((f"accounts?{option}", "odata.track-changes"), (f"{link}&{option}", "")):
        status, _, text = error(client.ask("GET", target, Prefer=prefer))
        assert status == 400
        assert (
            text
            == f'The "{option.partition("=")[0]}" query parameter isn\'t supported when Change Tracking is enabled.'
        )


@pytest.mark.parametrize("status", [400, 410])
def test_a_delta_token_expires_after_seven_days(status: int) -> None:
    client = Client(Settings(expired_token_status=status))
    _, _, link = tracked(client)

    client.clock.now += timedelta(days=7)
    assert client.ask("GET", link).status == 200
    client.clock.now += timedelta(seconds=1)
    assert error(client.ask("GET", link))[:2] == (status, "0x80044352")


def test_delta_tokens_expire_when_a_test_wants_it(client: Client) -> None:
    _, _, link = tracked(client)
    client.settings.faults.expire_delta_tokens = True

    assert error(client.ask("GET", link))[1] == "0x80044352"


@pytest.mark.parametrize("token", ["", "x", "5", "5!yesterday", "x!08/27/2026 16:05:00"])
def test_what_is_no_delta_token_is_refused(client: Client, token: str) -> None:
    assert error(client.ask("GET", f"accounts?$deltatoken={quote(token)}"))[:2] == (400, "0x0")
    assert client.ask("GET", "accounts?$skiptoken=changes!1!x").status == 400


# Writing


def test_a_row_is_created_and_its_address_given(client: Client) -> None:
    response = client.ask("POST", "accounts", {"name": "Contoso"})

    (row,) = client.rows.select("account")
    assert (response.status, response.body) == (204, b"")
    assert response.headers["OData-EntityId"] == f"{ROOT}/accounts({row['accountid']})"
    assert row["name"] == "Contoso"


def test_a_row_that_is_there_is_not_created_again(client: Client) -> None:
    account(client, "Contoso")

    response = client.ask("POST", "accounts", {"accountid": guid("Contoso")})

    assert error(response)[:2] == (412, "0x80040237")


def test_the_written_row_comes_back_when_asked_for(client: Client) -> None:
    prefer = "return=representation"
    created = client.ask("POST", "accounts", {"name": "Contoso"}, Prefer=prefer)
    row = json.loads(created.body)
    updated = client.ask("PATCH", f"accounts({row['accountid']})", {"name": "Fabrikam"}, Prefer=prefer)

    assert (created.status, row["name"], row["@odata.etag"]) == (201, "Contoso", 'W/"1"')
    assert (updated.status, json.loads(updated.body)["name"]) == (200, "Fabrikam")


def test_patch_creates_what_is_not_there_and_updates_what_is(client: Client) -> None:
    target = f"accounts({guid('Contoso')})"

    assert client.ask("PATCH", target, {"name": "a"}).status == 204
    assert client.ask("PATCH", target, {"accountnumber": "1"}).status == 204

    row = client.rows.get("account", guid("Contoso"))
    assert (row["name"], row["accountnumber"], row["versionnumber"]) == ("a", "1", 2)


def test_patch_with_if_match_never_creates(client: Client) -> None:
    for match in ("*", 'W/"1"'):
        response = client.ask("PATCH", f"accounts({guid('a')})", {"name": "a"}, If_Match=match)
        assert error(response)[:2] == (404, "0x80040217")
    assert client.rows.select("account") == []


def test_patch_with_if_none_match_never_updates(client: Client) -> None:
    target = f"accounts({guid('a')})"

    assert client.ask("PATCH", target, {"name": "a"}, If_None_Match="*").status == 204
    assert error(client.ask("PATCH", target, {"name": "b"}, If_None_Match="*"))[:2] == (412, "0x80040237")
    assert client.rows.get("account", guid("a"))["name"] == "a"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_etag_is_refused(client: Client, method: str) -> None:
    account(client, "a")
    client.rows.update("account", guid("a"), {"name": "b"})
    target = f"accounts({guid('a')})"

    assert error(client.ask(method, target, {}, If_Match='W/"1"'))[:2] == (412, "0x80060882")
    assert client.ask(method, target, {}, If_Match='W/"2"').status == 204


def test_a_row_is_deleted_once(client: Client) -> None:
    account(client, "a")

    assert client.ask("DELETE", f"accounts({guid('a')})").status == 204
    assert error(client.ask("DELETE", f"accounts({guid('a')})"))[:2] == (404, "0x80040217")


def test_numbers_arrive_digit_for_digit(client: Client) -> None:
    body = b'{"msdyn_accountingamount": 1250.10, "msdyn_accountingexchangerate": 1.2500000001, "msdyn_quantity": 8}'

    assert client.ask("PATCH", f"msdyn_actuals({guid('a')})", body=body).status == 204

    row = client.rows.get("msdyn_actual", guid("a"))
    assert [
        str(row[name]) for name in ("msdyn_accountingamount", "msdyn_accountingexchangerate", "msdyn_quantity")
    ] == [
        "1250.10",
        "1.2500000001",
        "8",
    ]


def test_look_ups_are_bound_and_emptied(client: Client) -> None:
    account(client, "Contoso")
    link = f"/accounts({guid('Contoso')})"
    target = f"invoices({guid('a')})"

    assert client.ask("PATCH", target, {"customerid_account@odata.bind": f"/api/data/v9.2{link}"}).status == 204
    bound = client.rows.get("invoice", guid("a"))["customerid"]
    assert (bound, bound.name) == (Lookup("account", guid("Contoso")), "Contoso")

    assert client.ask("PATCH", target, {"customerid_account@odata.bind": None}).status == 204
    assert client.rows.get("invoice", guid("a"))["customerid"] is None


@pytest.mark.parametrize(
    ("property", "link", "status"),
    [
        ("customerid_account", f"accounts({guid('nobody')})", 404),
        ("customerid_account", f"invoices({guid('other')})", 400),
        ("customerid_account", "accounts", 400),
        ("customerid_account", 5, 400),
        ("customerid", f"accounts({guid('Contoso')})", 400),
        ("name", f"accounts({guid('Contoso')})", 400),
        ("salesorderid", "$1", 400),
    ],
)
def test_a_link_that_leads_nowhere_is_refused(client: Client, property: str, link: object, status: int) -> None:
    account(client, "Contoso")
    client.rows.create("invoice", {}, id=guid("other"))

    response = client.ask("PATCH", f"invoices({guid('a')})", {f"{property}@odata.bind": link})

    assert error(response)[0] == status
    assert len(client.rows.select("invoice")) == 1


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        ({"nobody": 1}, "0x80048d19", "'nobody'"),
        ({"Name": "a"}, "0x80048d19", "'Name'"),
        ({"customerid": guid("a")}, "0x80048d19", "'customerid'"),
        ({"name": 5}, "0x80048d19", "'name'"),
        ({"name": "x" * 301}, "0x80044331", "'name'"),
        ({"totalamount": "1.50"}, "0x80048d19", "'totalamount'"),
        ({"totalamount": True}, "0x80048d19", "'totalamount'"),
        ({"totalamount": 10**15}, "0x80044331", "'totalamount'"),
        ({"msdyn_projectinvoicestatus": 1.5}, "0x80048d19", "'msdyn_projectinvoicestatus'"),
        ({"msdyn_projectinvoicestatus": 2**31}, "0x80048d19", "'msdyn_projectinvoicestatus'"),
        ({"msdyn_hascorrections": 1}, "0x80048d19", "'msdyn_hascorrections'"),
        ({"datedelivered": "2026-09-30"}, "0x80048d19", "'datedelivered'"),
        ({"datedelivered": "2026-09-30T00:00:00"}, "0x80048d19", "'datedelivered'"),
        ({"msdyn_customerinvoicedate": "2026-09-30T00:00:00Z"}, "0x80048d19", "'msdyn_customerinvoicedate'"),
        ({"versionnumber": 5}, "0x80048d19", "'versionnumber'"),
        ({"invoiceid": guid("other")}, "0x0", "invoiceid"),
        ([], "0x80048d19", "object"),
    ],
)
def test_a_body_that_does_not_fit_the_table_is_refused_by_name(
    client: Client, content: object, code: str, named: str
) -> None:
    status, found, text = error(client.ask("PATCH", f"invoices({guid('a')})", content))

    assert (status, found) == (400, code)
    assert named in text
    assert client.rows.select("invoice") == []


@pytest.mark.parametrize("body", [b"", b"{", b'{"totalamount": NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(client: Client, body: bytes) -> None:
    assert error(client.ask("POST", "invoices", body=body))[:2] == (400, "0x80048d19")


def test_a_refusal_of_the_business_reaches_the_caller(client: Client) -> None:
    account(client, "a")
    client.settings.faults.refuse[guid("a")] = Refused("The actual is locked.", status=403, code="0x80040220")

    for method in ("PATCH", "DELETE"):
        response = client.ask(method, f"accounts({guid('a')})", {"name": "b"})
        assert error(response) == (403, "0x80040220", "The actual is locked.")
    assert client.rows.get("account", guid("a"))["versionnumber"] == 1


# $batch


Part = tuple[str, str, object] | tuple[str, str, object, Mapping[str, str]]


def http(part: Part, content_id: str | None = None) -> str:
    method, target, content, *more = part
    headers = "".join(f"{name}: {value}\r\n" for name, value in (more[0] if more else {}).items())
    text = "" if content is None else json.dumps(content)
    identity = "" if content_id is None else f"Content-ID: {content_id}\r\n"
    return (
        f"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{identity}\r\n"
        f"{method} {target} HTTP/1.1\r\nContent-Type: application/json\r\n{headers}\r\n{text}"
    )


def multipart(parts: list[str], boundary: str) -> str:
    return "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def change_set(*parts: Part) -> str:
    body = multipart([http(part, str(number)) for number, part in enumerate(parts, 1)], "changeset_1")
    return f'Content-Type: multipart/mixed; boundary="changeset_1"\r\n\r\n{body}'


def send(client: Client, parts: list[str], **headers: str) -> Response:
    return send_raw(client, multipart(parts, "batch_1"), **headers)


def send_raw(
    client: Client, body: str, content_type: str = "multipart/mixed; boundary=batch_1", **headers: str
) -> Response:
    fields = Headers({"Content-Type": content_type, **headers})
    request = Request("POST", "/api/data/v9.2/$batch", fields, body.encode())
    return batch.answered(request, client.api.answer, client.rows.transaction)


def answers(response: Response) -> list[tuple[int, str | None]]:
    """Status and Content-ID of each operation of a batch, of change sets too."""
    found = []
    content_id: str | None = None
    for line in response.body.decode().split("\r\n"):
        if line.startswith("Content-Type: application/http"):
            content_id = None
        if line.startswith("Content-ID: "):
            content_id = line.removeprefix("Content-ID: ")
        if line.startswith("HTTP/1.1 "):
            found.append((int(line.split()[1]), content_id))
    return found


def patch(name: str, content: object | None = None, **headers: str) -> Part:
    values = {"name": name} if content is None else content
    return ("PATCH", f"/api/data/v9.2/accounts({guid(name)})", values, headers)


def test_operations_of_a_batch_are_done_in_order(client: Client) -> None:
    read = ("GET", f"{ROOT}/accounts({guid('a')})?$select=name", None)
    response = send(client, [http(patch("a"), "7"), http(read), http(("DELETE", f"accounts({guid('a')})", None))])

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("multipart/mixed; boundary=batchresponse_")
    assert answers(response) == [(204, "7"), (200, None), (204, None)]
    assert b'"name":"a"' in response.body


def test_the_first_failure_ends_a_batch(client: Client) -> None:
    response = send(client, [http(patch("a")), http(patch("b", {"nobody": 1})), http(patch("c"))])

    assert response.status == 400
    assert answers(response) == [(204, None), (400, None)]
    assert [row["name"] for row in client.rows.select("account")] == ["a"]


def test_a_batch_goes_on_after_errors_when_the_caller_prefers_it(client: Client) -> None:
    parts = [
        http(patch("a", None, **{"If-Match": "*"}), "1"),
        change_set(patch("b"), patch("c", {"x": 1})),
        http(patch("d")),
    ]

    response = send(client, parts, Prefer="odata.continue-on-error")

    assert response.status == 200
    assert answers(response) == [(404, "1"), (400, "2"), (204, None)]
    assert [row["name"] for row in client.rows.select("account")] == ["d"]


def test_a_change_set_is_all_or_nothing_and_echoes_the_content_ids(client: Client) -> None:
    told: list[object] = []
    client.rows.observers.append(told.append)

    assert answers(send(client, [change_set(patch("a"), patch("b"))])) == [(204, "1"), (204, "2")]
    assert len(told) == 2
    failed = send(client, [change_set(patch("a", {"name": "A"}), patch("c", None, **{"If-Match": 'W/"1"'}))])

    assert (failed.status, answers(failed)) == (404, [(404, "2")])
    assert [row["name"] for row in client.rows.select("account")] == ["a", "b"]
    assert len(told) == 2


def test_an_operation_may_refer_to_a_row_that_its_change_set_made(client: Client) -> None:
    made = ("POST", "/api/data/v9.2/accounts", {"name": "Contoso"})
    bound = ("POST", "/api/data/v9.2/invoices", {"customerid_account@odata.bind": "$1"})
    renamed = ("PATCH", "$1", {"name": "Fabrikam"})

    assert send(client, [change_set(made, bound, renamed)]).status == 200

    (invoice,), (row,) = client.rows.select("invoice"), client.rows.select("account")
    assert invoice["customerid"] == Lookup("account", row["accountid"])
    assert row["name"] == "Fabrikam"


def test_a_reference_to_a_later_operation_is_refused(client: Client) -> None:
    bound = ("POST", "/api/data/v9.2/invoices", {"customerid_account@odata.bind": "$2"})

    response = send(client, [change_set(bound, ("POST", "/api/data/v9.2/accounts", {}))])

    assert response.status == 400
    assert b"Content-ID Reference: '$2' does not exist in the batch context." in response.body


def test_a_batch_holds_a_thousand_operations_and_no_more(client: Client) -> None:
    full = [change_set(*(patch(str(number)) for number in range(600))), *(http(patch("a")) for _ in range(400))]

    assert len(answers(send(client, full))) == 1_000
    with pytest.raises(WebApiError, match="1001 operations"):
        send(client, [*full, http(patch("b"))])
    assert len(client.rows.select("account")) == 601


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "is missing"),
        ("--batch_1\r\nContent-Type: application/http\r\n\r\nGET accounts HTTP/1.1\r\n\r\n", "is missing"),
        ("--batch_1\nContent-Type: application/http\n\nGET accounts HTTP/1.1\n\n--batch_1--\n", "is missing"),
        (multipart(["Content-Type: application/http"], "batch_1"), "no blank line"),
        (multipart(["Content-Type: application/json\r\n\r\n{}"], "batch_1"), "application/http"),
        (multipart(["Content-Type: application/http\r\n\r\nhello"], "batch_1"), "no request line"),
        (multipart([http(("POST", "/api/data/v9.2/$batch", None))], "batch_1"), "no other batch"),
        (multipart([http(("GET", "accounts?$filter=" + "x" * 65_536, None))], "batch_1"), "longer than 65536"),
        (multipart([change_set(patch("a"), ("GET", "accounts", None))], "batch_1"), "no GET"),
        (multipart([change_set(patch("a")).replace("Content-ID", "X")], "batch_1"), "Content-ID"),
        (multipart([http(patch("a"))], "batch_1x"), "is missing"),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(client: Client, body: str, problem: str) -> None:
    with pytest.raises(WebApiError, match=problem) as refused:
        send_raw(client, body)

    assert refused.value.status == 400
    assert client.rows.select("account") == []


def test_the_boundary_of_a_change_set_may_begin_like_that_of_its_batch(client: Client) -> None:
    inner = change_set(patch("a"), patch("b")).replace("changeset_1", "batch_12")

    assert answers(send(client, [inner])) == [(204, "1"), (204, "2")]


def test_a_batch_needs_its_content_type(client: Client) -> None:
    with pytest.raises(WebApiError, match="boundary"):
        send_raw(client, multipart([http(patch("a"))], "batch_1"), content_type="application/json")


LOOKUPS = "Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata?$select=LogicalName"


def test_the_look_up_columns_of_a_table_are_told_those_of_the_organization_too() -> None:
    client = Client(Settings(columns={"msdyn_project": {"cr123_partner": lookup("account")}}))
    found = client.get(f"EntityDefinitions(LogicalName='msdyn_project')/{LOOKUPS}")
    names = [item["LogicalName"] for item in found["value"]]
    assert {"msdyn_customer", "msdyn_contractorganizationalunitid", "cr123_partner"} <= set(names)
    assert "msdyn_subject" not in names
    assert len({item["MetadataId"] for item in found["value"]}) == len(names)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"EntityDefinitions(LogicalName='nothing')/{LOOKUPS}", 404),
        (f"EntityDefinitions(LogicalName='account')/{LOOKUPS},DisplayName", 400),
        ("EntityDefinitions", 404),
        ("EntityDefinitions(LogicalName='account')?$filter=x", 400),
        ("sdkmessageprocessingsteps?$filter=nothing eq 1", 400),
        (f"systemusers({guid('nobody')})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges", 404),
    ],
)
def test_of_other_definitions_nothing_is_told(client: Client, target: str, status: int) -> None:
    assert client.ask("GET", target).status == status


def test_a_table_tells_its_set_whether_changes_are_tracked_and_its_privileges() -> None:
    client = Client(Settings(untracked=frozenset({"account"})))
    found = client.get(
        "EntityDefinitions(LogicalName='account')?$select=EntitySetName,ChangeTrackingEnabled,Privileges"
    )
    assert (found["EntitySetName"], found["ChangeTrackingEnabled"]) == ("accounts", False)
    assert {one["PrivilegeType"] for one in found["Privileges"]} >= {"Read", "Write"}
    assert client.get("EntityDefinitions(LogicalName='invoice')")["ChangeTrackingEnabled"] is True


def test_columns_tell_their_type_their_targets_and_their_behaviour(client: Client) -> None:
    path = "EntityDefinitions(LogicalName='invoice')/Attributes"
    types = {
        one["LogicalName"]: one["AttributeType"]
        for one in client.get(f"{path}?$select=LogicalName,AttributeType")["value"]
    }
    assert (types["customerid"], types["salesorderid"], types["statecode"]) == ("Customer", "Lookup", "State")
    kinds = f"{path}/Microsoft.Dynamics.CRM"
    targets = client.get(f"{kinds}.LookupAttributeMetadata?$select=LogicalName,Targets")["value"]
    assert {one["LogicalName"]: one["Targets"] for one in targets}["customerid"] == ["account", "contact"]
    dates = client.get(f"{kinds}.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior")["value"]
    assert {one["LogicalName"]: one["DateTimeBehavior"]["Value"] for one in dates}["duedate"] == "DateOnly"
    choices = client.get(f"{kinds}.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet($select=Options)")
    options = {one["LogicalName"]: one["OptionSet"]["Options"] for one in choices["value"]}
    assert 192350002 in {one["Value"] for one in options["msdyn_projectinvoicestatus"]}


def test_what_is_registered_and_what_the_user_may_do_can_be_asked() -> None:
    steps = (Step("invoice", "Update", columns=frozenset({"name"})), Step("invoice", "Delete", asynchronous=False))
    registration = Registration("hook", "https://stack/dataverse", steps)
    client = Client(Settings(registrations=(registration,), privileges={"prvReadinvoice": ""}))
    (endpoint,) = client.get("serviceendpoints?$select=name,contract&$filter=contract eq 8")["value"]
    found = client.get(f"sdkmessageprocessingsteps?$filter=_eventhandler_value eq {endpoint['serviceendpointid']}")[
        "value"
    ]
    assert [(one["sdkmessageid"]["name"], one["mode"], one["filteringattributes"]) for one in found] == [
        ("Update", 1, "name"),
        ("Delete", 0, None),
    ]
    images = client.get("sdkmessageprocessingstepimages")["value"]
    assert [one["imagetype"] for one in images] == [0, 1, 0]
    user = client.get("WhoAmI")["UserId"]
    held = client.get(f"systemusers({user})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")["RolePrivileges"]
    names = {one["PrivilegeName"]: one["Depth"] for one in held}
    assert names["prvReadaccount"] == "Global"
    assert "prvReadinvoice" not in names
