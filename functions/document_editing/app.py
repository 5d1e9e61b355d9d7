"""A person's commands: edit, preview and delete unposted lines, reset a journal in error, replay a rejected event."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import code, count, logger, metrics
from project_invoicing.use_cases.commands.apply import apply
from project_invoicing.use_cases.commands.reading import ACTIONS


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = apply(event["detail"], bootstrap.workplace(event["time"]))
    actions = [action for action in ACTIONS if action in event["detail"]]
    logger.info("document editing", actions=actions, outcome=code(answer["outcome"]), actor=answer.get("actor"))
    count("DocumentEdited", len(actions))
    return answer
