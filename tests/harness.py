"""The functions of the stack over the tables of the template, without a bus: for tests of one step at a time.

    world = World()                        # in an engine that is running (``local.engines.running``)
    world.load(setup_document)
    world.deliver(actual("a"), …)          # each row straight to the function its rule would choose
    world.run("staging_import")            # as a scenario's ``run`` line
    world.drain()                          # what the outboxes hold, to the functions that listen
    world.result()                         # as in the contract, section 4

Time is the world's: ``world.at``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local import ROOT
from local import result as results
from local import template as templates
from local.functions import Handlers
from local.queues import batches
from project_invoicing import bootstrap
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.found_rows import is_confirmed_or_canceled
from project_invoicing.dataverse.maps import MASTER_TABLES
from project_invoicing.events import BusEvent
from project_invoicing.events.invoice_documents import InvoiceDocumentReady, InvoiceMailChanged
from project_invoicing.events.ledger_batches import LedgerBatchesRequested, LedgerBatchReady, LedgerDeliveryRequested
from project_invoicing.events.own import (
    InvoicePosted,
    JournalPosted,
    MasterDataChanged,
    MasterDataLoaded,
    ProposalReady,
    SetupChanged,
)
from project_invoicing.events.receivables import InvoicePaymentsChanged
from project_invoicing.store import client, outbox, setups
from tests.builders import Context
from tools.contracts import OWN_EVENTS

TEMPLATE = templates.read(ROOT / "template.yaml")
LISTENERS = {
    JournalPosted.TYPE: ("staging_import", "accounting_writeback"),
    SetupChanged.TYPE: ("staging_import", "master_data_sync"),
    MasterDataChanged.TYPE: ("staging_import",),
    MasterDataLoaded.TYPE: ("staging_import",),
    InvoicePosted.TYPE: ("staging_import", "accounting_writeback", "invoice_documents"),
    ProposalReady.TYPE: ("invoice_posting",),
    InvoiceDocumentReady.TYPE: ("accounting_writeback",),
    InvoiceMailChanged.TYPE: ("accounting_writeback",),
    LedgerBatchReady.TYPE: ("ledger_answers",),
    LedgerDeliveryRequested.TYPE: ("ledger_answers",),
    LedgerBatchesRequested.TYPE: ("ledger_export",),
    InvoicePaymentsChanged.TYPE: ("accounting_writeback",),
}

DESCRIBED = {event.TYPE: event for event in OWN_EVENTS}
BEHIND_QUEUES = frozenset({"accounting_writeback", "invoice_documents", "invoice_sending", "ledger_answers"})


def envelope(detail: Mapping[str, Any], at: str, detail_type: str, source: str) -> dict[str, Any]:
    """An event as EventBridge hands it to a target."""
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": detail_type,
        "source": source,
        "account": "000000000000",
        "time": at,
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


class World:
    """All functions and tables of the template in the running engine."""

    def __init__(self, at: str = "2026-08-31T09:00:00Z") -> None:
        self.at = at
        self.handlers = Handlers(verbose=False)
        self.handlers.knows(TEMPLATE.functions)
        bootstrap.forget()
        self.client = client.dynamodb()
        for table in TEMPLATE.tables:
            # Nobody reads the streams here, and moto copies them whole at each transaction.
            self.client.create_table(**{k: v for k, v in table.request.items() if k != "StreamSpecification"})
        self.names = TEMPLATE.settings()

    def load(self, document: Mapping[str, Any]) -> int:
        return setups.load(self.client, self.names.setup_table, document, self.at)

    def deliver(self, *contexts: Context) -> list[Any]:
        """Each row of the contexts to its function; returns what the functions returned."""
        return [self.send(event) for context in contexts for event in row_events(context, self.at)]

    def send(self, event: BusEvent) -> Any:
        """One Dataverse event to the function whose rule matches it, ``None`` where none does."""
        body = json.dumps(envelope(event.detail, self.at, event.detail_type, event.source))
        if event.detail["entity"] in MASTER_TABLES:
            return self.call("master_data_sync", sqs_batch(body))
        if not event.detail_type.startswith("invoice."):
            return self.call("actuals_sync", sqs_batch(body))
        if is_confirmed_or_canceled(event.detail["row"]):
            return self.call("proforma_header_sync", json.loads(body))
        return None

    def run(self, function: str, **scope: str) -> Any:
        return self.call(function, envelope(scope, self.at, "Manual Run", "project-invoicing.manual"))

    def edit(self, action: str, **request: Any) -> Any:
        event = envelope({action: request}, self.at, "Manual Edit", "project-invoicing.manual")
        return self.call("document_editing", event)

    def call(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.handlers.call(TEMPLATE.function(function), event)

    def schedule(self, function: str) -> Any:
        """Calls a function as its schedule does. What it puts on a queue, ``work`` delivers."""
        for queue in TEMPLATE.queues:
            client.sqs().create_queue(QueueName=queue.name)
        return self.call(function, envelope({}, self.at, "Scheduled Event", "aws.events"))

    def work(self, function: str) -> list[Any]:
        """Delivers what is on a function's queues, batch by batch; returns what the function returned."""
        names = {queue.id: queue.name for queue in TEMPLATE.queues}
        return [
            self.call(function, sqs_batch(*(json.dumps(message["Body"]) for message in messages)))
            for trigger in TEMPLATE.function(function).queues
            for messages in batches(client.sqs(), names[trigger.queue], trigger.batch_size)
        ]

    def unsent(self) -> list[BusEvent]:
        """Events in the outboxes, those of the longest-waiting first."""
        return [event for _, _, event in self._outbox()]

    def drain(self) -> list[BusEvent]:
        """Delivers the outboxes' events to the functions that listen, and what these cause, until all is quiet."""
        delivered: list[BusEvent] = []
        while found := self._outbox():
            for table, item, event in found:
                DESCRIBED[event.detail_type].of({"time": event.time, "detail": event.detail})  # whoever listens can
                for function in LISTENERS.get(event.detail_type, ()):
                    if event.detail_type != ProposalReady.TYPE or event.detail["auto_post"]:
                        self.tell(function, event)
                outbox.sent(self.client, table, item["pk"], item["sk"])
                delivered.append(event)
        return delivered

    def tell(self, function: str, event: BusEvent) -> Any:
        """One of our events to a function that listens, by its queue where a rule feeds that."""
        body = envelope(event.detail, event.time, event.detail_type, event.source)
        if function not in BEHIND_QUEUES:
            return self.call(function, body)
        answer = self.call(function, sqs_batch(json.dumps(body)))
        assert answer == {"batchItemFailures": []}
        return answer

    def _outbox(self) -> list[tuple[str, dict[str, Any], BusEvent]]:
        named = self.names
        business = (named.staging_table, named.journals_table, named.proposals_table)
        tables = (*business, named.setup_table, named.ledger_batches_table)
        found = [(table, item, outbox.event_of(item)) for table in tables for item in outbox.unsent(self.client, table)]
        return sorted(found, key=lambda entry: str(entry[1]["sk"]))

    def result(self) -> results.Result:
        return results.build(self.client, self.names, self.at)


def sqs_batch(*bodies: str) -> dict[str, Any]:
    """A batch as SQS hands it to a function."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:actuals",
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }
