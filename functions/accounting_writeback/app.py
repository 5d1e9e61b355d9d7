"""Tells Dataverse what was posted: accounting details of each actual, number and date of each invoice."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.events import JOURNAL_POSTED
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.write_back import write_back_invoice, write_back_journal


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    detail = event["detail"]
    writer = bootstrap.accounting_writer()
    if event["detail-type"] == JOURNAL_POSTED:
        document = detail["journal_id"]
        rows = write_back_journal(bootstrap.journals(), writer, detail["company"], document)
    else:
        document = detail["invoice_number"]
        rows = write_back_invoice(bootstrap.proposals(), writer, detail["company"], document)
    logger.info("write-back", company=detail["company"], document=document, rows=rows)
    count("WriteBackRow", rows)
    return {"rows": rows}
