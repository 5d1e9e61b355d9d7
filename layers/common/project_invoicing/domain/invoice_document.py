"""What an invoice document says: the customer's copy of a posted invoice, complete, whatever changes afterwards.

Amounts are in ``currency`` and have the signs of the posted invoice: those of a credit note are negative. All texts are
as they came in; whoever writes a file escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from project_invoicing.domain.codes import LineKind
from project_invoicing.domain.document_codes import Channel, DocumentFormat, Grouping, Profile, Syntax, TaxCategory
from project_invoicing.domain.invoice_totals import DocumentType
from project_invoicing.domain.money import ZERO
from project_invoicing.domain.named import Named

__all__ = [
    "Address",
    "BankAccount",
    "Brand",
    "Channel",
    "Contact",
    "Corrected",
    "Delivery",
    "DocumentFormat",
    "DocumentLine",
    "EInvoice",
    "ElectronicAddress",
    "Grouping",
    "InvoiceDocument",
    "LineTax",
    "Named",
    "Party",
    "Presentation",
    "Profile",
    "Snapshot",
    "Syntax",
    "TaxCategory",
    "TaxRow",
    "Texts",
]


@dataclass(frozen=True, slots=True)
class Address:
    """``country`` is an ISO 3166-1 alpha-2 code where the set-up gave it; ``country_text`` is what Dataverse said."""

    street: str | None = None
    street_2: str | None = None
    city: str | None = None
    postal_code: str | None = None
    region: str | None = None
    country: str | None = None
    country_text: str | None = None


@dataclass(frozen=True, slots=True)
class ElectronicAddress:
    """An address in an e-invoicing network; ``scheme`` is a code of the EAS list, such as ``0204``."""

    scheme: str
    id: str


@dataclass(frozen=True, slots=True)
class Contact:
    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """Seller or buyer. ``tax_id`` is the VAT identifier, ``tax_number`` that of the local tax office (BT-32)."""

    id: str
    name: str
    address: Address = Address()
    tax_id: str | None = None
    tax_number: str | None = None
    registration: str | None = None
    electronic_address: ElectronicAddress | None = None
    contact: Contact = Contact()


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where to pay. ``iban``, or ``account_number`` where there is none."""

    iban: str | None = None
    account_number: str | None = None
    bic: str | None = None
    bank: str | None = None
    holder: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class TaxRow:
    """A sales tax code at one percent: the revenue it is charged on, and the tax.

    ``percent`` is ``None`` for a code that is an amount per unit. ``accounting_tax`` is the tax in the currency of the
    ledger, ``None`` where that is the invoice's own.
    """

    code: str
    percent: Decimal | None
    base: Decimal
    tax: Decimal
    category: TaxCategory | None = None
    exemption_code: str | None = None
    exemption_text: str | None = None
    accounting_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineTax:
    """One sales tax code of a line. ``percent`` as in ``TaxRow``."""

    code: str
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """``net`` is without tax and after ``discount``; zero where the line is shown and not charged.

    ``unit`` is the name of the unit of measure, ``unit_code`` its code of UN/ECE recommendation 20 where the set-up
    gives one. Where ``tax_included``, ``unit_price`` and ``discount`` have the tax in them.
    """

    number: int
    kind: LineKind
    quantity: Decimal
    unit_price: Decimal
    net: Decimal
    sales_tax: Decimal = ZERO
    discount: Decimal = ZERO
    chargeable: bool = True
    date: date | None = None
    description: str | None = None
    unit: str | None = None
    unit_code: str | None = None
    taxes: tuple[LineTax, ...] = ()
    project: Named | None = None
    task: Named | None = None
    role: Named | None = None
    resource: Named | None = None
    category: Named | None = None
    contract_line: Named | None = None
    takes_back: str | None = None
    """The number of the invoice whose line it takes back."""
    tax_included: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """An invoice that this one takes something back of."""

    invoice_number: str
    invoice_date: date | None = None


@dataclass(frozen=True, slots=True)
class Brand:
    """How a document looks. Colours as ``#rrggbb``; ``logo`` names a logo of the company's set-up by its sha256."""

    primary: str | None = None
    accent: str | None = None
    logo: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """What the company writes on its documents, in their language."""

    introduction: str | None = None
    payment: str | None = None
    closing: str | None = None
    footer: str | None = None


@dataclass(frozen=True, slots=True)
class EInvoice:
    syntax: Syntax
    profile: Profile = Profile.EN16931


@dataclass(frozen=True, slots=True)
class Delivery:
    """``address``: whom a mail goes to; ``None`` for the outbox."""

    channel: Channel
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the customer wanted the document when the invoice was posted. ``language`` as ``en`` or ``de``."""

    language: str = "en"
    format: DocumentFormat = DocumentFormat.DETAIL
    group_by: tuple[Grouping, ...] = ()
    brand: Brand = Brand()
    texts: Texts = Texts()
    e_invoice: EInvoice | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the document of an invoice says beside its header and its lines, as it was when the invoice was posted.

    ``unit_codes``: the codes of the units of measure that its lines have. ``setup_version``: the version that the
    invoice was posted with, which holds the logo. ``missing`` as in ``InvoiceDocument``.
    """

    seller: Party
    buyer: Party
    currency_step: Decimal
    accounting_currency: str | None = None
    accounting_step: Decimal = Decimal("0.01")
    taxes: tuple[TaxRow, ...] = ()
    proforma_name: str | None = None
    contract: Named | None = None
    order_reference: str | None = None
    buyer_reference: str | None = None
    terms_of_payment: str | None = None
    bank_accounts: tuple[BankAccount, ...] = ()
    corrects: tuple[Corrected, ...] = ()
    presentation: Presentation = Presentation()
    unit_codes: Mapping[str, str] = field(default_factory=dict)
    setup_version: int | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """All that a document of an invoice says.

    ``invoice_number`` is ``None`` in a preview. ``currency_step`` is the smallest step of an amount.
    ``borrower``: the company that is billed, between companies. ``missing``: what is not known of an invoice that an
    earlier version has posted, as names of this class or of its parts (``buyer.address``); empty for all others.
    ``setup_version``: the version of the set-up that has the logo.
    """

    company: str
    invoice_number: str | None
    document_type: DocumentType
    invoice_date: date
    due_date: date
    currency: str
    currency_step: Decimal
    seller: Party
    buyer: Party
    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxRow, ...] = ()
    accounting_currency: str | None = None
    accounting_step: Decimal = Decimal("0.01")
    exchange_rate: Decimal = Decimal(1)
    proforma: str | None = None
    proforma_name: str | None = None
    contract: Named | None = None
    order_reference: str | None = None
    buyer_reference: str | None = None
    terms_of_payment: str | None = None
    cash_discount_date: date | None = None
    cash_discount_percent: Decimal | None = None
    bank_accounts: tuple[BankAccount, ...] = ()
    corrects: tuple[Corrected, ...] = ()
    borrower: str | None = None
    presentation: Presentation = Presentation()
    setup_version: int | None = None
    missing: tuple[str, ...] = field(default=())

    @property
    def is_credit_note(self) -> bool:
        return self.document_type is DocumentType.CREDIT_NOTE

    @property
    def number(self) -> str:
        """Its number, or nothing while it has none."""
        return self.invoice_number or ""

    @property
    def dated(self) -> tuple[date, date] | None:
        """The first and the last day of what it bills, where its lines say so."""
        days = [line.date for line in self.lines if line.date]
        return (min(days), max(days)) if days else None
