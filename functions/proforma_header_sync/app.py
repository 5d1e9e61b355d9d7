"""Turns a confirmed proforma invoice into the header of an invoice proposal."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, known_id, logger, metrics
from project_invoicing.use_cases.proposals.sync import sync_header


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    detail = event["detail"]
    stores = bootstrap.proposals(), bootstrap.staging()
    outcome = bootstrap.maps_at_work().held_back(event)
    outcome = outcome or sync_header(*stores, bootstrap.finance_setups(), detail, event["time"])
    logger.info("proforma header", proforma_id=known_id(detail.get("id")), outcome=outcome)
    count(f"Proforma{outcome.capitalize()}")
    return {"outcome": outcome}
