"""What a person may do: edit, preview and delete unposted lines, reset a journal in error, replay a rejected event."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import logger
from project_invoicing.use_cases.edit_documents import DocumentEditing


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stores = (bootstrap.proposals(), bootstrap.journals(), bootstrap.staging())
    editing = DocumentEditing(*stores, bootstrap.finance_setups(), event["time"])
    answer = editing.apply(event["detail"])
    logger.info("document editing", actions=list(event["detail"]), outcome=answer["outcome"])
    return answer
