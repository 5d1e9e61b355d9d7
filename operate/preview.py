"""Dry run of postings against a stack, deployed or local: what ``invoicing preview`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from operate.invalid_input import InvalidInput
from operate.stack_tables import check_company, named
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.store import client
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.documents.requests import proposals_named
from project_invoicing.use_cases.invoices.preview import preview
from project_invoicing.use_cases.journals.preview import preview_journal
from project_invoicing.use_cases.setups import SetupVersions

Json = dict[str, Any]
Wanted = tuple[str, str | None]
"""The number of a proposal or a journal, or the id of a proforma; and the company, where one is named."""


@dataclass(slots=True)
class Previews:
    """``rows`` as the use cases say, and what is not known, a sentence each."""

    rows: list[Json] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(wanted: Sequence[Wanted], invoice_date: str | None, stack_prefix: str | None) -> Previews:
    """What posting each of these would make. Raises ``InvalidInput`` if there is none of them."""
    tables = named(stack_prefix, "proposals", "journals", "staging", "setup", "master_data")
    dynamodb = client.dynamodb()
    versions = SetupVersions.read(dynamodb, tables.setup_table, tables.master_data_table)
    proposals = Proposals(dynamodb, tables.proposals_table, calendar_dates("invoices"))
    journals, staging = Journals(dynamodb, tables.journals_table), Staging(dynamodb, tables.staging_table)
    now, made = utc_text(datetime.now(UTC)), Previews()
    for number, company in wanted:
        check_company(company, versions.current)
        companies = [company] if company else list(versions.current.document.companies)
        found = [journal for code in companies if (journal := journals.get(code, number))]
        made.rows += [preview_journal(journals, staging, versions, journal) for journal in found]
        if proposals_named(proposals, companies, number):
            try:
                made.rows += preview(proposals, staging, versions, number, now, company, invoice_date)
            except Rejected as rejected:
                raise InvalidInput([rejected.detail]) from None
        elif not found:
            made.problems.append(f"there is no proposal and no journal {number}{f' in {company}' if company else ''}")
    if made.problems and not made.rows:
        raise InvalidInput(made.problems)
    return made
