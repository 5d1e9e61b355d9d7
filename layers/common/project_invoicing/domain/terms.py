"""Terms of payment: when an invoice is due, and until when it may be paid with a discount."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from project_invoicing.domain.calendar import add_months, end_of_month, end_of_quarter, end_of_week, end_of_year


class PaymentMethod(StrEnum):
    """The date from which months and days are counted (DUE-10). ``cod`` is cash on delivery: due at once."""

    NET = "net"
    CURRENT_WEEK = "current_week"
    CURRENT_MONTH = "current_month"
    CURRENT_QUARTER = "current_quarter"
    CURRENT_YEAR = "current_year"
    COD = "cod"


@dataclass(frozen=True, slots=True)
class CashDiscount:
    """``percent`` off for an invoice that is paid within ``days`` of its date (DUE-12)."""

    days: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TermsOfPayment:
    """DUE-10. An invoice dated after ``cutoff_day`` of its month is due one month later; ``None`` means no cut-off."""

    method: PaymentMethod = PaymentMethod.NET
    months: int = 0
    days: int = 0
    cutoff_day: int | None = None
    cash_discount: CashDiscount | None = None


_PERIOD_ENDS = {
    PaymentMethod.CURRENT_MONTH: end_of_month,
    PaymentMethod.CURRENT_QUARTER: end_of_quarter,
    PaymentMethod.CURRENT_YEAR: end_of_year,
}


def due_date(terms: TermsOfPayment, invoice_date: date) -> date:
    """The due date of an invoice dated ``invoice_date``: a start, plus months, plus days (DUE-02, DUE-05 to DUE-08).

    The start is the invoice date for ``net``, else the last day of its week, month, quarter or year. Adding months to
    the last day of a month gives the last day of a month again.
    """
    if terms.method is PaymentMethod.COD:
        return invoice_date
    months = terms.months
    if terms.cutoff_day is not None and invoice_date.day > terms.cutoff_day:
        months += 1
    if period_end := _PERIOD_ENDS.get(terms.method):
        start = end_of_month(add_months(period_end(invoice_date), months))
    else:
        weekly = terms.method is PaymentMethod.CURRENT_WEEK
        start = add_months(end_of_week(invoice_date) if weekly else invoice_date, months)
    return start + timedelta(days=terms.days)


def cash_discount_date(terms: TermsOfPayment, invoice_date: date) -> date | None:
    """The last day on which the cash discount may be taken, ``None`` without one (DUE-12).

    It is counted from the invoice date, whatever the due date is: a due date set by a person does not move it.
    """
    return invoice_date + timedelta(days=terms.cash_discount.days) if terms.cash_discount else None
