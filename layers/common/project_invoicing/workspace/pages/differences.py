"""What the last reconciliation found, and its repair."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing import bootstrap
from project_invoicing.domain.reconciliation import CHECKS, Difference, Repair
from project_invoicing.observe import logger
from project_invoicing.use_cases.lists.asked import FILTERS, Kind
from project_invoicing.use_cases.lists.asked import Page as ListPage
from project_invoicing.workspace.desk import Desk

Row = Mapping[str, Any]


def listed(desk: Desk) -> Response[Any]:
    """The checks, and what they found."""
    kind, report = Kind.DIFFERENCES, desk.lists.report()
    page: ListPage[Any] = desk.listed(kind) if report else ListPage()
    choices = {"company": desk.lists.companies, "reason": tuple(CHECKS)}
    known: dict[str, Any] = {
        "page": page,
        "report": report,
        "fields": FILTERS[kind],
        "choices": choices,
        "value": _value,
    }
    return desk.page("differences.html", title="Differences", **known)


def repair(desk: Desk) -> Response[Any]:
    """Repairs what was chosen, if the last report still has it: one difference, or all that the page showed."""
    wanted = set(desk.forms.get("difference", []))
    report = desk.lists.report()
    found = [one for one in _differences(report) if _value(one.entity, one.id, one.repair) in wanted]
    back = {name: desk.form.get(name) for name in ("company", "reason")}
    if not found:
        said = "Nothing was repaired: choose a difference of the last report that has a repair."
        return desk.go("/differences", said, refused=True, **back)
    done = bootstrap.repairs(desk.at, desk.actor, desk.stores).everything(found)
    outcomes = Counter(f"{one['repair']}: {one['outcome']}" for one in done)
    failed = any(one["outcome"].startswith(("not possible", "the bus")) for one in done)
    said = "; ".join(f"{text} ({number})" if number > 1 else text for text, number in outcomes.items())
    return desk.go("/differences", f"{said}. The next reconciliation shows what became of it.", refused=failed, **back)


def compare(desk: Desk) -> Response[Any]:
    """Has everything compared now, which nobody waits for: it takes minutes."""
    who = desk.actor
    bootstrap.reconciliation_function().start({"actor": who.id} if who.id else {}, desk.at)
    logger.info("reconciliation asked for", actor=who.id)
    back = {name: desk.form.get(name) for name in ("company", "reason")}
    said = "Everything is being compared. Load this page again in some minutes."
    return desk.go("/differences", said, refused=False, **back)


def _differences(report: Row | None) -> Iterator[Difference]:
    """What can be repaired in a report."""
    for check in report["checks"] if report else ():
        for one in check["found"]:
            if one["repair"]:
                yield Difference(
                    one["entity"], one["id"], one["detail"], company=one["company"], repair=Repair(one["repair"])
                )


def _value(entity: str, id: str, repair: str | None) -> str:
    """A difference as the value of a field."""
    return json.dumps([entity, id, repair])
