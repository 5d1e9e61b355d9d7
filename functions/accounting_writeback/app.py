"""Writes posted accounting back to Dataverse: one queued document per message; the schedule queues what is left."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events.own import WriteBackRequested
from project_invoicing.observe import code, count, logger, metrics
from project_invoicing.use_cases.write_back.send import document_due

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def write_back(record: SQSRecord, lambda_context: LambdaContext) -> None:
    task = record.json_body
    document = document_due(task)
    run = bootstrap.write_back(lambda_context.get_remaining_time_in_millis)
    run.write_back(document, task["time"])
    logger.info("write-back", company=document.company, document=document.number, done=run.done, failed=run.failed)
    count("WriteBackRow", run.done)
    count("WriteBackRowFailed", run.failed)


def retry_of(event: dict[str, Any]) -> Any:
    if event.get("detail-type") == WriteBackRequested.TYPE:
        return WriteBackRequested.of(event).retry.as_detail()
    return (event.get("detail") or {}).get("retry")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    if "Records" in event:
        return process_partial_response(event=event, record_handler=write_back, processor=processor, context=context)
    run = bootstrap.write_back(context.get_remaining_time_in_millis)
    if given := retry_of(event):
        answer = run.answer(given, event["time"])
        logger.info("write-back", action="retry", outcome=code(answer["outcome"]), actor=answer.get("actor"))
        return answer
    queued = run.hand_out(event["time"])
    logger.info("write-back", queued=queued)
    return {"queued": queued}
