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

_INVOICES: Final = 10_000
"""The most invoices that a page reads: a request has seconds. The command reads any number."""
_SHOWN: Final = 200
_FILES: Final = ("rows", "accounting", "invoices")
_FORM: Final = ("settlement_id", "date", "currency", "amount", "cash_discount", "written_off", "credit_note")


def show(desk: Desk) -> Response[Any]:
    """The open invoices of a company at a date, by customer."""
    companies = desk.lists.companies
    if not companies:
        return desk.page("receivables.html", title="Receivables", companies=companies)
    question, made = _ageing(desk)
    found = shown(made, desk.lists) if made.whole else None
    return desk.page(
        "receivables.html",
        title="Receivables",
        companies=companies,
        company=question.company,
        at=question.at.isoformat(),
        customer=question.customer,
        found=found,
        invoices=found["invoices"][:_SHOWN] if found else [],
        buckets=BUCKETS,
        most=_INVOICES,
        filled=desk.stores.lists.complete(),
    )


def download(desk: Desk) -> Response[Any]:
    """By customer and currency as a file; in accounting currency, or invoice by invoice (``of``)."""
    of = desk.query.get("of", _FILES[0])
    if of not in _FILES:
        raise NotFoundError
    question, made = _ageing(desk)
    if not made.whole:
        told = f"it has more than {_INVOICES:,} invoices; ask the command: invoicing receivables ageing --csv"
        raise Rejected(RejectReason.TOO_LARGE, told, entity="ageing")
    text = csv_of(shown(made, desk.lists)[of])
    name = f"receivables-{of}-{question.at}.csv"
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
        said = f"It is kept, counts nowhere yet, and is tried again every hour: {told}"
        return _back(desk, company, number, said, refused=True)
    return _back(desk, company, number, f"{answer['detail']}.")


def _back(desk: Desk, company: str, number: str, said: str, *, refused: bool = False) -> Response[Any]:
    return desk.go("/invoice", said, refused=refused, company=company, number=number)


def _version(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text


def _ageing(desk: Desk) -> tuple[Asked, Made]:
    query = desk.query
    question = asked(desk.lists, query.get("company"), query.get("at"), query.get("customer"))
    return question, ageing(desk.lists, question, most=_INVOICES)
