"""Takes over the reference rates of the day, where an address of them is set."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    take_over = bootstrap.reference_rates()
    if take_over is None:
        return {}
    report = take_over(event["time"])
    count("ReferenceRatesStale", report["stale"])
    logger.info("reference rates", report=report)
    return report
