"""Posts integration journals: on schedule those that need no review; by hand all of them, a company's, or one.

The schedule also goes on with correction journals of accrued revenue that were left to it.
"""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.errors import Rejected
from project_invoicing.events import SCHEDULE_SOURCE
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.journals.post import JournalPosting
from project_invoicing.use_cases.requests.post_journals import PostJournals

RESERVE_MS = 20_000
"""Time reserved for the cost, or the lines of a correction, that were begun."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    stores = (bootstrap.journals(), bootstrap.staging(), bootstrap.ledger(), bootstrap.ready())
    run = JournalPosting(*stores, bootstrap.finance_setups(), event["time"])
    asked = PostJournals()
    try:
        asked = PostJournals.of(event.get("detail") or {})
    except Rejected as rejected:
        run.refuse(rejected)
    else:
        run.run(asked, scheduled=event.get("source") == SCHEDULE_SOURCE)
    corrections = _due_corrections(event, context)
    costs = _scheduled_costs(run, event, context)
    logger.info("journal posting", posted=run.posted, failed=run.failed, held=run.held, actor=asked.actor)
    count("JournalPosted", len(run.posted))
    count("JournalFailed", len(run.failed))
    refused = [asdict(refusal) for refusal in run.refused]
    return {"posted": run.posted, "failed": run.failed, "refused": refused} | corrections | costs | asked.signed


def _due_corrections(event: dict[str, Any], context: LambdaContext) -> dict[str, list[str]]:
    """Goes on with the correction journals that were left to the schedule: their numbers."""
    if event.get("source") != SCHEDULE_SOURCE:
        return {}

    def time_left() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MS

    gone_on = bootstrap.due_corrections(event["time"], time_left)
    return {"corrections": gone_on} if gone_on else {}


def _scheduled_costs(run: JournalPosting, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Posts costs by schedule, where a company lets it: how many."""
    companies = run.setups.current.document.parameters.values()
    if event.get("source") != SCHEDULE_SOURCE or not any(one.scheduled_costs for one in companies):
        return {}

    def time_left() -> bool:
        return context.get_remaining_time_in_millis() > RESERVE_MS

    costs = bootstrap.scheduled_costs(event["time"], run.setups, time_left)
    costs.run()
    run.refused += costs.refused
    count("CostsPosted", costs.posted)
    return {"costs": costs.posted}
