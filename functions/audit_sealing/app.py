"""Seals what was posted and what people did since the last run: every few minutes, or by hand."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from project_invoicing import bootstrap
from project_invoicing.observe import count, logger, metrics

RESERVE_MS = 30_000
"""Time reserved for the seals that go into the bucket when no more are made."""


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    sealing = bootstrap.audit_sealing(event["time"], lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
    report = sealing.run()
    count("AuditEntriesSealed", sealing.sealed)
    count("AuditLate", sealing.late)
    count("AuditSealsDiffer", len(sealing.differing))
    logger.info("audit", report=report)
    return report
