"""Mails the document of each posted invoice whose customer wants it by mail, and notes what becomes of the mails."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def told(inbox: Any, report: dict[str, Any]) -> dict[str, Any]:
    if inbox.troubled:
        count("InvoiceMailsInTrouble", inbox.troubled)
    named = {name: report[name] for name in ("outcome", "company", "invoice_number", "attempt") if name in report}
    logger.info("invoice mail", report=named)  # without addresses
    return report


def take(record: SQSRecord) -> None:
    inbox = bootstrap.sending_inbox()
    told(inbox, inbox.message(record.json_body))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=take, processor=processor, context=context)
    inbox = bootstrap.sending_inbox()
    return told(inbox, inbox.request(event["detail"], event["time"]))
