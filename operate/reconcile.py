"""Reconciliation of a stack, deployed or local: what ``invoicing reconcile`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operate.explain import stores
from operate.invalid_input import InvalidInput
from operate.stack_tables import named
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.use_cases.reconciliation.run import Reconciliation

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``repair``: a GUID or ``all``, as ``actor`` asks; ``last``: the report that is kept, instead of a new one."""

    repair: str | None = None
    last: bool = False
    stack_prefix: str | None = None
    actor: str | None = None


def run(options: Options) -> Json:
    """The report of ``use_cases.reconcile``, with ``repaired`` if a repair was asked for. Raises ``InvalidInput``.

    A new report is kept as the last one if the Dataverse table of the stack is known.
    """
    if options.last:
        table = named(options.stack_prefix, "dataverse").dataverse_table
        report = Reconciliations(client.dynamodb(), table).last()
        if report is None:
            raise InvalidInput([f"--last: no reconciliation has run; {table} has no report"])
        return report
    at = utc_text(datetime.now(UTC))
    read = stores(options.stack_prefix, "audit")
    bus = options.stack_prefix or settings().event_bus_name  # the bus has the name of its stack
    if options.repair and not bus:
        raise InvalidInput(["--repair: set EVENT_BUS_NAME, the bus of the stack, or name it with --stack"])
    repairs = bootstrap.repairs(at, options.actor, read, bus)
    if options.repair and options.repair != "all":
        try:
            return {"at": at, "repaired": repairs.one(options.repair)}
        except Rejected as rejected:
            raise InvalidInput([rejected.detail]) from None
    outcome = Reconciliation(read, bootstrap.dataverse(), at, lambda: True).run()
    if options.stack_prefix or settings().dataverse_table:
        table = named(options.stack_prefix, "dataverse").dataverse_table
        Reconciliations(client.dynamodb(), table).keep(outcome.report)
    if not options.repair:
        return outcome.report
    found = (difference for check in outcome.checks.values() for difference in check.found)
    return outcome.report | {"repaired": repairs.everything(found)}
