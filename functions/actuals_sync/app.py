"""Stages actuals and transaction connections from the queue; only the rows that fail are delivered again."""

from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, known_id, logger, metrics
from project_invoicing.use_cases.actuals.sync import sync_message
from project_invoicing.use_cases.table_maps.at_work import MapsAtWork

processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def sync(record: SQSRecord, maps: MapsAtWork) -> None:
    row_id, outcome = sync_message(bootstrap.staging, maps, record.body)
    logger.debug("row", row_id=known_id(row_id), outcome=outcome)
    count(f"Row{outcome.capitalize()}")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    handle = partial(sync, maps=bootstrap.maps_at_work())
    return process_partial_response(event=event, record_handler=handle, processor=processor, context=context)
