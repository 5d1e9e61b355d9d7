"""What the document of an invoice cannot do without, and where finance writes it (D-183).

Asked of a proposal before its lines are written and again before a number is drawn, and of a set-up document when it is
checked: the same words in all three places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from project_invoicing.domain.document_codes import Channel, Profile, TaxCategory
from project_invoicing.domain.mail_address import is_address
from project_invoicing.domain.sales_tax import Calculation, RoundBy
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.documents import DeliveryEntry, EInvoiceEntry, ElectronicAddressEntry

_WITH_ADDRESSES = (Profile.PEPPOL, Profile.XRECHNUNG)


@dataclass(frozen=True, slots=True)
class BuyerKnown:
    """What is known of a customer. ``country``: a code, or a text, which an e-invoice has no use for.

    ``delivery``: that of its company where it has none of its own.
    """

    name: str | None
    country: str | None
    country_is_code: bool
    electronic_address: ElectronicAddressEntry | None
    e_invoice: EInvoiceEntry | None
    delivery: DeliveryEntry | None


def seller_needs(document: SetupDocument, company: str) -> Iterator[str]:
    """What lacks of a company that asks for documents."""
    known = document.companies.get(company)
    written = known.document if known else None
    at = f"companies.{company}"
    if known is None or written is None:
        return
    if not (written.legal_name or known.name):
        yield f"{at}.document.legal_name"
    if not written.address.country:
        yield f"{at}.document.address.country"


def buyer_needs(company: str, customer: str, buyer: BuyerKnown) -> Iterator[str]:
    """What lacks of a customer."""
    at = f"customers.{company}.{customer}"
    if not buyer.name:
        yield f"{at}.name"
    if not buyer.country or (buyer.e_invoice and not buyer.country_is_code):
        yield f"{at}.address.country"
    if buyer.e_invoice and buyer.e_invoice.profile in _WITH_ADDRESSES and buyer.electronic_address is None:
        yield f"{at}.electronic_address"
    yield from mail_needs(company, customer, buyer.delivery)


def mail_needs(company: str, customer: str, delivery: DeliveryEntry | None) -> Iterator[str]:
    """The address that a mail goes to, where documents go out by mail."""
    if delivery and delivery.channel is Channel.MAIL and not is_address(delivery.address or ""):
        yield f"customers.{company}.{customer}.delivery.address"


def e_invoice_needs(
    document: SetupDocument, company: str, wanted: EInvoiceEntry, codes: Iterable[tuple[str, ...]]
) -> Iterator[str]:
    """What else lacks where a customer gets e-invoices. ``codes``: the sales tax codes of each kind of line."""
    known = document.companies.get(company)
    written = known.document if known else None
    lines = list(codes)
    if written and not (written.tax_id or written.tax_number or _nothing_is_taxed(document, lines)):
        yield f"companies.{company}.document.tax_id"
    if written and wanted.profile in _WITH_ADDRESSES and written.electronic_address is None:
        yield f"companies.{company}.document.electronic_address"
    for code in dict.fromkeys(code for some in lines for code in some):
        entry = document.sales_tax.codes.get(code)
        if entry is None or entry.category is None:
            yield f"sales_tax.codes.{code}.category"
    if not rounds_as_e_invoices_do(document):
        yield "sales_tax.rounding with calculation total by code"
    if several := next((some for some in lines if len(some) > 1), None):
        yield f"one sales tax code a line, not {' and '.join(several)}"


def _nothing_is_taxed(document: SetupDocument, codes: Iterable[tuple[str, ...]]) -> bool:
    """Whether all is outside the scope of tax: its seller may have no number for it (BR-O-02)."""
    known = [document.sales_tax.codes.get(code) for some in codes for code in some]
    return bool(known) and all(code and code.category is TaxCategory.OUTSIDE_SCOPE for code in known)


def rounds_as_e_invoices_do(document: SetupDocument) -> bool:
    """Whether the tax of a code is that of its summed base (BR-CO-17)."""
    rounding = document.sales_tax.rounding
    return rounding.calculation is Calculation.TOTAL and rounding.by is RoundBy.CODE
