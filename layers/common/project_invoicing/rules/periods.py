"""Fiscal periods: the day on which something is posted, or the refusal where no period is open (JRN-08 to JRN-10)."""

from __future__ import annotations

from datetime import date

from project_invoicing.domain.codes import PostingFailure
from project_invoicing.domain.refusals import Refused
from project_invoicing.setup.lookups import FinanceSetup


def open_date(company: str, day: date, setup: FinanceSetup) -> date | None:
    """``day`` if its period is open, else the first date of the next open one if the company wants that."""
    following = setup.next_open_date(company, day)
    return following if following == day or setup.parameters(company).auto_open_period else None


def period_closed(company: str, day: date, setup: FinanceSetup) -> Refused:
    """The refusal of a posting on ``day``, for which no period is open."""
    after = "in or after" if setup.parameters(company).auto_open_period else "for"
    detail = f"no open fiscal period was found {after} the specified accounting date {day}"
    return Refused(PostingFailure.PERIOD_CLOSED, detail)


def period_not_open(company: str, day: date) -> Refused:
    """The refusal of a person's posting on ``day``, which nothing moves to another one."""
    detail = f"{company} has no open fiscal period on the accounting date {day}"
    return Refused(PostingFailure.PERIOD_CLOSED, detail)
