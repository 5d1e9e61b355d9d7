"""Customers, contracts, projects, categories, products, and terms of payment.

An entry of a customer, contract, contract line, project or product may be partial: it gives what the row from Dataverse
does not carry. Without a row, what a column says *needed* is missing, and rows that name the entry wait (D-098).
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from project_invoicing.domain.codes import BillingMethod
from project_invoicing.domain.document_codes import Channel
from project_invoicing.domain.terms import PaymentMethod
from project_invoicing.setup.models.companies import CategoryKind, FixedRate
from project_invoicing.setup.models.documents import (
    AddressEntry,
    DeliveryEntry,
    EInvoiceEntry,
    ElectronicAddressEntry,
    FormatEntry,
    Language,
    Text,
)
from project_invoicing.setup.models.row import Limited, SetupRow, told
from project_invoicing.setup.models.values import Day, Dimensions, Discount, Name, UnitAmount, any_of

ContractMethod = Annotated[BillingMethod, any_of(BillingMethod.TIME_AND_MATERIAL, BillingMethod.FIXED_PRICE)]


class MasterEntry(SetupRow):
    NEEDED: ClassVar[tuple[str, ...]] = ()
    """What an entry needs to stand for a row that has not arrived."""

    @property
    def lacking(self) -> list[str]:
        return [column for column in self.NEEDED if getattr(self, column) is None]


class Customer(SetupRow):
    """From ``address`` on: what the customer's invoice documents need.

    ``address`` stands in place of the one that the proforma has. ``document_format``, ``language`` and ``delivery``:
    those of the company where a customer has none.
    """

    name: str = ""
    group: Name | None = None
    sales_tax_group: Name | None = None
    terms_of_payment: Name | None = None
    on_hold: bool = False
    dimensions: Dimensions = {}
    address: AddressEntry | None = None
    tax_id: Text | None = None
    electronic_address: ElectronicAddressEntry | None = None
    buyer_reference: Text | None = None
    language: Language | None = None
    document_format: FormatEntry | None = None
    e_invoice: EInvoiceEntry | None = None
    delivery: DeliveryEntry | None = None

    def _is_mailed_somewhere(self) -> None:
        if self.delivery and self.delivery.channel is Channel.MAIL and self.delivery.address is None:
            raise told("delivery by mail needs an address: delivery.address")

    CHECKS = (_is_mailed_somewhere,)


class Contract(MasterEntry):
    """Needed without a row: company, customer and currency."""

    company: Name | None = None
    customer: Name | None = None
    currency: Name | None = None
    sales_tax_group: Name | None = None
    fixed_exchange_rate: FixedRate | None = None
    terms_of_payment: Name | None = None
    NEEDED: ClassVar = ("company", "customer", "currency")


class ContractLine(MasterEntry):
    """A contract line. Its billing method is never `investment`, which is for projects without a contract.

    Needed without a row: contract.
    """

    contract: Name | None = None
    billing_method: ContractMethod = BillingMethod.TIME_AND_MATERIAL
    dimensions: Dimensions = {}
    NEEDED: ClassVar = ("contract",)


class Project(MasterEntry):
    """``investment``: an investment project, which has no contract and no sales (IVP-01).

    Needed without a row: company.
    """

    company: Name | None = None
    contract: Name | None = None
    group: Name | None = None
    sales_tax_group: Name | None = None
    open: bool = True
    investment: bool = False
    dimensions: Dimensions = {}
    NEEDED: ClassVar = ("company",)

    def _an_investment_has_no_contract(self) -> None:
        if self.investment and self.contract:
            raise told(f"an investment project has no contract; leave out contract {self.contract}, or investment")

    CHECKS = (_an_investment_has_no_contract,)


class Category(SetupRow):
    kind: CategoryKind
    group: Name | None = None
    item_sales_tax_group: Name | None = None


class Product(SetupRow):
    item_sales_tax_group: Name | None = None


class ItemCost(SetupRow):
    """What finance's inventory issues a stocked item for, from a day on, by weighted average or else (NEW-01).

    ``unit_cost`` is in the company's accounting currency. Where there is one on the day of use, the cost of a material
    that was not bought for the project is posted with it, and the difference to the actual is written back.
    """

    company: Name
    product: Name
    valid_from: Day
    unit_cost: UnitAmount


class OnAccountTransaction(SetupRow):
    """Finance's own columns of a milestone (OAT-03)."""

    sales_tax_group: Name | None = None
    item_sales_tax_group: Name | None = None
    category: Name | None = None
    dimensions: Dimensions = {}


class CashDiscount(SetupRow):
    """DUE-12. ``days`` count from the invoice date."""

    days: Annotated[int, Limited(ge=0, le=3660)]
    percent: Discount


class PaymentTerms(SetupRow):
    """DUE-10, as ``domain.terms.TermsOfPayment``."""

    method: PaymentMethod = PaymentMethod.NET
    months: Annotated[int, Limited(ge=0, le=120)] = 0
    days: Annotated[int, Limited(ge=0, le=3660)] = 0
    cutoff_day: Annotated[int, Limited(ge=1, le=31)] | None = None
    cash_discount: CashDiscount | None = None
