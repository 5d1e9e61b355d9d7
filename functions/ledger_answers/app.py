"""Delivers ledger batches, takes what is answered about them and told of payments; every hour it looks what is left."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events.payments_told import is_about_payments
from project_invoicing.observe import count, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def told(inbox: Any, report: dict[str, Any]) -> dict[str, Any]:
    for metric, number in inbox.counts.items():
        count(metric, number)
    logger.info("told", report=report)
    return report


def take(record: SQSRecord) -> None:
    message = record.json_body
    inbox = bootstrap.payment_inbox() if is_about_payments(message) else bootstrap.ledger_inbox()
    told(inbox, inbox.message(message))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    if asked := event.get("detail"):
        if "payment" in asked:
            payments = bootstrap.payment_inbox()
            return told(payments, payments.request(asked["payment"], event["time"]))
        inbox = bootstrap.ledger_inbox()
        return told(inbox, inbox.request(asked, event["time"], event.get("id")))
    overdue = bootstrap.ledger_overdue(event["time"])
    count("LedgerBatchesUnanswered", overdue)
    aside = bootstrap.payments_again(event["time"])
    count("PaymentsSetAside", aside)
    return {"unanswered": overdue, "payments_set_aside": aside}
