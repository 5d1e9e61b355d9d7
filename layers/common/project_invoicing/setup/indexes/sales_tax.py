"""Sales tax groups, codes and rates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from project_invoicing.domain.calendar import Interval, interval_of
from project_invoicing.domain.codes import ON_ACCOUNT, TransactionClass
from project_invoicing.domain.sales_tax import TaxForm, TaxRounding
from project_invoicing.setup.effective import Product
from project_invoicing.setup.indexes.categories import CategoryLookups
from project_invoicing.setup.indexes.dated import Dated
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.companies import (
    ItemTaxGroupMethod,
    SalesTaxGroupMethod,
)
from project_invoicing.setup.models.master_data import Category


class SalesTaxLookups(CategoryLookups):
    """Groups of lines, codes by both groups, rates by day."""

    def sales_tax_group(
        self, company: str, project: str | None, contract: str | None, customer: str | None
    ) -> str | None:
        """The sales tax group by the company's method, else the company's default (TAX-01 to TAX-06).

        Only ``search`` looks at more than one of project, contract and customer.
        """
        method = self.parameters(company).sales_tax_group_method
        owners = {
            SalesTaxGroupMethod.PROJECT: self.project(company, project),
            SalesTaxGroupMethod.CONTRACT: self.contract(company, contract),
            SalesTaxGroupMethod.CUSTOMER: self.customer(company, customer),
        }
        asked = owners.values() if method is SalesTaxGroupMethod.SEARCH else [owners[method]]
        found = next((owner.sales_tax_group for owner in asked if owner and owner.sales_tax_group), None)
        return found or self.document.defaults.sales_tax_groups.get(company)

    def item_sales_tax_group(
        self, company: str, transaction_class: TransactionClass, category: str | None, product: str | None
    ) -> str | None:
        """The item sales tax group: the category's; a material's by the company's method; a milestone's parameter.

        TAX-07 to TAX-10.
        """
        parameters = self.parameters(company)
        if transaction_class in ON_ACCOUNT:
            return parameters.milestone_item_sales_tax_group
        by_item = parameters.material_item_tax_group_method is ItemTaxGroupMethod.ITEM
        if transaction_class is TransactionClass.MATERIAL and by_item:
            owner: Product | Category | None = self.product(product)
        else:
            owner = self.category_entry(company, category)
        return owner.item_sales_tax_group if owner else None

    def sales_tax_codes(self, group: str | None, item_group: str | None) -> tuple[str, ...]:
        """The codes that both groups name, in the order of the sales tax group (TAX-12)."""
        return self._tax_codes.get((group or "", item_group or ""), ())

    @shared
    def _tax_codes(self) -> dict[tuple[str, str], tuple[str, ...]]:
        tax = self.document.sales_tax
        return {
            (group, item_group): tuple(code for code in codes if code in item_codes)
            for item_group, item_codes in tax.item_groups.items()
            for group, codes in tax.groups.items()
        }

    def tax_percent(self, code: str, on: date) -> Decimal | None:
        """The code's percent, or amount per unit, on a date; ``None`` before its first rate or for an unknown code."""
        rates = self._tax_rates.get(code)
        return rates.on(on) if rates else None

    @shared
    def _tax_rates(self) -> dict[str, Dated[Decimal]]:
        return {
            name: Dated((rate.valid_from, rate.value) for rate in code.rates)
            for name, code in self.document.sales_tax.codes.items()
        }

    def is_exempt(self, code: str, group: str | None) -> bool:
        """Whether a sales tax group names the code without charging it."""
        found = self.document.sales_tax.codes.get(code)
        return found is not None and group in found.exempt_in

    def settled_in(self, code: str, on: date) -> tuple[str, Interval] | None:
        """The authority that a code is due to and the interval with a day; ``None`` where the set-up has none."""
        tax = self.document.sales_tax
        found = tax.codes.get(code)
        period = tax.settlement_periods.get(found.settlement_period) if found and found.settlement_period else None
        interval = interval_of(period.first_day, period.unit, period.number, on) if period else None
        return (period.authority, interval) if period and interval else None

    @shared
    def tax_forms(self) -> dict[str, TaxForm]:
        """How each code is computed (TAX-16 to TAX-21)."""
        return {
            name: TaxForm(code.origin, code.base_code, code.marginal_base)
            for name, code in self.document.sales_tax.codes.items()
        }

    @shared
    def tax_rounding(self) -> TaxRounding:
        rounding = self.document.sales_tax.rounding
        return TaxRounding(rounding.precision, rounding.method, rounding.by, rounding.calculation)
