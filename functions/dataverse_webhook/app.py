"""Puts the rows that Dataverse's webhook sends on the bus, one event per row."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.table_maps.receive import message_of, response_of


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    message = message_of(event)
    answer = bootstrap.webhook().receive(message)
    reason, size = answer.body.get("error"), len(message.body)
    logger.info("webhook", status=answer.status, reason=reason, size=size, rows=answer.counts)
    count(f"Webhook{answer.status}")
    for name, rows in answer.counts.items():
        count(f"WebhookRow{name.capitalize()}", rows)
    return response_of(answer)
