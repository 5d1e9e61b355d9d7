"""Everything known about whatever has an id or a number: where the search leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.links import link


def show(desk: Desk) -> Response[Any]:
    """The explanations of what was asked for; without a hit, where it was looked for."""
    asked, company = desk.query.get("id", ""), desk.company
    found = explain(desk.stores, asked, company, desk.actor.companies) if asked else None
    if found and not found["found"] and asked != asked.upper():  # numbers are typed in small letters, too
        other = explain(desk.stores, asked.upper(), company, desk.actor.companies)
        asked, found = (asked.upper(), other) if other["found"] else (asked, found)
    hits = found["found"] if found else []
    return desk.page(
        "explain.html",
        title=f"Explain {asked}" if asked else "Explain",
        asked=asked,
        found=found,
        hits=[(hit, page_of(hit)) for hit in hits],
    )


def page_of(hit: Mapping[str, Any]) -> str | None:
    """The page of what was found, if it has one."""
    company, number, proforma = hit["company"], hit["id"], hit["facts"].get("proforma")
    match hit["kind"]:
        case "proposal" if proforma:
            return link(f"/proposals/{proforma}")
        case "vendor invoice" if company:
            return link("/vendor-invoice", company=company, number=number, lender=hit["facts"].get("lender"))
        case "correction journal" if company:
            return link("/accruals/journal", company=company, number=number)
        case ("journal" | "invoice" | "voucher") as kind if company:
            return link(f"/{kind}", company=company, number=number)
        case _:
            return None
