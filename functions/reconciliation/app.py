"""Reconciliation: every day, or by hand with ``{"repair": "all"}`` or ``{"repair": ID}``, and who asks."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.errors import Rejected
from project_invoicing.observe import count, logger, metrics
from project_invoicing.use_cases.requests.repair_differences import ALL, RepairDifferences

RESERVE_MS = 30_000
"""Time reserved for the report when reading stops."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    at = event["time"]
    try:
        asked = RepairDifferences.of(event.get("detail") or {})
        if asked.repair and asked.repair != ALL:
            return {"repaired": bootstrap.repairs(at, asked.actor).one(asked.repair)} | asked.signed
    except Rejected as rejected:
        return {"outcome": f"refused: {rejected.detail}"}
    outcome = bootstrap.reconciliation(at, lambda: context.get_remaining_time_in_millis() > RESERVE_MS).run()
    bootstrap.reconciliations().keep(outcome.report)
    for check in outcome.checks.values():
        count(check.metric, check.total)
    count("ReconciliationDifferences", outcome.differences)
    count("ReconciliationIncomplete", int(not outcome.complete))
    logger.info("reconciliation", differences=outcome.differences, complete=outcome.complete)
    if not asked.repair:
        return outcome.report
    differences = (difference for check in outcome.checks.values() for difference in check.found)
    repaired = bootstrap.repairs(at, asked.actor).everything(differences)
    return outcome.report | {"repaired": repaired} | asked.signed
