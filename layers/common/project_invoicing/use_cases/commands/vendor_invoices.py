"""A borrower's vendor invoices: seen with their vouchers, posted, or answered by other payables (ICV-02, ICV-10)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from project_invoicing.domain.history import Done
from project_invoicing.domain.refusals import unknown_company
from project_invoicing.domain.states import VendorInvoiceVerb
from project_invoicing.use_cases.commands.command import Command, DayIfAny, Text, TextIfAny, wrong
from project_invoicing.use_cases.commands.workplace import Workplace, bad

if TYPE_CHECKING:
    from project_invoicing.use_cases.vendor_invoices.post import VendorInvoicePosting
    from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices

AT_ONCE: Final = 20
_ANSWERS: Final = {"posted": VendorInvoiceVerb.POSTED_ELSEWHERE, "refused": VendorInvoiceVerb.REFUSED}


def _numbers(value: object) -> list[str]:
    given = value if isinstance(value, list) else [value]
    if not 0 < len(given) <= AT_ONCE or not all(isinstance(one, str) and one.strip() for one in given):
        raise wrong(f"numbers names one vendor invoice, or a list of up to {AT_ONCE}")
    return list(dict.fromkeys(str(one).strip() for one in given))


def _answer(value: object) -> str:
    if value not in list(_ANSWERS):
        raise wrong(f"answer is posted or refused, not {value!r}")
    return str(value)


Numbers = Annotated[
    list[str],
    BeforeValidator(_numbers),
    WithJsonSchema({"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1, "maxItems": AT_ONCE}),
]
Answer = Annotated[Literal["posted", "refused"], BeforeValidator(_answer)]


class _OfBorrower(Command):
    company: Text = Field(description="the borrower, whose payable it is")
    lender: TextIfAny = Field(None, description="the company that has billed it, where two have used the number")


class PreviewVendorInvoice(_OfBorrower):
    """Shows a vendor invoice with its lines, and the voucher that posting it would make. Nothing is written."""

    ACTION: ClassVar[str] = "preview_vendor_invoice"

    number: Text = Field(description="the number of the invoice")
    date: DayIfAny = Field(None, description="the accounting date; without it, the lender's, or the next open day")


class PostVendorInvoices(_OfBorrower):
    """Posts vendor invoices in the borrower: project cost, tax, and what the lender is owed."""

    ACTION: ClassVar[str] = "post_vendor_invoices"

    numbers: Numbers = Field(description="the numbers of the invoices: one, or a list of up to twenty")
    date: DayIfAny = Field(None, description="the accounting date; without it, the lender's, or the next open day")
    reason: TextIfAny = Field(None, description="why; kept with the vouchers")


class AnswerVendorInvoice(_OfBorrower):
    """What other payables say of a vendor invoice that they were handed."""

    ACTION: ClassVar[str] = "answer_vendor_invoice"

    number: Text = Field(description="the number of the invoice")
    answer: Answer = Field(description="posted or refused")
    voucher: TextIfAny = Field(None, description="the number that it was posted under there")
    reason: TextIfAny = Field(None, description="why it is refused")


def handle_preview(command: PreviewVendorInvoice, place: Workplace) -> dict[str, Any]:
    """``voucher`` is null where posting it is refused, and where it has no line with money."""
    from project_invoicing.domain.refusals import Refusal, Refused  # noqa: PLC0415 - few commands need it
    from project_invoicing.rules.figures import Figures  # noqa: PLC0415
    from project_invoicing.use_cases.posted_costs.shown import UNNUMBERED  # noqa: PLC0415
    from project_invoicing.use_cases.result_rows import voucher_row  # noqa: PLC0415
    from project_invoicing.use_cases.vendor_invoices.shown import line_rows, vendor_invoice_row  # noqa: PLC0415

    run = _run(command, place)
    one, show = run.known.named(command.company, command.number, command.lender), Figures(place.setup)
    shown = {
        "outcome": f"vendor invoice {one.invoice_number} of {one.lender} is {one.status.replace('_', ' ')}",
        "vendor_invoice": vendor_invoice_row(one, show),
        "lines": line_rows(run.known.lines(one), one.currency, show),
        "voucher": None,
    }
    try:
        made = run.judged(one)
    except Refused as refused:
        refusal = Refusal(one.company, one.invoice_number, refused.reason, refused.detail)
        return shown | {"refused": [asdict(refusal)]}
    return shown | {"voucher": voucher_row(made.voucher.numbered(UNNUMBERED), show) if made.voucher else None}


def handle_post(command: PostVendorInvoices, place: Workplace) -> dict[str, Any]:
    from project_invoicing.rules.figures import Figures  # noqa: PLC0415 - as above
    from project_invoicing.use_cases.vendor_invoices.shown import vendor_invoice_row  # noqa: PLC0415

    run = _run(command, place, command.reason)
    run.post_named(command.numbers, command.lender)
    show = Figures(place.setup)
    answer: dict[str, Any] = {
        "outcome": f"{len(run.posted)} vendor invoices posted",
        "posted": [vendor_invoice_row(one, show) for one in run.posted],
    }
    return answer | ({"refused": [asdict(one) for one in run.refused]} if run.refused else {})


def handle_answer(command: AnswerVendorInvoice, place: Workplace) -> dict[str, Any]:
    from project_invoicing.use_cases.vendor_invoices.answer import take_answer  # noqa: PLC0415 - as above

    if command.answer == "refused" and command.reason is None:
        raise bad("reason", "say why it is refused: reason")
    if command.answer == "refused" and command.voucher is not None:
        raise bad("voucher", "what is refused has no number there: leave voucher out")
    known, verb = _known(command, place), _ANSWERS[command.answer]
    one = known.named(command.company, command.number, command.lender)
    after = {"answer": command.answer, "voucher": command.voucher, "reason": command.reason}
    done = place.done(Done.ANSWERED, {"status": one.status.value}, {name: text for name, text in after.items() if text})
    take_answer(known, one, verb, command.voucher, command.reason, done)
    return {"outcome": f"vendor invoice {one.invoice_number} of {one.lender}: {command.answer} elsewhere"}


def _known(command: _OfBorrower, place: Workplace) -> KnownVendorInvoices:
    from project_invoicing.use_cases.vendor_invoices.read import KnownVendorInvoices  # noqa: PLC0415 - as above

    if command.company not in place.setup.document.companies:
        raise bad("company", unknown_company(command.company).detail)
    return KnownVendorInvoices(place.proposals, place.staging, place.vouchers.ledger, place.setups)


def _run(
    command: PreviewVendorInvoice | PostVendorInvoices, place: Workplace, reason: str | None = None
) -> VendorInvoicePosting:
    from project_invoicing.domain.actor import person  # noqa: PLC0415 - as above
    from project_invoicing.use_cases.vendor_invoices.post import VendorInvoicePosting  # noqa: PLC0415

    who = place.actor or person(None)
    return VendorInvoicePosting(
        _known(command, place), place.vouchers, command.company, place.at, who, command.date, reason
    )
