"""Import from staging: on schedule, by hand, and when a journal has been posted or the set-up has changed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events import JOURNAL_POSTED, SETUP_CHANGED
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.import_staging import StagingImport


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    stores = (bootstrap.staging(), bootstrap.journals(), bootstrap.proposals(), bootstrap.ledger())
    run = StagingImport(*stores, bootstrap.finance_setups(), event["time"], bootstrap.actuals_register())
    if event.get("detail-type") == JOURNAL_POSTED:
        report = run.after_posting(event["detail"]["company"], event["detail"]["journal_id"])
    elif event.get("detail-type") == SETUP_CHANGED:
        report = run.after_setup_change()
    else:
        report = run.everything(event.get("detail") or {})
    logger.info("import from staging", report=report)
    for name, value in report.items():
        count(f"Import{name.title().replace('_', '')}", value)
    return report
