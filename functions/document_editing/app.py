"""A person's commands: edit, preview and delete unposted lines, reset a journal in error, replay a rejected event."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import code, count, logger, metrics
from project_invoicing.use_cases.commands.apply import apply
from project_invoicing.use_cases.commands.reading import ACTIONS
from project_invoicing.use_cases.commands.workplace import Workplace


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stores = (bootstrap.proposals(), bootstrap.journals(), bootstrap.staging(), bootstrap.master_data())
    answer = apply(event["detail"], Workplace(*stores, bootstrap.finance_setups(), event["time"]))
    actions = [action for action in ACTIONS if action in event["detail"]]
    logger.info("document editing", actions=actions, outcome=code(answer["outcome"]), actor=answer.get("actor"))
    count("DocumentEdited", len(actions))
    return answer
