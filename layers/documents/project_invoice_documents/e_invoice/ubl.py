"""An e-invoice in UBL 2.1: an ``Invoice``, or a ``CreditNote`` with positive amounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from project_invoice_documents.e_invoice.xml import DECLARATION, element, group
from project_invoicing.domain.invoice_document import Address, BankAccount, InvoiceDocument, Party, Profile, TaxCategory
from project_invoicing.rules.e_invoice.statement import (
    Line,
    Statement,
    TaxBreakdown,
    account_number,
    amount,
    clean,
    digits,
    statement,
)

_SPACES = (
    'xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" '
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
_VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
_LOCAL = "<cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme>"


def ubl(document: InvoiceDocument) -> bytes:
    """The file. The same document is always the same bytes."""
    return "".join(_parts(statement(document))).encode()


def _parts(said: Statement) -> Iterator[str]:
    document = said.document
    root = "CreditNote" if document.is_credit_note else "Invoice"
    yield f"{DECLARATION}<{root} {_SPACES.format(root=root)}>"
    yield element("cbc:CustomizationID", said.specification)
    yield element("cbc:ProfileID", said.process)
    yield element("cbc:ID", document.number)
    yield element("cbc:IssueDate", document.invoice_date.isoformat())
    if not document.is_credit_note:
        yield element("cbc:DueDate", document.due_date.isoformat())
    yield element(f"cbc:{root}TypeCode", said.type_code)
    yield element("cbc:Note", document.presentation.texts.introduction)
    yield element("cbc:DocumentCurrencyCode", document.currency)
    if said.accounting_tax is not None:
        yield element("cbc:TaxCurrencyCode", document.accounting_currency)
    yield element("cbc:BuyerReference", document.buyer_reference)
    if dated := document.dated:
        yield _period(dated[0].isoformat(), dated[1].isoformat())
    yield group("cac:OrderReference", element("cbc:ID", document.order_reference))
    for corrected in document.corrects:
        dated_on = corrected.invoice_date.isoformat() if corrected.invoice_date else None
        reference = element("cbc:ID", corrected.invoice_number) + element("cbc:IssueDate", dated_on)
        yield group("cac:BillingReference", group("cac:InvoiceDocumentReference", reference))
    if document.contract:
        yield group("cac:ContractDocumentReference", element("cbc:ID", document.contract.id))
    yield group("cac:AccountingSupplierParty", _party(said, document.seller, of_seller=True))
    yield group("cac:AccountingCustomerParty", _party(said, document.buyer, of_seller=False))
    if said.delivered_to:
        address = group("cac:Address", _address(said.delivered_to.address))
        yield group("cac:Delivery", group("cac:DeliveryLocation", address))
    yield from (_payment(said, account, first=not at) for at, account in enumerate(said.accounts))
    yield group("cac:PaymentTerms", _as_is("cbc:Note", said.payment_terms))
    yield _tax_total(said)
    if said.accounting_tax is not None:
        tax = element("cbc:TaxAmount", amount(said.accounting_tax), currencyID=document.accounting_currency or "")
        yield group("cac:TaxTotal", tax)
    yield group(
        "cac:LegalMonetaryTotal",
        _money("cbc:LineExtensionAmount", said.net, document.currency),
        _money("cbc:TaxExclusiveAmount", said.net, document.currency),
        _money("cbc:TaxInclusiveAmount", said.total, document.currency),
        _money("cbc:PayableAmount", said.total, document.currency),
    )
    yield from _lines(said.lines, document)
    yield f"</{root}>\n"


def _as_is(name: str, text: str) -> str:
    """A text whose last line break is part of it (BR-DE-18)."""
    written = element(name, text)
    return written.replace(f"</{name}>", f"\n</{name}>") if text.endswith("\n") else written


def _money(name: str, value: Decimal, currency: str) -> str:
    return element(name, amount(value), currencyID=currency)


def _period(first: str, last: str) -> str:
    return group("cac:InvoicePeriod", element("cbc:StartDate", first), element("cbc:EndDate", last))


def _address(address: Address) -> str:
    return (
        element("cbc:StreetName", address.street)
        + element("cbc:AdditionalStreetName", address.street_2)
        + element("cbc:CityName", address.city)
        + element("cbc:PostalZone", address.postal_code)
        + element("cbc:CountrySubentity", address.region)
        + group("cac:Country", element("cbc:IdentificationCode", address.country))
    )


def _party(said: Statement, party: Party, *, of_seller: bool) -> str:
    endpoint = party.electronic_address
    vat = element("cbc:CompanyID", said.tax_id(party))
    local = element("cbc:CompanyID", party.tax_number) if of_seller else ""
    contact = party.contact
    return group(
        "cac:Party",
        element("cbc:EndpointID", endpoint.id, schemeID=endpoint.scheme) if endpoint else "",
        "" if of_seller else group("cac:PartyIdentification", element("cbc:ID", party.id)),
        # An empty address still says that there is one; its country is what a rule asks for.
        f"<cac:PostalAddress>{_address(party.address)}</cac:PostalAddress>",
        group("cac:PartyTaxScheme", vat, _VAT) if vat else "",
        group("cac:PartyTaxScheme", local, _LOCAL) if local else "",
        group(
            "cac:PartyLegalEntity",
            element("cbc:RegistrationName", party.name),
            element("cbc:CompanyID", party.registration),
        ),
        group(
            "cac:Contact",
            element("cbc:Name", contact.name),
            element("cbc:Telephone", contact.phone),
            element("cbc:ElectronicMail", contact.email),
        ),
    )


def _payment(said: Statement, account: BankAccount, *, first: bool) -> str:
    document = said.document
    due = document.due_date.isoformat() if first and document.is_credit_note else None  # once at most (UBL-SR-45)
    return group(
        "cac:PaymentMeans",
        element("cbc:PaymentMeansCode", said.payment_code),
        element("cbc:PaymentDueDate", due),
        element("cbc:PaymentID", said.payment_reference),
        group(
            "cac:PayeeFinancialAccount",
            element("cbc:ID", account_number(account)),
            element("cbc:Name", account.holder),
            group("cac:FinancialInstitutionBranch", element("cbc:ID", account.bic)),
        ),
    )


def _tax_total(said: Statement) -> str:
    currency = said.document.currency
    return group(
        "cac:TaxTotal",
        _money("cbc:TaxAmount", said.tax, currency),
        *(
            group(
                "cac:TaxSubtotal",
                _money("cbc:TaxableAmount", row.base, currency),
                _money("cbc:TaxAmount", row.tax, currency),
                _category(said, row),
            )
            for row in said.taxes
        ),
    )


def _category(said: Statement, row: TaxBreakdown) -> str:
    percent = row.percent
    if percent is None and said.profile is Profile.XRECHNUNG and row.category is TaxCategory.OUTSIDE_SCOPE:
        percent = Decimal(0)  # BR-DE-14 wants a rate in every row
    return group(
        "cac:TaxCategory",
        element("cbc:ID", row.category),
        element("cbc:Percent", None if percent is None else digits(percent)),
        element("cbc:TaxExemptionReasonCode", row.exemption_code),
        element("cbc:TaxExemptionReason", row.exemption_text),
        _VAT,
    )


def _lines(lines: Iterable[Line], document: InvoiceDocument) -> Iterator[str]:
    root, quantity = ("CreditNote", "Credited") if document.is_credit_note else ("Invoice", "Invoiced")
    currency = document.currency
    for number, line in enumerate(lines, 1):
        day = line.source.date.isoformat() if line.source.date else None
        yield group(
            f"cac:{root}Line",
            element("cbc:ID", str(number)),
            element(f"cbc:{quantity}Quantity", digits(line.quantity), unitCode=line.unit),
            _money("cbc:LineExtensionAmount", line.net, currency),
            _period(day, day) if day else "",
            _allowance(line.allowance, currency, charge=False) if line.allowance else "",
            _allowance(line.charge, currency, charge=True) if line.charge else "",
            group(
                "cac:Item",
                element("cbc:Description", line.description),
                element("cbc:Name", line.name),
                *(
                    group(
                        "cac:ClassifiedTaxCategory",
                        element("cbc:ID", one.category),
                        element("cbc:Percent", None if one.percent is None else digits(one.percent)),
                        _VAT,
                    )
                    for one in line.categories
                ),
            ),
            group(
                "cac:Price",
                element("cbc:PriceAmount", digits(line.price), currencyID=currency),
                ""
                if line.base_quantity is None
                else element("cbc:BaseQuantity", digits(line.base_quantity), unitCode=line.unit),
            ),
        )


def _allowance(value: Decimal, currency: str, *, charge: bool) -> str:
    return group(
        "cac:AllowanceCharge",
        element("cbc:ChargeIndicator", "true" if charge else "false"),
        "" if charge else element("cbc:AllowanceChargeReasonCode", "95"),
        element("cbc:AllowanceChargeReason", clean("Discount taken back" if charge else "Discount")),
        _money("cbc:Amount", value, currency),
    )
