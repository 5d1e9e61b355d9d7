"""What programs do with documents of invoices through the API."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, cast
from unittest.mock import patch

import pytest

from project_invoicing.domain.actor import How
from project_invoicing.store import client
from project_invoicing.workspace.api.openapi import description
from tests.handlers.test_invoice_documents import COMPANY
from tests.handlers.test_invoice_sending import TO, Office
from tests.harness import World
from tests.json_schema import problems
from tests.posted import NUMBER
from tests.workspace.calling import Api
from tests.workspace.oidc_issuer import OidcIssuer
from tests.workspace.test_api import resolved

INVOICE = {"company": COMPANY, "invoice_number": NUMBER}
SHOWN = f"/api/v1/documents/{NUMBER}?company={COMPANY}"


@pytest.fixture
def office(moto: None) -> Office:
    """An invoice with a document that was not mailed yet."""
    return Office(World())


def test_a_program_looks_at_a_document_extends_it_and_has_it_mailed(office: Office, issuer: OidcIssuer) -> None:
    api, schemas = Api.of(issuer, cast("Any", office)), description()["components"]["schemas"]

    def said(name: str, status: int, answer: dict[str, Any]) -> dict[str, Any]:
        assert status == 200, answer
        assert [*problems(resolved(schemas[name], schemas), answer)] == []
        return answer

    hours = {"name": "hours.pdf", "content": b64encode(b"%PDF-" + b"\0" * 400_000).decode()}
    attached = said("AttachFileAnswer", *api.post("/api/v1/documents/attachments", INVOICE | hours))
    assert attached["bytes"] == 400_005
    made = said("MakeDocumentAnswer", *api.post("/api/v1/documents", INVOICE))
    assert [one["name"] for one in made["files"]] == ["invoice.pdf", "invoice.html"]
    assert said("ShowDocumentAnswer", *api.get(SHOWN))["mail"] is None
    with patch.object(client, "ses", lambda: office.ses):
        mailed = said("ResendDocumentAnswer", *api.post("/api/v1/documents/mails", INVOICE))
    assert (mailed["outcome"], mailed["address"]) == ("sent", TO)
    assert {one.who.how for one in office.entries()} == {How.API}
    office.hears("Email Bounced", bounce={"bounceSubType": "Suppressed"})
    shown = said("ShowDocumentAnswer", *api.get(SHOWN))
    assert (shown["document"], shown["mail"]["state"]) == ("ready", "suppressed")
    assert [one["name"] for one in shown["attachments"]] == ["hours.pdf"]
    assert shown["files"][0]["sha256"] == made["files"][0]["sha256"]
    assert "X-Amz-Expires=60" in shown["files"][0]["address"]
    (row,) = said("ListRowsAnswer", *api.get(f"/api/v1/lists/invoices?company={COMPANY}&customer=adat"))["rows"]
    assert (row["document"], row["mail"]) == ("ready", "suppressed")
    month = row["invoice_date"][:7]
    every = said("MakeDocumentsAnswer", *api.post("/api/v1/documents/months", {"month": month, "company": COMPANY}))
    assert (every["there"], every["finished"]) == (1, True)
    (found,) = api.get(f"/api/v1/explain/{NUMBER}?company={COMPANY}")[1]["found"]
    assert found["facts"]["document"].startswith("ready since ")
    assert found["facts"]["mail"].startswith(f"suppressed: mail 1 to {TO}")
    assert any(text.startswith("mail suppressed: It was not sent") for text in found["next"])
    assert "nothing: it is done" not in found["next"]
    assert any(step["what"].startswith("document mailed, by Ann (api)") for step in found["history"])
