"""Costs between balance sheet and profit and loss: chosen, seen with debit and credit, posted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from project_invoicing.domain.actor import Role
from project_invoicing.domain.codes import CostSide, TransactionClass
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import refusal_of, voucher_table, why_not, with_vouchers
from project_invoicing.workspace.render import words

_CHOSEN_BY: Final = ("project", "contract", "class", "line_property", "from", "until")
_KEPT: Final = ("company", "to", "date", *_CHOSEN_BY)
_CLASSES: Final = (TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)


def show(desk: Desk) -> Response[Any]:
    """The costs that can be posted to a side, up to a hundred; nothing is looked for until a side is chosen."""
    companies = desk.lists.companies
    company = desk.company or next(iter(companies), None)
    asked = desk.query.get("to")
    answer: dict[str, Any] = {}
    if company and asked:
        date = {"date": desk.query["date"]} if "date" in desk.query else {}
        answer = desk.do("preview_costs", company=company, to=asked, costs=_chosen(desk.query), **date)
    setup = desk.lists.setup
    costs = answer.get("costs", [])
    return desk.page(
        "costs.html",
        title="Post costs",
        companies=companies,
        company=company,
        sides=[side.value for side in CostSide],
        classes=[one.value for one in _CLASSES],
        given={name: desk.query.get(name, "") for name in _KEPT} | {"company": company or ""},
        looked=bool(answer),
        costs=[(one, voucher_table(one["voucher"], setup, "", "")) for one in costs],
        more=answer.get("more", False),
        refused=[(one["document"], why_not(one["reason"], one["detail"])) for one in answer.get("refused", ())],
        may_post=desk.actor.may(Role.COST_POSTER),
    )


def post(desk: Desk) -> Response[Any]:
    """Posts the costs that are ticked."""
    form = desk.form
    ids = desk.forms.get("actual_id", [])
    back = {name: form[name] for name in _KEPT if form.get(name)}
    if not ids:
        return desk.go("/costs", "Tick the costs to be posted.", refused=True, **back)
    given = {name: form[name] for name in ("date", "reason") if form.get(name)}
    answer = desk.do("post_costs", company=form.get("company"), to=form.get("to"), costs={"actual_id": ids}, **given)
    why = refusal_of(answer)
    posted = answer.get("posted", [])
    many = "cost is" if len(posted) == 1 else "costs are"
    said = f"{len(posted)} {many} posted to {words(form.get('to', ''))}{with_vouchers(posted)}."
    return desk.go("/costs", f"{said} {why}" if why and posted else why or said, refused=bool(why), **back)


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in _CHOSEN_BY if name in query}
