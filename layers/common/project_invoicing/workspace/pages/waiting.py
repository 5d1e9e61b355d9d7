"""What waits, why, and what to do about it; and the import that looks at all of it again."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.codes import ProposalStatus
from project_invoicing.domain.text import number_of
from project_invoicing.observe import logger
from project_invoicing.use_cases.lists.asked import FILTERS, REASONS, Kind
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.workspace.desk import Desk


def listed(desk: Desk) -> Response[Any]:
    """The proposals and rows that wait, as the filters in the address let them through."""
    kind = Kind.WAITING
    choices = {"company": desk.lists.companies, "reason": REASONS[kind]}
    page, beside = desk.listed(kind), _proposals_like(desk)
    known: dict[str, Any] = {"page": page, "fields": FILTERS[kind], "choices": choices, "beside": beside}
    return desk.page("waiting.html", title="Waiting", **known)


def _proposals_like(desk: Desk) -> str:
    """The query of the list of proposals that has those of this page, so that one leads to the next."""
    same = {name: desk.query[name] for name in ("company", "reason") if name in desk.query}
    return urlencode({"status": ProposalStatus.WAITING, **same})


def import_now(desk: Desk) -> Response[Any]:
    """Imports what waits, of one company or of all, here and now: nobody has to ask again whether it was done (D-143).

    A run that takes longer than a browser waits goes on behind it; another one beside it does no harm.
    """
    company = desk.form.get("company") or None
    if company is not None and company not in desk.lists.companies:
        return desk.go("/waiting", f"Nothing was imported: the set-up has no company {company}.", refused=True)
    report = _imported(desk, company)
    logger.info("import from staging", report=report, actor=desk.actor.id)
    lines, ready, waiting = report["journal_lines"], report["proposals_ready"], report["waiting"]
    said = (
        f"Imported: {number_of(lines, 'journal line')}, {number_of(ready, 'proposal')} ready, {waiting} still waiting."
    )
    return desk.go("/waiting", said, company=company)


def _imported(desk: Desk, company: str | None) -> Counter[str]:
    """Of all companies at once, or one after the other of those that the person may see."""
    run = bootstrap.staging_import(desk.at)
    several = [company] if company or desk.actor.sees(None) else desk.lists.companies
    return sum((Counter(run.everything(ImportStaging(company=one))) for one in several), Counter())
