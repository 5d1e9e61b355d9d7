"""Posts invoice proposals: on schedule, when one becomes ready and its company posts automatically, or by hand."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events import PROPOSAL_READY
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.post_invoices import InvoicePosting


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    scope = event.get("detail") or {}
    stores = (bootstrap.proposals(), bootstrap.staging(), bootstrap.ledger())
    run = InvoicePosting(*stores, bootstrap.finance_setups(), event["time"])
    if event.get("detail-type") == PROPOSAL_READY:
        run.run_one(scope["invoice_id"], again=False)
    elif scope.get("proposal_id"):
        run.run_number(scope["proposal_id"], scope.get("company"), scope.get("invoice_date"))
    else:
        run.run(scope.get("company"), automatic=event.get("source") == "aws.events")
    logger.info("invoice posting", posted=run.posted, refused=run.refused)
    count("InvoicePosted", len(run.posted))
    count("InvoiceRefused", len(run.refused))
    return {"posted": run.posted, "refused": run.refused}
