"""Master data as it applies: each column from the first layer that gives it (D-093).

The layers, in order: finance's own columns, the row from Dataverse, the entry of the set-up document, the policy's
default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import BillingMethod
from project_invoicing.setup.models.companies import FixedRate
from project_invoicing.setup.models.documents import (
    AddressEntry,
    DeliveryEntry,
    EInvoiceEntry,
    ElectronicAddressEntry,
    FormatEntry,
)

Named = str | Reference
"""Other master data, by the name that finance gave it or by the row that a row leads to."""


class Layer(StrEnum):
    FINANCE = "finance"
    ROW = "row"
    DOCUMENT = "document"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Sourced:
    """The value of a column and the layer that gave it."""

    value: Any
    layer: Layer


Columns = Mapping[str, Sourced]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up leads to: its name in finance, and its company where that is known."""

    name: str
    company: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a look-up leads nowhere.

    ``what``: the row, ``why``: what is wrong with it, the rest of a sentence. ``blocker``, as that of a ``Wait``: the
    row that would end it, or the name that a row would have to take; ``None`` where that is the policy.
    """

    what: str
    why: str
    blocker: str | None = None

    @property
    def detail(self) -> str:
        return f"{self.what} {self.why}"


@dataclass(frozen=True, slots=True)
class CustomerDocument:
    """What a customer's invoice documents need, as finance has written it."""

    address: AddressEntry | None = None
    tax_id: str | None = None
    electronic_address: ElectronicAddressEntry | None = None
    buyer_reference: str | None = None
    language: str | None = None
    document_format: FormatEntry | None = None
    e_invoice: EInvoiceEntry | None = None
    delivery: DeliveryEntry | None = None


NO_DOCUMENT: Final = CustomerDocument()


@dataclass(frozen=True, slots=True)
class Customer:
    name: str
    group: str | None
    sales_tax_group: str | None
    terms_of_payment: str | None
    on_hold: bool
    dimensions: Mapping[str, str]
    row: Reference | None = None
    document: CustomerDocument = NO_DOCUMENT


@dataclass(frozen=True, slots=True)
class Contract:
    company: str
    customer: Named | None
    currency: Named | None
    sales_tax_group: str | None
    fixed_exchange_rate: FixedRate | None
    terms_of_payment: str | None
    row: Reference | None = None


@dataclass(frozen=True, slots=True)
class ContractLine:
    contract: Named | None
    billing_method: BillingMethod
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Project:
    """``contract`` leaves out what only its contract lines say; ``contract_of_project`` asks them."""

    company: str
    contract: Named | None
    group: str | None
    sales_tax_group: str | None
    open: bool
    dimensions: Mapping[str, str]
    row: Reference | None = None


@dataclass(frozen=True, slots=True)
class Product:
    item_sales_tax_group: str | None


@dataclass(frozen=True, slots=True)
class Worker:
    dimensions: Mapping[str, str]
