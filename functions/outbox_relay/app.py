"""Publishes events that the tables' streams bring from their outboxes; on schedule, those that the streams missed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.observe import count, logger, metrics
from project_invoicing.store.client import dynamodb, event_bridge
from project_invoicing.use_cases.outbox.relay import relay, sweep


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    clients = (dynamodb(), event_bridge(), settings().event_bus_name)
    if "Records" not in event:
        published = sweep(*clients, bootstrap.outbox_tables(), event["time"])
        count("OutboxSwept", published)
        return {"published": published}
    failed = relay(*clients, event["Records"])
    count("OutboxPublished", len(event["Records"]) - len(failed))
    logger.info("outbox", records=len(event["Records"]), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
