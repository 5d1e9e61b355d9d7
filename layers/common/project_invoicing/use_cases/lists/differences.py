"""What the last reconciliation found, check by check."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.reconciliation import CHECKS
from project_invoicing.use_cases.lists.asked import Asked, Page, bad
from project_invoicing.use_cases.lists.place import ListPlace


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """``check`` is its code, ``title`` says what is compared, ``repair`` what ``reconcile --repair`` would do."""

    check: str
    title: str
    company: str | None
    entity: str
    id: str
    amount: str | None
    currency: str | None
    detail: str
    repair: str | None


def page(place: ListPlace, asked: Asked) -> Page[DifferenceRow]:
    """One request. By company are listed those of it and those of no company. ``reason`` is the code of a check.

    A report keeps the first differences of each check and counts the others, so that a list may have less than it says.
    """
    if asked.reason is not None and asked.reason not in CHECKS:
        raise bad("reason", f"reason is {asked.reason!r}; the checks are {', '.join(CHECKS)}")
    report = place.report()
    if report is None:
        raise bad("", "no reconciliation has run yet; run: invoicing reconcile")
    every = [
        DifferenceRow(
            check["name"],
            check["title"],
            found["company"],
            found["entity"],
            found["id"],
            found["amount"],
            found["currency"],
            found["detail"],
            found["repair"],
        )
        for check in report["checks"]
        for found in check["found"]
        if asked.reason in (None, check["name"])
        if asked.company is None or found["company"] in (None, asked.company)
    ]
    if asked.place.get("at", report["at"]) != report["at"]:
        raise bad("cursor", "another reconciliation has run since; leave cursor out to see its report")
    start = asked.place.get("row", 0)
    end = start + asked.limit
    return Page(every[start:end], asked.cursor_at({"at": report["at"], "row": end}) if end < len(every) else None)
