"""The API for other programs: the same commands and refusals as elsewhere, and a description that fits what it does."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.domain.actor import How
from project_invoicing.store import client
from project_invoicing.store.proposals import Proposals
from project_invoicing.use_cases.commands.reading import COMMANDS
from project_invoicing.use_cases.people import NEEDED
from project_invoicing.workspace.api.openapi import REQUESTS, description
from project_invoicing.workspace.api.routes import OPERATIONS, ROOT
from tests.builders import guid
from tests.handlers.test_invoice_documents import COMPANY
from tests.harness import TEMPLATE
from tests.json_schema import problems
from tests.posted import NUMBER
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import approval, billed
from tests.workspace.calling import Api
from tests.workspace.http import REFERENCE, request
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
    books.use(finance(("parameters.USPM.four_eyes", True)))
    assert [api.post("/api/v1/commands", EDIT)[0] for _ in range(2)] == [200, 200]
    asked = {"proposal_id": "INV-0001"}
    status, refused = api.post("/api/v1/postings/invoices", asked)
    assert (status, refused["reason"]) == (409, "four_eyes")
    assert api.post("/api/v1/postings/invoices", asked, api.token_of("poster", sub="bob"))[0] == 200
    status, again = api.post("/api/v1/postings/invoices", asked)
    assert (status, again["reason"], again["posted"]) == (409, "already_posted", [])
    assert "FTI-00000001" in again["detail"]
    assert [what for *_, what in history(books)] == ["edited", "posted"]
    status, edited = api.post("/api/v1/commands", EDIT)
    assert (status, edited["reason"]) == (409, "already_posted")
    assert "posted" in edited["detail"]
    assert [entry["document"] for entry in edited["refused"]] == ["INV-0001"]


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
    assert asked | {"Question", "ShowDocument"} == NEEDED.keys()
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


# Documents of invoices


INVOICE = {"company": COMPANY, "invoice_number": NUMBER}
SHOWN = f"/api/v1/documents/{NUMBER}?company={COMPANY}"


def test_a_document_of_a_proposal_is_previewed_and_what_is_wrong_is_said(api: Api, books: Books) -> None:
    status, made = api.post("/api/v1/documents/previews", HEADER | {"format": "html"})
    schemas = description()["components"]["schemas"]
    assert (status, made["content_type"]) == (200, "text/html; charset=utf-8")
    assert [*problems(resolved(schemas["PreviewDocumentAnswer"], schemas), made)] == []
    assert "PREVIEW" in b64decode(made["content"]).decode()
    for address, body, status in (
        ("previews", HEADER | {"format": "xml"}, 422),
        ("previews", HEADER | {"format": "docx"}, 422),
        ("previews", HEADER | {"actor": "eve"}, 422),
        ("previews", HEADER | {"how": "event"}, 422),
        ("mails", INVOICE, 422),
        ("attachments", INVOICE | {"name": "a" * 600, "content": ""}, 422),
        ("attachments", INVOICE | {"name": "run.exe", "content": "TVo="}, 422),
        ("attachments", INVOICE | {"name": "a.csv", "content": "A" * 6_000_000}, 413),
    ):
        assert api.post(f"/api/v1/documents/{address}", body)[0] == status, (address, str(body)[:200])
    assert api.get(SHOWN)[0] == 404
    assert api.get(SHOWN.partition("?")[0])[0] == 422
    viewer = api.token_of("viewer")
    for address, body in (
        ("", INVOICE),
        ("/mails", INVOICE),
        ("/attachments", INVOICE | {"name": "a", "content": "A"}),
    ):
        assert api.post(f"/api/v1/documents{address}", body, viewer)[0] == 403
