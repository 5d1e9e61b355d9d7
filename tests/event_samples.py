"""The single samples in ``events/``: what Dataverse sends, and what each function is then called with.

    python -m tests.event_samples      # writes them all again

They tell one small story: Bob Kozack worked eight hours, the proforma INV-0001 bills them, journal and invoice are
posted. A sample is called ``events/<function>/<case>.json``; those of Dataverse are RemoteExecutionContexts.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from local import ROOT
from local.http_api import Request, request_event
from project_invoicing import mail_service
from project_invoicing.dataverse.context import row_events, stripped_event
from project_invoicing.events import BusEvent
from project_invoicing.events.invoice_documents import DocumentFile, InvoiceDocumentReady, InvoiceMailChanged
from project_invoicing.events.ledger_batches import LedgerBatchesRequested, LedgerBatchReady, LedgerDeliveryRequested
from project_invoicing.events.own import (
    ImportRequested,
    InvoicePosted,
    JournalPosted,
    MasterDataChanged,
    MasterDataLoaded,
    ProposalReady,
    Retry,
    SetupChanged,
    SweepContinued,
    WriteBackRequested,
)
from project_invoicing.events.receivables import InvoicePaymentsChanged
from project_invoicing.events.tasks import PostingTask, WriteBackTask
from tests import master
from tests.builders import Context, actual, connection, guid, lookup, multiple, option, proforma, to_json, wire_date

EVENTS = ROOT / "events"

ACCOUNT = "123456789012"
REGION = "us-east-1"
AGREED = "2026-08-20T14:00:00Z"
APPROVED = "2026-08-27T16:05:00Z"
CONFIRMED = "2026-08-31T08:30:00Z"
WORKED: dict[str, Any] = {
    "start": wire_date("2026-08-27T13:00:00Z"),
    "document_date": wire_date("2026-08-27T04:00:00Z"),  # midnight in New York, as a user-local date is stored
}

DATAVERSE: dict[str, Context] = {
    "actual-cost": actual(
        "actual-cost",
        **WORKED,
        transaction_type="cost",
        price="100",
        category="Installation",
        description="Arm installation, day 1",
        at=APPROVED,
        row_version=5_032_101,
    ),
    "actual-unbilled-sales": actual(
        "actual-unbilled-sales",
        **WORKED,
        transaction_type="unbilled_sales",
        price="200",
        category="Installation",
        description="Arm installation, day 1",
        billing_status="ready_to_invoice",
        at=APPROVED,
        row_version=5_032_102,
    ),
    "actual-unbilled-sales-update": actual(
        "actual-unbilled-sales",
        **WORKED,
        transaction_type="unbilled_sales",
        price="200",
        category="Installation",
        description="Arm installation, day 1",
        billing_status="customer_invoice_posted",
        message="Update",
        changed=["msdyn_billingstatus"],
        at=CONFIRMED,
        row_version=5_040_007,
    ),
    "actual-unbilled-sales-reversal": actual(
        "actual-unbilled-sales-reversal",
        **WORKED,
        transaction_type="unbilled_sales",
        quantity="-8",
        price="200",
        category="Installation",
        skip_sync=True,
        adjustment_status="unadjustable",
        at=CONFIRMED,
        row_version=5_040_008,
    ),
    "actual-billed-sales": actual(
        "actual-billed-sales",
        **WORKED,
        transaction_type="billed_sales",
        price="200",
        category="Installation",
        invoice="proforma",
        billing_status="customer_invoice_posted",
        at=CONFIRMED,
        row_version=5_040_009,
    ),
    "actual-bad": actual(
        "actual-bad", **WORKED, transaction_type="project_contract", price="100", at=APPROVED, row_version=5_032_104
    ),
    "transaction-connection-unbilled-cost": connection(
        "connection-unbilled-cost",
        "actual-unbilled-sales",
        "Unbilled Sales",
        "actual-cost",
        "Cost",
        at=APPROVED,
        row_version=5_032_103,
    ),
    "transaction-connection-billed-unbilled": connection(
        "connection-billed-unbilled",
        "actual-billed-sales",
        "Billed Sales",
        "actual-unbilled-sales",
        "Unbilled Sales",
        at=CONFIRMED,
        row_version=5_040_010,
    ),
    "transaction-connection-reversing-original": connection(
        "connection-reversing-original",
        "actual-unbilled-sales-reversal",
        "Reversing",
        "actual-unbilled-sales",
        "Original",
        at=CONFIRMED,
        row_version=5_040_011,
    ),
    "transaction-connection-delete": connection(
        "connection-unbilled-cost",
        "actual-unbilled-sales",
        "Unbilled Sales",
        "actual-cost",
        "Cost",
        message="Delete",
        at=CONFIRMED,
        row_version=5_032_103,
    ),
    "invoice-confirmed": proforma(
        "proforma",
        name="Adatum, August 2026",
        total="1600",
        invoice_date="2026-08-31",
        bill_to={"name": "Adatum Corporation", "line1": "1 Harbour Street", "city": "Portland", "postalcode": "97201"},
        at=CONFIRMED,
        row_version=5_040_012,
    ),
}
DATAVERSE |= {
    "company": master.company("USPM", at=AGREED, row_version=5_000_001),
    "account": master.account(
        "C-001", name="Adatum Corporation", address1_city="Portland", at=AGREED, row_version=5_000_002
    ),
    "contract": master.contract("CTR-1", customer="C-001", at=AGREED, row_version=5_000_003),
    "project": master.project("PRJ-1", contract="CTR-1", at=AGREED, row_version=5_000_004),
    "contract-line": master.contract_line("CTR-1-1", "CTR-1", project="PRJ-1", at=AGREED, row_version=5_000_005),
    "account-merged": master.merge("account", "C-002", into="C-001", at=CONFIRMED),
    "project-deleted": master.deletion("msdyn_project", "PRJ-2", at=CONFIRMED),
}
AGREEMENT = ("company", "account", "contract", "project", "contract-line")
DATAVERSE["actuals-created-together"] = multiple(DATAVERSE["actual-cost"], DATAVERSE["actual-unbilled-sales"])
# An in-review proforma is on the bus too, and must not reach the header sync.
DATAVERSE["invoice-in-review"] = proforma(
    "proforma", status="in_review", total="1600", at="2026-08-31T08:00:00Z", row_version=5_040_001
)
# A cancellation reaches it whatever the project invoice status is by then.
DATAVERSE["invoice-canceled"] = proforma(
    "proforma",
    total="1600",
    statecode=option(3),
    changed=["statecode"],
    at="2026-09-01T09:00:00Z",
    row_version=5_050_001,
)


def bus_events(name: str) -> list[dict[str, Any]]:
    """The bus events that the Dataverse sample ``name`` becomes, as a target receives them."""
    context = DATAVERSE[name]
    first = row_events(context, APPROVED)[0]
    return [envelope(event) for event in row_events(context, first.detail["occurred_at"])]


def envelope(event: BusEvent) -> dict[str, Any]:
    return {
        "version": "0",
        "id": guid(event.key),
        "detail-type": event.detail_type,
        "source": event.source,
        "account": ACCOUNT,
        "time": event.time,
        "region": REGION,
        "resources": [],
        "detail": event.detail,
    }


def scheduled(at: str, rule: str) -> dict[str, Any]:
    made = envelope(BusEvent("aws.events", "Scheduled Event", at, {}, f"{rule}#{at}"))
    return {**made, "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{rule}"]}


def manual(at: str, kind: str, /, **detail: Any) -> dict[str, Any]:
    return {"source": "project-invoicing.manual", "detail-type": kind, "time": at, "detail": detail}


def queue_batch(*bodies: Mapping[str, Any], of: str = "actuals-sync") -> dict[str, Any]:
    return {"Records": [_message(json.dumps(body, separators=(",", ":")), of) for body in bodies]}


def stream_batch(*events: BusEvent) -> dict[str, Any]:
    return {"Records": [_stream_record(number, event) for number, event in enumerate(events, start=1)]}


POSTED_JOURNAL = JournalPosted(
    company="USPM", journal_id="USPM-000001", line_count=2, accounting_dates=("2026-08-27", "2026-08-28")
)
JOURNAL = POSTED_JOURNAL.on_bus("2026-08-28T02:00:00Z", "USPM#USPM-000001")
READY = ProposalReady(
    company="USPM",
    proposal_id="INV-0001",
    invoice_id=guid("proforma"),
    currency="USD",
    subtotal="1600.00",
    line_count=1,
    auto_post=True,
)
BATCH_READY = LedgerBatchReady(
    company="USPM",
    kind="ledger",
    number=1,
    period="2026-08",
    period_number=1,
    manifest_key="ledger/USPM/2026-08/ledger/000001/manifest.json",
    manifest_sha256=hashlib.sha256(b"manifest").hexdigest(),
    documents=2,
    lines=9,
    accounting_currency="USD",
    debit="4640.00",
    credit="4640.00",
    first_date="2026-08-27",
    last_date="2026-08-31",
).on_bus("2026-09-01T04:00:00Z", "USPM-ledger-000001")
ANN = {"actor": "ann@contoso.example", "actor_name": "Ann", "how": "workspace"}
BATCHES = LedgerBatchesRequested(company="USPM", kind="ledger", **ANN).on_bus("2026-09-01T04:00:00Z", "USPM#ledger")
DOCUMENT = {"company": "USPM", "invoice_number": "FTI-00000001"}
DELIVERED = {"company": "USPM", "kind": "ledger", "number": 1, "format": "d365_general_journal"}
DELIVERY = LedgerDeliveryRequested(
    company="USPM", kind="ledger", number=1, format="d365_general_journal", **ANN
).on_bus("2026-09-01T09:00:00Z", "USPM-ledger-000001")
ACKNOWLEDGED = BusEvent(
    "ledger",
    "LedgerBatchAcknowledged",
    "2026-09-01T08:00:00Z",
    {
        "company": "USPM",
        "kind": "ledger",
        "number": 1,
        "outcome": "partly",
        "external_number": "GNJ-000123",
        "posted_date": "2026-08-31",
        "errors": [{"external_id": "USPM:PV-00000002", "message": "the period is closed"}],
    },
    "answer",
)
ANSWER_FILE = BusEvent(
    "aws.s3",
    "Object Created",
    "2026-09-01T08:00:00Z",
    {
        "version": "0",
        "bucket": {"name": "ledgerbucket"},
        "object": {"key": "ledger/USPM/2026-08/ledger/000001/answer-1.json", "size": 230},
        "reason": "PutObject",
    },
    "file",
)
PAYMENT = BusEvent(
    "receivables",
    "CustomerPaymentSettled",
    "2026-09-10T08:00:00Z",
    {
        "company": "USPM",
        "settlement_id": "PAY-000123/1",
        "version": 1,
        "date": "2026-09-10",
        "currency": "USD",
        "invoice_number": "FTI-000001",
        "amount": "1000.00",
        "cash_discount": "20.00",
    },
    "payment",
)
PAYMENT_FILE = BusEvent(
    "aws.s3",
    "Object Created",
    "2026-09-10T08:00:00Z",
    {
        "version": "0",
        "bucket": {"name": "ledgerbucket"},
        "object": {"key": "payments/2026-09-10.csv", "size": 2_048},
        "reason": "PutObject",
    },
    "file",
)
PAYMENTS_CHANGED = InvoicePaymentsChanged(
    company="USPM",
    invoice_number="FTI-000001",
    customer="C-001",
    changes=1,
    standing="partly_paid",
    currency="USD",
    total="1600.00",
    open="580.00",
    over="0.00",
).on_bus("2026-09-10T08:00:00Z", "USPM#FTI-000001#1")
POSTED_INVOICE = InvoicePosted(
    company="USPM",
    proposal_id="INV-0001",
    invoice_id=guid("proforma"),
    invoice_number="FTI-000001",
    voucher="PV-00000003",
    document_type="invoice",
    invoice_date="2026-08-31",
    due_date="2026-09-30",
    accounting_date="2026-08-31",
    currency="USD",
    subtotal="1600.00",
    sales_tax="0.00",
    total="1600.00",
    line_count=1,
)
INVOICE = POSTED_INVOICE.on_bus("2026-08-31T09:05:00Z", "USPM#INV-0001")
DOCUMENT_READY = InvoiceDocumentReady(
    company="USPM",
    invoice_number="FTI-000001",
    customer="C-001",
    document_type="invoice",
    language="en",
    channel="mail",
    address="ap@customer.example",
    files=(DocumentFile(key="USPM/2026/FTI-000001/invoice.pdf", sha256="0" * 64, bytes=48_211),),
).on_bus("2026-08-31T09:06:00Z", "USPM#FTI-000001")
MAIL_CHANGED = InvoiceMailChanged(company="USPM", invoice_number="FTI-000001", attempt=1, state="delivered").on_bus(
    "2026-08-31T09:07:00Z", "USPM#FTI-000001#1#delivered"
)
REQUESTED = ImportRequested(actual_id=guid("actual-billed-sales")).on_bus(
    "2026-09-01T08:00:00Z", guid("actual-billed-sales")
)
PROJECT = MasterDataChanged(
    entity="msdyn_project",
    id=guid("PRJ-1"),
    company="USPM",
    number="PRJ-1",
    blockers=(f"msdyn_project#{guid('PRJ-1')}",),
).on_bus("2026-08-27T16:59:00Z", f"msdyn_project#{guid('PRJ-1')}#5032050")
PROJECTS = MasterDataLoaded(map="projects").on_bus("2026-08-27T16:58:00Z", "projects")
SETUP = SetupChanged(setup_version=2).on_bus("2026-08-27T17:02:00Z", "2")


def mail_notice(
    detail_type: str,
    company: str = "USPM",
    number: str = "FTI-000001",
    attempt: int = 1,
    at: str = "2026-08-31T09:08:00Z",
    **more: Any,
) -> dict[str, Any]:
    """What SES tells the bus of the account about a mail."""
    tags = {"company": company, "invoice": number, "attempt": str(attempt)}
    mail = {
        "timestamp": "2026-08-31T09:07:00.000Z",
        "source": "invoices@contoso.example",
        "messageId": f"0100-mail-{attempt}",
        "destination": ["ap@customer.example"],
        "tags": {
            "ses:configuration-set": ["local"],
            **{name: [mail_service.tag(value)] for name, value in tags.items()},
        },
    }
    named = {"Email Complaint Received": "Complaint", "Email Bounced": "Bounce"}
    kind = named.get(detail_type, detail_type.removeprefix("Email "))
    return envelope(BusEvent("aws.ses", detail_type, at, {"eventType": kind, "mail": mail, **more}, "mail"))


WEBHOOK_KEY = "the-key-of-the-webhook-in-samples"


def posted(body: str, key: str = WEBHOOK_KEY, **headers: str) -> dict[str, Any]:
    """The request that Dataverse sends, as the HTTP API hands it to the function."""
    given = {"content-type": "application/json", "user-agent": "Dataverse", "x-webhook-key": key}
    made = request_event(Request("POST", "/dataverse", {**given, **headers}, body=body.encode()), CONFIRMED)
    made["requestContext"]["requestId"] = guid(body + key)
    return made


def stripped(context: Context) -> Context:
    """What Dataverse leaves of a context of more than 256 KB."""
    left_out = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages", "PostEntityImagesCollection")
    return {name: value for name, value in context.items() if name not in left_out}


def webhook_samples() -> dict[str, Any]:
    large = stripped(DATAVERSE["actual-unbilled-sales-update"])
    return {
        "dataverse_webhook/create": posted(to_json(DATAVERSE["actual-unbilled-sales"])),
        "dataverse_webhook/update-with-post-image": posted(to_json(DATAVERSE["actual-unbilled-sales-update"])),
        "dataverse_webhook/delete": posted(to_json(DATAVERSE["transaction-connection-delete"])),
        "dataverse_webhook/create-multiple": posted(to_json(DATAVERSE["actuals-created-together"])),
        "dataverse_webhook/stripped": posted(to_json(large), **{"x-ms-dynamics-msg-size-exceeded": "true"}),
        "dataverse_webhook/wrong-key": posted(to_json(DATAVERSE["actual-cost"]), key="another-key-than-that"),
        "dataverse_webhook/not-json": posted("<html>Bad gateway</html>"),
    }


def workspace_samples() -> dict[str, Any]:
    """What a browser and a program ask for, as the HTTP API hands it to the function."""
    headers = {"host": "localhost", "accept": "text/html", "user-agent": "Browser"}
    paths = {"overview": "/", "style-sheet": "/static/style.css"}
    made = {name: request_event(Request("GET", path, headers), CONFIRMED) for name, path in paths.items()}
    for name, event in made.items():
        event["requestContext"]["requestId"] = guid(f"workspace-{name}")
    return {f"workspace/{name}": event for name, event in made.items()}


def catchup_samples() -> dict[str, Any]:
    large = stripped(DATAVERSE["actual-unbilled-sales-update"])
    several = stripped(DATAVERSE["actuals-created-together"])
    continued = SweepContinued(entity="msdyn_actual", round=1).on_bus(CONFIRMED, "msdyn_actual#0")
    command = {"name": "actuals", "action": "pause", "reason": "the set-up is being corrected"}
    return {
        "dataverse_catchup/scheduled": scheduled(CONFIRMED, "dataverse-catchup"),
        "dataverse_catchup/manual": manual(CONFIRMED, "Manual Run", entity="msdyn_actual"),
        "dataverse_catchup/stripped-message": envelope(stripped_event(large, CONFIRMED)),
        "dataverse_catchup/stripped-multiple": envelope(stripped_event(several, CONFIRMED)),
        "dataverse_catchup/sweep-continued": envelope(continued),
        "dataverse_catchup/map-command": manual(CONFIRMED, "Manual Run", map=command),
    }


def command_samples() -> dict[str, Any]:
    """What a person may ask for, one of each command."""
    proposal = {"company": "USPM", "proposal_id": "INV-0001"}
    accountant, approver = {**proposal, "actor": "ann@contoso.example"}, {**proposal, "actor": "bob@contoso.example"}
    journal = {"company": "USPM", "journal_id": "USPM-000001"}
    line = {"actual_id": guid("actual-billed-sales"), "sales_tax_group": "EXP"}
    dates = {"invoice_date": "2026-08-31", "due_date": None, "actor": "ann@contoso.example"}
    rejected = {"entity": "msdyn_actual", "id": guid("actual-bad")}
    sold = {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}
    taxed = {"part": "customers", "company": "USPM", "number": "C-001", "columns": {"sales_tax_group": "EXP"}}
    adjusted = {
        "company": "USPM",
        "actual_ids": [guid("actual-unbilled-sales")],
        "dimensions": {"CostCenter": "999"},
        "date": "2026-08-31",
    }
    tagged = {"company": "USPM", "voucher": "PV-00000001", "line": 2, "tags": {"IndustryEvent": "2026 Event"}}
    moved = {"company": "USPM", "to": "profit_and_loss", "costs": {"project": "PRJ-1"}, "date": "2026-08-31"}
    wanted = {"company": "USPM", "from": "2026-08-01", "to": "2026-10-31", "projects": ["PRJ-1"]}
    correction = {"company": "USPM", "journal_id": "ARJ-000001"}
    offset = {"voucher_date": "2026-10-31", "offset_account": "618900", "offset_dimensions": {"CostCenter": "007"}}
    taken_off = {"company": "GBPM", "proposal_id": "IC-000001", "off": [guid("sold")]}
    owed = {"company": "USPM", "number": "FTI-00000001", "lender": "GBPM"}
    posts = {"company": "USPM", "numbers": ["FTI-00000001"], "date": "2026-08-31"}
    answered = {"answer": "posted", "voucher": "AP-17"}
    lines = {"lines": {"item_sales_tax_group": ["SERV"]}, "item_sales_tax_group": "GOODS"}
    of_journal = {**line, "actual_id": guid("actual-unbilled-sales")}
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "edit": ("2026-08-31T09:01:00Z", {"edit": {**proposal, **line}}),
        "edit-header": ("2026-08-31T09:01:00Z", {"edit": {**proposal, **dates}}),
        "edit-journal-line": ("2026-08-27T18:00:00Z", {"edit": {**journal, **of_journal}}),
        "edit-journal": ("2026-08-27T18:00:00Z", {"edit": {**journal, "tags": tagged["tags"]}}),
        "edit-lines": ("2026-08-31T09:01:00Z", {"edit": {**proposal, **lines}}),
        "edit-journal-lines": ("2026-08-27T18:00:00Z", {"edit": {**journal, **lines}}),
        "preview-journal": ("2026-08-27T18:00:00Z", {"preview": journal}),
        "preview": ("2026-08-31T09:02:00Z", {"preview": {**proposal, "invoice_date": "2026-08-31"}}),
        "delete-lines": ("2026-08-31T09:02:00Z", {"delete_lines": proposal}),
        "delete-journal-lines": ("2026-08-27T18:01:00Z", {"delete_lines": journal}),
        "reset": ("2026-08-31T09:03:00Z", {"reset": journal}),
        "replay": ("2026-08-31T09:04:00Z", {"replay": rejected}),
        "dismiss": ("2026-08-31T09:04:30Z", {"dismiss": {**rejected, "reason": "a test row, deleted in Dataverse"}}),
        "intercompany-invoice": ("2026-08-31T09:05:00Z", {"intercompany_invoice": sold}),
        "submit-proposal": ("2026-08-31T09:05:10Z", {"submit_proposal": accountant}),
        "approve-proposal": ("2026-08-31T09:05:20Z", {"approve_proposal": approver}),
        "reject-proposal": (
            "2026-08-31T09:05:20Z",
            {"reject_proposal": {**approver, "comment": "no"}},
        ),
        "request-changes": ("2026-08-31T09:05:20Z", {"request_changes": {**approver, "comment": "tax"}}),
        "recall-proposal": ("2026-08-31T09:05:30Z", {"recall_proposal": accountant}),
        "reset-approval": ("2026-08-31T09:05:40Z", {"reset_approval": approver}),
        "post-costs": ("2026-08-31T09:07:00Z", {"post_costs": {**moved, "reason": "month end"}}),
        "adjust-accounting": ("2026-08-31T09:08:00Z", {"adjust_accounting": {**adjusted, "reason": "wrong center"}}),
        "correct-tags": ("2026-08-31T09:08:00Z", {"correct_tags": {**tagged, "reason": "typed wrong"}}),
        "preview-adjustment": ("2026-08-31T09:07:30Z", {"preview_adjustment": adjusted}),
        "preview-costs": ("2026-08-31T09:06:30Z", {"preview_costs": moved}),
        "create-accrual-journal": ("2026-10-31T18:00:00Z", {"create_accrual_journal": wanted}),
        "edit-accrual-journal": ("2026-10-31T18:01:00Z", {"edit_accrual_journal": {**correction, **offset}}),
        "remove-accrual-lines": ("2026-10-31T18:02:00Z", {"remove_accrual_lines": {**correction, "lines": [3]}}),
        "post-accrual-journal": ("2026-10-31T18:03:00Z", {"post_accrual_journal": correction}),
        "intercompany-lines": ("2026-08-31T09:08:10Z", {"intercompany_lines": taken_off}),
        "preview-vendor-invoice": ("2026-08-31T09:08:20Z", {"preview_vendor_invoice": owed}),
        "post-vendor-invoices": ("2026-08-31T09:08:30Z", {"post_vendor_invoices": posts}),
        "answer-vendor-invoice": ("2026-08-31T09:08:40Z", {"answer_vendor_invoice": {**owed, **answered}}),
        "edit-master-data": ("2026-08-31T09:06:00Z", {"edit_master_data": taxed}),
    }
    return {f"document_editing/{name}": manual(at, "Manual Edit", **detail) for name, (at, detail) in asked.items()}


def function_samples() -> dict[str, Any]:
    """``<function>/<case>`` -> the event that the function is called with."""
    created, billed = "actuals-created-together", "actual-billed-sales"
    without_resource_name = actual(
        "actual-cost", msdyn_bookableresource=lookup("bookableresource", "Bob Kozack"), row_version=5_032_101
    )
    return {
        **webhook_samples(),
        **catchup_samples(),
        **workspace_samples(),
        "proforma_header_sync/invoice-confirmed": bus_events("invoice-confirmed")[0],
        "proforma_header_sync/invoice-canceled": bus_events("invoice-canceled")[0],
        "actuals_sync/time-approved": queue_batch(
            *bus_events(created), *bus_events("transaction-connection-unbilled-cost")
        ),
        "actuals_sync/proforma-confirmed": queue_batch(
            *bus_events("actual-unbilled-sales-update"),
            *bus_events("actual-unbilled-sales-reversal"),
            *bus_events(billed),
            *bus_events("transaction-connection-billed-unbilled"),
            *bus_events("transaction-connection-reversing-original"),
        ),
        "actuals_sync/connection-deleted": queue_batch(*bus_events("transaction-connection-delete")),
        "actuals_sync/resource-without-name": queue_batch(
            envelope(row_events(without_resource_name, APPROVED)[0]),
        ),
        "actuals_sync/bad-row-among-good-ones": queue_batch(*bus_events("actual-bad"), *bus_events("actual-cost")),
        "master_data_sync/project-agreed": queue_batch(
            *(event for name in AGREEMENT for event in bus_events(name)), of="master-data-sync"
        ),
        "master_data_sync/accounts-merged": queue_batch(*bus_events("account-merged"), of="master-data-sync"),
        "master_data_sync/finance-setup-changed": envelope(SETUP),
        "master_data_sync/scheduled": scheduled("2026-08-27T17:00:00Z", "master-data-sync"),
        "staging_import/scheduled": scheduled("2026-08-27T17:00:00Z", "staging-import"),
        "staging_import/manual": manual("2026-08-27T17:00:00Z", "Manual Run", company="USPM"),
        "staging_import/integration-journal-posted": envelope(JOURNAL),
        "staging_import/customer-invoice-posted": envelope(INVOICE),
        "staging_import/finance-setup-changed": envelope(SETUP),
        "staging_import/master-data-changed": envelope(PROJECT),
        "staging_import/master-data-loaded": envelope(PROJECTS),
        "journal_posting/scheduled": scheduled("2026-08-28T02:00:00Z", "journal-posting"),
        "journal_posting/manual-company": manual("2026-08-28T02:00:00Z", "Manual Run", company="USPM"),
        "journal_posting/manual": manual(
            "2026-08-28T02:00:00Z", "Manual Run", company="USPM", journal_id=JOURNAL.detail["journal_id"]
        ),
        "invoice_posting/scheduled": scheduled("2026-08-31T09:05:00Z", "invoice-posting"),
        "invoice_posting/manual": manual(
            "2026-08-31T09:05:00Z", "Manual Run", company="USPM", proposal_id="INV-0001", invoice_date="2026-08-31"
        ),
        "invoice_posting/invoice-proposal-ready": envelope(READY.on_bus("2026-08-31T09:00:00Z", "USPM#INV-0001")),
        "invoice_posting/queued": queue_batch(
            PostingTask(company=READY.company, proposal_id=READY.proposal_id, invoice_id=READY.invoice_id).message(
                "2026-08-31T09:05:00Z"
            ),
            of="invoice-posting",
        ),
        "outbox_relay/stream": stream_batch(JOURNAL, INVOICE),
        "outbox_relay/scheduled": scheduled("2026-08-31T09:10:00Z", "outbox-relay"),
        "accounting_writeback/integration-journal-posted": queue_batch(envelope(JOURNAL), of="accounting-writeback"),
        "accounting_writeback/write-back-requested": envelope(
            WriteBackRequested(retry=Retry(company="USPM", invoice_number="FTI-00000001", everything=False)).on_bus(
                "2026-09-01T03:00:00Z", "USPM#FTI-00000001"
            )
        ),
        "accounting_writeback/customer-invoice-posted": queue_batch(envelope(INVOICE), of="accounting-writeback"),
        "accounting_writeback/invoice-document-ready": queue_batch(envelope(DOCUMENT_READY), of="accounting-writeback"),
        "accounting_writeback/invoice-mail-changed": queue_batch(envelope(MAIL_CHANGED), of="accounting-writeback"),
        "accounting_writeback/invoice-payments-changed": queue_batch(
            envelope(PAYMENTS_CHANGED), of="accounting-writeback"
        ),
        "accounting_writeback/queued": queue_batch(
            WriteBackTask(company=POSTED_INVOICE.company, invoice_number=POSTED_INVOICE.invoice_number).message(
                "2026-08-31T09:06:00Z"
            ),
            of="accounting-writeback",
        ),
        "accounting_writeback/scheduled": scheduled("2026-08-31T09:15:00Z", "accounting-writeback"),
        "accounting_writeback/retry": manual(
            "2026-08-31T09:30:00Z",
            "Manual Retry",
            retry={name: INVOICE.detail[name] for name in ("company", "invoice_number")},
        ),
        **command_samples(),
        "staging_import/staging-import-requested": envelope(REQUESTED),
        "reconciliation/scheduled": scheduled("2026-09-01T02:30:00Z", "reconciliation"),
        "reconciliation/repair-one": manual("2026-09-01T08:00:00Z", "Manual Run", repair=guid("actual-billed-sales")),
        "reconciliation/repair-all": manual("2026-09-01T08:00:00Z", "Manual Run", repair="all"),
        "reference_rates/scheduled": scheduled("2026-08-31T15:30:00Z", "reference-rates"),
        "audit_sealing/scheduled": scheduled("2026-08-31T09:05:00Z", "audit-sealing"),
        "ledger_export/scheduled": scheduled("2026-09-01T04:00:00Z", "ledger-export"),
        "ledger_export/finance-setup-changed": envelope(SETUP),
        "ledger_export/batches-requested": envelope(BATCHES),
        "ledger_export/manual": manual("2026-09-01T04:00:00Z", "Manual Run", company="USPM", kind="ledger"),
        "ledger_answers/batch-ready": queue_batch(envelope(BATCH_READY), of="ledger-answers"),
        "ledger_answers/delivery-requested": queue_batch(envelope(DELIVERY), of="ledger-answers"),
        "ledger_answers/batch-acknowledged": queue_batch(envelope(ACKNOWLEDGED), of="ledger-answers"),
        "ledger_answers/answer-file": queue_batch(envelope(ANSWER_FILE), of="ledger-answers"),
        "ledger_answers/payment-settled": queue_batch(envelope(PAYMENT), of="ledger-answers"),
        "ledger_answers/payment-file": queue_batch(envelope(PAYMENT_FILE), of="ledger-answers"),
        "ledger_answers/payment": manual("2026-09-10T09:00:00Z", "Manual Run", payment=PAYMENT.detail),
        "ledger_answers/acknowledge": manual("2026-09-01T09:00:00Z", "Manual Run", acknowledge=ACKNOWLEDGED.detail),
        "ledger_answers/deliver": manual("2026-09-01T09:00:00Z", "Manual Run", deliver=DELIVERED),
        "ledger_answers/scheduled": scheduled("2026-09-01T10:00:00Z", "ledger-answers"),
        "invoice_documents/customer-invoice-posted": queue_batch(envelope(INVOICE), of="invoice-documents"),
        "invoice_documents/make": manual("2026-09-01T09:00:00Z", "Manual Run", make=DOCUMENT),
        "invoice_documents/make-all": manual("2026-09-01T09:00:00Z", "Manual Run", make_all={"month": "2026-08"}),
        "invoice_documents/show": manual("2026-09-01T09:00:00Z", "Manual Run", show={**DOCUMENT, "format": "html"}),
        "invoice_documents/preview": manual(
            "2026-09-01T09:00:00Z", "Manual Run", preview={"company": "USPM", "proposal_id": "INV-0001"}
        ),
        "invoice_documents/attach": manual(
            "2026-09-01T09:00:00Z", "Manual Run", attach={**DOCUMENT, "name": "hours.csv", "content": "aG91cnM="}
        ),
        "invoice_sending/document-ready": queue_batch(envelope(DOCUMENT_READY), of="invoice-sending"),
        "invoice_sending/mail-bounced": queue_batch(
            mail_notice("Email Bounced", bounce={"bounceType": "Permanent", "bounceSubType": "NoEmail"}),
            of="invoice-sending",
        ),
        "invoice_sending/mail-delivered": queue_batch(
            mail_notice("Email Delivered", delivery={"recipients": ["ap@customer.example"]}), of="invoice-sending"
        ),
        "invoice_sending/resend": manual(
            "2026-09-01T09:00:00Z", "Manual Run", resend={**DOCUMENT, "to": "ap@customer.example"}
        ),
        "explain/actual": manual("2026-08-31T09:10:00Z", "Manual Question", id=guid("actual-billed-sales")),
        "explain/proposal": manual("2026-08-31T09:10:00Z", "Manual Question", id="INV-0001", company="USPM"),
    }


def samples() -> dict[str, str]:
    """Path below ``events/`` -> the text of the file."""
    contexts = {f"dataverse/{name}.json": context for name, context in DATAVERSE.items()}
    functions = {f"{name}.json": event for name, event in function_samples().items()}
    return {path: to_json(content, indent=2) + "\n" for path, content in {**contexts, **functions}.items()}


def _message(body: str, queue: str) -> dict[str, Any]:
    digest = hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
    return {
        "messageId": guid(body),
        "receiptHandle": f"AQEB{digest}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1787846700000",
            "SenderId": ACCOUNT,
            "ApproximateFirstReceiveTimestamp": "1787846700010",
        },
        "messageAttributes": {},
        "md5OfBody": digest,
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
        "awsRegion": REGION,
    }


def _stream_record(number: int, event: BusEvent) -> dict[str, Any]:
    keys = {"pk": {"S": f"OUTBOX#{number}"}, "sk": {"S": f"{event.time}#{event.key}"}}
    detail = json.dumps(event.detail, separators=(",", ":"))
    image = {**keys, "t": {"S": event.detail_type}, "at": {"S": event.time}, "d": {"S": detail}}
    table = "Journals" if event is JOURNAL else "Proposals"
    return {
        "eventID": guid(event.key).replace("-", ""),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1787846700 + number,
            "Keys": keys,
            "NewImage": image,
            "SequenceNumber": f"{number:021d}",
            "SizeBytes": len(json.dumps(image)),
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/2026-08-01T00:00:00.000",
    }


def main() -> None:
    for path, text in samples().items():
        file = EVENTS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        sys.stdout.write(f"events/{path}\n")


if __name__ == "__main__":
    main()
