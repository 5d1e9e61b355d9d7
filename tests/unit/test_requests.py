"""What people ask of the functions by hand: read once, with a text for what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actor import Actor, How
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from project_invoicing.use_cases.requests.control_map import ControlMap
from project_invoicing.use_cases.requests.deliver_batch import DeliverBatch
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.requests.invoice_documents import (
    AttachFile,
    MakeDocument,
    MakeDocuments,
    PreviewDocument,
    ResendDocument,
    ShowDocument,
)
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.use_cases.requests.question import Question
from project_invoicing.use_cases.requests.record_payment import RecordPayment
from project_invoicing.use_cases.requests.relayed import RelayedRequest
from project_invoicing.use_cases.requests.request import Request, SignedRequest
from project_invoicing.use_cases.requests.retry_write_back import RetryWriteBack
from tests.builders import guid
from tools.contracts import REQUESTS

SIGNED = [request for request in REQUESTS if issubclass(request, SignedRequest)]
BATCH = {"company": "USPM", "kind": "ledger", "number": 1}
INVOICE = {"company": "USPM", "invoice_number": "FTI-00000001"}
REQUIRED: dict[type[Request], dict[str, Any]] = {
    AcknowledgeBatch: BATCH | {"outcome": "accepted"},
    ControlMap: {"action": "list"},
    DeliverBatch: BATCH | {"format": "plain"},
    RetryWriteBack: {"company": "USPM", "journal_id": "USPM-000001"},
    RecordPayment: {"company": "USPM", "settlement_id": "P-1", "version": 1},
    MakeDocument: INVOICE,
    ResendDocument: INVOICE,
    MakeDocuments: {"month": "2026-08"},
    ShowDocument: INVOICE,
    PreviewDocument: {"company": "USPM", "proposal_id": "INV-0001"},
    AttachFile: INVOICE | {"name": "hours.csv", "content": "aG91cnM="},
}


@pytest.mark.parametrize("request_", SIGNED)
def test_a_request_says_who_asks_and_ignores_what_it_does_not_know(request_: type[SignedRequest]) -> None:
    given = REQUIRED.get(request_, {})
    assert request_.of(given).signed == {}
    assert request_.of(given | {"actor": "ann@contoso.example", "colour": 5}).signed == {"actor": "ann@contoso.example"}


@pytest.mark.parametrize("request_", SIGNED)
def test_an_actor_is_an_id(request_: type[Request]) -> None:
    with pytest.raises(Rejected, match="without blanks, not 'Ann of Contoso'") as refused:
        request_.of(REQUIRED.get(request_, {}) | {"actor": "Ann of Contoso"})
    assert (refused.value.reason, refused.value.field) == ("schema", "actor")


def test_ids_and_numbers_are_read_as_in_commands() -> None:
    id = guid("actual-cost")
    assert ImportStaging.of({"actual_id": f"{{{id.upper()}}}", "company": " USPM "}) == ImportStaging(
        actual_id=id, company="USPM"
    )
    with pytest.raises(Rejected, match="actual_id '12' is no GUID"):
        ImportStaging.of({"actual_id": "12"})


@pytest.mark.parametrize(
    ("request_", "given", "problem"),
    [
        (PostJournals, {"journal_id": 5}, "the request has 5 as journal_id: the number of the journal"),
        (PostInvoices, {"invoice_date": 20260831}, "the request has 20260831 as invoice_date: "),
        (PostInvoices, ["INV-0001"], r"the request has \['INV-0001'\] in place of an object"),
        (ControlMap, {"action": "halt"}, "action is 'halt'; it is one of pause, resume, stop, start, list"),
        (RetryWriteBack, {"company": "USPM", "journal_id": 5}, "name company and journal_id, or company and "),
        (RetryWriteBack, {"journal_id": "USPM-000001"}, "name company and journal_id, or company and "),
        (Question, {"id": "INV-0001", "company": 5}, "company is the code of a company, not 5"),
        (ControlMap, "pause", "action is None; it is one of"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_field(request_: type[Request], given: object, problem: str) -> None:
    with pytest.raises(Rejected, match=f"^{problem}"):
        request_.of(given)


def test_a_question_without_an_id_is_a_question() -> None:
    assert Question.of({"company": "USPM", "colour": 5}) == Question(id="", company="USPM")
    assert Question.of({"id": 5}) == Question(id="5")


@pytest.mark.parametrize("request_", [RetryWriteBack, *(one for one in SIGNED if issubclass(one, RelayedRequest))])
def test_who_is_relayed_has_its_name_and_its_door_and_is_never_the_system(
    request_: type[RelayedRequest | RetryWriteBack],
) -> None:
    given = REQUIRED[request_]
    assert request_.of(given).who == Actor("", "", How.COMMAND_LINE)
    signed = {"actor": "0f1f", "actor_name": "Ann of Contoso", "how": "workspace"}
    assert request_.of(given | signed).who == Actor("0f1f", "Ann of Contoso", How.WORKSPACE)
    for door in ("schedule", "event", "back door"):
        with pytest.raises(Rejected, match="as how: the door"):
            request_.of(given | {"how": door})
