"""Customers, contracts, projects, categories, products, and terms of payment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from project_invoicing.domain.codes import BillingMethod
from project_invoicing.domain.terms import PaymentMethod
from project_invoicing.setup.models.companies import CategoryKind, FixedRate
from project_invoicing.setup.models.values import Dimensions, Discount, Name, SetupRow, any_of

ContractMethod = Annotated[BillingMethod, any_of(BillingMethod.TIME_AND_MATERIAL, BillingMethod.FIXED_PRICE)]


class Customer(SetupRow):
    name: str = ""
    group: Name | None = None
    sales_tax_group: Name | None = None
    terms_of_payment: Name | None = None
    on_hold: bool = False
    dimensions: Dimensions = {}


class Contract(SetupRow):
    company: Name
    customer: Name
    currency: Name
    sales_tax_group: Name | None = None
    fixed_exchange_rate: FixedRate | None = None
    terms_of_payment: Name | None = None


class ContractLine(SetupRow):
    """A contract line. Its billing method is never `investment`, which is for projects without a contract."""

    contract: Name
    billing_method: ContractMethod = BillingMethod.TIME_AND_MATERIAL
    dimensions: Dimensions = {}


class Project(SetupRow):
    company: Name
    contract: Name | None = None
    group: Name | None = None
    sales_tax_group: Name | None = None
    open: bool = True
    dimensions: Dimensions = {}


class Category(SetupRow):
    kind: CategoryKind
    group: Name | None = None
    item_sales_tax_group: Name | None = None


class Product(SetupRow):
    item_sales_tax_group: Name | None = None


class CashDiscount(SetupRow):
    """DUE-12. ``days`` count from the invoice date."""

    days: Annotated[int, Field(ge=0, le=3660)]
    percent: Discount


class PaymentTerms(SetupRow):
    """DUE-10, as ``domain.terms.TermsOfPayment``."""

    method: PaymentMethod = PaymentMethod.NET
    months: Annotated[int, Field(ge=0, le=120)] = 0
    days: Annotated[int, Field(ge=0, le=3660)] = 0
    cutoff_day: Annotated[int, Field(ge=1, le=31)] | None = None
    cash_discount: CashDiscount | None = None
