"""What the API refuses, and what it answers without an effect: on one proposal that is ready, and stays so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from project_invoicing.domain.actor import Role
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.lists.asked import Kind
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import approval, billed
from tests.workspace.calling import Api
from tests.workspace.http import header_of, request
from tests.workspace.oidc_issuer import OidcIssuer

HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
EDIT = {"edit": HEADER | {"due_date": "2026-10-15"}}


@pytest.fixture(scope="module")
def still(new_books: Callable[[], Books]) -> Books:
    made = new_books()
    made.use(finance())
    made.arrive(*approval(), *billed())
    made.journalise()
    made.import_staging()
    return made


@pytest.fixture
def api(still: Books, issuer: OidcIssuer) -> Iterator[Api]:
    yield Api.of(issuer, still)
    assert history(still) == []


def history(books: Books) -> list[tuple[str, str, str, str]]:
    """Who did what, in the order of the alphabet: all of it at the same time."""
    stored = Proposals(books.world.client, books.world.names.proposals_table, ())
    return sorted((one.who.id, one.who.name, one.who.how, one.what) for one in stored.history(guid("inv-1")))


def test_another_companys_document_is_not_reached_through_a_company(api: Api) -> None:
    for address, body in [
        ("/api/v1/commands", {"edit": HEADER | {"company": "USSI", "due_date": "2026-10-15"}}),
        ("/api/v1/commands", {"delete_lines": HEADER | {"company": "USSI"}}),
        ("/api/v1/postings/invoices", HEADER | {"company": "USSI"}),
        ("/api/v1/postings/journals", {"company": "USSI", "journal_id": "USPM-000001"}),
        ("/api/v1/imports", {"company": "USSI"}),
        ("/api/v1/write-backs", {"company": "USSI", "journal_id": "USPM-000001"}),
    ]:
        status, problem = api.post(address, body)
        assert status in (409, 422), (address, problem)
        assert "USSI" in problem["detail"] or "INV-0001" in problem["detail"]
    assert api.get("/api/v1/lists/proposals?company=USSI")[0] == 422
    status, nothing = api.get("/api/v1/explain/INV-0001?company=USSI")
    assert (status, nothing["field"]) == (422, "company")


def test_each_operation_needs_the_role_of_its_command_and_does_nothing_without(api: Api) -> None:
    wanting: list[tuple[Role, str, dict[str, Any]]] = [
        (Role.ACCOUNTANT, "/api/v1/commands", EDIT),
        (Role.ACCOUNTANT, "/api/v1/commands", {"delete_lines": HEADER}),
        (Role.ADMINISTRATOR, "/api/v1/commands", {"master_data": {"company": "USPM"}}),
        (Role.POSTER, "/api/v1/postings/invoices", HEADER),
        (Role.POSTER, "/api/v1/postings/invoices", {}),
        (Role.POSTER, "/api/v1/postings/journals", {}),
        (Role.POSTER, "/api/v1/ledger/batches", {}),
        (Role.ACCOUNTANT, "/api/v1/imports", {}),
        (Role.ADMINISTRATOR, "/api/v1/repairs", {"repair": "c0ffee00-0000-4000-8000-000000000001"}),
        (Role.ADMINISTRATOR, "/api/v1/write-backs", {"company": "USPM", "journal_id": "USPM-000001"}),
        (Role.ADMINISTRATOR, "/api/v1/table-maps", {"action": "pause", "name": "actuals"}),
    ]
    for role, address, body in wanting:
        others = [str(one) for one in Role if one is not role]
        status, problem = api.post(address, body, api.token_of(*others))
        if address.endswith("commands") and "master_data" in body:
            continue
        assert (status, problem["reason"]) == (403, "role_missing"), (address, body, problem)
        assert str(role) in problem["detail"]
    assert api.get("/api/v1/lists/proposals", api.token_of("viewer"))[0] == 200
    assert api.get("/api/v1/explain/INV-0001", api.token_of("viewer"))[0] == 200
    assert api.get("/api/v1/lists/proposals", api.token_of("king"))[0] == 403


ROWS = {Kind.JOURNALS: 1, Kind.PROPOSALS: 1, Kind.VOUCHERS: 2, Kind.UNEXPORTED: 1}
"""The posted journal with its vouchers is in no ledger batch yet."""


def test_every_list_is_there_page_by_page(api: Api) -> None:
    for kind in Kind:
        status, found = api.get(f"/api/v1/lists/{kind}?limit=1")
        if kind is Kind.DIFFERENCES:
            assert "no reconciliation has run" in found["detail"]
            continue
        assert status == 200, found
        rows = len(found["rows"])
        while found["cursor"]:
            status, found = api.get(f"/api/v1/lists/{kind}?limit=1&cursor={found['cursor']}")
            rows += len(found["rows"])
        assert (kind, status, rows) == (kind, 200, ROWS.get(kind, 0))


WRONG: list[tuple[int, str, dict[str, Any]]] = [
    (422, "names one action", {}),
    (422, "names one action", EDIT | {"preview": HEADER}),
    (422, "not possible here", {"drop_tables": {}}),
    (422, "written as an object", {"edit": "all"}),
    (422, "whoever has signed in", {"edit": EDIT["edit"] | {"actor": "bob"}}),
    (422, "cannot be edited", {"edit": HEADER | {"status": "posted"}}),
    (422, "is written as", {"edit": HEADER | {"due_date": "tomorrow"}}),
    (409, "there is no proposal", {"edit": {"proposal_id": "INV-9"} | {"due_date": "2026-10-15"}}),
    (422, "is longer than", {"edit": {"proposal_id": "x" * 3_000, "due_date": "2026-10-15"}}),
    (422, "written as an object", {"edit": "\ud800"}),
    (409, "there is no proposal", {"edit": {"proposal_id": "\ud800'; --", "due_date": "2026-10-15"}}),
]


def test_a_wrong_command_is_refused_and_says_why(api: Api) -> None:
    for status, says, body in WRONG:
        found, problem = api.post("/api/v1/commands", body)
        assert (found, says in problem["detail"]) == (status, True), (body, problem)


def test_a_field_that_a_posting_does_not_know_is_refused_since_it_might_have_narrowed_it(api: Api) -> None:
    status, problem = api.post("/api/v1/postings/invoices", {"proposal": "INV-0001"})
    assert (status, problem["field"]) == (422, "proposal")
    for address, body in [
        ("/api/v1/postings/invoices", {"proposal_id": 1}),
        ("/api/v1/postings/invoices", {"invoice_date": "today"}),
        ("/api/v1/postings/invoices", {"actor": "bob"}),
        ("/api/v1/write-backs", {"company": "USPM"}),
        ("/api/v1/repairs", {"repair": "all"}),
        ("/api/v1/repairs", {}),
        ("/api/v1/repairs", {"repair": "INV-0001"}),
        ("/api/v1/write-backs", {"company": "USPM", "journal_id": "1", "everything": "no"}),
        ("/api/v1/table-maps", {"action": "burn"}),
        ("/api/v1/table-maps", {"action": "pause", "name": "no map"}),
        ("/api/v1/imports", {"actual_id": "no id"}),
    ]:
        status, problem = api.post(address, body)
        assert (status, problem["reason"]) == (422, "schema"), (address, body, problem)
    for address in ("lists/everything", "lists/proposals?colour=red", "lists/proposals?limit=ten"):
        assert api.get(f"/api/v1/{address}")[0] in (404, 422)
    for query in (
        "limit=0",
        "limit=1000000",
        "cursor=x",
        "company=NONE",
        "since=x",
        "status=x",
        f"number={'x' * 5_000}",
    ):
        status, problem = api.get(f"/api/v1/lists/proposals?{query}")
        assert status == 422, (query, problem)


def test_whatever_is_asked_about_is_answered(api: Api) -> None:
    for id in (
        "INV-0001",
        guid("inv-1"),
        "a%2Fb",
        "a/b",
        "%20",
        "x" * 5_000,
        "%ff%fe",
        "%00",
        "..%2F..%2Fetc%2Fpasswd",
    ):
        status, answer = api.get(f"/api/v1/explain/{id}")
        assert status in (200, 422), (id, answer)
    assert api.get("/api/v1/explain/INV-0001?company=NONE")[0] == 422
    assert api.get("/api/v1/explain/")[0] == 404


def test_answers_are_json_that_no_browser_takes_for_a_page(api: Api) -> None:
    answer = api.ask(
        request("GET", "/api/v1/explain/%3Cscript%3Ealert(1)%3C%2Fscript%3E", authorization=f"Bearer {api.token}")
    )
    assert answer["statusCode"] == 200
    assert "<" not in answer["body"]
    assert json.loads(answer["body"])["id"] == "<script>alert(1)</script>"
    assert header_of(answer, "content-type") == "application/json"
    assert header_of(answer, "x-content-type-options") == "nosniff"
    assert header_of(answer, "cache-control") == "no-store"
