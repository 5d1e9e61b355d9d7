"""The checklist for closing a fiscal period of a company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aws_lambda_powertools.event_handler import Response

from project_invoicing.use_cases.lists.asked import bad
from project_invoicing.use_cases.lists.period_close import Checklist, Point, checklist, period_named, periods_of
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.links import link


class Words(NamedTuple):
    """What a point says when it is not done, what to do then, and the list behind it."""

    title: str
    next: str
    behind: Callable[[Checklist], str]


def _of(path: str, **query: str) -> Callable[[Checklist], str]:
    return lambda made: link(path, company=made.company, **query)


_WORDS: Final = {
    Point.REJECTED: Words(
        "Rows rejected since the period began",
        "Correct each in Dataverse or in the set-up, and replay it, or dismiss it. It may belong to this period.",
        lambda made: link("/rejected", company=made.company, since=made.period.start.isoformat()),
    ),
    Point.ROWS: Words("Rows that are on no journal", "Do what their reasons say, then import.", _of("/waiting")),
    Point.JOURNALS_IN_ERROR: Words(
        "Journals in error", "Fix what their lines say, reset and post them.", _of("/journals", status="error")
    ),
    Point.JOURNALS: Words("Journals that are not posted", "Post them.", _of("/journals")),
    Point.UNKNOWN_COMPANY: Words(
        "Proposals whose company nobody knows yet",
        "Let their contracts arrive. They may belong to this company.",
        lambda _: link("/waiting", company="?"),
    ),
    Point.WAITING: Words(
        "Proposals that wait", "Do what their reasons say, then import.", _of("/proposals", status="waiting")
    ),
    Point.REFUSED: Words(
        "Proposals whose posting was refused",
        "Do what the refusals say, and post them.",
        _of("/proposals", status="ready"),
    ),
    Point.UNAPPROVED: Words(
        "Proposals that are to be approved", "Submit them, and have them approved.", _of("/approvals")
    ),
    Point.READY: Words("Proposals that are ready", "Post them.", _of("/proposals", status="ready")),
    Point.POSTING: Words(
        "Proposals whose posting was begun", "Post them again: it goes on.", _of("/proposals", status="posting")
    ),
    Point.VENDOR_INVOICES: Words(
        "Vendor invoices of other companies that are not posted",
        "Post them, or note what other payables have done with them.",
        _of("/between"),
    ),
    Point.CORRECTION_JOURNALS: Words(
        "Corrections of accrued revenue that are not posted", "Post or delete them.", _of("/accruals")
    ),
    Point.NOT_WRITTEN_BACK: Words(
        "Posted documents that are not written back", "Wait some minutes, then look at Dataverse.", _of("/invoices")
    ),
    Point.WRITE_BACK_DIFFERS: Words(
        "What the last reconciliation found wrong with write-backs", "Repair it.", _of("/differences")
    ),
    Point.RECONCILED: Words(
        "A whole reconciliation after the end of the period",
        "Wait for tonight's, or have everything compared now on the page of differences.",
        _of("/differences"),
    ),
    Point.DIFFERENCES: Words("Other differences of the last reconciliation", "Look at each.", _of("/differences")),
    Point.IN_NO_BATCH: Words(
        "Posted documents in no batch for the general ledger",
        "Make batches on the page of the general ledger.",
        _of("/ledger/missing"),
    ),
    Point.NOT_ACCEPTED: Words(
        "Batches that the general ledger has not accepted", "Answer for them, or deliver them again.", _of("/ledger")
    ),
}


def show(desk: Desk) -> Response[Any]:
    """One company and one period; without a choice, the period that is to be closed next."""
    companies = desk.lists.companies
    company = desk.query.get("company") or next(iter(companies), None)
    if company is not None and company not in companies:
        raise bad("company", f"the set-up has no company {company}; there are {', '.join(companies)}")
    setup = desk.lists.setup
    period = period_named(setup, company, desk.query.get("period"), desk.at) if company else None
    made = checklist(desk.lists, company, period) if company and period else None
    known: dict[str, Any] = {"made": made, "company": company, "companies": companies, "words": _WORDS}
    periods = periods_of(setup, company) if company else []
    return desk.page("period_close.html", title="Period close", periods=periods, **known)
