"""The API for other programs: the same commands and refusals as elsewhere, and a description that fits what it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.domain.actor import How, Role
from project_invoicing.store import client
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.commands.reading import COMMANDS
from project_invoicing.use_cases.lists.asked import Kind
from project_invoicing.use_cases.people import NEEDED
from project_invoicing.workspace.api.openapi import REQUESTS, description
from project_invoicing.workspace.api.routes import OPERATIONS, ROOT
from tests.builders import guid
from tests.harness import TEMPLATE
from tests.json_schema import problems
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import approval, billed
from tests.workspace.calling import Api
from tests.workspace.http import REFERENCE, header_of, request
from tests.workspace.oidc_issuer import OidcIssuer

HEADER = {"company": "USPM", "proposal_id": "INV-0001"}
EDIT = {"edit": HEADER | {"due_date": "2026-10-15"}}


@pytest.fixture
def api(books: Books, issuer: OidcIssuer) -> Api:
    """Over a proposal that is ready."""
    books.use(finance())
    books.arrive(*approval(), *billed())
    books.journalise()
    books.import_staging()
    return Api.of(issuer, books)


def history(books: Books) -> list[tuple[str, str, str, str]]:
    """Who did what, in the order of the alphabet: all of it at the same time."""
    stored = Proposals(books.world.client, books.world.names.proposals_table, ())
    return sorted((one.who.id, one.who.name, one.who.how, one.what) for one in stored.history(guid("inv-1")))


def test_a_program_finds_a_proposal_edits_it_posts_it_and_its_name_is_in_the_history(api: Api, books: Books) -> None:
    status, found = api.get("/api/v1/lists/proposals?company=USPM&status=ready")
    assert (status, [row["proposal_id"] for row in found["rows"]], found["cursor"]) == (200, ["INV-0001"], None)
    nightly = api.token_of("accountant", "poster", sub="0f1f-nightly", name=None, azp="nightly job")
    assert api.post("/api/v1/commands", EDIT, nightly) == (200, {"outcome": "done"})
    status, previewed = api.post("/api/v1/commands", {"preview": HEADER})
    assert (status, previewed["outcome"]) == (200, "previewed")
    asked = {"company": "USPM", "proposal_id": "INV-0001"}
    assert api.post("/api/v1/postings/invoices", asked, nightly) == (200, {"posted": ["FTI-00000001"], "refused": []})
    assert history(books) == [
        ("0f1f-nightly", "nightly job", How.API, "edited"),
        ("0f1f-nightly", "nightly job", How.API, "posted"),
    ]
    status, explained = api.get("/api/v1/explain/FTI-00000001?company=USPM")
    assert (status, explained["found"][0]["kind"]) == (200, "invoice")
    assert any("nightly job (api)" in step["what"] for step in explained["found"][0]["history"])


def test_the_same_posting_and_the_same_edit_twice_have_one_effect_and_a_clear_answer(api: Api, books: Books) -> None:
    assert [api.post("/api/v1/commands", EDIT)[0] for _ in range(2)] == [200, 200]
    asked = {"proposal_id": "INV-0001"}
    assert api.post("/api/v1/postings/invoices", asked)[0] == 200
    status, again = api.post("/api/v1/postings/invoices", asked)
    assert (status, again["reason"], again["posted"]) == (409, "already_posted", [])
    assert "FTI-00000001" in again["detail"]
    assert [what for *_, what in history(books)] == ["edited", "posted"]
    status, edited = api.post("/api/v1/commands", EDIT)
    assert (status, edited["reason"]) == (409, "already_posted")
    assert "posted" in edited["detail"]
    assert [entry["document"] for entry in edited["refused"]] == ["INV-0001"]


def test_another_companys_document_is_not_reached_through_a_company(api: Api, books: Books) -> None:
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
    assert history(books) == []


def test_each_operation_needs_the_role_of_its_command_and_does_nothing_without(api: Api, books: Books) -> None:
    wanting: list[tuple[Role, str, dict[str, Any]]] = [
        (Role.ACCOUNTANT, "/api/v1/commands", EDIT),
        (Role.ACCOUNTANT, "/api/v1/commands", {"delete_lines": HEADER}),
        (Role.ADMINISTRATOR, "/api/v1/commands", {"master_data": {"company": "USPM"}}),
        (Role.POSTER, "/api/v1/postings/invoices", HEADER),
        (Role.POSTER, "/api/v1/postings/invoices", {}),
        (Role.POSTER, "/api/v1/postings/journals", {}),
        (Role.ACCOUNTANT, "/api/v1/imports", {}),
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
    assert history(books) == []
    assert api.get("/api/v1/lists/proposals", api.token_of("viewer"))[0] == 200
    assert api.get("/api/v1/explain/INV-0001", api.token_of("viewer"))[0] == 200
    assert api.get("/api/v1/lists/proposals", api.token_of("king"))[0] == 403


def test_journals_are_posted_rows_imported_and_maps_paused(books: Books, issuer: OidcIssuer) -> None:
    api = Api.of(issuer, books)
    books.use(finance())
    books.arrive(*approval())
    status, report = api.post("/api/v1/imports", {})
    assert (status, report["waiting"]) == (200, 0)
    assert report["journal_lines"] > 0
    status, posted = api.post("/api/v1/postings/journals", {"company": "USPM"})
    assert (status, posted) == (200, {"posted": ["USPM-000001"], "failed": [], "refused": []})
    status, refused = api.post("/api/v1/postings/journals", {"company": "USPM", "journal_id": "USPM-000009"})
    assert (status, refused["posted"]) == (422, [])
    assert "USPM-000009" in refused["detail"]
    for queue in TEMPLATE.queues:
        client.sqs().create_queue(QueueName=queue.name)
    status, retried = api.post("/api/v1/write-backs", {"company": "USPM", "journal_id": "USPM-000001"})
    assert (status, retried["reason"]) == (409, "not_retried")
    assert "USPM-000001" in retried["detail"]
    status, paused = api.post("/api/v1/table-maps", {"action": "pause", "name": "actuals", "reason": "a test"})
    assert (status, paused["outcome"]) == (200, "actuals is paused")
    assert api.post("/api/v1/table-maps", {"action": "list"})[1]["outcome"] == "listed"
    assert api.post("/api/v1/table-maps", {"action": "start", "name": "actuals"})[0] in (409, 422)


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
        assert (status, rows) == (200, {Kind.JOURNALS: 1, Kind.PROPOSALS: 1, Kind.VOUCHERS: 2}.get(kind, 0))


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


def test_a_wrong_command_is_refused_and_says_why(api: Api, books: Books) -> None:
    for status, says, body in WRONG:
        found, problem = api.post("/api/v1/commands", body)
        assert (found, says in problem["detail"]) == (status, True), (body, problem)
    assert history(books) == []


def test_a_field_that_a_posting_does_not_know_is_refused_since_it_might_have_narrowed_it(api: Api) -> None:
    status, problem = api.post("/api/v1/postings/invoices", {"proposal": "INV-0001"})
    assert (status, problem["field"]) == (422, "proposal")
    for address, body in [
        ("/api/v1/postings/invoices", {"proposal_id": 1}),
        ("/api/v1/postings/invoices", {"invoice_date": "today"}),
        ("/api/v1/postings/invoices", {"actor": "bob"}),
        ("/api/v1/write-backs", {"company": "USPM"}),
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


# The description


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part["$ref"],) if "$ref" in part else ()
        for one in part.values():
            yield from references(one)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def test_the_description_has_every_operation_and_every_command_and_nothing_else() -> None:
    made = description()
    described = {(method.upper(), path) for path, methods in made["paths"].items() for method in methods}
    assert described == {(one.method, f"{ROOT}{one.path}") for one in OPERATIONS}
    schemas = made["components"]["schemas"]
    named = {reference.removeprefix("#/components/schemas/") for reference in references(made)}
    assert named == schemas.keys() - {"Command"} | {"Command"}
    asked = {command.__name__ for command in COMMANDS} | {request.__name__ for request in REQUESTS.values()}
    assert asked | {"Question"} == NEEDED.keys()
    assert asked <= schemas.keys()
    assert not any("actor" in schemas[name]["properties"] for name in asked)
    for path, methods in made["paths"].items():
        for operation in methods.values():
            inside = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert inside == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
            assert {"200"} < operation["responses"].keys() or operation["security"] == []


def test_the_description_is_there_without_a_token_and_is_the_one_of_the_models(issuer: OidcIssuer) -> None:
    answer = Api.of(issuer).ask(request("GET", "/api/v1/openapi.json"))
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == json.loads(json.dumps(description()))


def resolved(schema: Any, schemas: dict[str, Any]) -> Any:
    """A schema without references, and without words that only describe."""
    if isinstance(schema, list):
        return [resolved(one, schemas) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return {
        name: resolved(one, schemas) for name, one in schema.items() if name not in ("minProperties", "maxProperties")
    }


def test_what_is_sent_and_answered_is_as_described(api: Api) -> None:
    made = description()
    schemas = made["components"]["schemas"]

    def fits(name: str, value: object) -> None:
        assert [*problems(resolved(schemas[name], schemas), value)] == []

    status, problem = api.post("/api/v1/commands", {"edit": {"proposal_id": "INV-9", "due_date": "2026-10-15"}})
    fits("Problem", problem)
    assert (problem["status"], problem["reference"]) == (status, REFERENCE)
    fits("Command", EDIT)
    fits("ProposalRow", api.get("/api/v1/lists/proposals")[1]["rows"][0])
    for name, (status, answer) in {
        "CommandAnswer": api.post("/api/v1/commands", EDIT),
        "ListRowsAnswer": api.get("/api/v1/lists/proposals"),
        "ExplainAnswer": api.get("/api/v1/explain/INV-0001"),
        "ImportStagingAnswer": api.post("/api/v1/imports", {}),
        "PostJournalsAnswer": api.post("/api/v1/postings/journals", {}),
        "PostInvoicesAnswer": api.post("/api/v1/postings/invoices", HEADER),
        "ControlMapAnswer": api.post("/api/v1/table-maps", {"action": "list"}),
    }.items():
        assert status == 200, answer
        fits(name, answer)


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
