"""Import from staging: on schedule, by hand, when a document has been posted and when the set-up has changed."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap, events
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.staging.import_rows import StagingImport


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    stores = (bootstrap.staging(), bootstrap.journals(), bootstrap.proposals(), bootstrap.ledger())
    run = StagingImport(*stores, bootstrap.finance_setups(), event["time"], bootstrap.actuals_register())
    detail = event.get("detail") or {}
    match event.get("detail-type"):
        case events.JOURNAL_POSTED:
            report = run.after_journal(detail["company"], detail["journal_id"])
        case events.INVOICE_POSTED:
            report = run.after_invoice(detail["company"], detail["invoice_id"])
        case events.SETUP_CHANGED:
            report = run.after_setup_change()
        case _:
            report = run.everything(detail)
    logger.info("import from staging", report=report)
    for name, value in report.items():
        count(f"Import{name.title().replace('_', '')}", value)
    return report
