"""Delivers ledger batches and takes what the other ledger answers; every hour it looks who has not answered."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def told(inbox: Any, report: dict[str, Any]) -> dict[str, Any]:
    for metric, number in inbox.counts.items():
        count(metric, number)
    logger.info("ledger batch", report=report)
    return report


def take(record: SQSRecord) -> None:
    inbox = bootstrap.ledger_inbox()
    told(inbox, inbox.message(record.json_body))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    if asked := event.get("detail"):
        inbox = bootstrap.ledger_inbox()
        return told(inbox, inbox.request(asked, event["time"], event.get("id")))
    overdue = bootstrap.ledger_overdue(event["time"])
    count("LedgerBatchesUnanswered", overdue)
    return {"unanswered": overdue}
