"""Each sample in ``events/`` reaches exactly the functions it is for, by the rules of the template.

Neither cfn-lint nor ``sam validate`` sees a wrong pattern. ministack's TestEventPattern, as EventBridge's, tells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import boto3
import pytest

from local import ROOT, engines
from local.template import read
from project_invoicing.dataverse.context import parse_json, row_events, stripped_event
from project_invoicing.errors import Rejected
from tests.event_samples import APPROVED, bus_events, envelope

pytestmark = pytest.mark.engine

TEMPLATE = read(ROOT / "template.yaml")
EVENTS = ROOT / "events"
Event = dict[str, Any]

HEADER_SYNC, ACTUALS = {"proforma_header_sync"}, {"actuals_sync"}
MASTER_DATA = {"master_data_sync"}
SETUP = {"staging_import", "master_data_sync", "ledger_export"}
POSTED = {"staging_import", "accounting_writeback"}
POSTED_INVOICE = POSTED | {"invoice_documents"}
CATCH_UP = {"dataverse_catchup"}
NOBODY: set[str] = set()

ROUTES = {
    "dataverse/account": MASTER_DATA,
    "dataverse/account-merged": MASTER_DATA,
    "dataverse/company": MASTER_DATA,
    "dataverse/contract": MASTER_DATA,
    "dataverse/contract-line": MASTER_DATA,
    "dataverse/project": MASTER_DATA,
    "dataverse/project-deleted": MASTER_DATA,
    "master_data_sync/accounts-merged": MASTER_DATA,
    "master_data_sync/finance-setup-changed": SETUP,
    "ledger_export/finance-setup-changed": SETUP,
    "master_data_sync/project-agreed": MASTER_DATA,
    "dataverse/actual-bad": ACTUALS,
    "dataverse/actual-billed-sales": ACTUALS,
    "dataverse/actual-cost": ACTUALS,
    "dataverse/actual-unbilled-sales": ACTUALS,
    "dataverse/actual-unbilled-sales-reversal": ACTUALS,
    "dataverse/actual-unbilled-sales-update": ACTUALS,
    "dataverse/actuals-created-together": ACTUALS,
    "dataverse/invoice-canceled": HEADER_SYNC,
    "dataverse/invoice-confirmed": HEADER_SYNC,
    "dataverse/invoice-in-review": NOBODY,
    "dataverse/transaction-connection-billed-unbilled": ACTUALS,
    "dataverse/transaction-connection-delete": ACTUALS,
    "dataverse/transaction-connection-reversing-original": ACTUALS,
    "dataverse/transaction-connection-unbilled-cost": ACTUALS,
    "dataverse_catchup/stripped-message": CATCH_UP,
    "dataverse_catchup/stripped-multiple": CATCH_UP,
    "dataverse_catchup/sweep-continued": CATCH_UP,
    "dataverse_webhook/create": ACTUALS,
    "dataverse_webhook/create-multiple": ACTUALS,
    "dataverse_webhook/delete": ACTUALS,
    "dataverse_webhook/stripped": CATCH_UP,
    "dataverse_webhook/update-with-post-image": ACTUALS,
    "accounting_writeback/customer-invoice-posted": POSTED_INVOICE,
    "accounting_writeback/integration-journal-posted": POSTED,
    "actuals_sync/bad-row-among-good-ones": ACTUALS,
    "actuals_sync/connection-deleted": ACTUALS,
    "actuals_sync/proforma-confirmed": ACTUALS,
    "actuals_sync/resource-without-name": ACTUALS,
    "actuals_sync/time-approved": ACTUALS,
    "invoice_posting/invoice-proposal-ready": {"invoice_posting"},
    "proforma_header_sync/invoice-canceled": HEADER_SYNC,
    "proforma_header_sync/invoice-confirmed": HEADER_SYNC,
    "staging_import/customer-invoice-posted": POSTED_INVOICE,
    "staging_import/integration-journal-posted": POSTED,
    "accounting_writeback/write-back-requested": {"accounting_writeback"},
    "staging_import/finance-setup-changed": SETUP,
    "ledger_export/batches-requested": {"ledger_export"},
    "invoice_documents/customer-invoice-posted": POSTED_INVOICE,
    "invoice_sending/document-ready": {"invoice_sending", "accounting_writeback"},
    "accounting_writeback/invoice-document-ready": {"invoice_sending", "accounting_writeback"},
    "accounting_writeback/invoice-mail-changed": {"accounting_writeback"},
    "invoice_sending/mail-bounced": {"invoice_sending"},
    "invoice_sending/mail-delivered": {"invoice_sending"},
    "ledger_answers/batch-ready": {"ledger_answers"},
    "ledger_answers/delivery-requested": {"ledger_answers"},
    "ledger_answers/batch-acknowledged": {"ledger_answers"},
    "ledger_answers/answer-file": {"ledger_answers"},
    "ledger_answers/payment-settled": {"ledger_answers"},
    "ledger_answers/payment-file": {"ledger_answers"},
    "accounting_writeback/invoice-payments-changed": {"accounting_writeback"},
    "staging_import/master-data-changed": {"staging_import"},
    "staging_import/master-data-loaded": {"staging_import"},
    "staging_import/staging-import-requested": {"staging_import"},
}
NOT_ON_THE_BUS = {
    "overview",
    "style-sheet",
    "scheduled",
    "manual",
    "manual-company",
    "queued",
    "stream",
    "edit",
    "edit-header",
    "edit-master-data",
    "submit-proposal",
    "approve-proposal",
    "reject-proposal",
    "request-changes",
    "recall-proposal",
    "reset-approval",
    "edit-journal-line",
    "edit-lines",
    "edit-journal-lines",
    "preview-journal",
    "preview",
    "delete-lines",
    "delete-journal-lines",
    "reset",
    "replay",
    "dismiss",
    "intercompany-invoice",
    "create-accrual-journal",
    "edit-accrual-journal",
    "post-accrual-journal",
    "post-costs",
    "remove-accrual-lines",
    "preview-costs",
    "adjust-accounting",
    "preview-adjustment",
    "correct-tags",
    "edit-journal",
    "intercompany-lines",
    "preview-vendor-invoice",
    "post-vendor-invoices",
    "answer-vendor-invoice",
    "actual",
    "proposal",
    "repair-one",
    "repair-all",
    "retry",
    "map-command",
    "wrong-key",
    "not-json",
    "acknowledge",
    "payment",
    "attach",
    "resend",
    "make",
    "make-all",
    "show",
    "deliver",
}


def samples() -> Iterator[tuple[str, Event]]:
    """Every sample that travels on the bus, as the bus events that it is or holds."""
    for file in sorted(EVENTS.glob("*/*.json")):
        name = f"{file.parent.name}/{file.stem}"
        if file.stem in NOT_ON_THE_BUS or file.parent.name == "schemas":
            continue
        content = json.loads(file.read_text("utf-8"))
        if file.parent.name == "dataverse":
            yield from ((name, event) for event in bus_events(file.stem))
        elif file.parent.name == "dataverse_webhook":
            yield from ((name, event) for event in webhook_events(content))
        elif "Records" in content:
            yield from ((name, json.loads(record["body"])) for record in content["Records"])
        else:
            yield name, content


def webhook_events(request: Event) -> Iterator[Event]:
    """What the webhook puts on the bus for a request."""
    context = parse_json(request["body"])
    try:
        yield from map(envelope, row_events(context, APPROVED))
    except Rejected:
        yield envelope(stripped_event(context, APPROVED))


def changed(sample: str, **fields: Any) -> Event:
    """The first bus event of a sample with other fields; ``row`` and ``detail`` are merged into what is there."""
    event = deepcopy(next(event for name, event in samples() if name == sample))
    event["detail"].update(fields.pop("detail", {}))
    event["detail"].get("row", {}).update(fields.pop("row", {}))
    return event | {name.replace("_", "-"): value for name, value in fields.items()}


CHANGED = {
    "a posted proforma": changed("dataverse/invoice-confirmed", row={"msdyn_projectinvoicestatus": 192350010}),
    "a paid proforma": changed(
        "dataverse/invoice-confirmed", row={"msdyn_projectinvoicestatus": 192350003, "statecode": 2}
    ),
    "a deleted proforma": changed("dataverse/invoice-confirmed", detail_type="invoice.Delete"),
    "a stripped message of another table": changed("dataverse_catchup/stripped-message", detail_type="lead.Stripped"),
    "a deleted actual": changed("dataverse/actual-cost", detail_type="msdyn_actual.Delete"),
    "an actual of another source": changed("dataverse/actual-cost", source="elsewhere"),
    "a proposal to be posted by hand": changed("invoice_posting/invoice-proposal-ready", detail={"auto_post": False}),
    "a journal that failed": changed(
        "staging_import/integration-journal-posted", detail_type="IntegrationJournalFailed"
    ),
    "a new proposal": changed("invoice_posting/invoice-proposal-ready", detail_type="InvoiceProposalCreated"),
    "a notice of somebody else's mail": changed(
        "invoice_sending/mail-bounced", detail={"mail": {"tags": {"ses:configuration-set": ["newsletter"]}}}
    ),
    "a rejected actual": changed("invoice_posting/invoice-proposal-ready", detail_type="ActualRejected"),
}


NOT_MAILED = {
    "a document for the outbox": changed("invoice_sending/document-ready", detail={"channel": "outbox"}),
    "a document that is not sent": changed("invoice_sending/document-ready", detail={"channel": None}),
}


@pytest.fixture(scope="module")
def rules() -> Iterator[Any]:
    """The engine's EventBridge."""
    with engines.running("ministack"):
        yield boto3.client("events")


@pytest.fixture(scope="module")
def reached(rules: Any) -> Mapping[str, list[set[str]]]:
    """For each sample and each changed one, the functions that its events reach, in the order of the events."""
    found: dict[str, list[set[str]]] = {}
    for name, event in [*samples(), *CHANGED.items(), *NOT_MAILED.items()]:
        found.setdefault(name, []).append(
            {_function(r.target) for r in TEMPLATE.rules if _match(rules, r.pattern, event)}
        )
    return found


@pytest.fixture(scope="module")
def relayed(rules: Any) -> Any:
    """Whether a stream's record reaches the relay: a stream's filter has the syntax of a rule's pattern."""
    record = json.loads((EVENTS / "outbox_relay" / "stream.json").read_text("utf-8"))["Records"][0]
    other_key = deepcopy(record)
    other_key["dynamodb"]["Keys"]["pk"]["S"] = "PROPOSAL#1"
    records = {"outbox": record, "sent": record | {"eventName": "REMOVE"}, "other": other_key}
    [patterns] = {
        tuple(json.dumps(one) for one in stream.filters) for stream in TEMPLATE.function("outbox_relay").streams
    }
    return {name: [_match(rules, pattern, envelope_of(one)) for pattern in patterns] for name, one in records.items()}


def envelope_of(record: Event) -> Event:
    """A record with what TestEventPattern demands of an event around it."""
    return next(event for _, event in samples()) | record


def _match(rules: Any, pattern: str, event: Event) -> bool:
    return bool(rules.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"])


def _function(target: str) -> str:
    """The name of the function behind a rule's target: itself, or the one that the queue feeds."""
    return next(
        function.name
        for function in TEMPLATE.functions
        if target == function.id or target in {trigger.queue for trigger in function.queues}
    )


@pytest.mark.parametrize("name", ROUTES)
def test_a_sample_reaches_exactly_the_functions_it_is_for(name: str, reached: Mapping[str, list[set[str]]]) -> None:
    assert reached[name]
    assert all(functions == ROUTES[name] for functions in reached[name])


def test_every_sample_that_travels_on_the_bus_has_its_route_here() -> None:
    assert {name for name, _ in samples()} == set(ROUTES)


def test_every_rule_has_a_sample() -> None:
    with_rules = {_function(rule.target) for rule in TEMPLATE.rules}

    assert with_rules == set[str]().union(*ROUTES.values())
    assert all(any(name.startswith(f"{function}/") for name in ROUTES) for function in with_rules)


@pytest.mark.parametrize("name", NOT_MAILED)
def test_dataverse_is_told_of_a_document_that_is_not_mailed(name: str, reached: Mapping[str, list[set[str]]]) -> None:
    assert reached[name] == [{"accounting_writeback"}]


@pytest.mark.parametrize("name", CHANGED)
def test_what_no_function_waits_for_reaches_none(name: str, reached: Mapping[str, list[set[str]]]) -> None:
    assert reached[name] == [NOBODY]


@pytest.mark.parametrize("status", [192350000, 192350001, 192350003, 192350010, None])
def test_a_canceled_proforma_reaches_the_header_sync_whatever_its_status_is(status: int | None, rules: Any) -> None:
    event = changed("dataverse/invoice-canceled", row={"msdyn_projectinvoicestatus": status})

    found = {_function(rule.target) for rule in TEMPLATE.rules if _match(rules, rule.pattern, event)}

    assert found == HEADER_SYNC


@pytest.mark.parametrize(("record", "wanted"), [("outbox", True), ("sent", False), ("other", False)])
def test_the_relay_is_called_for_new_outbox_items_only(record: str, wanted: bool, relayed: Any) -> None:
    assert relayed[record] == [wanted]
