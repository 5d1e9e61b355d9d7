"""Shows what posting costs to profit and loss or to the balance sheet would make, and posts them (PCO-11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from project_invoicing.domain.codes import CostSide, TransactionClass
from project_invoicing.domain.refusals import Refusal, unknown_company
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.command import Command, DayIfAny, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad
from project_invoicing.use_cases.documents.given import given_day
from project_invoicing.use_cases.documents.requests import row_id

if TYPE_CHECKING:
    from project_invoicing.use_cases.posted_costs.find import Choice
    from project_invoicing.use_cases.posted_costs.post import CostPosting

BY_HAND: Final = 100
"""The most costs that a person posts at once (PCO-11)."""
_IDS: Final = ("actual_id", "without")
_TEXTS: Final = ("project", "contract", "line_property", "class")
_DAYS: Final = ("from", "until")


def _choice(value: object) -> dict[str, Any]:
    """Which costs, by their fields. Raises what pydantic shows to the person."""
    if not isinstance(value, dict):
        raise wrong(f'costs are chosen as {{}} for all, or as {{"project": "PRJ-1"}}, not {value!r}')
    known = (*_IDS, *_TEXTS, *_DAYS)
    if unknown := [name for name in value if name not in known]:
        raise wrong(f"costs are not chosen by {unknown[0]}; what they are chosen by: {', '.join(known)}")
    try:
        return {name: _wanted(name, one) for name, one in value.items() if one is not None}
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


def _wanted(name: str, value: object) -> Any:
    if name in _IDS:
        return [row_id(one, name) for one in (value if isinstance(value, list) else [value])]
    if not isinstance(value, str) or not value.strip():
        raise wrong(f"costs.{name} is a text, not {value!r}")
    if name in _DAYS:
        return given_day(value.strip(), f"costs.{name}").isoformat()
    if name == "class" and value.strip() not in list(TransactionClass):
        raise wrong(f"costs.class is one of {', '.join(TransactionClass)}, not {value!r}")
    return value.strip()


def _side(value: object, info: ValidationInfo) -> CostSide:
    if value not in list(CostSide):
        raise wrong(f"{info.field_name} is {' or '.join(CostSide)}, not {value!r}")
    return CostSide(str(value))


CostChoice = Annotated[
    dict[str, Any],
    BeforeValidator(_choice),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                **{name: {"type": ["string", "array"], "items": {"type": "string"}} for name in _IDS},
                **{name: {"type": "string"} for name in (*_TEXTS, *_DAYS)},
            },
            "additionalProperties": False,
        }
    ),
]
Side = Annotated[CostSide, BeforeValidator(_side), WithJsonSchema({"enum": list(CostSide)})]


class _Costs(Command):
    company: Text = Field(description="the company of the costs")
    to: Side = Field(description="where they are to be: profit_and_loss or balance")
    costs: CostChoice = Field(
        description="which costs: actual_id, or project, contract, class, line_property and the transaction dates from "
        "and until; without: ids that are left out"
    )
    date: DayIfAny = Field(None, description="the accounting date; without it, today")


class PreviewCosts(_Costs):
    """Shows costs that are elsewhere, and the vouchers that would post them. Nothing is written."""

    ACTION: ClassVar[str] = "preview_costs"


class PostCosts(_Costs):
    """Posts costs to the other side, each with a voucher of its own."""

    ACTION: ClassVar[str] = "post_costs"

    reason: TextIfAny = Field(None, description="why; kept with the vouchers")


def handle_preview(command: PreviewCosts, place: Workplace) -> dict[str, Any]:
    """``costs`` has at most a hundred of them; ``more`` says that there are others."""
    from project_invoicing.use_cases.posted_costs.shown import cost_row  # noqa: PLC0415 - few commands need it

    run = _run(command, place)
    found = list(islice(_found(command, run), BY_HAND + 1))
    rows = [cost_row(one, run.to, place.setup) for one in run.judged(found[:BY_HAND])]
    answer = {"outcome": f"{len(rows)} costs can be posted to {run.to}", "costs": rows, "more": len(found) > BY_HAND}
    return answer | _refused(run)


def handle(command: PostCosts, place: Workplace) -> dict[str, Any]:
    run = _run(command, place, command.reason)
    found = list(islice(_found(command, run), BY_HAND + 1))
    if len(found) > BY_HAND:
        by_schedule = "let the schedule post them (parameters.scheduled_costs)"
        detail = f"these are more than {BY_HAND} costs: choose fewer, or {by_schedule}"
        raise bad("costs", detail)
    run.post(found)
    answer = {
        "outcome": f"{len(run.posted)} costs posted to {run.to}",
        "posted": [{"actual_id": id, "voucher": number} for id, number in run.posted],
        "unchanged": run.unchanged,
    }
    return answer | _refused(run)


def _run(command: _Costs, place: Workplace, reason: str | None = None) -> CostPosting:
    from project_invoicing.domain.actor import person  # noqa: PLC0415 - as above
    from project_invoicing.use_cases.posted_costs.find import PostedCosts  # noqa: PLC0415
    from project_invoicing.use_cases.posted_costs.post import CostPosting  # noqa: PLC0415

    company = command.company
    if company not in place.setup.document.companies:
        raise bad("company", unknown_company(company).detail)
    vouchers = place.vouchers
    lent = None
    if len(place.setup.document.companies) > 1:
        from project_invoicing.use_cases.posted_costs.lent import LentCosts  # noqa: PLC0415 - only where others lend
        from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices  # noqa: PLC0415

        known = KnownVendorInvoices(place.proposals, place.staging, vouchers.ledger, place.setups)
        lent = LentCosts(known, company)
    costs = PostedCosts(place.journals, place.staging, vouchers.ledger, company, lent)
    on: date = command.date or place.setup.local_date(company, place.at)
    actor = place.actor or person(None)
    return CostPosting(costs, vouchers, place.setups, command.to, on, place.at, actor, reason)


def _found(command: _Costs, run: CostPosting) -> Any:
    choice = command.costs
    if "actual_id" in choice:
        left_out = set(choice.get("without", ()))
        return run.costs.named([id for id in choice["actual_id"] if id not in left_out], run.to)
    return (cost for cost in run.costs.chosen(choice_of(choice), run.to) if run.is_offered(cost))


def choice_of(given: Mapping[str, Any]) -> Choice:
    """The choice as a use case has it."""
    from project_invoicing.use_cases.posted_costs.find import Choice  # noqa: PLC0415

    days = {
        name: date.fromisoformat(given[key]) for name, key in (("since", "from"), ("until", "until")) if key in given
    }
    return Choice(
        project=given.get("project"),
        contract=given.get("contract"),
        transaction_class=TransactionClass(given["class"]) if "class" in given else None,
        line_property=given.get("line_property"),
        without=frozenset(given.get("without", ())),
        **days,
    )


def _refused(run: CostPosting) -> dict[str, Any]:
    refused: list[Refusal] = [*run.costs.refused, *run.refused]
    return {"refused": [asdict(one) for one in refused]} if refused else {}
