"""Reads from Dataverse what the webhooks missed; pauses, resumes, stops and starts table maps."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import code, count, logger, metrics

PAGE_MS = 60_000  # the time that reading and publishing a page of 5,000 rows may take


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    run = bootstrap.catch_up(event["time"], lambda: context.get_remaining_time_in_millis() > PAGE_MS)
    answer = run.answer(event)
    figures = {name: value for name, value in answer.items() if name in ("delivered", "sweeps", "links", "actor")}
    logger.info("catch-up", outcome=code(answer.get("outcome", "swept")), **figures)
    count("CatchUpKeptDelivered", answer.get("delivered", 0))
    for sweep in answer.get("sweeps", ()):
        count("CatchUpRowPublished", sweep["published"])
        count("CatchUpRowDeleted", sweep["deleted"])
    if answer.get("outcome") == "missing":
        count("CatchUpRowMissing")
    return answer
