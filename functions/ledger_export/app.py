"""Makes batches for general ledgers: by schedule, when another set-up may have closed a period, or by hand."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.ledger_batches.occasions import asked_by

RESERVE_MS = 60_000
"""Time reserved for putting the files of the batch that was begun."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    building = bootstrap.ledger_building(event["time"], lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
    report = building.run(asked_by(event))
    count("LedgerDocumentsHeld", len(building.held))
    count("LedgerFilesMissing", len(building.troubles))
    logger.info("ledger export", report=report)
    return report
