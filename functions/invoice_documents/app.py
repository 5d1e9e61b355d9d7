"""Makes the document of each posted invoice of a company that asks for it, and shows or previews documents."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoice_documents import rendering
from project_invoicing import bootstrap
from project_invoicing.observe import logger, metrics

RESERVE_MS = 90_000
"""Time reserved for the largest document: one of 10,000 lines takes a small part of it."""

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def take(record: SQSRecord) -> None:
    report = bootstrap.document_inbox(rendering, lambda: True).message(record.json_body)
    logger.info("invoice document", report=report)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    inbox = bootstrap.document_inbox(rendering, lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
    return inbox.request(event["detail"], event["time"])
