"""Sales tax: codes with their rates, groups, and rounding."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from project_invoicing.domain.calendar import IntervalUnit, may_start
from project_invoicing.domain.document_codes import TaxCategory
from project_invoicing.domain.money import Rounding
from project_invoicing.domain.sales_tax import Calculation, MarginalBase, RoundBy, TaxOrigin
from project_invoicing.setup.models.documents import Text
from project_invoicing.setup.models.row import Limited, SetupRow, told
from project_invoicing.setup.models.values import Day, Deductible, Name, Percent, Precision, UnitAmount


class TaxRate(SetupRow):
    """``percent``, or for a code of that origin ``amount_per_unit`` in the currency of the document (TAX-19)."""

    valid_from: Day
    percent: Percent | None = None
    amount_per_unit: UnitAmount | None = None

    @property
    def value(self) -> Decimal:
        """The percent or the amount per unit, whichever is given; the code's origin determines which it is."""
        return next(value for value in (self.percent, self.amount_per_unit) if value is not None)


class TaxCode(SetupRow):
    """How a tax is computed (TAX-16 to TAX-21), as ``domain.sales_tax.TaxForm``.

    ``base_code``: the code whose tax a ``percent_of_tax`` is charged on. ``marginal_base``: with
    ``net_of_invoice_balance`` the base is the document, whatever the rounding's calculation (TAX-23). ``exempt_in``:
    sales tax groups that name the code without charging it. ``category`` and why nothing is charged are for invoice
    documents. ``receivable_account`` and
    ``deductible_percent``: where a borrower posts the tax of its vendor invoices, and how much of it it gets back; the
    rest is cost (ICV-03). ``settlement_period``: when and to whom the sales tax report says that the code is due
    (STX-07); nothing is posted by it.
    """

    rates: Annotated[list[TaxRate], Limited(min_length=1)]
    account: Name | None = None
    receivable_account: Name | None = None
    deductible_percent: Deductible = Decimal(100)
    origin: TaxOrigin = TaxOrigin.PERCENT_OF_NET
    base_code: Name | None = None
    marginal_base: MarginalBase = MarginalBase.NET_PER_LINE
    exempt_in: list[Name] = []
    category: TaxCategory | None = None
    exemption_code: Text | None = None
    exemption_text: Text | None = None
    settlement_period: Name | None = None

    def _rates_fit_the_origin(self) -> None:
        needed = "amount_per_unit" if self.origin is TaxOrigin.AMOUNT_PER_UNIT else "percent"
        for rate in self.rates:
            if rate.model_dump(exclude={"valid_from"}, exclude_none=True).keys() != {needed}:
                raise told(f"the rate of {rate.valid_from} needs {needed} and nothing else: origin is {self.origin}")
            if self.origin is TaxOrigin.CALCULATED_PERCENT_OF_NET and rate.value >= 100:
                raise told(f"the percent of {rate.valid_from} must be below 100: it is a part of amount and tax")
        if (self.origin is TaxOrigin.PERCENT_OF_TAX) != (self.base_code is not None):
            raise told("base_code and the origin percent_of_tax belong together")

    CHECKS = (_rates_fit_the_origin,)


class SalesTaxRounding(SetupRow):
    precision: Precision = Decimal("0.01")
    method: Rounding = Rounding.NORMAL
    by: RoundBy = RoundBy.CODE
    calculation: Calculation = Calculation.LINE


class SettlementPeriod(SetupRow):
    """The days of one return to an ``authority``: ``number`` of ``unit``, the first one from ``first_day`` on (STX-07).

    Three months from 2026-01-01 are the quarters of each year.
    """

    authority: Name
    unit: IntervalUnit = IntervalUnit.MONTH
    number: Annotated[int, Limited(ge=1, le=366)] = 1
    first_day: Day

    def _has_that_day_in_every_month(self) -> None:
        if not may_start(self.unit, self.first_day):
            raise told(f"first_day must be one that every month has, 1 to 28, not {self.first_day.day}")

    CHECKS = (_has_that_day_in_every_month,)


_OTHERS_TAXED = frozenset({TaxOrigin.PERCENT_OF_TAX, TaxOrigin.PERCENT_OF_GROSS})


class SalesTax(SetupRow):
    """Sales tax set-up. A line is taxed by the codes that both its groups name (TAX-12).

    ``amounts_include_tax``: amounts from Dataverse are what the customer pays (TAX-20).
    """

    codes: dict[Name, TaxCode] = {}
    groups: dict[Name, list[Name]] = {}
    item_groups: dict[Name, list[Name]] = {}
    rounding: SalesTaxRounding = SalesTaxRounding()
    amounts_include_tax: bool = False
    settlement_periods: dict[Name, SettlementPeriod] = {}

    def _codes_fit_together(self) -> None:
        for name, code in self.codes.items():
            base = self.codes.get(code.base_code) if code.base_code else None
            if code.base_code and (base is None or base.origin in _OTHERS_TAXED):
                raise told(f"codes.{name}.base_code: {code.base_code!r} must be a code that is itself on no other tax")
            for group in code.exempt_in:
                if name not in self.groups.get(group, []):
                    raise told(f"codes.{name}.exempt_in: {group!r} must be one of groups that names {name}")

    CHECKS = (_codes_fit_together,)
