"""Takes rows of master data from the queue; the schedule and a new set-up place those again that wait."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, known_id, logger, metrics
from project_invoicing.use_cases.master_data.receive import MasterDataSync

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
ROW_MS = 10_000  # the time that placing a row may take


def sync(record: SQSRecord, run: MasterDataSync) -> None:
    row_id, outcome = run.message(record.body)
    logger.debug("master data", row_id=known_id(row_id), outcome=outcome)
    count(f"MasterData{outcome.capitalize()}")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    run = bootstrap.master_data_sync(lambda: context.get_remaining_time_in_millis() > ROW_MS)
    if "Records" in event:
        run.together(record["body"] for record in event["Records"])
        handle = partial(sync, run=run)
        return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
    moved = run.look_again(event)
    logger.info("master data", moved=moved)
    count("MasterDataMoved", moved)
    return {"moved": moved}
