"""Explains everything known about an actual, a proposal, an invoice, a journal or a voucher. Reads only."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.use_cases.requests.question import Question


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    question = Question.of(event.get("detail") or event)
    answer = explain(bootstrap.explained_stores(), question.id, question.company)
    explanations = answer["found"]
    logger.info("explain", kinds=[each["kind"] for each in explanations], ids=[each["id"] for each in explanations])
    count("Explained", len(explanations))
    return answer
