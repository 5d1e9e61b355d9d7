"""Dry run of a posting against a stack, deployed or local: what ``invoicing preview`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from operate.invalid_input import InvalidInput
from operate.stack_tables import check_company, named
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.invoices.preview import preview
from project_invoicing.use_cases.setups import SetupVersions

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """``stack_prefix``: what the names of the stack's tables begin with; without it the environment names them."""

    proposal: str
    company: str | None = None
    invoice_date: str | None = None
    stack_prefix: str | None = None


def run(options: Options) -> list[Json]:
    """What posting the proposal would make, as ``use_cases.preview`` says. Raises ``InvalidInput``."""
    tables = named(options.stack_prefix, "proposals", "staging", "setup", "master_data")
    dynamodb = client.dynamodb()
    versions = SetupVersions.read(dynamodb, tables.setup_table, tables.master_data_table)
    check_company(options.company, versions.current)
    stored = Proposals(dynamodb, tables.proposals_table, calendar_dates("invoices"))
    staging = Staging(dynamodb, tables.staging_table)
    now = utc_text(datetime.now(UTC))
    try:
        return preview(stored, staging, versions, options.proposal, now, options.company, options.invoice_date)
    except Rejected as rejected:
        raise InvalidInput([rejected.detail]) from None
