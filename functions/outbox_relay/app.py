"""Publishes events that the tables' streams bring from their outboxes; on schedule, those that the streams missed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    relay = bootstrap.outbox_relay()
    if "Records" not in event:
        published = relay.sweep(event["time"])
        count("OutboxSwept", published)
        return {"published": published}
    failed = relay.relay(event["Records"])
    count("OutboxPublished", len(event["Records"]) - len(failed))
    logger.info("outbox", records=len(event["Records"]), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}
