"""Other dimensions for posted transactions: seen with debit and credit, then posted."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import PostingType, RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import refusal_of, voucher_table, why_not, with_vouchers

_KEPT: Final = ("company", "actual_ids", "dimensions", "posting_type", "date")
_SIDES: Final = (
    PostingType.COST,
    PostingType.WIP_COST_VALUE,
    PostingType.PAYROLL_ALLOCATION,
)
"""Of an hour, the sides that can be changed by themselves."""


def show(desk: Desk) -> Response[Any]:
    """The vouchers that the adjustment in the address would make."""
    companies = desk.lists.companies
    company = desk.company or next(iter(companies), None)
    given = {name: desk.query.get(name, "") for name in _KEPT} | {"company": company or ""}
    answer: dict[str, Any] = {}
    if company and given["actual_ids"] and given["dimensions"]:
        answer = _ask(desk, "preview_adjustment", given)
    setup = desk.lists.setup
    found = answer.get("adjustments", [])
    return desk.page(
        "adjust.html",
        title="Adjust accounting",
        companies=companies,
        given=given,
        sides=[one.value for one in _SIDES],
        found=[(one, voucher_table(one["voucher"], setup, "", "") if one["voucher"] else None) for one in found],
        unchanged=answer.get("unchanged", 0),
        refused=[(one["document"], why_not(one["reason"], one["detail"])) for one in answer.get("refused", ())],
        may_adjust=desk.actor.may(Role.ADJUSTER),
    )


def post(desk: Desk) -> Response[Any]:
    """Adjusts them."""
    form = desk.form
    given = {name: form[name] for name in _KEPT if form.get(name)}
    answer = _ask(desk, "adjust_accounting", given, **({"reason": form["reason"]} if form.get("reason") else {}))
    why = refusal_of(answer)
    adjusted = answer.get("adjusted", [])
    count = len(adjusted)
    said = f"{count} {'transaction is' if count == 1 else 'transactions are'} adjusted{with_vouchers(adjusted)}."
    back = given if why else {"company": given.get("company")}
    return desk.go("/adjust", f"{said} {why}" if why and count else why or said, refused=bool(why), **back)


def _ask(desk: Desk, action: str, given: dict[str, str], **more: str) -> dict[str, Any]:
    """What the command answers; a request that cannot be read is a refusal, too."""
    asked: dict[str, Any] = {name: given[name] for name in ("company", "posting_type", "date") if given.get(name)}
    try:
        asked["dimensions"] = changes_of(given.get("dimensions", ""))
    except Rejected as rejected:
        refused = {"document": None, "reason": rejected.reason, "detail": rejected.detail}
        return {"refused": [refused]}
    asked["actual_ids"] = given.get("actual_ids", "").replace(",", " ").split()
    return desk.do(action, **asked, **more)


def changes_of(text: str) -> dict[str, str | None]:
    """Dimensions as a person changes them: ``CostCenter=999, Department=``, without a value to take one off.

    Raises ``Rejected`` for anything else.
    """
    found: dict[str, str | None] = {}
    for part in filter(None, (part.strip() for part in text.replace(";", ",").split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals):
            said = f"Dimensions are written as CostCenter=999, Department=; {part!r} is not."
            raise Rejected(RejectReason.SCHEMA, said, field="dimensions")
        found[name] = value or None
    return found
