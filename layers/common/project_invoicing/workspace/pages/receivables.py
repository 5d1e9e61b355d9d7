"""What customers owe, by how long it is overdue; as a file; and a payment that a person tells."""

from __future__ import annotations

from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from project_invoicing import bootstrap
from project_invoicing.domain.codes import RejectReason
from project_invoicing.domain.refusals import Refused
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.receivables.ageing import BUCKETS, Asked, Made, ageing, asked, csv_of, shown
from project_invoicing.use_cases.requests.record_payment import RecordPayment
from project_invoicing.workspace.desk import Desk
from project_invoicing.workspace.documents import why_not

_INVOICES: Final = 5_000
"""The most invoices that a page reads: a request has seconds. The next page goes on; the command reads any number."""
_IN_A_FILE: Final = 20_000
"""The most invoices that a file of all is made of."""
_SHOWN: Final = 200
_FILES: Final = ("rows", "accounting", "invoices")
_FORM: Final = ("settlement_id", "date", "currency", "amount", "cash_discount", "written_off", "credit_note")


def show(desk: Desk) -> Response[Any]:
    """The open invoices of a company at a date, by customer."""
    companies = desk.lists.companies
    if not companies:
        return desk.page("receivables.html", title="Receivables", companies=companies)
    question, made = _ageing(desk, _INVOICES)
    found = shown(made, desk.lists, most=_INVOICES)
    return desk.page(
        "receivables.html",
        title="Receivables",
        companies=companies,
        company=question.company,
        at=question.at.isoformat(),
        customer=question.customer,
        found=found,
        invoices=found["invoices"][:_SHOWN],
        buckets=BUCKETS,
        made=made,
        start=question.start,
        is_part=made.before is not None or question.before not in (None, question.start),
        filled=desk.stores.lists.complete(),
    )


def download(desk: Desk) -> Response[Any]:
    """By customer and currency as a file; in accounting currency, or invoice by invoice (``of``).

    Of everything, or of the part that begins ``before`` an invoice.
    """
    of = desk.query.get("of", _FILES[0])
    if of not in _FILES:
        raise NotFoundError
    is_part = "before" in desk.query
    question, made = _ageing(desk, _INVOICES if is_part else _IN_A_FILE)
    if made.before and not is_part:
        told = (
            f"it has more than {_IN_A_FILE:,} invoices; take the files of its parts, "
            "or ask the command: invoicing receivables ageing --csv"
        )
        raise Rejected(RejectReason.TOO_LARGE, told, entity="ageing")
    text = csv_of(shown(made, desk.lists, most=_INVOICES)[of])
    days = f"-invoices-of-{made.dated[0]}-to-{made.dated[1]}" if is_part and made.dated else ""
    name = f"receivables-{of}-{question.at}{days}.csv"
    return Response(200, "text/csv; charset=utf-8", text, {"Content-Disposition": f'attachment; filename="{name}"'})


def pay(desk: Desk) -> Response[Any]:
    """Takes what a person says of a payment of an invoice, or that one counts no more."""
    form = desk.form
    company, number = form.get("company", ""), form.get("number", "")
    said: dict[str, Any] = {name: form[name] for name in _FORM if form.get(name)}
    said |= {"company": company, "invoice_number": number, "version": _version(form.get("version", ""))}
    if form.get("canceled"):
        said["canceled"] = True
    try:
        answer = bootstrap.payments(desk.at, desk.actor).record(RecordPayment.of(said))
    except (Rejected, Refused) as why:
        return _back(desk, company, number, f"Nothing was changed: {why_not(why.reason, why.detail)}", refused=True)
    if refused := answer.get("refused"):
        told = why_not(refused[0]["reason"], refused[0]["detail"])
        return _back(desk, company, number, f"It counts nowhere: {told}", refused=True)
    if aside := answer.get("aside"):
        told = why_not(aside[0]["reason"], aside[0]["detail"])
        kept = f"It is kept, counts nowhere yet, and is tried again every hour: {told}"
        return _back(desk, company, number, kept, refused=True)
    return _back(desk, company, number, f"{answer['detail']}.")


def _back(desk: Desk, company: str, number: str, said: str, *, refused: bool = False) -> Response[Any]:
    return desk.go("/invoice", said, refused=refused, company=company, number=number)


def _version(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text


def _ageing(desk: Desk, most: int) -> tuple[Asked, Made]:
    query = desk.query
    question = asked(desk.lists, query.get("company"), query.get("at"), query.get("customer"), query.get("before"))
    return question, ageing(desk.lists, question, most=most)
