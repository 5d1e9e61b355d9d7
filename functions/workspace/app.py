"""The workspace: the pages of accountants, receivables clerks and administrators, and the API beside them."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing.observe import logger, metrics
from project_invoicing.workspace.app import handle


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return handle(event, context)
