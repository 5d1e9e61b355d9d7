"""Shows what an adjustment of posted transactions would make, and adjusts them (ADA-01)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from project_invoicing.domain.codes import PostingType
from project_invoicing.domain.refusals import unknown_company
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.command import Command, DayIfAny, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad
from project_invoicing.use_cases.documents.requests import row_id

if TYPE_CHECKING:
    from project_invoicing.use_cases.adjustments.adjust import AccountingAdjustments

AT_ONCE: Final = 100
_MOST_DIMENSIONS: Final = 20


def _ids(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    if not 0 < len(given) <= AT_ONCE:
        raise wrong(f"actual_ids names one actual, or a list of up to {AT_ONCE}")
    try:
        return list(dict.fromkeys(row_id(one, "actual_id") for one in given))
    except Rejected as rejected:
        raise wrong(rejected.detail) from None


def _dimensions(value: object) -> dict[str, str | None]:
    """The dimensions that change, ``None`` for one that is taken off."""
    known = isinstance(value, dict) and 0 < len(value) <= _MOST_DIMENSIONS
    if isinstance(value, dict) and known and all(map(_is_dimension, value.items())):
        return value
    raise wrong(f'dimensions are written as {{"CostCenter": "007"}}, null to take one off, not {value!r}')


def _is_dimension(pair: tuple[object, object]) -> bool:
    name, value = pair
    return isinstance(name, str) and bool(name) and (value is None or (isinstance(value, str) and bool(value)))


def _posting_type(value: object, info: ValidationInfo) -> PostingType | None:
    if value is None:
        return None
    if value not in list(PostingType):
        raise wrong(f"{info.field_name} is a posting type, such as payroll_allocation, not {value!r}")
    return PostingType(str(value))


Ids = Annotated[
    list[str],
    BeforeValidator(_ids),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}}),
]
Changes = Annotated[
    dict[str, Any],
    BeforeValidator(_dimensions),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"type": ["string", "null"], "minLength": 1},
        }
    ),
]
OfPosting = Annotated[
    PostingType | None, BeforeValidator(_posting_type), WithJsonSchema({"enum": [*PostingType, None]})
]


class _Adjusts(Command):
    company: Text = Field(description="the company of the transactions")
    actual_ids: Ids = Field(description="the ids of posted actuals: one, or a list of up to a hundred")
    dimensions: Changes = Field(description="the dimensions that change; null takes one off, and others stay")
    posting_type: OfPosting = Field(
        None, description="of a cost: the posting type that changes, where the other side is to stay as it is"
    )
    date: DayIfAny = Field(None, description="the accounting date; without it, today")


class PreviewAdjustment(_Adjusts):
    """Shows the vouchers that would adjust posted transactions. Nothing is written."""

    ACTION: ClassVar[str] = "preview_adjustment"


class AdjustAccounting(_Adjusts):
    """Adjusts the dimensions of posted transactions, each with a voucher of its own."""

    ACTION: ClassVar[str] = "adjust_accounting"

    reason: TextIfAny = Field(None, description="why; kept with the vouchers")


def handle_preview(command: PreviewAdjustment, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.adjustments.shown import adjustment_row  # noqa: PLC0415 - few commands need it

    run = _run(command, place)
    rows = [adjustment_row(id, made, place.setup) for id, made in run.judged(command.actual_ids)]
    answer = {"outcome": f"{len(rows)} transactions can be adjusted", "adjustments": rows, "unchanged": run.unchanged}
    return answer | _refused(run)


def handle(command: AdjustAccounting, place: Workplace) -> dict[str, Any]:
    run = _run(command, place, command.reason)
    run.adjust(command.actual_ids)
    answer = {
        "outcome": f"{len(run.adjusted)} transactions adjusted",
        "adjusted": [{"actual_id": id, "voucher": number} for id, number in run.adjusted],
        "unchanged": run.unchanged,
    }
    return answer | _refused(run)


def _run(command: _Adjusts, place: Workplace, reason: str | None = None) -> AccountingAdjustments:
    from project_invoicing.domain.actor import person  # noqa: PLC0415 - as above
    from project_invoicing.use_cases.adjustments.adjust import AccountingAdjustments, Asked  # noqa: PLC0415

    company = command.company
    if company not in place.setup.document.companies:
        raise bad("company", unknown_company(company).detail)
    on = command.date or place.setup.local_date(company, place.at)
    asked = Asked(company, command.dimensions, on, command.posting_type, reason)
    stores = (place.staging, place.journals, place.proposals, place.vouchers, place.setups)
    return AccountingAdjustments(*stores, asked, place.at, place.actor or person(None))


def _refused(run: AccountingAdjustments) -> dict[str, Any]:
    return {"refused": [asdict(one) for one in run.refused]} if run.refused else {}
