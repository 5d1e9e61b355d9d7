"""Fiscal periods, and days in the time zone of a company."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from project_invoicing.setup.indexes.dated import Dated
from project_invoicing.setup.indexes.master_data import MasterDataLookups
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.companies import (
    FiscalPeriod,
    PeriodStatus,
)

_DATE_LENGTH = len("2026-08-27")
_NO_PERIODS: Dated[FiscalPeriod] = Dated(())


class CalendarLookups(MasterDataLookups):
    """Open periods by day."""

    def period_is_open(self, company: str, on: date) -> bool:
        """Whether ``on`` lies in an open period: not on hold, not closed, not outside all periods."""
        return self.next_open_date(company, on) == on

    def next_open_date(self, company: str, on: date) -> date | None:
        """``on`` itself where its period is open, else the first date of the next open period (JRN-08, JRN-10)."""
        latest, following = self._open_periods.get(company, _NO_PERIODS).around(on)
        if latest and on <= latest.end:
            return on
        return following.start if following else None

    def period_named(self, company: str, on: date) -> str | None:
        """The month in which the fiscal period of ``on`` begins, as ``2026-09``; ``None`` outside all periods."""
        period = self._periods.get(company, _NO_PERIODS).on(on)
        return f"{period.start:%Y-%m}" if period and on <= period.end else None

    def periods_named(self, company: str, first: date, last: date) -> list[str]:
        """The periods that have days from ``first`` to ``last``, by name, in order."""
        periods = self.document.fiscal_periods.get(company, ())
        return sorted({f"{one.start:%Y-%m}" for one in periods if one.start <= last and first <= one.end})

    def periods_in(self, company: str, name: str) -> list[FiscalPeriod]:
        """The fiscal periods that begin in that month, in order: mostly one."""
        periods = self.document.fiscal_periods.get(company, ())
        return sorted((one for one in periods if f"{one.start:%Y-%m}" == name), key=lambda one: one.start)

    @shared
    def _periods(self) -> dict[str, Dated[FiscalPeriod]]:
        return {
            company: Dated((period.start, period) for period in periods)
            for company, periods in self.document.fiscal_periods.items()
        }

    @shared
    def _open_periods(self) -> dict[str, Dated[FiscalPeriod]]:
        return {
            company: Dated((period.start, period) for period in periods if period.status is PeriodStatus.OPEN)
            for company, periods in self.document.fiscal_periods.items()
        }

    def today(self, company: str, now: str) -> date:
        """The company's date at the instant ``now``."""
        return self.local_date(company, now)

    def local_date(self, company: str, value: str) -> date:
        """The day of a bare date or of an instant in the company's time zone (contract, section 5).

        A timestamp without offset counts as local already. Raises ``ValueError`` for anything else.
        """
        if len(value) == _DATE_LENGTH:
            return date.fromisoformat(value)
        instant = datetime.fromisoformat(value)
        return (instant.astimezone(self._time_zones[company]) if instant.tzinfo else instant).date()

    @shared
    def _time_zones(self) -> dict[str, ZoneInfo]:
        return {code: ZoneInfo(company.time_zone) for code, company in self.document.companies.items()}
