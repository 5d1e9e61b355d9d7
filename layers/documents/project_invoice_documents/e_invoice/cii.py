"""An e-invoice as UN/CEFACT Cross Industry Invoice, within what Factur-X's profile EN 16931 has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from project_invoice_documents.e_invoice.xml import DECLARATION, element, group
from project_invoicing.domain.invoice_document import Address, BankAccount, InvoiceDocument, Party, Profile, TaxCategory
from project_invoicing.rules.e_invoice.statement import (
    Line,
    LineCategory,
    Statement,
    TaxBreakdown,
    account_number,
    amount,
    clean,
    digits,
    statement,
)

_ROOT = (
    "<rsm:CrossIndustryInvoice "
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
)


def cii(document: InvoiceDocument) -> bytes:
    """The file. The same document is always the same bytes."""
    return "".join(_parts(statement(document))).encode()


def _parts(said: Statement) -> Iterator[str]:
    document = said.document
    yield DECLARATION + _ROOT
    yield group(
        "rsm:ExchangedDocumentContext",
        group("ram:BusinessProcessSpecifiedDocumentContextParameter", element("ram:ID", said.process)),
        group("ram:GuidelineSpecifiedDocumentContextParameter", element("ram:ID", said.specification)),
    )
    yield group(
        "rsm:ExchangedDocument",
        element("ram:ID", document.number),
        element("ram:TypeCode", said.type_code),
        _on("ram:IssueDateTime", document.invoice_date),
        group("ram:IncludedNote", element("ram:Content", document.presentation.texts.introduction)),
    )
    yield "<rsm:SupplyChainTradeTransaction>"
    yield from _lines(said.lines)
    yield group(
        "ram:ApplicableHeaderTradeAgreement",
        element("ram:BuyerReference", document.buyer_reference),
        group("ram:SellerTradeParty", _party(said, document.seller, of_seller=True)),
        group("ram:BuyerTradeParty", _party(said, document.buyer, of_seller=False)),
        group("ram:BuyerOrderReferencedDocument", element("ram:IssuerAssignedID", document.order_reference)),
        group(
            "ram:ContractReferencedDocument",
            element("ram:IssuerAssignedID", document.contract.id if document.contract else None),
        ),
    )
    yield f"<ram:ApplicableHeaderTradeDelivery>{_delivered(said)}</ram:ApplicableHeaderTradeDelivery>"
    yield group("ram:ApplicableHeaderTradeSettlement", *_settlement(said))
    yield "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>\n"


def _on(name: str, day: date | None) -> str:
    return group(name, element("udt:DateTimeString", f"{day:%Y%m%d}", format="102")) if day else ""


def _period(first: date, last: date) -> str:
    return group("ram:BillingSpecifiedPeriod", _on("ram:StartDateTime", first), _on("ram:EndDateTime", last))


def _address(address: Address) -> str:
    return (
        element("ram:PostcodeCode", address.postal_code)
        + element("ram:LineOne", address.street)
        + element("ram:LineTwo", address.street_2)
        + element("ram:CityName", address.city)
        + element("ram:CountryID", address.country)
        + element("ram:CountrySubDivisionName", address.region)
    )


def _delivered(said: Statement) -> str:
    party = said.delivered_to
    if party is None:
        return ""
    address = group("ram:PostalTradeAddress", _address(party.address))
    return group("ram:ShipToTradeParty", element("ram:Name", party.name), address)


def _party(said: Statement, party: Party, *, of_seller: bool) -> str:
    contact, endpoint = party.contact, party.electronic_address
    vat = element("ram:ID", said.tax_id(party), schemeID="VA")
    local = element("ram:ID", party.tax_number, schemeID="FC") if of_seller else ""
    return (
        ("" if of_seller else element("ram:ID", party.id))
        + element("ram:Name", party.name)
        + group("ram:SpecifiedLegalOrganization", element("ram:ID", party.registration))
        + group(
            "ram:DefinedTradeContact",
            element("ram:PersonName", contact.name),
            group("ram:TelephoneUniversalCommunication", element("ram:CompleteNumber", contact.phone)),
            group("ram:EmailURIUniversalCommunication", element("ram:URIID", contact.email)),
        )
        + f"<ram:PostalTradeAddress>{_address(party.address)}</ram:PostalTradeAddress>"
        + (
            group("ram:URIUniversalCommunication", element("ram:URIID", endpoint.id, schemeID=endpoint.scheme))
            if endpoint
            else ""
        )
        + group("ram:SpecifiedTaxRegistration", vat)
        + group("ram:SpecifiedTaxRegistration", local)
    )


def _settlement(said: Statement) -> Iterator[str]:
    document = said.document
    yield element("ram:PaymentReference", said.payment_reference) if said.accounts else ""
    if said.accounting_tax is not None:
        yield element("ram:TaxCurrencyCode", document.accounting_currency)
    yield element("ram:InvoiceCurrencyCode", document.currency)
    yield from (_payment(said, account) for account in said.accounts)
    yield from (_tax(said, row) for row in said.taxes)
    if dated := document.dated:
        yield _period(*dated)
    terms = element("ram:Description", said.payment_terms)
    if said.payment_terms.endswith("\n"):  # part of the text (BR-DE-18)
        terms = terms.replace("</", "\n</")
    yield group("ram:SpecifiedTradePaymentTerms", terms, _on("ram:DueDateDateTime", document.due_date))
    accounting = ""
    if said.accounting_tax is not None:
        currency = document.accounting_currency or ""
        accounting = element("ram:TaxTotalAmount", amount(said.accounting_tax), currencyID=currency)
    yield group(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        element("ram:LineTotalAmount", amount(said.net)),
        element("ram:TaxBasisTotalAmount", amount(said.net)),
        element("ram:TaxTotalAmount", amount(said.tax), currencyID=document.currency),
        accounting,
        element("ram:GrandTotalAmount", amount(said.total)),
        element("ram:DuePayableAmount", amount(said.total)),
    )
    for corrected in document.corrects:
        day = corrected.invoice_date
        dated_on = element("qdt:DateTimeString", f"{day:%Y%m%d}", format="102") if day else ""
        yield group(
            "ram:InvoiceReferencedDocument",
            element("ram:IssuerAssignedID", corrected.invoice_number),
            group("ram:FormattedIssueDateTime", dated_on),
        )


def _payment(said: Statement, account: BankAccount) -> str:
    number = account_number(account)
    name = "ram:IBANID" if clean(account.iban) else "ram:ProprietaryID"
    holder = element("ram:AccountName", account.holder)
    # The schema has the account's own number after the holder, an IBAN before.
    inside = (element(name, number), holder) if name == "ram:IBANID" else (holder, element(name, number))
    return group(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        element("ram:TypeCode", said.payment_code),
        group("ram:PayeePartyCreditorFinancialAccount", *inside),
        group("ram:PayeeSpecifiedCreditorFinancialInstitution", element("ram:BICID", account.bic)),
    )


def _tax(said: Statement, row: TaxBreakdown) -> str:
    percent = row.percent
    if percent is None and said.profile is Profile.XRECHNUNG and row.category is TaxCategory.OUTSIDE_SCOPE:
        percent = Decimal(0)  # BR-DE-14 wants a rate in every row
    return group(
        "ram:ApplicableTradeTax",
        element("ram:CalculatedAmount", amount(row.tax)),
        element("ram:TypeCode", "VAT"),
        element("ram:ExemptionReason", row.exemption_text),
        element("ram:BasisAmount", amount(row.base)),
        element("ram:CategoryCode", row.category),
        element("ram:ExemptionReasonCode", row.exemption_code),
        element("ram:RateApplicablePercent", None if percent is None else digits(percent)),
    )


def _lines(lines: Iterable[Line]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        price = element("ram:ChargeAmount", digits(line.price))
        if line.base_quantity is not None:
            price += element("ram:BasisQuantity", digits(line.base_quantity), unitCode=line.unit)
        yield group(
            "ram:IncludedSupplyChainTradeLineItem",
            group("ram:AssociatedDocumentLineDocument", element("ram:LineID", str(number))),
            group(
                "ram:SpecifiedTradeProduct",
                element("ram:Name", line.name),
                element("ram:Description", line.description),
            ),
            group("ram:SpecifiedLineTradeAgreement", group("ram:NetPriceProductTradePrice", price)),
            group(
                "ram:SpecifiedLineTradeDelivery",
                element("ram:BilledQuantity", digits(line.quantity), unitCode=line.unit),
            ),
            group(
                "ram:SpecifiedLineTradeSettlement",
                *(_line_tax(one) for one in line.categories),
                _period(line.source.date, line.source.date) if line.source.date else "",
                _allowance(line.allowance, charge=False) if line.allowance else "",
                _allowance(line.charge, charge=True) if line.charge else "",
                group(
                    "ram:SpecifiedTradeSettlementLineMonetarySummation",
                    element("ram:LineTotalAmount", amount(line.net)),
                ),
            ),
        )


def _line_tax(one: LineCategory) -> str:
    return group(
        "ram:ApplicableTradeTax",
        element("ram:TypeCode", "VAT"),
        element("ram:CategoryCode", one.category),
        element("ram:RateApplicablePercent", None if one.percent is None else digits(one.percent)),
    )


def _allowance(value: Decimal, *, charge: bool) -> str:
    return group(
        "ram:SpecifiedTradeAllowanceCharge",
        group("ram:ChargeIndicator", element("udt:Indicator", "true" if charge else "false")),
        element("ram:ActualAmount", amount(value)),
        "" if charge else element("ram:ReasonCode", "95"),
        element("ram:Reason", "Discount taken back" if charge else "Discount"),
    )
